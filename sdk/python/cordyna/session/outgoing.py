"""What a session sends: in order, kept until its receipt, sent again when that does not come.

Pure. Messages wait here until they are taken, so that whoever writes slowly gets larger lists and
fewer messages that may be lost, and nothing piles up elsewhere.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import TypeVar

from ..messages import Clock, Frames, Message
from ..texts import quote

RESEND_S = 5.0
LOSSY_MAX = 5000  # messages that need no receipt and wait to be sent
M = TypeVar("M", bound=Message)


class Batch:
    """`save` and `forget` (ids) go to the disk before `texts` go out, as one frame."""

    def __init__(self) -> None:
        self.save: list[Message] = []
        self.forget: list[str] = []
        self.texts: list[str] = []
        self.close = False

    def __bool__(self) -> bool:
        return bool(self.save or self.forget or self.texts)


class Outgoing:
    def __init__(self, source: str, boot: str, clock: Clock) -> None:
        self._source = quote(source)
        self._boot = boot
        self._clock = clock
        self._count = 0
        self._first: deque[Message] = deque()  # of the session itself
        self._queue: deque[Message] = deque()
        self._kept: OrderedDict[str, Message] = OrderedDict()  # the next due is in front
        self._save: dict[str, Message] = {}
        self._forget: list[str] = []
        self._session = ""
        self._seq = 0
        self._is_open = False

    def make(self, now: float, type_name: str, attempt: str, data: str, kept: bool) -> Message:
        self._count += 1
        message_id = f"{self._boot}.{self._count}"
        time = self._clock.text(now)
        return Message(message_id, type_name, attempt, data, self._count, kept, time)

    def dress(self, now: float, message: M) -> M:
        """Gives a message of another class its id, order and time."""
        self._count += 1
        message.id, message.order = f"{self._boot}.{self._count}", self._count
        message.time = self._clock.text(now)
        return message

    def restore(self, messages: Iterable[Message]) -> None:
        """What an earlier boot left on the disk, before all that this one sends."""
        found = list(messages)
        for number, message in enumerate(found):
            message.order = number - len(found)
            message.kept = True
            self._kept[message.id] = message

    # Sending.

    def control(self, now: float, type_name: str, data: str) -> None:
        """A message of the session itself: it goes first, and is not sent again."""
        self._first.append(self.make(now, type_name, "", data, False))

    def last(self, now: float, type_name: str, data: str) -> None:
        """A message of the session itself that goes behind what waits."""
        self._put(self.make(now, type_name, "", data, False))

    def post(self, message: Message) -> None:
        """Of an attempt: sent when the session is ready, in order."""
        if message.kept:
            self._kept[message.id] = message
            self._save[message.id] = message
            if self._is_open:
                self._put(message)
        elif len(self._queue) < LOSSY_MAX:
            self._put(message)

    def again(self, message: Message) -> None:
        """Sent once more, as the answer to what came once more."""
        if not self._is_open or (message.waiting and not message.gone):
            return
        if message.kept or len(self._queue) < LOSSY_MAX:
            self._put(message)

    def _put(self, message: Message) -> None:
        message.waiting, message.gone = True, False
        self._queue.append(message)

    # The session.

    def connected(self) -> None:
        self.disconnected()

    def welcomed(self, session: str) -> None:
        self._session, self._seq = quote(session), 0

    def open(self) -> None:
        """The session is resumed: all without a receipt is sent, with what has waited, in order."""
        waiting = [m for m in self._queue if not m.kept]
        kept = list(self._kept.values())
        self._queue.clear()
        for message in sorted([*waiting, *kept], key=lambda m: m.order):
            self._put(message)
        self._is_open = True

    def disconnected(self) -> None:
        self._first.clear()
        self._is_open = False
        self._session = ""
        for message in self._queue:
            message.waiting = False
        for message in self._kept.values():
            message.seq = 0
        # Of what waits, only what is of an attempt outlives the session.
        self._queue = deque(m for m in self._queue if not m.kept and m.attempt and not m.gone)

    # Receipts.

    def receipt(self, message_id: str) -> Message | None:
        """The message that has it now; None: it is known already, or needs none."""
        message = self._kept.pop(message_id, None)
        if message is not None:
            message.kept = False
            message.gone = message.waiting
            if self._save.pop(message_id, None) is None:
                self._forget.append(message_id)
        return message

    def receipts_upto(self, seq: int) -> list[str]:
        """Ids of what was sent in this session with a seq up to it."""
        return [m.id for m in self._kept.values() if 0 < m.seq <= seq and not m.waiting]

    def drop(self, attempt: str) -> None:
        """Nothing more of this attempt is sent."""
        for message in [m for m in self._kept.values() if m.attempt == attempt]:
            self.receipt(message.id)
        gone = [m for m in self._queue if m.attempt == attempt]
        if gone:
            self._queue = deque(m for m in self._queue if m.attempt != attempt)
        for message in gone:
            message.waiting = False

    def unsaved(self, message: Message) -> None:
        """A later message of the attempt is there already: the disk need not have this one."""
        self._save.pop(message.id, None)

    @property
    def kept_count(self) -> int:
        return len(self._kept)

    # Time.

    def tick(self, now: float) -> None:
        if not self._is_open:
            return
        for message in self._kept.values():
            if message.due > now:
                break
            if not message.waiting:
                self._put(message)

    def due(self) -> float:
        """When `tick` has something to do; infinity: nothing is waited for."""
        if not self._is_open or not self._kept:
            return math.inf
        first = next(iter(self._kept.values()))
        # What waits in the queue is due again only after it was taken.
        return math.inf if first.waiting else first.due

    def take(self, now: float) -> Batch:
        """What goes to the disk, and then out as one frame."""
        batch = Batch()
        if self._save:
            batch.save = list(self._save.values())
            self._save.clear()
        if self._forget:
            batch.forget, self._forget = self._forget, []
        frames = Frames()
        while self._first:
            if not self._take_one(self._first, frames, now):
                break
        while self._is_open and self._queue and not self._first:
            if not self._take_one(self._queue, frames, now):
                break
        batch.texts = frames.texts
        return batch

    def _take_one(self, queue: deque[Message], frames: Frames, now: float) -> bool:
        message = queue[0]
        if message.gone:
            queue.popleft()
            message.waiting = message.gone = False
            return True
        if not frames.takes(message.text(self._source, self._session, self._seq + 1)):
            return False
        queue.popleft()
        message.waiting = False
        if self._session:
            self._seq += 1
            message.seq = self._seq
        if message.kept:
            message.due = now + RESEND_S
            self._kept.move_to_end(message.id)
        return True

    @property
    def has_work(self) -> bool:
        ready = bool(self._first) or (self._is_open and bool(self._queue))
        return ready or bool(self._save) or bool(self._forget)
