"""S1, S2: every route and method with every kind of token that is none, and with paths that try to look like others."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from routes import address, paths
from serving import Server

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
PUBLIC = {
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/"),
    ("GET", "/ui"),
    ("GET", "/ui/{page}"),
    ("GET", "/ui/{page}/{of}"),
    ("GET", "/ui/{page}/{of}/{name}"),
    ("GET", "/assets/{file}"),
    ("GET", "/login"),
    ("POST", "/api/v1/login"),
    ("POST", "/hooks/{namespace}/{flow}/{trigger}"),
    ("POST", "/hooks/{namespace}/{flow}/{trigger}/{key}"),
}


def body_for(method: str) -> bytes | None:
    return b"{}" if method in ("POST", "PUT", "PATCH") else None


def test_s1_the_public_routes_are_exactly_these(server: Server) -> None:
    open_routes = {
        (method.upper(), path)
        for path, operations in paths(server).items()
        for method, operation in operations.items()
        if operation.get("security") == []
    }
    assert open_routes == PUBLIC


@pytest.mark.parametrize(
    "kind", ["none", "garbage", "half", "expired", "revoked", "empty", "basic", "other case"]
)
def test_s1_without_a_good_token_nothing_opens(server: Server, kind: str) -> None:
    token = server.token(("viewer", "*"))
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(milliseconds=300)
    headers: dict[str, str] = {}
    if kind == "garbage":
        headers["Authorization"] = "Bearer nothing"
    elif kind == "half":
        headers["Authorization"] = f"Bearer {token[:-1]}"
    elif kind == "expired":
        until = soon.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        expired = server.token(("admin", "*"), expires_at=until)
        while datetime.datetime.now(datetime.UTC) <= soon:
            pass
        headers["Authorization"] = f"Bearer {expired}"
    elif kind == "revoked":
        server.ok("DELETE", f"/api/v1/tokens/{token.split('_')[1]}")
        headers["Authorization"] = f"Bearer {token}"
    elif kind == "empty":
        headers["Authorization"] = ""
    elif kind == "basic":
        headers["Authorization"] = f"Basic {token}"
    elif kind == "other case":
        headers["Authorization"] = f"Bearer {token.upper()}"
    for path in paths(server):
        for method in METHODS:
            if (method, path) in PUBLIC or (method == "HEAD" and ("GET", path) in PUBLIC):
                continue
            answer = server.call(
                method, address(path), body_for(method), token=None, headers=headers
            )
            # Too many refused tokens from one address are answered with 429, and never with more.
            assert answer.status in (401, 429, 501), (kind, method, path, answer.status)


def test_s1_a_foreign_token_sees_nothing(server: Server) -> None:
    run = server.start()
    server.ended(run)
    foreign = server.token(("admin", "elsewhere"))
    for path, operations in paths(server).items():
        for method, operation in operations.items():
            if operation.get("security") == [] or "x-dyna-role" not in operation:
                continue
            if operation["operationId"] == "followRuns":  # has no end; test_live.py looks at it
                continue
            target = address(path).replace("/runs/1", f"/runs/{run}")
            body = json.dumps(example(operation)).encode() if "requestBody" in operation else None
            answer = server.call(method.upper(), target, body, token=foreign)
            if answer.status in (200, 202):
                # Lists, and what is anywhere: they hold nothing of others.
                assert b"daily" not in answer.body and b"acme" not in answer.body, (method, path)
            else:
                assert answer.status in (400, 403, 404, 422), (method, path, answer.status)
    row = server.ok("GET", f"/api/v1/runs/{run}")
    assert row["state"] == "completed"


def example(operation: dict[str, Any]) -> dict[str, Any]:
    """A body that is good enough to reach the check of rights."""
    return {
        "startRun": {}, "rerunRun": {}, "decideTask": {"decision": "approve"}, "steerBackfill": {"action": "pause"},
        "applyFlows": {"files": [{"name": "x.yaml", "text": "id: x\nnamespace: acme\ntasks: [{id: a, type: log, message: b}]\n"}]},
        "validateFlow": {"name": "x.yaml", "text": "id: x\ntasks: []\n"}, "setSecret": {"value": "x"},
        "postTaskEvents": {}, "syncGit": {}, "pushGit": {}, "putUser": {"grants": []}, "settleEvent": {"op": "drop"}, "switchFlow": {"enabled": False},
        "startBackfill": {"from": "2026-01-01", "to": "2026-01-02"}}[operation["operationId"]]  # fmt: skip


@pytest.mark.parametrize(
    "trick",
    ["/configs", "/health", "/livez", ";/livez", "/", "/.", "/%2e%2e/livez", "%2Flivez", "%252Flivez", ".", "%20",
     "%00", "%5C", "\\", "?/livez", "#/livez", "/../livez", "//livez"],
)  # fmt: skip
def test_s2_no_spelling_of_a_path_opens_anything(server: Server, trick: str) -> None:
    for path in ("/api/v1/flows", "/api/v1/runs/1", "/metrics", "/api/v1/secrets"):
        target = (address(path) + trick).replace("#", "%23")
        for headers in ({}, {"X-Original-URL": "/livez", "X-Rewrite-URL": "/livez"},
                        {"X-HTTP-Method-Override": "GET", "X-Forwarded-Prefix": "/livez"}):  # fmt: skip
            for method in ("GET", "POST", "DELETE"):
                answer = server.call(method, target, body_for(method), token=None, headers=headers)
                assert answer.status in (400, 401), (method, target, answer.status)


@pytest.mark.parametrize(
    "target", ["/LIVEZ", "//livez", "/./livez", "/livez/", "/%6civez/x", "/livez%2f"]
)
def test_s2_a_public_route_has_one_spelling(server: Server, target: str) -> None:
    assert server.call("GET", target, token=None).status in (400, 401)


def test_s2_an_absolute_target_is_its_path(server: Server) -> None:
    here = f"http://127.0.0.1:{server.port}"
    assert server.call("GET", f"{here}/livez", token=None).status == 200
    assert server.call("GET", f"{here}/api/v1/runs", token=None).status == 401
    assert server.call("GET", "http://elsewhere.example/livez", token=None).status in (400, 421)
