"""A cerebro for tests: a WebSocket server in the process of the test."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ..messages import BATCH_MAX, FRAME_MAX, MESSAGE_MAX, SOCKET_PATH, SUBPROTOCOL
from .model import Attempt, Model

WAIT_S = 20.0


class FakeCerebro:
    """`async with FakeCerebro() as cerebro:`, then a server at `cerebro.url`.

    It holds servers to the protocol: what they do wrong is in `flaws`. Attempts of `invoke` are those
    of the model, whose fields change as messages come. `model` has what can be made to go wrong.
    """

    def __init__(
        self, *, token: str = "secret", heartbeat_s: float = 10.0, lease_s: float = 30.0
    ) -> None:
        self.token = token
        self.model = Model(heartbeat_s=heartbeat_s, lease_s=lease_s)
        self.connections = 0
        self.refuse_with: int | None = None
        self._server: Server | None = None
        self._port = 0
        self._connection: ServerConnection | None = None
        self._changed = asyncio.Condition()
        self._seq = 0

    async def __aenter__(self) -> FakeCerebro:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """At the same port as before, if it was there before."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self._port,
            process_request=self._check_request,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            ping_interval=None,
            max_size=2 * FRAME_MAX,
            close_timeout=0.5,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self.drop()
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def flaws(self) -> list[str]:
        return self.model.flaws

    def drop(self) -> None:
        """Cuts the connection, without a word."""
        if self._connection is not None:
            self._connection.transport.abort()

    # What a test wants.

    async def invoke(
        self, task: str, inputs: Mapping[str, Any] | None = None, **more: Any
    ) -> Attempt:
        """Sent at once, or when the server is ready."""
        attempt = self.model.invoke(time.monotonic(), task, inputs, **more)
        await self._flush()
        return attempt

    async def invoke_again(self, attempt: Attempt) -> None:
        self.model.invoke_again(time.monotonic(), attempt)
        await self._flush()

    async def cancel(self, attempt: Attempt, reason: str = "user", grace_s: float = 5) -> None:
        self.model.cancel(time.monotonic(), attempt, reason, grace_s)
        await self._flush()

    async def fence(self, attempt: Attempt) -> None:
        self.model.fence(time.monotonic(), attempt)
        await self._flush()

    async def drain(self, **more: Any) -> None:
        self.model.drain(**more)
        await self._flush()

    async def goodbye(self, code: str, **more: Any) -> None:
        self.model.say_goodbye(code, **more)
        await self._flush()

    async def send(self, type_name: str, data: Mapping[str, Any], attempt: str = "") -> None:
        self.model.send(type_name, data, attempt)
        await self._flush()

    async def wait(self, until: Callable[[], Any], what: str = "") -> None:
        """Until it is true; looked at after each message. AssertionError: it never was."""

        async def wait() -> None:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(until()))

        waiting = asyncio.ensure_future(wait())
        done, _ = await asyncio.wait([waiting], timeout=WAIT_S)
        if not done:
            waiting.cancel()
            raise AssertionError(f"not within {WAIT_S:g} s: {what or 'what was waited for'}")
        waiting.result()

    async def ready(self) -> None:
        await self.wait(lambda: self.model.is_ready, "a server that is ready")

    async def end(self, attempt: Attempt) -> Attempt:
        """Waits for its end."""
        await self.wait(lambda: attempt.has_ended, f"the end of {attempt.name}: {attempt.state}")
        return attempt

    async def state(self, attempt: Attempt, state: str) -> None:
        text = f"{attempt.name} in state {state}, not {attempt.state}"
        await self.wait(lambda: attempt.state == state, text)

    def messages(self, type_name: str) -> list[dict[str, Any]]:
        """The data of those that came."""
        whole = f"cordyna.{type_name}.v1"
        return [one["data"] for one in self.model.received if one["type"] == whole]

    # The socket.

    def _check_request(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refuse_with is not None:
            return connection.respond(HTTPStatus(self.refuse_with), "refused\n")
        if request.path != SOCKET_PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "no such address\n")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no such token\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        before, self._connection = self._connection, connection
        if before is not None:
            self.model.say_goodbye("superseded")
            await self._send(before, self.model.take())
            await before.close()
        self.connections += 1
        self._seq = 0
        self.model.opened(time.monotonic())
        try:
            async for frame in connection:
                self._take(frame)
                if self._connection is connection:
                    await self._flush()
        except ConnectionClosed:
            pass
        finally:
            if self._connection is connection:
                self._connection = None
                self.model.closed(time.monotonic())
            await self._notify()

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.flaws.append("a binary frame came")
        whole = json.loads(frame)
        messages = whole if isinstance(whole, list) else [whole]
        if len(messages) > BATCH_MAX or len(frame) > FRAME_MAX:
            self.flaws.append(f"a frame has {len(messages)} messages and {len(frame)} bytes")
        if (
            not isinstance(whole, list)
            and len(frame.encode() if isinstance(frame, str) else frame) > MESSAGE_MAX
        ):
            self.flaws.append(f"a message has {len(frame)} bytes")
        now = time.monotonic()
        for message in messages:
            if "session" in message:
                self._seq += 1
                if message.get("seq") != str(self._seq):
                    self.flaws.append(f"seq {message.get('seq')} where {self._seq} is next")
            self.model.handle(now, message)

    async def _flush(self) -> None:
        if self._connection is not None:
            await self._send(self._connection, self.model.take())
        await self._notify()

    async def _send(self, connection: ServerConnection, messages: list[dict[str, Any]]) -> None:
        try:
            for at in range(0, len(messages), BATCH_MAX):
                await connection.send(json.dumps(messages[at : at + BATCH_MAX]))
        except ConnectionClosed:
            pass

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
