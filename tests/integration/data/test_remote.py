"""Loads from a web server and from S3, shares to S3: real servers on loopback, the whole program.

S3 is moto's server, the web server Python's own; both live in this process, on ports that the
system chose.
"""

from __future__ import annotations

import fcntl
import gzip
import io
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
from kept_files import files_below
from store_servers import ACCESS, SECRET, Lake, s3_keys
from store_servers import dyna as dyna_with

pytest_plugins = ["store_fixtures"]

TOKEN = "token-that-nobody-may-see-4711"
QUERY_KEY = "query key/that nobody&may see"
ROWS = 5000
SECRETS = {
    "DYNA_SECRET_API_TOKEN": TOKEN,
    "DYNA_SECRET_QUERY_KEY": QUERY_KEY,
    "DYNA_SECRET_LAKE_ACCESS": ACCESS,
    "DYNA_SECRET_LAKE_SECRET": SECRET,
}


def sales() -> pd.DataFrame:
    return pd.DataFrame({"id": range(ROWS), "price": [i * 7919 % 10007 for i in range(ROWS)]})


class WebServer:
    """Sales as CSV packed with gzip, for those who know the token; the first time it is busy, the
    second time it breaks off in the middle."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.cuts = True
        body = gzip.compress(sales().to_csv(index=False).encode(), mtime=0)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.requests.append((self.path, dict(self.headers)))
                self.close_connection = True
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self.reply(401, b"who are you?")
                elif outer.cuts and len(outer.requests) == 1:
                    self.reply(503, b"busy")
                elif outer.cuts and len(outer.requests) == 2:
                    self.reply(200, body, len(body) // 2)
                elif "Range" in self.headers:
                    first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
                    whole = f"bytes {first}-{len(body) - 1}/{len(body)}"
                    self.reply(206, body[first:], extra={"Content-Range": whole})
                else:
                    self.reply(200, body)

            def reply(
                self,
                status: int,
                content: bytes,
                sent: int | None = None,
                extra: dict[str, str] | None = None,
            ) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("ETag", '"v1"')
                for name, value in (extra or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content[:sent])

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def web() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


def dyna(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return dyna_with(folder, *words, **{**SECRETS, **variables})


def load_and_share(web: WebServer, lake: Lake, targets: str) -> str:
    return f"""
id: remote
tasks:
  - id: sales
    type: load
    from: "{web.url}/sales.csv.gz?key={{{{ secret('QUERY_KEY') }}}}"
    headers: {{Authorization: "Bearer {{{{ secret('API_TOKEN') }}}}"}}
    transfer: {{delay: 10ms, idle_timeout: 20s}}
    contract:
      columns: {{id: int64, price: int64}}
      rows: {{min: {ROWS}, max: {ROWS}}}
  - id: out
    type: share
    of: sales
    to: {targets}
    s3: {s3_keys(lake)}
    transfer: {{delay: 10ms, attempts: 2}}
"""


def places_of(folder: Path, done: subprocess.CompletedProcess[str]) -> dict[str, bytes]:
    """All that anybody could read after a run."""
    places = {"what was printed": (done.stdout + done.stderr).encode()}
    for command in (["runs", "--json"], ["logs", "1"], ["why", "1"], ["show", "flow.yaml"]):
        shown = dyna(folder, *command)
        places[" ".join(command)] = (shown.stdout + shown.stderr).encode()
    # Guardians that have just ended are still tidying up.
    with (folder / ".cordyna" / "supervise.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
    places.update((str(path), content) for path, content in files_below(folder))
    return places


def test_a_flow_goes_from_the_web_to_s3_and_back(
    tmp_path: Path, web: WebServer, lake: Lake
) -> None:
    targets = "['s3://lake/gold/sales.csv', 's3://lake/gold/sales.parquet', out/sales.csv]"
    flow = load_and_share(web, lake, targets)
    (tmp_path / "flow.yaml").write_text(flow, encoding="utf-8")
    done = dyna(tmp_path, "run", "flow.yaml")
    assert done.returncode == 0, done.stdout + done.stderr

    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(lake.get("gold/sales.csv"))), sales())
    parquet = pd.read_parquet(io.BytesIO(lake.get("gold/sales.parquet")))
    pd.testing.assert_frame_equal(parquet, sales())
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "out" / "sales.csv"), sales())
    assert lake.open_uploads() == 0
    # Busy, then cut, then gone on with.
    assert len(web.requests) == 3
    assert web.requests[0][0] == "/sales.csv.gz?key=query%20key%2Fthat%20nobody%26may%20see"
    assert web.requests[2][1]["If-Range"] == '"v1"'

    places = places_of(tmp_path, done)
    assert any(name.endswith("step.json") for name in places)
    assert any(b"sales.csv.gz?key=***" in content for content in places.values())
    encoded = web.requests[0][0].partition("=")[2]
    for name, content in places.items():
        for value in (TOKEN, QUERY_KEY, encoded, ACCESS, SECRET):
            assert value.encode() not in content, f"{value} in {name}"

    back = """
