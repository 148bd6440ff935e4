"""The TypeScript server keeps every rule that the conformance kit knows, over both bindings."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from serving import DYNA
from typescript_server import PROGRAMS, node


@pytest.mark.parametrize(
    ("binding", "count", "some"),
    [
        ("websocket", 50, {"kill-ended", "kill-running", "fate-fenced", "drain"}),
        ("http", 5, {"http-ready", "http-repeat", "http-post-again"}),
    ],
)
def test_the_typescript_server_keeps_every_rule(binding: str, count: int, some: set[str]) -> None:
    done = subprocess.run(
        [DYNA, "conformance", "--server", f"exec {node()} {PROGRAMS / 'kit.ts'}", "--json"],
        env={**os.environ, "CORDYNA_BINDING": binding},
        capture_output=True,
        text=True,
        check=False,
    )
    checks = json.loads(done.stdout)["checks"]
    broken = [one for one in checks if not one["ok"]]
    assert done.returncode == 0 and not broken, (broken, done.stderr)
    assert len(checks) >= count and some <= {one["check"] for one in checks}
