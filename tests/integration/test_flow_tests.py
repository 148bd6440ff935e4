"""The tests that examples have of their own, as a user runs them: without the data that is fetched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))


def test_real_estate(tmp_path: Path) -> None:
    flow = tmp_path / "real-estate"
    shutil.copytree(
        ROOT / "examples" / "real-estate",
        flow,
        ignore=shutil.ignore_patterns("data", "out", ".cordyna"),
    )
    command = [DYNA, "test", str(flow), "--json", "--coverage", "--junit", str(tmp_path / "r.xml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [line for line in lines if not line.get("passed", True)]
    assert failed == []
    assert done.returncode == 0, done.stderr
    summary = lines[-1]["summary"]
    assert summary["failed"] == 0
    coverage = summary["coverage"][0]
    assert coverage["reached"] == coverage["of"]
    root = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert int(root.get("tests", 0)) == summary["passed"]
    # Nothing was shared, and no state is left.
    assert not (flow / "out").exists()
    assert not (flow / ".cordyna").exists()
