"""R7, R9: a disk that is full, read-only, broken, slow or hangs. What was answered stays, and the server says what is wrong.

A full disk is waited out: new work is refused until there is space again, and then all goes on by itself.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

from broken_machine import SYNCS, WRITES, Disk, disk, fill, small_disk
from load import Load, check_state, rows, starts_of, unfinished
from serving import Answer, Server, eventually, find_port, spawn

__all__ = ["disk"]

LOG = """
id: say
namespace: acme
inputs: [{id: order, type: int, default: 0}, {id: key, type: string, default: none}]
tasks:
  - {id: only, type: log, message: "{{ inputs.order }} {{ inputs.key }}"}
"""
# Ends when it may, and leaves nothing on the state's disk until then.
GATED = """
id: gated
namespace: acme
tasks:
  - {id: wait, type: shell, script: "read -r word < GATE; test \\"$word\\" = go"}
  - {id: after, type: log, needs: [wait], message: done}
"""


def flows(folder: Path, gate: Path | None = None) -> None:
    (folder / "say.yaml").write_text(LOG)
    if gate is not None:
        (folder / "gated.yaml").write_text(GATED.replace("GATE", str(gate)))


def ready(server: Server) -> bool:
    assert server.process.poll() is None, (server.process.returncode, server.last_words())
    return server.call("GET", "/readyz", token=None).status == 200


def ask(server: Server, key: str = "") -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return server.call("POST", "/api/v1/flows/acme/say/runs", {}, headers=headers)


def check_refusal(answer: Answer, part: str) -> None:
    assert answer.status == 503, (answer.status, answer.body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json["code"] == "unavailable"
    assert part in answer.json["detail"], answer.json


def end(server: Server) -> None:
    if server.process.poll() is None:
        server.process.kill()
        server.process.wait()


def check_promises(load: Load, folder: Path) -> None:
    assert all(len(set(order.promised)) == 1 for order in load.orders)
    promised = sorted(order.promised[0] for order in load.orders)
    query = "SELECT no FROM run WHERE flow_id = 'say' ORDER BY no"
    assert promised == [row[0] for row in rows(folder, query)]
    assert unfinished(folder) == 0
    check_state(folder)


def test_a_small_disk_that_is_full_refuses_and_goes_on_when_there_is_space(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 32) as folder:
        flows(folder)
        server = spawn(folder, logs=tmp_path)
        load = Load([starts_of("acme/say")], clients=4, seed=3)
        load.patient = True
        try:
            load.attach(find_port(server))
            load.wait_for(40, server)
            fill(folder / "ballast")
            eventually(lambda: not ready(server), "the server says that it takes no work")
            check_refusal(ask(server), "space")
            assert server.call("GET", "/livez", token=None).status == 200
            assert server.call("GET", "/api/v1/runs?limit=5").status == 200
            assert "dyna_takes_work 0" in server.call("GET", "/metrics").body.decode()
            (folder / "ballast").unlink()
            eventually(lambda: ready(server), "the server takes work again")
            assert ask(server, "after").status == 201
            load.wait_for(20, server)
            load.finish(server)
            eventually(lambda: unfinished(folder) == 0, "the end of all runs")
            server.stop()
            assert server.process.returncode == 0, server.last_words()
        finally:
            load.abandon()
            end(server)
        assert {answer.status for _, answer in load.refused} <= {503}
        words = server.output.read_text() if server.output else ""
        assert '"disk":"full"' in words and '"disk":"has_room"' in words
        extra = rows(folder, "SELECT count(*) FROM run")[0][0] - len(load.orders)
        assert extra == 1, "what was refused is not there, what was asked for after it is"
        check_state(folder)


def test_what_ends_while_nothing_can_be_written_is_saved_later(tmp_path: Path, disk: Disk) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    flows(tmp_path, gate)
    server = find_port(spawn(tmp_path, **disk.env))
    try:
        run = server.start("acme/gated")
        query = "SELECT count(*) FROM attempt WHERE state = 'started'"
        eventually(lambda: rows(tmp_path, query)[0][0] == 1, "the task begins")
        disk.fail(WRITES, errno.ENOSPC)
        gate.write_text("go\n")
        eventually(lambda: not ready(server), "the end of the task meets the full disk")
        check_refusal(ask(server), "the disk is full")
        assert server.ok("GET", f"/api/v1/runs/{run}")["state"] == "running"
        disk.heal()
        assert server.ended(run)["state"] == "completed"
        eventually(lambda: ready(server), "the server takes work again")
        assert server.ended(server.start("acme/say"))["state"] == "completed"
        server.stop()
        assert server.process.returncode == 0, server.last_words()
    finally:
        end(server)
    attempts = rows(tmp_path, "SELECT path, attempt, state FROM attempt WHERE run = ?", run)
    assert sorted(attempts) == [("after", 1, "completed"), ("wait", 1, "completed")]
    check_state(tmp_path)


def test_what_was_decided_on_a_full_disk_is_not_done_twice(tmp_path: Path, disk: Disk) -> None:
    """The first ask is decided, cannot be saved, and is told so; the second one is refused; the third gets the first's."""
    flows(tmp_path)
    server = find_port(spawn(tmp_path, **disk.env))
    try:
        disk.fail(WRITES, errno.ENOSPC)
        answers: list[Answer] = []
        first = threading.Thread(target=lambda: answers.append(ask(server, "one")))
        first.start()
        eventually(lambda: not ready(server), "the disk is noticed")
        check_refusal(ask(server, "two"), "the disk is full")
        first.join()
        check_refusal(answers[0], "this is not saved, but will be once there is space")
        disk.heal()
        eventually(lambda: ready(server), "the server takes work again")
        again = ask(server, "one")
        assert again.status == 201
        server.ended(again.json["run"])
        server.stop()
    finally:
        end(server)
    assert rows(tmp_path, "SELECT no, state FROM run") == [(again.json["run"], "completed")]
    check_state(tmp_path)


