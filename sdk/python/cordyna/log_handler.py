"""Forwards log records of a task to its attempt."""

from __future__ import annotations

import logging

from .context import Level, current


class LogHandler(logging.Handler):
    """Records that a task's function makes, in its own thread or task of asyncio, go to `ctx.log`.

    Others are left alone. `cordyna serve` sets one up; elsewhere:
    `logging.getLogger().addHandler(LogHandler())`.
    """

    def emit(self, record: logging.LogRecord) -> None:
        context = current.get()
        if context is None:
            return
        try:
            context.log(self.format(record), level_of(record.levelno))
        except Exception:
            self.handleError(record)


def level_of(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"
