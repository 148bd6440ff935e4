"""The PostgreSQL input of the library over a real server: what is committed is told, once, whoever falls over."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from zlib import crc32

import pytest
from postgres_probe import ROW, TYPES, WRITERS, Probe, committed_is_delivered, told
from postgres_server import Server
from programs import PATIENCE, build

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
KILLS = 20 if LONG else 4


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server(max_connections=WRITERS + 20)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(Path(__file__).with_name("probe.cpp"), tmp_path_factory.mktemp("prefix"))


@pytest.fixture
def probe(
    program: Path, server: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Probe]:
    server.sql("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop")
    made = Probe(program, server, tmp_path, f"in-{crc32(request.node.name.encode())}")
    yield made
    made.kill()
    done = made.call("remove")
    assert done.returncode == 0, done.stderr
    assert server.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'cordyna'") == "0"
    assert server.sql("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'cordyna%'") == "0"


def test_all_that_is_committed_is_told_also_what_nobody_listened_to(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.orders (id int PRIMARY KEY, item text)")
    probe.install("shop.orders")
    sql("INSERT INTO shop.orders SELECT n, 'tea' FROM generate_series(1, 10) n")
    sql("BEGIN; INSERT INTO shop.orders VALUES (99, 'never'); ROLLBACK")
    probe.start("shop.orders")
    first = probe.wait(10)
    assert told(first) == sorted(("shop.orders", "create", str(n)) for n in range(1, 11))
    assert {e["id"]: e["data"] for e in first}["1"] == {"key": {"id": 1}}
    assert first[0]["trigger"] == probe.name
    sql(
        "UPDATE shop.orders SET item = 'milk' WHERE id IN (3, 4); DELETE FROM shop.orders WHERE id = 5"
    )
    sql("UPDATE shop.orders SET item = 'none' WHERE id > 1000")
    assert told(probe.wait(13)[10:]) == [
        ("shop.orders", "delete", "5"),
        ("shop.orders", "update", "3"),
        ("shop.orders", "update", "4"),
    ]
    sql("TRUNCATE shop.orders")
    assert told(probe.wait(14)[13:]) == [("shop.orders", "delete", "")]
    probe.kill()
    sql("INSERT INTO shop.orders VALUES (20, 'late')")
    probe.start("shop.orders")
    assert told(probe.wait(15)[14:]) == [("shop.orders", "create", "20")]


def test_all_tables_also_those_made_later(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.first (id int PRIMARY KEY)")
    probe.start()
    until = monotonic() + PATIENCE
    for number, table in enumerate(["first", "second"], 1):
        sql(f"CREATE TABLE IF NOT EXISTS shop.{table} (id int PRIMARY KEY)")
        watched = f"SELECT count(*) FROM pg_trigger WHERE tgrelid = 'shop.{table}'::regclass"
        while sql(watched) != "4":
            assert monotonic() < until, probe.errors.read_text()
            sleep(0.02)
        sql(f"INSERT INTO shop.{table} VALUES ({number})")
        assert told(probe.wait(number)[number - 1 :]) == [(f"shop.{table}", "create", str(number))]


ODD = 'shop."Odd ""name"" "'


def test_any_key_and_any_name(probe: Probe) -> None:
    sql = probe.server.sql
    sql(
        f"""
        CREATE TABLE {ODD} ("Key" uuid PRIMARY KEY, cordyna_row int);
        CREATE TABLE shop.two (b text, a int, PRIMARY KEY (a, b));
        CREATE TABLE shop.none (n int);
        CREATE TABLE shop.parts (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
        CREATE TABLE shop.part1 PARTITION OF shop.parts FOR VALUES FROM (0) TO (10);
        """
    )
    tables = (ODD, "shop.two", "shop.none", "shop.parts")
    probe.install("whole", *tables)
    probe.start("whole", *tables)
    key = "6f1ed002-ab59-42c5-9e8b-0e1a1a1a1a1a"
    sql(f"INSERT INTO {ODD} VALUES ('{key}', 7)")
    sql("INSERT INTO shop.two VALUES ('it''s', 1)")
    sql("INSERT INTO shop.none VALUES (1), (1)")
    sql("INSERT INTO shop.parts VALUES (1, 2)")
    events = probe.wait(5)
    assert told(events) == sorted(
        [
            ('shop.Odd "name" ', "create", key),
            ("shop.two", "create", '[1,"it\'s"]'),
            ("shop.none", "create", ""),
            ("shop.none", "create", ""),
            ("shop.parts", "create", "1"),
        ]
    )
    rows = {e["location"]: e["data"] for e in events}
    assert rows['shop.Odd "name" '] == {"key": {"Key": key}, "row": {"Key": key, "cordyna_row": 7}}
    assert rows["shop.none"] == {"key": None, "row": {"n": 1}}
    # What the application does to its tables must not break its writes.
    sql("ALTER TABLE shop.two RENAME a TO first; ALTER TABLE shop.two ADD more json")
    sql("""INSERT INTO shop.two VALUES ('x', 2, '{"a":"\\u0000", "a": 1}')""")
    sql("ALTER TABLE shop.two DROP CONSTRAINT two_pkey; INSERT INTO shop.two VALUES ('x', 2)")
    last = probe.wait(7)[5:]
    assert told(last) == [("shop.two", "create", ""), ("shop.two", "create", '[2,"x"]')]


def test_who_writes_needs_no_right_on_the_outbox(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")
    sql(
        "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA shop TO clerk;"
        " GRANT INSERT ON shop.orders TO clerk"
    )
    probe.install("shop.orders")
    sql("SET ROLE clerk; INSERT INTO shop.orders VALUES (1)")
    refused = probe.server.psql(f'SET ROLE clerk; SELECT * FROM cordyna."{probe.name}"')
    assert "permission denied" in refused.stderr
    probe.start("shop.orders")
    assert told(probe.wait(1)) == [("shop.orders", "create", "1")]


def test_every_type_arrives_as_it_is(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TYPE shop.mood AS ENUM ('sad', 'glad'); CREATE TYPE shop.pair AS (a int, b text)")
    sql(TYPES)
    probe.install("whole", "shop.types")
    probe.start("whole", "shop.types")
    sql(f"INSERT INTO shop.types VALUES {ROW}; INSERT INTO shop.types (id) VALUES (-1)")
    events = {e["id"]: e for e in probe.wait(2)}
    for key in ("9223372036854775807", "-1"):
        wanted = sql(f"SELECT to_json(whole.*)::text FROM shop.types whole WHERE id = {key}")
        assert events[key]["data"]["row"] == json.loads(wanted)
        # Also the numbers, digit by digit.
        line = next(line for line in probe.lines() if f'"id":"{key}"' in line)
        assert wanted in line


def test_large_rows_arrive_and_too_large_ones_say_so(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.files (id int PRIMARY KEY, text text)")
    probe.install("whole", "shop.files")
    probe.start("whole", "shop.files")
    sizes = {1: 0, 2: 8_000, 3: 1_000_000, 4: 16_000_000, 5: 70_000_000}
    for key, size in sizes.items():
        sql(f"INSERT INTO shop.files VALUES ({key}, repeat('x', {size}))")
    sql("INSERT INTO shop.files VALUES (6, 'after')")
    data = {e["id"]: e["data"] for e in probe.wait(6)}
    for key in (1, 2, 3, 4):
        assert len(data[str(key)]["row"]["text"]) == sizes[key]
    assert "row" not in data["5"]
    assert data["5"]["key"] == {"id": 5}
    assert "too many for an event" in data["5"]["problem"]
    assert data["6"]["row"] == {"id": 6, "text": "after"}


def test_what_is_no_event_holds_up_no_other(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.deep (id int PRIMARY KEY, j json)")
    probe.install("whole", "shop.deep")
    deep = "[" * 150 + "]" * 150
    sql(f"INSERT INTO shop.deep VALUES (1, '[]'), (2, '{deep}'), (3, '[]')")
    probe.start("whole", "shop.deep")
    data = {e["id"]: e["data"] for e in probe.wait(3)}
    assert data["1"]["row"] == {"id": 1, "j": []}
    assert data["3"]["row"] == {"id": 3, "j": []}
    assert data["2"]["key"] == {"id": 2}
    assert "JSON" in data["2"]["problem"]


def test_two_that_read_the_same_are_told_so(probe: Probe, tmp_path: Path) -> None:
    probe.server.sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")
    probe.start("shop.orders")
    probe.install("shop.orders")
    probe.server.sql("INSERT INTO shop.orders VALUES (1)")
    probe.wait(1)
    (tmp_path / "other").mkdir()
    other = Probe(probe.program, probe.server, tmp_path / "other", probe.name)
    other.start("shop.orders")
    try:
        other.wait_for_error("another program reads the outbox")
        assert other.events() == []
    finally:
        other.kill()


def test_what_cannot_be_is_said(probe: Probe) -> None:
    missing = probe.call("install", "shop.nothing")
    assert missing.returncode == 1
    assert missing.stderr == "not_found: there is no table shop.nothing\n"
    probe.server.sql("CREATE VIEW shop.seen AS SELECT 1 AS id")
    assert "shop.seen is no table" in probe.call("install", "shop.seen").stderr
    wrong = subprocess.run(
        probe.command("install", probe.name, f"host={probe.server.folder} user=nobody password=x"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("denied: password authentication failed")
    away = subprocess.run(
        probe.command("install", probe.name, f"host={probe.server.folder}/away user=dyna"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert away.stderr.startswith("unavailable: ")


def test_another_database_is_a_gap(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")
    probe.start("shop.orders")
    probe.install("shop.orders")
    sql("INSERT INTO shop.orders VALUES (1)")
    probe.wait(1)
    probe.kill()
    second = Server()
    try:
        second.sql("CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY)")
        first, probe.server = probe.server, second
        probe.install("shop.orders")
        second.sql("INSERT INTO shop.orders VALUES (2)")
        probe.start("shop.orders")
        probe.wait_for_error("the database is not as it was read last")
        assert len(probe.events()) == 1
        probe.kill()
        probe.start("gaps", "shop.orders")
        assert told(probe.wait(2)[1:]) == [("shop.orders", "create", "2")]
        probe.kill()
        probe.server = first
    finally:
        second.stop()


def test_r26_committed_is_delivered_whoever_falls_over(probe: Probe) -> None:
    committed_is_delivered(probe, KILLS, "shop.orders")


def test_r26_a_server_that_crashes_loses_nothing(probe: Probe) -> None:
    sql = probe.server.sql
    sql("CREATE TABLE shop.orders (id int PRIMARY KEY)")
    probe.install("shop.orders")
    probe.start("shop.orders")
    sql("INSERT INTO shop.orders SELECT generate_series(1, 500)")
    probe.server.restart()
    sql("INSERT INTO shop.orders SELECT generate_series(501, 1000)")
    assert {e["id"] for e in probe.wait(1000)} == {str(n) for n in range(1, 1001)}
