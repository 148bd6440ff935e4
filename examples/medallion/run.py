"""From orders in Kafka to figures of months, through bronze, silver and gold: see README.md.

Starts a Kafka broker, a PostgreSQL server, a Docker daemon and `dyna up`, sends the orders, shows how
the tables fill, compares gold with the same sums over the raw orders, and ends what it started.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

# The servers that the tests start, real ones, on loopback.
sys.path.extend(
    str(Path(__file__).resolve().parents[2] / "tests/integration" / folder)
    for folder in ("inputs", "data", "containers")
)
import orders
from docker_daemon import Daemon
from kafka_broker import Broker
from postgres_server import PASSWORD, Server

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTITIONS = 4
PATIENCE = 900
GOLD = "SELECT month, orders, customers, quantity, value FROM gold.months ORDER BY month"


class Medallion:
    """The servers and the folder of the flows; `dyna up` is started and ended apart."""

    def __init__(self, folder: Path, broker: Broker, warehouse: Server, docker: Daemon) -> None:
        self.folder, self.broker, self.warehouse, self.docker = folder, broker, warehouse, docker
        self.server: subprocess.Popen[bytes] | None = None
        shutil.copytree(HERE / "flows", folder, dirs_exist_ok=True)
        connections = folder / "connections"
        connections.mkdir()
        (connections / "kafka.yaml").write_text(f"type: kafka\nbrokers: {broker.address}\n")
        (connections / "warehouse.yaml").write_text(
            warehouse.connection(password="{secret: WAREHOUSE}")
        )
        warehouse.sql((HERE / "warehouse.sql").read_text())
        broker.create("orders", PARTITIONS)

    def up(self) -> None:
        environment = {
            **os.environ,
            "DYNA_SECRET_WAREHOUSE": PASSWORD,
            "DOCKER_HOST": self.docker.host,
            "PGHOST": str(self.warehouse.folder),
            "PGUSER": "dyna",
            "PGDATABASE": "postgres",
        }
        dyna = os.environ.get("DYNA_BIN", str(ROOT / "build/release/bin/dyna"))
        with (self.folder / "up.log").open("ab") as log:
            self.server = subprocess.Popen(
                [dyna, "up", str(self.folder), "--listen", "127.0.0.1:0"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait_for_triggers(self) -> None:
        """Until the inputs watch their tables: rows that are written before are nobody's events."""
        begun = monotonic()
        watched = "SELECT count(DISTINCT tgrelid) FROM pg_trigger WHERE tgname LIKE 'cordyna%'"
        while self.warehouse.sql(watched) != "2":
            if monotonic() - begun > PATIENCE:
                raise TimeoutError((self.folder / "up.log").read_text()[-4000:])
            sleep(0.1)

    def kill(self) -> None:
        """As a crash: what it had begun goes on, and the next one takes it up."""
        assert self.server is not None
        self.server.kill()
        self.server.wait()
        self.server = None

    def down(self) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(timeout=120)
            self.server = None

    def send(self, chosen: list[dict[str, object]]) -> None:
        producer = self.broker.producer()
        for order in chosen:
            producer.produce("orders", value=json.dumps(order), key=str(order["customer"]))
        assert producer.flush(PATIENCE) == 0

    def counts(self) -> dict[str, int]:
        """Rows of bronze, silver and the rejected ones; orders that gold has."""
        found = self.warehouse.sql(
            "SELECT (SELECT count(*) FROM bronze.orders), (SELECT count(*) FROM silver.orders),"
            " (SELECT count(*) FROM silver.rejected),"
            " (SELECT coalesce(sum(orders), 0) FROM gold.months)"
        )
        names = ("bronze", "silver", "rejected", "gold")
        return dict(zip(names, map(int, found.split("|")), strict=True))

    def gold(self) -> list[tuple]:
        lines = self.warehouse.sql(GOLD).splitlines()
        return [tuple(line.split("|")) for line in lines]

    def is_done(self, count: int) -> bool:
        """All orders have come through, and gold has each that silver has."""
        now = self.counts()
        return now["silver"] + now["rejected"] == count and now["gold"] == now["silver"]


