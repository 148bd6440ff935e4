"""Loads from object stores and shares to them, by connections: S3 (moto) and Google (fake-gcs-server)."""

from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import threading
from pathlib import Path

import pandas as pd
import pytest
from google_front import TOKEN, Answer, Headers
from kept_files import content_below
from store_servers import ACCESS, DYNA, SECRET, GoogleLake, Lake, dyna

pytest_plugins = ["store_fixtures"]

S3_SECRETS = {"DYNA_SECRET_LAKE_ACCESS": ACCESS, "DYNA_SECRET_LAKE_SECRET": SECRET}

# What a name may hold, of people who mean no good.
HOSTILE = [
    "a b+c%2Fd&e=f?g#h",
    "; rm -rf ~ $(id) `id` | x",
    "{{ secret('LAKE_SECRET') }} ${X} %(x)s",
    "'quoted\" or 1=1 --",
    "über/日本/x",
    "*?[a-z]",
]


def connect_s3(folder: Path, lake: Lake) -> dict[str, str]:
    (folder / "connections").mkdir(exist_ok=True)
    (folder / "connections" / "lake.yaml").write_text(
        f"type: s3\nendpoint: {lake.endpoint}\nregion: us-east-1\npath_style: true\n"
        "access_key: {secret: LAKE_ACCESS}\nsecret_key: {secret: LAKE_SECRET}\n",
        encoding="utf-8",
    )
    return S3_SECRETS


def connect_google(folder: Path, google: GoogleLake) -> dict[str, str]:
    (folder / "connections").mkdir(exist_ok=True)
    (folder / "connections" / "lake.yaml").write_text(
        f"type: gcs\nendpoint: {google.front.url}\nkey: {{secret: GOOGLE_KEY}}\n", encoding="utf-8"
    )
    return {"DYNA_SECRET_GOOGLE_KEY": google.front.key_file()}


def run(
    folder: Path, text: str, secrets: dict[str, str], *words: str
) -> subprocess.CompletedProcess[str]:
    (folder / "flow.yaml").write_text(text, encoding="utf-8")
    return dyna(folder, "run", "flow.yaml", *words, **secrets)


def said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def copy_flow(of: str, to: str, store: str, more: str = "") -> str:
    return f"""
id: copy
inputs: [{{id: name, default: x}}]
tasks:
  - {{id: rows, type: load, from: {of}, {store}: lake, transfer: {{delay: 10ms, attempts: 3}}{more}}}
  - {{id: out, type: share, of: rows, to: {to}, {store}: lake, transfer: {{delay: 10ms, attempts: 3}}}}
"""


def test_objects_of_s3_are_one_load_by_a_connection(tmp_path: Path, lake: Lake) -> None:
    secrets = connect_s3(tmp_path, lake)
    for day in range(3):
        text = pd.DataFrame({"id": [day * 2, day * 2 + 1], "day": [day, day]}).to_csv(index=False)
        packed = gzip.compress(text.encode())
        lake.client.put_object(Bucket="lake", Key=f"in/d={day}/x.csv.gz", Body=packed)
    lake.client.put_object(Bucket="lake", Key="in/_SUCCESS", Body=b"")
    flow = copy_flow("s3://lake/in/", "s3://lake/out/all.parquet", "s3", ", files: '*/*.csv.gz'")
    done = run(tmp_path, flow, secrets)
    assert done.returncode == 0, said(done)
    rows = pd.read_parquet(io.BytesIO(lake.get("out/all.parquet")))
    assert rows["id"].tolist() == [0, 1, 2, 3, 4, 5]
    assert SECRET.encode() not in content_below(tmp_path / ".cordyna")

    # And what was shared is loaded as several, too.
    lake.client.copy_object(
        Bucket="lake", Key="out/more.parquet", CopySource="lake/out/all.parquet"
    )
    back = copy_flow("s3://lake/out/", "rows.csv", "s3", ", files: '*.parquet'")
    done = run(tmp_path, back, secrets)
    assert done.returncode == 0, said(done)
    assert len(pd.read_csv(tmp_path / "rows.csv")) == 12


