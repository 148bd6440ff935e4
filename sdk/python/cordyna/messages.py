"""Messages as they travel: CloudEvents 1.0 in JSON, alone or as a list. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from .texts import dumps, quote, size_of

SUBPROTOCOL = "cordyna.v1+cloudevents.json"
SOCKET_PATH = "/api/v1/ts/socket"
PROTOCOL = 1
LEVEL = 2
MESSAGE_MAX = 256 << 10  # bytes of one message
FRAME_MAX = 1 << 20  # bytes of a list
BATCH_MAX = 1000  # messages in a list
ENVELOPE_MAX = 4096  # bytes of a message beside its data: names are bounded

_PREFIX = "cordyna."
_SUFFIX = ".v1"
ENDS = {"task.completed": "completed", "task.error": "error", "task.cancelled": "cancelled"}


class Message:
    """One that this server sends. `type` without what all types share: "task.queued".

    `kept`: it needs a receipt. `order` counts all messages of a boot: those of one attempt are sent
    in it. `data` is JSON; that of messages that gather until they are sent is made by `text`.
    """

    __slots__ = (
        "attempt",
        "data",
        "due",
        "gone",
        "id",
        "kept",
        "order",
        "seq",
        "time",
        "type",
        "waiting",
    )

    def __init__(
        self, id: str, type: str, attempt: str, data: str, order: int, kept: bool, time: str
    ) -> None:
        self.id, self.type, self.attempt, self.data = id, type, attempt, data
        self.order, self.kept, self.time = order, kept, time
        self.due = 0.0  # when it is sent again, without a receipt
        self.waiting = False  # in the queue, not sent yet
        self.gone = False  # in the queue, but not to be sent any more
        self.seq = 0  # of its last sending

    def data_text(self) -> str:
        return self.data

    def text(self, source: str, session: str, seq: int) -> str:
        """`source`: as JSON. `session`: empty before welcome; no `seq` is sent then."""
        out = (
            f'{{"specversion":"1.0","id":"{self.id}","source":{source},'
            f'"type":"{_PREFIX}{self.type}{_SUFFIX}"'
        )
        if self.time:
            out += f',"time":"{self.time}"'
        if self.attempt:
            out += f',"subject":{quote(self.attempt)}'
        if session:
            out += f',"session":{session},"seq":"{seq}"'
        return f'{out},"datacontenttype":"application/json","data":{self.data_text()}}}'


class ProgressMessage(Message):
    """Takes newer values until it is sent."""

    __slots__ = ("head", "values")

    head: str
    values: dict[str, Any]

    def data_text(self) -> str:
        return f"{self.head},{dumps(self.values)[1:]}" if self.values else f"{self.head}}}"


class LogMessage(Message):
    """Takes more lines until it is sent. `offset`: of the next line."""

    __slots__ = ("bytes", "first", "head", "level", "lines", "offset")

    head: str
    level: str
    first: int
    offset: int
    bytes: int
    lines: list[str]

    def data_text(self) -> str:
        lines = ",".join(map(quote, self.lines))
        return (
            f'{self.head},"stream":"log","offset":{self.first},"level":"{self.level}",'
            f'"lines":[{lines}]}}'
        )


class Clock:
    """Times for people, of the time that a session is told. `offset`: wall clock minus that."""

    def __init__(self, offset: float) -> None:
        self._offset = offset
        self._second = -1
        self._front = ""

    def text(self, now: float) -> str:
        wall = now + self._offset
        second = int(wall)
        if second != self._second:
            made = dt.datetime.fromtimestamp(second, dt.timezone(dt.timedelta(0)))
            self._second, self._front = second, made.strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._front}.{int((wall - second) * 1000):03d}Z"


def frame_of(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"[{','.join(texts)}]"


class Frames:
    """Cuts messages into frames within the bounds."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._bytes = 2

    def takes(self, text: str) -> bool:
        """False: there is no room for it, and it was not taken."""
        size = size_of(text) + 1
        if self.texts and (len(self.texts) >= BATCH_MAX or self._bytes + size > FRAME_MAX):
            return False
        self.texts.append(text)
        self._bytes += size
        return True


