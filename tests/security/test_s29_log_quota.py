"""S29: what tasks print has a bound for each attempt, and one for all together."""

from __future__ import annotations

import subprocess
from pathlib import Path

from serving import DYNA, serve

ATTEMPT_BYTES_MAX = 32 << 20  # as the reference says
FLOODS = """
id: floods
namespace: acme
tasks:
  - {id: lines, type: shell, script: "yes 0123456789 | head -c 45000000"}
  - {id: line, type: shell, script: "head -c 45000000 /dev/zero | tr '\\\\0' x"}
  - {id: nothing, type: shell, script: "head -c 45000000 /dev/zero"}
  - {id: errors, type: shell, script: "yes 0123456789 | head -c 45000000 >&2"}
  - {id: tries, type: shell, script: "yes | head -c 45000000; exit 1", retry: {attempts: 2}, allow_failure: true}
"""
SPEAKS = """
id: speaks
tasks: [{id: say, type: shell, script: "head -c 400000 /dev/zero | tr '\\\\0' x"}]
"""


def logs_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("runs/*/*/log"))


def test_no_attempt_fills_the_disk_and_each_says_that_it_was_cut(tmp_path: Path) -> None:
    (tmp_path / "floods.yaml").write_text(FLOODS)
    (tmp_path / "speaks.yaml").write_text(SPEAKS)
    server = serve(tmp_path)
    run = server.start("acme/floods")
    row = server.ended(run)
    assert row["state"] == "warning", row
    logs = logs_of(tmp_path)
    assert len(logs) == 6, "one for each attempt"
    for log in logs:
        assert ATTEMPT_BYTES_MAX // 2 < log.stat().st_size <= ATTEMPT_BYTES_MAX + 4096, log
    for task in ("lines", "line", "nothing", "errors", "tries"):
        # The end of the log, which says so: page by page, as any client reads it.
        offset, last = 0, []
        while True:
            page = server.ok("GET", f"/api/v1/runs/{run}/log?task={task}&offset={offset}")
            if not page["lines"]:
                break
            offset, last = page["offset"], page["lines"]
        assert last[-1]["stream"] == "system", (task, last[-1]["stream"])
        assert "larger than its cap; the rest is dropped" in last[-1]["text"]
    # The state is as well as ever.
    assert server.ended(server.start("_/speaks"))["state"] == "completed"
    server.stop()


def test_all_logs_together_have_a_bound_where_the_project_sets_one(tmp_path: Path) -> None:
    (tmp_path / "cordyna.yaml").write_text("retention: {logs: {size: 1MiB}}\n")
    (tmp_path / "speaks.yaml").write_text(SPEAKS)
    for _ in range(5):
        subprocess.run([DYNA, "run", "speaks.yaml"], cwd=tmp_path, check=True, capture_output=True)
    assert sum(log.stat().st_size for log in logs_of(tmp_path)) > 3 << 19
    subprocess.run([DYNA, "prune"], cwd=tmp_path, check=True, capture_output=True)
    kept = logs_of(tmp_path)
    assert sum(log.stat().st_size for log in kept) <= 1 << 20
    assert kept and {log.parent.parent.name for log in kept} <= {"4", "5"}, "the newest stay"
