"""S41: what a team can do with its account of Redis: on keys of others nothing, and on its own only to itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from python_server import PythonServer
from redis_network import SECRET, RedisNetwork
from serving import DYNA, Server, eventually

import redis

MAX_ID = "18446744073709551615-18446744073709551615"
OTHERS = "cordyna:{}:billing:etl:5ca1ab1e0001"
# On each stream of another team, and on the commands of its own.
ON_STREAMS = [
    ["XADD", "{}", "*", "n", "1"],
    ["XADD", "{}", "MAXLEN", "1", "*", "n", "1"],
    ["XADD", "{}", MAX_ID, "n", "1"],
    ["XACK", "{}", "ts", "1-1"],
    ["XAUTOCLAIM", "{}", "ts", "me", "0", "0"],
    ["XCLAIM", "{}", "ts", "me", "0", "1-1"],
    ["XTRIM", "{}", "MAXLEN", "0"],
    ["XDEL", "{}", "1-1"],
    ["XGROUP", "CREATE", "{}", "mine", "0", "MKSTREAM"],
    ["XGROUP", "DESTROY", "{}", "ts"],
    ["XSETID", "{}", MAX_ID],
    ["XRANGE", "{}", "-", "+"],
    ["XREAD", "STREAMS", "{}", "0"],
    ["XINFO", "STREAM", "{}"],
    ["DEL", "{}"],
    ["UNLINK", "{}"],
    ["EXPIRE", "{}", "1"],
    ["RENAME", "{}", "mine"],
    ["GET", "{}"],
    ["SET", "{}", "x"],
    ["TYPE", "{}"],
    ["DUMP", "{}"],
]
ON_OTHERS = [["XREADGROUP", "GROUP", "ts", "me", "STREAMS", "{}", ">"], ["XLEN", "{}"]]
EVERYWHERE = [
    ["KEYS", "*"],
    ["SCAN", "0"],
    ["EVAL", "return 1", "0"],
    ["FUNCTION", "LIST"],
    ["CONFIG", "GET", "*"],
    ["FLUSHALL"],
    ["FLUSHDB"],
    ["ACL", "LIST"],
    ["ACL", "SETUSER", "ts-orders", "+@all"],
    ["CLIENT", "LIST"],
    ["CLIENT", "KILL", "TYPE", "normal"],
    ["SHUTDOWN"],
    ["MONITOR"],
    ["INFO"],
    ["SWAPDB", "0", "1"],
    ["REPLICAOF", "127.0.0.1", "1"],
    ["MULTI"],
    ["SUBSCRIBE", "cordyna:hello:billing:etl"],
    ["PSUBSCRIBE", "*"],
    ["PUBLISH", "cordyna:hello:billing:etl", "5ca1ab1e0001"],
    ["PUBLISH", "cordyna:alive:x", "1"],
    ["SMEMBERS", "cordyna:sessions"],
    ["XADD", "cordyna:nudge:x", "*", "n", "1"],
]


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisNetwork]:
    made = RedisNetwork(tmp_path)
    monkeypatch.setenv(SECRET, made.password)
    yield made
    made.stop()


def client_of(network: RedisNetwork, user: str, password: str) -> Any:
    return redis.Redis(
        port=network.port, username=user, password=password, protocol=2, decode_responses=True,
        socket_timeout=30,
    )  # fmt: skip


def is_refused(client: Any, words: list[str]) -> bool:
    try:
        answer = client.execute_command(*words)
    except redis.exceptions.NoPermissionError:
        return True
    raise AssertionError(f"{words}: {answer!r}")


@pytest.mark.parametrize("whose", ["orders", "orders/etl"])
def test_nothing_of_others(network: RedisNetwork, whose: str) -> None:
    told = network.account(whose)
    client = client_of(network, told["user"], told["password"])
    for kind in ("ev", "cmd"):
        key = OTHERS.format(kind)
        network.redis.ask("XGROUP", "CREATE", key, "ts", "0", "MKSTREAM")
        for words in [*ON_STREAMS, *ON_OTHERS]:
            assert is_refused(client, [word.format(key) for word in words])
    own = "cordyna:cmd:orders:etl:5ca1ab1e0002"
    for words in ON_STREAMS:
        assert is_refused(client, [word.format(own) for word in words])
    for words in EVERYWHERE:
        assert is_refused(client, words)
    if whose == "orders/etl":
        sibling = "cordyna:ev:orders:etl-2:5ca1ab1e0002"
        assert is_refused(client, ["XADD", sibling, "*", "n", "1"])
        assert is_refused(client, ["PUBLISH", "cordyna:hello:orders:etl-2", "5ca1ab1e0002"])
    assert client.execute_command("PUBLISH", "cordyna:hello:orders:etl", "5ca1ab1e0002") == 0


def test_a_prefix_that_acl_would_take_for_a_pattern_is_refused(network: RedisNetwork) -> None:
    done = subprocess.run(
        [DYNA, "redis", "acl", "orders"],
        cwd=network.folder, env={**os.environ, "DYNA_REDIS_PREFIX": "*"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "redis_prefix" in done.stderr and "ACL" not in done.stdout


def test_a_message_of_another_team_is_refused(network: RedisNetwork) -> None:
    cerebro = network.serve()
    told = network.account("orders")
    client = client_of(network, told["user"], told["password"])
    session = "5ca1ab1e0003"
    assert client.execute_command("PUBLISH", "cordyna:hello:orders:etl", session) == 1
    events, commands = (f"cordyna:{kind}:orders:etl:{session}" for kind in ("ev", "cmd"))
    eventually(lambda: network.redis.ask("EXISTS", commands) == ["1"], "the streams")
    hello = (
        '{"specversion":"1.0","id":"1","source":"urn:cordyna:ts:billing/etl",'
        '"type":"cordyna.server.hello.v1","data":{"protocol":{"min":1,"max":1},"server":"etl",'
        '"boot":"b","sdk":{"name":"x","version":"1","language":"x"},"level":1,"slots":{"default":1}}}'
    )
    client.xadd(events, {"n": "1", "ce": hello}, nomkstream=True)
    ((_, entries),) = client.xreadgroup("ts", session, {commands: ">"}, block=30_000, noack=True)
    assert "forbidden" in entries[0][1]["ce"], entries
    assert not cerebro.ok("GET", "/api/v1/task-servers")["servers"]


def servers(cerebro: Server) -> dict[str, Any]:
    listed = cerebro.ok("GET", "/api/v1/task-servers")["servers"]
    return {f"{one['team']}/{one['server']}": one for one in listed}


@pytest.mark.parametrize("how", [["*"], [MAX_ID]], ids=["trimmed", "greatest id"])
def test_who_spoils_a_stream_spoils_his_own(
    network: RedisNetwork, tmp_path: Path, how: list[str]
) -> None:
    cerebro = network.serve()
    started = []
    for team in ("orders", "billing"):
        folder = tmp_path / team
        folder.mkdir()
        told = network.account(team)
        made = PythonServer(cerebro, folder, network.url(told["user"]), told["password"], team=team)
        made.start()
        started.append((made, told))
    try:
        for made, _ in started:
            made.wait_for("ready")
        (first, told), _ = started
        run = first.run("held")
        first.wait_begun("held")
        (own,) = [key for key in network.streams() if ":ev:orders:" in key]
        client = client_of(network, told["user"], told["password"])
        trim = ["MAXLEN", "1"] if how == ["*"] else []
        client.execute_command("XADD", own, *trim, *how, "n", "1", "ce", "[]")
        eventually(
            lambda: [key for key in network.streams() if ":ev:orders:" in key] not in ([own], []),
            "a new stream",
        )
        first.wait_for("ready")
        first.open("held")
        assert cerebro.ended(run)["outputs"] == {"value": "held"}
        assert len(first.begun("held")) == 1
        seen = servers(cerebro)
        assert seen["orders/py"]["reconnects"] >= 1 and seen["billing/py"]["reconnects"] == 0
        notices = cerebro.ok("GET", "/api/v1/notices")["notices"]
        assert [one["team"] for one in notices if "tampered" in one["description"]] == ["orders"]
    finally:
        for made, _ in started:
            made.kill()
