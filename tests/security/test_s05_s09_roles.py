"""S5, S9: what each role may do in its own namespace, and that another namespace does not exist for it."""

from __future__ import annotations

import pytest
from serving import Server

ROLES = ("viewer", "operator", "author", "admin")
# The least role for each operation on the namespace acme; docs/reference/api.md has the same table.
WANTED = {
    ("GET", "/api/v1/flows/acme/daily"): "viewer",
    ("GET", "/api/v1/flows/acme/daily/versions"): "viewer",
    ("GET", "/api/v1/flows/acme/daily/next"): "viewer",
    ("GET", "/api/v1/flows/acme/daily/ticks"): "viewer",
    ("GET", "/api/v1/runs/{run}"): "viewer",
    ("GET", "/api/v1/runs/{run}/tasks"): "viewer",
    ("GET", "/api/v1/runs/{run}/attempts"): "viewer",
    ("GET", "/api/v1/runs/{run}/report"): "viewer",
    ("GET", "/api/v1/runs/{run}/rerun"): "viewer",
    ("GET", "/api/v1/runs/{run}/flow"): "viewer",
    ("GET", "/api/v1/runs/{run}/history"): "viewer",
    ("GET", "/api/v1/runs/{run}/why"): "viewer",
    ("GET", "/api/v1/runs/{run}/log?task=say"): "viewer",
    ("POST", "/api/v1/flows/acme/daily/runs"): "operator",
    ("POST", "/api/v1/runs/{run}/rerun"): "operator",
    ("POST", "/api/v1/runs/{run}/cancel"): "operator",
    ("POST", "/api/v1/runs/{run}/decision"): "operator",
    ("POST", "/api/v1/flows"): "author",
    ("POST", "/api/v1/flows/validate"): "author",
    ("DELETE", "/api/v1/flows/acme/unknown"): "author",
    ("POST", "/api/v1/git/acme/sync"): "operator",
    ("POST", "/api/v1/git/acme/push"): "author",
}
# Of the whole server: a role in a namespace is never enough.
SERVER = {
    ("GET", "/metrics"): "viewer",
    ("GET", "/api/v1/pools"): "viewer",
    ("GET", "/api/v1/places"): "viewer",
    ("GET", "/api/v1/secrets"): "author",
    ("PUT", "/api/v1/secrets/KEY"): "author",
    ("DELETE", "/api/v1/secrets/KEY"): "author",
    ("GET", "/api/v1/users"): "admin",
    ("PUT", "/api/v1/users/eve"): "admin",
    ("GET", "/api/v1/audit"): "admin",
    ("GET", "/api/v1/audit/verify"): "admin",
}
BODIES = {
    "/sync": {},
    "/push": {},
    "/decision": {"decision": "approve"},
    "/runs": {},
    "/rerun": {},
    "/api/v1/flows": {"files": [{"name": "a", "text": "id: mine\nnamespace: acme\ntasks: [{id: a, type: log, message: b}]\n"}]},
    "/validate": {"name": "a", "text": "id: x"},
    "/secrets/KEY": {"value": "v"},
    "/users/eve": {"grants": []},
}  # fmt: skip


def status(server: Server, method: str, path: str, token: str) -> int:
    body = next((one for end, one in BODIES.items() if path.endswith(end)), None)
    return server.call(
        method, path, body if method in ("POST", "PUT") else None, token=token
    ).status


@pytest.mark.parametrize("role", ROLES)
def test_s9_each_role_may_what_the_table_says(server: Server, role: str) -> None:
    run = server.start()
    server.ended(run)
    inside = server.token((role, "acme"))
    everywhere = server.token((role, "*"))
    for (method, path), least in {**WANTED, **SERVER}.items():
        whole = (method, path) in SERVER
        target = path.replace("{run}", str(run))
        enough = ROLES.index(role) >= ROLES.index(least)
        for token, may in ((inside, enough and not whole), (everywhere, enough)):
            got = status(server, method, target, token)
            if may:
                assert got not in (401, 403), (role, method, path, got)
            else:
                assert got == 403, (role, method, path, got)


