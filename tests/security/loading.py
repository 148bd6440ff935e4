"""One load of a file from a server, by a whole `dyna run`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from serving import DYNA


def load(folder: Path, address: str, *, headers: dict[str, str] | None = None, env: dict[str, str] | None = None,
         more: str = "", idle: str = "20s", keys: str = "") -> tuple[int, str, list[dict[str, Any]]]:  # fmt: skip
    """Exit code, all that was said, and the errors of the task."""
    (folder / "fetch.yaml").write_text(f"""
id: fetch
tasks:
  - id: get
    type: load
    from: {json.dumps(address)}
    format: csv
    headers: {json.dumps(headers or {})}
    transfer: {{attempts: 1, connect_timeout: 2s, idle_timeout: {idle}{more}}}
{keys}
""")
    done = subprocess.run(
        [DYNA, "run", "fetch.yaml", "--json"],
        cwd=folder,
        env={**os.environ, **(env or {}), "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    errors = []
    for line in done.stdout.splitlines():
        failed = json.loads(line).get("summary", {}).get("failed", [])
        errors += [one["error"] for one in failed]
    return done.returncode, said, errors
