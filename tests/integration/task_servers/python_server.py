"""A task server of the Python package, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from serving import ROOT, Server, eventually
from steered_server import SteeredServer
from talking import Talker

TASKS = '''
"""Tasks that a test steers by files."""

import os
import time
from pathlib import Path

from cordyna import Context, Owner, Retry, task

OWNER = Owner("orders", contacts=["orders@example.com"])


def note(name, text):
    with open(name, "a") as file:
        file.write(text + "\\n")


@task(owner=OWNER, retry=Retry(attempts=3, delay="10ms"), overlap="allow")
def gated(ctx: Context, folder: str, name: str) -> str:
    """Runs until its gate is there."""
    note(f"{folder}/{name}.begun", ctx.attempt)
    while not Path(f"{folder}/{name}.gate").exists():
        ctx.raise_if_cancelled()
        time.sleep(0.01)
    note(f"{folder}/{name}.ended", ctx.attempt)
    return name


@task(owner=OWNER, overlap="allow")
async def square(ctx: Context, number: int) -> int:
    """Squares."""
    ctx.log(f"squaring {number}")
    return number * number
'''


class PythonServer(SteeredServer):
    """`url`, `token`: how it reaches cerebro, if not over a WebSocket."""

    def __init__(
        self, cerebro: Server, folder: Path, url: str = "", token: str = "", team: str = "orders"
    ) -> None:
        super().__init__(cerebro, folder)
        self.url, self.team = url, team
        self.token = token or Talker(cerebro, team, "py").token
        self.module = folder / "steered.py"
        self.module.write_text(TASKS.replace('Owner("orders"', f'Owner("{team}"'))

    def start(self, state: str = "results") -> None:
        environment = {
            **os.environ,
            "CORDYNA_TOKEN": self.token,
            "PYTHONPATH": str(ROOT / "sdk" / "python"),
        }
        url = self.url or f"http://127.0.0.1:{self.cerebro.port}"
        words = ["-m", "cordyna", "serve", str(self.module), "--url", url, "--team", self.team,
                 "--server", "py", "--slots", "8", "--state", str(self.folder / state),]  # fmt: skip
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *words], stdout=log, stderr=log, env=environment
            )

    def is_in(self, state: str) -> bool:
        servers = self.cerebro.ok("GET", "/api/v1/task-servers")["servers"]
        return any(
            (one["team"], one["server"], one["state"]) == (self.team, "py", state)
            for one in servers
        )

    def wait_begun(self, name: str, times: int = 1) -> None:
        eventually(lambda: len(self.begun(name)) >= times, f"{name} that has begun {times} times")

    def run(self, name: str) -> int:
        return self.cerebro.start(f"{self.team}/gated", folder=str(self.folder), name=name)
