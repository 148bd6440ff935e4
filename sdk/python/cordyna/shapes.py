"""Shapes of values: JSON Schema of one, a value of it read from JSON, and written as JSON.

`read` and `write` never raise because of a value: what is wrong goes to `flaws`, all of it at once,
with its place and what would be right; what they return then means nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import math
import numbers
import pathlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Schema = dict[str, Any]
Place = tuple[Any, Any, int]
"""The place of what surrounds it, the key or index in it, and how deep it lies."""

ROOT: Place = (None, "", 0)
DEPTH_MAX = 20  # messages are at most 32 deep, and have an output some levels down
FLAWS_MAX = 10
_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**63 - 1


def pointer(place: Place) -> str:
    """RFC 6901, as messages have it: `#/inputs/day`."""
    parts: list[str] = []
    at: Place | None = place
    while at is not None and at[0] is not None:
        parts.append(str(at[1]).replace("~", "~0").replace("/", "~1"))
        at = at[0]
    return "/".join(["#", *reversed(parts)])


def within(place: Place, key: str | int) -> Place:
    return (place, key, place[2] + 1)


class Flaws:
    """What is wrong with a value."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def __bool__(self) -> bool:
        return bool(self.found)

    def add(self, place: Place, text: str) -> None:
        if len(self.found) < FLAWS_MAX:
            self.found.append((pointer(place), text))

    def __str__(self) -> str:
        return "; ".join(f"{at}: {text}" for at, text in self.found)


