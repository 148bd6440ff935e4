"""A session with what it needs: the clock, the socket, the disk, and what runs attempts."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .calling import Ending
from .declaration import hash_of
from .errors import DeclarationError
from .link import Link, Refused, Socket, Unreachable
from .messages import ENVELOPE_MAX, MESSAGE_MAX, frame_of, read_frame
from .outbox import Outbox
from .runner import Runner
from .session import (
    Action,
    Batch,
    Config,
    Connect,
    Disconnect,
    Exit,
    ExitCode,
    Kill,
    Session,
    Start,
    Stop,
    Tell,
)
from .tasks import Tasks
from .texts import dumps, size_of

log = logging.getLogger("cordyna")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
DISK_RETRY_S = 1.0


class Engine:
    """Threads: that of the running loop; `call` is for others."""

    def __init__(self, config: Config, link: Link, outbox: Outbox) -> None:
        kept = outbox.load()
        if kept:
            log.info("messages of an earlier process that have no receipt yet: %d", len(kept))
        self._session = Session(config, random.Random(), kept, now=time.monotonic())
        self._link = link
        self._outbox = outbox
        self._runner = Runner(self)
        self._loop = asyncio.get_running_loop()
        self._disk = ThreadPoolExecutor(1, "cordyna-disk")
        self._dirty = asyncio.Event()
        self._done: asyncio.Future[Exit] = self._loop.create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: Socket | None = None
        self._generation = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._is_pumping = False

    # For those who have one.

    async def run(self) -> Exit:
        """Until the session has an end."""
        writer = self._spawn(self._write())
        try:
            self._session.start()
            self._pump()
            return await self._done
        finally:
            writer.cancel()
            if self._timer is not None:
                self._timer.cancel()
            self._runner.close()
            if self._socket is not None:
                self._socket.drop()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._disk.shutdown(wait=True)
            self._save_rest()

    def _save_rest(self) -> None:
        rest = self._session.take(time.monotonic())
        try:
            self._outbox.commit(rest.save, rest.forget)
        except OSError as error:
            log.error("%s: %d messages are lost", error, len(rest.save))

    def declare(self, tasks: Tasks, team: str) -> None:
        """DeclarationError: nothing has changed then."""
        declarations = tasks.declarations(team)
        for task in tasks:
            if task.slot_class not in self._session.config.slots:
                text = "task '%s' wants a slot of class '%s', which this server does not have"
                log.warning(text, task.id, task.slot_class)
        size = size_of(dumps(declarations)) + ENVELOPE_MAX
        if size > MESSAGE_MAX:
            raise DeclarationError(
                f"the declarations have {size >> 10} KiB, and a message takes {MESSAGE_MAX >> 10}: "
                "serve these tasks by several servers"
            )
        digest = hash_of(declarations)
        revision = self._outbox.revision(digest, int(time.time()))
        catalog = {task.id: task for task in tasks}
        self._session.declare(time.monotonic(), catalog, declarations, digest, revision)
        self._pump()

    def drain(self, reason: str, deadline_s: float | None = None) -> None:
        self._session.drain(time.monotonic(), reason, deadline_s)
        self._pump()

    def abort(self, reason: str) -> None:
        """At once: what runs is lost, and the next boot says so."""
        self._runner.kill_all()
        if not self._done.done():
            self._done.set_result(Exit(ExitCode.FAILED, reason))

    def call(self, function: Callable[[], None]) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(function)

    # What the runner says.

    def began(self, attempt: str) -> None:
        self._session.attempts.began(time.monotonic(), attempt)
        self._pump()

    def progressed(self, attempt: str, data: dict[str, Any]) -> None:
        self._session.attempts.progressed(time.monotonic(), attempt, data)
        self._pump()

    def logged(self, attempt: str, level: str, offset: int, lines: list[str]) -> None:
        self._session.attempts.logged(time.monotonic(), attempt, level, offset, lines)
        self._pump()

    def extend(self, attempt: str, data: dict[str, Any]) -> None:
        self._session.attempts.extend(time.monotonic(), attempt, data)
        self._pump()

    def ended(self, attempt: str, ending: Ending) -> None:
        now, attempts = time.monotonic(), self._session.attempts
        if ending.state == "completed":
            attempts.completed(now, attempt, ending.output, ending.extra)
        elif ending.state == "error":
            attempts.failed(now, attempt, ending.error)
        else:
            attempts.cancelled(now, attempt, ending.cleaned)
        self._session.attempt_ended(now)
        self._pump()

    # The loop's part.

    def _pump(self) -> None:
        """After each call of the session."""
        if self._is_pumping:  # an action has called it: the pump that runs goes on
            return
        self._is_pumping = True
        try:
            while actions := self._session.take_actions():
                for action in actions:
                    self._perform(action)
        finally:
            self._is_pumping = False
        if self._session.has_work:
            self._dirty.set()
        due = self._session.due()
        if due < self._timer_at:
            self._set_timer(due)

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        # The loop's clock is time.monotonic.
        self._timer = None if due == math.inf else self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self._session.tick(time.monotonic())
        self._pump()

    def _perform(self, action: Action) -> None:
        if isinstance(action, Start):
            self._runner.start(action)
        elif isinstance(action, Stop):
            self._runner.stop(action.attempt, action.reason)
        elif isinstance(action, Kill):
            self._runner.kill(action.attempt)
        elif isinstance(action, Connect):
            self._spawn(self._connect())
        elif isinstance(action, Disconnect):
            self._generation += 1
            socket, self._socket = self._socket, None
            if socket is not None:
                self._spawn(socket.close())
        elif isinstance(action, Tell):
            log.log(_LEVELS.get(action.level, logging.ERROR), "%s", action.text)
        elif isinstance(action, Exit) and not self._done.done():
            self._done.set_result(action)

    def _spawn(self, what: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = self._loop.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._spawned_ended)
        return task

    def _spawned_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None and not self._done.done():
            self._done.set_exception(task.exception() or RuntimeError())

    async def _connect(self) -> None:
        """One connection, from its opening to its end."""
        self._generation += 1
        generation = self._generation
        try:
            socket = await self._link.open()
        except (Refused, Unreachable, OSError) as error:
            if generation == self._generation:
                if isinstance(error, Refused):
                    self._session.refused(time.monotonic(), str(error))
                else:
                    self._session.closed(time.monotonic(), str(error))
                self._pump()
            return None
        if generation != self._generation:
            return socket.drop()
        self._socket = socket
        self._session.opened(time.monotonic())
        self._pump()
        try:
            while generation == self._generation:
                frame = await socket.receive()
                now = time.monotonic()
                for message in read_frame(frame):
                    if generation != self._generation:
                        break
                    self._session.received(now, message)
                self._pump()
        except Unreachable as error:
            self._lost(generation, str(error))
        return None

    def _lost(self, generation: int, reason: str) -> None:
        if generation != self._generation:
            return
        self._generation += 1
        if self._socket is not None:
            self._socket.drop()
            self._socket = None
        self._session.closed(time.monotonic(), reason)
        self._pump()

    async def _write(self) -> None:
        """Saves, then sends; while one batch is written the next one gathers."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            while batch := self._session.take(time.monotonic()):
                await self._write_one(batch)
            due = self._session.due()
            if due < self._timer_at:
                self._set_timer(due)

    async def _write_one(self, batch: Batch) -> None:
        generation, socket = self._generation, self._socket
        if batch.save or batch.forget:
            await self._save(batch)
        if socket is None or generation != self._generation:
            return  # what needs a receipt is sent in the next session
        try:
            if batch.texts:
                await socket.send(frame_of(batch.texts))
        except Unreachable as error:
            return self._lost(generation, str(error))
        if batch.close and generation == self._generation:
            self._generation += 1
            self._socket = None
            await socket.close()
            self._session.closed(time.monotonic(), "drained")
            self._pump()

    async def _save(self, batch: Batch) -> None:
        """A full disk is waited for: without it nothing may be sent."""
        while True:
            try:
                commit = self._outbox.commit
                await self._loop.run_in_executor(self._disk, commit, batch.save, batch.forget)
                return
            except OSError as error:
                log.error("%s; again in %g s", error, DISK_RETRY_S)
                await asyncio.sleep(DISK_RETRY_S)
