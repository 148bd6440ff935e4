"""R5, R25 over the network: `kill -9` again and again while clients ask. What was promised is there once, and ended once.

Kills come after so many promises, or when a start has come so far, never after a time. DYNA_TEST_LONG=1: 200 of them.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

from load import Kind, Load, check_state, events_for, rows, starts_of, unfinished
from serving import Server, eventually, find_port, spawn

KILLS = 200 if os.environ.get("DYNA_TEST_LONG") else 20
CLIENTS = 6
LOG = """
id: say
namespace: acme
inputs: [{id: order, type: int}, {id: key, type: string}]
tasks:
  - {id: only, type: log, message: "{{ inputs.order }} {{ inputs.key }}"}
"""
# One line for each time that an attempt's program really began.
SHELL = """
id: write
namespace: acme
inputs: [{id: order, type: int}, {id: key, type: string}]
tasks:
  - id: only
    type: shell
    script: echo "$DYNA_ATTEMPT" {{ inputs.key }} >> EFFECTS
"""


HOOK = """
id: hooked
namespace: acme
inputs: [{id: order, type: int}, {id: key, type: string}]
tasks:
  - {id: only, type: log, message: "{{ inputs.order }} {{ inputs.key }}"}
triggers:
  - id: in
    type: webhook
    path_secret: HOOK
    inputs: {order: "{{ event.data.order }}", key: "{{ event.data.key }}"}
"""
SECRET = {"DYNA_SECRET_HOOK": "open"}
EVENTS = "acme/hooked/in/open"


def kinds(folder: Path) -> list[Kind]:
    (folder / "hooked.yaml").write_text(HOOK)
    (folder / "say.yaml").write_text(LOG)
    (folder / "write.yaml").write_text(SHELL.replace("EFFECTS", str(folder / "effects")))
    return [starts_of("acme/say"), starts_of("acme/write"), events_for(EVENTS)]


def epoch(folder: Path) -> int:
    return int(rows(folder, "SELECT epoch FROM meta")[0][0])


def pending(folder: Path) -> int:
    return int(rows(folder, "SELECT count(*) FROM event WHERE state = 'pending'")[0][0])


def start_and_maybe_die(folder: Path, rng: random.Random) -> Server | None:
    """None: it was killed while it began."""
    before = epoch(folder)
    server = spawn(folder, **SECRET)
    if rng.random() < 0.25:
        eventually(lambda: epoch(folder) > before, "a new owner")
        server.process.kill()
        server.process.wait()
        return None
    return find_port(server)


def check_promises(load: Load, folder: Path) -> None:
    assert [answer.status for _, answer in load.refused] == []
    assert all(len(set(order.promised)) == 1 for order in load.orders), "asked again, named alike"
    starts = [order for order in load.orders if order.kind.name != EVENTS]
    promised = sorted(order.promised[0] for order in starts)
    there = rows(folder, "SELECT no FROM run WHERE flow_id <> 'hooked' ORDER BY no")
    assert promised == [row[0] for row in there], "each order is a run, and no other run is there"
    events = {order.promised[0]: order for order in load.orders if order.kind.name == EVENTS}
    assert len(events) == len(load.orders) - len(starts), "no two events have one number"
    of_events = rows(
        folder,
        "SELECT event.no, event_id, event.state, json_extract(inputs, '$.key') FROM event"
        " JOIN run ON event.run = run.no",
    )
    assert {row[0] for row in of_events} == set(events), "each event has its run"
    for number, event_id, state, key in of_events:
        assert (event_id, state, key) == (events[number].key, "run", events[number].key)
    hooked = rows(folder, "SELECT count(*) FROM run WHERE flow_id = 'hooked'")[0][0]
    assert hooked == len(events) == rows(folder, "SELECT count(*) FROM event")[0][0]
    states = rows(folder, "SELECT state, count(*) FROM run GROUP BY state")
    assert states == [("completed", len(load.orders))]


def check_effects(load: Load, folder: Path) -> None:
    done = Counter((folder / "effects").read_text().splitlines())
    assert set(done.values()) == {1}, "no attempt began twice"
    wanted = {
        f"{run_id}/only/{attempt} {key}"
        for run_id, attempt, key in rows(
            folder,
            "SELECT run.id, attempt, json_extract(inputs, '$.key') FROM run"
            " JOIN attempt ON run = no WHERE flow_id = 'write'",
        )
    }
    assert set(done) == wanted
    shells = [order for order in load.orders if order.kind.name == "acme/write"]
    assert len(wanted) == len(shells), "a kill of the server is no reason for another attempt"


def test_killed_anywhere_nothing_that_was_promised_is_lost_or_doubled(tmp_path: Path) -> None:
    rng = random.Random(20261128)
    load = Load(kinds(tmp_path), CLIENTS, seed=7)
    server: Server | None = find_port(spawn(tmp_path, **SECRET))
    kills = 0
    try:
        while kills < KILLS:
            if server is not None:
                load.attach(server)
                load.wait_for(rng.choice([0, 1, rng.randrange(60), rng.randrange(120)]), server)
                server.process.kill()
                server.process.wait()
                load.detach()
            kills += 1
            server = start_and_maybe_die(tmp_path, rng)
        server = server or find_port(spawn(tmp_path, **SECRET))
        load.attach(server)
        load.finish(server)
        eventually(
            lambda: unfinished(tmp_path) == 0 and pending(tmp_path) == 0, "the end of all runs", 120
        )
        server.stop()
        assert server.process.returncode == 0, server.last_words()
    finally:
        load.abandon()
        if server is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
    assert load.lost > 0, "no answer was ever lost: too tame"
    check_promises(load, tmp_path)
    check_effects(load, tmp_path)
    check_state(tmp_path)
    print(f"{kills} kills, {len(load.orders)} orders, {load.lost} lost answers")


def test_a_second_server_waits_and_says_so_and_takes_over_when_the_first_is_killed(
    tmp_path: Path,
) -> None:
    """R10: never two at a time; a waiting one begins at once when the first has gone, however it went."""
    (tmp_path / "say.yaml").write_text(LOG)
    first = find_port(spawn(tmp_path))
    second = spawn(tmp_path)
    try:
        run = first.start("acme/say", order=1, key="k")
        eventually(lambda: '"waiting":"owner"' in second.last_words(), "the second says so")
        assert f"owned by process {first.process.pid}" in second.last_words()
        first.ended(run)
        first.process.kill()
        first.process.wait()
        find_port(second)
        assert second.ok("GET", f"/api/v1/runs/{run}")["state"] == "completed"
        second.ended(second.start("acme/say", order=2, key="k"))
        second.stop()
        assert second.process.returncode == 0, second.last_words()
    finally:
        for server in (first, second):
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()
    check_state(tmp_path)
