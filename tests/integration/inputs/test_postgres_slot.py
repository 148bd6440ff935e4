"""The PostgreSQL input by a replication slot, over a real server: what is committed is told, once, whoever falls over."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from postgres_probe import ROW, TYPES, WRITERS, Probe, committed_is_delivered, told
from postgres_server import Server
from programs import PATIENCE, build
from serving import eventually

KILLS = 20 if os.environ.get("DYNA_TEST_LONG") else 4
SETTINGS = "wal_level = logical\nmax_wal_senders = 8\nmax_replication_slots = 8\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server(max_connections=WRITERS + 20, more=SETTINGS)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(Path(__file__).with_name("probe.cpp"), tmp_path_factory.mktemp("prefix"))


def made(probe: Probe) -> tuple[str, str]:
    """How many slots and publications of ours there are."""
    count = "SELECT count(*) FROM pg_{} WHERE {} LIKE 'cordyna%'"
    sql = probe.server.sql
    return sql(count.format("replication_slots", "slot_name")), sql(
        count.format("publication", "pubname")
    )


@pytest.fixture
def probe(
    program: Path, server: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Probe]:
    server.sql("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop")
    one = Probe(program, server, tmp_path, f"in-{crc32(request.node.name.encode())}")
    yield one
    one.kill()
    # The server may not have missed the killed reader yet.
    eventually(lambda: one.call("remove").returncode == 0, "that the slot is free", PATIENCE)
    assert made(one) == ("0", "0")


def test_all_that_is_committed_is_told_also_what_nobody_listened_to(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.orders (id int PRIMARY KEY, item text)")
    sql("INSERT INTO shop.orders VALUES (0, 'before')")
    for _ in range(2):  # a repeat does no harm
        probe.install("slot", "shop.orders")
    assert made(probe) == ("1", "1")
    sql("INSERT INTO shop.orders SELECT n, 'tea' FROM generate_series(1, 10) n")
    sql("BEGIN; INSERT INTO shop.orders VALUES (99, 'never'); ROLLBACK")
    probe.start("slot", "whole", "shop.orders")
    first = probe.wait(10)
    assert told(first) == sorted(("shop.orders", "create", str(n)) for n in range(1, 11))
    rows = {one["id"]: one["data"] for one in first}
    assert rows["1"] == {"key": {"id": 1}, "row": {"id": 1, "item": "tea"}}
    sql(
        "BEGIN; UPDATE shop.orders SET item = 'milk' WHERE id IN (3, 4); DELETE FROM shop.orders"
        " WHERE id = 5; UPDATE shop.orders SET id = 300 WHERE id = 3; COMMIT"
    )
    more = probe.wait(14)[10:]
    # Of one transaction; processes run beside each other.
    data = {(one["operation"], one["id"]): one["data"] for one in more}
    assert sorted(data) == [("delete", "5"), ("update", "3"), ("update", "300"), ("update", "4")]
    assert data["delete", "5"] == {"key": {"id": 5}, "row": None}
    sql("TRUNCATE shop.orders")
    assert told(probe.wait(15)[14:]) == [("shop.orders", "delete", "")]
    probe.kill()
    sql("INSERT INTO shop.orders VALUES (20, 'late')")
    probe.start("slot", "whole", "shop.orders")
    assert told(probe.wait(16)[15:]) == [("shop.orders", "create", "20")]
    # What was read is not kept by the server for ever, also where nothing of ours happens.
    kept = "SELECT confirmed_flush_lsn >= '{}' FROM pg_replication_slots"
    here = sql("CREATE TABLE shop.other (n int); SELECT pg_current_wal_lsn()")
    eventually(lambda: sql(kept.format(here)) == "t", "that the slot has moved", PATIENCE)


def test_every_type_arrives_as_it_is(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TYPE shop.mood AS ENUM ('sad', 'glad'); CREATE TYPE shop.pair AS (a int, b text)")
    sql("CREATE DOMAIN shop.rank AS int CHECK (VALUE > 0); CREATE DOMAIN shop.top AS shop.rank")
    sql(TYPES)
    sql("ALTER TABLE shop.types ADD dom shop.top, ADD doms shop.rank[], ADD tza timestamptz[]")
    probe.start("slot", "whole", "shop.types")
    probe.install("slot", "whole", "shop.types")
    more = "7, '{8,NULL}', '{2026-01-02 03:04:05+05,infinity}'"
    sql(
        f"INSERT INTO shop.types VALUES {ROW.strip()[:-1]}, {more}); INSERT INTO shop.types (id) VALUES (-1)"
    )
    events = {e["id"]: e for e in probe.wait(2)}
    for key in ("9223372036854775807", "-1"):
        wanted = json.loads(
            sql(
                f"SET timezone = UTC; SELECT to_json(whole.*)::text FROM shop.types whole WHERE id = {key}"
            )
        )
        if wanted["co"] is not None:
            wanted["co"] = "(1,x)"  # a composite type is told as its text
        assert events[key]["data"]["row"] == wanted
        line = next(line for line in probe.lines() if f'"id":"{key}"' in line)
        assert '"n":123456789012345678901234567890.123456789' in line or key == "-1"


def test_large_rows_arrive_and_what_was_not_touched_is_named(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.files (id int PRIMARY KEY, n int, text text)")
    sql("ALTER TABLE shop.files ALTER text SET STORAGE EXTERNAL")
    probe.install("slot", "whole", "shop.files")
    probe.start("slot", "whole", "shop.files")
    sizes = {1: 0, 2: 8_000, 3: 1_000_000, 4: 16_000_000, 5: 70_000_000}
    for key, size in sizes.items():
        sql(f"INSERT INTO shop.files VALUES ({key}, 0, repeat('x', {size}))")
    data = {e["id"]: e["data"] for e in probe.wait(5)}
    for key in (1, 2, 3, 4):
        assert len(data[str(key)]["row"]["text"]) == sizes[key]
    assert "row" not in data["5"] and "too many for an event" in data["5"]["problem"]
    sql("UPDATE shop.files SET n = 1 WHERE id = 3")
    assert probe.wait(6)[5]["data"] == {
        "key": {"id": 3},
        "row": {"id": 3, "n": 1},
        "unchanged": ["text"],
    }
    sql("ALTER TABLE shop.files REPLICA IDENTITY FULL; UPDATE shop.files SET n = 2 WHERE id = 3")
    assert len(probe.wait(7)[6]["data"]["row"]["text"]) == sizes[3]
    sql("DELETE FROM shop.files WHERE id = 3")
    assert probe.wait(8)[7]["data"]["row"]["n"] == 2


def test_tables_that_change_and_those_of_parts(probe: Probe) -> None:
    sql = probe.server.sql
    sql(
        """
        CREATE TABLE shop.two (b text, a int, PRIMARY KEY (a, b));
        CREATE TABLE shop.parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
        CREATE TABLE shop.part1 PARTITION OF shop.parts FOR VALUES FROM (0) TO (10);
        """
    )
    words = ("slot", "whole", "shop.two", "shop.parts")
    probe.install(*words)
    probe.start(*words)
    sql("INSERT INTO shop.two VALUES ('it''s', 1); INSERT INTO shop.parts VALUES (1, 2)")
    assert told(probe.wait(2)) == [
        ("shop.parts", "create", "1"),
        ("shop.two", "create", '[1,"it\'s"]'),
    ]
    sql("ALTER TABLE shop.two RENAME a TO first; ALTER TABLE shop.two ADD more json")
    sql("INSERT INTO shop.two VALUES ('x', 2, '[1.10]')")
    last = probe.wait(3)[2]
    assert last["data"] == {
        "key": {"first": 2, "b": "x"},
        "row": {"b": "x", "first": 2, "more": [1.1]},
    }


def test_what_would_break_the_applications_writes_is_refused(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.bare (n int)")
    bare = probe.call("install", "slot", "shop.bare")
    assert bare.returncode == 1
    assert bare.stderr.startswith("invalid_argument: shop.bare has no primary key: published")
    every = probe.call("install", "slot")
    assert "replication wants its tables named" in every.stderr
    assert made(probe) == ("0", "0")
    probe.install("slot", "create", "shop.bare")
    probe.start("slot", "create", "whole", "shop.bare")
    sql(
        "INSERT INTO shop.bare VALUES (1); UPDATE shop.bare SET n = 2; INSERT INTO shop.bare VALUES (3)"
    )
    assert sorted(one["data"]["row"]["n"] for one in probe.wait(2)) == [1, 3]


def test_a_server_whose_log_tells_no_rows_says_what_is_to_be_done(
    program: Path, tmp_path: Path
) -> None:
    plain = Server()
    try:
        plain.sql("CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY)")
        one = Probe(program, plain, tmp_path, "in-plain")
        refused = one.call("install", "slot", "shop.orders")
        assert refused.stderr.startswith("conflict: the server's wal_level is replica")
        assert "ALTER SYSTEM SET wal_level = 'logical'" in refused.stderr
    finally:
        plain.stop()


def test_two_that_read_the_same_are_told_so(probe: Probe, tmp_path: Path) -> None:
    probe.server.sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")
    probe.install("slot", "shop.orders")
    probe.start("slot", "shop.orders")
    probe.server.sql("INSERT INTO shop.orders VALUES (1)")
    probe.wait(1)
    (tmp_path / "other").mkdir()
    other = Probe(probe.program, probe.server, tmp_path / "other", probe.name)
    other.start("slot", "shop.orders")
    try:
        other.wait_for_error("another program reads the slot")
        assert other.events() == []
    finally:
        other.kill()


def test_a_slot_that_is_gone_is_a_gap(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")
    probe.install("slot", "shop.orders")
    probe.start("slot", "shop.orders")
    sql("INSERT INTO shop.orders VALUES (1)")
    probe.wait(1)
    probe.kill()
    active = "SELECT bool_or(active) FROM pg_replication_slots"
    eventually(lambda: sql(active) == "f", "that the reader is missed", PATIENCE)
    sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    sql("INSERT INTO shop.orders VALUES (2)")
    probe.start("slot", "shop.orders")
    probe.wait_for_error("the replication slot is gone")
    assert made(probe)[0] == "0"
    probe.kill()
    probe.start("slot", "gaps", "shop.orders")
    eventually(lambda: made(probe)[0] == "1", "a new slot", PATIENCE)
    sql("INSERT INTO shop.orders VALUES (3)")
    assert told(probe.wait(2)[1:]) == [("shop.orders", "create", "3")]


def test_r26_committed_is_delivered_whoever_falls_over(probe: Probe) -> None:
    committed_is_delivered(probe, KILLS, "slot", "shop.orders")


def test_r26_a_server_that_crashes_loses_nothing(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")
    probe.install("slot", "shop.orders")
    probe.start("slot", "shop.orders")
    sql("INSERT INTO shop.orders SELECT generate_series(1, 500)")
    probe.server.restart()
    sql("INSERT INTO shop.orders SELECT generate_series(501, 1000)")
    assert {e["id"] for e in probe.wait(1000)} == {str(n) for n in range(1, 1001)}
