"""What stands in for BigQuery, which nobody can run: it does as Google's pages of its REST API say, and
holds each request and each of its own answers to Google's description of that API (the discovery
document, from the package google-api-python-client)."""

from __future__ import annotations

import io
import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from google_front import Answer, GoogleFront, Headers

PAGE = 3  # rows of an answer, whatever was asked for: a server may always give fewer


class Contract:
    def __init__(self) -> None:
        folder = Path(str(files("googleapiclient"))) / "discovery_cache" / "documents"
        self.api: dict[str, Any] = json.loads((folder / "bigquery.v2.json").read_text())

    def methods(self) -> list[dict[str, Any]]:
        return [m for r in self.api["resources"].values() for m in r["methods"].values()]

    def method(self, verb: str, path: str) -> dict[str, Any]:
        for method in self.methods():
            for known in (method["flatPath"], "upload/" + self.api["servicePath"] + method["path"]):
                pattern = re.sub(r"\{\+?\w+\}", "[^/]+", known)
                full = known.startswith("upload/") and "mediaUpload" in method
                whole = "/" + pattern if full else self.api["basePath"] + pattern
                if verb == method["httpMethod"] and re.fullmatch(whole, path):
                    return method
        raise AssertionError(f"{verb} {path} is no method of BigQuery")

    def check_query(self, method: dict[str, Any], query: dict[str, list[str]]) -> None:
        known = {**method["parameters"], **self.api["parameters"]}
        for name, values in query.items():
            assert name in known, f"{method['id']} has no parameter {name}"
            assert len(values) == 1
            if known[name]["type"] == "integer":
                int(values[0])
            if known[name]["type"] == "boolean":
                assert values[0] in ("true", "false")

    def check(self, schema: dict[str, Any], value: Any, place: str) -> None:
        if "$ref" in schema:
            self.check(self.api["schemas"][schema["$ref"]], value, place)
            return
        kind = schema["type"]
        if kind == "object":
            assert isinstance(value, dict), place
            properties = schema.get("properties", {})
            for key, inner in value.items():
                assert key in properties or "additionalProperties" in schema, f"{place}.{key}"
                self.check(
                    properties.get(key, schema.get("additionalProperties")), inner, f"{place}.{key}"
                )
        elif kind == "array":
            assert isinstance(value, list), place
            for at, inner in enumerate(value):
                self.check(schema["items"], inner, f"{place}[{at}]")
        elif kind == "string":
            assert isinstance(value, str), f"{place} is {value!r}"
            assert value in schema.get("enum", [value]), f"{place} is {value!r}"
        elif kind == "boolean":
            assert isinstance(value, bool), place
        elif kind in ("integer", "number"):
            assert isinstance(value, int | float), place
        else:
            assert kind == "any", kind


