"""What a task declares about itself, and its JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .durations import Duration, duration_text
from .errors import DeclarationError
from .texts import dumps, size_of

Backoff = Literal["constant", "exponential", "random"]
Overlap = Literal["forbid", "allow", "replace"]
CatchUp = Literal["all", "latest", "none"]
RunIn = Literal["thread", "process"]

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
SERVER_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
NEEDS_MAX = 1000
TEXT_MAX = 16_384


@dataclass(frozen=True)
class Owner:
    """Who answers for a task. `contacts`: whom to ask, at least one."""

    team: str
    contacts: Sequence[str] = ()

    def declaration(self) -> dict[str, Any]:
        return {"team": self.team, "contacts": list(self.contacts)}


@dataclass(frozen=True)
class Need:
    """A task that has to have completed before.

    `task`: "id", "team/id", or the task itself. `within`: how fresh, as "6h"; None: it runs first,
    each time. `optional`: its failure is no reason to wait.
    """

    task: Any
    within: Duration | None = None
    optional: bool = False


@dataclass(frozen=True)
class Retry:
    """`attempts` counts the first. `on`: codes or kinds of errors; none: whatever is retryable."""

    attempts: int = 1
    delay: Duration | None = None
    backoff: Backoff | None = None
    max_delay: Duration | None = None
    jitter: bool | None = None
    on: Sequence[str] | None = None

    def declaration(self) -> dict[str, Any]:
        on = None if self.on is None else list(self.on)
        return _without_none(
            attempts=self.attempts,
            delay=_duration("retry.delay", self.delay),
            backoff=self.backoff,
            max_delay=_duration("retry.max_delay", self.max_delay),
            jitter=self.jitter,
            on=on,
        )


@dataclass(frozen=True)
class Timeouts:
    """Until queued, from there until started, from there until its end; and how much more may be
    asked for in all."""

    acknowledge: Duration | None = None
    start: Duration | None = None
    complete: Duration | None = None
    max_extend: Duration | None = None

    def declaration(self) -> dict[str, Any]:
        names = ("acknowledge", "start", "complete", "max_extend")
        return _without_none(**{n: _duration(f"timeouts.{n}", getattr(self, n)) for n in names})


@dataclass(frozen=True)
class Settings:
    """Of a task, as its decorator was given them. None: nothing is declared."""

    id: str
    description: str
    owner: Owner | None = None
    needs: Sequence[Any] = ()
    within: Duration | None = None
    version: str | None = None
    cron: str | None = None
    timezone: str | None = None
    catch_up: CatchUp | None = None
    retry: Retry | None = None
    timeouts: Timeouts | None = None
    overlap: Overlap | None = None
    cancellable: bool = True
    slot_class: str | None = None
    priority: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    runbook_url: str | None = None
    run_in: RunIn = "thread"


def declaration_of(
    settings: Settings,
    owner: Owner | None,
    schemas: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None],
) -> dict[str, Any]:
    """DeclarationError: all that is wrong, and what would be right."""
    flaws = list(_flaws_of(settings, owner))
    parts: dict[str, Any] = {}
    try:
        parts["needs"] = _needs_of(settings, owner, flaws) or None
        parts["timeouts"] = settings.timeouts and settings.timeouts.declaration()
        parts["retry"] = settings.retry and settings.retry.declaration()
    except DeclarationError as error:
        flaws.append(str(error))
    if flaws or owner is None:
        raise DeclarationError(f"task '{settings.id}': " + "; ".join(flaws))
    return _without_none(
        id=settings.id,
        version=settings.version,
        description=settings.description,
        owner=owner.declaration(),
        needs=parts["needs"],
        cron=settings.cron,
        timezone=settings.timezone,
        catch_up=settings.catch_up,
        timeouts=parts["timeouts"],
        retry=parts["retry"],
        overlap=settings.overlap,
        cancellable=None if settings.cancellable else False,
        slot_class=settings.slot_class,
        priority=settings.priority,
        input_schema=schemas[0],
        output_schema=schemas[1],
        labels=dict(settings.labels) or None,
        runbook_url=settings.runbook_url,
    )


def hash_of(declarations: Sequence[Mapping[str, Any]]) -> str:
    """Of all tasks, in any order: the same where they are the same."""
    one = hashlib.sha256()
    for text in sorted(dumps(_sorted(declaration)) for declaration in declarations):
        one.update(text.encode())
        one.update(b"\n")
    return one.hexdigest()


def _flaws_of(settings: Settings, owner: Owner | None) -> Sequence[str]:
    flaws = []
    if not ID.fullmatch(settings.id):
        flaws.append(
            "its id must be small letters, digits, '.', '_' and '-', at most 128, and begin with a "
            "letter or digit: give it one with id="
        )
    if not settings.description.strip():
        flaws.append("says nothing of what it does: write a docstring, or give description=")
    elif size_of(settings.description) > TEXT_MAX:
        flaws.append(f"its description has more than {TEXT_MAX} bytes")
    if owner is None:
        flaws.append('has no owner: give owner=Owner("team", contacts=["a@example.com"])')
    else:
        if not ID.fullmatch(owner.team):
            flaws.append(f"its owner's team '{owner.team}' is no id of a team")
        if isinstance(owner.contacts, str) or not any(one.strip() for one in owner.contacts):
            flaws.append("its owner has no contacts: a list of whom to ask, at least one")
    flaws.extend(_flaws_of_times(settings))
    if settings.retry is not None and not 1 <= settings.retry.attempts <= 1000:
        flaws.append("retry.attempts must be from 1 to 1000, the first one counted")
    if settings.priority is not None and not 0 <= settings.priority <= 1000:
        flaws.append("priority must be from 0 to 1000")
    if not all(isinstance(one, str) for pair in settings.labels.items() for one in pair):
        flaws.append("labels must be texts by name")
    if settings.run_in not in ("thread", "process"):
        flaws.append("run_in must be 'thread' or 'process'")
    for name, words in (
        ("overlap", ("forbid", "allow", "replace")),
        ("catch_up", ("all", "latest", "none")),
    ):
        if getattr(settings, name) not in (None, *words):
            flaws.append(f"{name} must be one of {', '.join(words)}")
    return flaws


def _flaws_of_times(settings: Settings) -> Sequence[str]:
    if settings.cron is None:
        names = ("timezone", "catch_up")
        return [f"{n} is of use with a cron alone" for n in names if getattr(settings, n)]
    if not settings.cron.startswith("@") and len(settings.cron.split()) not in (5, 6):
        return ["cron must have five fields, or six with seconds, as '30 6 * * *'"]
    return []


def _needs_of(settings: Settings, owner: Owner | None, flaws: list[str]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    team = "" if owner is None else owner.team
    if isinstance(settings.needs, str):
        flaws.append("needs must be a list, as needs=['load']")
        return out
    if len(settings.needs) > NEEDS_MAX:
        flaws.append(f"needs more than {NEEDS_MAX} tasks")
        return out
    seen = {settings.id}
    for one in settings.needs:
        need = one if isinstance(one, Need) else Need(one, settings.within)
        name = name_of(need.task, team)
        short = name.removeprefix(f"{team}/")
        if not all(ID.fullmatch(part) for part in name.split("/")) or name.count("/") > 1:
            flaws.append(f"needs '{name}', which is no id of a task, nor team/id")
        elif short in seen:
            flaws.append(f"needs '{name}' twice" if short != settings.id else "needs itself")
        seen.add(short)
        within = _duration(f"needs '{name}': within", need.within)
        optional = True if need.optional else None
        out.append(_without_none(task=name, within=within, optional=optional))
    return out


def name_of(task: Any, team: str) -> str:
    """Of a need: its text, or the name of a task, with its team where that is another."""
    if isinstance(task, str):
        return task
    settings = getattr(task, "settings", None)
    if not isinstance(settings, Settings):
        text = f"needs {task!r}, which is no task: decorate it with @task, or give its id"
        raise DeclarationError(text)
    owner = getattr(task, "owner", None)
    if isinstance(owner, Owner) and team and owner.team != team:
        return f"{owner.team}/{settings.id}"
    return settings.id


def _duration(where: str, value: Duration | None) -> str | None:
    if value is None:
        return None
    try:
        return duration_text(value)
    except ValueError as error:
        raise DeclarationError(f"{where}: {error}") from None


def _without_none(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value
