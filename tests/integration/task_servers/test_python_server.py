"""R29, R30, R33, R34, R37 with the Python server, over WebSockets and over streams of Redis: killed, paused, cut off
and drained, whoever is away."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_server import PythonServer
from redis_network import SECRET, RedisNetwork
from serving import Server, eventually, serve
from talking import idle_folder


@pytest.fixture(params=["websocket", "redis"])
def network(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedisNetwork | None]:
    """None: none is wanted."""
    made = RedisNetwork(tmp_path) if request.param == "redis" else None
    if made is not None:
        monkeypatch.setenv(SECRET, made.password)  # also for the next cerebro of the same state
    yield made
    if made is not None:
        made.stop()


@pytest.fixture
def cerebro(network: RedisNetwork | None, tmp_path: Path) -> Iterator[Server]:
    served = serve(idle_folder(tmp_path)) if network is None else network.serve()
    yield served
    served.stop()


@pytest.fixture
def server(network: RedisNetwork | None, cerebro: Server, tmp_path: Path) -> Iterator[PythonServer]:
    folder = tmp_path / "py"
    folder.mkdir()
    if network is None:
        made = PythonServer(cerebro, folder)
    else:
        token = network.account("orders")["password"]
        made = PythonServer(cerebro, folder, network.url("ts-orders"), token)
    made.start()
    made.wait_for("ready")
    yield made
    made.kill()


def attempts(cerebro: Server, run: int) -> list[tuple[str, str]]:
    rows = cerebro.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    return [(row["state"], row.get("error", {}).get("code", "")) for row in rows]


def reboot(cerebro: Server) -> Server:
    """Another owner of the same state, at the same address."""
    cerebro.process.kill()
    cerebro.process.wait()
    return serve(cerebro.folder, "--listen", f"127.0.0.1:{cerebro.port}")


def test_values_logs_and_errors_of_functions(cerebro: Server, server: PythonServer) -> None:
    run = cerebro.start("orders/square", number=7)
    assert cerebro.ended(run)["outputs"] == {"value": 49}
    log = cerebro.ok("GET", f"/api/v1/runs/{run}/log?task=task")
    assert [line["text"] for line in log["lines"]] == ["squaring 7"]
    refused = cerebro.call("POST", "/api/v1/flows/orders/square/runs", {"inputs": {}})
    assert refused.status == 422 and "number" in refused.json["detail"]


def test_r29_half_of_the_tasks_then_a_reboot(cerebro: Server, server: PythonServer) -> None:
    runs = {name: server.run(name) for name in ("a", "b", "c", "d")}
    for name in runs:
        server.wait_begun(name)
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


def test_r37_a_result_of_while_cerebro_was_away(cerebro: Server, server: PythonServer) -> None:
    runs = {name: server.run(name) for name in ("before", "after")}
    for name in runs:
        server.wait_begun(name)
    cerebro.process.kill()
    cerebro.process.wait()
    server.open("before")
    eventually(lambda: server.ended("before"), "an end that cerebro does not hear")
    again = serve(cerebro.folder, "--listen", f"127.0.0.1:{cerebro.port}")
    try:
        assert again.ended(runs["before"])["outputs"] == {"value": "before"}
        server.open("after")
        assert again.ended(runs["after"])["state"] == "completed"
        for name, run in runs.items():
            assert attempts(again, run) == [("completed", "")]
            assert len(server.begun(name)) == 1
    finally:
        again.stop()


def test_r37_a_result_that_the_server_took_with_it(cerebro: Server, server: PythonServer) -> None:
    run = server.run("kept")
    server.wait_begun("kept")
    cerebro.process.kill()
    cerebro.process.wait()
    server.open("kept")

    def is_kept() -> bool:
        with sqlite3.connect(server.folder / "results" / "outbox.sqlite") as kept:
            return any(
                "task.completed" in str(row) for row in kept.execute("SELECT * FROM message")
            )

    eventually(is_kept, "a result on the disk")
    server.kill()
    again = serve(cerebro.folder, "--listen", f"127.0.0.1:{cerebro.port}")
    try:
        server.start()
        assert again.ended(run)["outputs"] == {"value": "kept"}
        assert len(server.begun("kept")) == 1
    finally:
        again.stop()


def test_r30_a_reboot_of_cerebro_starts_nothing_again(
    cerebro: Server, server: PythonServer
) -> None:
    run = server.run("long")
    server.wait_begun("long")
    again = reboot(cerebro)
    try:
        server.cerebro = again
        server.wait_for("ready")
        third = reboot(again)
        again = third
        server.cerebro = again
        server.wait_for("ready")
        server.open("long")
        assert again.ended(run)["state"] == "completed"
        assert len(server.begun("long")) == 1
        assert attempts(again, run) == [("completed", "")]
    finally:
        again.stop()


def test_a_server_that_stands_still_goes_on(cerebro: Server, server: PythonServer) -> None:
    run = server.run("still")
    server.wait_begun("still")
    server.send(signal.SIGSTOP)
    server.open("still")
    other = cerebro.start("orders/square", number=3)  # waits for it
    assert cerebro.ok("GET", f"/api/v1/runs/{run}")["state"] == "running"
    server.send(signal.SIGCONT)
    assert cerebro.ended(run)["state"] == "completed"
    assert cerebro.ended(other)["outputs"] == {"value": 9}


def test_r34_a_drained_server_ends_what_it_has(cerebro: Server, server: PythonServer) -> None:
    run = server.run("last")
    server.wait_begun("last")
    server.send(signal.SIGTERM)
    server.wait_for("draining")
    later = cerebro.start("orders/square", number=2)
    server.open("last")
    assert cerebro.ended(run)["state"] == "completed"
    assert server.process is not None and server.process.wait(60) == 0
    (told,) = cerebro.ok("GET", f"/api/v1/runs/{later}/why")["tasks"]
    assert told["kind"] == "server"
    server.start()
    assert cerebro.ended(later)["outputs"] == {"value": 4}
    assert attempts(cerebro, later) == [("completed", "")]


def test_r33_the_newest_of_two_processes_wins(cerebro: Server, server: PythonServer) -> None:
    run = server.run("twice")
    server.wait_begun("twice")
    first = server.process
    assert first is not None
    server.start(state="elsewhere")
    assert first.wait(60) == 3  # superseded
    server.open("twice")
    assert cerebro.ended(run)["state"] == "completed"
    assert attempts(cerebro, run) == [("failed", "LOST"), ("completed", "")]


def test_a_cancelled_run_ends_with_its_task(cerebro: Server, server: PythonServer) -> None:
    run = server.run("endless")
    server.wait_begun("endless")
    cerebro.ok("POST", f"/api/v1/runs/{run}/cancel")
    assert cerebro.ended(run)["state"] == "cancelled"
    assert attempts(cerebro, run) == [("cancelled", "")]
    assert server.ended("endless") == []
