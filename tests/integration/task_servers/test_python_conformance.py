"""The Python server keeps every rule that the conformance kit knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from serving import DYNA, ROOT


def test_the_python_server_keeps_every_rule() -> None:
    tasks = Path(__file__).with_name("kit_tasks.py")
    command = (
        f"exec {sys.executable} -m cordyna serve {tasks}:TASKS --url {{url}} --team {{team}} "
        "--server {server} --state {state} --slots 4"
    )
    done = subprocess.run(
        [DYNA, "conformance", "--server", command, "--json"],
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
