"""C++ programs of the tests, built as a user of the library would build them, and what they write."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from time import monotonic, sleep

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CORDYNA_BUILD", str(ROOT / "build" / "release")))
PATIENCE = 120


def run(*command: str | Path, **options: object) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(source: Path, prefix: Path) -> Path:
    """With the installed library alone, which is installed below `prefix`."""
    run("cmake", "--install", BUILD, "--component", "library", "--prefix", prefix)
    folder = next(prefix.rglob("libcordyna.so")).parent
    environment = {**os.environ, "PKG_CONFIG_PATH": str(folder / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "cordyna", env=environment).split()
    built = prefix / source.stem
    run("g++", "-std=c++23", "-Wall", "-Wextra", "-Werror", source, *flags,
        "-pthread", f"-Wl,-rpath,{folder}", "-o", built)  # fmt: skip
    return built


class Program:
    """One that writes each event as a line of `output`, and its errors."""

    def __init__(self, program: Path, folder: Path, name: str) -> None:
        self.program, self.name = program, name
        self.state, self.output = folder / f"{name}-state", folder / f"{name}-output"
        self.errors = folder / f"{name}-errors"
        self.output.touch()
        self.running: subprocess.Popen[bytes] | None = None
        self._events: list[dict] = []
        self._read = 0

    def command(self, *words: str | Path) -> list[str]:
        return [str(self.program), *map(str, words)]

    def spawn(self, *words: str | Path) -> None:
        with self.errors.open("ab") as errors:
            self.running = subprocess.Popen(self.command(*words), stderr=errors)

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self.running = None

    def events(self) -> list[dict]:
        """All that came, of which only what is new is read: there may be a million."""
        with self.output.open("rb") as output:
            output.seek(self._read)
            text = output.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._events += [json.loads(line) for line in whole.decode().split("\n")[:-1]]
        self._read += len(whole)
        return self._events

    def lines(self) -> list[str]:
        # Not splitlines: a text may hold other ends of lines. What is behind the last one is not there yet.
        return self.output.read_text(encoding="utf-8").split("\n")[:-1]

    def wait(self, count: int) -> list[dict]:
        """Until there are so many different events; all of them, in the order in which they came."""
        found: dict[str, dict] = {}
        looked = 0
        while True:
            events = self.events()
            # As long as they come, however slowly, there is something to wait for.
            if looked == 0 or len(events) > looked:
                until = monotonic() + PATIENCE
            found.update((event["key"], event) for event in events[looked:])
            looked = len(events)
            if len(found) >= count:
                assert len(found) == count
                return list(found.values())
            assert self.running is not None
            assert self.running.poll() is None, self.errors.read_text()
            assert monotonic() < until, f"{len(found)} of {count}\n{self.errors.read_text()}"
            sleep(0.02)

    def wait_for_error(self, text: str) -> None:
        until = monotonic() + PATIENCE
        while text not in self.errors.read_text():
            assert monotonic() < until, self.errors.read_text()
            sleep(0.02)
