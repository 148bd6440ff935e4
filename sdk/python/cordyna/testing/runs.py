"""Runs a task without any server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..calling import Ending, call_async, call_sync
from ..context import Context, Invocation
from ..errors import BadInput, error_data
from ..shapes import ANY, ROOT, Flaws
from ..tasks import Task


@dataclass
class TaskResult:
    """`state`: completed, error, cancelled, or rejected (`error` says why). `output`: as those after
    the task get it, through JSON. `logs`: level and line. `progress`: data of the messages."""

    state: str
    output: Any = None
    error: dict[str, Any] = field(default_factory=dict)
    progress: list[dict[str, Any]] = field(default_factory=list)
    logs: list[tuple[str, str]] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    assets: list[dict[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return self.state == "completed"


class Recorder:
    """Takes what a context says."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.logs: list[tuple[str, str]] = []

    def progress(self, attempt: str, data: dict[str, Any]) -> None:
        self.said.append(data)

    def log(self, attempt: str, level: str, offset: int, lines: list[str]) -> None:
        self.logs.extend((level, line) for line in lines)

    def extend(self, attempt: str, data: dict[str, Any]) -> None:
        pass


def run_task(
    task: Task[..., Any],
    inputs: Mapping[str, Any] | None = None,
    *,
    upstream: Mapping[str, Any] | None = None,
    attempt: int = 1,
    trigger: Mapping[str, Any] | None = None,
    cancelled: bool = False,
) -> TaskResult:
    """As a server would: inputs are converted and checked, and so is the result.

    It runs in the thread that calls this, also where `run_in="process"`. `upstream`: outputs by task.
    `cancelled`: it is told so from its beginning.
    """
    recorder = Recorder()
    context = _context(task, inputs, upstream, attempt, trigger, recorder, cancelled)
    try:
        arguments = task.bind(context.inputs)
    except BadInput as error:
        return _rejected(error)
    if task.signature.is_async:
        ending = asyncio.run(_call(task, context, arguments))
    else:
        ending = call_sync(task, context, arguments)
    return _result(ending, recorder)


async def run_task_async(
    task: Task[..., Any],
    inputs: Mapping[str, Any] | None = None,
    *,
    upstream: Mapping[str, Any] | None = None,
    attempt: int = 1,
    trigger: Mapping[str, Any] | None = None,
    cancelled: bool = False,
) -> TaskResult:
    """The same within a loop: a sync task runs in a thread."""
    recorder = Recorder()
    context = _context(task, inputs, upstream, attempt, trigger, recorder, cancelled)
    try:
        arguments = task.bind(context.inputs)
    except BadInput as error:
        return _rejected(error)
    if task.signature.is_async:
        ending = await _call(task, context, arguments)
    else:
        ending = await asyncio.to_thread(call_sync, task, context, arguments)
    return _result(ending, recorder)


async def _call(task: Task[..., Any], context: Context, arguments: dict[str, Any]) -> Ending:
    running = asyncio.ensure_future(call_async(task, context, arguments))
    if context.cancelled.is_set:
        await asyncio.sleep(0)  # up to where it first waits
        running.cancel()
    return await running


def _context(
    task: Task[..., Any],
    inputs: Mapping[str, Any] | None,
    upstream: Mapping[str, Any] | None,
    attempt: int,
    trigger: Mapping[str, Any] | None,
    recorder: Recorder,
    cancelled: bool,
) -> Context:
    said = Invocation(
        attempt=f"test/{task.id}/{attempt}",
        run="test",
        task=task.id,
        idempotency_key=f"test/{task.id}",
        inputs=_through_json(inputs or {}),
        upstream=[
            {"task": name, "run": "test", "output": _through_json(output)}
            for name, output in (upstream or {}).items()
        ],
        trigger=dict(trigger or {"kind": "manual"}),
    )
    context = Context(said, recorder)
    if cancelled:
        context.cancelled.set("user")
    return context


def _through_json(value: Any) -> Any:
    flaws = Flaws()
    written = ANY.write(value, ROOT, flaws)
    if flaws:
        raise ValueError(f"a value for the test cannot be JSON: {flaws}")
    return json.loads(json.dumps(written))


def _rejected(error: BadInput) -> TaskResult:
    return TaskResult("rejected", error={**error_data(error, "acknowledge"), "retryable": False})


def _result(ending: Ending, recorder: Recorder) -> TaskResult:
    return TaskResult(
        state=ending.state,
        output=None if ending.output is None else json.loads(ending.output),
        error=ending.error,
        progress=recorder.said,
        logs=recorder.logs,
        metrics=ending.extra.get("metrics", {}),
        assets=ending.extra.get("assets", []),
    )
