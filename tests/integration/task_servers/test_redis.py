"""R30, R31, R37 over streams of Redis: it is killed, comes back empty, stands still, is cut off, and flushed again and
again. Whatever it loses, nothing is lost and nothing runs twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from python_server import PythonServer
from redis_network import SECRET, RedisNetwork
from serving import Server, eventually

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
RUNS = 60 if LONG else 12
FLUSHES = 40 if LONG else 8


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisNetwork]:
    made = RedisNetwork(tmp_path)
    monkeypatch.setenv(SECRET, made.password)
    yield made
    made.stop()


@pytest.fixture
def cerebro(network: RedisNetwork) -> Server:
    return network.serve()


@pytest.fixture
def server(network: RedisNetwork, cerebro: Server, tmp_path: Path) -> Iterator[PythonServer]:
    folder = tmp_path / "py"
    folder.mkdir()
    token = network.account("orders", "--user", "etl")["password"]
    made = PythonServer(cerebro, folder, network.url("etl"), token)
    made.start()
    made.wait_for("ready")
    yield made
    made.kill()


def check_once(cerebro: Server, server: PythonServer, run: int, name: str) -> None:
    assert cerebro.ended(run)["outputs"] == {"value": name}
    rows = cerebro.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    assert [row["state"] for row in rows] == ["completed"]
    assert len(server.begun(name)) == len(server.ended(name)) == 1


@pytest.mark.parametrize("empty", [False, True])
def test_redis_is_killed_and_comes_back(
    network: RedisNetwork, cerebro: Server, server: PythonServer, empty: bool
) -> None:
    runs = {name: server.run(name) for name in ("meanwhile", "after")}
    for name in runs:
        server.wait_begun(name)
    network.redis.kill()
    server.open("meanwhile")
    eventually(lambda: server.ended("meanwhile"), "an end that nobody hears of")
    if empty:
        for file in network.redis.folder.glob("appendonlydir/*"):
            file.unlink()
    network.redis.start()
    network.allow()
    server.wait_for("ready")
    server.open("after")
    for name, run in runs.items():
        check_once(cerebro, server, run, name)


def test_redis_stands_still(network: RedisNetwork, cerebro: Server, server: PythonServer) -> None:
    run = server.run("still")
    server.wait_begun("still")
    assert network.redis.process is not None
    network.redis.process.send_signal(signal.SIGSTOP)
    server.open("still")
    eventually(lambda: server.ended("still"), "an end that nobody hears of")
    if LONG:  # until both sides take it for gone
        eventually(lambda: not server.is_in("ready"), "a server that is not there")
    network.redis.process.send_signal(signal.SIGCONT)
    check_once(cerebro, server, run, "still")


def test_all_connections_are_cut(
    network: RedisNetwork, cerebro: Server, server: PythonServer
) -> None:
    run = server.run("cut")
    server.wait_begun("cut")
    for kind in ("normal", "pubsub"):
        network.redis.ask("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    server.open("cut")
    check_once(cerebro, server, run, "cut")


def test_r31_flushed_again_and_again(
    network: RedisNetwork, cerebro: Server, server: PythonServer
) -> None:
    names = [f"n{number}" for number in range(RUNS)]
    runs: dict[str, int] = {}

    def begin() -> None:
        for name in names:
            runs[name] = server.run(name)
            server.open(name)

    beginning = Thread(target=begin)
    beginning.start()
    for number in range(FLUSHES):
        # Each flush falls into what goes on after so many more runs have begun.
        wanted = number * RUNS // FLUSHES
        eventually(lambda wanted=wanted: len(runs) >= wanted, "runs that were begun")
        network.redis.ask("FLUSHALL")
    beginning.join()
    for name, run in runs.items():
        check_once(cerebro, server, run, name)


def test_nothing_is_left_behind(
    network: RedisNetwork, cerebro: Server, server: PythonServer
) -> None:
    assert len([key for key in network.streams() if ":ev:orders:py:" in key]) == 1
    server.send(signal.SIGTERM)
    assert server.process is not None and server.process.wait(60) == 0
    cerebro.stop()
    # What was said last may still be read, for a minute.
    left = network.streams()
    assert all(int(network.redis.ask("TTL", key)[0]) > 0 for key in left), left
