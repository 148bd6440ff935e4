"""Every example in the reference runs as it stands, from the page alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
REFERENCE = (ROOT / "docs/reference/language.md").read_text()
EXAMPLE = re.compile(
    r"^An example, `flow\.yaml`; a run of it ends as (\w+):\n```yaml\n(.*?)^```\n"
    r"((?:Beside it, .*?\n(?:```\n.*?^```\n)?)*)",
    re.S | re.M,
)
BESIDE = re.compile(r"^Beside it, (?:an empty )?`([^`]+)`[.:]\n(?:```\n(.*?)^```\n)?", re.S | re.M)


def examples() -> Iterator[object]:
    for found in EXAMPLE.finditer(REFERENCE):
        ends, flow, beside = found.groups()
        title = re.findall(r"^##+ (.*)$", REFERENCE[: found.start()], re.M)[-1]
        yield pytest.param(ends, flow, BESIDE.findall(beside), id=title)


def test_each_task_type_has_one() -> None:
    types = re.findall(r"^### (\w+)$", REFERENCE.split("## Task types")[1].split("\n## ")[0], re.M)
    titles = {str(getattr(param, "id", "")) for param in examples()}
    wanted = set(types) - {
        "invoke"
    }  # ends with a task server alone: tests/integration/task_servers
    assert wanted and wanted <= titles, wanted - titles


@pytest.mark.parametrize(("ends", "flow", "files"), list(examples()))
def test_runs(ends: str, flow: str, files: list[tuple[str, str]], tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(flow)
    for name, text in files:
        (tmp_path / name).write_text(text)
    checked = subprocess.run(
        [DYNA, "validate", "flow.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    run = subprocess.run(
        [DYNA, "run", "flow.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    runs = subprocess.run(
        [DYNA, "runs", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    first = json.loads(runs.stdout)[-1]
    assert first["run"] == 1
    assert first["state"] == ends, run.stdout + run.stderr
