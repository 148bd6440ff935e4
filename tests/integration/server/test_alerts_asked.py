"""Teams are told what may go wrong, too: what waits for a person, is late, stuck or tried again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alerting import Receiver
from serving import DYNA, Server, eventually, serve

ASKS = """
id: asks
namespace: etl
owner: data
tasks:
  - {id: gate, type: pause, message: may it be shared?}
"""
SLOW = """
id: slow
namespace: etl
owner: data
late_after: 1s
stuck_after: 1s
tasks:
  - {id: first, type: shell, pool: one, script: "until [ -e go ]; do sleep 0.05; done"}
  - {id: second, type: shell, pool: one, needs: [gate], script: "true"}
  - {id: gate, type: log, message: at once}
"""
AGAIN = """
id: again
namespace: etl
owner: data
inputs: [{id: heals, type: bool, default: true}]
tasks:
  - id: load
    type: shell
    retry: {attempts: 2, delay: 1s}
    script: "[ {{ inputs.heals }} = true ] && [ -e seen ] && exit 0; touch seen; exit 3"
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def project(folder: Path, receiver: Receiver, flow: str, **rule: Any) -> Path:
    (folder / "cordyna.yaml").write_text("pools: {one: {slots: 1}}\n")
    (folder / "flow.yaml").write_text(flow)
    teams = {
        "teams": {"data": {"channels": ["hook"]}},
        "channels": {"hook": {"type": "webhook", "url": receiver.url("/hook")}},
        "rules": [{"wait": "0s", **rule}],
    }
    (folder / "teams.yaml").write_text(json.dumps(teams))  # which is YAML
    return folder


def told(receiver: Receiver, count: int) -> list[tuple[str, str, str]]:
    """Of each alert in the messages: the type of its message, its kind and task."""
    eventually(lambda: len(alerts(receiver)) >= count, f"{count} alerts")
    return alerts(receiver)


def alerts(receiver: Receiver) -> list[tuple[str, str, str]]:
    return [
        (message.json["type"], one["kind"], one.get("task", ""))
        for message in list(receiver.got)
        for one in message.json["incidents"]
    ]


def ends_well(server: Server, run: int) -> None:
    assert server.ended(run)["state"] == "completed"
    eventually(lambda: not server.ok("GET", "/api/v1/alerts")["alerts"], "nothing is wrong")


def test_what_waits_for_a_person_is_told_until_somebody_decides(
    tmp_path: Path, receiver: Receiver
) -> None:
    server = serve(project(tmp_path, receiver, ASKS))
    try:
        run = server.start("etl/asks")
        assert told(receiver, 1) == [("failing", "held", "gate")]
        assert receiver.got[0].json["title"] == "data: etl/asks#gate waits for a person"
        assert receiver.got[0].json["incidents"][0]["description"] == "may it be shared?"
        (notice,) = server.ok("GET", "/api/v1/notices?kind=held")["notices"]
        assert (notice["run"], notice["task"], notice["team"]) == (run, "gate", "data")
        server.ok("POST", f"/api/v1/runs/{run}/decision", {"decision": "approve"})
        assert told(receiver, 2)[1] == ("recovered", "held", "gate")
        ends_well(server, run)
    finally:
        server.stop()


def test_what_was_decided_while_no_server_looked_is_over_too(
    tmp_path: Path, receiver: Receiver
) -> None:
    folder = project(tmp_path, receiver, ASKS)
    server = serve(folder)
    run = server.start("etl/asks")
    told(receiver, 1)
    server.process.kill()
    server.process.communicate()
    # Without an owner `dyna` carries it out itself.
    subprocess.run([DYNA, "approve", str(run)], cwd=folder, capture_output=True, check=True)
    server = serve(folder)
    try:
        # What the server before may have sent without knowing it comes again first.
        over = ("recovered", "held", "gate")
        eventually(lambda: over in alerts(receiver), "the end of the alert")
        ends_well(server, run)
    finally:
        server.stop()


def test_a_run_that_is_late_and_a_task_that_is_stuck_are_told_and_go_on(
    tmp_path: Path, receiver: Receiver
) -> None:
    server = serve(project(tmp_path, receiver, SLOW))
    try:
        run = server.start("etl/slow")
        # On a busy machine the first task may be stuck for a while, too.
        wanted = {("failing", "late", ""), ("failing", "stuck", "second")}
        eventually(lambda: wanted <= set(alerts(receiver)), "what is late and what is stuck")
        texts = {
            one["kind"]: one["description"]
            for message in receiver.got
            for one in message.json["incidents"]
            if one.get("task", "") in ("", "second")
        }
        assert texts["late"] == "it has not ended 1.0s after it was made"
        assert "pool 'one' is full: 1 of 1 slots" in texts["stuck"]
        (tmp_path / "go").touch()
        over = {("recovered", "late", ""), ("recovered", "stuck", "second")}
        eventually(lambda: over <= set(alerts(receiver)), "the end of both")
        ends_well(server, run)
    finally:
        (tmp_path / "go").touch()
        server.stop()


def test_what_is_tried_again_is_told_where_a_rule_asks_for_it(
    tmp_path: Path, receiver: Receiver
) -> None:
    server = serve(project(tmp_path, receiver, AGAIN, when=["retrying", "failed"]))
    try:
        run = server.start("etl/again")
        assert told(receiver, 1) == [("failing", "retrying", "load")]
        assert told(receiver, 2)[1] == ("recovered", "retrying", "load")
        ends_well(server, run)
        bad = server.start("etl/again", heals=False)
        assert server.ended(bad)["state"] == "error"
        kinds = [kind for _, kind, _ in told(receiver, 3)[2:]]
        assert kinds[0] == "retrying"
        (one,) = eventually(
            lambda: [
                one
                for one in server.ok("GET", "/api/v1/alerts")["alerts"]
                if one["kind"] == "failed"
            ],
            "the alert of the failure",
        )
        assert one["last_run"] == bad
    finally:
        server.stop()


def test_what_is_tried_again_is_not_told_without_a_rule(tmp_path: Path, receiver: Receiver) -> None:
    server = serve(project(tmp_path, receiver, AGAIN))
    try:
        ends_well(server, server.start("etl/again"))
        bad = server.start("etl/again", heals=False)
        assert server.ended(bad)["state"] == "error"
        assert told(receiver, 1) == [("failing", "failed", "load")]
        assert len(server.ok("GET", "/api/v1/notices?kind=retrying")["notices"]) == 2
    finally:
        server.stop()
