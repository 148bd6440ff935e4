"""Shares to a PostgreSQL that refuses, restarts or vanishes, and shares that are killed."""

from __future__ import annotations

import random
import select
import signal
import socket
import subprocess
import threading
from time import monotonic

import pandas as pd
import pytest
from pg_steps import NEW, OLD, Steps, old_table, rows, until, values

pytest_plugins = ["pg_fixtures"]

SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cordyna'"


def test_a_server_that_refuses_is_told_at_once(pg: Steps) -> None:
    def told(password: str = "wrong", **more: object) -> tuple[str, str]:
        target = {"connection": pg.connection(**more), "to": "gold.t"}
        error = pg.share(NEW, target, password=password)["error"]
        assert "trying again" not in pg.said
        return error["code"], error["message"]

    right = pg.server.psql_env()["PGPASSWORD"]
    code, message = told()
    assert code == "ACCESS_DENIED"
    assert 'password authentication failed for user "dyna" (28P01)' in message
    assert "wrong" not in message
    code, message = told(right, database="nowhere")
    assert (code, 'database "nowhere" does not exist' in message) == ("ACCESS_DENIED", True)
    code, message = told(right, user="nobody_here")
    assert (code, "password authentication failed" in message) == ("ACCESS_DENIED", True)
    code, message = told(right, options={"no_such_setting": "1"})
    assert 'unrecognized configuration parameter "no_such_setting"' in message
    pg.server.sql(
        f"DROP ROLE IF EXISTS weak; CREATE ROLE weak LOGIN PASSWORD '{right}';"
        "GRANT USAGE ON SCHEMA gold TO weak"
    )
    before = old_table(pg)
    code, message = told(right, user="weak")
    assert code == "ACCESS_DENIED"
    assert 'CREATE TABLE IF NOT EXISTS "gold"."dyna_shares"' in message
    pg.shared(NEW, pg.table("gold.other"))
    pg.server.sql("GRANT ALL ON gold.dyna_shares TO weak")
    code, message = told(right, user="weak")
    assert (code, "permission denied for table t" in message) == ("ACCESS_DENIED", True)
    assert rows(pg) == before


def test_too_many_connections_are_waited_for(pg: Steps) -> None:
    old_table(pg)
    right = pg.server.psql_env()["PGPASSWORD"]
    pg.server.sql(
        f"DROP ROLE IF EXISTS busy; CREATE ROLE busy LOGIN CONNECTION LIMIT 0 PASSWORD '{right}';"
        "GRANT ALL ON SCHEMA gold TO busy; GRANT ALL ON gold.t TO busy"
    )
    target = {"connection": pg.connection(user="busy"), "to": "gold.t", "mode": "append"}
    folder = pg.write("share", {"of": "x", "to": [target]}, NEW.tail(2), 1, 1)
    process = pg.start(folder)
    assert process.stdout is not None
    for line in process.stdout:
        if "trying again" in line:
            break
    assert "too many connections for role" in line
    pg.server.sql("ALTER ROLE busy CONNECTION LIMIT 5")
    process.communicate()
    assert "error" not in pg.report(folder)
    assert values(pg) == ["1|old one", "2|old two", "3|", "4|"]


@pytest.mark.parametrize("state", ["40001", "40P01", "57P01"])
def test_a_conflict_is_tried_again_by_kind(pg: Steps, state: str) -> None:
    pg.server.sql(
        "CREATE TABLE gold.t (id bigint, name text); CREATE SEQUENCE gold.tries;"
        "CREATE FUNCTION gold.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('gold.tries') = 2 THEN RAISE EXCEPTION 'once' USING ERRCODE = '{state}';"
        " END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER g BEFORE INSERT ON gold.t FOR EACH ROW EXECUTE FUNCTION gold.f()"
    )
    pg.shared(NEW, pg.table("gold.t", mode="append"))
    assert "once; " in pg.said and "trying again in 200 ms" in pg.said
    assert values(pg) == ["2|two", "3|", "4|"]


def test_where_no_server_is_the_tries_end(pg: Steps) -> None:
    target = {"connection": pg.connection(host=str(pg.folder)), "to": "gold.t"}
    told = pg.refused("SHARE_FAILED", NEW, target)
    assert "No such file or directory" in told
    assert "tried 7 times; what was shared before is untouched" in told
    assert pg.said.count("trying again") == 6


def big(rows_count: int, first: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": range(first, first + rows_count), "name": [f"row {i}" for i in range(rows_count)]}
    )


