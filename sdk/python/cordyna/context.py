"""What a task's function is told of its attempt, and says while it runs.

All of it may be used from any thread of the process that the function runs in.
"""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from .durations import Duration, seconds_of
from .errors import Cancelled
from .shapes import parse_time
from .texts import clean, fit

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
PROGRESS_TEXT_MAX = 4096
LINE_MAX = 16_384

current: contextvars.ContextVar[Context | None] = contextvars.ContextVar(
    "cordyna_context", default=None
)


class Sink(Protocol):
    """Where what a context says goes. Called from any thread."""

    def progress(self, attempt: str, data: dict[str, Any]) -> None: ...

    def log(self, attempt: str, level: str, offset: int, lines: list[str]) -> None: ...

    def extend(self, attempt: str, data: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class Upstream:
    """A task that was needed, and has completed. `output_ref`: where an output is that was too
    large for a message."""

    task: str
    run: str
    completed_at: dt.datetime | None = None
    output: Any = None
    output_ref: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Trigger:
    """Why the run was begun. `scheduled_for`: the time that it is for."""

    kind: str = "manual"
    id: str = ""
    scheduled_for: dt.datetime | None = None


class Upstreams(Mapping[str, Upstream]):
    """What was needed, by the task's id, by `team/id`, or by the task itself."""

    def __init__(self, found: list[Upstream]) -> None:
        self._found = {one.task: one for one in found}

    def __getitem__(self, key: object) -> Upstream:
        name = key if isinstance(key, str) else str(getattr(key, "id", key))
        for known in (name, name.rpartition("/")[2]):
            if known in self._found:
                return self._found[known]
        for known, one in self._found.items():
            if known.rpartition("/")[2] == name:
                return one
        raise KeyError(f"{name}; the task has: {', '.join(self._found) or 'nothing upstream'}")

    def __contains__(self, key: object) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class Cancellation:
    """Whether the attempt is to end: true or false, and to be awaited.

    `seen` says whether the function has been told: one that was not has done all of its work.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.seen = False
        self._lock = threading.Lock()
        self._event: threading.Event | None = None
        self._is_set = False
        self._wakers: list[Callable[[], None]] = []

    def set(self, reason: str) -> None:
        with self._lock:
            if self._is_set:
                return
            self.reason, self._is_set = reason, True
            wakers, self._wakers = self._wakers, []
            if self._event is not None:
                self._event.set()
        for wake in wakers:
            wake()

    def __bool__(self) -> bool:
        if self._is_set:
            self.seen = True
        return self._is_set

    @property
    def is_set(self) -> bool:
        """The same without telling: for those around the function."""
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        """Blocks a thread until it is to end, or so many seconds."""
        with self._lock:
            if self._event is None:
                self._event = threading.Event()
                if self._is_set:
                    self._event.set()
        self._event.wait(timeout)
        return bool(self)

    def __await__(self) -> Generator[Any, None, str]:
        if not self._is_set:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()

            def resolve() -> None:
                if not future.done():
                    future.set_result(None)

            def wake() -> None:
                loop.call_soon_threadsafe(resolve)

            with self._lock:
                if not self._is_set:
                    self._wakers.append(wake)
                else:
                    future.set_result(None)
            yield from future
        self.seen = True
        return self.reason


@dataclass
class Invocation:
    """What an invoke says of the attempt, beside its inputs."""

    attempt: str
    run: str
    task: str
    idempotency_key: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    upstream: list[dict[str, Any]] = field(default_factory=list)
    trigger: dict[str, Any] = field(default_factory=dict)
    deadlines: dict[str, float] = field(default_factory=dict)
    revision: int = 0


class Context:
    """Given to a function whose first parameter is annotated with it."""

    def __init__(self, said: Invocation, sink: Sink) -> None:
        self.attempt = said.attempt
        """Its name, unique for ever: `RUN/TASK/NUMBER`."""
        self.run = said.run
        self.task = said.task
        self.idempotency_key = said.idempotency_key
        """The same for each attempt of the task in its run."""
        self.inputs = said.inputs
        """As they came, before they were converted."""
        self.deadlines = said.deadlines
        self.revision = said.revision
        self.cancelled = Cancellation()
        self.outputs: dict[str, Any] = {}
        self.metrics: dict[str, float] = {}
        self.assets: list[dict[str, str]] = []
        self._said = said
        self._sink = sink
        self._lock = threading.Lock()
        self._lines = 0
        self._upstream: Upstreams | None = None

    @property
    def number(self) -> int:
        """Of the attempt: 1 for the first."""
        last = self.attempt.rpartition("/")[2]
        return int(last) if last.isdigit() else 1

    @property
    def upstream(self) -> Upstreams:
        """What was needed, and has completed: `ctx.upstream["load"].output`."""
        if self._upstream is None:
            self._upstream = Upstreams([_upstream_of(one) for one in self._said.upstream])
        return self._upstream

    @property
    def trigger(self) -> Trigger:
        said = self._said.trigger
        time = _time_of(said.get("scheduled_for"))
        return Trigger(str(said.get("kind", "manual")), str(said.get("id", "")), time)

    def raise_if_cancelled(self) -> None:
        """Cancelled: the attempt is to end."""
        if self.cancelled:
            raise Cancelled(self.cancelled.reason)

    def progress(
        self,
        fraction: float | None = None,
        message: str | None = None,
        *,
        counters: Mapping[str, float] | None = None,
        checkpoint: str | None = None,
    ) -> None:
        """How far it is, from 0 to 1. The latest counts; what comes too often is left out."""
        data: dict[str, Any] = {}
        if fraction is not None:
            if not fraction == fraction:
                raise ValueError("the fraction is no number; it must be from 0 to 1")
            data["fraction"] = min(1.0, max(0.0, float(fraction)))
        if message is not None:
            data["message"] = fit(clean(str(message)), PROGRESS_TEXT_MAX)
        if counters is not None:
            data["counters"] = {str(name): _number(name, one) for name, one in counters.items()}
        if checkpoint is not None:
            if len(checkpoint.encode("utf-8", "replace")) > PROGRESS_TEXT_MAX:
                raise ValueError(f"the checkpoint has more than {PROGRESS_TEXT_MAX} bytes")
            data["checkpoint"] = clean(checkpoint)
        self._sink.progress(self.attempt, data)

    def log(self, text: str, level: Level = "info") -> None:
        """Lines for whoever looks at the attempt. They may be lost, and a gap is seen."""
        if level not in LEVELS:
            raise ValueError(f"the level is '{level}'; it must be one of {', '.join(LEVELS)}")
        lines = [fit(line, LINE_MAX) for line in clean(str(text)).splitlines()] or [""]
        with self._lock:  # so that offsets grow in the order of the lines
            offset = self._lines
            self._lines += len(lines)
            self._sink.log(self.attempt, level, offset, lines)

    def output(self, name: str, value: Any) -> None:
        """One field of the output. Beside it the function gives an object, or nothing."""
        self.outputs[name] = value

    def metric(self, name: str, value: float) -> None:
        """A number of the attempt, for its history."""
        self.metrics[name] = _number(name, value)

    def asset(
        self, name: str, *, version: str | None = None, fresh_until: dt.datetime | None = None
    ) -> None:
        """Something that was made, until when it need not be made again."""
        made = {"name": name}
        if version is not None:
            made["version"] = version
        if fresh_until is not None:
            if fresh_until.tzinfo is None:
                raise ValueError("fresh_until has no zone: use datetime.now(timezone.utc)")
            made["fresh_until"] = fresh_until.isoformat()
        self.assets.append(made)

    def extend(self, more: Duration, reason: str = "") -> None:
        """Asks for more time, within `max_extend` of the task's timeouts."""
        data: dict[str, Any] = {"more_s": seconds_of(more)}
        if reason:
            data["reason"] = fit(clean(reason), LINE_MAX)
        self._sink.extend(self.attempt, data)


def _number(name: object, value: float) -> float:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool) or not isinstance(plain, (int, float)) or not abs(plain) < 2**63:
        raise ValueError(f"'{name}' is {value!r}; it must be a number")
    return plain


def _time_of(text: object) -> dt.datetime | None:
    try:
        return parse_time(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _upstream_of(said: Mapping[str, Any]) -> Upstream:
    return Upstream(
        task=str(said.get("task", "")),
        run=str(said.get("run", "")),
        completed_at=_time_of(said.get("completed_at")),
        output=said.get("output"),
        output_ref=said.get("output_ref"),
    )