def test_s5_another_namespace_does_not_exist(server: Server) -> None:
    run = server.start("other/broken")
    server.ended(run)
    token = server.token(("admin", "acme"))
    nothing = max(row["run"] for row in server.ok("GET", "/api/v1/runs")["runs"]) + 1000
    for method, end, body in (
        ("GET", "", None), ("GET", "/tasks", None), ("GET", "/history", None), ("GET", "/why", None),
        ("GET", "/log?task=bad", None), ("POST", "/cancel", None), ("POST", "/rerun", {}),
        ("POST", "/decision", {"decision": "reject"})):  # fmt: skip
        there = server.call(method, f"/api/v1/runs/{run}{end}", body, token=token)
        not_there = server.call(method, f"/api/v1/runs/{nothing}{end}", body, token=token)
        assert there.status == not_there.status == 404
        assert there.body == not_there.body
    listed = server.ok("GET", "/api/v1/runs?limit=500", token=token)
    assert all(row["namespace"].startswith("acme") for row in listed["runs"])
    assert server.ok("GET", "/api/v1/runs?namespace=other", token=token)["runs"] == []
    flows = server.ok("GET", "/api/v1/flows", token=token)["flows"]
    assert {flow["namespace"] for flow in flows} == {"acme"}
    assert server.call("GET", "/api/v1/flows/other/broken", token=token).status == 404
    assert server.call("GET", "/api/v1/flows/other/none", token=token).status == 404


def test_s5_a_grant_reaches_below_and_not_beside(server: Server) -> None:
    text = "id: {}\nnamespace: {}\ntasks: [{{id: a, type: log, message: b}}]\n"
    for name, namespace in (("below", "acme.deep"), ("beside", "acmeville")):
        server.ok(
            "POST",
            "/api/v1/flows",
            {"files": [{"name": name, "text": text.format(name, namespace)}]},
        )
    token = server.token(("operator", "acme"))
    assert server.call("POST", "/api/v1/flows/acme.deep/below/runs", {}, token=token).status == 201
    assert server.call("POST", "/api/v1/flows/acmeville/beside/runs", {}, token=token).status == 404


def test_s9_nobody_gives_more_than_he_has(server: Server) -> None:
    server.ok("PUT", "/api/v1/users/bob", {
        "grants": [{"namespace": "acme", "role": "author"}], "password": "a long enough password"})  # fmt: skip
    login = server.call(
        "POST", "/api/v1/login", {"user": "bob", "password": "a long enough password"}, token=None
    )
    headers = {
        "Cookie": login.headers["Set-Cookie"].split(";")[0],
        "Origin": f"http://127.0.0.1:{server.port}",
        "X-CSRF-Token": login.json["csrf_token"],
    }

    def make(kind: str, namespace: str, role: str) -> int:
        wish = {"name": "t", "kind": kind, "grants": [{"namespace": namespace, "role": role}]}
        return server.call("POST", "/api/v1/tokens", wish, token=None, headers=headers).status

    assert make("personal", "acme.x", "viewer") == 201
    assert make("personal", "acme", "admin") == 403
    assert make("personal", "*", "viewer") == 403
    assert make("personal", "other", "viewer") == 403
    assert make("service", "acme", "viewer") == 403
    # What was given is worth no more than its user, later too.
    wish = {"name": "t", "kind": "personal", "grants": [{"namespace": "acme", "role": "author"}]}
    token = server.call("POST", "/api/v1/tokens", wish, token=None, headers=headers).json["token"]
    assert server.call("GET", "/api/v1/flows/acme/daily", token=token).status == 200
    server.ok("PUT", "/api/v1/users/bob", {"grants": []})
    assert server.call("GET", "/api/v1/flows/acme/daily", token=token).status == 404
