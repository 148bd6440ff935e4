"""dyna secret set at a terminal: it asks, shows nothing, and leaves the terminal as it was."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))


class Terminal:
    """A dyna whose input and output are a terminal that we hold the other end of."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.ours, self.theirs = pty.openpty()
        self.before = termios.tcgetattr(self.theirs)
        self.process = subprocess.Popen(
            [DYNA, *words], cwd=folder, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs
        )
        self.text = ""

    def read_until(self, part: str) -> None:
        deadline = time.monotonic() + 30
        while part not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self.ours], [], [], 0.1)[0]:
                self.text += os.read(self.ours, 4096).decode()

    def type(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    def is_as_before(self) -> bool:
        return termios.tcgetattr(self.theirs) == self.before

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path, "secret", "set", "TOKEN")
    opened.read_until("Value of TOKEN (not shown): ")
    yield opened
    opened.close()


def test_a_value_is_asked_for_and_not_shown(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type(b"hunter2\n")
    terminal.read_until("secret 'TOKEN' is set")
    assert terminal.process.wait(timeout=30) == 0
    assert "hunter2" not in terminal.text
    assert terminal.is_as_before()
    (tmp_path / "flow.yaml").write_text(
        "id: f\ntasks:\n  - id: a\n    type: shell\n    script: "
        "test {{ secret('TOKEN') }} = hunter2\n",
        encoding="utf-8",
    )
    assert subprocess.run([DYNA, "run", "flow.yaml"], cwd=tmp_path, check=False).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_sets_nothing_and_leaves_the_terminal_as_it_was(
    terminal: Terminal, tmp_path: Path, number: int
) -> None:
    terminal.type(b"half")
    terminal.process.send_signal(number)
    terminal.read_until("nothing was set")
    assert terminal.process.wait(timeout=30) == 130
    assert terminal.is_as_before()
    assert not (tmp_path / ".cordyna").exists()


def test_an_empty_line_is_no_value(terminal: Terminal) -> None:
    terminal.type(b"\n")
    terminal.read_until("the value of 'TOKEN' is empty")
    assert terminal.process.wait(timeout=30) == 2
    assert terminal.is_as_before()
