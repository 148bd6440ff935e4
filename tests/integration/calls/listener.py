"""A web server that answers as a test says, and remembers what came; and one flow with its state."""

from __future__ import annotations

import json
import os
import sqlite3
import ssl
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

from kept_files import content_below
from serving import eventually

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
PATIENCE = 120


@dataclass
class Came:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    at: float  # monotonic

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drips: bool = False  # a byte of the body now and then, for ever
    hangs: bool = False  # nothing at all, until the client goes or the test ends


Answering = Callable[[Came, int], Reply]


class Listener:
    """`answer` gets each request, and how many came before it."""

    def __init__(self, answer: Answering, tls: ssl.SSLContext | None = None) -> None:
        self.came: list[Came] = []
        self.gone = 0  # of those that hang: clients that went
        self.lock = threading.Lock()
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                came = Came(self.command, self.path, headers, body, monotonic())
                with outer.lock:
                    number = len(outer.came)
                    outer.came.append(came)
                reply = answer(came, number)
                self.close_connection = True
                if reply.hangs:
                    self.wait_for_client()
                    return
                self.send_response(reply.status)
                if not reply.drips:
                    self.send_header("Content-Length", str(len(reply.body)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                while reply.drips and not outer.over.wait(0.02):
                    self.wfile.write(b".")
                    self.wfile.flush()
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

            def wait_for_client(self) -> None:
                self.connection.settimeout(0.05)
                while not outer.over.is_set():
                    try:
                        if self.connection.recv(1) == b"":
                            break
                    except TimeoutError:
                        continue
                    except OSError:
                        break
                with outer.lock:
                    outer.gone += 1

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_one

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # clients go as they like

        self.server = Quiet(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = int(self.server.server_port)
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def wait(self, count: int) -> None:
        eventually(lambda: len(self.came) >= count, f"{count} requests")


class Place:
    """A folder with one flow and its state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "NO_COLOR": "1", "no_proxy": "*"}

    def write(self, *tasks: dict[str, Any], **more: Any) -> None:
        flow = {"id": "calls", "tasks": list(tasks), **more}
        (self.folder / "calls.yaml").write_text(json.dumps(flow))

    def call(self, **keys: Any) -> None:
        """A flow of one task."""
        inputs = keys.pop("inputs", [])
        variables = keys.pop("vars", {})
        self.write({"id": "call", "type": "http", **keys}, inputs=inputs, vars=variables)

    def dyna(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([DYNA, *words], cwd=self.folder, env=self.env, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)  # fmt: skip

    def run(self, *words: str) -> int:
        done = self.dyna("run", "calls.yaml", *words)
        self.said = done.stdout + done.stderr
        return done.returncode

    def spawn(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "dyna.log").open("ab")
        return subprocess.Popen([DYNA, *words], cwd=self.folder, env=self.env, stdout=log,
                                stderr=log)  # fmt: skip

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(f"file:{self.folder}/.cordyna/state.db?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def outputs(self, task: str = "call") -> dict[str, Any]:
        rows = self.rows(f"select outputs from task where path = '{task}' order by run")
        return dict(json.loads(rows[-1][0] or "{}"))

    def errors(self) -> list[tuple[str, str]]:
        """Code and message of each attempt that failed."""
        found = self.rows(
            "select error_code, error_message from attempt where error_code is not null "
            "order by run, attempt"
        )
        return [(str(code), str(message)) for code, message in found]

    def log(self, task: str = "call") -> str:
        done = self.dyna("logs", "last", task)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def everything(self) -> bytes:
        """What lies in the state folder, and what was said."""
        return content_below(self.folder / ".cordyna") + self.said.encode()
