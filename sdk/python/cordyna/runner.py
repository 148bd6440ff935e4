"""Runs attempts: async ones in the loop, others in threads or processes."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from .calling import Ending, call_async, call_sync
from .context import Context
from .errors import error_data
from .process import ProcessAttempt
from .session import Start
from .tasks import Task
from .threads import Threads

Report = Callable[[], None]
WAITING_MAX = (
    10_000  # reports of threads that wait for the loop; more of what may be lost is left out
)
log = logging.getLogger("cordyna")


class Listener(Protocol):
    """Told how attempts go, in the thread of the loop."""

    def began(self, attempt: str) -> None: ...

    def progressed(self, attempt: str, data: dict[str, Any]) -> None: ...

    def logged(self, attempt: str, level: str, offset: int, lines: list[str]) -> None: ...

    def extend(self, attempt: str, data: dict[str, Any]) -> None: ...

    def ended(self, attempt: str, ending: Ending) -> None: ...


class Attempt(Protocol):
    """One that runs."""

    def stop(self, reason: str) -> None: ...

    def kill(self) -> None: ...


class Runner:
    """`stop` is kind, `kill` is not; an attempt has ended when the listener is told so, not before."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._threads = Threads("cordyna-task")
        self._running: dict[str, Attempt] = {}
        self._reports: deque[Report] = deque()
        self._lock = threading.Lock()
        self._is_woken = False

    def start(self, order: Start) -> None:
        task = order.entry
        assert isinstance(task, Task)
        name = order.invocation.attempt
        context = Context(order.invocation, self)
        made: Attempt
        try:
            if task.signature.is_async:
                made = AsyncAttempt(self, task, context, order.arguments)
            elif task.settings.run_in == "process":
                made = ProcessAttempt(self, task, order.invocation)
            else:
                made = ThreadAttempt(self, task, context, order.arguments, self._threads)
        except Exception as error:  # no more threads, no more processes
            self.ended(name, Ending("error", error=error_data(error, "start")))
            return
        self._running[name] = made

    def stop(self, attempt: str, reason: str) -> None:
        running = self._running.get(attempt)
        if running is not None:
            running.stop(reason)

    def kill(self, attempt: str) -> None:
        running = self._running.get(attempt)
        if running is not None:
            running.kill()

    def kill_all(self) -> None:
        for running in list(self._running.values()):
            running.kill()

    def close(self) -> None:
        self.kill_all()
        self._threads.close()

    # What contexts say, from any thread.

    def progress(self, attempt: str, data: dict[str, Any]) -> None:
        self._report(lambda: self._listener.progressed(attempt, data), may_be_lost=True)

    def log(self, attempt: str, level: str, offset: int, lines: list[str]) -> None:
        self._report(lambda: self._listener.logged(attempt, level, offset, lines), may_be_lost=True)

    def extend(self, attempt: str, data: dict[str, Any]) -> None:
        self._report(lambda: self._listener.extend(attempt, data))

    def began(self, attempt: str) -> None:
        self._report(lambda: self._listener.began(attempt))

    def ended(self, attempt: str, ending: Ending) -> None:
        def end() -> None:
            self._running.pop(attempt, None)
            self._listener.ended(attempt, ending)

        self._report(end)

    def _report(self, report: Report, may_be_lost: bool = False) -> None:
        # In order, also where a thread has said something just before.
        if threading.get_ident() == self._loop_thread and not self._reports:
            return report()
        with self._lock:
            if may_be_lost and len(self._reports) >= WAITING_MAX:
                return None
            self._reports.append(report)
            if self._is_woken:
                return None
            self._is_woken = True
        try:
            self._loop.call_soon_threadsafe(self._take_reports)
        except RuntimeError:  # the loop is closed: the server has gone
            log.debug("a report came after the end of the server")
        return None

    def _take_reports(self) -> None:
        with self._lock:
            self._is_woken = False
            found, self._reports = self._reports, deque()
        for report in found:
            report()


class AsyncAttempt:
    def __init__(
        self, runner: Runner, task: Task[..., Any], context: Context, arguments: dict[str, Any]
    ) -> None:
        self._runner = runner
        self._context = context
        coroutine = self._run(task, arguments)
        self._task = asyncio.get_running_loop().create_task(coroutine)
        self._began = False

    async def _run(self, task: Task[..., Any], arguments: dict[str, Any]) -> None:
        name = self._context.attempt
        self._began = True
        self._runner.began(name)
        ending = await call_async(task, self._context, arguments)
        self._runner.ended(name, ending)

    def stop(self, reason: str) -> None:
        self._context.cancelled.set(reason)
        if self._began:
            self._task.cancel()
        else:  # cancelled before its first step, it would never say that it has ended
            asyncio.get_running_loop().call_soon(self._task.cancel)

    def kill(self) -> None:
        self._context.cancelled.set("kill")
        if self._began:
            self._task.cancel()


class ThreadAttempt:
    """It cannot be ended by force: its function has to ask whether it is to end."""

    def __init__(
        self,
        runner: Runner,
        task: Task[..., Any],
        context: Context,
        arguments: dict[str, Any],
        threads: Threads,
    ) -> None:
        self._context = context

        def run() -> None:
            runner.began(context.attempt)
            runner.ended(context.attempt, call_sync(task, context, arguments))

        threads.run(run)

    def stop(self, reason: str) -> None:
        self._context.cancelled.set(reason)

    def kill(self) -> None:
        log.warning(
            "%s runs in a thread, which cannot be killed: its end is waited for",
            self._context.attempt,
        )
