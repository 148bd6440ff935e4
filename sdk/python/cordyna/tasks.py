"""Tasks: functions with a declaration, and the decorator that makes them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from .declaration import (
    CatchUp,
    Overlap,
    Owner,
    Retry,
    RunIn,
    Settings,
    Timeouts,
    declaration_of,
)
from .durations import Duration
from .errors import DeclarationError
from .signature import Signature

P = ParamSpec("P")
R = TypeVar("R")


class Task(Generic[P, R]):
    """A function that is a task. Called, it is the function itself."""

    def __init__(self, function: Callable[P, R], settings: Settings, tasks: Tasks) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.settings = settings
        self._tasks = tasks

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<task {self.id}>"

    @property
    def id(self) -> str:
        return self.settings.id

    @property
    def owner(self) -> Owner | None:
        return self.settings.owner or self._tasks.owner

    @property
    def slot_class(self) -> str:
        return self.settings.slot_class or "default"

    @property
    def cancellable(self) -> bool:
        return self.settings.cancellable

    @functools.cached_property
    def signature(self) -> Signature:
        # Not before it is asked for: an annotation may name what the module defines later.
        return Signature(self.function, self.id)

    def bind(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of these inputs. BadInput: they are not what it takes."""
        return self.signature.bind(inputs)

    def declaration(self) -> dict[str, Any]:
        """As JSON. DeclarationError: what is wrong with it."""
        schemas = (self.signature.input_schema(), self.signature.output_schema())
        if self.settings.run_in == "process" and self.signature.is_async:
            text = f"task '{self.id}': run_in='process' is for functions that are not async"
            raise DeclarationError(text)
        return declaration_of(self.settings, self.owner, schemas)


class Tasks:
    """A registry of tasks by id. `owner`: of those that name none."""

    def __init__(self, *, owner: Owner | None = None) -> None:
        self.owner = owner
        self._tasks: dict[str, Task[..., Any]] = {}

    def __iter__(self) -> Iterator[Task[..., Any]]:
        return iter(self._tasks.values())

    def __len__(self) -> int:
        return len(self._tasks)

    def __getitem__(self, task_id: str) -> Task[..., Any]:
        return self._tasks[task_id]

    def get(self, task_id: str) -> Task[..., Any] | None:
        return self._tasks.get(task_id)

    def swap(self, tasks: dict[str, Task[..., Any]]) -> dict[str, Task[..., Any]]:
        """Puts others in place of those that it has, and gives these: for reloading."""
        before, self._tasks = self._tasks, tasks
        return before

    def add(self, task: Task[..., Any]) -> None:
        known = self._tasks.get(task.id)
        if known is not None and _place(known) != _place(task):
            raise DeclarationError(
                f"task '{task.id}' is declared twice: in {_place(known)} and in {_place(task)}; "
                "give one of them another id="
            )
        self._tasks[task.id] = task

    def declarations(self, team: str | None = None) -> list[dict[str, Any]]:
        """Of all tasks. DeclarationError: one is wrong, or is not of `team`."""
        found = []
        for task in self:
            one = task.declaration()
            if team is not None and one["owner"]["team"] != team:
                raise DeclarationError(
                    f"task '{task.id}' is owned by team '{one['owner']['team']}'; a server of "
                    f"team '{team}' has tasks of its own team alone"
                )
            found.append(one)
        return found

    @overload
    def task(self, function: Callable[P, R], /) -> Task[P, R]: ...

    @overload
    def task(
        self,
        *,
        id: str | None = None,
        owner: Owner | None = None,
        description: str | None = None,
        version: str | None = None,
        needs: Sequence[Any] = (),
        within: Duration | None = None,
        cron: str | None = None,
        timezone: str | None = None,
        catch_up: CatchUp | None = None,
        retry: Retry | None = None,
        timeouts: Timeouts | None = None,
        overlap: Overlap | None = None,
        cancellable: bool = True,
        slot_class: str | None = None,
        priority: int | None = None,
        labels: Mapping[str, str] | None = None,
        runbook_url: str | None = None,
        run_in: RunIn = "thread",
    ) -> Callable[[Callable[P, R]], Task[P, R]]: ...

    def task(self, *function: Callable[..., Any], **settings: Any) -> Any:
        """Makes a task of a function, sync or async.

        `id`: the function's name, unless given. `description`: its docstring. `needs`: what has to
        have completed before: ids, "team/id", tasks, or `Need`; `within`: how fresh, for those that
        are no `Need`. `run_in`: where a sync function runs; a process can be killed.
        """

        def decorate(of: Callable[..., Any]) -> Task[..., Any]:
            made = Task(of, _settings_of(of, settings), self)
            self.add(made)
            return made

        return decorate(*function) if function else decorate


def _settings_of(function: Callable[..., Any], given: Mapping[str, Any]) -> Settings:
    name = getattr(function, "__name__", type(function).__name__)
    known = {**given, "labels": given.get("labels") or {}}
    known["id"] = given.get("id") or name
    known["description"] = given.get("description") or inspect.getdoc(function) or ""
    try:
        return Settings(**known)
    except TypeError as error:
        text = str(error).rpartition("__init__() ")[2]
        raise DeclarationError(f"task '{known['id']}': @task {text}") from None


def _place(task: Task[..., Any]) -> str:
    return f"{task.function.__module__}.{task.function.__qualname__}"


default_tasks = Tasks()
"""What `@task` of the package itself fills, and `cordyna serve MODULE` serves."""

task = default_tasks.task
