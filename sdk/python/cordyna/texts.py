"""JSON and texts within the bounds of messages."""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def dumps(value: Any) -> str:
    """One line of JSON. ValueError: NaN or an infinity. TypeError: it is no JSON."""
    return _ENCODER.encode(value)


def quote(text: str) -> str:
    """A text as JSON."""
    return encode_basestring(text)


def size_of(text: str) -> int:
    """Its bytes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def clean(text: str) -> str:
    """Without halves of surrogate pairs, which are in no UTF-8: each becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def fit(text: str, bytes_max: int) -> str:
    """Cut to so many bytes, with `…` where something is missing."""
    if len(text) * 4 <= bytes_max or size_of(text) <= bytes_max:
        return text
    return text.encode("utf-8", "replace")[: bytes_max - 3].decode("utf-8", "ignore") + "…"
