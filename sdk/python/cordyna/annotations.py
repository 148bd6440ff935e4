"""The shape that an annotation says."""

from __future__ import annotations

import collections.abc as abc
import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import types
import typing
import uuid
from typing import Any

from . import shapes
from .errors import DeclarationError
from .objects import MISSING, Definitions, FieldShape, ObjectShape, ReferenceShape
from .shapes import Shape

_SIMPLE: dict[Any, Shape] = {
    Any: shapes.ANY,
    object: shapes.ANY,
    None: shapes.NULL,
    type(None): shapes.NULL,
    bool: shapes.BOOLEAN,
    int: shapes.INTEGER,
    float: shapes.NUMBER,
    str: shapes.TEXT,
    dt.datetime: shapes.DATETIME,
    dt.date: shapes.DATE,
    dt.time: shapes.TIME,
    uuid.UUID: shapes.UUID,
    decimal.Decimal: shapes.DECIMAL,
    pathlib.Path: shapes.PathShape(pathlib.Path),
    pathlib.PurePath: shapes.PathShape(pathlib.PurePath),
}
_LISTS: dict[Any, abc.Callable[[list[Any]], Any]] = {
    list: list,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    set: set,
    frozenset: frozenset,
    abc.Set: frozenset,
}
_SETS = (set, frozenset, abc.Set)
_DICTS = (dict, abc.Mapping, abc.MutableMapping)
_KNOWN = (
    "bool, int, float, str, None, list, tuple, set, dict, unions, Literal, Enum, dataclasses, "
    "TypedDict, datetime, date, time, UUID, Decimal, Path and Any"
)


