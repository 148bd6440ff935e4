"""Contracts: to and from ODCS with the program, against the standard's own JSON Schema; and what
columns that refer to other tasks, and rows in quarantine, do in a real run.

The schema comes from the PyPI package open-data-contract-standard (v3.1.0).
"""

from __future__ import annotations

import importlib.resources
import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))

# Every key that a contract and its columns may have.
EVERYTHING = """
id: sales-7
title: "Sales: all"
name: sales
version: 1.2.0
status: draft
description: "One row a sale.\\nSecond line."
columns:
  id: {type: int64, required: true, unique: true, min: 1, max: 20000000}
  day: {type: date, format: '%m/%d/%Y', range: ['2014-05-01', '2015-05-31']}
  at: {type: timestamp, min: '2014-01-01', on_fail: warn}
  price: {type: 'decimal(9,2)', min: 0.5, max: '1e6'}
  rate: {type: double, range: [0, 1], on_fail: quarantine}
  kind: {type: string, in: [a, b, 5, true], description: 'what: it is'}
  mail: {type: string, match: '[^@]+@[^@]+', min_length: 3, max_length: 80, pii: true}
  water: {type: string, in: [Y, N], to_bool: {Y: true, N: false}}
  zip: {type: string, refs: zips.code}
  town: {type: int32, refs: my-towns.v2.no, match: '[0-9]+'}
  flag: bool
rename: {list_price: price, ID: id, Id: id}
unique: [[id, day], {columns: kind, on_fail: quarantine}, {columns: [zip, day], on_fail: warn}]
rows: {min: 15000, max: 40000}
freshness: {column: day, max_age: 36h}
rejects: {max_percent: 0.1}
drift: {new: add, missing: warn, type: quarantine, order: fail, delimiter: ignore}
"""

FOREIGN = """
apiVersion: v3.0.2
kind: DataContract
id: shop
name: Shop
version: 1.0.0
status: active
team: [{username: ann}]
slaDefaultElement: orders.day
slaProperties:
  - {property: latency, value: 2, unit: d}
  - {property: retention, value: 3, unit: y}
schema:
  - name: orders
    properties:
      - {name: no, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
      - {name: day, logicalType: date, primaryKey: true, primaryKeyPosition: 2}
    quality:
      - {type: library, rule: rowCount, mustBeBetween: [1, 5]}
      - {type: sql, query: "select 1", mustBe: 1}
  - name: shops
    properties: [{name: no, logicalType: integer, logicalTypeOptions: {format: i32}}]
"""


def dyna(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DYNA, *words], cwd=folder, check=False, capture_output=True, text=True)


def good(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def standard() -> dict:
    files = importlib.resources.files("open_data_contract_standard")
    return json.loads(files.joinpath("schema.json").read_text(encoding="utf-8"))


def examples() -> list[Path]:
    return sorted((ROOT / "examples").glob("*/contracts/*.yaml"))


def canonical(folder: Path, contract: str) -> dict:
    """The contract as the flow that names it has it."""
    flow = folder / "probe.yaml"
    flow.write_text(
        "id: probe\ntasks:\n"
        f"  - {{id: a, type: load, from: a.csv, contract: {contract}}}\n"
        "  - {id: zips, type: load, from: z.csv}\n  - {id: my-towns.v2, type: load, from: t.csv}\n",
        encoding="utf-8",
    )
    shown = json.loads(good(dyna(folder, "show", "probe.yaml", "a", "--json")))
    return shown["params"]["contract"]


@pytest.mark.parametrize("path", [None, *examples()], ids=lambda p: p.stem if p else "everything")
def test_an_export_is_valid_odcs_and_comes_back_the_same(path: Path | None, tmp_path: Path) -> None:
    text = EVERYTHING if path is None else path.read_text(encoding="utf-8")
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    good(dyna(tmp_path, "contract", "export", "c.yaml", "-o", "c.odcs.yaml", "--strict"))
    exported = (tmp_path / "c.odcs.yaml").read_text(encoding="utf-8")
    document = yaml.safe_load(exported)
    jsonschema.Draft201909Validator(standard()).validate(document)
    model = OpenDataContractStandard.from_string(exported)
    assert [p.name for p in model.schema_[0].properties] == list(yaml.safe_load(text)["columns"])
    good(dyna(tmp_path, "contract", "import", "c.odcs.yaml", "-o", "back.yaml", "--strict"))
    assert canonical(tmp_path, "back.yaml") == canonical(tmp_path, "c.yaml")


def test_a_foreign_document_gives_a_contract_for_each_table(tmp_path: Path) -> None:
    jsonschema.Draft201909Validator(standard())  # is a schema at all
    (tmp_path / "o.yaml").write_text(FOREIGN, encoding="utf-8")
    done = dyna(tmp_path, "contract", "import", "o.yaml")
    assert done.returncode != 0 and "2 objects" in done.stderr, done.stderr
    done = dyna(tmp_path, "contract", "import", "o.yaml", "-o", "made/")
    good(done)
    warnings = [line.split("not_carried")[0] for line in done.stderr.splitlines()]
    assert len(warnings) == 3, done.stderr
    for word in ("'team'", "'retention'", "type sql"):
        assert word in done.stderr
    orders = canonical(tmp_path, "made/orders.yaml")
    assert orders["unique"] == [{"columns": ["no", "day"]}]
    assert orders["rows"] == {"min": 1, "max": 5}
    assert orders["freshness"] == {"column": "day", "max_age": "172800000ms"}
    assert canonical(tmp_path, "made/shops.yaml")["columns"]["no"]["type"] == "int32"


def test_strict_refuses_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "o.yaml").write_text(FOREIGN, encoding="utf-8")
    done = dyna(tmp_path, "contract", "import", "o.yaml", "-o", "made/", "--strict")
    assert done.returncode == 2
    assert "not all of it can be carried over; nothing was written" in done.stderr
    assert not (tmp_path / "made").exists()
    told = dyna(tmp_path, "contract", "import", "o.yaml", "-o", "made/", "--json")
    answer = json.loads(good(told))
    assert [one["name"] for one in answer["contracts"]] == ["orders", "shops"]
    assert {one["code"] for one in answer["diagnostics"]} == {"not_carried"}
    assert all(one["line"] > 1 for one in answer["diagnostics"])


