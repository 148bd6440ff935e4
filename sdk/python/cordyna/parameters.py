"""The parameters of a function, as an object of JSON has them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .annotations import Reader, description_of, type_hints
from .errors import DeclarationError
from .objects import MISSING, FieldShape, ObjectShape
from .shapes import Flaws, Place, Schema


class Parameters:
    """`whose`: of what they are, for messages. DeclarationError: one has no shape, or no name."""

    def __init__(
        self,
        parameters: Iterable[inspect.Parameter],
        hints: Mapping[str, Any],
        reader: Reader,
        whose: str,
    ) -> None:
        self._shape = ObjectShape(lambda made: made, lambda value: value)
        for parameter in parameters:
            where = f"{whose}: parameter '{parameter.name}'"
            self._add(parameter, hints.get(parameter.name, Any), reader, where)

    @classmethod
    def of(cls, function: Callable[..., Any], whose: str) -> Parameters:
        """All that it has."""
        hints = type_hints(function, whose)
        return cls(inspect.signature(function).parameters.values(), hints, Reader(True), whose)

    def _add(self, parameter: inspect.Parameter, hint: Any, reader: Reader, where: str) -> None:
        if parameter.kind is parameter.VAR_KEYWORD:
            self._shape.extra = reader.shape(hint, where)
            return
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            raise DeclarationError(f"{where}: inputs have names: no *{parameter.name} and no '/'")
        required = parameter.default is parameter.empty
        default = MISSING if required else parameter.default
        self._shape.fields[parameter.name] = FieldShape(
            parameter.name, reader.shape(hint, where), required, default, description_of(hint)
        )

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._shape.fields) or self._shape.extra is not None

    def names(self) -> list[str]:
        return list(self._shape.fields)

    def schema(self) -> Schema:
        return self._shape.schema()

    def read(self, given: Any, at: Place, flaws: Flaws) -> dict[str, Any]:
        """The arguments of a call."""
        made: dict[str, Any] = self._shape.read(given, at, flaws)
        return made
