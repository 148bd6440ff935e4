"""Cerebro's side of the protocol for one server, as tests need it. Pure: no socket, no clock."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SOURCE = "urn:cordyna:cerebro"
NEED_RECEIPT = ("task.queued", "task.completed", "task.error", "task.cancelled", "task.rejected")
ENDS = {"task.completed": "completed", "task.error": "error", "task.cancelled": "cancelled"}
RESEND_INVOKE_S = 2.0


@dataclass(eq=False)
class Attempt:
    """As cerebro sees it. `state`: created, queued, started, completed, error, cancelled, rejected,
    lost. `data`: of the message that ended it. `log`: lines; `progress`: data of its messages."""

    name: str
    run: str
    task: str
    fence: dict[str, Any]
    inputs: dict[str, Any]
    invoke: dict[str, Any]
    state: str = "created"
    data: dict[str, Any] = field(default_factory=dict)
    is_fenced: bool = False
    cancel: dict[str, Any] | None = None
    sent_at: float | None = None
    progress: list[dict[str, Any]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        return self.state in ("completed", "error", "cancelled", "rejected", "lost")

    @property
    def output(self) -> Any:
        return self.data.get("output")

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data.get("error", {})
        return found


class Model:
    """What it has to send is in `out`, as messages. `hold_receipts`: none are given.

    `flaws`: what the server did that the protocol forbids.
    """

    def __init__(self, *, heartbeat_s: float = 10.0, lease_s: float = 30.0) -> None:
        self.heartbeat_s, self.lease_s = heartbeat_s, lease_s
        self.hold_receipts = False
        self.out: list[dict[str, Any]] = []
        self.flaws: list[str] = []
        self.received: list[dict[str, Any]] = []
        self.attempts: dict[str, Attempt] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.rejected: list[dict[str, Any]] = []
        self.reject: dict[str, str] = {}  # ids of tasks that are not taken, and why
        self.revision = 0
        self.declaration_hash = ""
        self.hello: dict[str, Any] = {}
        self.session = ""
        self.is_ready = False
        self.is_draining = False
        self.goodbye: dict[str, Any] | None = None
        self.slots: dict[str, int] = {}
        self.epoch = 1
        self._seq = 0
        self._is_resumed = False
        self._seen: set[str] = set()
        self._counts = itertools.count(1)

    # What a test wants.

    def invoke(
        self,
        now: float,
        task: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        run: str | None = None,
        number: int = 1,
        **more: Any,
    ) -> Attempt:
        """A new attempt; it is sent when the server is ready. `more`: of the invoke's data."""
        count = next(self._counts)
        run = f"r{count}" if run is None else run
        name = f"{run}/{task}/{number}"
        fence = {"epoch": self.epoch, "token": f"t{count}"}
        data = {
            "attempt": name,
            "run": run,
            "task": task,
            "fence": fence,
            "revision": self.revision,
            "idempotency_key": f"{run}/{task}",
            "inputs": dict(inputs or {}),
            "upstream": [],
            "trigger": {"kind": "manual"},
            "deadlines": {"acknowledge": 10, "start": 600, "complete": 1800},
            **more,
        }
        invoke = self._message("task.invoke", data, name)
        attempt = Attempt(name, run, task, fence, data["inputs"], invoke)
        self.attempts[name] = attempt
        if self.is_ready:
            self._send_invoke(now, attempt)
        return attempt

    def invoke_again(self, now: float, attempt: Attempt) -> None:
        if self.is_ready:
            self._send_invoke(now, attempt)

    def cancel(
        self, now: float, attempt: Attempt, reason: str = "user", grace_s: float = 5
    ) -> None:
        data = {"fence": attempt.fence, "reason": reason, "grace_s": grace_s}
        attempt.cancel = {"attempt": attempt.name, **data}
        self.send("task.cancel", attempt.cancel, attempt.name)

    def fence(self, now: float, attempt: Attempt) -> None:
        attempt.is_fenced = True
        data = {"attempt": attempt.name, "reason": "another attempt has taken over"}
        self.send("task.fenced", data, attempt.name)

    def drain(self, reason: str = "maintenance", **more: Any) -> None:
        self.send("server.drain", {"reason": reason, **more})

    def say_goodbye(self, code: str, **more: Any) -> None:
        self.send("server.goodbye", {"code": code, "reason": code, **more})

    def live(self) -> list[Attempt]:
        return [a for a in self.attempts.values() if not a.has_ended and not a.is_fenced]

    def send(self, type_name: str, data: Mapping[str, Any], attempt: str = "") -> None:
        if self.session:
            self._put(self._message(type_name, data, attempt))

    # The connection.

    def opened(self, now: float) -> None:
        self.closed(now)

    def closed(self, now: float) -> None:
        self.session, self.is_ready = "", False
        self.out.clear()

    def tick(self, now: float) -> None:
        """Invokes that were not answered are sent again."""
        for attempt in self.live() if self.is_ready else ():
            sent = attempt.sent_at
            if attempt.state == "created" and (sent is None or sent + RESEND_INVOKE_S <= now):
                self._send_invoke(now, attempt)

    def take(self) -> list[dict[str, Any]]:
        found, self.out = self.out, []
        return found

    # What the server says.

    def handle(self, now: float, message: dict[str, Any]) -> None:
        type_name = message["type"].removeprefix("cordyna.").removesuffix(".v1")
        data = message["data"]
        self.received.append(message)
        if type_name == "server.hello":
            return self._hello(data)
        if message.get("session") != self.session:
            return None
        handlers = {
            "server.declare": self._declare,
            "server.resume": self._resume,
            "server.ready": self._ready,
            "server.draining": self._draining,
            "server.goodbye": self._goodbye,
            "server.heartbeat": self._heartbeat,
        }
        if type_name in handlers:
            return handlers[type_name](now, data)
        if type_name == "message.problem":
            self.flaws.append(f"the server did not understand: {data}")
        elif type_name.startswith("task."):
            self._task(now, type_name, message)
        return None

    def _hello(self, data: dict[str, Any]) -> None:
        self.hello = data
        self.session = f"s{next(self._counts)}"
        self._seq = 0
        self.is_draining = self._is_resumed = False
        known = data.get("declaration_hash") == self.declaration_hash
        welcome = {
            "protocol": 1,
            "session": self.session,
            "epoch": self.epoch,
            "heartbeat_s": self.heartbeat_s,
            "lease_s": self.lease_s,
            "message_max": 262144,
            "want_declaration": not known,
        }
        self.send("server.welcome", welcome)

    def _declare(self, now: float, data: dict[str, Any]) -> None:
        if data["revision"] < self.revision:
            self.flaws.append(f"revision {data['revision']} after {self.revision}")
        self.revision = data["revision"]
        self.rejected = [
            {
                "task": one["id"],
                "path": "#/id",
                "code": "invalid",
                "message": self.reject[one["id"]],
            }
            for one in data["tasks"]
            if one["id"] in self.reject
        ]
        good = [one for one in data["tasks"] if one["id"] not in self.reject]
        self.tasks = {one["id"]: one for one in good}
        self.declaration_hash = self.hello.get("declaration_hash", "")
        accepted = list(self.tasks)
        answer = {"revision": self.revision, "accepted": accepted, "rejected": self.rejected}
        self.send("server.declared", answer)

    def _resume(self, now: float, data: dict[str, Any]) -> None:
        if self._is_resumed:
            return  # it came twice
        self._is_resumed = True
        listed = {one["attempt"]: one for one in data["attempts"]}
        if len(listed) != len(data["attempts"]):
            self.flaws.append("resume lists an attempt twice")
        for attempt in self.live():
            # One that was never accepted is sent again; one that is not there any more is lost.
            if attempt.name not in listed and attempt.state != "created":
                attempt.state = "lost"
            elif attempt.name not in listed:
                attempt.sent_at = None
        fates = [{"attempt": name, "fate": self._fate(one)} for name, one in listed.items()]
        self.send("server.resumed", {"attempts": fates})

    def _fate(self, one: dict[str, Any]) -> str:
        attempt = self.attempts.get(one["attempt"])
        if attempt is None or attempt.is_fenced:
            return "fenced"
        if attempt.has_ended:
            return "already_terminal"
        attempt.state = one["state"]
        if attempt.has_ended:
            attempt.data = one.get("terminal", {})
            return "continue"
        return "abort" if attempt.cancel is not None else "continue"

    def _ready(self, now: float, data: dict[str, Any]) -> None:
        self.slots = data.get("slots", {"default": 1})
        self.is_ready = True
        for attempt in self.live():
            if attempt.state == "created" and attempt.sent_at is None:
                self._send_invoke(now, attempt)

    def _draining(self, now: float, data: dict[str, Any]) -> None:
        self.is_draining, self.is_ready = True, False

    def _goodbye(self, now: float, data: dict[str, Any]) -> None:
        self.goodbye = data

    def _heartbeat(self, now: float, data: dict[str, Any]) -> None:
        cancels = [a.name for a in self.live() if a.cancel is not None]
        self.send("server.lease", {"lease_s": self.lease_s, "cancels": cancels})

    def _task(self, now: float, type_name: str, message: dict[str, Any]) -> None:
        data = message["data"]
        attempt = self.attempts.get(data["attempt"])
        if type_name in NEED_RECEIPT and not self.hold_receipts:
            self.send("message.receipt", {"ids": [message["id"]]})
        if attempt is None:
            self.flaws.append(f"{type_name} of {data['attempt']}, which nobody invoked")
            return
        if message.get("subject") != attempt.name:
            self.flaws.append(f"{type_name} of {attempt.name} has another subject")
        if attempt.cancel is None and data.get("fence") != attempt.fence:
            self.flaws.append(f"{type_name} of {attempt.name} has fence {data.get('fence')}")
        if message["id"] in self._seen:
            return
        self._seen.add(message["id"])
        if attempt.is_fenced:
            self.send("task.fenced", {"attempt": attempt.name}, attempt.name)
            return
        self._apply(attempt, type_name, data)

    def _apply(self, attempt: Attempt, type_name: str, data: dict[str, Any]) -> None:
        # One that was rejected is new when it comes again, be it late.
        if attempt.has_ended and attempt.state != "rejected":
            if type_name in ENDS and attempt.state not in ("lost", ENDS[type_name]):
                self.flaws.append(f"{attempt.name} ended twice: {attempt.state}, {type_name}")
            return
        if type_name in ENDS or type_name == "task.rejected":
            attempt.state, attempt.data = ENDS.get(type_name, "rejected"), data
        elif type_name == "task.started":
            attempt.state = "started"
        elif type_name == "task.queued" and attempt.state in ("created", "rejected"):
            attempt.state = "queued"
        elif type_name == "task.progress":
            attempt.progress.append(data)
        elif type_name == "task.log":
            attempt.log.extend(data["lines"])

    # Messages.

    def _send_invoke(self, now: float, attempt: Attempt) -> None:
        attempt.sent_at = now
        if self.session:
            self._put(dict(attempt.invoke))

    def _message(
        self, type_name: str, data: Mapping[str, Any], attempt: str = ""
    ) -> dict[str, Any]:
        made: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"c{next(self._counts)}",
            "source": SOURCE,
            "type": f"cordyna.{type_name}.v1",
            "datacontenttype": "application/json",
            "data": dict(data),
        }
        if attempt:
            made["subject"] = attempt
        return made

    def _put(self, message: dict[str, Any]) -> None:
        self._seq += 1
        message.update(session=self.session, seq=str(self._seq))
        self.out.append(message)
