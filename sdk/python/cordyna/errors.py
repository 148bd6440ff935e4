"""What tasks raise, and how an exception becomes the `error` of a message."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from .durations import Duration, seconds_of
from .texts import clean, fit

CODE_MAX = 64
MESSAGE_MAX = 16_000
STACK_MAX = 16_000
CAUSES_MAX = 10
FRAMES_MAX = 60

# The same code with the same installation fails in the same way again.
_HOPELESS = (ImportError, NameError, NotImplementedError, SyntaxError)
_SYSTEM = (ConnectionError, TimeoutError, MemoryError)


class CordynaError(Exception):
    """What is wrong with how the package is used. The message says what would be right."""


class DeclarationError(CordynaError):
    """A task cannot be declared as it is written."""


class TaskError(Exception):
    """Raised by a task that says itself how it failed.

    `code` is for programs: capital letters, digits and `_`. `retry_after`: seconds, a timedelta or
    "5m". `detail` is a JSON object.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retryable: bool = True,
        retry_after: Duration | None = None,
        kind: str = "user",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code_of(code)
        self.message = message
        self.retryable = retryable
        self.retry_after_s = None if retry_after is None else seconds_of(retry_after)
        self.kind = kind
        self.detail = None if detail is None else dict(detail)


class Cancelled(BaseException):
    """The attempt is to end. Not an Exception, so that `except Exception` lets it pass."""


class BadInput(CordynaError):
    """Inputs that a task does not take."""


class BadOutput(CordynaError):
    """A result that is not what the task says it gives, or is no JSON."""


def code_of(name: str) -> str:
    """`ValueError` and `value error` become VALUE_ERROR."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    code = re.sub(r"[^A-Z0-9]+", "_", apart.upper()).strip("_")
    return code[:CODE_MAX] or "ERROR"


def error_data(error: BaseException, phase: str = "run") -> dict[str, Any]:
    """The `error` of a task.error. No value of a variable is in it, only what the message says."""
    data: dict[str, Any] = {
        "code": code_of(type(error).__name__),
        "message": message_of(error),
        "phase": phase,
        "kind": "system" if isinstance(error, _SYSTEM) else "user",
        "retryable": not isinstance(error, _HOPELESS),
    }
    if isinstance(error, BadOutput):
        data.update(phase="result", retryable=False)
    if isinstance(error, MemoryError):
        data["out_of_memory"] = True
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        data["exit_code"] = error.code & 0xFF
    if isinstance(error, TaskError):
        data.update(code=error.code, kind=error.kind, retryable=error.retryable)
        if error.retry_after_s is not None:
            data["retry_after_s"] = error.retry_after_s
        if error.detail is not None:
            data["detail"] = error.detail
    stack = stack_of(error.__traceback__)
    if stack:
        data["stack"] = stack
    causes = causes_of(error)
    if causes:
        data["cause"] = causes
    return data


def message_of(error: BaseException) -> str:
    """Never empty."""
    try:
        said = clean(str(error)).strip()
    except Exception:  # a __str__ of somebody else's
        said = ""
    name = type(error).__name__
    if not said:
        return f"{name}, without a message"
    if isinstance(error, KeyError):
        return fit(f"the key {said} is missing", MESSAGE_MAX)
    return fit(said, MESSAGE_MAX)


def stack_of(trace: TracebackType | None) -> str:
    """Files, lines and functions; without the frames of this package at its beginning."""
    frames = traceback.extract_tb(trace)
    own = 0
    while own < len(frames) and _is_ours(frames[own].filename):
        own += 1
    shown = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames[own:]]
    if len(shown) > FRAMES_MAX:
        left_out = len(shown) - FRAMES_MAX
        half = FRAMES_MAX // 2
        shown[half:-half] = [f"({left_out} frames)"]
    return fit("\n".join(shown), STACK_MAX)


def causes_of(error: BaseException) -> list[str]:
    """What led to it, the nearest first."""
    found: list[str] = []
    seen = {id(error)}
    parts: list[BaseException] = list(getattr(error, "exceptions", ()))
    at: BaseException | None = _cause(error)
    while (at is not None or parts) and len(found) < CAUSES_MAX:
        one = parts.pop(0) if at is None else at
        if id(one) in seen:
            at = None
            continue
        seen.add(id(one))
        found.append(fit(f"{type(one).__name__}: {message_of(one)}", 1000))
        parts.extend(getattr(one, "exceptions", ()))
        at = _cause(one)
    return found


def _cause(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


_OWN_FOLDER = __file__.rpartition("errors")[0]


def _is_ours(path: str) -> bool:
    return path.startswith(_OWN_FOLDER) and "/tests/" not in path