def test_killed_on_a_full_disk_nothing_is_lost(tmp_path: Path, disk: Disk) -> None:
    flows(tmp_path)
    server = find_port(spawn(tmp_path, **disk.env))
    load = Load([starts_of("acme/say")], clients=4, seed=5)
    load.patient = True
    try:
        load.attach(server)
        load.wait_for(20, server)
        disk.fail(WRITES, errno.ENOSPC)
        eventually(lambda: not ready(server), "the disk is noticed")
        server.process.kill()
        server.process.wait()
        load.detach()
        disk.heal()
        server = find_port(spawn(tmp_path, **disk.env))
        load.attach(server)
        load.finish(server)
        eventually(lambda: unfinished(tmp_path) == 0, "the end of all runs")
        server.stop()
        assert server.process.returncode == 0
    finally:
        load.abandon()
        end(server)
    check_promises(load, tmp_path)


def stops_with(server: Server, part: str) -> None:
    """It ends by itself, not with a signal, and says why."""
    eventually(lambda: server.process.poll() is not None, "the end of the server")
    assert server.process.returncode == 6, (server.process.returncode, server.last_words())
    assert part in server.last_words(), server.last_words()


def break_disk(tmp_path: Path, disk: Disk, what: int, error: int) -> tuple[Server, Any]:
    flows(tmp_path)
    server = find_port(spawn(tmp_path, **disk.env))
    kept = ask(server, "before").json["run"]
    server.ended(kept)
    disk.fail(what, error)
    lost: list[Any] = []
    # The server may go before it answers.
    with contextlib.suppress(OSError, http.client.HTTPException):
        lost.append(ask(server, "broken"))
    assert not lost or lost[0].status == 503
    return server, kept


def check_next_start(tmp_path: Path, disk: Disk, kept: int) -> None:
    """The next start goes on: with what was answered, and at most with what was not."""
    disk.heal()
    server = find_port(spawn(tmp_path, **disk.env))
    try:
        assert server.ok("GET", f"/api/v1/runs/{kept}")["state"] == "completed"
        again = ask(server, "broken")
        assert again.status == 201
        server.ended(again.json["run"])
        server.stop()
    finally:
        end(server)
    assert len(rows(tmp_path, "SELECT no FROM run")) == 2
    check_state(tmp_path)


def test_a_read_only_disk_ends_the_server_with_its_reason(tmp_path: Path, disk: Disk) -> None:
    server, kept = break_disk(tmp_path, disk, WRITES, errno.EROFS)
    try:
        stops_with(server, "Read-only file system")
    finally:
        end(server)
    check_next_start(tmp_path, disk, kept)


