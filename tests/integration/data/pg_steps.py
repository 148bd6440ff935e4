"""Single data steps for the tests with a server: as a guardian would start them, and fast."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from time import monotonic

import pandas as pd
from postgres_server import PASSWORD, Server

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
TYPES = {"int64": "BIGINT", "float64": "DOUBLE", "bool": "BOOLEAN", "int32": "INTEGER"}


def run_id(number: int) -> str:
    """A UUIDv7: a greater number is a later run."""
    return f"{number:08x}-0000-7000-8000-000000000000"


class Steps:
    """A folder for steps against one server."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.count = 0
        self.said = ""

    def connection(self, **more: object) -> dict[str, object]:
        return {
            "type": "postgres",
            "name": "warehouse",
            "host": str(self.server.folder),
            "database": "postgres",
            "user": "dyna",
            "password": {"secret": "PG_PASSWORD"},
            **more,
        }

    def table(self, name: str, **more: object) -> dict[str, object]:
        return {"connection": self.connection(), "to": name, **more}

    def write(
        self, type_: str, params: dict, data: pd.DataFrame | Path | None, run: int, attempt: int
    ) -> Path:
        self.count += 1
        folder = self.folder / f"attempt-{self.count}"
        folder.mkdir()
        upstream = {}
        if data is not None:
            path = data if isinstance(data, Path) else folder / "in.parquet"
            if not isinstance(data, Path):
                data.to_parquet(path, index=False)
            upstream = {"x": {"path": str(path)}}
        step = {
            "version": 1,
            "id": "s",
            "type": type_,
            "folder": str(self.folder),
            "attempt": {"run": run_id(run), "task": "s", "number": attempt},
            "params": params,
            "upstream": upstream,
            "paths": {name: str(folder / name) for name in ("artifacts", "work", "report")},
        }
        (folder / "step.json").write_text(json.dumps(step))
        return folder

    def start(self, folder: Path, password: str = PASSWORD) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [DYNA, "data-step", str(folder / "step.json")],
            env={**os.environ, "DYNA_KEY_0": password},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def report(self, folder: Path) -> dict:
        return json.loads((folder / "report").read_text())

    def step(self, type_: str, params: dict, data: pd.DataFrame | Path | None = None, *,
             run: int = 1, attempt: int = 1, password: str = PASSWORD) -> dict:  # fmt: skip
        """Runs it; its report."""
        folder = self.write(type_, params, data, run, attempt)
        process = self.start(folder, password)
        self.said = process.communicate()[0]
        return self.report(folder)

    def share(self, data: pd.DataFrame | Path, to: object, **more: object) -> dict:
        names = ("run", "attempt", "password")
        rest = {key: more.pop(key) for key in names if key in more}
        return self.step("share", {"of": "x", "to": to, **more}, data, **rest)

    def shared(self, data: pd.DataFrame | Path, to: object, **more: object) -> dict:
        report = self.share(data, to, **more)
        assert "error" not in report, report["error"]
        return report

    def refused(self, code: str, data: pd.DataFrame | Path, to: object, **more: object) -> str:
        """The message of a share that must fail with `code`."""
        report = self.share(data, to, **more)
        assert report["error"]["code"] == code, report["error"]
        return report["error"]["message"]

    def load(self, **params: object) -> dict:
        given = {"connection": self.connection(), **params}
        return self.step("load", given)


def until(holds, what: str, seconds: float = 60) -> None:
    import select

    end = monotonic() + seconds
    while not holds():
        assert monotonic() < end, f"never happened within {seconds} s: {what}"
        select.select([], [], [], 0.01)


OLD = pd.DataFrame({"id": [1, 2], "name": ["old one", "old two"]})
NEW = pd.DataFrame({"id": [2, 3, 4], "name": ["two", "", None]})


def rows(pg: Steps, table: str = "gold.t") -> str:
    """The table's rows in their order, with where and by whom each was written."""
    return pg.server.sql(f"SELECT ctid, xmin, t.* FROM {table} t ORDER BY t")


def values(pg: Steps, table: str = "gold.t") -> list[str]:
    return pg.server.sql(f"SELECT * FROM {table} t ORDER BY t").splitlines()


def old_table(pg: Steps) -> str:
    pg.server.sql(
        "CREATE TABLE gold.t (id bigint PRIMARY KEY, name text);"
        "INSERT INTO gold.t VALUES (1, 'old one'), (2, 'old two')"
    )
    return rows(pg)
