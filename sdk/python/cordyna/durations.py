"""Durations as declarations write them: "250ms", "10s", "1h30m", "PT10M"."""

from __future__ import annotations

import re
from datetime import timedelta

Duration = str | float | timedelta
"""A text as above, seconds, or a timedelta."""

_PLAIN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_ISO = re.compile(r"P(?=[\dT])(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?")
_UNITS_MS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_FORMS = "write it like 250ms, 10s, 5m, 2h, 1d, 1h30m or PT10M"


def duration_text(value: Duration) -> str:
    """The text of a declaration. ValueError: it is none, and how one is written."""
    if isinstance(value, str):
        if value and (_PLAIN.fullmatch(value) or _ISO.fullmatch(value)):
            return value
        raise ValueError(f"'{value}' is not a duration: {_FORMS}")
    if isinstance(value, bool) or not isinstance(value, (int, float, timedelta)):
        raise ValueError(f"{value!r} is not a duration: {_FORMS}, or give seconds or a timedelta")
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 0:
        raise ValueError(f"{value!r} is not a duration: it is negative")
    return _text_of_ms(round(seconds * 1000))


def seconds_of(value: Duration) -> float:
    """The same as seconds; ISO 8601 is not taken here."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if not isinstance(value, str):
        return float(value)
    found = _PLAIN.fullmatch(value) if value else None
    if found is None:
        raise ValueError(f"'{value}' is not a duration: {_FORMS}")
    counts = zip(found.groups(), _UNITS_MS, strict=True)
    return sum(int(count or 0) * unit for count, (_, unit) in counts) / 1000


def _text_of_ms(rest: int) -> str:
    parts = []
    for name, unit in _UNITS_MS:
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts) or "0s"
