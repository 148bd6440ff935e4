"""Shares to tables of a real PostgreSQL: what they do to a table, and what they leave as it was."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pg_steps import NEW, OLD, Steps, old_table, rows, values

pytest_plugins = ["pg_fixtures"]

# --- the three modes ---


def test_a_missing_table_is_made_with_the_types_of_the_data(pg: Steps) -> None:
    report = pg.shared(NEW, pg.table("gold.t", key="id"))
    assert report["outputs"]["targets"] == ["warehouse/gold.t"]
    assert report["outputs"]["rows"] == 3
    assert values(pg) == ["2|two", "3|", "4|"]
    assert pg.server.sql("SELECT id FROM gold.t WHERE name IS NULL") == "4"
    described = pg.server.sql(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'gold' AND table_name = 't' ORDER BY ordinal_position"
    )
    assert described.splitlines() == ["id|bigint|NO", "name|text|YES"]


def test_replace_append_and_upsert(pg: Steps) -> None:
    old_table(pg)
    pg.shared(NEW, pg.table("gold.t"), run=1)
    assert values(pg) == ["2|two", "3|", "4|"]
    pg.shared(OLD.head(1), pg.table("gold.t", mode="append"), run=2)
    assert values(pg) == ["1|old one", "2|two", "3|", "4|"]
    changed = pd.DataFrame({"id": [1, 5], "name": ["one", "five"]})
    pg.shared(changed, pg.table("gold.t", mode="upsert", key="id"), run=3)
    assert values(pg) == ["1|one", "2|two", "3|", "4|", "5|five"]


def test_a_rerun_changes_nothing(pg: Steps) -> None:
    for mode in ("replace", "append", "upsert"):
        name = f"gold.{mode}"
        pg.server.sql(f"CREATE TABLE {name} (id bigint PRIMARY KEY, name text)")
        target = pg.table(name, mode=mode, key="id")
        pg.shared(NEW, target, run=1, attempt=1)
        before = rows(pg, name)
        pg.shared(NEW, target, run=1, attempt=1)
        assert rows(pg, name) == before, mode
        assert "done by an earlier attempt" in pg.said
        pg.shared(NEW, target, run=1, attempt=2)
        assert values(pg, name) == ["2|two", "3|", "4|"], mode
        if mode != "replace":
            assert rows(pg, name) == before, mode


def test_another_run_appends_again(pg: Steps) -> None:
    pg.shared(NEW, pg.table("gold.t", mode="append"), run=1)
    pg.shared(NEW, pg.table("gold.t", mode="append"), run=2)
    assert pg.server.sql("SELECT count(*), count(DISTINCT id) FROM gold.t") == "6|3"
    noted = pg.server.sql("SELECT target, mode, rows FROM gold.dyna_shares ORDER BY run")
    assert noted.splitlines() == ["t|append|3", "t|append|3"]


def test_an_older_run_does_not_undo_a_newer_one(pg: Steps) -> None:
    pg.shared(NEW, pg.table("gold.t", key="id"), run=7, attempt=2)
    before = rows(pg)
    for run, attempt in ((6, 9), (7, 1)):
        told = pg.refused("TARGET_MISFIT", OLD, pg.table("gold.t"), run=run, attempt=attempt)
        assert "is newer than this attempt, which must not undo that" in told
    upsert = pg.table("gold.t", mode="upsert", key="id")
    pg.refused("TARGET_MISFIT", OLD, upsert, run=6)
    assert rows(pg) == before


# --- what hangs on a table ---


def test_a_swap_keeps_names_grants_comments_and_constraints(pg: Steps) -> None:
    pg.server.sql(
        "DROP ROLE IF EXISTS reader; CREATE ROLE reader;"
        "CREATE TABLE gold.t (id bigint CONSTRAINT \"the key\" PRIMARY KEY, name text DEFAULT 'x',"
        " CONSTRAINT \"not bad\" CHECK (name <> 'bad'));"
        "CREATE INDEX by_name ON gold.t (name); CREATE INDEX twin ON gold.t (name);"
        'CREATE INDEX "we""ird" ON gold.t (lower(name)) WHERE id > 1;'
        "COMMENT ON TABLE gold.t IS 'it''s theirs'; COMMENT ON COLUMN gold.t.name IS 'a name';"
        "GRANT SELECT ON gold.t TO reader WITH GRANT OPTION; GRANT INSERT ON gold.t TO PUBLIC;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA gold GRANT DELETE ON TABLES TO reader"
    )
    facts = (
        "SELECT oid = 0, relacl FROM pg_class WHERE oid = 'gold.t'::regclass;"
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'gold' AND tablename = 't' ORDER BY 1;"
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'gold.t'::regclass ORDER BY 1;"
        "SELECT obj_description('gold.t'::regclass, 'pg_class'),"
        " col_description('gold.t'::regclass, 2);"
        "SELECT column_default FROM information_schema.columns"
        " WHERE table_schema = 'gold' AND table_name = 't' ORDER BY ordinal_position"
    )
    before = pg.server.sql(facts)
    number = pg.server.sql("SELECT 'gold.t'::regclass::oid")
    pg.shared(NEW, pg.table("gold.t"))
    assert "(replace)" in pg.said
    assert pg.server.sql("SELECT 'gold.t'::regclass::oid") != number
    assert pg.server.sql(facts) == before
    assert values(pg) == ["2|two", "3|", "4|"]
    left = pg.server.sql("SELECT relname FROM pg_class WHERE relname LIKE 'dyna%' AND relkind='r'")
    assert left == "dyna_shares"


def test_what_a_swap_would_break_is_replaced_in_place(pg: Steps) -> None:
    hangs = {
        "view": "CREATE VIEW gold.v AS SELECT name FROM gold.t",
        "policy": "ALTER TABLE gold.t ENABLE ROW LEVEL SECURITY",
        "trigger": "CREATE FUNCTION gold.f() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NEW; END'; CREATE TRIGGER g BEFORE INSERT ON gold.t FOR EACH ROW "
        "EXECUTE FUNCTION gold.f()",
        "published": "CREATE PUBLICATION p FOR TABLE gold.t",
        "options": "ALTER TABLE gold.t SET (fillfactor = 50)",
        "identity": "ALTER TABLE gold.t ADD n int GENERATED ALWAYS AS IDENTITY",
        "owner": "ALTER TABLE gold.t OWNER TO pg_monitor",
        "statistics": "CREATE STATISTICS gold.s ON id, name FROM gold.t",
        "grant": "GRANT SELECT (id) ON gold.t TO PUBLIC",
    }
    for what, sql in hangs.items():
        pg.server.sql("DROP PUBLICATION IF EXISTS p; DROP SCHEMA gold CASCADE; CREATE SCHEMA gold")
        old_table(pg)
        pg.server.sql(sql)
        number = pg.server.sql("SELECT 'gold.t'::regclass::oid")
        pg.shared(NEW, pg.table("gold.t"))
        assert "(replace in place, since" in pg.said, what
        assert pg.server.sql("SELECT 'gold.t'::regclass::oid") == number, what
        assert pg.server.sql("SELECT id FROM gold.t ORDER BY id").split() == ["2", "3", "4"], what
        if what == "view":
            assert pg.server.sql("SELECT count(*) FROM gold.v") == "3"
    pg.server.sql("DROP PUBLICATION IF EXISTS p")


def test_a_table_that_others_point_at_is_not_replaced(pg: Steps) -> None:
    before = old_table(pg)
    pg.server.sql(
        "CREATE TABLE gold.child (t bigint CONSTRAINT fk REFERENCES gold.t ON DELETE CASCADE);"
        "INSERT INTO gold.child VALUES (1)"
    )
    told = pg.refused("TARGET_MISFIT", NEW, pg.table("gold.t"))
    assert "the foreign key fk of gold.child points at it" in told
    assert "use mode upsert" in told
    assert rows(pg) == before
    assert values(pg, "gold.child") == ["1"]


def test_readers_see_the_old_or_the_new_table_whole(pg: Steps) -> None:
    """One in the middle of a transaction sees the old one on; its lock delays nobody for good."""
    old_table(pg)
    reader = subprocess.Popen(
        pg.server.psql_command(),
        env=pg.server.psql_env(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert reader.stdin is not None and reader.stdout is not None

    def ask(sql: str) -> str:
        reader.stdin.write(sql + "\n")
        return reader.stdout.readline().strip()

    count = "SELECT count(*), sum(id) FROM gold.t;"
    assert ask(f"BEGIN ISOLATION LEVEL REPEATABLE READ; {count}") == "2|3"
    pg.shared(NEW, pg.table("gold.t"))
    assert "(replace in place, since others have been reading it all the time)" in pg.said
    assert ask(count) == "2|3"
    assert ask(f"COMMIT; {count}") == "3|9"
    # A snapshot from before a swap, of one who comes to the table only after it.
    assert ask("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;") == "1"
    pg.shared(OLD, pg.table("gold.t"), run=2)
    assert "(replace)" in pg.said
    assert ask(count) == "2|3"
    reader.stdin.close()
    reader.wait()
    reader.stdout.close()


# --- what does not fit ---


def test_a_share_that_fails_leaves_the_table_byte_for_byte(pg: Steps) -> None:
    before = old_table(pg)
    more = NEW.assign(extra=1.5)
    assert 'ALTER TABLE "gold"."t" ADD COLUMN "extra" double precision' in pg.refused(
        "TARGET_MISFIT", more, pg.table("gold.t")
    )
    text = NEW.assign(id=["a", "b", "c"])
    assert "column 'id' is VARCHAR in the data and bigint in gold.t" in pg.refused(
        "TARGET_MISFIT", text, pg.table("gold.t", mode="append")
    )
    for mode in ("replace", "append"):
        twice = pd.DataFrame({"id": [8, 9, 9], "name": ["a", "b", "c"]})
        told = pg.refused("TARGET_MISFIT", twice, pg.table("gold.t", mode=mode))
        assert "duplicate key value violates unique constraint" in told
        assert "what was shared before is untouched" in told
    pg.refused("TARGET_MISFIT", NEW, pg.table("nowhere.t"))
    nul = pd.DataFrame({"id": [1], "name": ["a\0b"]})
    assert "invalid byte sequence" in pg.refused("TARGET_MISFIT", nul, pg.table("gold.t"))
    pg.server.sql("CREATE VIEW gold.v AS SELECT * FROM gold.t")
    assert "not a table" in pg.refused("TARGET_MISFIT", NEW, pg.table("gold.v"))
    assert rows(pg) == before


def test_a_trigger_that_keeps_rows_makes_no_half_share(pg: Steps) -> None:
    for what, back in (("DELETE", "NULL"), ("INSERT", "CASE WHEN NEW.id <> 3 THEN NEW END")):
        pg.server.sql("DROP SCHEMA gold CASCADE; CREATE SCHEMA gold")
        before = old_table(pg)
        pg.server.sql(
            "CREATE FUNCTION gold.f() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RETURN {back}; END $$;"
            f"CREATE TRIGGER g BEFORE {what} ON gold.t FOR EACH ROW EXECUTE FUNCTION gold.f()"
        )
        told = pg.refused("TARGET_MISFIT", NEW, pg.table("gold.t"))
        assert "a trigger or rule of the table keeps" in told
        if what == "INSERT":
            assert "2 rows arrived of 3" in told
            pg.refused("TARGET_MISFIT", NEW.tail(2), pg.table("gold.t", mode="append"))
        assert rows(pg) == before


def test_upsert_wants_keys_that_tell_rows_apart(pg: Steps) -> None:
    pg.server.sql("CREATE TABLE gold.t (id bigint, name text); INSERT INTO gold.t VALUES (1, 'o')")
    before = rows(pg)
    upsert = pg.table("gold.t", mode="upsert", key=["id"])
    told = pg.refused("TARGET_MISFIT", NEW, upsert)
    assert 'CREATE UNIQUE INDEX ON "gold"."t" ("id")' in told
    pg.server.sql("CREATE UNIQUE INDEX part ON gold.t (id) WHERE id > 0")
    assert "no unique index" in pg.refused("TARGET_MISFIT", NEW, upsert)
    pg.server.sql("CREATE UNIQUE INDEX whole ON gold.t (id)")
    twice = pd.DataFrame({"id": [5, 5, 6], "name": ["a", "b", "c"]})
    told = pg.refused("TARGET_MISFIT", twice, upsert)
    assert "keys (id) more than once: 5 (2 times)" in told
    none = pd.DataFrame({"id": pd.array([5, None], dtype="Int64"), "name": ["a", "b"]})
    assert "1 rows have no value in the key (id)" in pg.refused("TARGET_MISFIT", none, upsert)
    other = pg.table("gold.t", mode="upsert", key=["nope"])
    assert "no column 'nope' of 'key'" in pg.refused("TARGET_MISFIT", NEW, other)
    assert rows(pg) == before
    pg.shared(NEW, upsert)
    assert values(pg) == ["1|o", "2|two", "3|", "4|"]


def test_of_several_targets_all_are_shared_or_none(pg: Steps) -> None:
    before = old_table(pg)
    out = pg.folder / "out.csv"
    out.write_text("old")
    pg.server.sql("CREATE TABLE gold.narrow (id int, name text)")
    told = pg.refused(
        "TARGET_MISFIT", NEW, ["out.csv", pg.table("gold.t"), pg.table("gold.narrow")]
    )
    assert "share to warehouse/gold.narrow: column 'id' is BIGINT in the data" in told
    assert (out.read_text(), rows(pg), values(pg, "gold.narrow")) == ("old", before, [])
    pg.server.sql("ALTER TABLE gold.narrow ALTER id TYPE bigint")
    report = pg.shared(NEW, ["out.csv", pg.table("gold.t"), pg.table("gold.narrow")])
    assert sorted(report["outputs"]["targets"]) == [
        str(out), "warehouse/gold.narrow", "warehouse/gold.t",
    ]  # fmt: skip
    assert values(pg) == values(pg, "gold.narrow") == ["2|two", "3|", "4|"]
    assert out.read_text().startswith("id,name\n2,two")


# --- values ---

HOSTILE = [
    "",
    "NULL",
    "\\N",
    "\\.",
    '"',
    "''",
    "a,b",
    "a\nb",
    "a\r\nb",
    "\\",
    " x ",
    "é🙂",
    "\t",
    None,
]


def test_hostile_values_and_names_arrive_as_they_are(pg: Steps) -> None:
    name = 'we"ird; DROP TABLE x --'
    data = pd.DataFrame({"n": range(len(HOSTILE)), name: HOSTILE})
    target = pg.table('gold."t""; --"')
    for run in (1, 2):  # made, then swapped
        pg.shared(data, target, run=run)
        found = json.loads(pg.server.sql('SELECT json_agg(t ORDER BY n) FROM gold."t""; --" t'))
        assert [row[name] for row in found] == HOSTILE
    report = pg.load(table='gold."t""; --"')
    assert "error" not in report, report
    back = pd.read_parquet(report["outputs"]["data"]).sort_values("n")
    assert [None if pd.isna(v) else v for v in back[name]] == HOSTILE
    single = pd.DataFrame({"only": HOSTILE[:-1]})
    pg.shared(single, pg.table("gold.single"), run=3)
    assert pg.server.sql("SELECT count(*) FROM gold.single") == str(len(single))


EVERY = """CREATE TABLE gold.every (
 b boolean, i2 smallint, i4 integer, i8 bigint, n numeric(12,3), f4 real, f8 double precision,
 t text, v varchar(9), d date, ts timestamp, tz timestamptz, tm time, u uuid, j jsonb, y bytea);
