"""A task server of the npm package, as a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from serving import ROOT, Server, eventually
from steered_server import SteeredServer
from talking import Talker

PACKAGE = ROOT / "sdk" / "typescript"
PROGRAMS = PACKAGE / "tests" / "programs"
TASKS = ("gated", "square")


def node(program: str = "node") -> str:
    """Of `./dev`, else the one that is installed. It runs TypeScript as it is."""
    ours = ROOT / "build" / "node" / program
    found = str(ours) if ours.exists() else shutil.which(program)
    assert found is not None, f"there is no {program}; ./dev test installs it"
    if program == "node":
        told = subprocess.run(
            [found, "--version"], capture_output=True, text=True, check=True
        ).stdout
        version = tuple(map(int, told.strip("v\n").split(".")))
        assert version >= (22, 18, 0), f"{found} is {told.strip()}; 22.18 runs TypeScript as it is"
    return found


class TypescriptServer(SteeredServer):
    """Runs steered.ts: `gated` begins and ends where its files say so."""

    def __init__(self, cerebro: Server, folder: Path, binding: str) -> None:
        super().__init__(cerebro, folder)
        self.binding = binding
        self.token = Talker(cerebro, "orders", "ts").token

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

    def start_run(self, name: str) -> int:
        return self.cerebro.start("orders/gated", folder=str(self.folder), name=name)

    def run(self, name: str) -> int:
        run = self.start_run(name)
        eventually(lambda: self.begun(name), f"{name} that has begun")
        return run
