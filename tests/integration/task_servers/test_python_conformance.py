"""The Python server keeps every rule that the conformance kit knows, over WebSockets and over streams of Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis_network import Redis, free_port
from serving import DYNA, ROOT


@pytest.fixture(params=["websocket", "redis"])
def options(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Of the kit."""
    if request.param == "websocket":
        yield []
        return
    port = free_port()
    redis = Redis(f"port {port}", "bind 127.0.0.1", "appendfsync no")
    yield ["--redis", f"redis://127.0.0.1:{port}"]
    left = [key for key in redis.ask("KEYS", "*") if key]
    assert all(int(redis.ask("TTL", key)[0]) > 0 for key in left), left
    redis.stop()


def test_the_python_server_keeps_every_rule(options: list[str]) -> None:
    tasks = Path(__file__).with_name("kit_tasks.py")
    command = (
        f"exec {sys.executable} -m cordyna serve {tasks}:TASKS --url {{url}} --team {{team}} "
        "--server {server} --state {state} --slots 4"
    )
    done = subprocess.run(
        [DYNA, "conformance", "--server", command, "--json", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "python")},
        capture_output=True,
        text=True,
        check=False,
    )
    checks = json.loads(done.stdout)["checks"]
    broken = [one for one in checks if not one["ok"]]
    assert done.returncode == 0 and not broken, (broken, done.stderr)
    assert len(checks) > 50 and {"kill-ended", "fate-fenced", "drain"} <= {
        one["check"] for one in checks
    }
