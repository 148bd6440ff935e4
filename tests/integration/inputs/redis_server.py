"""A real Redis in a folder of its own, for tests: on a socket there, and, with TLS, on a port that the system chose."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from time import monotonic, sleep


class Redis:
    """Ends with `stop`, which also removes its folder. What it was told survives `restart` and `kill`."""

    def __init__(self, *settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cordyna-redis-"))
        self.socket = self.folder / "redis.sock"
        self.settings = list(settings)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        lines = ["port 0", f"unixsocket {self.socket}", f"dir {self.folder}", "save ''",
                 "appendonly yes", "appendfsync always", *self.settings]  # fmt: skip
        config = self.folder / "redis.conf"
        config.write_text("\n".join(lines) + "\n", encoding="ascii")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", str(config)], stdout=log, stderr=subprocess.STDOUT
            )
        until = monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert monotonic() < until, "Redis does not answer"
            sleep(0.02)

    def answers(self) -> bool:
        done = subprocess.run(
            ["redis-cli", "-s", str(self.socket), "PING"], capture_output=True, check=False
        )
        return done.stdout.startswith((b"PONG", b"NOAUTH"))

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, *words: str | bytes) -> list[str]:
        """The lines of the answer; an error is one."""
        done = subprocess.run(
            ["redis-cli", "-s", str(self.socket), *words], capture_output=True, check=True
        )
        return done.stdout.decode(errors="replace").splitlines()

    def pipe(self, commands: list[list[str]]) -> None:
        """Many at once."""
        whole = b""
        for words in commands:
            whole += b"*%d\r\n" % len(words)
            for word in words:
                whole += b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode())
        done = subprocess.run(
            ["redis-cli", "-s", str(self.socket), "--pipe"],
            input=whole, capture_output=True, check=True,
        )  # fmt: skip
        assert b"errors: 0" in done.stdout, done.stdout


def free_port() -> int:
    """A port that nobody had a moment ago: Redis cannot say which one the system chose."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
