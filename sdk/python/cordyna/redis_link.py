"""A socket to cerebro made of two streams of Redis, one connection at a time.

A server knocks, cerebro makes the streams, and both use them for this one socket: entries are frames,
numbered from 1. Whatever is missing in them ends the socket, as a cut does; the session above is
made for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from .errors import CordynaError
from .link import CLOSE_S, OPEN_S, Refused, Socket, Unreachable
from .texts import size_of

PREFIX = "cordyna"
KNOCK_S = 1.0  # a knock that nobody has heard is repeated
LOOK_MIN_S, LOOK_MAX_S = 0.002, 0.1
BLOCK_MS = 5_000
IDLE_S = 15.0  # cerebro is given as long
COUNT = 64  # frames that are read at a time
UNREAD_BYTES = 4 << 20  # that cerebro has not read yet: more of them wait here
UNREAD_LOOK = 256 << 10  # bytes, until it is looked how many of them those are
UNREAD_WAIT_S = 0.02


def is_redis(url: str) -> bool:
    return url.startswith(("redis:", "rediss:"))


def redis_parts(url: str) -> SplitResult:
    """CordynaError: it is no address of Redis, or has a password."""
    parts = urlsplit(url)
    try:
        port, database = parts.port, int(parts.path.strip("/") or 0)
    except ValueError:
        port, database = -1, -1
    if not parts.hostname or port == 0 or database < 0:
        text = f"--url '{parts.scheme}://…' is no address of Redis: write it like"
        raise CordynaError(f"{text} rediss://ts-orders@redis1:6379/0")
    if parts.password is not None:
        raise CordynaError(
            "--url has a password of Redis: it is the token, in CORDYNA_TOKEN or --token-file"
        )
    return parts


class RedisLink:
    """Where cerebro is heard of. `token`: the password, asked for at each connection; used where the
    address names a user."""

    def __init__(
        self,
        url: str,
        team: str,
        server: str,
        token: Callable[[], str],
        tls: ssl.SSLContext | None,
    ) -> None:
        try:
            import redis.asyncio
        except ImportError:
            raise CordynaError(
                "task servers over Redis want one more package: pip install 'cordyna[redis]'"
            ) from None
        self._module: Any = redis.asyncio
        self._errors: Any = redis.exceptions
        parts = redis_parts(url)
        self._shown = f"Redis at {parts.hostname}:{parts.port or 6379}"
        self._whose = f"{team}:{server}"
        self._prefix = parse_qs(parts.query).get("prefix", [PREFIX])[0]
        self._token, self._tls, self._parts = token, tls, parts

    def _wire(self) -> Wire:
        parts, settings = self._parts, {}
        if parts.username:
            settings = {"username": unquote(parts.username), "password": self._token()}
        kind = self._module.Connection
        if parts.scheme == "rediss":
            kind = self._module.SSLConnection
        connection = kind(
            host=parts.hostname,
            port=parts.port or 6379,
            db=int(parts.path.strip("/") or 0),
            protocol=2,
            socket_timeout=IDLE_S,
            socket_connect_timeout=OPEN_S,
            **settings,
        )
        if parts.scheme == "rediss" and self._tls is not None:
            connection.ssl_context.context = self._tls
        return Wire(connection, self._shown, self._errors)

    async def open(self) -> Socket:
        """Refused, Unreachable: why there is none."""
        session = secrets.token_hex(12)
        base = f"{self._prefix}:{{}}:{self._whose}"
        keys = [f"{base.format(kind)}:{session}" for kind in ("ev", "cmd")]
        writing, reading = self._wire(), self._wire()
        socket = RedisSocket(writing, reading, keys[0], keys[1], session)
        try:
            knocked = self._knock(socket, writing, base.format("hello"), session)
            await asyncio.wait_for(knocked, OPEN_S)
        except BaseException as error:
            await socket.hang_up()
            if isinstance(error, asyncio.TimeoutError):
                text = f"{self._shown}: cerebro does not answer under the prefix '{self._prefix}'"
                raise Unreachable(text) from error
            raise
        return socket

    async def _knock(self, socket: RedisSocket, wire: Wire, channel: str, session: str) -> None:
        """Until cerebro has made the streams."""
        loop = asyncio.get_running_loop()
        knock_at, pause = 0.0, LOOK_MIN_S
        while True:
            if loop.time() >= knock_at:
                heard = await wire.ask("PUBLISH", channel, session)
                knock_at = loop.time() + KNOCK_S
                if not heard:
                    text = f"no cerebro listens there under the prefix '{self._prefix}'"
                    raise Unreachable(f"{self._shown}: {text}")
            if await socket.is_there():
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LOOK_MAX_S)


class Wire:
    """One connection to Redis; one command after the other."""

    def __init__(self, connection: Any, shown: str, errors: Any) -> None:
        self._connection, self._shown, self._errors = connection, shown, errors
        self._turn = asyncio.Lock()

    async def ask(self, *words: str) -> Any:
        """Errors of Redis as those of a link."""
        errors = self._errors
        try:
            async with self._turn:
                await self._connection.send_command(*words)
                return await self._connection.read_response()
        except (errors.AuthenticationError, errors.NoPermissionError) as error:
            hint = "the account is not that of this server: see dyna redis acl"
            raise Refused(f"{self._shown}: {error}; {hint}") from error
        except (errors.RedisError, OSError, asyncio.TimeoutError) as error:
            raise Unreachable(f"{self._shown}: {error or type(error).__name__}") from error

    async def hang_up(self) -> None:
        """At once: who waits for an answer gets Unreachable."""
        with contextlib.suppress(self._errors.RedisError, OSError, asyncio.TimeoutError):
            await self._connection.disconnect(nowait=True)


class RedisSocket:
    """One socket. Unreachable: it is lost."""

    def __init__(
        self, writing: Wire, reading: Wire, events: str, commands: str, session: str
    ) -> None:
        self._writing, self._reading = writing, reading
        self._events, self._commands, self._session = events, commands, session
        self._sent = self._came = 0  # frames
        self._frames: deque[str | bytes] = deque()
        self._sizes: deque[int] = deque()  # of frames that may be unread, the newest last
        self._unread = self._fresh = 0  # bytes of them; and since it was looked
        self._closing: asyncio.Task[None] | None = None

    async def send(self, text: str) -> None:
        await self._add("ce", text)
        size = size_of(text)
        self._sizes.append(size)
        self._unread += size
        self._fresh += size
        if self._unread > UNREAD_BYTES or self._fresh > UNREAD_LOOK:
            await self._wait_for_reader()

    async def receive(self) -> str | bytes:
        while not self._frames:
            await self._read(BLOCK_MS)
        return self._frames.popleft()

    def drop(self) -> None:
        """At once, whatever is under way."""
        self._closing = asyncio.ensure_future(self.hang_up())

    async def close(self) -> None:
        with contextlib.suppress(Unreachable, Refused, asyncio.TimeoutError):
            await asyncio.wait_for(self._add("end", "1"), CLOSE_S)
        await self.hang_up()

    async def hang_up(self) -> None:
        await self._writing.hang_up()
        await self._reading.hang_up()

    async def is_there(self) -> bool:
        """Whether cerebro has made the streams."""
        return await self._read(None)

    async def _add(self, name: str, value: str) -> None:
        self._sent += 1
        # NOMKSTREAM: a stream that was flushed must not come back by this.
        words = ("XADD", self._events, "NOMKSTREAM", "*", "n", str(self._sent), name, value)
        if await self._writing.ask(*words) is None:
            raise Unreachable("the streams in Redis are gone")

    async def _wait_for_reader(self) -> None:
        """Cerebro removes what it has looked at: whoever says more than it reads waits."""
        self._fresh = 0
        while True:
            left = int(await self._writing.ask("XLEN", self._events))
            while len(self._sizes) > left:
                self._unread -= self._sizes.popleft()
            if self._unread <= UNREAD_BYTES or left <= 1:
                return
            await asyncio.sleep(UNREAD_WAIT_S)

    async def _read(self, block_ms: int | None) -> bool:
        """False: there is no such stream yet."""
        words = ["XREADGROUP", "GROUP", "ts", self._session, "COUNT", str(COUNT), "NOACK"]
        if block_ms is not None:
            words += ["BLOCK", str(block_ms)]
        try:
            found = await self._reading.ask(*words, "STREAMS", self._commands, ">")
        except Unreachable as error:
            if block_ms is None and "NOGROUP" in str(error):
                return False
            raise
        for _, entries in found or ():
            for _, fields in entries:
                self._take(dict(zip(fields[::2], fields[1::2], strict=True)))
        return True

    def _take(self, fields: dict[bytes, bytes]) -> None:
        self._came += 1
        if fields.get(b"n") != str(self._came).encode():
            raise Unreachable(f"frame {self._came} is missing in the stream of Redis")
        if b"ce" not in fields:
            raise Unreachable("cerebro has closed the streams in Redis")
        self._frames.append(fields[b"ce"])
