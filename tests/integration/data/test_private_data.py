"""Raw values of personal columns in the state folder: who removes them, and when."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))

PEOPLE = """
id: people
inputs:
  - {{id: least, type: int, default: 0}}
tasks:
  - id: people
    type: load
    from: people.csv
{keep}    contract:
      columns:
        id: {{type: int64, min: 1, on_fail: quarantine}}
        name: {{type: string, pii: true}}
  - {{id: safe, type: secure, of: people, columns: {{name: hash}}}}
  - id: ok
    type: check
    of: safe
    rules:
      - {{name: least, sql: "id > {{{{ inputs.least }}}}"}}
"""


def dyna(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DYNA, *words], cwd=folder, check=False, capture_output=True, text=True)


def flow(folder: Path, keep: str = "") -> None:
    (folder / "people.csv").write_text("id,name\n0,Zed\n1,Ann\n2,Bob\n", encoding="utf-8")
    (folder / "flow.yaml").write_text(PEOPLE.format(keep=keep), encoding="utf-8")


def kept(folder: Path, run: int) -> set[str]:
    runs = folder / ".cordyna" / "runs" / str(run)
    return {path.name for path in runs.rglob("*.parquet")}


RAW = {"people.parquet", "people.quarantine.parquet"}
SAFE = {"safe.parquet", "ok.parquet"}


def test_it_goes_when_the_run_has_ended_and_show_says_so(tmp_path: Path) -> None:
    flow(tmp_path)
    done = dyna(tmp_path, "run", "flow.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert kept(tmp_path, 1) == SAFE
    assert list((tmp_path / ".cordyna" / "private").iterdir()) == []
    shown = dyna(tmp_path, "show", "1", "people").stdout
    assert "1 quarantined" in shown
    assert shown.count("(removed: it held columns that tell about persons") == 2
    report = json.loads(dyna(tmp_path, "show", "1", "people", "--json").stdout)
    assert report["removed"] == ["data", "quarantine_file"]
    assert "removed" not in json.loads(dyna(tmp_path, "show", "1", "ok", "--json").stdout)


def test_it_stays_where_the_task_says_so(tmp_path: Path) -> None:
    flow(tmp_path, keep="    keep_pii: true\n")
    done = dyna(tmp_path, "run", "flow.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert kept(tmp_path, 1) == RAW | SAFE


def test_a_run_that_failed_keeps_it_until_the_next_has_ended(tmp_path: Path) -> None:
    flow(tmp_path)
    assert dyna(tmp_path, "run", "flow.yaml", "--input", "least=1").returncode == 1
    assert kept(tmp_path, 1) >= RAW
    assert dyna(tmp_path, "run", "flow.yaml", "--input", "least=1").returncode == 1
    assert not kept(tmp_path, 1) & RAW
    assert kept(tmp_path, 2) >= RAW
    assert dyna(tmp_path, "run", "flow.yaml").returncode == 0
    assert not kept(tmp_path, 2) & RAW


def test_what_an_owner_could_not_do_any_more_the_next_one_does(tmp_path: Path) -> None:
    flow(tmp_path)
    (tmp_path / "log.yaml").write_text(
        "id: l\ntasks:\n  - {id: a, type: log, message: hello}\n", encoding="utf-8"
    )
    assert dyna(tmp_path, "run", "flow.yaml").returncode == 0
    # As a crash right after the commit leaves it.
    state = tmp_path / ".cordyna"
    mark = state / "private" / "1" / "0-1"
    mark.parent.mkdir()
    mark.touch()
    artifacts = state / "runs" / "1" / "0-1" / "artifacts"
    (artifacts / "people.parquet").write_text("Ann", encoding="utf-8")
    assert dyna(tmp_path, "run", "log.yaml").returncode == 0
    assert kept(tmp_path, 1) == SAFE
    assert not mark.parent.exists()
