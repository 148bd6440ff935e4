"""A program with a PostgreSQL input, of either mode, and what is done to both."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from pathlib import Path
from time import monotonic, sleep

from postgres_server import PASSWORD, Server
from programs import PATIENCE, Program

WRITERS = 64


class Probe(Program):
    """A program with the input, its state and what its process has written."""

    def __init__(self, program: Path, server: Server, folder: Path, name: str) -> None:
        super().__init__(program, folder, name)
        self.server = server

    @property
    def connection(self) -> str:
        return f"host={self.server.folder} user=dyna dbname=postgres password={PASSWORD}"

    def start(self, *words: str) -> None:
        self.spawn("run", self.name, self.connection, self.state, self.output, *words)

    def call(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(verb, self.name, self.connection, *words),
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, *words: str) -> None:
        done = self.call("install", *words)
        assert done.returncode == 0, done.stderr


def told(events: list[dict]) -> list[tuple[str, str, str]]:
    return sorted((e["location"], e["operation"], e["id"]) for e in events)


TYPES = """
CREATE TABLE shop.types (
  id bigint PRIMARY KEY, b boolean, si smallint, n numeric, nn numeric(40, 20), r real, d double precision,
  t text, v varchar(10), c char(5), by bytea, ts timestamp, tz timestamptz, da date, ti time, tt timetz,
  iv interval, u uuid, j json, jb jsonb, x xml, ip inet, ci cidr, ma macaddr, bi bit(4), vb bit varying,
  ia int[], ta text[][], pt point, ln line, bx box, po polygon, tq tsquery, tv tsvector, mo money,
  ir int4range, mr int4multirange, en shop.mood, co shop.pair, pl pg_lsn, nm name, o oid)
"""
ROW = r"""
(9223372036854775807, true, -32768, 123456789012345678901234567890.123456789, 1.5, 1.1, 'NaN', E'tab\t "q" \\ ä 🫖 \u2028',
 'v', 'c', '\x00ff10', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05+05', 'infinity', '23:59:59.999999', '01:02:03+04',
 '1 year 2 days 00:00:03.5', '6f1ed002-ab59-42c5-9e8b-0e1a1a1a1a1a', '{"b":  1, "a":[1.10, null]}', '{"a": {"b": [1, 2]}}',
 '<a b="1">t</a>', '10.0.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', B'1010', B'101', '{1,NULL,3}', '{{a,"b c"},{NULL,d}}',
 '(1,2)', '{1,2,3}', '((0,0),(1,1))', '((0,0),(1,1),(2,0))', 'a & b', 'a:1 b:2', '12.34', '[1,5)', '{[1,3),[5,7)}', 'glad',
 ROW(1, 'x'), '16/B374D848', 'a_name', 42)
"""


WRITER = """
\\set n random(1, 3)
\\set pause random(0, 20)
\\set fate random(1, 10)
BEGIN;
INSERT INTO shop.orders (item) SELECT 'x' FROM generate_series(1, :n);
\\sleep :pause ms
\\if :fate = 1
ROLLBACK;
\\else
COMMIT;
\\endif
"""


def committed_is_delivered(probe: Probe, kills: int, *words: str) -> None:
    """64 writers that commit out of the order of their numbers; the reader killed, its sessions ended, at random."""
    draw = random.Random(26)
    sql = probe.server.sql
    sql("CREATE TABLE shop.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text)")
    probe.install(*words)
    script = probe.server.folder / "writer.sql"
    script.write_text(WRITER)
    script.chmod(0o644)
    writers = subprocess.Popen(
        [str(probe.server.bin / "pgbench"), "-n", "-M", "simple", "-c", str(WRITERS), "-j", "2",
         "-T", "600", "-R", "2000", "-f", str(script), "-h", str(probe.server.folder), "-U", "dyna", "postgres"],
        env=probe.server.psql_env(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    for turn in range(kills):
        probe.start(*words)
        before = len(probe.events())
        until = monotonic() + PATIENCE
        # Some have come, and more are on their way.
        goal = before + draw.randrange(1, 200)
        while len(probe.events()) < goal:
            assert monotonic() < until, probe.errors.read_text()
            sleep(0.005)
        if turn % 2 == 1:
            sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'cordyna'"
            )
        probe.kill()
    assert writers.poll() is None
    probe.server.end_writers(writers)
    wanted = set(sql("SELECT id FROM shop.orders").split())
    probe.start(*words)
    events = probe.wait(len(wanted))
    assert {e["id"] for e in events} == wanted
    # Each row is one event, told again only where the program was killed before it had kept the result.
    assert len({e["id"] for e in events}) == len(events)
    assert max(Counter(e["key"] for e in probe.events()).values()) <= kills + 1
