"""Tasks of type sql, by the whole program: a real PostgreSQL, files of SQLite and DuckDB; values, types, transactions."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kept_files import files_below
from pg_steps import DYNA, Steps, until

pytest_plugins = ["pg_fixtures"]

SQLITE = {"type": "sqlite", "database": "x.db"}
DUCKDB = {"type": "duckdb", "database": "x.duckdb"}
HOSTILE = ["'; drop table t; --", "$1", "?1", "{{ 7 * 7 }}", "\\", "\\'", "''", '"', "`", "]", "$$", "/*", "--", ";",
           "E'\\x41'", "a\nb\r\n", "\t", "%_", "é\u202e\U0001f600", "\x01\x7f", "NULL", "1", "true", "x" * 100_000,
           "' union select name from sqlite_master --", "'||(select 1)||'"]  # fmt: skip


class Place:
    """A folder with one flow and its state."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self.folder = folder
        self.env = {**os.environ, "NO_COLOR": "1", "DYNA_SECRET_PG_PASSWORD": password}
        self.said = ""

    def write(self, *tasks: dict[str, Any], **more: Any) -> None:
        flow = {"id": "base", "tasks": list(tasks), **more}
        (self.folder / "base.yaml").write_text(json.dumps(flow))

    def dyna(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([DYNA, *words], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              check=False)  # fmt: skip

    def run(self, *words: str) -> int:
        done = self.dyna("run", "base.yaml", *words)
        self.said = done.stdout + done.stderr
        return done.returncode

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(f"file:{self.folder}/.cordyna/state.db?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def sql(self, connection: dict[str, Any], sql: str, **more: Any) -> dict[str, Any]:
        """The outputs of a task with these statements, or its error."""
        given = more.pop("given", None)
        inputs = [] if given is None else [{"id": "v", "type": "json"}]
        (self.folder / "given.yaml").write_text(
            json.dumps({"v": given}, ensure_ascii=False).replace("\x7f", "\\u007f")
        )
        self.write(
            {"id": "ask", "type": "sql", "connection": connection, "sql": sql, **more},
            inputs=inputs,
        )
        assert self.run(*([] if given is None else ["--inputs", "given.yaml"])) != 2, self.said
        state, outputs = self.rows(
            "select state, outputs from task where path = 'ask' order by run"
        )[-1]
        if outputs:
            return dict(json.loads(outputs))
        code, message = self.rows(
            "select error_code, error_message from attempt order by run desc, attempt desc"
        )[0]
        return {"error": code, "message": message, "state": state}


class Session:
    """A session of psql that stays open."""

    def __init__(self, pg: Steps) -> None:
        self.psql = subprocess.Popen(
            pg.server.psql_command(),
            env=pg.server.psql_env(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, sql: str) -> None:
        assert self.psql.stdin is not None and self.psql.stdout is not None
        self.psql.stdin.write(f"{sql}\n\\echo done\n")
        self.psql.stdin.flush()
        while self.psql.stdout.readline().strip() != "done":
            assert self.psql.poll() is None

    def end(self) -> None:
        self.psql.communicate()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def served(pg: Steps, tmp_path: Path) -> Place:
    return Place(tmp_path, pg.server.psql_env()["PGPASSWORD"])


# --- values (S13, S15, S17) ---


@pytest.mark.parametrize("kind", ["postgres", "sqlite", "duckdb"])
def test_values_arrive_as_they_are(pg: Steps, served: Place, kind: str) -> None:
    connection = {"postgres": pg.connection(), "sqlite": SQLITE, "duckdb": DUCKDB}[kind]
    table = "gold.t" if kind == "postgres" else "t"
    rows = ", ".join(
        f"({i}, {{{{ inputs.v[{i}] }}}}, 'x{{{{ inputs.v[{i}] }}}}y')" for i in range(len(HOSTILE))
    )
    made = served.sql(
        connection,
        f"create table {table} (i integer, a text, b text); insert into {table} values {rows}; "
        f"select i, a, b from {table} order by i",
        given=HOSTILE,
    )
    assert "error" not in made, made
    if "rows_file" in made:
        lines = Path(made["rows_file"]).read_text().splitlines()
        got = [json.loads(line) for line in lines]
    else:
        got = made["rows"]
    assert [row["a"] for row in got] == HOSTILE
    assert [row["b"] for row in got] == [f"x{value}y" for value in HOSTILE]
    assert made["affected"] == len(HOSTILE)


def test_a_name_may_be_a_value_and_stays_one(pg: Steps, served: Place) -> None:
    name = 'odd"; drop schema gold; --'
    made = served.sql(
        pg.connection(),
        'create table gold."{{ inputs.v }}" (a int); select count(*) as n from gold."{{ inputs.v }}"',
        given=name,
    )
    assert made["rows"] == [{"n": 0}], made
    assert pg.server.sql("select tablename from pg_tables where schemaname = 'gold'") == name


def test_values_have_the_types_of_their_literals(pg: Steps, served: Place) -> None:
    made = served.sql(
        pg.connection(),
        "select pg_typeof({{ inputs.v[0] }})::text as i, pg_typeof({{ inputs.v[1] }})::text as n,"
        " pg_typeof({{ inputs.v[2] }})::text as b, {{ inputs.v[3] }} is null as z,"
        " date '{{ inputs.v[4] }}' + 1 as day, interval '{{ inputs.v[0] }} days' as days,"
        " 2 = any({{ inputs.v[5] }}) as among, {{ inputs.v[6] }}::jsonb ->> 'k' as k,"
        " {{ inputs.v[5] }}::jsonb as list",
        given=[3, 0.5, True, None, "2026-11-29", [1, 2], {"k": "v'"}],
    )
    assert "error" not in made, made
    assert made["rows"] == [{
        "i": "integer", "n": "numeric", "b": "boolean", "z": True, "day": "2026-11-30", "days": "3 days",
        "among": True, "k": "v'", "list": [1, 2],
    }], made  # fmt: skip


# --- rows ---


def test_types_of_postgresql_arrive(pg: Steps, served: Place) -> None:
    pg.server.sql("create type gold.mood as enum ('sad', 'ok')")
    made = served.sql(
        pg.connection(),
        "select 1::smallint as s, 9007199254740993 as big, 1.50::numeric(10,2) as n, 0.1::float8 as f, true as b,"
        " null as none, 'x'::varchar(5) as v, timestamptz '2026-11-30 18:00+01' as t, date '2026-01-02' as d,"
        " '{\"a\": [1, null]}'::jsonb as j, array['a,b', null, 'c\"d'] as l, array[[1,2],[3,4]] as m,"
        " '\\xdead'::bytea as x, 'ok'::gold.mood as e, uuid '123e4567-e89b-12d3-a456-426614174000' as u,"
        " interval '1 day 2 hours' as i",
    )
    assert made["rows"] == [{
        "s": 1, "big": 9007199254740993, "n": 1.5, "f": 0.1, "b": True, "none": None, "v": "x",
        "t": "2026-11-30T17:00:00Z", "d": "2026-01-02", "j": {"a": [1, None]}, "l": ["a,b", None, 'c"d'],
        "m": [[1, 2], [3, 4]], "x": "\\xdead", "e": "ok", "u": "123e4567-e89b-12d3-a456-426614174000",
        "i": "1 day 02:00:00",
    }], made  # fmt: skip
    types = {column["name"]: column["type"] for column in made["columns"]}
    assert types["n"] == "numeric(10,2)" and types["l"] == "text[]" and types["e"] == "gold.mood"
    wrong = served.sql(pg.connection(), "select 'NaN'::numeric as x")
    assert wrong["error"] == "OUTPUT_INVALID"
    assert (
        "column 'x', row 1: NaN is no number that JSON can hold; cast the column to text"
        in wrong["message"]
    )
    rounded = served.sql(pg.connection(), "select avg(x) as a from (values (1), (2), (2)) t(x)")
    assert rounded["rows"] == [{"a": 1.6666666666666667}]
    assert (
        "warning: a: digits behind the point were rounded"
        in served.dyna("logs", "last", "ask").stdout
    )


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_rows_become_a_file(pg: Steps, served: Place, ending: str) -> None:
    made = served.sql(
        pg.connection(),
        "select i as id, (i / 7.0)::numeric(9,2) as n, 'ü, \"x\"' as t, null::int as none"
        " from generate_series(1, 20000) i order by i",
        save_as=f"out/rows.{ending}",
    )
    assert (made.get("row_count"), "rows" in made) == (20000, False), made
    path = Path(made["file"])
    assert path.name == f"rows.{ending}"
    frame = {
        "parquet": pd.read_parquet,
        "csv": pd.read_csv,
        "jsonl": lambda p: pd.read_json(p, lines=True),
    }[ending](path)
    assert list(frame.columns) == ["id", "n", "t", "none"]
    assert list(frame["id"]) == list(range(1, 20001))
    assert set(frame["t"]) == {'ü, "x"'} and frame["none"].isna().all()
    if ending == "parquet":
        assert frame["n"].iloc[0] == Decimal("0.14")


@pytest.mark.parametrize("kind", ["postgres", "sqlite", "duckdb"])
def test_many_rows_become_an_artifact_and_none_is_missing(
    pg: Steps, served: Place, kind: str
) -> None:
    connection = {"postgres": pg.connection(), "sqlite": SQLITE, "duckdb": DUCKDB}[kind]
    numbers = {"postgres": "generate_series(1, 50000) t(i)", "duckdb": "range(1, 50001) t(i)",
               "sqlite": "(with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000)"
                         " select i from n)"}[kind]  # fmt: skip
    made = served.sql(
        connection, f"select i, 'some text that takes room' as t from {numbers} order by i"
    )
    assert made.get("row_count") == 50000 and "rows" not in made, str(made)[:500]
    lines = [json.loads(line) for line in Path(made["rows_file"]).read_text().splitlines()]
    assert [line["i"] for line in lines] == list(range(1, 50001))


# --- transactions and errors ---


def test_statements_are_one_transaction_unless_it_says_otherwise(pg: Steps, served: Place) -> None:
    pg.server.sql("create table gold.t (a int primary key)")
    two = "insert into gold.t values (1);\n\ninsert into gold.t\nvalues (2), (1)"
    wrong = served.sql(pg.connection(), two)
    assert wrong["error"] == "SQL_FAILED"
    assert wrong["message"].startswith(
        "line 3 of the SQL: duplicate key value violates unique constraint"
    )
    assert pg.server.sql("select count(*) from gold.t") == "0"
    assert served.sql(pg.connection(), two, transaction=False)["error"] == "SQL_FAILED"
    assert pg.server.sql("select count(*) from gold.t") == "1"
    assert served.sql(pg.connection(), "vacuum gold.t", transaction=False) == {"affected": 0}
    place = served.sql(pg.connection(), "select 1;\nselect\n  nope\nfrom gold.t")
    assert place["message"] == 'line 3 of the SQL: column "nope" does not exist (42703)'


def test_what_outputs_cannot_hold_takes_all_back(pg: Steps, served: Place) -> None:
    pg.server.sql("create table gold.t (a int)")
    wrong = served.sql(
        pg.connection(), "insert into gold.t values (1) returning 'Infinity'::float8 as x"
    )
    assert wrong["error"] == "OUTPUT_INVALID"
    assert pg.server.sql("select count(*) from gold.t") == "0"


def test_a_conflict_is_tried_again_and_an_error_is_not(pg: Steps, served: Place) -> None:
    pg.server.sql(
        "create sequence gold.tries; create function gold.f() returns int language plpgsql as $$ begin"
        " if nextval('gold.tries') < 3 then raise exception 'busy' using errcode = '40001'; end if; return 7; end $$"
    )
    made = served.sql(
        pg.connection(), "select gold.f() as n", retry={"attempts": 5, "delay": "10ms"}
    )
    assert made["rows"] == [{"n": 7}]
    codes = [row[0] for row in served.rows("select error_code from attempt order by attempt")]
    assert codes == ["SOURCE_UNAVAILABLE", "SOURCE_UNAVAILABLE", None]
    wrong = served.sql(pg.connection(), "select nope", retry={"attempts": 5, "delay": "10ms"})
    assert wrong["error"] == "SQL_FAILED"
    assert served.rows("select max(attempt) from attempt where run = 2") == [(1,)]


def test_a_wrong_password_and_a_missing_server_say_so(
    pg: Steps, served: Place, tmp_path: Path
) -> None:
    served.env["DYNA_SECRET_PG_PASSWORD"] = "wr0ng-and-secret"
    denied = served.sql(pg.connection(), "select 1")
    assert denied["error"] == "ACCESS_DENIED" and "wr0ng" not in str(denied)
    away = served.sql({**pg.connection(), "host": str(tmp_path / "nowhere")}, "select 1")
    assert away["error"] == "SOURCE_UNAVAILABLE" and "warehouse" in away["message"]


def test_notices_are_in_the_log(pg: Steps, served: Place) -> None:
    served.sql(pg.connection(), "do $$ begin raise notice 'so far'; end $$; select 1 as a")
    log = served.dyna("logs", "last", "ask").stdout
    assert "NOTICE:  so far" in log and "line 1 of the SQL: SELECT 1" in log


def test_copy_to_the_client_is_refused(pg: Steps, served: Place) -> None:
    pg.server.sql("create table gold.t (a int)")
    for copy in ("copy gold.t from stdin", "copy gold.t to stdout"):
        wrong = served.sql(pg.connection(), copy)
        assert wrong["error"] == "SQL_FAILED" and "use a load or a share" in wrong["message"], wrong


# --- secrets ---


def test_secrets_lie_nowhere(pg: Steps, served: Place) -> None:
    served.env["DYNA_SECRET_CANARY"] = "k3y-of-the-canary"
    made = served.sql(
        pg.connection(), "select {{ secret('CANARY') }} as k, length({{ secret('CANARY') }}) as n;"
    )
    assert made.get("rows") == [{"k": "***", "n": 17}], made
    wrong = served.sql(pg.connection(), "select {{ secret('CANARY') }}::int")
    assert wrong["error"] == "SQL_FAILED" and '"***"' in wrong["message"]
    for path, content in files_below(served.folder):
        assert b"k3y-of-the-canary" not in content, path


# --- the end of a task ---


def test_cancelling_stops_the_statement_at_the_server(pg: Steps, served: Place) -> None:
    served.write(
        {"id": "ask", "type": "sql", "connection": pg.connection(), "sql": "select pg_sleep(3600)"}
    )
    log = (served.folder / "dyna.log").open("ab")
    running = subprocess.Popen(
        [DYNA, "run", "base.yaml"], cwd=served.folder, env=served.env, stdout=log, stderr=log
    )
    busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'select pg_sleep%'"
    until(lambda: pg.server.sql(busy) == "1", "the statement")
    running.send_signal(signal.SIGINT)
    running.wait()
    until(lambda: pg.server.sql(busy) == "0", "the end of the statement")
    assert served.rows("select state from run") == [("cancelled",)]


def test_a_killed_owner_changes_nothing(pg: Steps, served: Place) -> None:
    pg.server.sql("create table gold.t (a int)")
    pg.server.sql("create table gold.gate (a int)")
    served.write({
        "id": "ask", "type": "sql", "connection": pg.connection(),
        "sql": "insert into gold.t values (1); lock table gold.gate; select 1 as a",
    })  # fmt: skip
    log = (served.folder / "dyna.log").open("ab")
    gate = Session(pg)
    gate.run("begin; lock table gold.gate;")
    running = subprocess.Popen(
        [DYNA, "run", "base.yaml"], cwd=served.folder, env=served.env, stdout=log, stderr=log
    )
    waits = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'lock table%' AND wait_event_type = 'Lock'"
    until(lambda: pg.server.sql(waits) == "1", "the lock")
    running.kill()
    running.wait()
    gate.run("commit;")
    gate.end()
    done = served.dyna("resume")
    assert done.returncode == 0, done.stdout + done.stderr
    assert pg.server.sql("select count(*) from gold.t") == "1"
    assert served.rows("select state, count(*) from attempt") == [("completed", 1)]


def test_sqlite_waits_for_its_turn(place: Place) -> None:
    other = sqlite3.connect(place.folder / "x.db", isolation_level=None)
    other.execute("create table t (a)")
    other.execute("begin immediate")
    wrong = place.sql({**SQLITE, "lock_timeout": "50ms"}, "insert into t values (1)")
    assert wrong["error"] == "SOURCE_UNAVAILABLE" and "database is locked" in wrong["message"]
    other.execute("commit")
    assert place.sql(SQLITE, "insert into t values (1)") == {"affected": 1}


def test_validate_says_what_is_wrong(place: Place) -> None:
    place.write({"id": "a", "type": "sql", "connection": {"type": "kafka", "brokers": "x"}, "sql": "select 1"},
                {"id": "b", "type": "sql", "connection": {"type": "sqlite"}, "sql": "select 1", "save_as": "x.xlsx"},
                {"id": "c", "type": "sql", "connection": DUCKDB, "sql": "select {{ inputs.nope }} {% if x %}"},
                {"id": "d", "type": "sql", "sql": "select 1"})  # fmt: skip
    done = place.dyna("validate", "base.yaml")
    told = done.stdout + done.stderr
    assert done.returncode == 2
    assert "a connection of type postgres, sqlite or duckdb is wanted here, not 'kafka'" in told
    assert "'connection' has no 'database' (missing_key); it is required" in told
    assert "'save_as' ends in .parquet, .csv or .jsonl, not as 'x.xlsx'" in told
    assert "unexpected end of input, expected end of block (bad_template)" in told
    assert "task 'd' has no 'connection' (missing_key); it is required" in told