def expected(chosen: list[dict[str, object]]) -> list[tuple]:
    """The same figures, of the raw orders, by another database."""
    raw = sqlite3.connect(":memory:")
    raw.execute("CREATE TABLE raw (customer, date, quantity, cents)")
    for order in chosen:
        cents = round(float(str(order["value"])) * 100)
        raw.execute(
            "INSERT INTO raw VALUES (?, ?, ?, ?)",
            (order["customer"], order["date"], order["quantity"], cents),
        )
    found = raw.execute(
        "SELECT substr(date, 1, 7), count(*), count(DISTINCT customer), sum(quantity), sum(cents)"
        " FROM raw WHERE quantity > 0 AND cents > 0 GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return [
        (month, str(number), str(customers), str(quantity), cents)
        for month, number, customers, quantity, cents in found
    ]


def in_cents(gold: list[tuple]) -> list[tuple]:
    return [(*row[:4], round(float(row[4]) * 100)) for row in gold]


@contextmanager
def started() -> Iterator[Medallion]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cordyna-medallion-")))
        broker = Broker()
        stack.callback(broker.stop)
        warehouse = Server(max_connections=100)
        stack.callback(warehouse.stop)
        docker = Daemon()
        stack.callback(docker.stop)
        made = Medallion(folder, broker, warehouse, docker)
        stack.callback(made.down)
        yield made


def bar(part: int, whole: int, width: int = 28) -> str:
    full = width if whole == 0 else width * part // whole
    return "█" * full + "░" * (width - full)


def show(now: dict[str, int], count: int, lines: int) -> int:
    """Over what was shown before, where this is a terminal; else a line."""
    if not sys.stdout.isatty():
        print("  ".join(f"{name} {number}" for name, number in now.items()), flush=True)
        return 0
    good = count - now["rejected"]
    text = [
        f"  bronze    {bar(now['bronze'], count)} {now['bronze']:>6} of {count} records as they came",
        f"  silver    {bar(now['silver'], good)} {now['silver']:>6} checked and enriched",
        f"  rejected  {' ' * 28} {now['rejected']:>6} with their reason",
        f"  gold      {bar(now['gold'], good)} {now['gold']:>6} in the figures of their months",
    ]
    print(
        (f"\x1b[{lines}A" if lines else "") + "\n".join(f"\x1b[2K{line}" for line in text),
        flush=True,
    )
    return len(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--orders", type=int, default=200, help="how many are sent (default 200)")
    options = parser.parse_args()
    if options.orders < 1:
        parser.error("--orders wants at least 1")
    if os.geteuid() != 0:
        parser.error("the Docker daemon that is started here wants root")
    for number in (signal.SIGTERM, signal.SIGHUP):  # what was started ends with us
        signal.signal(number, lambda *_: sys.exit(1))
    chosen = orders.choose(options.orders)
    print(f"{len(chosen)} orders; starting Kafka, PostgreSQL, Docker and dyna", flush=True)
    with started() as medallion:
        medallion.up()
        medallion.wait_for_triggers()
        begun = monotonic()
        medallion.send(chosen)
        shown = 0
        while not medallion.is_done(len(chosen)):
            if monotonic() - begun > PATIENCE:
                print((medallion.folder / "up.log").read_text()[-4000:], file=sys.stderr)
                return 1
            shown = show(medallion.counts(), len(chosen), shown)
            sleep(1)
        show(medallion.counts(), len(chosen), shown)
        print(f"\nafter {monotonic() - begun:.0f} s:\n")
        print(f"{'month':8} {'orders':>7} {'customers':>10} {'CDs':>6} {'value':>10}")
        for month, number, customers, quantity, value in medallion.gold():
            print(f"{month:8} {number:>7} {customers:>10} {quantity:>6} {float(value):>10.2f}")
        same = in_cents(medallion.gold()) == expected(chosen)
        print(
            "\nthe same figures" if same else "\nOTHER figures", "as SQL over the raw orders gives"
        )
        return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