def test_more_than_a_page_of_objects(tmp_path: Path, lake: Lake) -> None:
    secrets = connect_s3(tmp_path, lake)
    for number in range(1005):
        key = f"many/{number:05}.jsonl"
        lake.client.put_object(Bucket="lake", Key=key, Body=b'{"id":%d}\n' % number)
    flow = copy_flow("s3://lake/many/", "rows.csv", "s3", ", files: '*.jsonl'")
    done = run(tmp_path, flow, secrets)
    assert done.returncode == 0, said(done)
    assert pd.read_csv(tmp_path / "rows.csv")["id"].tolist() == list(range(1005))


def test_a_share_to_s3_that_is_repeated_is_the_same(tmp_path: Path, lake: Lake) -> None:
    secrets = connect_s3(tmp_path, lake)
    lake.client.put_object(Bucket="lake", Key="in.csv", Body=b"id\n1\n2\n")
    flow = copy_flow("s3://lake/in.csv", "['s3://lake/o.csv', 's3://lake/o.parquet']", "s3")
    for _ in range(2):
        done = run(tmp_path, flow, secrets)
        assert done.returncode == 0, said(done)
    assert lake.get("o.csv") == b"id\n1\n2\n"
    assert lake.keys() == ["in.csv", "o.csv", "o.parquet"]
    assert lake.open_uploads() == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_value_is_one_name_of_s3(tmp_path: Path, lake: Lake, name: str) -> None:
    secrets = connect_s3(tmp_path, lake)
    lake.client.put_object(Bucket="lake", Key="in/x.csv", Body=b"id\n1\n")
    lake.client.put_object(Bucket="lake", Key=f"in/{name}.csv", Body=b"id\n7\n")
    flow = copy_flow(
        "'s3://lake/in/{{ inputs.name }}.csv'", "'s3://lake/out/{{ inputs.name }}.csv'", "s3"
    )
    done = run(tmp_path, flow, secrets, "--with", f"name={name}")
    assert done.returncode == 0, said(done)
    assert lake.get(f"out/{name}.csv") == b"id\n7\n"
    assert SECRET not in said(done)


@pytest.mark.parametrize("name", ["../other/x", "a/../../other/x", "./x", ".."])
def test_a_value_leads_to_no_other_bucket(tmp_path: Path, lake: Lake, name: str) -> None:
    secrets = connect_s3(tmp_path, lake)
    flow = copy_flow("'s3://lake/{{ inputs.name }}/x.csv'", "out.csv", "s3")
    done = run(tmp_path, flow, secrets, "--with", f"name={name}")
    assert done.returncode == 1
    assert "INPUT_INVALID" in said(done)
    assert "a part of a key is not '.' or '..'" in said(done)


def test_what_s3_refuses_is_told(tmp_path: Path, lake: Lake) -> None:
    secrets = connect_s3(tmp_path, lake)
    for address, code in (
        ("s3://lake/none.csv", "REMOTE_NOT_FOUND"),
        ("s3://missing/none.csv", "REMOTE_NOT_FOUND"),
    ):
        done = run(tmp_path, copy_flow(address, "out.csv", "s3"), secrets)
        assert done.returncode == 1
        assert code in said(done)
    done = run(tmp_path, copy_flow("s3://missing/", "out.csv", "s3", ", files: '*.csv'"), secrets)
    assert "NoSuchBucket" in said(done)
    assert not (tmp_path / "out.csv").exists()


def test_a_connection_of_another_type_is_told(tmp_path: Path, lake: Lake) -> None:
    secrets = connect_s3(tmp_path, lake)
    done = run(tmp_path, copy_flow("gs://lake/in.csv", "out.csv", "gcs"), secrets)
    assert done.returncode == 2
    assert 'a connection of type "s3"' in said(done).replace("'", '"')