@pytest.mark.parametrize("mode", ["replace", "append", "upsert"])
def test_a_server_that_restarts_in_the_middle_is_waited_for(pg: Steps, mode: str) -> None:
    pg.server.sql("CREATE TABLE gold.t (id bigint PRIMARY KEY, name text)")
    pg.server.sql("INSERT INTO gold.t VALUES (1, 'old')")
    # It waits for this lock when all its rows are at the server.
    holder = subprocess.Popen(
        pg.server.psql_command(),
        env=pg.server.psql_env(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert holder.stdin is not None
    holder.stdin.write("BEGIN; LOCK TABLE gold.t IN SHARE MODE;\n")
    holder.stdin.flush()
    waits = "SELECT count(*) FROM pg_locks WHERE relation = 'gold.t'::regclass AND granted = {}"
    until(lambda: pg.server.sql(waits.format("true")) != "0", "the lock")
    target = pg.table("gold.t", mode=mode, key="id")
    folder = pg.write("share", {"of": "x", "to": [target]}, big(50_000, 2), 1, 1)
    process = pg.start(folder)
    until(lambda: pg.server.sql(waits.format("false")) != "0", "the share at work")
    pg.server.restart()
    holder.communicate()
    said = process.communicate()[0]
    assert "error" not in pg.report(folder), said
    assert "trying again" in said
    wanted = "50000" if mode == "replace" else "50001"
    assert pg.server.sql("SELECT count(*) FROM gold.t") == wanted


def test_a_commit_that_got_no_answer_is_not_done_twice(pg: Steps) -> None:
    """A proxy breaks the connection when the server has committed, and nobody was told."""
    pg.shared(OLD, pg.table("gold.t", mode="append"), run=1)
    proxy = pg.folder / "proxy"
    proxy.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(proxy / ".s.PGSQL.5432"))
    listener.listen()
    served = []

    def serve() -> None:
        while len(served) < 2:
            client = listener.accept()[0]
            served.append(client)
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(str(pg.server.folder / ".s.PGSQL.5432"))
            sides = {client: upstream, upstream: client}
            while sides:
                for side in select.select(list(sides), [], [])[0]:
                    data = side.recv(1 << 16)
                    if data:
                        sides[side].sendall(data)
                    if side is client and b"COMMIT\0" in data and len(served) == 1:
                        upstream.recv(1)  # the answer is there
                        data = b""
                    if not data:
                        sides.clear()
                        break
            client.close()
            upstream.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    target = {"connection": pg.connection(host=str(proxy)), "to": "gold.t", "mode": "append"}
    pg.shared(NEW, target, run=2)
    thread.join()
    listener.close()
    assert "trying again" in pg.said
    assert "append, done by an earlier attempt" in pg.said
    assert values(pg) == ["1|old one", "2|old two", "2|two", "3|", "4|"]


def test_killed_at_any_moment_a_share_is_there_whole_or_not_at_all(pg: Steps) -> None:
    """And the attempt after it makes it whole, once."""
    data = big(10_000, 1)
    drawn = random.Random(20261121)
    modes = ["replace", "append", "upsert"]
    seconds = 0.5  # that one takes, measured again each time
    for turn in range(24):
        mode = modes[turn % 3]
        name = f"gold.{mode}"
        run = turn + 1
        pg.server.sql(
            f"DROP TABLE IF EXISTS {name};"
            f"CREATE TABLE {name} (id bigint PRIMARY KEY, name text); "
            f"INSERT INTO {name} VALUES (0, 'old')"
        )
        before = rows(pg, name)
        target = pg.table(name, mode=mode, key="id")
        process = pg.start(pg.write("share", {"of": "x", "to": [target]}, data, run, 1))
        try:
            process.wait(timeout=drawn.uniform(0.0, 1.1) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        # Its server process ends when it finds nobody there, or has committed before.
        until(lambda: pg.server.sql(SESSIONS) == "0", "the end of its session")
        total = 10_000 if mode == "replace" else 10_001
        count = pg.server.sql(f"SELECT count(*) FROM {name}")
        assert count in ("1", str(total)), (turn, mode, count)
        assert count != "1" or rows(pg, name) == before
        begun = monotonic()
        pg.shared(data, target, run=run, attempt=2)
        seconds = monotonic() - begun
        found = pg.server.sql(f"SELECT count(*), count(DISTINCT id) FROM {name}")
        assert found == f"{total}|{total}", (turn, mode)
    left = pg.server.sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'dyna_new%'")
    assert left == "0"
