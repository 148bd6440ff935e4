"""Triggers of type flow: runs that end start others, once each, whoever falls over."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from serving import DYNA, Server, eventually, find_port, serve, spawn
from state_rows import rows

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
KILLS = 40 if LONG else 6
LOAD = """
id: {id}
namespace: acme
inputs: [{{id: n, type: int, default: 1}}]
tasks:
  - {{id: count, type: shell, script: 'echo "rows={{{{ inputs.n }}}}" >> $DYNA_OUTPUTS'}}
outputs: {{rows: "{{{{ outputs.count.rows }}}}"}}
"""
REPORT = """
id: report
namespace: acme
inputs: [{id: both, default: none}, {id: last, default: none}]
tasks: [{id: say, type: log, message: "{{ inputs.both }}"}]
triggers:
  - id: loaded
    type: flow
    flows: [orders, acme/prices]
    inputs:
      both: "{{ event.data.runs['acme/orders'].outputs.rows }}+{{ event.data.runs['acme/prices'].outputs.rows }}"
      last: "{{ event.location }} {{ event.data.state }} {{ event.data.inputs.n }}"
"""
EACH = """
id: each
namespace: acme
inputs: [{id: of, default: none}]
tasks: [{id: say, type: log, message: "{{ inputs.of }}"}]
triggers:
  - {id: any, type: flow, flows: [orders, prices], need: any, inputs: {of: "{{ event.id }}"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("orders", "prices"):
        (tmp_path / f"{name}.yaml").write_text(LOAD.format(id=name))
    (tmp_path / "report.yaml").write_text(REPORT)
    (tmp_path / "each.yaml").write_text(EACH)
    return tmp_path


def runs_of(server: Server, flow: str) -> list[dict]:
    """Ended ones, the oldest first."""
    found = server.ok("GET", f"/api/v1/runs?flow={flow}&limit=500")["runs"]
    return [one for one in reversed(found) if one["state"] == "completed"]


def test_a_report_follows_when_both_have_loaded(folder: Path) -> None:
    server = serve(folder)
    try:
        server.ended(server.start("acme/orders", n=3))
        server.ended(server.start("acme/orders", n=4))
        assert runs_of(server, "report") == []
        words = [DYNA, "why", "acme/report", "--state", str(server.state)]
        why = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        told = "when runs of acme/orders, acme/prices have ended; of acme/orders one has"
        assert f"next: loaded: {told}\n" in why, why
        server.ended(server.start("acme/prices", n=5))
        (report,) = eventually(lambda: runs_of(server, "report"), "the report")
        assert report["inputs"] == {"both": "4+5", "last": "acme/prices completed 5"}
        assert report["trigger"] == "loaded"
        (listed,) = [
            one
            for one in server.ok("GET", "/api/v1/triggers")["triggers"]
            if one["trigger"] == "loaded"
        ]
        assert (listed["type"], listed["pending"], listed["dead"]) == ("flow", 0, 0)
    finally:
        server.stop()


def test_flows_that_would_start_each_other_for_ever_are_not_applied(folder: Path) -> None:
    text = LOAD.format(id="orders") + "triggers: [{id: t, type: flow, flows: report}]\n"
    (folder / "orders.yaml").write_text(text)
    done = subprocess.run([DYNA, "apply", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "acme/orders → acme/report → acme/orders" in done.stderr, done.stderr


def test_killed_again_and_again_each_end_has_its_run_once(folder: Path) -> None:
    chance = random.Random(7)
    asked = 0
    for _ in range(KILLS):
        server = find_port(spawn(folder))
        for _ in range(chance.randrange(2, 7)):
            server.start(chance.choice(["acme/orders", "acme/prices"]), n=asked)
            asked += 1
        seen = rows(folder, "SELECT count(*) FROM run")[0][0]
        wanted = seen + chance.randrange(3)
        eventually(
            lambda: rows(folder, "SELECT count(*) FROM run")[0][0] >= wanted  # noqa: B023
            or rows(folder, "SELECT count(*) FROM run WHERE state NOT IN "
                    "('completed', 'error', 'cancelled', 'warning')")[0][0] == 0,
            "some more runs",
        )  # fmt: skip
        server.process.kill()
        server.process.wait()
    server = find_port(spawn(folder))
    try:
        eventually(lambda: len(runs_of(server, "each")) >= asked, "a run for each end")
        ended = {one["id"] for flow in ("orders", "prices") for one in runs_of(server, flow)}
        assert len(ended) == asked
        assert sorted(one["inputs"]["of"] for one in runs_of(server, "each")) == sorted(ended)
        events = rows(folder, "SELECT event_id FROM event WHERE flow_id = 'each'")
        assert sorted(event for (event,) in events) == sorted(ended)
    finally:
        server.stop()


BATCH = """
id: many
namespace: acme
inputs: [{id: ids, type: json, default: []}, {id: count, type: int, default: 0}]
tasks: [{id: say, type: log, message: "{{ inputs.ids | json }}"}]
triggers:
  - id: in
    type: webhook
    path_secret: HOOK
    batch: {max: 3, within: 10m}
    inputs:
      count: "{{ event.count }}"
      ids: ["{{ event.events[0].data.n }}", "{{ event.data.n }}"]
"""
QUIET = """
id: quiet
namespace: acme
inputs: [{id: last, type: int, default: 0}, {id: count, type: int, default: 0}]
tasks: [{id: say, type: log, message: "{{ inputs.last }}"}]
triggers:
  - id: in
    type: webhook
    path_secret: HOOK
    debounce: 2s
    inputs: {count: "{{ event.count }}", last: "{{ event.data.n }}"}
"""


def send(server: Server, flow: str, n: int) -> None:
    answer = server.call("POST", f"/hooks/acme/{flow}/in/open", {"n": n}, token=None)
    assert answer.status == 202, answer.body


def test_a_batch_is_one_run_also_over_a_crash(tmp_path: Path) -> None:
    (tmp_path / "many.yaml").write_text(BATCH)
    server = find_port(spawn(tmp_path, DYNA_SECRET_HOOK="open"))
    send(server, "many", 1)
    send(server, "many", 2)
    server.process.kill()
    server.process.wait()
    assert rows(tmp_path, "SELECT state FROM event") == [("pending",), ("pending",)]
    server = find_port(spawn(tmp_path, DYNA_SECRET_HOOK="open"))
    try:
        send(server, "many", 3)
        (run,) = eventually(lambda: runs_of(server, "many"), "the run of three events")
        assert run["inputs"] == {"ids": [1, 3], "count": 3}
        assert rows(tmp_path, "SELECT state, run FROM event") == [("run", run["run"])] * 3
    finally:
        server.stop()


def test_a_debounced_run_is_for_the_last_event(tmp_path: Path) -> None:
    (tmp_path / "quiet.yaml").write_text(QUIET)
    server = find_port(spawn(tmp_path, DYNA_SECRET_HOOK="open"))
    try:
        for n in range(5):
            send(server, "quiet", n)
        eventually(
            lambda: sum(one["inputs"]["count"] for one in runs_of(server, "quiet")) == 5,
            "runs for all events",
        )
        # On a machine that stood still in between there may be two.
        assert runs_of(server, "quiet")[-1]["inputs"]["last"] == 4
        assert len(runs_of(server, "quiet")) < 5
    finally:
        server.stop()
