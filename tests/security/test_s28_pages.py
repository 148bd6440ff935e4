"""S28: what users wrote is shown as text, whatever it is: of every answer, what a browser would take it for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hooking import SECRET, send
from routes import address, operations
from serving import Answer, Server, eventually, serve

PAYLOAD = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>javascript:alert(1)"
FLOW = f"""
id: hostile
namespace: acme
description: {json.dumps(PAYLOAD)}
owner: {json.dumps(PAYLOAD)}
labels: {{x: {json.dumps(PAYLOAD)}}}
inputs: [{{id: v, type: string, default: {json.dumps(PAYLOAD)}, description: {json.dumps(PAYLOAD)}}}]
tasks:
  - {{id: say, type: log, message: {json.dumps(PAYLOAD)}, description: {json.dumps(PAYLOAD)}}}
  - id: leave
    type: shell
    script: |
      echo {json.dumps(PAYLOAD).replace("`", "")} >&2
      printf '<script>alert(1)</script>' > "$DYNA_ARTIFACTS/page.html"
      printf '<svg onload=alert(1)>' > "$DYNA_ARTIFACTS/a\\"><script>alert(1)<.svg"
  - {{id: ask, type: pause, message: {json.dumps(PAYLOAD)}, needs: [say, leave]}}
  - {{id: break, type: fail, message: "{{{{ inputs.v }}}}", needs: [ask]}}
triggers: [{{id: shop, type: webhook, signing_secret: SHOP_KEY, inputs: {{v: "{{{{ event.data.v }}}}"}}}}]
"""
# What no browser runs, however it came by it.
TYPES = {"application/json", "application/problem+json", "application/octet-stream", "text/event-stream",
         "text/plain", "text/plain; version=0.0.4", "text/plain; version=0.0.4; charset=utf-8", "text/plain; charset=utf-8",
         "application/vnd.oai.openapi+json"}  # fmt: skip
PAGES = {"/login", "/ui", "/ui/{page}", "/ui/{page}/{of}", "/ui/{page}/{of}/{name}"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int, int]]:
    """A server that has been told the payload wherever it takes a text; its run, and its event."""
    folder = tmp_path_factory.mktemp("s28")
    (folder / "hostile.yaml").write_text(FLOW)
    server = serve(folder, DYNA_SECRET_SHOP_KEY=SECRET)
    run = server.start("acme/hostile", v=PAYLOAD)
    eventually(lambda: server.ok("GET", f"/api/v1/runs/{run}/tasks")["holds"], "the pause")
    server.ok("POST", f"/api/v1/runs/{run}/decision", {"decision": "approve", "note": PAYLOAD})
    assert server.ended(run)["state"] == "error"
    server.token(("viewer", "*"), name=PAYLOAD)
    server.ok("PUT", "/api/v1/secrets/OTHER", {"value": PAYLOAD})
    server.ok("PUT", "/api/v1/users/ann", {"grants": []})
    event = send(server, "<script>alert(2)", json.dumps({"v": PAYLOAD}).encode(),
                 path="/hooks/acme/hostile/shop").json["event"]  # fmt: skip
    yield server, run, event
    server.stop()


def is_harmless(answer: Answer, path: str) -> None:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    policy = headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff", path
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, (path, policy)
    assert "unsafe" not in policy and "*" not in policy and "data:" not in policy, (path, policy)
    if path in PAGES:
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert "<script>alert" not in answer.body.decode()
    elif answer.body:
        assert headers["content-type"] in TYPES, (path, headers["content-type"])


def test_no_answer_is_a_page_but_the_login(hostile: tuple[Server, int, int]) -> None:
    server, run, event = hostile
    places = {
        "/runs/1": f"/runs/{run}",
        "/events/1": f"/events/{event}",
        "acme/daily": "acme/hostile",
    }
    shown = set()
    for method, path, operation in operations(server):
        if method != "GET" or operation["operationId"] == "followRuns":  # without an end
            continue
        target = address(path)
        for old, new in places.items():
            target = target.replace(old, new)
        if path.endswith("/log"):
            target += "?task=leave"
        if path.endswith("/diff"):
            target += "?from=1&to=1"
        if path.endswith("/report"):
            target += "?task=leave"
        if path.endswith("/artifact"):
            target += "?task=leave&name=page.html"
        for wanted in ("*/*", "text/html"):
            answer = server.call("GET", target, headers={"Accept": wanted})
            is_harmless(answer, path)
        if b"alert(" in answer.body:
            shown.add(operation["operationId"])
    assert {"showRun", "showLog", "showFlow", "listTasks", "listHistory", "listTokens", "showEvent",
            "downloadArtifact"} <= shown, shown  # fmt: skip


def test_refusals_are_no_pages_either(hostile: tuple[Server, int, int]) -> None:
    server, _, _ = hostile
    calls: list[tuple[str, str, object, dict[str, str]]] = [
        ("GET", "/%3Cscript%3Ealert(1)%3C/script%3E", None, {}),
        ("GET", "/api/v1/flows/acme/%3Cscript%3E", None, {}),
        ("GET", "/api/v1/runs?%3Cscript%3Ealert(1)=1", None, {}),
        ("GET", "/api/v1/runs?state=%3Cscript%3Ealert(1)%3C/script%3E", None, {}),
        ("POST", "/api/v1/flows/acme/hostile/runs", {"<script>alert(1)": 1}, {}),
        ("POST", "/api/v1/flows/acme/hostile/runs", {"inputs": {"<script>alert(1)": 1}}, {}),
        ("POST", "/api/v1/flows", {"files": [{"name": PAYLOAD, "text": PAYLOAD}]}, {}),
        ("POST", "/api/v1/flows/validate", {"name": PAYLOAD, "text": PAYLOAD}, {}),
        ("PATCH", "/api/v1/runs", None, {}),
        ("GET", "/livez", None, {"Host": "<script>"}),
        ("GET", "/livez", None, {"X": "x" * 20_000}),
        ("POST", "/api/v1/flows/acme/hostile/runs", b"x" * (2 << 20), {}),
        ("POST", "/hooks/acme/%3Cscript%3E/x", {}, {}),
    ]
    for method, path, body, headers in calls:
        for token in ("admin", None):
            answer = server.call(method, path, body, token=token, headers=headers)
            assert answer.status >= 400 or path.endswith("validate"), (method, path, answer.status)
            is_harmless(answer, path)


def test_a_file_of_a_task_is_saved_and_not_shown(hostile: tuple[Server, int, int]) -> None:
    server, run, _ = hostile
    names = [one["name"] for one in server.ok("GET", f"/api/v1/runs/{run}/artifacts")["artifacts"]]
    assert len(names) == 2
    for name in names:
        answer = server.call(
            "GET", f"/api/v1/runs/{run}/artifact?task=leave&name={quote(name, safe='')}"
        )
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/octet-stream"
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith('attachment; filename="') and disposition.count('"') == 2
        assert "\n" not in disposition and "\r" not in disposition
