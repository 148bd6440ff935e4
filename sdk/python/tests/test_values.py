"""Annotations as JSON Schema, and values by them."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import pathlib
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NewType, TypedDict

import pytest

from cordyna.annotations import Reader
from cordyna.errors import DeclarationError
from cordyna.shapes import ROOT, Flaws, Shape

UTC = dt.timezone(dt.timedelta(0))
Euros = NewType("Euros", float)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: float = 0.5
    tags: list[str] = field(default_factory=list)


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)


class Row(TypedDict, total=False):
    key: str
    count: int


def shape_of(annotation: Any, closed: bool = True) -> Shape:
    return Reader(closed).shape(annotation, "test")


ROWS: list[tuple[Any, Any, Any]] = [
    (bool, True, True),
    (int, 5, 5),
    (int, 5.0, 5),
    (float, 5, 5.0),
    (float, 0.5, 0.5),
    (str, "é", "é"),
    (None, None, None),
    (Any, {"a": [1]}, {"a": [1]}),
    (list[int], [1, 2], [1, 2]),
    (list, [1, "a"], [1, "a"]),
    (set[int], [1, 2], {1, 2}),
    (tuple[int, str], [1, "a"], (1, "a")),
    (tuple[int, ...], [1, 2, 3], (1, 2, 3)),
    (dict[str, int], {"a": 1}, {"a": 1}),
    (dict[dt.date, int], {"2026-01-02": 1}, {dt.date(2026, 1, 2): 1}),
    (int | None, None, None),
    (int | str, "a", "a"),
    (Literal["a", 1], 1, 1),
    (Colour, "red", Colour.RED),
    (Point, {"x": 1}, Point(1)),
    (Tree, {"name": "a", "children": [{"name": "b"}]}, Tree("a", [Tree("b")])),
    (Row, {"key": "a"}, {"key": "a"}),
    (Euros, 1.5, 1.5),
    (Annotated[int, "how many"], 1, 1),
    (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
    (dt.datetime, "2026-01-02T03:04:05Z", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (
        dt.datetime,
        "2026-01-02T03:04:05.1234567+00:00",
        dt.datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC),
    ),
    (dt.time, "03:04:05", dt.time(3, 4, 5)),
    (decimal.Decimal, "12.50", decimal.Decimal("12.50")),
    (decimal.Decimal, 0.1, decimal.Decimal("0.1")),
    (pathlib.Path, "data/a b.csv", pathlib.Path("data/a b.csv")),
    (uuid.UUID, "12345678-1234-5678-1234-567812345678", uuid.UUID(int=0x12345678123456781234567812345678)),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "given", "wanted"), ROWS)
def test_a_right_value_is_converted_and_written_back(
    annotation: Any, given: Any, wanted: Any
) -> None:
    shape, flaws = shape_of(annotation), Flaws()
    read = shape.read(given, ROOT, flaws)
    assert (read, type(read), str(flaws)) == (wanted, type(wanted), "")
    written = shape.write(read, ROOT, flaws)
    assert not flaws
    assert shape.read(written, ROOT, flaws) == wanted


WRONG: list[tuple[Any, Any, str]] = [
    (int, "5", "#: must be an integer, but is a text"),
    (int, True, "#: must be an integer, but is true"),
    (int, 5.5, "#: must be an integer, but is a number"),
    (bool, 1, "#: must be true or false, but is an integer"),
    (float, False, "#: must be a number, but is false"),
    (list[int], [1, "a", None], "#/1: must be an integer, but is a text; "
     "#/2: must be an integer, but is null"),
    (set[int], [1, 1], "#: must have each item once"),
    (tuple[int, str], [1], "#: must be a list of 2, but has 1"),
    (dict[str, int], {"a/b": "x"}, "#/a~1b: must be an integer, but is a text"),
    (int | str, None, "#: must be an integer or a text, but is null"),
    (Point | None, {"x": "a"}, "#/x: must be an integer, but is a text"),
    (Literal["a", "b"], "c", "#: must be one of a, b, but is 'c'"),
    (Literal[1], True, "#: must be one of 1, but is true"),
    (Colour, "green", "#: must be one of red, blue, but is 'green'"),
    (Point, {"y": 1, "z": 2}, "#/z: is not known here; known: x, y, tags; #/x: is missing: an integer"),
    (Row, {"key": 1}, "#/key: must be a text, but is an integer"),
    (decimal.Decimal, "12,50", "#: must be a decimal number, as 12.50, but is '12,50'"),
    (decimal.Decimal, "nan", "#: must be a decimal number, as 12.50, but is 'nan'"),
    (decimal.Decimal, True, "#: must be a decimal number, as 12.50, but is true"),
    (pathlib.Path, 5, "#: must be the path of a file, but is an integer"),
    (dt.date, "2026-02-30", "#: must be a date, as 2026-01-02, but is '2026-02-30'"),
    (dt.datetime, "2026-01-02T03:04:05", "#: must be a time with its zone, as "
     "2026-01-02T03:04:05Z, but is '2026-01-02T03:04:05'"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "given", "text"), WRONG)
def test_a_wrong_value_says_what_where_and_what_would_be_right(
    annotation: Any, given: Any, text: str
) -> None:
    flaws = Flaws()
    shape_of(annotation).read(given, ROOT, flaws)
    assert str(flaws) == text


UNWRITABLE: list[tuple[Any, Any, str]] = [
    (Any, float("nan"), "#: is nan, which no JSON has: use None"),
    (float, float("inf"), "#: is inf, which no JSON has: use None"),
    (Any, decimal.Decimal("NaN"), "#: is NaN, which no JSON has: use None"),
    (Any, 2**70, "#: is an integer of more than 64 bits: write it as a text"),
    (int, 2**70, "#: is an integer of more than 64 bits: write it as a text"),
    (Any, {1: "a", "1": "b"}, "#: has two keys that are '1' in JSON"),
    (Any, {None: 1}, "#: has a key that is null: keys are texts"),
    (Any, b"a", "#: is a bytes, which cannot be JSON: give texts, numbers, true, false, None, "
     "lists or objects of these"),
    (dt.datetime, dt.datetime(2026, 1, 2), "#: is a time without a zone: use "
     "datetime.now(timezone.utc)"),
    (dt.date, dt.datetime(2026, 1, 2, tzinfo=UTC), "#: must be a date, but is a datetime: use "
     "its .date()"),
    (int, None, "#: must be an integer, but is null"),
    (Point, {"x": 1}, "#: must be an object (Point), but is an object"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "given", "text"), UNWRITABLE)
def test_a_result_that_is_no_json_says_so(annotation: Any, given: Any, text: str) -> None:
    flaws = Flaws()
    shape_of(annotation).write(given, ROOT, flaws)
    assert str(flaws) == text


def test_anything_that_can_be_json_is_written() -> None:
    given = {
        "point": Point(1),
        "colour": Colour.BLUE,
        "day": dt.date(2026, 1, 2),
        "tuple": (1, 2),
        7: None,
    }
    flaws = Flaws()
    written = shape_of(Any).write(given, ROOT, flaws)
    assert not flaws
    assert written == {
        "point": {"x": 1, "y": 0.5, "tags": []},
        "colour": "blue",
        "day": "2026-01-02",
        "tuple": [1, 2],
        "7": None,
    }


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    for annotation in (Any, list[Any]):
        flaws = Flaws()
        shape_of(annotation).write(deep, ROOT, flaws)
        assert "lies deeper than 20 levels" in str(flaws)


def test_numbers_of_other_libraries_are_numbers() -> None:
    class Number(float):
        def item(self) -> float:
            return float(self)

    flaws = Flaws()
    assert shape_of(float).write(Number(1.5), ROOT, flaws) == 1.5
    assert shape_of(Any).write(Number(1.5), ROOT, flaws) == 1.5
    assert not flaws


SCHEMAS: list[tuple[Any, dict[str, Any]]] = [
    (Any, {}),
    (bool, {"type": "boolean"}),
    (list[float], {"type": "array", "items": {"type": "number"}}),
    (set[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
    (dict[str, Any], {"type": "object"}),
    (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    (Literal["a", "b"], {"enum": ["a", "b"]}),
    (Colour, {"enum": ["red", "blue"]}),
    (dt.datetime, {"type": "string", "format": "date-time"}),
    (dt.date, {"type": "string", "format": "date"}),
    (tuple[int, str], {
        "type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}],
        "minItems": 2, "items": False,
    }),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "schema"), SCHEMAS)
def test_schemas(annotation: Any, schema: dict[str, Any]) -> None:
    assert shape_of(annotation).schema() == schema


def test_a_class_that_refers_to_itself_has_a_definition() -> None:
    reader = Reader(closed=True)
    assert reader.shape(Tree, "test").schema() == {"$ref": "#/$defs/Tree"}
    assert reader.definitions.schemas == {
        "Tree": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            },
            "required": ["name"],
            "additionalProperties": False,
        }
    }


def test_objects_of_outputs_are_open() -> None:
    reader = Reader(closed=False)
    reader.shape(Row, "test").schema()
    assert "additionalProperties" not in reader.definitions.schemas["Row"]


@pytest.mark.parametrize("annotation", [complex, bytes, type, "list[Missing]"])
def test_an_annotation_without_json_is_refused(annotation: Any) -> None:
    with pytest.raises(DeclarationError, match="has no JSON; known: bool"):
        shape_of(annotation)
