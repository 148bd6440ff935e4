"""`dyna up` is killed again and again: each time at which its trigger was due has one run all the same."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from conftest import eventually

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
FLOW = """
id: beat
tasks:
  - {id: say, type: log, message: "{{ run.scheduled_for }}"}
triggers:
  - {id: each, type: schedule, cron: "* * * * * *", catch_up: all}
"""


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [DYNA, "up", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def count(folder: Path, query: str) -> int:
    state = folder / ".cordyna" / "state.db"
    if not state.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{state}?mode=ro", uri=True) as reader:
            return int(reader.execute(query).fetchone()[0])
    except sqlite3.OperationalError:  # its tables are not there yet
        return 0


def ticks_until_now(folder: Path) -> None:
    now = int(time.time() * 1000)
    query = f"SELECT count(*) FROM tick WHERE state = 'run' AND scheduled_for >= {now}"
    eventually(lambda: count(folder, query) > 0, "a tick of this moment")


def test_killed_anywhere_no_tick_is_lost_or_doubled(tmp_path: Path) -> None:
    (tmp_path / "beat.yaml").write_text(FLOW)
    rng = random.Random(7)
    up = start(tmp_path)
    ticks_until_now(tmp_path)
    begun = time.monotonic()
    for _ in range(8):
        up.kill()
        up.wait()
        time.sleep(rng.choice([0.0, 0.0, 1.5]))  # nobody is there
        up = start(tmp_path)
        time.sleep(rng.uniform(0.2, 1.8))  # killed while it starts, catches up, or ticks
    ticks_until_now(tmp_path)
    passed = time.monotonic() - begun
    up.send_signal(signal.SIGTERM)
    _, errors = up.communicate(timeout=60)
    assert up.returncode == 0, errors
    assert errors == b""

    state = sqlite3.connect(tmp_path / ".cordyna" / "state.db")
    ticks = state.execute(
        "SELECT state, scheduled_for, run FROM tick WHERE state <> 'begun' ORDER BY scheduled_for"
    ).fetchall()
    assert len(ticks) >= int(passed)
    assert {row[0] for row in ticks} == {"run"}
    times = [row[1] for row in ticks]
    assert times == list(range(times[0], times[-1] + 1000, 1000))
    runs = state.execute("SELECT no, scheduled_for, state FROM run ORDER BY scheduled_for")
    assert [(row[2], row[1]) for row in ticks] == [
        (no, at) for no, at, state in runs if state == "completed"
    ]


def test_a_run_in_hand_ends_before_up_does(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(
        "id: slow\ntasks:\n  - {id: wait, type: shell, script: 'sleep 2; echo done'}\n"
        "triggers:\n  - {id: each, type: schedule, cron: '* * * * * *'}\n"
    )
    up = start(tmp_path)
    eventually(lambda: count(tmp_path, "SELECT count(*) FROM run") > 0, "a run")
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=60)
    assert up.returncode == 0
    ended = count(tmp_path, "SELECT count(*) FROM run WHERE state = 'completed'")
    assert ended == count(tmp_path, "SELECT count(*) FROM run") > 0