class BigqueryStandIn:
    """Tables by name; answers of queries by their text. A job is looked at `looks` times before it is done."""

    def __init__(self) -> None:
        self.contract = Contract()
        self.front = GoogleFront(self.behind)
        self.tables: dict[str, pa.Table] = {}
        self.answers: dict[str, tuple[list[dict[str, Any]], list[Any]]] = {}
        self.queries: list[dict[str, Any]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, tuple[dict[str, Any], bytes]] = {}
        self.looks = 1
        self.errors: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.problems: list[str] = []
        self.looked = threading.Event()
        self.was_cancelled = threading.Event()
        self.when_begun: Callable[[], object] = lambda: None

    def behind(self, method: str, path: str, headers: Headers, body: bytes) -> Answer:
        try:
            return self.answer(method, path, headers, body)
        except Exception as problem:  # told by the test, not by a thread of the server
            self.problems.append(f"{method} {path}: {problem!r}")
            return 400, {}, b'{"error":{"code":400,"message":"not as the contract says"}}'

    def answer(self, verb: str, path: str, headers: Headers, body: bytes) -> Answer:
        there = urllib.parse.urlsplit(path)
        query = urllib.parse.parse_qs(there.query)
        if there.path.startswith("/session/"):
            return self.take_piece(there.path, headers, body)
        method = self.contract.method(verb, there.path)
        self.contract.check_query(method, query)
        asked = json.loads(body) if body else None
        if asked is not None:
            self.contract.check(method["request"], asked, "request")
        status, told = getattr(self, method["id"].rpartition(".")[2])(there.path, query, asked)
        extra = {"Location": told.pop("session")} if "session" in told else {}
        if status == 200 and not extra:
            self.contract.check(method["response"], told, "answer")
        return status, extra, json.dumps(told).encode()

    def refusal(self, code: int, reason: str, message: str) -> tuple[int, dict[str, Any]]:
        error = {"code": code, "message": message, "errors": [{"reason": reason}]}
        return code, {"error": error}

    def insert(
        self, path: str, query: dict[str, list[str]], asked: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        job = asked["jobReference"]["jobId"]
        if path.startswith("/upload/"):
            assert query["uploadType"] == ["resumable"]
            session = f"/session/{len(self.sessions)}"
            self.sessions[session] = (asked, b"")
            return 200, {"session": session}
        if job in self.jobs:
            return self.refusal(409, "duplicate", f"Already Exists: Job {job}")
        self.queries.append(asked["configuration"]["query"])
        return 200, self.begin(asked)

    def begin(self, asked: dict[str, Any]) -> dict[str, Any]:
        job = asked["jobReference"]["jobId"]
        self.jobs[job] = {
            "kind": "bigquery#job",
            "jobReference": {"projectId": "project", "location": "EU", **asked["jobReference"]},
            "configuration": asked["configuration"],
            "status": {"state": "PENDING"},
            "looks": self.looks,
        }
        return self.seen(job)

    def seen(self, job: str) -> dict[str, Any]:
        return {k: v for k, v in self.jobs[job].items() if k not in ("looks", "data")}

    def get(self, path: str, query: dict[str, list[str]], _: Any) -> tuple[int, dict[str, Any]]:
        job = path.rpartition("/")[2]
        if job not in self.jobs:
            return self.refusal(404, "notFound", f"Not found: Job {job}")
        found = self.jobs[job]
        found["looks"] -= 1
        self.looked.set()
        if found["looks"] <= 0 and found["status"]["state"] != "DONE":
            found["status"] = {"state": "DONE"}
            if self.errors:
                found["status"] |= {"errorResult": self.errors[0], "errors": self.errors}
            elif "load" in found["configuration"]:
                self.load(found)
        return 200, self.seen(job)

    def load(self, job: dict[str, Any]) -> None:
        load = job["configuration"]["load"]
        assert load["sourceFormat"] == "PARQUET"
        to = load["destinationTable"]
        name = f"{to['projectId']}.{to['datasetId']}.{to['tableId']}"
        data = pq.read_table(io.BytesIO(job["data"]))
        if load["writeDisposition"] == "WRITE_APPEND" and name in self.tables:
            data = pa.concat_tables([self.tables[name], data])
        self.tables[name] = data

    def take_piece(self, session: str, headers: Headers, body: bytes) -> Answer:
        asked, there = self.sessions[session]
        said = headers["Content-Range"]
        whole = int(said.rpartition("/")[2])
        if not said.startswith("bytes */"):
            first, last = (int(n) for n in said[6:].partition("/")[0].split("-"))
            assert first == len(there) and last - first + 1 == len(body)
            there += body
            self.sessions[session] = (asked, there)
        if len(there) < whole:
            return 308, {"Range": f"bytes=0-{len(there) - 1}"} if there else {}, b""
        job = asked["jobReference"]["jobId"]
        if job in self.jobs:
            status, told = self.refusal(409, "duplicate", f"Already Exists: Job {job}")
            return status, {}, json.dumps(told).encode()
        told = self.begin(asked)
        self.jobs[job]["data"] = there
        self.when_begun()
        return 200, {}, json.dumps(told).encode()

    def cancel(self, path: str, query: dict[str, list[str]], _: Any) -> tuple[int, dict[str, Any]]:
        job = path.split("/")[-2]
        self.cancelled.append(job)
        self.was_cancelled.set()
        return 200, {"kind": "bigquery#jobCancelResponse", "job": self.seen(job)}

    def getQueryResults(
        self, path: str, query: dict[str, list[str]], _: Any
    ) -> tuple[int, dict[str, Any]]:
        job = self.jobs[path.rpartition("/")[2]]
        assert query["formatOptions.useInt64Timestamp"] == ["true"]
        fields, rows = self.answers[job["configuration"]["query"]["query"]]
        first = int(query.get("pageToken", ["0"])[0])
        told: dict[str, Any] = {
            "kind": "bigquery#getQueryResultsResponse",
            "jobReference": job["jobReference"],
            "jobComplete": job["status"]["state"] == "DONE",
            "totalRows": str(len(rows)),
            "schema": {"fields": fields},
            "rows": [{"f": [{"v": cell} for cell in row]} for row in rows[first : first + PAGE]],
        }
        if first + PAGE < len(rows):
            told["pageToken"] = str(first + PAGE)
        return 200, told
