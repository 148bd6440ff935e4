"""Loads from BigQuery and shares to it, against a stand-in that is held to Google's description of the API."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from bigquery_stand_in import BigqueryStandIn
from google_front import TOKEN
from kept_files import content_below
from store_servers import DYNA, dyna


@pytest.fixture
def bigquery(tmp_path: Path) -> Iterator[BigqueryStandIn]:
    there = BigqueryStandIn()
    (tmp_path / "connections").mkdir()
    (tmp_path / "connections" / "dwh.yaml").write_text(
        f"type: bigquery\nproject: project\ndataset: gold\nendpoint: {there.front.url}\n"
        "key: {secret: GOOGLE_KEY}\n",
        encoding="utf-8",
    )
    (tmp_path / "in.csv").write_text("id,name\n1,Ann\n2,Bob\n", encoding="utf-8")
    yield there
    there.front.close()
    assert there.problems == []


def run(
    folder: Path, there: BigqueryStandIn, text: str, *words: str
) -> subprocess.CompletedProcess[str]:
    (folder / "flow.yaml").write_text(text, encoding="utf-8")
    secrets = {"DYNA_SECRET_GOOGLE_KEY": there.front.key_file()}
    return dyna(folder, "run", "flow.yaml", *words, **secrets)


def said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def share(to: str, more: str = "") -> str:
    return f"""
id: out
tasks:
  - {{id: rows, type: load, from: in.csv}}
  - {{id: out, type: share, of: rows, to: {to}, transfer: {{delay: 10ms, attempts: 3}}{more}}}
"""


def load(source: str) -> str:
    return f"""
id: back
inputs: [{{id: name, default: x}}]
tasks:
  - {{id: rows, type: load, connection: dwh, {source}, transfer: {{delay: 10ms, attempts: 3}}}}
  - {{id: out, type: share, of: rows, to: out.csv}}
"""


TYPES = [
    ("id", "INTEGER", "9007199254740993", "9007199254740993"),
    ("f", "FLOAT", "0.1", "0.1"),
    ("ok", "BOOLEAN", "true", "true"),
    ("n", "NUMERIC", "12345678901234567890.123456789", "12345678901234567890.123456789"),
    ("b", "BIGNUMERIC", "1e-30", "1e-30"),
    ("d", "DATE", "2025-11-30", "2025-11-30"),
    ("t", "TIME", "23:59:59.5", "23:59:59.5"),
    ("dt", "DATETIME", "2025-11-30T23:59:59.000001", "2025-11-30 23:59:59.000001"),
    ("ts", "TIMESTAMP", "1764547199000001", "2025-11-30 23:59:59.000001+00"),
    ("y", "BYTES", "AP8=", r"\x00\xFF"),
    ("s", "STRING", 'a"b\n,ü', 'a"b\n,ü'),
    ("e", "STRING", "", ""),
    ("j", "JSON", '{"a":1}', '{"a":1}'),
]


def test_rows_of_a_query_have_their_types(tmp_path: Path, bigquery: BigqueryStandIn) -> None:
    fields = [{"name": name, "type": kind, "mode": "NULLABLE"} for name, kind, _, _ in TYPES]
    fields.append({"name": "tags", "type": "STRING", "mode": "REPEATED"})
    row = [value for _, _, value, _ in TYPES] + [[{"v": "x"}, {"v": "y"}]]
    nothing = [None] * len(TYPES) + [[]]
    bigquery.answers["SELECT * FROM `project.gold.types`"] = (fields, [row, nothing] * 4)
    bigquery.looks = 3
    done = run(tmp_path, bigquery, load("table: types"))
    assert done.returncode == 0, said(done)
    rows = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert len(rows) == 8
    for name, _, _, wanted in TYPES:
        assert rows[name][0] == wanted, name
    assert rows["tags"][0] == '["x","y"]'
    assert len(bigquery.queries) == 1
    assert bigquery.front.claims[0]["scope"] == "https://www.googleapis.com/auth/bigquery"
    kept = content_below(tmp_path / ".cordyna") + said(done).encode()
    assert TOKEN.encode() not in kept
    assert b"PRIVATE KEY" not in kept


@pytest.mark.parametrize("name", ["x' OR 1=1 --", "\\' OR 1=1 --", "`; DROP TABLE t", "{{ 7*7 }}"])
def test_a_value_is_a_parameter(tmp_path: Path, bigquery: BigqueryStandIn, name: str) -> None:
    text = "SELECT id FROM t WHERE name = @dyna_1"
    bigquery.answers[text] = ([{"name": "id", "type": "INTEGER"}], [["7"]])
    source = "sql: 'SELECT id FROM t WHERE name = {{ inputs.name }}'"
    done = run(tmp_path, bigquery, load(source), "--with", f"name={name}")
    assert done.returncode == 0, said(done)
    asked = bigquery.queries[0]
    assert asked["query"] == text
    assert asked["queryParameters"] == [
        {"name": "dyna_1", "parameterType": {"type": "STRING"}, "parameterValue": {"value": name}}
    ]
    assert asked["defaultDataset"] == {"projectId": "project", "datasetId": "gold"}
    assert asked["useLegacySql"] is False


def test_a_template_within_quotes_is_refused(tmp_path: Path, bigquery: BigqueryStandIn) -> None:
    source = """sql: "SELECT 'a {{ inputs.name }}' AS x\""""
    done = run(tmp_path, bigquery, load(source))
    assert done.returncode == 1
    assert "a template within quotes cannot be bound" in said(done)
    assert bigquery.front.seen == []


