"""A task server as a process of its own, whose task `gated` begins and ends where its files say so."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from serving import Server, eventually


class SteeredServer:
    """Each SDK's own starts its process, and says what state cerebro sees it in."""

    def __init__(self, cerebro: Server, folder: Path) -> None:
        self.cerebro, self.folder = cerebro, folder
        self.process: subprocess.Popen[bytes] | None = None

    def is_in(self, state: str) -> bool:
        raise NotImplementedError

    def wait_for(self, state: str) -> None:
        eventually(lambda: self.is_in(state), f"a server that is {state}")

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def begun(self, name: str) -> list[str]:
        return self._lines(f"{name}.begun")

    def ended(self, name: str) -> list[str]:
        return self._lines(f"{name}.ended")

    def open(self, name: str) -> None:
        (self.folder / f"{name}.gate").touch()

    def _lines(self, file: str) -> list[str]:
        path = self.folder / file
        return path.read_text().splitlines() if path.exists() else []