id: back
tasks:
  - id: sales
    type: load
    from: s3://lake/gold/sales.parquet
  - {id: out, type: share, of: sales, to: back.csv}
"""
    (tmp_path / "back.yaml").write_text(back, encoding="utf-8")
    usual = {
        "AWS_ENDPOINT_URL": lake.endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    done = dyna(tmp_path, "run", "back.yaml", **usual)
    assert done.returncode == 0, done.stdout + done.stderr
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "back.csv"), sales())


def test_a_load_that_fails_shares_nothing(tmp_path: Path, web: WebServer, lake: Lake) -> None:
    flow = load_and_share(web, lake, "['s3://lake/sales.csv', out.csv]")
    (tmp_path / "flow.yaml").write_text(flow, encoding="utf-8")
    done = dyna(tmp_path, "run", "flow.yaml", DYNA_SECRET_API_TOKEN="another")
    assert done.returncode == 1
    assert "ACCESS_DENIED" in done.stdout + done.stderr
    assert "401" in done.stdout + done.stderr
    assert len(web.requests) == 1, "a refusal is not tried again"
    assert lake.keys() == []
    assert not (tmp_path / "out.csv").exists()


def test_a_bucket_that_is_missing_keeps_all_targets_as_they_were(
    tmp_path: Path, web: WebServer, lake: Lake
) -> None:
    web.cuts = False
    targets = "['s3://lake/sales.csv', 's3://missing/sales.csv', out.csv]"
    (tmp_path / "flow.yaml").write_text(load_and_share(web, lake, targets), encoding="utf-8")
    (tmp_path / "out.csv").write_text("old", encoding="utf-8")
    done = dyna(tmp_path, "run", "flow.yaml")
    assert done.returncode == 1
    assert "NoSuchBucket" in done.stdout + done.stderr
    assert "REMOTE_NOT_FOUND" in done.stdout + done.stderr
    assert lake.keys() == []
    assert lake.open_uploads() == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "old"


def test_without_credentials_nothing_is_started(tmp_path: Path, lake: Lake) -> None:
    flow = f"""
id: f
tasks:
  - {{id: x, type: load, from: 's3://lake/x.csv', s3: {{endpoint: '{lake.endpoint}'}}}}
"""
    (tmp_path / "flow.yaml").write_text(flow, encoding="utf-8")
    done = dyna(tmp_path, "run", "flow.yaml")
    assert done.returncode == 1
    assert "SECRET_MISSING" in done.stdout + done.stderr
    assert "AWS_ACCESS_KEY_ID" in done.stdout + done.stderr


def test_a_step_sees_no_network_but_its_own_addresses(
    tmp_path: Path, web: WebServer, lake: Lake
) -> None:
    """DuckDB itself stays in its sandbox: SQL fetches nothing."""
    web.cuts = False
    flow = load_and_share(web, lake, "out.csv") + (
        f"  - {{id: t, type: transform, needs: sales, sql: \"select * from read_csv('{web.url}/x.csv')\"}}\n"
    )
    (tmp_path / "flow.yaml").write_text(flow, encoding="utf-8")
    done = dyna(tmp_path, "run", "flow.yaml")
    assert done.returncode == 1
    assert (tmp_path / "out.csv").exists()
    assert [path for path, _ in web.requests if path == "/x.csv"] == []
