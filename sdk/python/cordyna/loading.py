"""Imports the module of a server, and again when its files change."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import CordynaError
from .server import TaskServer
from .tasks import Tasks, default_tasks


class Source:
    """`name`: MODULE, MODULE:OBJECT or FILE.py[:OBJECT]; OBJECT is a `Tasks` or a `TaskServer`.

    Threads: that of the loop.
    """

    def __init__(self, name: str) -> None:
        module, _, self._object = name.partition(":")
        folder = Path.cwd()
        if module.endswith(".py"):
            path = Path(module).resolve()
            if not path.is_file():
                raise CordynaError(f"there is no file {module}")
            folder, module = path.parent, path.stem
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        self.module = module
        self.server: TaskServer | None = None
        self._times: dict[Path, float] = {}

    def load(self) -> Tasks:
        """CordynaError: it cannot be imported, has an error, or no tasks; where, and why.

        The modules of its folder are imported anew; when that fails, the old ones stay.
        """
        importlib.invalidate_caches()
        gone = {name: sys.modules.pop(name) for name in self._own_modules()}
        before = default_tasks.swap({})
        try:
            module = self._import()
            found = self._found(module)
        except BaseException:
            for name in self._own_modules():
                sys.modules.pop(name)
            sys.modules.update(gone)
            default_tasks.swap(before)
            raise
        finally:
            self._times = self._times_now()
        return found

    def has_changed(self) -> bool:
        """Since it was loaded last."""
        return self._times_now() != self._times

    def _import(self) -> ModuleType:
        try:
            return importlib.import_module(self.module)
        except CordynaError as error:
            raise CordynaError(f"{self.module}: {error}") from None
        except ModuleNotFoundError as error:
            if error.name is None or not f"{self.module}.".startswith(f"{error.name}."):
                raise CordynaError(f"{self.module}: {_place(error)}: {error}") from error
            text = f"there is no module '{error.name}' in {Path.cwd()} or among what is installed"
            raise CordynaError(text) from None
        except SyntaxError as error:
            raise CordynaError(f"{error.filename}:{error.lineno}: {error.msg}") from None
        except (Exception, SystemExit) as error:
            text = f"{self.module} cannot be imported: {_place(error)}: {type(error).__name__}"
            raise CordynaError(f"{text}: {error}") from error

    def _found(self, module: ModuleType) -> Tasks:
        if not self._object:
            if len(default_tasks) == 0:
                raise CordynaError(self._without_tasks(module))
            found = Tasks(owner=default_tasks.owner)
            found.swap({task.id: task for task in default_tasks})
            return found
        try:
            of: Any = module
            for part in self._object.split("."):
                of = getattr(of, part)
        except AttributeError:
            text = f"{self.module} has no '{self._object}'; it has: {_candidates(module)}"
            raise CordynaError(text) from None
        if isinstance(of, TaskServer):
            self.server = of
            return of.tasks
        if not isinstance(of, Tasks):
            kind = type(of).__name__
            text = f"{self.module}:{self._object} is a {kind}; it must be a Tasks or a TaskServer"
            raise CordynaError(text)
        return of

    def _without_tasks(self, module: ModuleType) -> str:
        text = f"{self.module} has no tasks: decorate functions with @cordyna.task"
        known = _candidates(module)
        return text if known == "none" else f"{text}, or name an object of it: {known}"

    def _own_modules(self) -> list[str]:
        """What lies in the folder of the module, or of the package that it is in."""
        top = sys.modules.get(self.module.partition(".")[0])
        root = _folder_of(top) if top is not None else None
        if root is None:
            return []
        own = Path(__file__).parent
        return [
            name
            for name, module in list(sys.modules.items())
            if name != "__main__"
            and (path := _path_of(module)) is not None
            and root in path.parents
            and own not in path.parents
            and not {"site-packages", "dist-packages"} & set(path.relative_to(root).parts)
        ]

    def _times_now(self) -> dict[Path, float]:
        found = {}
        for name in self._own_modules():
            path = _path_of(sys.modules[name])
            if path is not None and path.is_file():
                found[path] = path.stat().st_mtime_ns / 1e9
        return found


def _path_of(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file) if isinstance(file, str) else None


def _folder_of(module: ModuleType) -> Path | None:
    path = _path_of(module)
    if path is None:
        return None
    return path.parent.parent if path.name == "__init__.py" else path.parent


def _candidates(module: ModuleType) -> str:
    kinds = (Tasks, TaskServer)
    names = [
        n for n, one in vars(module).items() if isinstance(one, kinds) and one is not default_tasks
    ]
    return ", ".join(names) or "none"


def _place(error: BaseException) -> str:
    """The last line of somebody's code."""
    at, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and Path(__file__).parent not in Path(file).parents:
            at = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return at or "where it is imported"