class Flaw(Exception):
    """What cannot be taken, as the data of a message.problem."""

    def __init__(self, code: str, text: str, path: str = "#", of: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.path, self.of = code, text, path, of

    def data(self) -> dict[str, Any]:
        out = {"code": self.code, "message": self.text, "path": self.path, "fatal": False}
        return {"of": self.of, **out} if self.of else out


class Received:
    """A message of cerebro, its data checked. `type` as of Message."""

    __slots__ = ("data", "id", "session", "type")

    def __init__(self, id: str, type: str, session: str, data: dict[str, Any]) -> None:
        self.id, self.type, self.session, self.data = id, type, session, data


def read_frame(text: str | bytes) -> list[Received | Flaw]:
    """Each message by itself. What is of a type that nobody knows is left out."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        return [Flaw("malformed", f"is no JSON: {error}")]
    found: list[Received | Flaw] = []
    for one in whole if isinstance(whole, list) else [whole]:
        try:
            message = _read(one)
        except Flaw as flaw:
            found.append(flaw)
        else:
            if message is not None:
                found.append(message)
    return found


def _read(one: Any) -> Received | None:
    if not isinstance(one, dict):
        raise Flaw("malformed", "must be an object")
    message_id, type_name, data = one.get("id"), one.get("type"), one.get("data")
    if not isinstance(message_id, str) or not message_id or len(message_id) > 128:
        raise Flaw("malformed", "must be a text of 1 to 128 bytes", "#/id")
    if not isinstance(type_name, str):
        raise Flaw("malformed", "must be a text", "#/type", message_id)
    short = type_name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    fields = FIELDS.get(short)
    if fields is None or len(type_name) != len(short) + len(_PREFIX) + len(_SUFFIX):
        return None
    if not isinstance(data, dict):
        raise Flaw("malformed", "must be an object", "#/data", message_id)
    for name, fits, required in fields:
        if name not in data:
            if required:
                raise Flaw("invalid", "is missing", f"#/data/{name}", message_id)
        elif not fits(data[name]):
            text = f"must be {_WANTED[fits]}"
            raise Flaw("invalid", text, f"#/data/{name}", message_id)
    session = one.get("session")
    return Received(message_id, short, session if isinstance(session, str) else "", data)


Fits = Callable[[Any], bool]
Field = tuple[str, Fits, bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 512


def _integer(value: Any) -> bool:
    return type(value) is int


def _number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def _flag(value: Any) -> bool:
    return type(value) is bool


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _fates(value: Any) -> bool:
    return _objects(value) and all(
        _name(one.get("attempt")) and _text(one.get("fate")) for one in value
    )


_WANTED: dict[Fits, str] = {
    _text: "a text",
    _name: "a text of 1 to 512 bytes",
    _integer: "an integer",
    _number: "a number",
    _flag: "true or false",
    _object: "an object",
    _texts: "a list of texts",
    _objects: "a list of objects",
    _fates: "a list of objects with attempt and fate",
}
_ATTEMPT: Field = ("attempt", _name, True)

FIELDS: dict[str, tuple[Field, ...]] = {
    "server.welcome": (
        ("protocol", _integer, True),
        ("session", _text, True),
        ("heartbeat_s", _number, True),
        ("lease_s", _number, True),
        ("message_max", _integer, True),
        ("want_declaration", _flag, True),
    ),
    "server.declared": (
        ("revision", _integer, True),
        ("accepted", _texts, True),
        ("rejected", _objects, True),
    ),
    "server.resumed": (("attempts", _fates, True),),
    "server.lease": (("lease_s", _number, True), ("cancels", _texts, False)),
    "server.goodbye": (
        ("code", _text, True),
        ("reason", _text, False),
        ("reconnect_after_s", _number, False),
    ),
    "server.drain": (("reason", _text, False), ("deadline_s", _number, False)),
    "message.receipt": (("ids", _texts, False), ("upto", _integer, False)),
    "message.problem": (("code", _text, True), ("message", _text, True), ("fatal", _flag, True)),
    "task.invoke": (
        _ATTEMPT,
        ("run", _text, True),
        ("task", _text, True),
        ("fence", _object, True),
        ("revision", _integer, True),
        ("idempotency_key", _text, True),
        ("inputs", _object, True),
        ("upstream", _objects, True),
        ("trigger", _object, True),
        ("deadlines", _object, True),
    ),
    "task.cancel": (
        _ATTEMPT,
        ("fence", _object, True),
        ("reason", _text, True),
        ("grace_s", _number, True),
    ),
    "task.fenced": (_ATTEMPT, ("reason", _text, False)),
    "task.extended": (_ATTEMPT, ("granted_s", _number, True)),
}
"""Of each message that cerebro sends: what this server reads of its data."""
