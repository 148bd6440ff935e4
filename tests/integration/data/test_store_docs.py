"""The flows and connections of docs/stores.md and docs/bigquery.md, as they stand there; only the servers are others."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from bigquery_stand_in import BigqueryStandIn
from store_servers import ACCESS, SECRET, GoogleLake, Lake, dyna

pytest_plugins = ["store_fixtures"]

DOCS = Path(__file__).resolve().parents[3] / "docs"
BLOCK = re.compile(r"^```yaml\n(.*?)^```\n", re.S | re.M)


def blocks(page: str) -> list[str]:
    return BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))


def lay_down(folder: Path, flow: str, connection: str, endpoint: str) -> None:
    (folder / "flow.yaml").write_text(flow, encoding="utf-8")
    name = re.search(r"# (connections/\w+\.yaml)", connection)
    assert name is not None
    file = folder / name.group(1)
    file.parent.mkdir()
    lines = [line for line in connection.splitlines() if not line.startswith("endpoint:")]
    file.write_text("\n".join([*lines, f"endpoint: {endpoint}", ""]), encoding="utf-8")


@pytest.fixture
def bigquery() -> Iterator[BigqueryStandIn]:
    there = BigqueryStandIn()
    yield there
    there.front.close()
    assert there.problems == []


def test_s3(tmp_path: Path, lake: Lake) -> None:
    flow, connection, _, _ = blocks("stores.md")
    lay_down(tmp_path, flow, connection, lake.endpoint)
    for bucket in ("raw", "gold"):
        lake.client.create_bucket(Bucket=bucket)
    for number in range(2):
        body = f"id,price\n{number},{number * 100}\n".encode()
        lake.client.put_object(Bucket="raw", Key=f"sales/d{number}/x.csv", Body=body)
    secrets = {"DYNA_SECRET_MINIO_ACCESS": ACCESS, "DYNA_SECRET_MINIO_SECRET": SECRET}
    done = dyna(tmp_path, "run", "flow.yaml", **secrets)
    assert done.returncode == 0, done.stdout + done.stderr
    found = lake.client.get_object(Bucket="gold", Key="sales.csv")["Body"].read()
    assert found == b"id,price\n0,0\n1,100\n"
    found = lake.client.get_object(Bucket="gold", Key="sales.parquet")["Body"].read()
    assert len(pd.read_parquet(io.BytesIO(found))) == 2


def test_google(tmp_path: Path, google: GoogleLake) -> None:
    _, _, flow, connection = blocks("stores.md")
    lay_down(tmp_path, flow, connection, google.front.url)
    for bucket in ("raw", "gold"):
        google.ask("POST", "/storage/v1/b?project=p", f'{{"name":"{bucket}"}}'.encode())
    google.put("visits-2025-11-30.jsonl", b'{"page":"/"}\n', "raw")
    secrets = {"DYNA_SECRET_GOOGLE_KEY": google.front.key_file()}
    done = dyna(tmp_path, "run", "flow.yaml", **secrets)
    assert done.returncode == 0, done.stdout + done.stderr
    found = pd.read_parquet(io.BytesIO(google.get("visits/2025-11-30.parquet", "gold")))
    assert found["page"].tolist() == ["/"]


def test_bigquery(tmp_path: Path, bigquery: BigqueryStandIn) -> None:
    flow, connection = blocks("bigquery.md")
    lay_down(tmp_path, flow, connection, bigquery.front.url)
    sql = (
        "SELECT id, name FROM people    -- a table of the connection's dataset\n"
        "WHERE country = @dyna_1\n"
    )
    fields = [{"name": "id", "type": "INTEGER"}, {"name": "name", "type": "STRING"}]
    bigquery.answers[sql] = (fields, [["1", "Ann"]])
    secrets = {"DYNA_SECRET_GOOGLE_KEY": bigquery.front.key_file()}
    done = dyna(tmp_path, "run", "flow.yaml", **secrets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert bigquery.queries[0]["queryParameters"][0]["parameterValue"] == {"value": "DE"}
    assert bigquery.tables["my-project.gold.people"].column("name").to_pylist() == ["Ann"]