class Reader:
    """Makes shapes of annotations; one for what shares its definitions.

    `closed`: whether objects of the schemas have no other fields than those of their class.
    """

    def __init__(self, closed: bool) -> None:
        self.definitions = Definitions()
        self._closed = closed
        self._classes: dict[type[Any], ReferenceShape] = {}

    def shape(self, annotation: Any, where: str) -> Shape:
        """`where`: of what it is, for the message. DeclarationError: it has no shape."""
        try:
            simple = _SIMPLE.get(annotation)
        except TypeError:  # it has no hash
            simple = None
        if simple is not None:
            return simple
        origin = typing.get_origin(annotation)
        if origin is not None:
            return self._generic(annotation, origin, where)
        if hasattr(annotation, "__value__"):  # `type Name = …`
            return self.shape(annotation.__value__, where)
        if hasattr(annotation, "__supertype__"):  # NewType
            return self.shape(annotation.__supertype__, where)
        if isinstance(annotation, type):
            return self._class(annotation, where)
        raise self._unknown(annotation, where)

    def _generic(self, annotation: Any, origin: Any, where: str) -> Shape:
        args = typing.get_args(annotation)
        if origin is typing.Annotated:
            return self.shape(args[0], where)
        if origin in (typing.Union, types.UnionType):
            return shapes.UnionShape([self.shape(arg, where) for arg in args])
        if origin is typing.Literal:
            return shapes.ChoiceShape(args)
        if origin is tuple:
            if len(args) == 2 and args[1] is Ellipsis:
                return shapes.ListShape(self.shape(args[0], where), tuple)
            return shapes.TupleShape([self.shape(arg, where) for arg in args if arg != ()])
        if origin in _LISTS:
            return shapes.ListShape(self.shape(args[0], where), _LISTS[origin], origin in _SETS)
        if origin in _DICTS:
            return shapes.DictShape(self._key(args[0], where), self.shape(args[1], where))
        if getattr(origin, "__name__", "") in ("Required", "NotRequired", "ReadOnly"):
            return self.shape(args[0], where)
        raise self._unknown(annotation, where)

    def _key(self, annotation: Any, where: str) -> Shape:
        shape = self.shape(annotation, where)
        texts = (shapes.FormatShape, shapes.ChoiceShape)
        if shape is shapes.TEXT or shape is shapes.ANY or isinstance(shape, texts):
            return shapes.TEXT if shape is shapes.ANY else shape
        raise DeclarationError(f"{where}: keys of an object are texts: use dict[str, …]")

    def _class(self, kind: type[Any], where: str) -> Shape:
        if kind in self._classes:
            return self._classes[kind]
        if kind in _LISTS:
            return shapes.ListShape(shapes.ANY, _LISTS[kind], kind in _SETS)
        if kind is tuple:
            return shapes.ListShape(shapes.ANY, tuple)
        if kind in _DICTS:
            return shapes.DictShape(shapes.TEXT, shapes.ANY)
        if issubclass(kind, enum.Enum):
            return self._enum(kind, where)
        if dataclasses.is_dataclass(kind):
            return self._dataclass(kind, where)
        if typing.is_typeddict(kind):
            return self._typed_dict(kind, where)
        raise self._unknown(kind, where)

    def _enum(self, kind: type[enum.Enum], where: str) -> Shape:
        values = [member.value for member in kind]
        if not all(isinstance(value, (str, int, float, bool)) for value in values):
            text = f"{where}: the values of {kind.__name__} must be texts or numbers"
            raise DeclarationError(text)
        return shapes.ChoiceShape(values, kind)

    def _refer(self, kind: type[Any], shape: ObjectShape) -> ReferenceShape:
        # Before its fields are looked at, which may be of the same class.
        shape.open_output = not self._closed
        reference = ReferenceShape(kind, shape, self.definitions)
        self._classes[kind] = reference
        return reference

    def _dataclass(self, kind: type[Any], where: str) -> Shape:
        def parts_of(value: Any) -> abc.Mapping[str, Any] | None:
            if not isinstance(value, kind):
                return None
            return {name: getattr(value, name) for name in shape.fields}

        shape = ObjectShape(lambda made: kind(**made), parts_of, kind.__name__)
        reference = self._refer(kind, shape)
        hints = type_hints(kind, f"{where}: {kind.__name__}")
        for field in dataclasses.fields(kind):
            if not field.init:
                continue
            inside = f"{where}: {kind.__name__}.{field.name}"
            default: Any = MISSING
            if field.default is not dataclasses.MISSING:
                default = field.default
            required = default is MISSING and field.default_factory is dataclasses.MISSING
            hint = hints[field.name]
            shape.fields[field.name] = FieldShape(
                field.name, self.shape(hint, inside), required, default, description_of(hint)
            )
        return reference

    def _typed_dict(self, kind: type[Any], where: str) -> Shape:
        shape = ObjectShape(
            lambda made: made, lambda v: v if isinstance(v, dict) else None, kind.__name__
        )
        reference = self._refer(kind, shape)
        required = set(getattr(kind, "__required_keys__", ()))
        for name, hint in type_hints(kind, f"{where}: {kind.__name__}").items():
            # __required_keys__ is wrong where annotations are texts: the hint itself is asked.
            mark = getattr(typing.get_origin(hint), "__name__", "")
            needed = mark == "Required" or (mark != "NotRequired" and name in required)
            inside = f"{where}: {kind.__name__}.{name}"
            shape.fields[name] = FieldShape(
                name, self.shape(hint, inside), needed, description=description_of(hint)
            )
        return reference

    def _unknown(self, annotation: Any, where: str) -> DeclarationError:
        name = getattr(annotation, "__name__", None) or str(annotation)
        return DeclarationError(f"{where}: {name} has no JSON; known: {_KNOWN}")


def type_hints(of: Any, where: str) -> dict[str, Any]:
    """DeclarationError: a name in an annotation is not known."""
    try:
        return typing.get_type_hints(of, include_extras=True)
    except NameError as error:
        text = f"{where}: an annotation cannot be read: {error}; import it where the task is"
        raise DeclarationError(text) from None


def description_of(annotation: Any) -> str:
    """The text of `Annotated[int, "how many"]`."""
    if typing.get_origin(annotation) is typing.Annotated:
        return next((one for one in annotation.__metadata__ if isinstance(one, str)), "")
    return ""