INSERT INTO gold.every VALUES
 (true, -32768, 2147483647, -9223372036854775808, -999999999.999, 0.1, 1e-300, '', 'x',
  '0044-03-15 BC', '2024-02-29 23:59:59.999999', '2024-03-31 02:30:00+02', '23:59:59.5',
  '00000000-0000-0000-0000-00000000ffff', '{"a": [1, null]}', '\\x00ff0a22'),
 (false, 32767, -1, 9223372036854775807, 0.001, 'NaN', 'Infinity', E'a\\n"b"', '', '9999-12-31',
  '0001-01-01', '1969-12-31 23:59:59.999999Z', '00:00', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '"x"', ''),
 (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)"""


def test_every_type_survives_the_way_there_and_back(pg: Steps) -> None:
    pg.server.sql(EVERY)
    report = pg.load(table="gold.every")
    assert "error" not in report, report
    types = {column["name"]: column["type"] for column in report["outputs"]["schema"]}
    assert types["n"] == "DECIMAL(12,3)"
    assert types["tz"] == "TIMESTAMP WITH TIME ZONE"
    assert types["y"] == "BLOB"
    data = Path(report["outputs"]["data"])
    pg.server.sql("CREATE TABLE gold.same (LIKE gold.every)")
    pg.shared(data, [pg.table("gold.made"), pg.table("gold.same")])
    for name in ("made", "same"):
        difference = pg.server.sql(
            f"(SELECT * FROM gold.every EXCEPT ALL SELECT * FROM gold.{name}) UNION ALL "
            f"(SELECT * FROM gold.{name} EXCEPT ALL SELECT * FROM gold.every)"
        )
        assert difference == "", name
    made = pg.server.sql(
        "SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM "
        "pg_attribute WHERE attrelid = 'gold.made'::regclass AND attnum > 0"
    )
    assert made == (
        "boolean, smallint, integer, bigint, numeric(12,3), real, double precision, text, text, "
        "date, timestamp without time zone, timestamp with time zone, time without time zone, "
        "uuid, jsonb, bytea"
    )


def test_values_of_arrow_arrive_with_their_types(pg: Steps) -> None:
    path = pg.folder / "arrow.parquet"
    table = pa.table(
        {
            "dec": pa.array([Decimal("1.20"), None], pa.decimal128(38, 2)),
            "u8": pa.array([2**64 - 1, 0], pa.uint64()),
            "list": pa.array([[1, 2], []], pa.list_(pa.int32())),
            "map": pa.array([{"a": 'x"y'}, None], pa.struct([("a", pa.string())])),
            "day": pa.array([date(2024, 2, 29), None], pa.date32()),
            "at": pa.array([datetime(2024, 1, 1, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        }
    )
    pq.write_table(table, path)
    pg.shared(path, pg.table("gold.t"))
    assert values(pg) == [
        '1.20|18446744073709551615|[1, 2]|{"a": "x\\"y"}|2024-02-29|2024-01-01 00:00:00+00',
        "|0|[]|||",
    ]
    pq.write_table(pa.table({"t": pa.array([1], pa.timestamp("ns"))}), path)
    told = pg.refused("TARGET_MISFIT", path, pg.table("gold.ns"))
    assert "column 't' is TIMESTAMP_NS" in told
    assert "cast it to TIMESTAMP" in told