@pytest.mark.parametrize("name", ["t`; DROP TABLE x", "events_*", "a/../b", "x'y"])
def test_a_value_is_one_table(tmp_path: Path, bigquery: BigqueryStandIn, name: str) -> None:
    done = run(tmp_path, bigquery, load("table: '{{ inputs.name }}'"), "--with", f"name={name}")
    assert done.returncode == 1
    assert "is no table of BigQuery" in said(done)
    assert bigquery.front.seen == []


def test_a_share_replaces_and_appends(tmp_path: Path, bigquery: BigqueryStandIn) -> None:
    bigquery.front.faults = [
        ("POST", "/upload/bigquery", 503),
        ("PUT", "/session/", 500),
        ("GET", "/bigquery/v2/projects/project/jobs/dyna_", 503),
    ]
    for to, rows in (("dwh/people", 2), ("dwh/people", 2), ("dwh/people, mode: append", 4)):
        done = run(tmp_path, bigquery, share(to))
        assert done.returncode == 0, said(done)
        assert bigquery.tables["project.gold.people"].num_rows == rows
    assert bigquery.tables["project.gold.people"].column("name").to_pylist()[:2] == ["Ann", "Bob"]
    assert not bigquery.front.faults


def test_an_attempt_after_one_that_was_done_appends_nothing(
    tmp_path: Path, bigquery: BigqueryStandIn
) -> None:
    """The last byte comes, a job begins, and the attempt fails before it knows."""
    looked_up = "/bigquery/v2/projects/project/jobs/dyna_"
    bigquery.when_begun = lambda: bigquery.front.faults.append(("GET", looked_up, 403))
    more = ", retry: {attempts: 2, delay: 10ms, on: [ACCESS_DENIED]}"
    done = run(tmp_path, bigquery, share("dwh/people, mode: append", more))
    assert done.returncode == 0, said(done)
    assert "an attempt before has shared it already" in said(done)
    assert len(bigquery.jobs) == 1
    assert bigquery.tables["project.gold.people"].num_rows == 2


def test_what_a_job_fails_at_is_told(tmp_path: Path, bigquery: BigqueryStandIn) -> None:
    bigquery.tables["project.gold.people"] = pa.table({"id": [7]})
    bigquery.errors = [
        {"reason": "invalid", "message": "Provided Schema does not match", "location": "x"},
        {"reason": "invalid", "message": "Field id has changed type"},
    ]
    done = run(tmp_path, bigquery, share("[dwh/people, out.csv]"))
    assert done.returncode == 1
    assert "TARGET_MISFIT" in said(done)
    assert "Field id has changed type" in said(done)
    assert "what was shared before is untouched" in said(done)
    assert bigquery.tables["project.gold.people"].num_rows == 1
    assert not (tmp_path / "out.csv").exists()


def test_upsert_is_for_postgres(tmp_path: Path, bigquery: BigqueryStandIn) -> None:
    done = run(tmp_path, bigquery, share("dwh/people, mode: upsert, key: [id]"))
    assert done.returncode == 1
    assert "upsert is for PostgreSQL" in said(done)


def test_a_run_that_is_cancelled_cancels_its_job(tmp_path: Path, bigquery: BigqueryStandIn) -> None:
    bigquery.looks = 10**6
    (tmp_path / "flow.yaml").write_text(load("sql: SELECT 1"), encoding="utf-8")
    env = {**os.environ, "DYNA_SECRET_GOOGLE_KEY": bigquery.front.key_file()}
    running = subprocess.Popen([DYNA, "run", "flow.yaml"], cwd=tmp_path, env=env)
    assert bigquery.looked.wait(timeout=60)
    running.send_signal(signal.SIGINT)
    running.wait(timeout=60)
    assert bigquery.was_cancelled.wait(timeout=60)
    assert bigquery.cancelled == list(bigquery.jobs)
