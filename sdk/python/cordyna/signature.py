"""What a function takes and gives, as its annotations say."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .annotations import Reader, type_hints
from .context import Context
from .errors import BadInput, BadOutput, DeclarationError
from .parameters import Parameters
from .shapes import ANY, NULL, ROOT, Flaws, Place, Schema, Shape, within
from .texts import dumps

_AT_INPUTS: Place = within(ROOT, "inputs")
_AT_OUTPUT: Place = within(ROOT, "output")


class Signature:
    """Of a task's function. Threads: any.

    A first parameter annotated `Context` gets the context. The others are inputs, by name.
    """

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        hints = type_hints(function, f"task '{name}'")
        parameters = list(inspect.signature(function).parameters.values())
        self.wants_context = bool(parameters) and _is_context(hints.get(parameters[0].name))
        self.is_async = inspect.iscoroutinefunction(function)
        self._input_reader = Reader(closed=True)
        self._output_reader = Reader(closed=False)
        inputs = parameters[1 if self.wants_context else 0 :]
        for parameter in inputs:
            if _is_context(hints.get(parameter.name)):
                text = f"task '{name}': parameter '{parameter.name}': only the first parameter may be the context"
                raise DeclarationError(text)
        self._inputs = Parameters(inputs, hints, self._input_reader, f"task '{name}'")
        self._returns = hints.get("return", Any)
        self._output = self._output_reader.shape(self._returns, f"task '{name}': what it returns")

    def input_schema(self) -> Schema:
        return _with_definitions(self._inputs.schema(), self._input_reader)

    def output_schema(self) -> Schema | None:
        """None: it says nothing, or gives nothing but what it names itself."""
        if self._output is ANY or self._output is NULL:
            return None
        return _with_definitions(self._output.schema(), self._output_reader)

    def bind(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call. BadInput: what is wrong, where, and what would be right."""
        if not self._inputs and not inputs:
            return {}
        flaws = Flaws()
        arguments = self._inputs.read(inputs, _AT_INPUTS, flaws)
        if flaws:
            raise BadInput(str(flaws))
        return arguments

    def output_text(self, result: Any, named: Mapping[str, Any]) -> str | None:
        """The output as JSON; None: there is none. `named`: what ctx.output was given."""
        if result is None and not named and self._output in (ANY, NULL):
            return None
        flaws = Flaws()
        written = self._written(result, named, flaws)
        if flaws:
            raise BadOutput(str(flaws))
        text = dumps(written)
        if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
            raise BadOutput("#/output: has half of a surrogate pair, which is no UTF-8")
        return text

    def _written(self, result: Any, named: Mapping[str, Any], flaws: Flaws) -> Any:
        shape: Shape = ANY if self._output is NULL and result is None else self._output
        written = shape.write(result, _AT_OUTPUT, flaws)
        if not named or flaws:
            return written
        if written is None:
            written = {}
        if not isinstance(written, dict):
            flaws.add(_AT_OUTPUT, "must be an object or nothing where ctx.output is used too")
            return None
        for name, value in named.items():
            written[name] = ANY.write(value, within(_AT_OUTPUT, name), flaws)
        return written


def _is_context(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Context)


def _with_definitions(schema: Schema, reader: Reader) -> Schema:
    found = reader.definitions.schemas
    return {**schema, "$defs": dict(found)} if found else schema
