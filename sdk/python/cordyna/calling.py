"""Calls a task's function, and says how it ended: the same for a thread, a process and a test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .context import Context, current
from .errors import Cancelled, error_data
from .tasks import Task


@dataclass
class Ending:
    """`state`: completed, error, cancelled. `output`: JSON, or None. `cleaned`: of a cancelled one."""

    state: str
    output: str | None = None
    error: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    cleaned: bool = True


def call_sync(task: Task[..., Any], context: Context, arguments: Mapping[str, Any]) -> Ending:
    """In the thread that calls it. An async function is none of its business."""
    token = current.set(context)
    try:
        if task.signature.wants_context:
            result = task.function(context, **arguments)
        else:
            result = task.function(**arguments)
        return _returned(task, context, result, context.cancelled.seen)
    except BaseException as error:
        return _raised(context, error, context.cancelled.seen)
    finally:
        current.reset(token)


async def call_async(
    task: Task[..., Any], context: Context, arguments: Mapping[str, Any]
) -> Ending:
    """In the running loop. It is told of a cancel by cancellation, too."""
    token = current.set(context)
    try:
        if task.signature.wants_context:
            result = await task.function(context, **arguments)
        else:
            result = await task.function(**arguments)
        return _returned(task, context, result, context.cancelled.is_set)
    except BaseException as error:
        return _raised(context, error, context.cancelled.is_set)
    finally:
        current.reset(token)


def _returned(task: Task[..., Any], context: Context, result: Any, was_told: bool) -> Ending:
    # One that was told to end, and returned, has left the rest of its work undone. One that never
    # asked has done all of it.
    if was_told:
        return Ending("cancelled")
    output = task.signature.output_text(result, context.outputs)
    extra = {"metrics": context.metrics, "assets": context.assets}
    return Ending("completed", output, extra=extra)


def _raised(context: Context, error: BaseException, was_told: bool) -> Ending:
    stops = (Cancelled, asyncio.CancelledError)
    if was_told:
        return Ending("cancelled", cleaned=isinstance(error, stops))
    if isinstance(error, stops):  # nobody asked for it
        error = RuntimeError("the task has cancelled itself")
    return Ending("error", error=error_data(error))
