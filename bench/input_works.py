"""The works of ./dev bench about inputs, into a process of the library: rows of a real PostgreSQL, records of Kafka."""

import json
import pathlib
import subprocess
import sys

from measure import BenchError, folder, run

sys.path.extend(
    str(pathlib.Path(__file__).resolve().parents[1] / "tests/integration" / name)
    for name in (".", "data", "inputs", "server")
)
from flood import Flood as Events
from kafka_broker import Broker
from postgres_server import PASSWORD, Server

ROWS = 1_000
WRITERS = 8
INSERTS = 10
SECONDS = 6
RECORDS = 300_000
FLOOD = 200_000
PARTITIONS = 4
TABLE = "CREATE TABLE bench (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text)"


def connection(server):
    return f"host={server.folder} user=dyna dbname=postgres password={PASSWORD}"


def times(text):
    return [float(line) for line in text.split()]


class Outbox:
    name = "postgres-outbox"
    how = "through an outbox"
    words = ()
    more = ""
    least = 5_000

    def sample(self, context):
        program = f"{context.limits}/pg_input"
        server = Server(fsync=True, more=self.more)
        try:
            server.sql(TABLE)
            with folder() as place:
                hints = run([program, "hint", connection(server), str(ROWS)], place)
                for time in times(hints):
                    context.add(f"{self.name} hint", time)
                command = [program, "latency", connection(server), "state", str(ROWS), *self.words]
                for time in times(run(command, place)):
                    context.add(f"{self.name} latency", time)
            with folder() as place:
                self.measure_rate(context, program, server, place)
        finally:
            server.stop()

    def measure_rate(self, context, program, server, place):
        """Rows a second, from the first insert to the end of the last one's process."""
        with subprocess.Popen(
            [program, "count", connection(server), "state", *self.words],
            cwd=place,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as counting:
            if counting.stdout.readline() != "ready\n":
                raise BenchError("pg_input was not ready")
            before = int(server.sql("SELECT count(*) FROM bench"))
            script = server.folder / "insert.sql"
            insert = "INSERT INTO bench (item) VALUES ('x');\n"
            script.write_text(f"BEGIN;\n{insert * INSERTS}COMMIT;\n", encoding="ascii")
            script.chmod(0o644)
            subprocess.run(
                [str(server.bin / "pgbench"), "-n", "-c", str(WRITERS), "-T", str(SECONDS),
                 "-M", "prepared", "-f", str(script), "-h", str(server.folder), "-U", "dyna", "postgres"],
                env=server.psql_env(), check=True, capture_output=True,
            )  # fmt: skip
            written = int(server.sql("SELECT count(*) FROM bench")) - before
            out, _ = counting.communicate(f"{written}\n", timeout=120)
        told = json.loads(out)
        if told["events"] != written:
            raise BenchError(f"{told['events']} of {written} rows were told")
        context.add(f"{self.name} rate", told["events"] / told["seconds"])
        context.add(f"{self.name} written", written / SECONDS)

    def rows(self, context):
        ordered = sorted(context.samples[f"{self.name} latency"])
        p50, p99 = ordered[len(ordered) // 2], ordered[int(0.99 * len(ordered))]
        yield context.row(
            f"PostgreSQL insert, {self.how} → a process of the library runs; the event is kept before it",
            "p50 at most 3 ms, p99 at most 15 ms", context.text(f"{self.name} latency", "ms"),
            f"a bare NOTIFY: {context.text(f'{self.name} hint', 'ms')}",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", p50 <= 3 and p99 <= 15)  # fmt: skip
        value = context.mid(f"{self.name} rate")
        yield context.row(
            f"rows of {WRITERS} writers, {INSERTS} statements a transaction, {self.how} into a "
            "process that does nothing, all kept; the server on the same 2 cores",
            f"at least {self.least:,}/s", context.text(f"{self.name} rate", "/s"),
            f"written: {context.text(f'{self.name} written', '/s')}",
            f"{value:,.0f}/s", value >= self.least)  # fmt: skip


class Slot(Outbox):
    name = "postgres-slot"
    how = "through a replication slot"
    words = ("slot",)
    more = "wal_level = logical\n"
    least = 10_000

    def measure_rate(self, context, program, server, place):
        """With a state of its own, and so with a slot of its own."""
        server.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
        super().measure_rate(context, program, server, place)


class Kafka:
    """A backlog, so that the broker's writers do not run beside it; the broker does."""

    name = "kafka"

    def sample(self, context):
        program = f"{context.limits}/kafka_input"
        broker = Broker()
        try:
            broker.create("orders", PARTITIONS)
            producer = broker.producer(**{"linger.ms": 50})
            for number in range(RECORDS):
                while len(producer) > 50_000:
                    producer.poll(0.1)
                value = f'{{"order": {number}, "item": "tea", "note": "{"x" * 60}"}}'
                producer.produce(
                    "orders", value=value, key=str(number), partition=number % PARTITIONS
                )
            if producer.flush(120) != 0:
                raise BenchError("the broker did not take all records")
            with folder() as place:
                for what, state in (("kafka rate", ["state"]), ("kafka bare", [])):
                    verb = "count" if state else "bare"
                    out = run(
                        [program, verb, broker.address, "orders", *state, str(RECORDS)], place
                    )
                    told = json.loads(out)
                    context.add(what, told["events"] / told["seconds"])
        finally:
            broker.stop()

    def rows(self, context):
        value = context.mid("kafka rate")
        yield context.row(
            f"records of a topic of {PARTITIONS} partitions into a process that does nothing, all kept; the "
            "broker on the same 2 cores", "at least 20,000/s", context.text("kafka rate", "/s"),
            f"taken and dropped: {context.text('kafka bare', '/s')}", f"{value:,.0f}/s",
            value >= 20_000)  # fmt: skip


class Flood:
    """Runs of flows, as they are and with their history, not of the library."""

    name = "flood"

    def sample(self, context):
        broker = Broker()
        try:
            with folder() as place:
                events = Events(broker, pathlib.Path(place), FLOOD)
                events.come().stop()
                for late in events.late():
                    context.add("flood late", late)
                context.add("flood memory", events.memory / (1 << 20))
                context.add("flood rate", FLOOD / events.seconds)
        finally:
            broker.stop()

    def rows(self, context):
        ordered = sorted(context.samples["flood late"])
        p50, p99 = ordered[len(ordered) // 2], ordered[int(0.99 * len(ordered))]
        yield context.row(
            f"a schedule of every second while {FLOOD:,} records of Kafka have their runs", "p99 within 50 ms",
            context.text("flood late", "ms"),
            f"runs of records: {context.text('flood rate', '/s')}; memory: {context.text('flood memory', 'MB')}",
            f"p50 {p50} ms, p99 {p99} ms", p99 <= 50)  # fmt: skip
