"""A server's side of the protocol, as a state machine.

Pure: it reads no clock, does no I/O and starts nothing; each call has the time (`now`, in seconds of
any clock that only grows). What is to be done is taken with `take_actions`, what is to be sent and
saved with `take`, and `due` says when `tick` is wanted. The same calls give the same results, with
the same `random`.

off → hello → declare → resume → ready; → left. A lost socket leads back to off.
"""

from __future__ import annotations

import enum
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..messages import LEVEL, MESSAGE_MAX, PROTOCOL, Clock, Flaw, Message, Received
from ..texts import dumps, size_of
from ..version import __version__
from .actions import Action, Connect, Disconnect, Entry, Exit, ExitCode, Tell
from .attempts import GRACE_S, Attempts
from .outgoing import Batch, Outgoing

ANSWER_S = 10.0  # for an answer of the handshake
DELAY_MIN_S, DELAY_MAX_S = 0.2, 15.0
LEAVE_S = 30.0  # for receipts, when nothing runs any more
RESUME_SPARE = 8 << 10  # bytes of a message that a list of attempts leaves free


class Phase(enum.Enum):
    OFF = "off"
    HELLO = "hello"
    DECLARE = "declare"
    RESUME = "resume"
    READY = "ready"
    LEFT = "left"


@dataclass(frozen=True)
class Config:
    """`clock_offset`: wall clock minus `now`, for the times that messages show to people."""

    team: str
    server: str
    boot: str
    slots: Mapping[str, int]
    labels: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, Any] = field(default_factory=lambda: {"host": "localhost"})
    clock_offset: float = 0.0


