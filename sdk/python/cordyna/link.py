"""How cerebro is reached: over a WebSocket, one connection at a time, or what is like one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from .errors import CordynaError
from .messages import FRAME_MAX, SOCKET_PATH, SUBPROTOCOL
from .version import __version__

OPEN_S = 10.0
CLOSE_S = 2.0
_REFUSALS = {
    400: "it is no WebSocket of cerebro",
    401: "the token is not known: look at --token-file or CORDYNA_TOKEN",
    403: "the token is of another team, or may not do this",
    404: "there is no such address: look at --url, and whether that cerebro takes task servers",
}


class Refused(Exception):
    """Cerebro answers, and says no."""


class Unreachable(Exception):
    """There is no connection now, but there may be later."""


def socket_url(url: str) -> str:
    """`http://host:port` as the address of the socket. CordynaError: it is no such URL."""
    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if parts.scheme not in schemes or not parts.hostname:
        text = f"--url '{url}' is no address of cerebro: write it like http://host:8080"
        raise CordynaError(text)
    path = parts.path.rstrip("/")
    whole = path if path.endswith(SOCKET_PATH) else path + SOCKET_PATH
    return f"{schemes[parts.scheme]}://{parts.netloc}{whole}"


def is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


class Socket(Protocol):
    """One connection. Unreachable: it is lost."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str | bytes: ...

    def drop(self) -> None:
        """At once, whatever is under way."""
        ...

    async def close(self) -> None: ...


class Link(Protocol):
    """Where cerebro is."""

    async def open(self) -> Socket:
        """Refused, Unreachable: why there is none."""
        ...


class WebSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise Unreachable(str(error)) from error

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise Unreachable(str(error)) from error

    def drop(self) -> None:
        self._connection.transport.abort()

    async def close(self) -> None:
        await self._connection.close()


class WebSocketLink:
    """`token` is asked for at each connection: it may have been changed."""

    def __init__(self, url: str, token: Callable[[], str], tls: ssl.SSLContext | None) -> None:
        self._url = socket_url(url)
        self._token = token
        self._tls = tls

    async def open(self) -> Socket:
        try:
            connection = await connect(
                self._url,
                additional_headers={"Authorization": f"Bearer {self._token()}"},
                user_agent_header=f"cordyna-python/{__version__}",
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                compression=None,
                # The protocol has its own signs of life.
                ping_interval=None,
                open_timeout=OPEN_S,
                close_timeout=CLOSE_S,
                max_size=2 * FRAME_MAX,
                max_queue=64,
                proxy=None if is_local(self._url) else True,
                ssl=self._tls if self._url.startswith("wss:") else None,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            text = f"{self._url} answers {status}"
            if status in _REFUSALS:
                raise Refused(f"{text}: {_REFUSALS[status]}") from error
            raise Unreachable(text) from error
        except (OSError, InvalidHandshake, asyncio.TimeoutError) as error:
            raise Unreachable(f"{self._url}: {error or type(error).__name__}") from error
        return WebSocket(connection)
