"""What a session wants done by those around it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..context import Invocation


class Entry(Protocol):
    """What a session has to know of a task. `bind` raises BadInput."""

    @property
    def slot_class(self) -> str: ...

    @property
    def cancellable(self) -> bool: ...

    def bind(self, inputs: Mapping[str, Any]) -> dict[str, Any]: ...


class ExitCode(enum.IntEnum):
    """Of the process that serves."""

    DONE = 0  # drained
    FAILED = 1  # the module, its tasks or the settings are wrong
    USAGE = 2
    SUPERSEDED = 3  # the same server id has connected elsewhere
    REFUSED = 4  # cerebro takes neither the credential nor the protocol


@dataclass(frozen=True)
class Connect:
    """Opens a socket in so many seconds."""

    delay_s: float


@dataclass(frozen=True)
class Disconnect:
    """Closes the socket at once. The session takes it for closed already."""

    reason: str


@dataclass(frozen=True)
class Start:
    """Runs an attempt."""

    invocation: Invocation
    entry: Entry
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Stop:
    """Ends an attempt kindly."""

    attempt: str
    reason: str


@dataclass(frozen=True)
class Kill:
    """Ends it by force, where it can."""

    attempt: str


@dataclass(frozen=True)
class Tell:
    """For people, as a log record: debug, info, warning or error."""

    level: str
    text: str


@dataclass(frozen=True)
class Exit:
    """The server has nothing to do any more."""

    code: ExitCode
    reason: str


Action = Connect | Disconnect | Start | Stop | Kill | Tell | Exit
