"""What a real API server answered, written down, and played to the client again.

`Recorder` stands between a server of ours and a real cluster. `Player` answers as it was recorded: it is no
cluster, and knows only what came next. A request that was never recorded ends the test: a client that asks
otherwise must be recorded anew (DYNA_RECORD=1, with tests/integration/kubernetes/test_jobs.py)."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kube_cluster import RUNNER, Cluster

FOLDER = Path(__file__).parent / "recordings"
JOB = re.compile(r"dyna-[a-z0-9-]+-[0-9a-f]{16}")
POD = re.compile(r"NAME-[a-z0-9]{5}(?=/log)")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
VERSION = re.compile(r"(resourceVersion|sinceTime)=[^&]*")


def plain(text: str) -> str:
    """Without what differs from run to run."""
    return VERSION.sub(r"\1=X", UUID.sub("UUID", POD.sub("POD", JOB.sub("NAME", text))))


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def config(self, path: Path) -> Path:
        """A kubeconfig that leads here: over plain HTTP, TLS has tests of its own."""
        server = f"http://127.0.0.1:{self.server_address[1]}"
        path.write_text(json.dumps({
            "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "me"}}],
            "clusters": [{"name": "test", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": {"token": RUNNER}}],
        }))  # fmt: skip
        return path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body: str) -> None:
        raise NotImplementedError

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.answer(self.rfile.read(length).decode())

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    def begin(self, status: int, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def whole(self, status: int, text: str) -> None:
        data = text.encode()
        self.begin(status, len(data))
        self.wfile.write(data)

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


class Recorder:
    """`exchanges`: {"method", "path", "body", "status", "answer"} in order, or of a watch "lines", each with how
    many requests had changed something when it came."""

    def __init__(self, cluster: Cluster) -> None:
        self.exchanges: list[dict[str, Any]] = []
        self.changes = 0
        lock = threading.Lock()
        recorder = self

        class Between(Handler):
            def answer(self, body: str) -> None:
                exchange: dict[str, Any] = {"method": self.command, "path": self.path, "body": body}
                with lock:
                    recorder.exchanges.append(exchange)
                    recorder.changes += self.command != "GET"
                far = cluster.connect()
                headers = {
                    name: self.headers[name]
                    for name in ("Authorization", "Content-Type")
                    if self.headers[name]
                }
                far.request(self.command, self.path, body or None, headers)
                there = far.getresponse()
                exchange["status"] = there.status
                if "watch=1" not in self.path:
                    exchange["answer"] = there.read().decode()
                    self.whole(there.status, exchange["answer"])
                else:
                    exchange["lines"] = []
                    self.begin(there.status)
                    self.hand_on(there, exchange["lines"])
                far.close()

            def hand_on(self, there: http.client.HTTPResponse, lines: list[Any]) -> None:
                try:
                    while line := there.readline():
                        lines.append([recorder.changes, line.decode()])
                        self.chunk(line)
                    self.chunk(b"")
                except OSError:
                    self.close_connection = True

        self.listener = Listener(Between)

    def asked(self) -> list[str]:
        return [f"{one['method']} {plain(one['path'])}" for one in self.exchanges]

    def save(self, name: str) -> None:
        FOLDER.mkdir(exist_ok=True)
        text = json.dumps(self.exchanges, indent=1, sort_keys=True)
        (FOLDER / f"{name}.json").write_text(text + "\n")


class Player:
    """The Jobs that it tells of are the recorded ones, whatever they are called now."""

    def __init__(self, name: str) -> None:
        self.exchanges = json.loads((FOLDER / f"{name}.json").read_text())
        self.unknown: list[str] = []
        self.name = ""  # of the Job
        self.changes = 0
        self.ended = False
        self.moved = threading.Condition()
        player = self

        class Cluster_(Handler):
            def answer(self, body: str) -> None:
                if found := JOB.search(body):
                    player.name = found.group()
                with player.moved:
                    known = player.find(self.command, self.path, body)
                if known is None:
                    player.unknown.append(f"{self.command} {self.path} {body}")
                    self.whole(500, "{}")
                elif "lines" not in known:
                    self.whole(known["status"], player.with_name(known["answer"]))
                    if self.command != "GET":
                        player.move()
                else:
                    self.begin(known["status"])
                    for line in player.lines(known):
                        self.chunk(line.encode())
                    self.close_connection = True

        self.listener = Listener(Cluster_)

    def find(self, method: str, path: str, body: str) -> dict[str, Any] | None:
        """The last of the same words: what was told of a Job by then."""
        same = [one for one in self.exchanges if one["method"] == method and plain(one["path"]) == plain(path)
                and plain(one["body"]) == plain(body)]  # fmt: skip
        return same[-1] if same else None

    def move(self) -> None:
        with self.moved:
            self.changes += 1
            self.moved.notify_all()

    def with_name(self, text: str) -> str:
        return JOB.sub(self.name, text) if self.name else text

    def lines(self, known: dict[str, Any]) -> Iterator[str]:
        """Each when as much was changed as then; in the end it stays open until the test is over."""
        for changes, line in [*known["lines"], [1 << 30, ""]]:
            with self.moved:
                self.moved.wait_for(lambda needed=changes: self.ended or self.changes >= needed, 60)
                if self.ended or self.changes < changes:
                    return
            yield self.with_name(line)

    def stop(self) -> None:
        with self.moved:
            self.ended = True
            self.moved.notify_all()
        self.listener.stop()
