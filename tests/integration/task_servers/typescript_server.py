"""A task server of the npm package, as a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from serving import ROOT, Server, eventually
from talking import Talker

PACKAGE = ROOT / "sdk" / "typescript"
PROGRAMS = PACKAGE / "tests" / "programs"
TASKS = ("gated", "square")


def node(program: str = "node") -> str:
    """Of `./dev`, else the one that is installed. It runs TypeScript as it is."""
    ours = ROOT / "build" / "node" / program
    found = str(ours) if ours.exists() else shutil.which(program)
    assert found is not None, f"there is no {program}; ./dev test installs it"
    return found


class TypescriptServer:
    """Runs steered.ts: `gated` begins and ends where its files say so."""

    def __init__(self, cerebro: Server, folder: Path, binding: str) -> None:
        self.cerebro, self.folder, self.binding = cerebro, folder, binding
        self.token = Talker(cerebro, "orders", "ts").token
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def journal(self) -> str:
        return (self.folder / "results" / "outbox.journal").read_text()

    def start(self, state: str = "results") -> None:
        environment = {
            **os.environ,
            "CORDYNA_URL": f"http://127.0.0.1:{self.cerebro.port}",
            "CORDYNA_TEAM": "orders",
            "CORDYNA_SERVER": "ts",
            "CORDYNA_TOKEN": self.token,
            "CORDYNA_STATE": str(self.folder / state),
            "CORDYNA_BINDING": self.binding,
        }
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [node(), str(PROGRAMS / "steered.ts")], stdout=log, stderr=log, env=environment
            )

    def is_in(self, state: str) -> bool:
        servers = self.cerebro.ok("GET", "/api/v1/task-servers")["servers"]
        # Over HTTP it is ready before what it declares is decided on.
        tasks = (self.cerebro.call("GET", f"/api/v1/flows/orders/{name}") for name in TASKS)
        known = all(answer.status == 200 for answer in tasks)
        return known and any(one["server"] == "ts" and one["state"] == state for one in servers)

    def wait_for(self, state: str) -> None:
        eventually(lambda: self.is_in(state), f"a server that is {state}")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    # Of `gated`.

    def begun(self, name: str) -> list[str]:
        return self._lines(f"{name}.begun")

    def ended(self, name: str) -> list[str]:
        return self._lines(f"{name}.ended")

    def run(self, name: str) -> int:
        run = self.cerebro.start("orders/gated", folder=str(self.folder), name=name)
        eventually(lambda: self.begun(name), f"{name} that has begun")
        return run

    def open(self, name: str) -> None:
        (self.folder / f"{name}.gate").touch()

    def _lines(self, file: str) -> list[str]:
        path = self.folder / file
        return path.read_text().splitlines() if path.exists() else []
