"""S10, S17, S18, S31, S34: bodies and parameters that are meant to do more than they say."""

from __future__ import annotations

import json

import pytest
from serving import Server


@pytest.mark.parametrize(
    "field", ["owner", "team", "role", "state", "attempt", "epoch", "created_by", "id", "version"]
)
def test_s10_no_field_is_taken_that_the_table_does_not_have(server: Server, field: str) -> None:
    for method, path, body in (
        ("POST", "/api/v1/flows/acme/daily/runs", {}),
        ("POST", "/api/v1/runs/1/rerun", {}),
        ("POST", "/api/v1/runs/1/decision", {"decision": "approve"}),
        ("POST", "/api/v1/flows", {"files": []}),
        ("PUT", "/api/v1/users/eve", {"grants": []}),
        ("PUT", "/api/v1/secrets/KEY", {"value": "x"}),
        ("POST", "/api/v1/tokens", {"name": "a", "kind": "service", "grants": []}),
        ("POST", "/api/v1/login", {"user": "a", "password": "b"}),
    ):
        answer = server.call(method, path, {**body, field: "x"})
        if field in json.dumps(body):
            continue
        assert answer.status == 400, (path, field, answer.status)
        assert any(error["at"] == f"#/{field}" for error in answer.json["errors"])
    nested = {
        "name": "a",
        "kind": "service",
        "grants": [{"namespace": "a", "role": "viewer", field: 1}],
    }
    if field != "role":
        assert server.call("POST", "/api/v1/tokens", nested).status == 400


SQL = [
    "'",
    '"',
    "';--",
    "' OR '1'='1",
    "%",
    "_",
    "\\",
    "1; DROP TABLE run",
    "UNION SELECT",
    "a" * 8000,
]


@pytest.mark.parametrize("text", SQL)
def test_s17_a_parameter_is_never_sql(server: Server, text: str) -> None:
    from urllib.parse import quote

    empty = server.ok("GET", f"/api/v1/runs?flow={quote(text)}")
    assert empty == {"runs": []}
    assert server.ok("GET", f"/api/v1/runs?namespace={quote(text)}") == {"runs": []}
    assert server.ok("GET", f"/api/v1/flows?id={quote(text)}") == {"flows": []}
    assert server.ok("GET", f"/api/v1/audit?actor={quote(text)}") == {"audit": []}
    if "\\" not in text and ";" not in text and "%" not in text:
        assert server.call("GET", f"/api/v1/runs/{quote(text, safe='')}").status == 404
        assert server.call("GET", f"/api/v1/flows/acme/{quote(text, safe='')}").status == 404


def test_s18_no_line_break_reaches_a_header(server: Server) -> None:
    for path in ("/api/v1/runs/%0d%0aX-Evil:1", "/api/v1/flows/acme/a%0d%0aSet-Cookie:x=1"):
        answer = server.call("GET", path)
        assert answer.status == 400
        assert "X-Evil" not in answer.headers and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[" * 100_000, b'{"inputs":' * 50_000, b'{"inputs":{},"inputs":{}}', b'{"inputs":{"a":1e999}}', b"\xef\xbb\xbf{}",
     b'{"inputs":{"a":"\\ud800"}}', b'{"no_cache":NaN}', b"{} {}", b"null", b"[]", b'"x"', b"\xff\xfe{}", b"{\x00}"],
)  # fmt: skip
def test_s31_broken_json_is_a_clean_400(server: Server, text: bytes) -> None:
    answer = server.call("POST", "/api/v1/flows/acme/daily/runs", text)
    assert answer.status == 400, (text[:40], answer.status)
    assert answer.json["code"] == "bad_request"
    assert server.call("GET", "/livez", token=None).status == 200


def test_s31_a_body_that_is_too_large_is_413(server: Server) -> None:
    large = json.dumps({"inputs": {"word": "x" * (2 << 20)}}).encode()
    answer = server.call("POST", "/api/v1/flows/acme/daily/runs", large)
    assert answer.status == 413


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16",
     "application/jsonx", "application/xml", ""],
)  # fmt: skip
def test_s34_only_json_is_json(server: Server, kind: str) -> None:
    answer = server.call(
        "POST", "/api/v1/flows/acme/daily/runs", b"{}", headers={"Content-Type": kind}
    )
    assert answer.status == 415
    hidden = b'{"files":{"filepath":"/etc/passwd"}}'
    assert server.call("POST", "/api/v1/flows/acme/daily/runs", hidden).status == 400
