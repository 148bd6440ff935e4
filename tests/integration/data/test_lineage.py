"""OpenLineage events over HTTP: what an endpoint gets of a run, and that one that is down changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kept_files import files_below

ROOT = Path(__file__).resolve().parents[3]
DYNA = os.environ.get("DYNA_BIN", str(ROOT / "build" / "release" / "bin" / "dyna"))
KEY = "a-lineage-key-4711"
FLOW = """
id: sales
namespace: homes
tasks:
  - {id: raw, type: load, from: a.csv, contract: {columns: {id: int64, price: int64}}}
  - {id: ok, type: check, of: raw, rules: [{name: cheap, sql: price < 100, severity: warn}]}
  - {id: sums, type: transform, sql: select count(*) as n from ok}
  - {id: out, type: share, of: sums, to: out/sums.csv}
  - {id: broken, type: transform, sql: select nothing from ok, allow_failure: true}
"""


class Endpoint:
    def __init__(self, status: int) -> None:
        self.events: list[dict] = []
        self.keys: set[str | None] = set()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/api/v1/lineage"
                endpoint.events.append(json.loads(body))
                endpoint.keys.add(self.headers["Authorization"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def run(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    (folder / "flow.yaml").write_text(FLOW)
    (folder / "a.csv").write_text("id,price\n1,10\n2,200\n")
    env = {**os.environ, "OPENLINEAGE_URL": url, "OPENLINEAGE_API_KEY": KEY}
    return subprocess.run(
        [DYNA, "run", "flow.yaml"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("status", [200, 500])
def test_an_endpoint_gets_each_step_and_its_answer_changes_nothing(
    tmp_path: Path, status: int
) -> None:
    endpoint = Endpoint(status)
    done = run(tmp_path, endpoint.url)
    assert done.returncode == 0, done.stdout + done.stderr
    told = [(event["job"]["name"], event["eventType"]) for event in endpoint.events]
    steps = ["raw", "ok", "sums", "out"]
    for name in steps:
        assert told.count((f"homes.sales.{name}", "START")) == 1
        assert told.count((f"homes.sales.{name}", "COMPLETE")) == 1
    assert ("homes.sales.broken", "FAIL") in told
    assert endpoint.keys == {f"Bearer {KEY}"}
    assert ("answers 500" in done.stdout) == (status == 500)
    assert len({event["run"]["facets"]["parent"]["run"]["runId"] for event in endpoint.events}) == 1

    def end(name: str) -> dict:
        [event] = [
            e
            for e in endpoint.events
            if e["job"]["name"] == f"homes.sales.{name}" and e["eventType"] != "START"
        ]
        return event

    assert end("raw")["inputs"][0]["name"] == str(tmp_path / "a.csv")
    assert end("raw")["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 2
    [assertion] = end("ok")["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert assertion == {"assertion": "cheap", "success": False}
    assert end("ok")["inputs"][0]["name"] == end("raw")["outputs"][0]["name"]
    assert end("sums")["job"]["facets"]["sql"]["query"] == "select count(*) as n from ok"
    assert end("out")["outputs"][0]["name"] == str(tmp_path / "out" / "sums.csv")
    assert "SQL_FAILED" in end("broken")["run"]["facets"]["errorMessage"]["message"]
    for event in endpoint.events:
        assert event["schemaURL"].endswith("#/$defs/RunEvent")
        assert event["producer"]
    for path, content in files_below(tmp_path / ".cordyna"):
        assert KEY.encode() not in content, path


def test_an_endpoint_that_is_not_there_changes_nothing(tmp_path: Path) -> None:
    endpoint = Endpoint(200)
    endpoint.server.shutdown()
    endpoint.server.server_close()
    done = run(tmp_path, endpoint.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "event was not delivered" in done.stdout
    assert (tmp_path / "out" / "sums.csv").read_text() == "n\n2\n"