FLOW = """
id: shop
tasks:
  - id: zips
    type: load
    from: zips.csv
    contract: {columns: {code: string}}
  - id: sales
    type: load
    from: sales.csv
    contract: sales.yaml
  - {id: out, type: share, of: sales, to: out.csv}
"""

SALES = """
columns:
  id: {type: int64, required: true}
  zip: {type: string, refs: zips.code, on_fail: quarantine}
  water: {type: string, to_bool: {Y: true, N: false}}
unique: [{columns: id, on_fail: warn}]
drift: {type: quarantine}
"""


def test_a_run_waits_for_what_a_contract_refers_to_and_reports_what_it_did(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "sales.yaml").write_text(SALES, encoding="utf-8")
    (tmp_path / "zips.csv").write_text("code\n98001\n98002\n", encoding="utf-8")
    (tmp_path / "sales.csv").write_text(
        "id,zip,water\n1,98001,Y\n2,99999,N\n3x,98002,N\n4,98002,maybe\n5,,N\n5,98001,\n",
        encoding="utf-8",
    )
    good(dyna(tmp_path, "run", "flow.yaml"))
    assert (tmp_path / "out.csv").read_text() == "id,zip,water\n1,98001,true\n5,,false\n5,98001,\n"
    shown = good(dyna(tmp_path, "show", "last", "sales"))
    for word in (
        "6 in, 3 out, 0 rejected, 3 quarantined",
        "MB at most",
        "BOOLEAN",
        "✗ zip.refs",
        "unique(id): 1 of 6 rows",
    ):
        assert word in shown, shown
    answer = json.loads(good(dyna(tmp_path, "show", "last", "sales", "--json")))
    assert answer["report"]["outputs"]["memory_peak_bytes"] > 10_000_000
    assert answer["report"]["outputs"]["quarantined"] == 3
    assert "sales  load   completed   6    3" in good(dyna(tmp_path, "show", "last"))
    # A failed attempt has its report too, and the first one stays to be seen.
    (tmp_path / "zips.csv").write_text("cod\n98001\n", encoding="utf-8")
    assert dyna(tmp_path, "run", "flow.yaml").returncode != 0
    failed = good(dyna(tmp_path, "show", "2", "zips"))
    assert "SCHEMA_CHANGED" in failed and "attempt 1 of 1" in failed
    assert "pending" in good(dyna(tmp_path, "show", "2", "sales")) or "blocked" in good(
        dyna(tmp_path, "show", "2", "sales")
    )
    none = dyna(tmp_path, "show", "1", "sales", "--attempt", "2")
    assert none.returncode != 0 and "has 1 attempt" in none.stderr
