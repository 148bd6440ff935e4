"""A program that a user of the library would write: containers/probe.cpp."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from serving import eventually

SOURCE = Path(__file__).resolve().parents[1] / "containers" / "probe.cpp"


class Probe:
    """A program with one process that is a webhook, its state, and what it has written."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.output = folder / "output"
        self.output.touch()
        self.running: subprocess.Popen[str] | None = None

    def start(self, *, events: int = 1, attempts: int = 1, **keys: str) -> None:
        words = [f"{key}={value}" for key, value in {"type": "http", **keys}.items()]
        self.running = subprocess.Popen(
            [str(self.program), str(self.folder / "state"), str(self.output), str(events), str(attempts), *words],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_text().split("\n")[:-1]]

    def wait(self, count: int = 1) -> list[dict[str, Any]]:
        """Until so many calls have ended."""

        def there() -> bool:
            assert self.running is not None
            assert self.running.poll() is None, self.running.communicate()
            return len(self.lines()) >= count

        eventually(there, f"{count} lines")
        return self.lines()

    def stop(self) -> None:
        assert self.running is not None
        self.running.terminate()
        _, errors = self.running.communicate(timeout=120)
        assert self.running.returncode == 0, errors

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.communicate()
            self.running = None
