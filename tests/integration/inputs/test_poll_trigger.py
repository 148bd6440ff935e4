"""Triggers of type poll: `dyna up` starts a run for each thing that a poll finds, once, whoever falls over."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from poll_service import Orders, Service
from postgres_server import PASSWORD
from postgres_server import Server as Postgres
from serving import Server, eventually
from trigger_place import LONG, PATIENCE, TriggerPlace

KILLS = 20 if LONG else 3
TOKEN = "t0ken-4711-not-to-be-seen"
FLOW = """
id: on_thing
namespace: acme
inputs:
  - {{id: thing, type: json, default: {{}}}}
  - {{id: what, default: none}}
tasks: [{{id: work, type: log, message: "{{{{ inputs.what }}}}"}}]
triggers:
  - id: things
    type: poll
    every: 1s
    key: id
    {more}
    inputs:
      thing: "{{{{ event.data.{member} }}}}"
      what: "{{{{ event.operation }}}} {{{{ event.id }}}} at {{{{ event.data.cursor }}}}"
"""


class Place(TriggerPlace):
    def flow(self, member: str, *more: str) -> None:
        text = FLOW.format(member=member, more="\n    ".join(more))
        (self.folder / "on_thing.yaml").write_text(text, encoding="utf-8")

    def told(self, count: int) -> list[str]:
        """What each run was for, once so many have completed."""
        return [one["what"] for one in self.ended(count)]


def input_that(server: Server, state: str, problem: str = "") -> dict:
    def look() -> dict | None:
        found = server.ok("GET", "/api/v1/inputs")["inputs"]
        fits = found and found[0]["state"] == state and problem in found[0].get("problem", "")
        return found[0] if fits else None

    return eventually(look, f"an input that {state}: {problem}", PATIENCE)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def orders() -> Orders:
    return Orders(token=TOKEN)


@pytest.fixture
def service(orders: Orders) -> Iterator[Service]:
    running = Service(orders)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    running = Postgres()
    try:
        yield running
    finally:
        running.stop()


def of_the_service(place: Place, service: Service, *more: str) -> None:
    place.flow(
        "item",
        f"url: {service.url}",
        "auth: {token: {secret: SHOP_API}}",
        "items: data",
        "cursor: at",
        *more,
    )


def test_things_of_a_web_service_have_their_runs_also_those_of_meanwhile(
    place: Place, orders: Orders, service: Service
) -> None:
    of_the_service(place, service, "send: since", "next: next")
    orders.add(2, at=10)
    server = place.start(DYNA_SECRET_SHOP_API=TOKEN)
    assert sorted(place.told(2)) == ["read 0 at 10", "read 1 at 10"]
    assert place.runs()[0]["thing"]["total"] == 1.5
    orders.add(1, at=10)  # of the same cursor: neither lost nor doubled
    assert place.told(3)[2] == "read 2 at 10"
    one = server.input_that_kept(3)
    assert (one["flow"], one["trigger"], one["type"]) == ("acme/on_thing", "things", "poll")
    assert one["state"] == "listens" and "problem" not in one
    place.kill()
    orders.add(20, at=11)
    server = place.start(DYNA_SECRET_SHOP_API=TOKEN)
    assert {what.split()[1] for what in place.told(23)} == {str(n) for n in range(23)}
    listed = server.ok("GET", "/api/v1/triggers?type=poll")["triggers"]
    assert [one["trigger"] for one in listed] == ["things"]
    server.stop()


def test_what_is_wrong_is_said_and_mends_itself(
    place: Place, orders: Orders, service: Service
) -> None:
    of_the_service(place, service)
    orders.add(1, at=1)
    server = place.start(DYNA_SECRET_SHOP_API="wrong")
    one = input_that(server, "failed", "401")
    assert one["events"] == 0
    server.stop()
    server = place.start(DYNA_SECRET_SHOP_API=TOKEN)
    place.told(1)
    with orders.lock:
        orders.refuse = (429, {"Retry-After": "2"})
    input_that(server, "failed", "left alone for 2.0s")
    asked = orders.asked
    with orders.lock:
        orders.refuse = None
    input_that(server, "listens")
    assert orders.asked > asked
    port = service.server.server_address[1]
    service.stop()
    input_that(server, "failed", str(port))
    assert all(
        TOKEN not in path.read_text(errors="replace")
        for path in [server.output, *place.folder.glob(".cordyna/**/*.log")]
        if path is not None
    )
    server.stop()


class Grower(threading.Thread):
    """Adds things to the service until it is told to end: some of one cursor, then of a later one."""

    def __init__(self, orders: Orders, seed: int) -> None:
        super().__init__(daemon=True)
        self.orders, self.random = orders, random.Random(seed)
        self.ending = threading.Event()

    def run(self) -> None:
        at = 1
        while not self.ending.wait(self.random.uniform(0, 0.05)):
            at += self.random.randrange(2)
            self.orders.add(self.random.randrange(1, 5), at)


def test_r25_nothing_is_lost_or_has_two_runs_whoever_is_killed(
    place: Place, orders: Orders, service: Service
) -> None:
    of_the_service(place, service, "send: since", "next: next")
    draw = random.Random(25)
    grower = Grower(orders, 25)
    grower.start()
    for _ in range(KILLS):
        server = place.start(DYNA_SECRET_SHOP_API=TOKEN)
        goal = place.kept() + draw.randrange(1, 60)
        eventually(lambda goal=goal: place.kept() >= goal, "more events", PATIENCE)
        place.kill()
    grower.ending.set()
    grower.join()
    server = place.start(DYNA_SECRET_SHOP_API=TOKEN)
    found = {what.split()[1] for what in place.told(len(orders.items))}
    assert found == {str(one["id"]) for one in orders.items}
    server.stop()


def of_the_database(place: Place, database: Postgres, *more: str) -> None:
    connections = place.folder / "connections"
    connections.mkdir(exist_ok=True)
    text = database.connection(password="{secret: SHOP_DB}")
    (connections / "shop.yaml").write_text(text, encoding="utf-8")
    place.flow("row", "connection: shop", *more)


def test_rows_of_postgres_come_with_their_types(place: Place, database: Postgres) -> None:
    database.sql(
        "DROP TABLE IF EXISTS bills; CREATE TABLE bills"
        " (id bigint, paid timestamptz, total numeric, note text)"
    )
    of_the_database(place, database, "query: SELECT * FROM bills", "cursor: paid", "max_rows: 3")
    database.sql(
        "INSERT INTO bills SELECT n, '2026-01-01 00:00:00.123456+01', 12345678901234.50, E'a\\nb'"
        " FROM generate_series(1, 10) n; INSERT INTO bills VALUES (11, NULL), (12, 'infinity')"
    )
    server = place.start(DYNA_SECRET_SHOP_DB=PASSWORD)
    place.told(10)
    first = place.runs()[0]
    assert first["what"].endswith("at 2025-12-31 23:00:00.123456+00")
    assert first["thing"]["paid"].startswith("20") and first["thing"]["note"] == "a\nb"
    place.kill()
    # Of the cursor that was reached, and a later one; and one that comes too late to be seen.
    database.sql(
        "INSERT INTO bills VALUES (13, '2026-01-01 00:00:00.123456+01'), (14, '2026-01-02'),"
        " (15, '2025-01-01')"
    )
    server = place.start(DYNA_SECRET_SHOP_DB=PASSWORD)
    assert {what.split()[1] for what in place.told(12)[10:]} == {"13", "14"}
    database.restart()
    database.sql("INSERT INTO bills VALUES (16, '2026-01-03')")
    place.told(13)
    input_that(server, "listens")
    server.stop()


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        ("numeric(20,5)", ["1", "1.50", "1.5", "2"], "2"),
        ("float8", ["0", "-0", "0.1", "1e300"], "1e+300"),
        ("uuid", ["00000000-0000-0000-0000-00000000000" + d for d in "1123"], "3"),
        ("date", ["2026-01-01", "2026-01-01", "2026-01-02", "infinity"], "2026-01-02"),
        ("text", ["a", "b", "b ", "c"], "c"),
        ("xid8", ["1", "1", "9", "10"], "10"),
        ('text COLLATE "en-x-icu"', ["a", "B", "c"], "c"),
    ],
    ids=lambda value: value if isinstance(value, str) and "(" not in value else None,
)
def test_cursors_of_any_type_tell_each_row_once(
    place: Place, database: Postgres, kind: str, values: list[str], text: str
) -> None:
    database.sql(f"DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (id int, c {kind})")
    of_the_database(place, database, "query: SELECT * FROM kinds", "cursor: c")
    for number, value in enumerate(values):
        database.sql(f"INSERT INTO kinds VALUES ({number}, '{value}')")
    count = len([value for value in values if value != "infinity"])
    server = place.start(DYNA_SECRET_SHOP_DB=PASSWORD)
    assert place.told(count)[-1].endswith(text)
    server.stop()
    # All that there is at the border is read again, and known.
    server = place.start(DYNA_SECRET_SHOP_DB=PASSWORD)
    input_that(server, "listens")
    last = [value for value in values if value != "infinity"][-1]
    database.sql(f"INSERT INTO kinds VALUES (99, '{last}')")
    assert place.told(count + 1)[-1].startswith("read 99 ")
    server.stop()


def test_a_query_that_is_wrong_says_so(place: Place, database: Postgres) -> None:
    for query, cursor, wanted in [
        ("SELECT 1 AS id, 2 AS n", "c", "no column 'c'; it has: id, n"),
        ("SELECT 1 AS id, '{}'::json AS c", "c", "a type that is no cursor"),
        ("SELECT 1 AS id, 2 AS c, 3 AS c", "c", "two columns 'c'"),
        ("SELECT * FROM nothing", "c", "does not exist"),
        (
            "WITH gone AS (DELETE FROM pg_class RETURNING *) SELECT 1 AS id, 1 AS c",
            "c",
            "top level",
        ),
        ("SELECT 1 AS id, nextval('s') AS c", "c", "read-only"),
    ]:
        database.sql("CREATE SEQUENCE IF NOT EXISTS s")
        of_the_database(place, database, f'query: "{query}"', f"cursor: {cursor}")
        server = place.start(DYNA_SECRET_SHOP_DB=PASSWORD)
        input_that(server, "failed", wanted)
        server.stop()


def test_rows_of_sqlite_written_while_it_is_killed(place: Place) -> None:
    (place.folder / "data").mkdir()
    shop = sqlite3.connect(place.folder / "data" / "shop.db")
    shop.execute("PRAGMA journal_mode = wal")
    shop.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, at INTEGER)")
    shop.commit()
    place.flow(
        "row",
        "connection: {type: sqlite, database: data/shop.db}",
        "query: SELECT id, at FROM visits",
        "cursor: at",
    )
    draw = random.Random(7)
    at = 0
    count = 0
    for _ in range(KILLS):
        server = place.start()
        for _ in range(5):
            some = draw.randrange(1, 40)
            shop.executemany("INSERT INTO visits (at) VALUES (?)", [(at,)] * some)
            shop.commit()
            count += some
            at += draw.randrange(2)
        eventually(lambda: place.kept() > 0, "an event", PATIENCE)
        place.kill()
    server = place.start()
    found = [what.split()[1] for what in place.told(count)]
    assert sorted(found, key=int) == [str(one) for (one,) in shop.execute("SELECT id FROM visits")]
    server.stop()
