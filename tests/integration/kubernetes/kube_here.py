"""A folder of flows with its server, which runs tasks of type kubernetes in a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from serving import Server, eventually, find_port, spawn

SECRET = "t0ps3cret-4711"


class Here:
    def __init__(self, folder: Path, config: Path, **env: str) -> None:
        self.folder = folder
        self.env = {"KUBECONFIG": str(config), "DYNA_SECRET_TOKEN": SECRET, **env}
        self.server: Server | None = None

    def begin(self) -> Server:
        self.server = find_port(spawn(self.folder, **self.env))
        return self.server

    def at(self) -> Server:
        assert self.server is not None
        return self.server

    def kill(self) -> None:
        self.at().process.kill()
        self.at().process.wait()

    def start(self, **keys: Any) -> int:
        """A run of one task with these keys."""
        task = {"id": "work", "type": "kubernetes", "image": "tiny:1", **keys}
        return self.start_flow({"id": "one", "tasks": [task]})

    def start_flow(self, flow: dict[str, Any]) -> int:
        """Of a file in the folder, which the server reads as it begins."""
        if self.server is not None:
            self.server.stop()
        (self.folder / "one.yaml").write_text(json.dumps(flow))
        return self.begin().start("_/one")

    def begin_with(self, flow: dict[str, Any], *arguments: str) -> Server:
        (self.folder / "one.yaml").write_text(json.dumps(flow))
        self.server = find_port(spawn(self.folder, *arguments, **self.env))
        return self.server

    def attempts(self, run: int) -> list[dict[str, Any]]:
        answer = self.at().ok("GET", f"/api/v1/runs/{run}/attempts")
        return list(answer["attempts"])

    def lines(self, run: int, task: str = "work", attempt: int = 1) -> list[str]:
        found: list[str] = []
        offset = 0
        while True:
            answer = self.at().call(
                "GET", f"/api/v1/runs/{run}/log?task={task}&attempt={attempt}&offset={offset}"
            )
            if answer.status == 404:  # it has not begun
                return found
            assert answer.status == 200, answer
            found += [line["text"] for line in answer.json["lines"]]
            if answer.json["offset"] == offset:
                return found
            offset = answer.json["offset"]

    def completed(self, run: int) -> dict[str, Any]:
        row = self.at().ended(run)
        assert row["state"] == "completed", (self.attempts(run), self.lines(run))
        return row

    def error(self, run: int) -> dict[str, Any]:
        assert self.at().ended(run)["state"] == "error", self.attempts(run)
        attempts = self.attempts(run)
        assert len(attempts) == 1, attempts
        return dict(attempts[-1]["error"])

    def started(self, run: int) -> None:
        def runs() -> bool:
            attempts = self.attempts(run)
            return bool(attempts) and attempts[-1]["state"] == "started"

        eventually(runs, f"run {run} to have started", 120)

    def said(self, run: int, words: str) -> None:
        eventually(lambda: any(words in line for line in self.lines(run)), f"'{words}' in the log")
