"""The attempts that a server has, and what it answers about them.

Pure. An attempt is held from its invoke to the receipt of its end; later, its name is remembered, so
that what comes late starts nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..context import Invocation
from ..errors import BadInput
from ..messages import ENDS, ENVELOPE_MAX, MESSAGE_MAX, LogMessage, Message, ProgressMessage
from ..texts import clean, dumps, fit, quote, size_of
from .actions import Action, Entry, Kill, Start, Stop, Tell
from .outgoing import Outgoing

PAST_MAX = 10_000  # names that are remembered
REJECTED_MAX = 1000  # rejections that are kept until their receipts
PAST_DATA_MAX = 1024  # bytes of an end that is remembered with its name
HELD_BYTES_MAX = 240 << 10  # of all that is listed in one message
HELD_BYTES_EACH = 64
GRACE_S = 10.0
PROGRESS_S = 0.2  # between two of one attempt
LOG_LINES_MAX = 500  # in one message
LOG_BYTES_MAX = 64 << 10
TEXT_MAX = 16_000


class Attempt:
    """`state`: queued, started, completed, error, cancelled. `end`: its last message."""

    __slots__ = (
        "cancellable", "data_head", "end", "fence", "last_log", "last_progress", "name",
        "progress", "progress_at", "queued", "slot_class", "started", "state", "stopping",
    )  # fmt: skip

    def __init__(self, name: str, fence: str, entry: Entry | None) -> None:
        self.name = name
        self.fence = fence  # as it came, in JSON; empty: it has none
        self.data_head = f'{{"attempt":{quote(name)}' + (f',"fence":{fence}' if fence else "")
        self.slot_class = "" if entry is None else entry.slot_class
        self.cancellable = entry is None or entry.cancellable
        self.state = "queued"
        self.stopping = False
        self.queued: Message | None = None
        self.started: Message | None = None
        self.end: Message | None = None
        self.progress: float | None = None
        self.progress_at = -PROGRESS_S
        self.last_progress: ProgressMessage | None = None
        self.last_log: LogMessage | None = None

    @property
    def size(self) -> int:
        return len(self.name) + HELD_BYTES_EACH


@dataclass(frozen=True)
class Past:
    """What is known of an attempt that is not held any more. `end`: its last message, if short."""

    fenced: bool
    end: Message | None = None


class Attempts:
    """`slots`: how many at a time, by class. `place`: where they run, as JSON."""

    def __init__(self, slots: Mapping[str, int], place: str, outgoing: Outgoing) -> None:
        self._slots = dict(slots)
        self._place = place
        self._outgoing = outgoing
        self.catalog: Mapping[str, Entry] = {}
        self.revision = 0
        self.changed_in: dict[str, int] = {}  # the revision since which a task is as it is
        self.draining = False
        self.message_max = MESSAGE_MAX
        self.held: dict[str, Attempt] = {}
        self._held_bytes = 0
        self._used = dict.fromkeys(self._slots, 0)
        self._ghosts: dict[str, str] = {}  # let go, but something of them still runs: their class
        self._past: OrderedDict[str, Past] = OrderedDict()
        self._rejected: dict[str, tuple[Message, str]] = {}  # without a receipt; of which invoke
        self._kills: dict[str, float] = {}
        self._late: dict[str, ProgressMessage] = {}
        self._late_at = 0.0
        self.actions: list[Action] = []

    # What cerebro says.

    def invoke(self, now: float, message_id: str, data: dict[str, Any]) -> None:
        name: str = data["attempt"]
        held = self.held.get(name)
        if held is not None:
            return self._answer(held)
        past = self._past.get(name)
        if past is not None:
            if past.end is not None:
                self._outgoing.again(past.end)
            return None
        rejection, of = self._rejected.get(name, (None, ""))
        if rejection is not None and of == message_id:
            # The same message once more, and not the attempt: it was not told yet.
            return self._outgoing.again(rejection)
        self._drop_rejection(name)
        entry = self.catalog.get(data["task"])
        refusal = self._refusal(data, entry)
        arguments: dict[str, Any] = {}
        if refusal is None and entry is not None:
            try:
                arguments = entry.bind(data["inputs"])
            except BadInput as error:
                refusal = ("bad_input", str(error))
            except Exception as error:  # of a class that makes its own values
                refusal = ("bad_input", f"#/inputs: {type(error).__name__}: {error}")
        if refusal is not None or entry is None:
            refusal = refusal or ("unknown_task", "")
            return self._reject(now, message_id, data, refusal)
        return self._accept(now, data, entry, arguments)

    def _drop_rejection(self, name: str) -> None:
        """An attempt that was rejected is new when it comes again."""
        if self._rejected.pop(name, None) is not None:
            self._outgoing.drop(name)

    def _answer(self, held: Attempt) -> None:
        """The state that it has, once more."""
        said = held.end or held.started or held.queued
        if said is not None:
            self._outgoing.again(said)

    def _refusal(self, data: dict[str, Any], entry: Entry | None) -> tuple[str, str] | None:
        task = data["task"]
        if self.draining:
            return "draining", "the server goes, and takes nothing new"
        if entry is None:
            return "unknown_task", f"this server has no task '{task}'"
        if data["revision"] < self.changed_in.get(task, 0):
            now = self.revision
            return "stale_revision", f"task '{task}' has changed since: the revision is {now}"
        if data.get("inputs_ref") is not None:
            return "bad_input", "#/inputs_ref: this server takes inputs in the message alone"
        free = self._slots.get(entry.slot_class, 0) - self._used.get(entry.slot_class, 0)
        if free <= 0:
            return "no_slot", f"no slot of class '{entry.slot_class}' is free"
        if self._held_bytes + len(data["attempt"]) + HELD_BYTES_EACH > HELD_BYTES_MAX:
            return "no_slot", f"{len(self.held)} attempts run or wait for their receipts"
        return None

    def _reject(
        self, now: float, message_id: str, invoke: dict[str, Any], why: tuple[str, str]
    ) -> None:
        name = invoke["attempt"]
        data: dict[str, Any] = {"attempt": name, "fence": invoke["fence"], "code": why[0]}
        data["message"] = fit(clean(why[1]), TEXT_MAX)
        if why[0] == "no_slot":
            data["retry_after_s"] = 1
        kept = len(self._rejected) < REJECTED_MAX
        message = self._outgoing.make(now, "task.rejected", name, dumps(data), kept)
        if kept:
            self._rejected[name] = (message, message_id)
        self._outgoing.post(message)

    def _accept(
        self, now: float, data: dict[str, Any], entry: Entry, arguments: dict[str, Any]
    ) -> None:
        attempt = Attempt(data["attempt"], dumps(data["fence"]), entry)
        name = attempt.name
        self._hold(attempt)
        self._used[attempt.slot_class] += 1
        text = attempt.data_head + "}"
        attempt.queued = self._outgoing.make(now, "task.queued", name, text, True)
        self._outgoing.post(attempt.queued)
        said = Invocation(
            attempt=name,
            run=data["run"],
            task=data["task"],
            idempotency_key=data["idempotency_key"],
            inputs=data["inputs"],
            upstream=data["upstream"],
            trigger=data["trigger"],
            deadlines=data["deadlines"],
            revision=data["revision"],
        )
        self.actions.append(Start(said, entry, arguments))

    def cancel(
        self, now: float, name: str, fence: dict[str, Any] | None, reason: str, grace_s: float
    ) -> None:
        held = self.held.get(name)
        past = self._past.get(name)
        if held is not None and held.end is None:
            return self._stop(now, held, reason, grace_s)
        if held is not None and held.end is not None:
            return self._outgoing.again(held.end)
        if past is not None and (past.fenced or past.end is not None):
            if past.end is not None:
                self._outgoing.again(past.end)
            return None
        # Unknown: it is known from now on as ended, so that an invoke that is late starts nothing.
        self._drop_rejection(name)
        self._past.pop(name, None)
        attempt = Attempt(name, dumps(fence) if fence else "", None)
        self._hold(attempt)
        self._set_end(now, attempt, "task.cancelled", ',"was_running":false,"cleaned":true}')
        return None

    def _stop(self, now: float, attempt: Attempt, reason: str, grace_s: float) -> None:
        if not attempt.cancellable:
            text = f"{attempt.name} is not cancellable: its end is waited for"
            return self.actions.append(Tell("info", text))
        until = now + max(0.0, grace_s)
        if attempt.stopping:
            if attempt.name in self._kills:
                self._kills[attempt.name] = min(until, self._kills[attempt.name])
            return None
        attempt.stopping = True
        self._kills[attempt.name] = until
        self.actions.append(Stop(attempt.name, reason))
        return None

    def stop_all(self, now: float, reason: str, grace_s: float) -> None:
        for attempt in self.held.values():
            if attempt.end is None:
                self._stop(now, attempt, reason, grace_s)

    def forget(self, now: float, name: str, fenced: bool) -> None:
        """It is not ours any more: nothing more of it is sent, and what runs is ended."""
        attempt = self.held.pop(name, None)
        self._rejected.pop(name, None)
        self._outgoing.drop(name)
        self._late.pop(name, None)
        if attempt is None:
            known = self._past.get(name)
            if fenced or known is None:
                self._remember(name, Past(fenced))
            return
        self._held_bytes -= attempt.size
        self._remember(name, Past(fenced))
        if attempt.end is None:
            self._ghosts[name] = attempt.slot_class
            if not attempt.stopping:
                self._kills[name] = now + GRACE_S
                self.actions.append(Stop(name, "fenced"))

    def forget_all(self, now: float) -> None:
        """The server is another's now: what runs is ended, what has ended stays on the disk."""
        for attempt in [a for a in self.held.values() if a.end is None]:
            self.forget(now, attempt.name, True)

    def fate(self, now: float, name: str, fate: str) -> None:
        if fate == "abort":
            self.cancel(now, name, None, "user", GRACE_S)
        elif fate in ("already_terminal", "fenced"):
            self.forget(now, name, fate == "fenced")

    def receipt(self, message_id: str) -> None:
        message = self._outgoing.receipt(message_id)
        if message is None:
            return
        if message.type == "task.rejected":
            self._rejected.pop(message.attempt, None)
        if message.type not in ENDS:
            return
        attempt = self.held.get(message.attempt)
        if attempt is None or attempt.end is not message:
            return
        if attempt.queued is not None:  # a later state implies it
            self._outgoing.receipt(attempt.queued.id)
        del self.held[attempt.name]
        self._held_bytes -= attempt.size
        short = len(message.data) <= PAST_DATA_MAX
        self._remember(attempt.name, Past(False, message if short else None))

    def refused(self, now: float, message_id: str, text: str) -> None:
        """Cerebro does not understand a message: sent again it would not be, either."""
        message = self._outgoing.receipt(message_id)
        if message is None:
            return
        attempt = self.held.get(message.attempt)
        if attempt is None or attempt.end is not message:
            return
        if message.type == "task.completed":
            error = {
                "code": "RESULT_REFUSED",
                "message": fit(f"the result was not understood: {text}", TEXT_MAX),
                "phase": "result",
                "kind": "system",
                "retryable": False,
            }
            self._set_end(now, attempt, "task.error", f',"error":{dumps(error)}}}')
        else:
            self.forget(now, attempt.name, False)

    # What the runner says.

    def began(self, now: float, name: str) -> None:
        attempt = self.held.get(name)
        if attempt is None or attempt.state != "queued":
            return
        attempt.state = "started"
        text = f'{attempt.data_head},"where":{self._place}}}'
        attempt.started = self._outgoing.make(now, "task.started", name, text, False)
        self._outgoing.post(attempt.started)

    def completed(
        self, now: float, name: str, output: str | None, extra: Mapping[str, Any]
    ) -> None:
        """`output`: JSON. `extra`: metrics and assets."""
        text = "" if output is None else f',"output":{output}'
        for key, value in extra.items():
            if value:
                text += f",{quote(key)}:{dumps(value)}"
        size = size_of(text) + 2 * len(name) + ENVELOPE_MAX
        if size <= self.message_max:
            return self._ended(now, name, "task.completed", text + "}")
        most = (self.message_max - ENVELOPE_MAX) >> 10
        return self.failed(now, name, {
            "code": "OUTPUT_TOO_LARGE",
            "message": f"the output has {size >> 10} KiB, and a message takes {most}: write it to "
            "a file or a table, and give its name",
            "phase": "result",
            "kind": "user",
            "retryable": False,
        })  # fmt: skip

    def failed(self, now: float, name: str, error: Mapping[str, Any]) -> None:
        text = dumps(error)
        if size_of(text) + ENVELOPE_MAX > self.message_max:
            kept = {key: value for key, value in error.items() if key not in ("detail", "cause")}
            text = dumps(kept)
        self._ended(now, name, "task.error", f',"error":{text}}}')

    def cancelled(self, now: float, name: str, cleaned: bool) -> None:
        attempt = self.held.get(name)
        was = attempt is not None and attempt.state == "started"
        text = f',"was_running":{dumps(was)},"cleaned":{dumps(cleaned)}}}'
        self._ended(now, name, "task.cancelled", text)

    def progressed(self, now: float, name: str, data: dict[str, Any]) -> None:
        attempt = self.held.get(name)
        if attempt is None or attempt.end is not None:
            return
        attempt.progress = data.get("fraction", attempt.progress)
        last = attempt.last_progress
        if last is not None and (last.waiting or name in self._late):
            last.values.update(data)
            return
        message = ProgressMessage("", "task.progress", name, "", 0, False, "")
        message.head, message.values = attempt.data_head, data
        attempt.last_progress = message
        if now - attempt.progress_at < PROGRESS_S:
            if not self._late:
                self._late_at = now + PROGRESS_S
            self._late[name] = message
            return
        attempt.progress_at = now
        self._outgoing.post(self._outgoing.dress(now, message))

    def logged(self, now: float, name: str, level: str, offset: int, lines: list[str]) -> None:
        attempt = self.held.get(name)
        if attempt is None or attempt.end is not None:
            return
        size = sum(map(len, lines)) * 4
        last = attempt.last_log
        if (
            last is not None
            and last.waiting
            and (last.level, last.offset) == (level, offset)
            and len(last.lines) + len(lines) <= LOG_LINES_MAX
            and last.bytes + size <= LOG_BYTES_MAX
        ):
            last.lines.extend(lines)
            last.offset += len(lines)
            last.bytes += size
            return
        if len(lines) > 1 and (size > LOG_BYTES_MAX or len(lines) > LOG_LINES_MAX):
            half = len(lines) // 2
            self.logged(now, name, level, offset, lines[:half])
            return self.logged(now, name, level, offset + half, lines[half:])
        message = LogMessage("", "task.log", name, "", 0, False, "")
        message.head, message.level, message.lines = attempt.data_head, level, list(lines)
        message.first, message.offset, message.bytes = offset, offset + len(lines), size
        attempt.last_log = message
        self._outgoing.post(self._outgoing.dress(now, message))

    def extend(self, now: float, name: str, data: Mapping[str, Any]) -> None:
        attempt = self.held.get(name)
        if attempt is not None and attempt.end is None:
            text = f"{attempt.data_head},{dumps(data)[1:]}"
            self._outgoing.post(self._outgoing.make(now, "task.extend", name, text, False))

    def _ended(self, now: float, name: str, type_name: str, rest: str) -> None:
        self._kills.pop(name, None)
        ghost = self._ghosts.pop(name, None)
        if ghost is not None:
            self._used[ghost] -= 1
            return
        attempt = self.held.get(name)
        if attempt is None or attempt.end is not None:
            return
        self._used[attempt.slot_class] -= 1
        self._flush_late(now, name)
        if attempt.queued is not None:
            self._outgoing.unsaved(attempt.queued)
        self._set_end(now, attempt, type_name, rest)

    def _set_end(self, now: float, attempt: Attempt, type_name: str, rest: str) -> None:
        text = attempt.data_head + rest
        attempt.end = self._outgoing.make(now, type_name, attempt.name, text, True)
        attempt.state = ENDS[type_name]
        attempt.last_log = attempt.last_progress = None
        self._outgoing.post(attempt.end)

    # Time, and what there is.

    def restore(self, ends: Sequence[Message]) -> None:
        """Ends and rejections that an earlier boot left."""
        for message in ends:
            if message.type not in ENDS:
                self._rejected[message.attempt] = (message, "")
                continue
            attempt = Attempt(message.attempt, "", None)
            attempt.end, attempt.state = message, ENDS[message.type]
            self._hold(attempt)

    def _hold(self, attempt: Attempt) -> None:
        self.held[attempt.name] = attempt
        self._held_bytes += attempt.size

    def _remember(self, name: str, past: Past) -> None:
        self._past[name] = past
        self._past.move_to_end(name)
        if len(self._past) > PAST_MAX:
            self._past.popitem(last=False)

    def tick(self, now: float) -> None:
        for name in [name for name, at in self._kills.items() if at <= now]:
            del self._kills[name]
            self.actions.append(Kill(name))
        if self._late and self._late_at <= now:
            for name in list(self._late):
                self._flush_late(now, name)

    def _flush_late(self, now: float, name: str) -> None:
        message = self._late.pop(name, None)
        attempt = self.held.get(name)
        if message is not None and attempt is not None:
            attempt.progress_at = now
            self._outgoing.post(self._outgoing.dress(now, message))

    def due(self) -> float:
        times = list(self._kills.values())
        if self._late:
            times.append(self._late_at)
        return min(times, default=float("inf"))

    @property
    def running(self) -> int:
        return sum(self._used.values())

    def free(self) -> dict[str, int]:
        if self.draining:
            return dict.fromkeys(self._slots, 0)
        return {name: count - self._used[name] for name, count in self._slots.items()}
