"""Objects with named fields: dataclasses, typed dictionaries, and the parameters of a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .shapes import ANY, DEPTH_MAX, Flaws, Place, Schema, Shape, within

MISSING: Any = object()


@dataclass
class FieldShape:
    """A field of an object. `default`: MISSING, or what is shown in the schema."""

    name: str
    shape: Shape
    required: bool = True
    default: Any = MISSING
    description: str = ""

    def schema(self) -> Schema:
        out = dict(self.shape.schema())
        if self.description:
            out["description"] = self.description
        if self.default is not MISSING:
            found = Flaws()
            shown = self.shape.write(self.default, (None, "", 0), found)
            if not found:
                out["default"] = shown
        return out


class Definitions:
    """Of the classes that a schema refers to, each once: they may refer to themselves."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._names: dict[type[Any], str] = {}

    def name_of(self, kind: type[Any]) -> str:
        if kind not in self._names:
            taken = set(self._names.values())
            name, number = kind.__name__, 2
            while name in taken:
                name, number = f"{kind.__name__}_{number}", number + 1
            self._names[kind] = name
        return self._names[kind]


class ObjectShape(Shape):
    """`make` builds it of what was read; `parts_of` gives its fields, or None: it is another.

    `extra`: what unknown fields are; None: they are a flaw.
    """

    text = "an object"

    def __init__(
        self,
        make: Callable[[dict[str, Any]], Any],
        parts_of: Callable[[Any], Mapping[str, Any] | None],
        title: str = "",
    ) -> None:
        self.fields: dict[str, FieldShape] = {}
        self.extra: Shape | None = None
        self.open_output = False
        self.make, self.parts_of = make, parts_of
        if title:
            self.text = f"an object ({title})"

    def schema(self) -> Schema:
        properties = {field.name: field.schema() for field in self.fields.values()}
        out: Schema = {"type": "object", "properties": properties}
        required = [field.name for field in self.fields.values() if field.required]
        if required:
            out["required"] = required
        if self.extra is None:
            if not self.open_output:
                out["additionalProperties"] = False
        elif self.extra is not ANY:
            out["additionalProperties"] = self.extra.schema()
        return out

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, dict):
            return self.wrong(value, at, flaws)
        before = len(flaws.found)
        made = {}
        for name, one in value.items():
            field = self.fields.get(name)
            shape = self.extra if field is None else field.shape
            if shape is None:
                flaws.add(within(at, name), f"is not known here; known: {self._known()}")
            else:
                made[name] = shape.read(one, within(at, name), flaws)
        for name, field in self.fields.items():
            if field.required and name not in value:
                flaws.add(within(at, name), f"is missing: {field.shape.text}")
        if len(flaws.found) > before:
            return None
        try:
            return self.make(made)
        except Exception as error:  # what a class has to say about its own values
            return flaws.add(at, f"is not taken: {type(error).__name__}: {error}")

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        parts = self.parts_of(value)
        if parts is None:
            return self.wrong(value, at, flaws)
        if at[2] > DEPTH_MAX:
            return flaws.add(at, f"lies deeper than {DEPTH_MAX} levels")
        out = {}
        for name, one in parts.items():
            field = self.fields.get(name)
            shape = self.extra if field is None else field.shape
            if shape is None:
                flaws.add(within(at, str(name)), f"is not known here; known: {self._known()}")
            else:
                out[name] = shape.write(one, within(at, name), flaws)
        for name, field in self.fields.items():
            if field.required and name not in parts:
                flaws.add(within(at, name), f"is missing: {field.shape.text}")
        return out

    def _known(self) -> str:
        return ", ".join(list(self.fields)[:20]) or "nothing"


class ReferenceShape(Shape):
    """A class, by its name among the definitions."""

    def __init__(self, kind: type[Any], shape: ObjectShape, definitions: Definitions) -> None:
        self.kind, self.shape, self.definitions = kind, shape, definitions
        self.text = f"an object ({kind.__name__})"

    def schema(self) -> Schema:
        name = self.definitions.name_of(self.kind)
        if name not in self.definitions.schemas:
            self.definitions.schemas[name] = {}  # before what is in it: it may refer to itself
            self.definitions.schemas[name] = self.shape.schema()
        return {"$ref": f"#/$defs/{name}"}

    def read(self, value: Any, at: Place, flaws: Flaws) -> Any:
        if not isinstance(value, dict):
            return self.wrong(value, at, flaws)
        return self.shape.read(value, at, flaws)

    def write(self, value: Any, at: Place, flaws: Flaws) -> Any:
        return self.shape.write(value, at, flaws)
