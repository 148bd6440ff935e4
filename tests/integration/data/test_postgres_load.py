"""Loads from a real PostgreSQL, and whole flows with one."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from decimal import Decimal
from pathlib import Path

import pandas as pd
from kept_files import files_below
from pg_steps import DYNA, Steps, rows, until, values

pytest_plugins = ["pg_fixtures"]

# --- loads ---


def test_a_load_is_one_snapshot_with_its_types(pg: Steps) -> None:
    pg.server.sql(
        "CREATE TABLE gold.t AS SELECT i AS id, i / 7.0 AS plain, (i / 7.0)::numeric(9,2) AS n,"
        " ARRAY[i] AS list FROM generate_series(1, 1000) i"
    )
    report = pg.load(sql="SELECT id, n, plain, list FROM gold.t WHERE id <= 10 ORDER BY id DESC;")
    assert "error" not in report, report
    frame = pd.read_parquet(report["outputs"]["data"])
    assert list(frame["id"]) == list(range(10, 0, -1))
    assert frame["n"].iloc[0] == Decimal("1.43")
    assert frame["list"].iloc[0] == "{10}"
    assert "plain came as text, since numeric without a precision" in pg.said


def test_a_load_is_held_against_its_contract(pg: Steps) -> None:
    pg.server.sql(
        "CREATE TABLE gold.t (id int, price numeric, born date, extra text);"
        "INSERT INTO gold.t VALUES (1, 12.50, '2024-01-01', 'x'), (2, 0.10, null, null)"
    )
    columns = {"born": "date", "id": "int64", "price": "decimal(9,2)"}
    report = pg.load(table="gold.t", contract={"columns": columns})
    assert "error" not in report, report
    assert "column 'extra' is new" in pg.said
    frame = pd.read_parquet(report["outputs"]["data"])
    assert list(frame.columns) == ["born", "id", "price"]
    assert list(frame["price"]) == [Decimal("12.50"), Decimal("0.10")]
    missing = pg.load(table="gold.t", contract={"columns": {**columns, "gone": "string"}})
    assert missing["error"]["code"] == "SCHEMA_CHANGED"
    assert "warehouse/gold.t" in missing["error"]["message"]
    assert "column 'gone' is missing" in missing["error"]["message"]
    typed = pg.load(table="gold.t", contract={"columns": {"id": "date"}})
    assert "column 'id' is INTEGER in the file, date in the contract" in typed["error"]["message"]


def test_a_load_says_what_is_wrong(pg: Steps) -> None:
    missing = pg.load(table="gold.nothing")["error"]
    assert missing["code"] == "SOURCE_UNAVAILABLE"
    assert 'relation "gold.nothing" does not exist' in missing["message"]
    broken = pg.load(sql="SELECT nope FROM pg_class")["error"]
    assert (broken["code"], 'column "nope" does not exist' in broken["message"]) == (
        "SQL_FAILED", True,
    )  # fmt: skip
    twice = pg.load(sql="SELECT 1 AS a, 2 AS a")["error"]
    assert "column 'a' is there twice" in twice["message"]
    pg.server.sql("CREATE SEQUENCE gold.seq")
    told = pg.load(sql="SELECT nextval('gold.seq')")["error"]["message"]
    assert "read-only transaction" in told
    slow = pg.load(sql="SELECT pg_sleep(60)", statement_timeout="100ms")["error"]
    assert "statement timeout" in slow["message"]


def test_cancelling_a_step_cancels_its_query(pg: Steps) -> None:
    params = {"connection": pg.connection(), "sql": "SELECT pg_sleep(3600)"}
    folder = pg.write("load", params, None, 1, 1)
    process = pg.start(folder)
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep%'"
    until(lambda: pg.server.sql(busy) == "1", "the query")
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert pg.report(folder)["error"]["code"] == "SIGNALLED"
    until(lambda: pg.server.sql(busy) == "0", "the end of the query")


# --- with the whole program ---

FLOW = """
id: pg
tasks:
  - {id: x, type: load, from: in.csv, contract: {columns: {id: int64, name: string}}}
  - id: ok
    type: check
    of: x
    rules: [{name: small ids, sql: id < 100}]
  - id: out
    type: share
    of: ok
    to: [warehouse/gold.t, {to: warehouse/gold.log, mode: append}, out/t.csv]
  - id: back
    type: load
    needs: [out]
    connection: warehouse
    sql: select count(*) as n from gold.t where name <> '{{ run.id }}'
"""


def flow(pg: Steps, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DYNA_SECRET_PG_PASSWORD": pg.server.psql_env()["PGPASSWORD"]}
    return subprocess.run(
        [DYNA, *words], cwd=pg.folder, env=env, check=False, capture_output=True, text=True
    )


def test_a_flow_shares_and_the_password_lies_nowhere(pg: Steps) -> None:
    (pg.folder / "connections").mkdir()
    (pg.folder / "connections" / "warehouse.yaml").write_text(pg.server.connection())
    (pg.folder / "flow.yaml").write_text(FLOW)
    (pg.folder / "in.csv").write_text("id,name\n1,a\n2,b\n")
    done = flow(pg, "run", "flow.yaml")
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert values(pg) == values(pg, "gold.log") == ["1|a", "2|b"]
    assert (pg.folder / "out" / "t.csv").read_text() == "id,name\n1,a\n2,b\n"
    before = rows(pg)
    (pg.folder / "in.csv").write_text("id,name\n1,a\n200,b\n")  # a check that fails
    done = flow(pg, "run", "flow.yaml")
    assert done.returncode == 1
    assert (rows(pg), values(pg, "gold.log")) == (before, ["1|a", "2|b"])
    password = pg.server.psql_env()["PGPASSWORD"]
    with (pg.folder / ".cordyna" / "supervise.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until guardians have tidied up
    places = {"printed": (printed + done.stdout + done.stderr).encode()}
    for command in (["runs", "--json"], ["logs", "1"], ["show", "flow.yaml", "out", "--sql"]):
        answer = flow(pg, *command)
        places[" ".join(command)] = (answer.stdout + answer.stderr).encode()
    places.update((str(path), content) for path, content in files_below(pg.folder))
    assert any(name.endswith("step.json") for name in places)
    assert b"-- warehouse/gold.log: append" in places["show flow.yaml out --sql"]
    for name, content in places.items():
        assert password.encode() not in content, name


def test_no_argument_of_any_process_holds_the_password(pg: Steps) -> None:
    params = {"connection": pg.connection(), "sql": "SELECT pg_sleep(3600)"}
    folder = pg.write("load", params, None, 1, 1)
    process = pg.start(folder)
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep%'"
    until(lambda: pg.server.sql(busy) == "1", "the query")
    password = pg.server.psql_env()["PGPASSWORD"].encode()
    arguments = (Path("/proc") / str(process.pid) / "cmdline").read_bytes()
    process.terminate()
    process.communicate()
    assert b"data-step" in arguments
    assert password not in arguments
    for path, content in files_below(folder):
        assert password not in content, path


def test_validate_finds_a_connection_that_is_not_there(pg: Steps) -> None:
    (pg.folder / "flow.yaml").write_text(FLOW)
    done = flow(pg, "validate", "flow.yaml")
    assert done.returncode == 2
    told = done.stdout + done.stderr
    assert "so it names a table of the connection 'warehouse'" in told
    assert f"{pg.folder}/connections/warehouse.yaml does not exist" in told
