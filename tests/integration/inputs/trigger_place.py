"""A folder with a flow that a trigger starts, its servers, and the runs that came of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from serving import Server, eventually, find_port, spawn
from state_rows import rows

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
PATIENCE = 600 if LONG else 120


class TriggerPlace:
    patience = PATIENCE  # seconds

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Server] = []

    def start(self, *arguments: str, **env: str) -> Server:
        self.started.append(spawn(self.folder, *arguments, **env))
        return find_port(self.started[-1])

    def kill(self) -> None:
        while self.started:
            server = self.started.pop()
            server.process.kill()
            server.process.wait()

    def runs(self) -> list[dict]:
        """Their states and inputs, in the order in which they were made."""
        found = rows(self.folder, "SELECT state, inputs FROM run ORDER BY rowid")
        return [{"state": state, **json.loads(inputs)} for state, inputs in found]

    def ended(self, count: int) -> list[dict]:
        """All runs, once so many have completed; never are there more."""

        def look() -> list[dict] | None:
            found = self.runs()
            assert len(found) <= count, f"{len(found)} runs, {count} wanted: {found[-3:]}"
            whole = len(found) == count and all(one["state"] == "completed" for one in found)
            return found if whole else None

        return eventually(look, f"{count} runs", self.patience)

    def kept(self) -> int:
        """Events in the state."""
        return int(rows(self.folder, "SELECT count(*) FROM event")[0][0])
