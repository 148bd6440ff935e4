"""`dyna` as a client of a server, with a home of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from serving import BROKEN, DYNA, FLOW, PAUSED, Server, serve

POOLED = """
id: pooled
tasks:
  - {id: one, type: shell, pool: db, script: "echo {{ run.id }}"}
"""
SLOW = """
id: slow
inputs:
  - {id: gate, type: string}
tasks:
  - id: first
    type: shell
    script: "echo begun; while [ ! -e {{ inputs.gate }} ]; do sleep 0.05; done; echo done"
  - {id: second, type: log, needs: [first], message: after}
"""
PROJECT = """
pools:
  db: {slots: 2, description: the warehouse}
places:
  far: {type: docker, slots: 3, cpu: 2.5, memory: 8GB, cost: 0.5, labels: {gpu: a100}}
"""


@dataclass
class Client:
    home: Path
    folder: Path  # where it is called: no state lies here or above
    env: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def contexts(self) -> Path:
        return self.home / "cordyna" / "contexts.json"

    def environment(self, **env: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DYNA_")}
        home = {"XDG_CONFIG_HOME": str(self.home), "NO_COLOR": "1", "TERM": "dumb"}
        return {**kept, **home, **self.env, **env}

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [DYNA, *arguments],
            cwd=self.folder,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """What a test that failed has left."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def call(
        self, *arguments: str, given: str = "", **env: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DYNA, *arguments],
            cwd=self.folder,
            env=self.environment(**env),
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def ok(self, *arguments: str, given: str = "", **env: str) -> str:
        done = self.call(*arguments, given=given, **env)
        assert done.returncode == 0, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def refused(self, code: int, *arguments: str, given: str = "", **env: str) -> str:
        done = self.call(*arguments, given=given, **env)
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        assert done.stderr.startswith("dyna: ") or "\ndyna: " in done.stderr, done.stderr
        return done.stderr

    def login(self, server: Server, name: str = "here", token: str = "") -> None:
        url = f"http://127.0.0.1:{server.port}"
        self.ok("login", url, "--name", name, given=(token or server.admin) + "\n")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    flows = (("daily", FLOW), ("asks", PAUSED), ("broken", BROKEN), ("pooled", POOLED))
    for name, text in (*flows, ("slow", SLOW)):
        (folder / f"{name}.yaml").write_text(text)
    (folder / "cordyna.yaml").write_text(PROJECT)
    server = serve(folder, "--set", f"files={folder}")
    yield server
    server.stop()


@pytest.fixture
def client(tmp_path: Path, served: Server) -> Iterator[Client]:
    (tmp_path / "home").mkdir()
    (tmp_path / "empty").mkdir()
    made = Client(tmp_path / "home", tmp_path / "empty")
    made.login(served)
    yield made
    made.end()
