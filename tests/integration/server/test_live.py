"""Live streams: nothing is missed, also over a reconnect, and a slow reader is no burden."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

from serving import Server


class Stream:
    """Server-sent events as a browser reads them."""

    def __init__(self, server: Server, path: str, token: str, last: str | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Authorization": f"Bearer {token}"}
        if last is not None:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", path, headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.getheader("Content-Type") == "text/event-stream"

    def events(self) -> Iterator[tuple[str, str, Any]]:
        name, last, data = "message", "", ""
        for raw in self.response:
            line = raw.decode().rstrip("\n")
            if line.startswith("id: "):
                last = line[4:]
            elif line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and data:
                yield name, last, json.loads(data)
                name, data = "message", ""

    def close(self) -> None:
        self.response.close()
        self.connection.close()


def test_a_run_is_followed_to_its_end_and_from_any_place(server: Server) -> None:
    run = server.start()
    stream = Stream(server, f"/api/v1/runs/{run}/events", server.admin)
    events = list(stream.events())
    assert events[-1][0] == "end" and events[-1][2]["state"] == "completed"
    updates = [data for name, _, data in events if name == "update"]
    assert updates == server.ok("GET", f"/api/v1/runs/{run}/history")["history"]
    half = updates[len(updates) // 2]["seq"]
    rest = list(Stream(server, f"/api/v1/runs/{run}/events", server.admin, str(half)).events())
    assert [data["seq"] for name, _, data in rest if name == "update"] == [
        update["seq"] for update in updates if update["seq"] > half
    ]
    bad = server.call("GET", f"/api/v1/runs/{run}/events", headers={"Last-Event-ID": "x"})
    assert bad.status == 400


def test_all_runs_are_followed_over_a_reconnect(server: Server) -> None:
    stream = Stream(server, "/api/v1/live/runs", server.admin)
    first = server.start()
    seen: list[tuple[int, str]] = []
    last = ""
    for name, identifier, data in stream.events():
        assert name == "run"
        last = identifier
        seen.append((data["run"], data["state"]))
        if data["run"] == first and data["state"] == "completed":
            break
    stream.close()
    second = server.start()
    server.ended(second)
    stream = Stream(server, "/api/v1/live/runs", server.admin, last)
    for name, _, data in stream.events():
        assert name == "run"
        seen.append((data["run"], data["state"]))
        if data["run"] == second and data["state"] == "completed":
            break
    stream.close()
    assert len(seen) == len(set(seen)), "nothing comes twice"
    for run in (first, second):
        assert [state for number, state in seen if number == run][-2:] == ["running", "completed"]


def test_who_comes_back_to_another_server_is_told_to_look_again(server: Server) -> None:
    for last in ("other-5", "garbage", "-", "9"):
        stream = Stream(server, "/api/v1/live/runs", server.admin, last)
        name, identifier, _ = next(stream.events())
        assert name == "reset" and "-" in identifier
        stream.close()


def test_a_stream_shows_only_what_its_token_may_see(server: Server) -> None:
    token = server.token(("viewer", "other"))
    stream = Stream(server, "/api/v1/live/runs", token)
    hidden = server.start()
    server.ended(hidden)
    shown = server.start("other/broken")
    for _, _, data in stream.events():
        assert data["namespace"] == "other"
        if data["run"] == shown and data["state"] == "error":
            break
    stream.close()
    assert server.call("GET", f"/api/v1/runs/{hidden}/events", token=token).status == 404
    assert server.call("GET", "/api/v1/live/runs", token=None).status == 401


def test_readers_that_do_not_read_hold_nobody_up(server: Server) -> None:
    sleepers = []
    for _ in range(20):
        sleeper = socket.create_connection(("127.0.0.1", server.port))
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        sleeper.sendall(
            f"GET /api/v1/live/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {server.admin}\r\n\r\n".encode()
        )
        sleepers.append(sleeper)
    runs = [server.start() for _ in range(20)]
    assert {server.ended(run)["state"] for run in runs} == {"completed"}
    for sleeper in sleepers:
        sleeper.close()
