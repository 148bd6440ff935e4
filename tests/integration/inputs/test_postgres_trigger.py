"""Triggers of type postgres: `dyna up` starts a run for each row that was committed, whoever falls over."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import PASSWORD
from postgres_server import Server as Postgres
from serving import DYNA, Server, eventually, find_port, spawn
from state_rows import rows

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
KILLS = 20 if LONG else 3
ENVIRONMENT = {"DYNA_SECRET_SHOP_DB": PASSWORD}
FLOW = """
id: on_row
namespace: acme
inputs:
  - {{id: order, type: json, default: {{}}}}
  - {{id: what, default: none}}
tasks: [{{id: work, type: log, message: "{{{{ inputs.what }}}}"}}]
outputs: {{what: "{{{{ inputs.what }}}}", order: "{{{{ inputs.order }}}}"}}
triggers:
  - id: rows
    type: postgres
    connection: shop
    tables: [orders]
    {more}
    inputs:
      order: "{{{{ event.data.row }}}}"
      what: "{{{{ event.operation }}}} of {{{{ event.location }}}} {{{{ event.id }}}}"
"""


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    running = Postgres(max_connections=60, more="wal_level = logical\n")
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def folder(database: Postgres, tmp_path: Path) -> Iterator[Path]:
    database.sql("DROP SCHEMA IF EXISTS cordyna CASCADE; DROP TABLE IF EXISTS orders")
    database.sql("CREATE TABLE orders (id int PRIMARY KEY, item text)")
    connections = tmp_path / "connections"
    connections.mkdir()
    (connections / "shop.yaml").write_text(
        database.connection(password="{secret: SHOP_DB}"), encoding="utf-8"
    )
    write_flow(tmp_path)
    yield tmp_path
    while STARTED:
        kill(STARTED.pop())


def write_flow(folder: Path, more: str = "rows: whole") -> None:
    (folder / "on_row.yaml").write_text(FLOW.format(more=more), encoding="utf-8")


STARTED: list[Server] = []


def start(folder: Path, *arguments: str, **env: str) -> Server:
    STARTED.append(spawn(folder, *arguments, **{**ENVIRONMENT, **env}))
    return find_port(STARTED[-1])


def kill(server: Server) -> None:
    server.process.kill()
    server.process.wait()


def words(server: Server) -> str:
    assert server.output is not None
    return server.output.read_text()


def ended(folder: Path, count: int) -> list[tuple[str, str]]:
    """`what` and the order of all runs, once so many have completed."""

    def look() -> list[tuple[str, str]] | None:
        found = rows(folder, "SELECT state, inputs FROM run")
        assert len(found) <= count, f"{len(found)} runs, {count} wanted"
        if len(found) < count or any(state != "completed" for state, _ in found):
            return None
        return sorted(
            (inputs["what"], json.dumps(inputs["order"]))
            for inputs in (json.loads(text) for _, text in found)
        )

    return eventually(look, f"{count} runs", 120)


def watched(database: Postgres, count: int = 4) -> bool:
    found = database.sql("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'cordyna%'")
    return found == str(count)


def test_each_row_has_its_run_also_those_written_while_nobody_ran(
    database: Postgres, folder: Path
) -> None:
    server = start(folder)
    eventually(lambda: watched(database), "the triggers")
    database.sql("INSERT INTO orders VALUES (1, 'tea'), (2, 'milk')")
    database.sql("UPDATE orders SET item = 'coffee' WHERE id = 1; DELETE FROM orders WHERE id = 2")
    database.sql("BEGIN; INSERT INTO orders VALUES (3, 'never'); ROLLBACK")
    assert ended(folder, 4) == [
        ("create of public.orders 1", '{"id": 1, "item": "tea"}'),
        ("create of public.orders 2", '{"id": 2, "item": "milk"}'),
        ("delete of public.orders 2", '{"id": 2, "item": "milk"}'),
        ("update of public.orders 1", '{"id": 1, "item": "coffee"}'),
    ]
    listed = server.ok("GET", "/api/v1/triggers")["triggers"]
    assert [(one["trigger"], one["type"], one["pending"], one["dead"]) for one in listed] == [
        ("rows", "postgres", 0, 0)
    ]
    one = server.input_that_kept(4)
    assert (one["flow"], one["trigger"], one["type"]) == ("acme/on_row", "rows", "postgres")
    assert (one["state"], one["last_minute"]) == ("listens", 4)
    assert one["lag_ms"] < 60_000 and one["last_at"] >= one["since"]
    # Whoever may not see the flow does not see its input.
    stranger = server.token(("viewer", "other"))
    assert server.ok("GET", "/api/v1/inputs", token=stranger) == {"inputs": []}
    kill(server)
    database.sql("INSERT INTO orders VALUES (4, 'late')")
    server = start(folder)
    ended(folder, 5)
    server.stop()


def test_by_a_replication_slot_each_row_has_its_run_too(database: Postgres, folder: Path) -> None:
    write_flow(folder, "rows: whole\n    mode: replication")
    server = start(folder)
    slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'cordyna_acme%'"
    eventually(lambda: database.sql(slots) == "1", "the slot")
    assert watched(database, 0)
    database.sql("INSERT INTO orders VALUES (1, 'tea')")
    database.sql("BEGIN; INSERT INTO orders VALUES (3, 'never'); ROLLBACK")
    ended(folder, 1)
    kill(server)
    database.sql("UPDATE orders SET item = 'milk'; INSERT INTO orders VALUES (2, 'late')")
    server = start(folder)
    assert ended(folder, 3) == [
        ("create of public.orders 1", '{"id": 1, "item": "tea"}'),
        ("create of public.orders 2", '{"id": 2, "item": "late"}'),
        ("update of public.orders 1", '{"id": 1, "item": "milk"}'),
    ]
    server.stop()
    gone = eventually(lambda: remove(folder), "that the slot is free")
    assert gone.stdout.startswith("acme/on_row/rows: what it had is gone")
    assert database.sql(slots) == "0"


def remove(folder: Path) -> subprocess.CompletedProcess[str] | None:
    """Once the server has missed who read the slot."""
    done = dyna(folder, "input", "remove", "on_row.yaml")
    return done if done.returncode == 0 else None


def test_a_change_of_the_flow_takes_effect_and_nothing_is_told_twice(
    database: Postgres, folder: Path
) -> None:
    server = start(folder, "--watch")
    eventually(lambda: watched(database), "the triggers")
    database.sql("INSERT INTO orders VALUES (1, 'tea')")
    ended(folder, 1)
    write_flow(folder, "operations: [create]\n    rows: whole")
    eventually(lambda: watched(database, 1), "the trigger that is left")
    database.sql("UPDATE orders SET item = 'milk'; INSERT INTO orders VALUES (2, 'tea')")
    ended(folder, 2)
    # Disabled, it waits; what is written meanwhile comes when it is enabled again.
    server.ok("PATCH", "/api/v1/flows/acme/on_row", {"enabled": False, "reason": "a test"})
    database.sql("INSERT INTO orders VALUES (3, 'tea')")
    server.ok("PATCH", "/api/v1/flows/acme/on_row", {"enabled": True})
    ended(folder, 3)
    server.stop()


def test_what_is_wrong_is_said_and_mends_itself(database: Postgres, folder: Path) -> None:
    server = start(folder, DYNA_SECRET_SHOP_DB="wrong")
    eventually(lambda: "password authentication failed" in words(server), "the refusal")
    told = [json.loads(line) for line in words(server).splitlines() if '"input"' in line]
    assert told[0]["input"] == "acme/on_row/rows"
    assert told[0]["state"] == "failed"
    assert PASSWORD not in words(server)
    (one,) = server.ok("GET", "/api/v1/inputs")["inputs"]
    assert one["state"] == "failed" and "password authentication failed" in one["problem"]
    assert one["events"] == 0 and "last_at" not in one
    listed = subprocess.run(
        [DYNA, "inputs", "--server", f"http://127.0.0.1:{server.port}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DYNA_TOKEN": server.admin},
    )
    assert listed.returncode == 0, listed.stderr
    assert "acme/on_row/rows: " in listed.stdout and "failed" in listed.stdout
    server.stop()
    server = start(folder)
    eventually(lambda: watched(database), "the triggers")
    database.restart()
    database.sql("INSERT INTO orders VALUES (1, 'tea')")
    ended(folder, 1)
    eventually(lambda: '"state":"listens"' in words(server), "that it listens again")
    server.stop()


def dyna(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DYNA, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **ENVIRONMENT},
    )


def test_whoever_may_not_make_things_has_them_made(database: Postgres, folder: Path) -> None:
    write_flow(folder, "rows: whole\n    install: false")
    server = start(folder)
    eventually(lambda: '"state":"failed"' in words(server), "that it cannot listen")
    assert watched(database, 0)
    for _ in range(2):  # a repeat does no harm
        made = dyna(folder, "input", "install", "on_row.yaml")
        assert made.returncode == 0, made.stderr
        assert made.stdout.startswith("acme/on_row/rows: ")
        assert watched(database)
    database.sql("INSERT INTO orders VALUES (1, 'tea')")
    ended(folder, 1)
    server.stop()
    # Nobody reads it now; and it goes with all else.
    database.sql("INSERT INTO orders VALUES (2, 'tea')")
    for _ in range(2):
        gone = dyna(folder, "input", "remove", "acme/on_row", "rows", "--json")
        assert gone.returncode == 0, gone.stderr
        assert json.loads(gone.stdout) == {"input": "acme/on_row/rows", "op": "remove"}
    assert watched(database, 0)
    left = database.sql(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'cordyna' AND relkind = 'r' AND relname LIKE 'acme%'"
    )
    assert left == "0"
    database.sql("INSERT INTO orders VALUES (3, 'the application goes on')")


def test_an_input_that_there_is_not_is_said(folder: Path) -> None:
    wrong = dyna(folder, "input", "install", "on_row.yaml", "columns")
    assert wrong.returncode == 4
    assert "acme/on_row has no trigger 'columns' with an input" in wrong.stderr
    (folder / "plain.yaml").write_text("id: plain\ntasks: [{id: a, type: log, message: a}]\n")
    plain = dyna(folder, "input", "remove", "plain.yaml")
    assert plain.returncode == 4 and "those of type postgres have" in plain.stderr


def test_an_event_that_fits_no_input_is_a_dead_letter(database: Postgres, folder: Path) -> None:
    write_flow(folder, "rows: key")
    server = start(folder)
    eventually(lambda: watched(database), "the triggers")
    database.sql("INSERT INTO orders VALUES (1, 'tea')")
    dead = eventually(
        lambda: server.ok("GET", "/api/v1/events?state=dead")["events"], "a dead letter"
    )
    assert dead[0]["trigger"] == "rows"
    assert "order" in dead[0]["detail"]
    assert rows(folder, "SELECT count(*) FROM run") == [(0,)]
    server.stop()


WRITER = """
\\set pause random(0, 20)
BEGIN;
INSERT INTO orders (item) VALUES ('x');
\\sleep :pause ms
COMMIT;
"""


def test_r26_killed_at_random_each_committed_row_has_one_run(
    database: Postgres, folder: Path
) -> None:
    """32 writers that commit in any order; the server killed while they write."""
    draw = random.Random(25)
    database.sql(
        "DROP TABLE orders; CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text)"
    )
    server = start(folder)
    eventually(lambda: watched(database), "the triggers")
    script = database.folder / "writer.sql"
    script.write_text(WRITER)
    script.chmod(0o644)
    writers = subprocess.Popen(
        [str(database.bin / "pgbench"), "-n", "-c", "32", "-j", "2", "-T", "600", "-R", "1000",
         "-f", str(script), "-h", str(database.folder), "-U", "dyna", "postgres"],
        env=database.psql_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(KILLS):
        goal = rows(folder, "SELECT count(*) FROM event")[0][0] + draw.randrange(1, 100)
        eventually(
            lambda goal=goal: rows(folder, "SELECT count(*) FROM event")[0][0] >= goal,
            "more events",
        )
        kill(server)
        server = start(folder)
    assert writers.poll() is None
    database.end_writers(writers)
    wanted = set(database.sql("SELECT id FROM orders").split())
    runs = ended(folder, len(wanted))
    assert {what.split()[-1] for what, _ in runs} == wanted
    server.stop()
