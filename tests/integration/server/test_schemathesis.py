"""Schemathesis reads the OpenAPI document and tries every operation as it says, and as it does not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from hooking import HOOKED
from serving import FLOW, PAUSED, serve

# Streams have no end, and a session that is logged out is none. Messages of task servers are answered with
# messages, also where they are refused: the documents of the protocol say how, and tests/integration/task_servers.
LEFT_OUT = ("followRuns", "followRun", "logOut", "postTaskEvents", "openTaskSocket")
# Not everything can be said by a schema: the text of a flow must be one, a year is not any four digits.
UNCHECKED = "positive_data_acceptance"


def test_the_api_is_what_its_document_says(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    for name, text in (("daily", FLOW), ("asks", PAUSED), ("orders", HOOKED)):
        (flows / f"{name}.yaml").write_text(text)
    # It tries wrong tokens by the hundred: what it would get for that alone is 429.
    server = serve(flows, "--set", "limits.failures=1000000")
    program = Path(sys.executable).parent / "schemathesis"
    command = [
        str(program), "run", f"http://127.0.0.1:{server.port}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {server.token(('admin', '*'))}",
        "--exclude-checks", UNCHECKED, "--max-examples", "20", "--seed", "7",
        "--generation-deterministic", "--request-timeout", "20", "--no-color",
    ]  # fmt: skip
    for operation in LEFT_OUT:
        command += ["--exclude-operation-id", operation]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested is not None and int(tested[1]) > 50, done.stdout
    assert server.call("GET", "/livez", token=None).status == 200
    server.stop()