class Session:
    """`kept`: ends that an earlier boot left on the disk. Threads: none; one owner at a time."""

    def __init__(
        self, config: Config, chance: random.Random, kept: Sequence[Message] = (), now: float = 0.0
    ) -> None:
        self.config = config
        self._chance = chance
        self._began = now
        source = f"urn:cordyna:ts:{config.team}/{config.server}"
        self._outgoing = Outgoing(source, config.boot, Clock(config.clock_offset))
        self._outgoing.restore(kept)
        self._attempts = Attempts(config.slots, dumps(config.place), self._outgoing)
        self._attempts.restore(kept)
        self.phase = Phase.OFF
        self.session = ""
        self.was_welcome = False
        self._declarations: list[dict[str, Any]] = []
        self._hash = ""
        self._declared = 0  # the revision that this session was told
        self._message_max = MESSAGE_MAX
        self._heartbeat_s, self._lease_s = 10.0, 30.0
        self._delay_s = DELAY_MIN_S
        self._connect_at = math.inf
        self._answer_at = math.inf
        self._heartbeat_at = math.inf
        self._heard_at = now
        self._drain_at = math.inf
        self._leave_at = math.inf
        self._exit: Exit | None = None
        self._goodbye_sent = False
        self._handlers: dict[str, Callable[[float, dict[str, Any]], None]] = {
            "server.welcome": self._welcome,
            "server.declared": self._on_declared,
            "server.resumed": self._resumed,
            "server.lease": self._lease,
            "server.goodbye": self._goodbye,
            "server.drain": self._on_drain,
            "message.receipt": self._receipt,
            "message.problem": self._problem,
            "task.cancel": self._cancel,
            "task.fenced": lambda now, data: self._attempts.forget(now, data["attempt"], True),
            "task.extended": self._extended,
        }

    @property
    def attempts(self) -> Attempts:
        """For those who run them: began, progressed, logged, completed, failed, cancelled."""
        return self._attempts

    @property
    def draining(self) -> bool:
        return self._attempts.draining

    # What is to be done.

    def take_actions(self) -> list[Action]:
        self._maybe_leave()
        found = self._attempts.actions
        self._attempts.actions = []
        return found

    def take(self, now: float) -> Batch:
        batch = self._outgoing.take(now)
        batch.close = self._goodbye_sent and bool(batch.texts) and not self._outgoing.has_work
        return batch

    @property
    def has_work(self) -> bool:
        """Whether `take` would give anything."""
        return self._outgoing.has_work

    def due(self) -> float:
        times = [self._connect_at, self._answer_at, self._heartbeat_at, self._drain_at]
        times += [self._leave_at, self._outgoing.due(), self._attempts.due()]
        if self._is_connected():
            times.append(self._heard_at + self._lease_s)
        return min(times)

    def tick(self, now: float) -> None:
        self._attempts.tick(now)
        if self._connect_at <= now:
            self._connect_at = math.inf
            self._do(Connect(0.0))
        if self._is_connected():
            if self._answer_at <= now:
                self._hang_up(now, f"no answer to {self.phase.value} within {ANSWER_S:g} s")
            elif self._heard_at + self._lease_s <= now:
                self._hang_up(now, f"nothing heard for {self._lease_s:g} s")
        if self._is_connected() and self._heartbeat_at <= now:
            self._heartbeat(now)
        self._outgoing.tick(now)
        if self._drain_at <= now:
            self._drain_at = math.inf
            self._attempts.stop_all(now, "drain", GRACE_S)
        if self._leave_at <= now:
            self._leave(f"{self._outgoing.kept_count} messages have no receipt")

    # The socket.

    def start(self) -> None:
        self._do(Connect(0.0))

    def opened(self, now: float) -> None:
        """A socket is there."""
        if self.phase is Phase.LEFT:
            return self._do(Disconnect("the server goes"))
        self._outgoing.connected()
        self.phase, self._declared = Phase.HELLO, 0
        self._heard_at, self._answer_at = now, now + ANSWER_S
        self._lease_s = max(self._lease_s, ANSWER_S)
        config = self.config
        hello = {
            "protocol": {"min": PROTOCOL, "max": PROTOCOL},
            "server": config.server,
            "boot": config.boot,
            "sdk": {"name": "cordyna", "version": __version__, "language": "python"},
            "level": LEVEL,
            "slots": dict(config.slots),
            "labels": dict(config.labels),
            "declaration_hash": self._hash,
        }
        return self._outgoing.control(now, "server.hello", dumps(hello))

    def closed(self, now: float, reason: str) -> None:
        """It is not there any more, or could not be opened."""
        was_ours = self._goodbye_sent and self._is_connected()
        self._off()
        if self.phase is Phase.LEFT:
            return
        self.phase = Phase.OFF
        if was_ours:
            return self._leave("drained")
        delay = self._delay_s * (1.0 + 0.5 * self._chance.random())
        self._delay_s = min(self._delay_s * 2, DELAY_MAX_S)
        self._connect_at = now + delay
        self._tell("warning", f"not connected: {reason}; again in {delay:.1f} s")
        return None

    def refused(self, now: float, reason: str) -> None:
        """Cerebro refuses what opens the socket: the credential, or there is no such address."""
        if self.was_welcome:  # what was right once may be right again, and attempts wait for it
            self.closed(now, reason)
        else:
            self._end(now, ExitCode.REFUSED, reason)

    def received(self, now: float, message: Received | Flaw) -> None:
        self._heard_at = now
        if isinstance(message, Flaw):
            self._tell("warning", f"a message of cerebro is wrong: {message.path} {message}")
            self._outgoing.control(now, "message.problem", dumps(message.data()))
        elif message.session and self.session and message.session != self.session:
            return
        elif message.type == "task.invoke":
            self._attempts.invoke(now, message.id, message.data)
        else:
            self._handlers[message.type](now, message.data)

    # What the server itself wants.

    def declare(
        self,
        now: float,
        catalog: Mapping[str, Entry],
        declarations: Sequence[Mapping[str, Any]],
        digest: str,
        revision: int,
    ) -> None:
        """The tasks from now on. Attempts that run go on as they are."""
        before = {one["id"]: one for one in self._declarations}
        attempts = self._attempts
        for one in declarations if self._declarations else ():
            if before.get(one["id"]) != one:
                attempts.changed_in[one["id"]] = revision
        attempts.catalog, attempts.revision = dict(catalog), revision
        self._declarations, self._hash = [dict(one) for one in declarations], digest
        if self.phase is Phase.READY:
            self._send_declaration(now)

    def drain(self, now: float, reason: str, deadline_s: float | None = None) -> None:
        """Takes nothing new, ends what it has, and goes."""
        if self.draining or self.phase is Phase.LEFT:
            return
        self._attempts.draining = True
        self._leave_at = now + LEAVE_S if self._attempts.running == 0 else math.inf
        if deadline_s is not None:
            self._drain_at = now + deadline_s
        self._tell("info", f"draining: {reason}; {self._attempts.running} attempts run")
        if self.phase is Phase.READY:
            self._send_draining(now, reason)

    def attempt_ended(self, now: float) -> None:
        """To be called after the end of an attempt: a server that drains may be through."""
        if self.draining and self._attempts.running == 0 and self._leave_at == math.inf:
            self._leave_at = now + LEAVE_S

    # What cerebro says.

    def _welcome(self, now: float, data: dict[str, Any]) -> None:
        if self.phase is not Phase.HELLO:
            return
        if data["protocol"] != PROTOCOL:
            text = f"cerebro speaks version {data['protocol']} of the protocol, this one {PROTOCOL}"
            return self._end(now, ExitCode.REFUSED, text)
        self.session, self.was_welcome = data["session"], True
        self._outgoing.welcomed(self.session)
        self._heartbeat_s = max(0.05, float(data["heartbeat_s"]))
        self._lease_s = max(self._heartbeat_s, float(data["lease_s"]))
        self._message_max = min(MESSAGE_MAX, data["message_max"])
        self._attempts.message_max = self._message_max
        self._heartbeat_at = now + self._heartbeat_s
        if not data["want_declaration"]:
            self._declared = self._attempts.revision
            return self._resume(now)
        self.phase, self._answer_at = Phase.DECLARE, now + ANSWER_S
        return self._send_declaration(now)

    def _send_declaration(self, now: float) -> None:
        revision = self._declared = self._attempts.revision
        text = dumps({"revision": revision, "tasks": self._declarations})
        if size_of(text) > self._message_max:
            reason = (
                f"the declarations have {size_of(text) >> 10} KiB, and a message takes "
                f"{self._message_max >> 10}: serve these tasks by several servers"
            )
            if self.phase is Phase.DECLARE:
                return self._end(now, ExitCode.FAILED, reason)
            return self._tell("error", reason)
        return self._outgoing.control(now, "server.declare", text)

    def _on_declared(self, now: float, data: dict[str, Any]) -> None:
        for one in data["rejected"]:
            text = f"{one.get('path', '#')}: {one.get('message', one.get('code', ''))}"
            self._tell("error", f"task '{one.get('task', '')}' is not taken: {text}")
        count = len(data["accepted"])
        self._tell("info", f"{count} tasks are declared, with revision {data['revision']}")
        if self.phase is Phase.DECLARE:
            self._resume(now)

    def _resume(self, now: float) -> None:
        self.phase, self._answer_at = Phase.RESUME, now + ANSWER_S
        head = f'{{"boot":{dumps(self.config.boot)},"attempts":'
        self._outgoing.control(now, "server.resume", f"{head}{self._listed(True)}}}")

    def _listed(self, with_ends: bool) -> str:
        """All attempts; the larger parts of them as long as they fit, for they are sent anyhow."""
        held = self._attempts.held.values()
        room = self._message_max - RESUME_SPARE - sum(attempt.size for attempt in held)
        parts = []
        for attempt in held:
            text = f'{{"attempt":{dumps(attempt.name)},"state":"{attempt.state}"'
            extra = f',"fence":{attempt.fence}' if attempt.fence else ""
            if attempt.progress is not None:
                extra += f',"progress":{attempt.progress}'
            if with_ends and attempt.end is not None:
                extra += f',"terminal":{attempt.end.data}'
            size = size_of(extra)
            if size <= room:
                text, room = text + extra, room - size
            parts.append(text + "}")
        return f"[{','.join(parts)}]"

    def _resumed(self, now: float, data: dict[str, Any]) -> None:
        if self.phase is not Phase.RESUME:
            return
        for one in data["attempts"]:
            self._attempts.fate(now, one["attempt"], one["fate"])
        self.phase, self._answer_at = Phase.READY, math.inf
        self._delay_s = DELAY_MIN_S
        self._outgoing.open()
        self._tell("info", f"connected: session {self.session}")
        if self._declared != self._attempts.revision:  # it has changed while this was going on
            self._send_declaration(now)
        if self.draining:
            self._send_draining(now, "draining")
        else:
            text = dumps({"slots": self._attempts.free()})
            self._outgoing.last(now, "server.ready", text)

    def _lease(self, now: float, data: dict[str, Any]) -> None:
        self._lease_s = max(self._heartbeat_s, float(data["lease_s"]))
        for name in data.get("cancels") or ():
            self._attempts.cancel(now, name, None, "user", GRACE_S)
        if data.get("drain") is True:
            self.drain(now, "cerebro asked for it")

    def _goodbye(self, now: float, data: dict[str, Any]) -> None:
        code, reason = data["code"], data.get("reason") or data["code"]
        after = data.get("reconnect_after_s")
        if code == "superseded":
            text = f"server '{self.config.server}' has connected elsewhere: {reason}"
            return self._end(now, ExitCode.SUPERSEDED, text)
        if after is None and code != "shutdown":
            return self._end(now, ExitCode.REFUSED, f"cerebro ends it ({code}): {reason}")
        self._hang_up(now, f"cerebro says goodbye ({code}): {reason}")
        if after is not None:
            self._connect_at = max(self._connect_at, now + float(after))
        return None

    def _on_drain(self, now: float, data: dict[str, Any]) -> None:
        self.drain(now, data.get("reason") or "cerebro asked for it", data.get("deadline_s"))

    def _receipt(self, now: float, data: dict[str, Any]) -> None:
        ids = list(data.get("ids") or ())
        if data.get("upto"):
            ids += self._outgoing.receipts_upto(data["upto"])
        for message_id in ids:
            self._attempts.receipt(message_id)

    def _problem(self, now: float, data: dict[str, Any]) -> None:
        where = f" {data['path']}" if data.get("path") else ""
        text = f"{data['code']}{where}: {data['message']}"
        self._tell("error", f"cerebro did not understand a message: {text}")
        if isinstance(data.get("of"), str):
            self._attempts.refused(now, data["of"], text)
        if data["fatal"]:
            self._hang_up(now, text)

    def _cancel(self, now: float, data: dict[str, Any]) -> None:
        grace = float(data["grace_s"])
        self._attempts.cancel(now, data["attempt"], data["fence"], data["reason"], grace)

    def _extended(self, now: float, data: dict[str, Any]) -> None:
        self._tell("info", f"{data['attempt']} may take {data['granted_s']:g} s more")

    # Parts of these.

    def _heartbeat(self, now: float) -> None:
        self._heartbeat_at = now + self._heartbeat_s
        slots, uptime = dumps(self._attempts.free()), now - self._began
        text = f'{{"in_flight":{self._listed(False)},"slots":{slots},"uptime_s":{uptime:.3f}}}'
        self._outgoing.control(now, "server.heartbeat", text)

    def _send_draining(self, now: float, reason: str) -> None:
        data: dict[str, Any] = {"reason": reason}
        if self._drain_at < math.inf:
            data["deadline_s"] = round(self._drain_at - now, 3)
        self._outgoing.control(now, "server.draining", dumps(data))

    def _maybe_leave(self) -> None:
        if self._exit is not None and self._attempts.running == 0 and self.phase is Phase.LEFT:
            self._do(self._exit)
            self._exit = None
        idle = not self._attempts.held and not self._attempts.running
        if not self.draining or not idle or self._outgoing.kept_count or self._goodbye_sent:
            return
        if self.phase is Phase.READY:
            self._goodbye_sent = True
            self._outgoing.last(self._heard_at, "server.goodbye", dumps({"code": "shutdown"}))
        elif self.phase is Phase.OFF:
            self._leave("drained")

    def _is_connected(self) -> bool:
        return self.phase not in (Phase.OFF, Phase.LEFT)

    def _off(self) -> None:
        self._outgoing.disconnected()
        self.session = ""
        self._answer_at = self._heartbeat_at = math.inf

    def _hang_up(self, now: float, reason: str) -> None:
        self._do(Disconnect(reason))
        self.closed(now, reason)

    def _end(self, now: float, code: ExitCode, reason: str) -> None:
        """For good: what runs is ended, and nothing is told of it."""
        if self.phase is Phase.LEFT:
            return
        self._do(Disconnect(reason))
        self._off()
        self.phase, self._connect_at = Phase.LEFT, math.inf
        self._attempts.draining = True
        self._attempts.forget_all(now)
        self._exit = Exit(code, reason)
        # A thread cannot be ended by force: it does not hold up the end of the process for ever.
        self._leave_at = now + GRACE_S + 2.0

    def _leave(self, reason: str) -> None:
        self._leave_at = math.inf
        if self.phase is Phase.LEFT:
            if self._exit is not None:
                self._do(self._exit)
                self._exit = None
            return
        if self._is_connected():
            self._do(Disconnect(reason))
        self._off()
        self.phase, self._connect_at = Phase.LEFT, math.inf
        self._do(Exit(ExitCode.DONE, reason))

    def _do(self, action: Action) -> None:
        self._attempts.actions.append(action)

    def _tell(self, level: str, text: str) -> None:
        self._do(Tell(level, text))
