"""A network of three teams: orders makes what billing reads, and the dashboard shows what billing makes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from serving import DYNA, ROOT

ORDERS = """
id: orders
namespace: orders
owner: team-orders
triggers: [{{id: often, type: schedule, cron: "{cron}"}}]
tasks:
  - {{id: raw, type: load, from: raw.csv, contract: {{columns: {{id: int64, cents: int64}}}}}}
  - id: priced
    type: transform
    sql: SELECT id, {price} FROM raw
  - {{id: out, type: share, of: priced, to: ../lake/orders.parquet}}
"""
ORDERS_TEST = """
tests:
  - id: prices are euros
    fixtures:
      raw: {data: [{id: 1, cents: 1250}, {id: 2, cents: 99900}]}
      out: {}
    expect: {state: completed, rows: {priced: 2}}
"""
BILLING = """
id: bills
namespace: billing
owner: team-billing
tasks:
  - id: src
    type: load
    from: ../lake/orders.parquet
    contract: {columns: {id: int64, price: {type: double, range: [0, 10000]}}}
  - id: total
    type: transform
    sql: SELECT count(*) AS orders, sum(price) AS euros FROM src
  - {id: out, type: share, of: total, to: ../lake/bills.parquet}
"""
BILLING_TEST = """
tests:
  - id: one bill
    fixtures:
      src: {data: [{id: 7, price: 10.5}]}
      out: {}
    expect: {state: completed, rows: {total: [{orders: 1, euros: 10.5}]}}
"""
DASHBOARD = """
id: board
namespace: dashboard
owner: team-dashboard
tasks:
  - id: bills
    type: load
    from: ../lake/bills.parquet
    contract: {columns: {orders: int64, euros: {type: double, max: 100000}}}
  - {id: show, type: log, message: "{{ outputs.bills.rows }} rows"}
"""
DASHBOARD_TEST = """
tests:
  - id: it shows
    fixtures: {bills: {data: [{orders: 1, euros: 2.5}]}}
    expect: {state: completed}
"""
GOOD = "cents / 100.0 AS price"


class Teams:
    """A folder for each team, all applied to one state."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "cordyna.yaml").write_text("{}\n")
        for name, flow, tests in (
            ("orders", ORDERS.format(price=GOOD, cron="0 * * * *"), ORDERS_TEST),
            ("billing", BILLING, BILLING_TEST),
            ("dashboard", DASHBOARD, DASHBOARD_TEST),
        ):
            (place / name).mkdir()
            (place / name / "flow.yaml").write_text(flow)
            (place / name / "flow.test.yaml").write_text(tests)
        done = self.dyna("apply", *(str(place / one) for one in ("orders", "billing", "dashboard")))
        assert done.returncode == 0, done.stderr

    def orders(self, price: str = GOOD, cron: str = "0 * * * *") -> Path:
        """As team orders would have it from now on."""
        path = self.place / "orders" / "flow.yaml"
        path.write_text(ORDERS.format(price=price, cron=cron))
        return path

    def dyna(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DYNA, *words], cwd=self.place, env={**os.environ, "NO_COLOR": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def downstream(self, *paths: str, code: int) -> dict[str, Any]:
        done = self.dyna("test", "--downstream", "--json", *paths)
        assert done.returncode == code, done.stdout + done.stderr
        start = done.stdout.index('{"changed"')
        told: dict[str, Any] = json.loads(done.stdout[start:])
        return told


def declared(module: Path) -> str:
    """What `cordyna declare` prints of it."""
    done = subprocess.run(
        [sys.executable, "-m", "cordyna", "declare", str(module)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "python")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout
