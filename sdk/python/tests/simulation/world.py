"""A world of one seed: the session of a server, a model of cerebro, and a network between them.

Messages vanish, come twice, and overtake those of other attempts; connections break, both sides are
killed and come back, also between what is saved and what is sent. Times are a heap of events; equal
ones go in the order in which they were made.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
from collections.abc import Callable
from typing import Any

from cordyna.errors import BadInput
from cordyna.messages import Message, read_frame
from cordyna.outbox import MemoryOutbox
from cordyna.session import Config, Connect, Disconnect, Exit, Kill, Phase, Session, Start, Stop
from cordyna.testing.model import Attempt, Model

SLOTS = {"default": 3, "gpu": 1}
ACKNOWLEDGE_S = 10.0


class Entry:
    def __init__(self, slot_class: str) -> None:
        self.slot_class = slot_class
        self.cancellable = True

    def bind(self, inputs: Any) -> dict[str, Any]:
        if "wrong" in inputs:
            raise BadInput("#/inputs/wrong: is not known here")
        return dict(inputs)


class Link:
    """One way of a connection. Messages of one attempt, and those of none, keep their order."""

    def __init__(self, world: World, deliver: Callable[[str], None]) -> None:
        self._world, self._deliver = world, deliver
        self._last: dict[str, float] = {}
        self.is_up = True

    def send(self, text: str) -> None:
        world, chance = self._world, self._world.chance
        message = json.loads(text)
        lane = message.get("subject", "")
        while True:
            # Nothing answers these: a connection that loses them is a broken one.
            is_safe = message["type"].split(".")[2] in ("ready", "draining", "goodbye")
            if is_safe or not chance.random() < world.loss:
                at = max(world.now + chance.uniform(0.001, world.delay), self._last.get(lane, 0.0))
                self._last[lane] = at
                world.at(at, lambda: self._arrive(text))
            if not chance.random() < world.doubling:
                return

    def _arrive(self, text: str) -> None:
        if self.is_up:
            self._deliver(text)


class World:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.loss = self.chance.choice([0.0, 0.02, 0.1])
        self.doubling = self.chance.choice([0.0, 0.05, 0.3])
        self.delay = self.chance.choice([0.01, 0.5, 3.0])
        self.model = Model(heartbeat_s=2.0, lease_s=6.0)
        self.disk = MemoryOutbox()
        self.revision = 1
        self.boots = 0
        self.session: Session | None = None
        self.links: list[Link] = []
        self.exits: list[Exit] = []
        self.flaws: list[str] = []
        self.starts: set[tuple[int, str]] = set()
        self.saved_ends: dict[str, str] = {}  # what was on the disk at any time, by attempt
        self.saved: set[str] = set()  # ids
        self.fenced: set[str] = set()
        self.drained_at_boot: set[int] = set()
        self.away_until = 0.0  # cerebro answers nobody before
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._counts = itertools.count()
        self._running: dict[str, bool] = {}  # whether it was told to stop

    # Events.

    def at(self, time: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._counts), event))

    def later(self, seconds: float, event: Callable[[], None]) -> None:
        self.at(self.now + seconds, event)

    def run_until(self, time: float) -> None:
        while self._events:
            due = self._due()
            if min(due, self._events[0][0]) > time:
                break
            if due < self._events[0][0]:
                self.now = max(self.now, due)
                self._tick()
            else:
                self.now, _, event = heapq.heappop(self._events)
                event()
            self._settle()
        self.now = time

    def _due(self) -> float:
        return float("inf") if self.session is None else self.session.due()

    def _tick(self) -> None:
        if self.session is not None:
            before = self.session.due()
            self.session.tick(self.now)
            if self.session.due() == before and before <= self.now and not self.session.has_work:
                actions = self.session.attempts.actions
                assert actions, f"a tick at {self.now} did nothing, and is due at {before}"

    # The server.

    def boot(self) -> None:
        if self.session is not None:
            return
        self.boots += 1
        self.fenced.clear()  # what was fenced just before a kill may be on the disk still
        kept = self.disk.load()
        config = Config("data", "s1", f"b{self.boots}", SLOTS)
        self.session = Session(config, random.Random(self.chance.random()), kept, self.now)
        self._declare()
        self.session.start()
        self._settle()

    def _declare(self) -> None:
        assert self.session is not None
        catalog = {"load": Entry("default"), "train": Entry("gpu")}
        said = [{"id": name, "version": str(self.revision)} for name in catalog]
        digest = f"h{self.revision}"
        self.session.declare(self.now, catalog, said, digest, self.revision)

    def redeclare(self) -> None:
        if self.session is not None:
            self.revision += 1
            self._declare()
            self._settle()

    def kill(self) -> None:
        """With -9: what is not on the disk is gone."""
        self.session = None
        self._running.clear()
        self.cut()

    def drain(self) -> None:
        if self.session is not None:
            self.session.drain(self.now, "test")
            self.drained_at_boot.add(self.boots)
            self._settle()

    def _settle(self) -> None:
        """What the session wants done, and sent."""
        while self.session is not None:
            actions = self.session.take_actions()
            for action in actions:
                self._perform(action)
            if not actions and not self._write():
                break
        for name in self.fenced & self._running.keys():
            if not self._running[name]:
                self.flaws.append(f"{name} runs on after it was fenced")

    def _perform(self, action: Any) -> None:
        if isinstance(action, Connect):
            self.later(action.delay_s + 0.01, self._connect)
        elif isinstance(action, Disconnect):
            self.cut(tell=False)
        elif isinstance(action, Start):
            self._start(action)
        elif isinstance(action, Stop):
            self._stop(action.attempt)
        elif isinstance(action, Kill):
            self._finish(action.attempt, "cancelled")
        elif isinstance(action, Exit):
            self.exits.append(action)
            self.kill()

    def _write(self) -> bool:
        assert self.session is not None
        batch = self.session.take(self.now)
        if not batch:
            return False
        if self.chance.random() < self.crash_before_commit:
            self._crash()
            return False
        self.disk.commit(batch.save, batch.forget)
        for message in batch.save:
            self._saved(message)
        if self.chance.random() < self.crash_before_commit:
            self._crash()
            return False
        if self.links and self.links[0].is_up:
            for text in batch.texts:
                self._check_sent(text)
                self.links[0].send(text)
            if batch.close:
                self.cut()
        return True

    crash_before_commit = 0.0

    def _crash(self) -> None:
        self.kill()
        self.later(self.chance.choice([0.0, 5.0, 60.0]), self.boot)

    def _saved(self, message: Message) -> None:
        self.saved.add(message.id)
        ran = (self.boots, message.attempt) in self.starts
        if ran and message.type in ("task.completed", "task.error", "task.cancelled"):
            self.saved_ends[message.attempt] = message.type

    def _check_sent(self, text: str) -> None:
        message = json.loads(text)
        name = message.get("subject", "")
        kind = message["type"].split(".")[2]
        is_kept = kind in ("completed", "error", "cancelled", "rejected")
        if is_kept and message["id"] not in self.saved:
            self.flaws.append(f"{kind} of {name} was sent before it was saved")
        if name in self.fenced:
            self.flaws.append(f"{message['type']} of {name} after it was fenced")
        if "queued" in message["type"] and self.boots in self.drained_at_boot:
            state = self.model.attempts[name].state
            if (self.boots, name) not in self.starts:
                self.flaws.append(f"{name} ({state}) was accepted while draining")

    # What runs.

    def _start(self, action: Start) -> None:
        name = action.invocation.attempt
        if (self.boots, name) in self.starts:
            self.flaws.append(f"{name} was started twice in boot {self.boots}")
        if self.boots in self.drained_at_boot:
            self.flaws.append(f"{name} was started while draining")
        self.starts.add((self.boots, name))
        self._running[name] = False
        boot = self.boots
        self.later(self.chance.choice([0.0, 0.1, 3.0]), lambda: self._begin(boot, name))
        took = self.chance.choice([0.0, 0.5, 4.0, 30.0])
        self.later(took + 3.0, lambda: self._finish_at(boot, name))

    def _begin(self, boot: int, name: str) -> None:
        if self.session is not None and boot == self.boots and name in self._running:
            self.session.attempts.began(self.now, name)
            self.session.attempts.progressed(self.now, name, {"fraction": 0.5})
            self.session.attempts.logged(self.now, name, "info", 0, ["begun"])

    def _finish_at(self, boot: int, name: str) -> None:
        self._finish_if(boot, name, self.chance.choice(["completed", "completed", "error"]))

    def _finish_if(self, boot: int, name: str, how: str) -> None:
        if boot == self.boots:
            self._finish(name, how)

    def _stop(self, name: str) -> None:
        if name in self._running:
            self._running[name] = True
            boot = self.boots
            if self.chance.random() < 0.7:  # else it takes no notice, and is killed
                self.later(0.5, lambda: self._finish_if(boot, name, "cancelled"))

    def _finish(self, name: str, how: str) -> None:
        if self.session is None or self._running.pop(name, None) is None:
            return
        attempts = self.session.attempts
        if how == "completed":
            attempts.completed(self.now, name, '{"rows":1}', {})
        elif how == "error":
            attempts.failed(self.now, name, {"code": "FAILED", "message": "it failed"})
        else:
            attempts.cancelled(self.now, name, True)
        self.session.attempt_ended(self.now)

    # The connection.

    def _connect(self) -> None:
        if self.session is None or self.session.phase is not Phase.OFF:
            return
        if self.now < self.away_until:
            self.session.closed(self.now, "nobody is there")
            return
        if self.chance.random() < 0.2 and self.loss:
            self.session.closed(self.now, "refused")
            return
        self.cut(tell=False)
        up = Link(self, self._at_cerebro)
        down = Link(self, self._at_server)
        self.links = [up, down]
        self.model.opened(self.now)
        self.session.opened(self.now)

    def cut(self, tell: bool = True) -> None:
        for link in self.links:
            link.is_up = False
        was_up, self.links = bool(self.links), []
        self.model.closed(self.now)
        if tell and was_up and self.session is not None:
            self.session.closed(self.now, "cut")

    def leave(self, seconds: float) -> None:
        """Cerebro is not there for a while. What it saved is there again, its sessions are not."""
        self.cut()
        self.model.epoch += 1
        self.away_until = self.now + seconds

    def _at_cerebro(self, text: str) -> None:
        self.model.handle(self.now, json.loads(text))
        self.flush_model()

    def flush_model(self) -> None:
        for message in self.model.take():
            if len(self.links) == 2:
                self.links[1].send(json.dumps(message))

    def _at_server(self, text: str) -> None:
        if self.session is None:
            return
        before = self.session.phase
        for message in read_frame(text):
            self.session.received(self.now, message)
        message = json.loads(text)
        if message["session"] != self.session.session:
            return  # of a hello that came twice
        if message["type"] == "cordyna.task.fenced.v1":
            self.fenced.add(message["data"]["attempt"])
        for one in message["data"].get("attempts", []):
            if one.get("fate") == "fenced" and before is Phase.RESUME:
                self.fenced.add(one["attempt"])

    # What cerebro does by itself.

    def cerebro_tick(self) -> None:
        if self.now < self.away_until:
            self.at(self.away_until, self.cerebro_tick)
            return
        self.model.tick(self.now)
        for attempt in self.model.live():
            sent = attempt.sent_at
            if attempt.state == "created" and sent is not None:
                first = self.first_sent.setdefault(attempt.name, sent)
                if first + ACKNOWLEDGE_S <= self.now:
                    self.model.fence(self.now, attempt)
        self.flush_model()
        self.later(0.5, self.cerebro_tick)

    first_sent: dict[str, float]

    def invoke(self) -> Attempt:
        task = self.chance.choice(["load", "load", "train"])
        inputs = {"wrong": 1} if self.chance.random() < 0.1 else {"day": 1}
        attempt = self.model.invoke(self.now, task, inputs)
        self.flush_model()
        return attempt
