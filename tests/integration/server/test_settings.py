"""Limits and other settings of a server, each with the status that it gives; and who may read it from a page."""

from __future__ import annotations

import socket
from pathlib import Path

from serving import FLOW, Server, eventually, serve

LIMITS = """
server:
  cors: https://app.example
  limits: {body: 2KiB, head: 2KiB, headers: 20, connections: 12, streams: 2, requests: 20}
"""


def limited(folder: Path, *arguments: str) -> Server:
    (folder / "daily.yaml").write_text(FLOW)
    (folder / "cordyna.yaml").write_text(LIMITS)
    return serve(folder, *arguments)


def test_each_limit_has_its_status(tmp_path: Path) -> None:
    server = limited(tmp_path)
    path = "/api/v1/flows/acme/daily/runs"
    assert server.call("POST", path, {"inputs": {"word": "x" * 3000}}).status == 413
    assert server.call("GET", "/livez", headers={"X-Long": "x" * 3000}).status == 431
    many = {f"X-{number}": "1" for number in range(30)}
    assert server.call("GET", "/livez", headers=many).status == 431
    server.stop()


def test_an_option_goes_before_the_file(tmp_path: Path) -> None:
    server = limited(tmp_path, "--set", "limits.body=8KiB")
    path = "/api/v1/flows/acme/daily/runs"
    assert server.call("POST", path, {"inputs": {"word": "x" * 3000}}).status == 201
    server.stop()


def test_too_many_connections_and_streams_are_refused(tmp_path: Path) -> None:
    server = limited(tmp_path)
    token = server.admin
    streams = []
    for _ in range(2):
        stream = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        stream.sendall(
            b"GET /api/v1/live/runs HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        assert b"200" in stream.recv(1000)
        streams.append(stream)
    refused = server.call("GET", "/api/v1/live/runs")
    assert refused.status == 503 and "Retry-After" in refused.headers
    for stream in streams:
        stream.close()
    # Both places are free again once the server has noticed.
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(20)]

    def full() -> bool:
        try:
            return server.call("GET", "/livez", token=None).status == 503
        except OSError:
            return True

    eventually(full, "the limit of connections")
    for connection in idle:
        connection.close()
    eventually(lambda: not full(), "free connections")
    server.stop()


def test_one_caller_cannot_ask_without_end_and_others_can(tmp_path: Path) -> None:
    server = limited(tmp_path)
    greedy, modest = server.token(("viewer", "*")), server.token(("viewer", "*"))
    answers = [server.call("GET", "/api/v1/me", token=greedy) for _ in range(200)]
    statuses = [answer.status for answer in answers]
    assert statuses[0] == 200 and 429 in statuses
    refused = answers[statuses.index(429)]
    assert "Retry-After" in refused.headers and "20 requests a second" in refused.json["detail"]
    assert server.call("GET", "/api/v1/me", token=modest).status == 200
    server.stop()


def test_pages_of_other_origins(tmp_path: Path) -> None:
    server = limited(tmp_path)
    origin = {"Origin": "https://app.example"}
    allowed = server.call("GET", "/api/v1/me", headers=origin)
    assert allowed.status == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    asked = server.call("OPTIONS", "/api/v1/runs", token=None, headers={
        **origin, "Access-Control-Request-Method": "GET"})  # fmt: skip
    assert asked.status == 204
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    document = server.call("GET", "/api/v1/openapi.json").json
    used = {method.upper() for path in document["paths"].values() for method in path}
    allowed_methods = set(asked.headers["Access-Control-Allow-Methods"].split(", "))
    assert used - {"PARAMETERS"} == allowed_methods
    for other in ("https://app.example.evil", "http://app.example", "null"):
        answer = server.call("GET", "/api/v1/me", headers={"Origin": other})
        assert "Access-Control-Allow-Origin" not in answer.headers, other
        assert (
            server.call("OPTIONS", "/api/v1/runs", token=None, headers={"Origin": other}).status
            == 401
        )
    server.stop()


def test_without_the_setting_no_page_may(server: Server) -> None:
    answer = server.call("GET", "/api/v1/me", headers={"Origin": "https://app.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_what_has_not_changed_is_not_sent_again(server: Server) -> None:
    first = server.call("GET", "/api/v1/flows/acme/daily")
    tag = first.headers["ETag"]
    same = server.call("GET", "/api/v1/flows/acme/daily", headers={"If-None-Match": tag})
    assert (same.status, same.body) == (304, b"")
    other = server.call("GET", "/api/v1/flows/acme/daily", headers={"If-None-Match": 'W/"other"'})
    assert other.status == 200 and other.body == first.body
    assert "ETag" not in server.call("POST", "/api/v1/flows/acme/daily/runs", {}).headers


def test_a_server_without_flows_gets_them_by_the_api(tmp_path: Path) -> None:
    server = serve(tmp_path, "--watch")
    server.ok("POST", "/api/v1/flows", {"files": [{"name": "daily", "text": FLOW}]})
    assert server.ended(server.start())["state"] == "completed"
    server.stop()


def test_told_to_go_it_leaves_runs_after_a_while(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(
        "id: long\ntasks: [{id: nap, type: shell, script: 'until [ -e done ]; do sleep 0.05; done'}]\n"
    )
    server = serve(tmp_path, "--drain", "200ms")
    run = server.start("_/long")
    eventually(
        lambda: server.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"][0].get("started_at"),
        "the start of the task",
    )
    server.stop()
    assert server.process.returncode == 0
    again = serve(tmp_path)
    assert again.ok("GET", f"/api/v1/runs/{run}")["state"] == "running"
    (tmp_path / "done").touch()
    assert again.ended(run)["state"] == "completed"
    attempts = again.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    assert [attempt["state"] for attempt in attempts] == ["completed"]
    again.stop()
