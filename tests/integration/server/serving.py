"""A real server on a port that the system chose, and a client for it that hides nothing."""

from __future__ import annotations

import atexit
import http.client
import json
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))

FLOW = """
id: daily
namespace: acme
inputs:
  - {id: word, type: string, default: hello}
  - {id: count, type: int, default: 1}
tasks:
  - {id: say, type: log, message: "{{ inputs.word }} {{ inputs.count }}"}
  - {id: shout, type: shell, needs: [say], script: "echo loud; echo wrong >&2"}
triggers:
  - {id: nightly, type: schedule, cron: "0 2 * * *"}
"""
PAUSED = """
id: asks
tasks:
  - {id: gate, type: pause}
  - {id: after, type: log, needs: [gate], message: done}
"""
BROKEN = """
id: broken
namespace: other
tasks:
  - {id: bad, type: shell, script: "exit 3"}
"""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    folder: Path
    process: subprocess.Popen[str]
    port: int
    login_link: str = ""
    output: Path | None = None  # where its words go, if not into pipes

    @property
    def state(self) -> Path:
        return self.folder / ".cordyna"

    @property
    def admin(self) -> str:
        return (self.state / "admin.token").read_text().strip()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = "admin",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {self.admin if token == 'admin' else token}"
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if data is not None or method in ("POST", "PUT"):
                connection.putheader("Content-Length", str(len(data or b"")))
            connection.endheaders(data)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.call(method, path, body, **more)
        assert 200 <= answer.status < 300, (method, path, answer.status, answer.body)
        return answer.json if answer.body else None

    def token(self, *grants: tuple[str, str], **more: Any) -> str:
        wish = {"name": "of a test", "kind": "service", "grants": [
            {"namespace": namespace, "role": role} for role, namespace in grants]}  # fmt: skip
        return str(self.ok("POST", "/api/v1/tokens", {**wish, **more})["token"])

    def start(self, flow: str = "acme/daily", **inputs: Any) -> int:
        return int(self.ok("POST", f"/api/v1/flows/{flow}/runs", {"inputs": inputs})["run"])

    def ended(self, run: int, token: str | None = "admin") -> dict[str, Any]:
        final = {"completed", "warning", "error", "cancelled"}
        return eventually(
            lambda: (lambda row: row if row["state"] in final else None)(
                self.ok("GET", f"/api/v1/runs/{run}", token=token)
            ),
            f"the end of run {run}",
        )

    def input_that_kept(self, count: int) -> dict[str, Any]:
        """The only input, once it counts so many events: it does so after their commit,
        so that their runs may have ended before."""
        return eventually(
            lambda: (lambda row: row if row["events"] == count else None)(
                self.ok("GET", "/api/v1/inputs")["inputs"][0]
            ),
            f"an input that kept {count} events",
        )

    def last_words(self) -> str:
        """Of a server that keeps its words in a file."""
        return "" if self.output is None else self.output.read_text()[-4000:]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise


def eventually(look: Callable[[], Any], what: object, seconds: float = 60) -> Any:
    """`what` is waited for, in words, or something that shows what came instead."""
    until = monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert monotonic() < until, f"{what} did not come within {seconds} s"
        # Whoever is waited for wants the processor, too.
        select.select([], [], [], 0.002)


def serve(folder: Path, *arguments: str, **env: str) -> Server:
    process = subprocess.Popen(
        [DYNA, "up", str(folder), "--json", *arguments],
        env={**os.environ, "DYNA_LISTEN": "127.0.0.1:0", "NO_COLOR": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.kill)  # a test that fails before its stop() leaves no server behind
    assert process.stdout is not None
    for line in process.stdout:
        told = json.loads(line)
        if "listening" in told:
            port = int(told["listening"].rsplit(":", 1)[1])
            return Server(folder, process, port, told.get("login_link", ""))
    raise AssertionError(f"the server did not begin: {process.communicate()}")


def spawn(folder: Path, *arguments: str, logs: Path | None = None, **env: str) -> Server:
    """One whose words go into a file: a pipe that nobody reads would hold it up once it is full."""
    logs = logs or folder
    output = logs / f"up-{len(list(logs.glob('up-*.log')))}.log"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [DYNA, "up", str(folder), "--json", *arguments],
            env={**os.environ, "DYNA_LISTEN": "127.0.0.1:0", "NO_COLOR": "1", **env},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            text=True,
        )
    atexit.register(process.kill)
    return Server(folder, process, 0, output=output)


def find_port(server: Server, seconds: float = 60) -> Server:
    """Waits until it listens."""
    assert server.output is not None
    until = monotonic() + seconds
    while True:
        text = server.output.read_text()
        for line in text[: text.rfind("\n") + 1].splitlines():
            if line.startswith("{") and "listening" in (told := json.loads(line)):
                server.port = int(told["listening"].rsplit(":", 1)[1])
                return server
        assert server.process.poll() is None, f"the server did not begin: {text}"
        assert monotonic() < until, f"the server does not listen: {text}"
        select.select([], [], [], 0.01)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    for name, text in (("daily", FLOW), ("asks", PAUSED), ("broken", BROKEN)):
        (folder / f"{name}.yaml").write_text(text)
    served = serve(folder)
    yield served
    served.stop()
