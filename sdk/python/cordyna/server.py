"""A task server: tasks, and where they are served."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .declaration import ID, SERVER_ID, Owner
from .engine import Engine
from .errors import CordynaError
from .link import Link, WebSocketLink, is_local, socket_url
from .outbox import DiskOutbox, MemoryOutbox, Outbox
from .redis_link import RedisLink, is_redis, redis_parts
from .session import Config, Exit, ExitCode
from .tasks import Tasks

log = logging.getLogger("cordyna")
MEMORY = "memory"


class TaskServer:
    """Serves `tasks` of one team to one cerebro.

    `url`: http://host:port of cerebro, or redis://user@host:port, rediss:// for TLS, of the Redis over
    which it takes task servers; `?prefix=` names that of its keys.
    `token`: the credential, or what gives it, asked at each connection. `slots`: how many attempts at
    a time, or that by class. `state`: the folder of what has no receipt yet; None keeps it in memory,
    and it is lost with the process.
    """

    def __init__(
        self,
        *,
        url: str = "",
        team: str = "",
        server: str = "",
        token: str | Callable[[], str] = "",
        slots: int | Mapping[str, int] = 4,
        state: str | Path | None = None,
        labels: Mapping[str, str] | None = None,
        owner: Owner | None = None,
        tasks: Tasks | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tasks = Tasks(owner=owner) if tasks is None else tasks
        self.task = self.tasks.task
        self.url, self.team, self.server = url, team, server
        self.token = token
        self.slots = {"default": slots} if isinstance(slots, int) else dict(slots)
        self.state = state
        self.labels = dict(labels or {})
        self.tls = tls
        self._engine: Engine | None = None
        self._signals = 0
        self.aborted_by: int | None = None  # the signal that ended it at once

    def run(self) -> ExitCode:
        """Until it has drained: SIGTERM and SIGINT ask for it, and a second one ends it at once."""
        ended = asyncio.run(self.serve_with_signals())
        return ended.code

    async def serve(self) -> Exit:
        """The same within a loop, without signals. CordynaError: what is wrong with its settings."""
        self._check()
        outbox = self._outbox()
        try:
            config = Config(
                team=self.team,
                server=self.server,
                boot=secrets.token_hex(12),
                slots=self.slots,
                labels=self.labels,
                place={"host": socket.gethostname()[:255], "pid": os.getpid()},
                clock_offset=time.time() - time.monotonic(),
            )
            self._engine = Engine(config, self._link(), outbox)
            self._engine.declare(self.tasks, self.team)
            return await self._engine.run()
        finally:
            self._engine = None
            outbox.close()

    def drain(self, reason: str = "asked for", deadline_s: float | None = None) -> None:
        """Takes nothing new, ends what it has, and goes. From the thread of the loop."""
        if self._engine is not None:
            self._engine.drain(reason, deadline_s)

    def abort(self, reason: str = "asked for") -> None:
        """Goes at once: what runs is lost."""
        if self._engine is not None:
            self._engine.abort(reason)

    def declare(self, tasks: Tasks) -> None:
        """Others from now on; attempts that run go on. DeclarationError: all stays as it was."""
        if self._engine is not None:
            self._engine.declare(tasks, self.team)
        self.tasks = tasks

    def _check(self) -> None:
        if is_redis(self.url):
            redis_parts(self.url)
        else:
            socket_url(self.url)
        if not ID.fullmatch(self.team):
            raise CordynaError(f"the team '{self.team}' is no id: small letters, digits, . _ -")
        if not SERVER_ID.fullmatch(self.server):
            text = f"the server's id '{self.server}' must be letters, digits, '.', '_' and '-'"
            raise CordynaError(f"{text}, at most 128")
        if not self.slots or not all(ID.fullmatch(n) and c >= 0 for n, c in self.slots.items()):
            raise CordynaError("slots must be a count, or counts by class: {'default': 4}")
        if len(self.tasks) == 0:
            raise CordynaError("there are no tasks: decorate a function with @task")
        if not is_local(self.url) and self.url.startswith(("http:", "ws:", "redis:")):
            log.warning("the token goes to %s without TLS", self.url)

    def _link(self) -> Link:
        token = self.token if callable(self.token) else lambda: str(self.token)
        if is_redis(self.url):
            return RedisLink(self.url, self.team, self.server, token, self.tls)
        return WebSocketLink(self.url, token, self.tls)

    def _outbox(self) -> Outbox:
        if self.state is None or str(self.state) == MEMORY:
            return MemoryOutbox()
        return DiskOutbox(Path(self.state))

    async def serve_with_signals(self) -> Exit:
        """As `run`, within a loop of the main thread."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._signalled, number)
        return await self.serve()

    def _signalled(self, number: int) -> None:
        self._signals += 1
        name = signal.Signals(number).name
        if self._engine is None:
            raise SystemExit(128 + number)
        if self._signals == 1:
            self.drain(name)
        else:
            self.aborted_by = number
            self.abort(f"a second {name}")