def test_google_goes_there_and_back(tmp_path: Path, google: GoogleLake) -> None:
    secrets = connect_google(tmp_path, google)
    google.put("in/1.csv", b"id,name\n1,Ann\n")
    google.put("in/2.csv", b"id,name\n2,Bob\n")
    targets = "['gs://lake/out/all.parquet', 'gs://lake/out/all.csv']"
    flow = copy_flow("gs://lake/in/", targets, "gcs", ", files: '*.csv'")
    google.front.faults = [
        ("POST", "/upload/storage", 503),
        ("GET", "/storage/v1/b/lake/o/in", 503),
        ("PUT", "/upload/", 500),
    ]
    done = run(tmp_path, flow, secrets)
    assert done.returncode == 0, said(done)
    assert google.get("out/all.csv") == b"id,name\n1,Ann\n2,Bob\n"
    assert len(pd.read_parquet(io.BytesIO(google.get("out/all.parquet")))) == 2
    assert not google.front.faults
    # One token for each step, not for each request.
    assert len(google.front.claims) == 2
    scope = "https://www.googleapis.com/auth/devstorage.read_write"
    assert google.front.claims[0]["scope"] == scope
    kept = content_below(tmp_path / ".cordyna") + said(done).encode()
    assert TOKEN.encode() not in kept
    assert b"PRIVATE KEY" not in kept


@pytest.mark.parametrize("name", HOSTILE)
def test_a_value_is_one_name_of_google(tmp_path: Path, google: GoogleLake, name: str) -> None:
    secrets = connect_google(tmp_path, google)
    google.put("in/x.csv", b"id\n1\n")
    flow = copy_flow("gs://lake/in/x.csv", "'gs://lake/out/{{ inputs.name }}.csv'", "gcs")
    done = run(tmp_path, flow, secrets, "--with", f"name={name}")
    assert done.returncode == 0, said(done)
    asked = [
        path for method, path in google.front.seen if method == "POST" and "uploadType" in path
    ]
    assert len(asked) == 1
    assert asked[0].startswith("/upload/storage/v1/b/lake/o?name=out%2F")
    assert google.names() == sorted(["in/x.csv", f"out/{name}.csv"])


def test_what_google_refuses_is_told(tmp_path: Path, google: GoogleLake) -> None:
    secrets = connect_google(tmp_path, google)
    done = run(tmp_path, copy_flow("gs://lake/none.csv", "out.csv", "gcs"), secrets)
    assert "REMOTE_NOT_FOUND" in said(done)
    done = run(
        tmp_path,
        copy_flow("gs://lake/none.csv", "out.csv", "gcs"),
        {"DYNA_SECRET_GOOGLE_KEY": "no key at all 4711"},
    )
    assert "no JSON object" in said(done)
    assert "4711" not in said(done)
    google.front.key = type(google.front)(lambda *_: (200, {}, b"")).key  # another account's
    done = run(tmp_path, copy_flow("gs://lake/none.csv", "out.csv", "gcs"), secrets)
    assert "ACCESS_DENIED" in said(done)
    assert "Invalid JWT Signature" in said(done)


def test_a_value_leads_to_no_other_bucket_of_google(tmp_path: Path, google: GoogleLake) -> None:
    secrets = connect_google(tmp_path, google)
    flow = copy_flow("'gs://lake/{{ inputs.name }}/x.csv'", "out.csv", "gcs")
    done = run(tmp_path, flow, secrets, "--with", "name=../../b/other/o")
    assert done.returncode == 1
    assert "a part of a name is not '.' or '..'" in said(done)
    assert google.front.seen == []


