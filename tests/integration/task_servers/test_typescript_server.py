"""R29, R30, R33, R34, R37 with the TypeScript server: killed, paused, cut off and drained, whoever is away."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Server, eventually, serve
from typescript_server import TypescriptServer


@pytest.fixture(params=["websocket", "http"])
def server(
    cerebro: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[TypescriptServer]:
    folder = tmp_path / "ts"
    folder.mkdir()
    made = TypescriptServer(cerebro, folder, request.param)
    made.start()
    made.wait_for("ready")
    yield made
    made.kill()


def attempts(cerebro: Server, run: int) -> list[tuple[str, str]]:
    rows = cerebro.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    return [(row["state"], row.get("error", {}).get("code", "")) for row in rows]


def away(cerebro: Server) -> None:
    cerebro.process.kill()
    cerebro.process.wait()


def back(cerebro: Server) -> Server:
    """Another owner of the same state, at the same address."""
    return serve(cerebro.folder, "--listen", f"127.0.0.1:{cerebro.port}")


def test_values_logs_and_errors_of_functions(cerebro: Server, server: TypescriptServer) -> None:
    run = cerebro.start("orders/square", number=7)
    assert cerebro.ended(run)["outputs"] == {"value": 49}
    log = cerebro.ok("GET", f"/api/v1/runs/{run}/log?task=task")
    assert [line["text"] for line in log["lines"]] == ["squaring 7"]
    refused = cerebro.call("POST", "/api/v1/flows/orders/square/runs", {"inputs": {}})
    assert refused.status == 422 and "number" in refused.json["detail"]


def test_r29_half_of_the_tasks_then_a_kill(cerebro: Server, server: TypescriptServer) -> None:
    runs = {name: server.run(name) for name in ("a", "b", "c", "d")}
    for name in ("a", "b"):
        server.open(name)
        assert cerebro.ended(runs[name])["state"] == "completed"
    server.kill()
    server.start()
    for name in ("c", "d"):
        server.open(name)
        assert cerebro.ended(runs[name])["state"] == "completed"
        assert attempts(cerebro, runs[name]) == [("failed", "LOST"), ("completed", "")]
        assert len(set(server.begun(name))) == len(server.begun(name)) == 2
    for name in ("a", "b"):
        assert attempts(cerebro, runs[name]) == [("completed", "")]
        assert len(server.begun(name)) == 1


def test_r29_many_kills_run_no_attempt_twice(cerebro: Server, server: TypescriptServer) -> None:
    run = server.run("often")
    for number in (2, 3):
        server.kill()
        server.start()
        eventually(lambda n=number: len(server.begun("often")) >= n, f"attempt {number}")
    server.open("often")
    assert cerebro.ended(run)["state"] == "completed"
    assert attempts(cerebro, run) == [("failed", "LOST"), ("failed", "LOST"), ("completed", "")]
    assert len(set(server.begun("often"))) == len(server.begun("often")) == 3
    assert len(server.ended("often")) == 1


def test_r29_kills_under_load(cerebro: Server, server: TypescriptServer) -> None:
    names = [f"n{number}" for number in range(200)]
    runs = {name: server.start_run(name) for name in names}
    eventually(lambda: sum(bool(server.begun(name)) for name in names) == 8, "all slots are taken")
    server.kill()
    for name in names:
        server.open(name)
    server.start()
    eventually(lambda: sum(bool(server.ended(name)) for name in names) >= 20, "20 that have ended")
    server.kill()  # while the others begin and end
    server.start()
    losses = 0
    for name, run in runs.items():
        assert cerebro.ended(run)["outputs"] == {"value": name}
        *lost, last = attempts(cerebro, run)
        assert last == ("completed", "") and set(lost) <= {("failed", "LOST")}
        assert len(set(server.begun(name))) == len(server.begun(name)) <= len(lost) + 1
        losses += len(lost)
    assert losses >= 8


def test_r37_a_result_of_while_cerebro_was_away(cerebro: Server, server: TypescriptServer) -> None:
    runs = {name: server.run(name) for name in ("before", "after")}
    away(cerebro)
    server.open("before")
    eventually(lambda: server.ended("before"), "an end that cerebro does not hear")
    again = back(cerebro)
    try:
        assert again.ended(runs["before"])["outputs"] == {"value": "before"}
        server.open("after")
        assert again.ended(runs["after"])["state"] == "completed"
        for name, run in runs.items():
            assert attempts(again, run) == [("completed", "")]
            assert len(server.begun(name)) == 1
    finally:
        again.stop()


def test_r37_a_result_that_the_server_took_with_it(
    cerebro: Server, server: TypescriptServer
) -> None:
    run = server.run("kept")
    away(cerebro)
    server.open("kept")
    eventually(lambda: "task.completed" in server.journal, "a result on the disk")
    server.kill()
    again = back(cerebro)
    try:
        server.start()
        assert again.ended(run)["outputs"] == {"value": "kept"}
        assert len(server.begun("kept")) == 1
    finally:
        again.stop()


def test_r30_a_reboot_of_cerebro_starts_nothing_again(
    cerebro: Server, server: TypescriptServer
) -> None:
    run = server.run("long")
    away(cerebro)
    second = back(cerebro)
    server.cerebro = second
    server.wait_for("ready")
    away(second)
    third = back(second)
    try:
        server.cerebro = third
        server.wait_for("ready")
        server.open("long")
        assert third.ended(run)["state"] == "completed"
        assert len(server.begun("long")) == 1
        assert attempts(third, run) == [("completed", "")]
    finally:
        third.stop()


def test_a_server_that_stands_still_goes_on(cerebro: Server, server: TypescriptServer) -> None:
    run = server.run("still")
    server.send(signal.SIGSTOP)
    server.open("still")
    assert cerebro.ok("GET", f"/api/v1/runs/{run}")["state"] == "running"
    server.send(signal.SIGCONT)
    assert cerebro.ended(run)["state"] == "completed"
    assert attempts(cerebro, run) == [("completed", "")]


def test_r34_a_drained_server_ends_what_it_has(cerebro: Server, server: TypescriptServer) -> None:
    run = server.run("last")
    server.send(signal.SIGTERM)
    if server.binding == "websocket":  # over HTTP it takes nothing more, which is no state
        server.wait_for("draining")
    server.open("last")
    assert cerebro.ended(run)["state"] == "completed"
    assert server.process is not None and server.process.wait(60) == 0
    later = cerebro.start("orders/square", number=2)
    server.start()
    assert cerebro.ended(later)["outputs"] == {"value": 4}
    assert attempts(cerebro, run) == [("completed", "")]


def test_a_cancelled_run_ends_with_its_task(cerebro: Server, server: TypescriptServer) -> None:
    run = server.run("endless")
    cerebro.ok("POST", f"/api/v1/runs/{run}/cancel")
    assert cerebro.ended(run)["state"] == "cancelled"
    assert attempts(cerebro, run) == [("cancelled", "")]
    assert server.ended("endless") == []


@pytest.mark.parametrize("server", ["websocket"], indirect=True)
def test_r33_the_newest_of_two_processes_wins(cerebro: Server, server: TypescriptServer) -> None:
    run = server.run("twice")
    first = server.process
    assert first is not None
    server.start(state="elsewhere")
    assert first.wait(60) == 3  # superseded
    server.open("twice")
    assert cerebro.ended(run)["state"] == "completed"
    assert attempts(cerebro, run) == [("failed", "LOST"), ("completed", "")]


@pytest.mark.parametrize("server", ["websocket"], indirect=True)
def test_a_state_folder_is_of_one_process(server: TypescriptServer) -> None:
    first = server.process
    server.start()
    second, server.process = server.process, first
    assert second is not None and second.wait(60) == 1
    assert "is in use by process" in (server.folder / "server.log").read_text()
