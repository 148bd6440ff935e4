"""A real Redis with the accounts that `dyna redis acl` writes, and a cerebro whose task servers come over it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "inputs")]

from redis_server import Redis, free_port  # noqa: E402
from serving import DYNA, Server, serve  # noqa: E402
from talking import idle_folder  # noqa: E402

SECRET = "DYNA_SECRET_CEREBRO_REDIS"


class RedisNetwork:
    """Ends with `stop`. The Unix socket of Redis is for the test itself, which may do all there."""

    def __init__(self, place: Path, **settings: str) -> None:
        self.port = free_port()
        self.redis = Redis(f"port {self.port}", "bind 127.0.0.1", "appendfsync everysec")
        self.folder = idle_folder(place)
        self.accounts: list[list[str]] = []
        self.config: dict[str, Any] = {
            "redis": f"redis://cerebro@127.0.0.1:{self.port}",
            "redis_secret": SECRET.removeprefix("DYNA_SECRET_"),
            **settings,
        }
        (self.folder / "cordyna.yaml").write_text(json.dumps({"server": self.config}))
        self.password = self.account("--cerebro")["password"]
        self.cerebro: Server | None = None

    def url(self, user: str, port: int = 0) -> str:
        return f"redis://{user}@127.0.0.1:{port or self.port}/0"

    def account(self, *words: str) -> dict[str, Any]:
        """What `dyna redis acl` says of it; Redis has it from now on."""
        done = subprocess.run(
            [DYNA, "redis", "acl", *words, "--json"],
            cwd=self.folder, env=os.environ, capture_output=True, text=True, check=True,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(done.stdout)
        self.accounts.append(told["command"])
        self.allow()
        return told

    def allow(self) -> None:
        """All accounts: a Redis that starts has none of them."""
        for command in self.accounts:
            assert self.redis.ask(*command) == ["OK"]

    def serve(self, *arguments: str) -> Server:
        self.cerebro = serve(self.folder, *arguments, **{SECRET: self.password})
        return self.cerebro

    def streams(self) -> list[str]:
        return [key for key in self.redis.ask("KEYS", "cordyna:*") if key]

    def stop(self) -> None:
        if self.cerebro is not None and self.cerebro.process.poll() is None:
            self.cerebro.stop()
        self.redis.stop()