def test_a_missing_bucket_keeps_what_was_there(tmp_path: Path, google: GoogleLake) -> None:
    secrets = connect_google(tmp_path, google)
    google.put("in.csv", b"id\n1\n")
    google.put("out.csv", b"old")
    targets = "['gs://lake/out.csv', 'gs://missing/out.csv']"
    done = run(tmp_path, copy_flow("gs://lake/in.csv", targets, "gcs"), secrets)
    assert done.returncode == 1
    assert "what was shared before is untouched" in said(done)
    assert google.get("out.csv") == b"old"


@pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]", "0xa9fea9fe"])
def test_the_place_of_credentials_is_never_connected_to(tmp_path: Path, address: str) -> None:
    for scheme, store in (("s3", "s3"), ("gs", "gcs")):
        keys = f"{store}: {{endpoint: 'http://{address}', anonymous: true}}"
        flow = f"""
id: f
tasks:
  - {{id: x, type: load, from: '{scheme}://lake/x.csv', {keys}, transfer: {{attempts: 1}}}}
"""
        done = run(tmp_path, flow, {})
        assert done.returncode == 1
        assert "ACCESS_DENIED" in said(done), said(done)


def test_a_share_that_is_cancelled_leaves_what_was_there(
    tmp_path: Path, google: GoogleLake
) -> None:
    secrets = connect_google(tmp_path, google)
    google.put("in.csv", b"id\n1\n")
    google.put("out.csv", b"old")
    reached, ended = threading.Event(), threading.Event()
    behind = google.front.behind

    def slow(method: str, path: str, headers: Headers, body: bytes) -> Answer:
        if method == "PUT":
            reached.set()
            ended.wait(timeout=60)
            return 503, {}, b""
        return behind(method, path, headers, body)

    google.front.behind = slow
    flow = copy_flow("gs://lake/in.csv", "gs://lake/out.csv", "gcs")
    (tmp_path / "flow.yaml").write_text(flow, encoding="utf-8")
    running = subprocess.Popen([DYNA, "run", "flow.yaml"], cwd=tmp_path, env=os.environ | secrets)
    assert reached.wait(timeout=60)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) != 0
    ended.set()
    assert google.get("out.csv") == b"old"
    assert [method for method, _ in google.front.seen if method == "DELETE"] == ["DELETE"]


LARGE = """
id: large
tasks:
  - {id: one, type: load, from: one.csv}
  - id: rows
    type: transform
    needs: one
    sql: select i as id, repeat('x', 60) as pad from one, range(1100000) as r(i)
  - {id: out, type: share, of: rows, to: TARGET, formulas: keep, STORE: lake, transfer: {delay: 10ms}}
"""


def large_lines(text: bytes) -> None:
    assert len(text) > 70_000_000
    lines = text.splitlines()
    assert len(lines) == 1_100_001
    assert lines[-1] == b"1099999," + b"x" * 60


def test_a_large_share_to_s3_comes_in_parts(tmp_path: Path, lake: Lake) -> None:
    secrets = connect_s3(tmp_path, lake)
    (tmp_path / "one.csv").write_text("a\n1\n", encoding="utf-8")
    flow = LARGE.replace("TARGET", "'s3://lake/large.csv'").replace("STORE", "s3")
    done = run(tmp_path, flow, secrets)
    assert done.returncode == 0, said(done)
    large_lines(lake.get("large.csv"))
    assert lake.client.head_object(Bucket="lake", Key="large.csv")["ETag"].endswith('-2"')
    assert lake.open_uploads() == 0


def test_a_large_share_to_google_comes_in_chunks(tmp_path: Path, google: GoogleLake) -> None:
    secrets = connect_google(tmp_path, google)
    (tmp_path / "one.csv").write_text("a\n1\n", encoding="utf-8")
    flow = LARGE.replace("TARGET", "'gs://lake/large.csv'").replace("STORE", "gcs")
    done = run(tmp_path, flow, secrets)
    assert done.returncode == 0, said(done)
    large_lines(google.get("large.csv"))
    assert len([path for method, path in google.front.seen if method == "PUT"]) == 9