def test_a_broken_disk_ends_the_server_with_its_reason(tmp_path: Path, disk: Disk) -> None:
    server, kept = break_disk(tmp_path, disk, WRITES, errno.EIO)
    try:
        stops_with(server, "Input/output error")
    finally:
        end(server)
    check_next_start(tmp_path, disk, kept)


def test_a_failed_sync_is_never_passed_over(tmp_path: Path, disk: Disk) -> None:
    server, kept = break_disk(tmp_path, disk, SYNCS, errno.EIO)
    try:
        eventually(lambda: server.process.poll() is not None, "the end of the server")
        assert server.process.returncode != 0
        assert "could not be written to the disk" in server.last_words()
    finally:
        end(server)
    check_next_start(tmp_path, disk, kept)


def test_what_a_start_could_not_sync_is_looked_at_as_a_whole(tmp_path: Path, disk: Disk) -> None:
    """The kernel tells of a page that it could not write once, and takes it for written then."""
    flows(tmp_path)
    server = find_port(spawn(tmp_path))
    kept = server.start("acme/say")
    server.ended(kept)
    server.process.kill()
    server.process.wait()
    disk.fail(SYNCS, errno.EIO)
    refused = spawn(tmp_path, **disk.env)
    try:
        stops_with(refused, "could not be written to the disk")
    finally:
        end(refused)
    disk.heal()
    with contextlib.closing(sqlite3.connect(server.state / "state.db")) as lost:
        lost.execute("DELETE FROM history WHERE seq = 2")
        lost.commit()
    damaged = spawn(tmp_path)
    try:
        eventually(lambda: damaged.process.poll() is not None, "the end of the server")
        assert damaged.process.returncode == 7, damaged.last_words()
        assert "history" in damaged.last_words()
    finally:
        end(damaged)


def test_a_disk_that_hangs_holds_up_who_writes_and_nobody_else(tmp_path: Path, disk: Disk) -> None:
    flows(tmp_path)
    server = find_port(spawn(tmp_path, **disk.env))
    try:
        run = ask(server).json["run"]
        server.ended(run)
        disk["hold"] = 1
        answers: list[Answer] = []
        writers = [
            threading.Thread(target=lambda n=n: answers.append(ask(server, f"w{n}")))
            for n in range(8)
        ]
        for writer in writers:
            writer.start()
        eventually(lambda: disk["held"] > 0, "a commit hangs")
        for _ in range(20):
            assert server.call("GET", "/livez", token=None).status == 200
            assert server.ok("GET", f"/api/v1/runs/{run}")["state"] == "completed"
        assert answers == [], "nobody was promised what is not on the disk"
        disk["hold"] = 0
        for writer in writers:
            writer.join()
        assert [answer.status for answer in answers] == [201] * 8
        server.stop()
        assert server.process.returncode == 0
    finally:
        disk["hold"] = 0
        end(server)


def test_a_slow_disk_is_shared_by_who_waits_for_it(tmp_path: Path, disk: Disk) -> None:
    """Each commit takes 50 ms, so what comes meanwhile goes into one."""
    flows(tmp_path)
    server = find_port(spawn(tmp_path, **disk.env))
    load = Load([starts_of("acme/say")], clients=8, seed=4)
    try:
        disk["delay_us"] = 50_000
        before = disk["syncs"]
        load.attach(server)
        load.wait_for(80, server)
        load.finish(server)
        syncs = disk["syncs"] - before
        eventually(lambda: unfinished(tmp_path) == 0, "the end of all runs")
        assert load.refused == []
        assert syncs < load.promises, f"{syncs} for {load.promises} runs"
        server.stop()
        assert server.process.returncode == 0
    finally:
        disk["delay_us"] = 0
        load.abandon()
        end(server)
    check_promises(load, tmp_path)


def test_a_start_on_a_full_disk_ends_with_its_reason(tmp_path: Path, disk: Disk) -> None:
    flows(tmp_path)
    server = find_port(spawn(tmp_path))
    kept = server.start("acme/say")
    server.ended(kept)
    server.stop()
    disk.fail(WRITES, errno.ENOSPC)
    refused = spawn(tmp_path, **disk.env)
    try:
        stops_with(refused, "no space for state file")
    finally:
        end(refused)
    disk.heal()
    server = find_port(spawn(tmp_path, **disk.env))
    try:
        assert server.ok("GET", f"/api/v1/runs/{kept}")["state"] == "completed"
        server.stop()
    finally:
        end(server)
    check_state(tmp_path)