def json_kind(value: Any) -> str:
    """For people: what kind of JSON it is, or of what class."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = ((int, "an integer"), (float, "a number"), (str, "a text"))
    for kind, text in (*kinds, (list, "a list"), (dict, "an object")):
        if isinstance(value, kind):
            return text
    return f"a {type(value).__name__}"


class Shape:
    """Of one annotation. `text`: what a right value is, for people."""

    text = "any value"

    def schema(self) -> Schema:
        return {}

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        return value

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        return value

    def wrong(self, value: Any, at: Place, flaws: Flaws) -> None:
        flaws.add(at, f"must be {self.text}, but is {json_kind(value)}")


class AnyShape(Shape):
    """Read as it comes; written when it can be JSON."""

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is int or kind is float:
            return write_number(value, at, flaws)
        if at[2] > DEPTH_MAX:
            return flaws.add(
                at, f"lies deeper than {DEPTH_MAX} levels: write it as a text or a file"
            )
        if isinstance(value, Mapping):
            return write_mapping(value, self, at, flaws)
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.write(one, within(at, i), flaws) for i, one in enumerate(value)]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
            return write_mapping(fields, self, at, flaws)
        return self._write_other(value, at, flaws)

    def _write_other(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if isinstance(value, enum.Enum):
            return self.write(value.value, at, flaws)
        if isinstance(value, dt.datetime):
            return DATETIME.write(value, at, flaws)
        if isinstance(value, (dt.date, dt.time)):
            return value.isoformat()
        if isinstance(value, (uuid.UUID, pathlib.PurePath)):
            return str(value)
        if isinstance(value, decimal.Decimal):
            return DECIMAL.write(value, at, flaws)
        if isinstance(value, str):
            return str(value)
        if isinstance(value, numbers.Number) and hasattr(value, "item"):
            return self.write(value.item(), at, flaws)  # numpy has its own numbers
        if isinstance(value, (numbers.Integral, float)):
            return write_number(value, at, flaws)
        text = "cannot be JSON: give texts, numbers, true, false, None, lists or objects of these"
        return flaws.add(at, f"is a {type(value).__name__}, which {text}")


ANY = AnyShape()


def write_number(value: Any, at: Place, flaws: Flaws) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            return flaws.add(at, f"is {value}, which no JSON has: use None")
        return float(value)
    if not _INTEGER_MIN <= value <= _INTEGER_MAX:
        return flaws.add(at, "is an integer of more than 64 bits: write it as a text")
    return int(value)


def write_mapping(value: Mapping[Any, Any], shape: Shape, at: Place, flaws: Flaws) -> Any:
    out: dict[str, Any] = {}
    for key, one in value.items():
        name = key.value if isinstance(key, enum.Enum) else key
        if isinstance(name, (int, dt.date, uuid.UUID)) and not isinstance(name, bool):
            name = str(name)
        if not isinstance(name, str):
            flaws.add(at, f"has a key that is {json_kind(name)}: keys are texts")
        elif name in out:
            flaws.add(at, f"has two keys that are '{name}' in JSON")
        else:
            out[name] = shape.write(one, within(at, name), flaws)
    return out


class Scalar(Shape):
    """A value that JSON has itself."""

    def __init__(self, name: str, text: str, fits: Callable[[Any], bool]) -> None:
        self.name = name
        self.text = text
        self.fits = fits

    def schema(self) -> Schema:
        return {"type": self.name}

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        return value if self.fits(value) else self.wrong(value, at, flaws)

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if isinstance(value, enum.Enum) and isinstance(value, str):
            value = value.value
        if not self.fits(value) and isinstance(value, numbers.Number) and hasattr(value, "item"):
            value = value.item()
        return value if self.fits(value) else self.wrong(value, at, flaws)


class IntegerShape(Scalar):
    def __init__(self) -> None:
        super().__init__("integer", "an integer", lambda v: type(v) is int)

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        # To JSON Schema 5.0 is an integer, and some write theirs so.
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return super().read(value, at, flaws)

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if isinstance(value, numbers.Integral) and not isinstance(value, bool):
            return write_number(int(value), at, flaws)
        return super().write(value, at, flaws)


class NumberShape(Scalar):
    def __init__(self) -> None:
        super().__init__("number", "a number", lambda v: type(v) is float or type(v) is int)

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        return float(value) if self.fits(value) else self.wrong(value, at, flaws)

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if isinstance(value, numbers.Real) and not isinstance(value, bool):
            whole = isinstance(value, numbers.Integral)
            return write_number(value if whole else float(value), at, flaws)
        return self.wrong(value, at, flaws)


NULL = Scalar("null", "null", lambda v: v is None)
BOOLEAN = Scalar("boolean", "true or false", lambda v: type(v) is bool)
INTEGER = IntegerShape()
NUMBER = NumberShape()
TEXT = Scalar("string", "a text", lambda v: isinstance(v, str))


class FormatShape(Shape):
    """A text of some format, which is a class of its own in Python."""

    def __init__(
        self,
        form: str,
        text: str,
        kind: type[Any],
        parse: Callable[[str], Any],
        show: Callable[[Any], str],
    ) -> None:
        self.form, self.text, self.kind, self.parse, self.show = form, text, kind, parse, show

    def schema(self) -> Schema:
        return {"type": "string", "format": self.form}

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, str):
            return self.wrong(value, at, flaws)
        try:
            return self.parse(value)
        except ValueError:
            return flaws.add(at, f"must be {self.text}, but is '{value[:80]}'")

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, self.kind):
            return self.wrong(value, at, flaws)
        return self.show(value)


class DatetimeShape(FormatShape):
    def __init__(self) -> None:
        text = "a time with its zone, as 2026-01-02T03:04:05Z"
        super().__init__("date-time", text, dt.datetime, parse_time, lambda v: str(v.isoformat()))

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            return flaws.add(at, "is a time without a zone: use datetime.now(timezone.utc)")
        return super().write(value, at, flaws)


class DateShape(FormatShape):
    def __init__(self) -> None:
        text = "a date, as 2026-01-02"
        super().__init__("date", text, dt.date, _parse_date, lambda v: str(v.isoformat()))

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if isinstance(value, dt.datetime):  # which is a date too, to Python
            return flaws.add(at, "must be a date, but is a datetime: use its .date()")
        return super().write(value, at, flaws)


def parse_time(text: str) -> dt.datetime:
    """ValueError: it is none, or has no zone."""
    # Python 3.10 knows neither the Z nor other counts of decimals than 3 and 6.
    whole = text[:-1] + "+00:00" if text[-1:] in "Zz" else text
    front, dot, rest = whole.partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        whole = f"{front}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"
    made = dt.datetime.fromisoformat(whole)
    if made.tzinfo is None or len(front) < len("2026-01-02T03:04:05"):
        raise ValueError("no time with a zone")
    return made


def _parse_date(text: str) -> dt.date:
    if len(text) != len("2026-01-02"):
        raise ValueError("no date")
    return dt.date.fromisoformat(text)


class DecimalShape(FormatShape):
    """Written as a text, which keeps all of its digits; read from one, or from a number."""

    def __init__(self) -> None:
        text = "a decimal number, as 12.50"
        super().__init__("decimal", text, decimal.Decimal, _parse_decimal, str)

    def schema(self) -> Schema:
        return {"type": ["string", "number"]}

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return decimal.Decimal(repr(value))  # of a float the digits that were written
        return super().read(value, at, flaws)

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if isinstance(value, decimal.Decimal) and not value.is_finite():
            return flaws.add(at, f"is {value}, which no JSON has: use None")
        return super().write(value, at, flaws)


def _parse_decimal(text: str) -> decimal.Decimal:
    try:
        made = decimal.Decimal(text)
    except decimal.InvalidOperation:
        raise ValueError("no decimal number") from None
    if not made.is_finite():
        raise ValueError("no finite number")
    return made


class PathShape(FormatShape):
    def __init__(self, kind: type[pathlib.PurePath]) -> None:
        super().__init__("path", "the path of a file", kind, kind, str)

    def schema(self) -> Schema:
        return {"type": "string"}


DATETIME = DatetimeShape()
DECIMAL = DecimalShape()
DATE = DateShape()
TIME = FormatShape(
    "time", "a time of day, as 03:04:05", dt.time, dt.time.fromisoformat, lambda v: v.isoformat()
)
UUID = FormatShape("uuid", "a UUID", uuid.UUID, uuid.UUID, str)


class ListShape(Shape):
    """`make`: what it is in Python, of a list."""

    text = "a list"

    def __init__(self, item: Shape, make: Callable[[list[Any]], Any], unique: bool = False) -> None:
        self.item, self.make, self.unique = item, make, unique

    def schema(self) -> Schema:
        out: Schema = {"type": "array", "items": self.item.schema()}
        if self.unique:
            out["uniqueItems"] = True
        return out

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, list):
            return self.wrong(value, at, flaws)
        item = self.item
        items = [item.read(one, within(at, i), flaws) for i, one in enumerate(value)]
        return None if flaws else self._made(items, at, flaws)

    def _made(self, items: list[Any], at: Place, flaws: Flaws) -> Any:
        try:
            made = self.make(items)
        except TypeError:  # a set of lists
            return flaws.add(at, "has items that can be in no set: annotate it as a list")
        if self.unique and len(made) < len(items):
            return flaws.add(at, "must have each item once")
        return made

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        several = (list, tuple, set, frozenset)
        if not isinstance(value, several) and (
            isinstance(value, (str, bytes)) or not isinstance(value, Sequence)
        ):
            return self.wrong(value, at, flaws)
        if at[2] > DEPTH_MAX:
            return flaws.add(at, f"lies deeper than {DEPTH_MAX} levels")
        item = self.item
        return [item.write(one, within(at, i), flaws) for i, one in enumerate(value)]


class TupleShape(Shape):
    """So many items, each of a shape of its own."""

    def __init__(self, items: Sequence[Shape]) -> None:
        self.items = items
        self.text = f"a list of {len(items)}"

    def schema(self) -> Schema:
        count = len(self.items)
        if count == 0:
            return {"type": "array", "maxItems": 0}
        front = [item.schema() for item in self.items]
        return {"type": "array", "prefixItems": front, "minItems": count, "items": False}

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, list) or len(value) != len(self.items):
            return self._wrong_count(value, at, flaws)
        pairs = enumerate(zip(self.items, value, strict=True))
        return tuple(item.read(one, within(at, i), flaws) for i, (item, one) in pairs)

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != len(self.items):
            return self._wrong_count(value, at, flaws)
        pairs = enumerate(zip(self.items, value, strict=True))
        return [item.write(one, within(at, i), flaws) for i, (item, one) in pairs]

    def _wrong_count(self, value: Any, at: Place, flaws: Flaws) -> None:
        has = f"has {len(value)}" if isinstance(value, (list, tuple)) else f"is {json_kind(value)}"
        flaws.add(at, f"must be {self.text}, but {has}")


class DictShape(Shape):
    """An object with any keys. `key`: what these are in Python."""

    text = "an object"

    def __init__(self, key: Shape, item: Shape) -> None:
        self.key, self.item = key, item

    def schema(self) -> Schema:
        out: Schema = {"type": "object"}
        item = self.item.schema()
        if item:
            out["additionalProperties"] = item
        names = self.key.schema()
        if names != {"type": "string"}:
            out["propertyNames"] = names
        return out

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, dict):
            return self.wrong(value, at, flaws)
        key, item = self.key, self.item
        return {
            key.read(name, within(at, name), flaws): item.read(one, within(at, name), flaws)
            for name, one in value.items()
        }

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, Mapping):
            return self.wrong(value, at, flaws)
        if at[2] > DEPTH_MAX:
            return flaws.add(at, f"lies deeper than {DEPTH_MAX} levels")
        return write_mapping(value, self.item, at, flaws)


class ChoiceShape(Shape):
    """One of some values: Literal, or the values of an Enum (`kind`)."""

    def __init__(self, values: Sequence[Any], kind: type[enum.Enum] | None = None) -> None:
        self.values, self.kind = list(values), kind
        self.text = "one of " + ", ".join(str(value) for value in self.values[:20])

    def schema(self) -> Schema:
        return {"enum": self.values}

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        for known in self.values:
            if known == value and isinstance(known, bool) == isinstance(value, bool):
                return known if self.kind is None else self.kind(known)
        return self._other(value, at, flaws)

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        plain = value.value if isinstance(value, enum.Enum) else value
        if self.kind is not None and not isinstance(value, self.kind):
            return self._other(plain, at, flaws)
        if any(known == plain for known in self.values):
            return plain
        return self._other(plain, at, flaws)

    def _other(self, value: Any, at: Place, flaws: Flaws) -> None:
        shown = f"'{value[:80]}'" if isinstance(value, str) else json_kind(value)
        flaws.add(at, f"must be {self.text}, but is {shown}")


class UnionShape(Shape):
    """One of several shapes: the first that fits."""

    def __init__(self, members: Sequence[Shape]) -> None:
        self.members = members
        self.text = " or ".join(member.text for member in members)

    def schema(self) -> Schema:
        return {"anyOf": [member.schema() for member in self.members]}

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        return self._first(value, at, flaws, lambda shape, found: shape.read(value, at, found))

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        return self._first(value, at, flaws, lambda shape, found: shape.write(value, at, found))

    def _first(
        self, value: Any, at: Place, flaws: Flaws, attempt: Callable[[Shape, Flaws], Any]
    ) -> Any:
        nearest: Flaws | None = None
        for member in self.members:
            found = Flaws()
            made = attempt(member, found)
            if not found:
                return made
            # Of the right kind, but wrong somewhere inside: that is what is worth telling.
            if any(place != pointer(at) for place, _ in found.found):
                nearest = nearest or found
        if nearest is None:
            return self.wrong(value, at, flaws)
        flaws.found.extend(nearest.found)
        return None
