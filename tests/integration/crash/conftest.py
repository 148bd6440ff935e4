"""What the crash tests share: two builds of dyna, flows with side effects that can be counted, reading outcomes."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

ROOT = Path(__file__).resolve().parents[3]
RELEASE = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
# Only this build has the failpoints.
FAILPOINTS = os.environ.get("DYNA_FAILPOINT_BIN", str(ROOT / "build" / "asan" / "bin" / "dyna"))


class Place:
    """A folder with one flow and its state."""

    def __init__(self, folder: Path, flow: str) -> None:
        self.folder = folder
        (folder / "flow.yaml").write_text(flow)

    def dyna(
        self, *arguments: str, binary: str = RELEASE, **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments],
            cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1", **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def spawn(self, *arguments: str, binary: str = RELEASE) -> subprocess.Popen[bytes]:
        log = (self.folder / "dyna.log").open("ab")
        return subprocess.Popen([binary, *arguments], cwd=self.folder, stdout=log, stderr=log)

    def settle(self) -> None:
        """Waits until no guardian is left: those that have just ended are still tidying up."""
        with (self.folder / ".cordyna" / "supervise.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)

    def rows(self, query: str) -> list[tuple]:
        database = sqlite3.connect(f"file:{self.folder}/.cordyna/state.db?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def outcome(self) -> dict[str, object]:
        """What a run came to, without what may differ between two runs of it (times, ids)."""
        runs = self.rows("select state from run order by no")
        tasks = self.rows(
            "select path, state, attempt, blocked_by, outputs from task order by path"
        )
        attempts = self.rows(
            "select path, attempt, state, known_dead from attempt order by path, attempt"
        )
        return {
            "runs": runs,
            "tasks": [(*row[:4], self.values(row[4])) for row in tasks],
            "attempts": attempts,
        }

    def values(self, outputs: str | None) -> object:
        return {k: v for k, v in json.loads(outputs or "{}").items() if k != "files"}

    def effects(self) -> list[str]:
        """One line for each time a task's program really began."""
        file = self.folder / "effects"
        return sorted(file.read_text().splitlines()) if file.exists() else []

    def processes(self) -> list[int]:
        """Those whose working folder is this place, but for this process itself."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if (entry / "cwd").resolve() == self.folder.resolve():
                    found.append(int(entry.name))
            except OSError:
                continue  # gone meanwhile
        return found


@pytest.fixture
def place(tmp_path: Path) -> Callable[[str], Place]:
    count = iter(range(1_000_000))

    def make(flow: str) -> Place:
        folder = tmp_path / str(next(count))
        folder.mkdir()
        return Place(folder, flow)

    return make


def eventually(holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Waits for an event that leaves a trace; the bound is generous, and only reached when it never comes."""
    end = monotonic() + seconds
    for _ in poll():
        if holds():
            return
        assert monotonic() < end, f"never happened within {seconds} s: {what}"


def poll() -> Iterator[None]:
    import select

    while True:
        yield
        select.select([], [], [], 0.02)
