"""S3: live streams without a right token. S36: one caller at its limit is no burden for another."""

from __future__ import annotations

from pathlib import Path

import pytest
from serving import FLOW, Answer, Server, serve

STREAMS = ("/api/v1/live/runs", "/api/v1/runs/1/events")


@pytest.mark.parametrize("path", STREAMS)
def test_s3_no_token_no_stream(server: Server, path: str) -> None:
    server.ended(server.start())
    for headers in (
        {},
        {"Authorization": "Bearer nothing"},
        {"Authorization": f"Bearer {server.admin}x"},
        {"Cookie": "dyna_session=dyna_abc_def"},
        {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        },
    ):
        answer = server.call("GET", path, token=None, headers=headers)
        assert answer.status == 401 and "event" not in answer.headers.get("Content-Type", ""), (
            headers
        )
    in_address = server.call("GET", f"{path}?token={server.admin}", token=None)
    assert in_address.status == 401


def test_s3_a_stream_of_another_namespace_is_not_there(server: Server) -> None:
    run = server.start("other/broken")
    server.ended(run)
    token = server.token(("viewer", "acme"))
    assert server.call("GET", f"/api/v1/runs/{run}/events", token=token).status == 404


def test_s36_one_at_its_limit_is_no_burden_for_others(tmp_path: Path) -> None:
    (tmp_path / "daily.yaml").write_text(FLOW)
    server = serve(tmp_path, "--set", "limits.requests=50")
    greedy, modest = server.token(("viewer", "*")), server.token(("viewer", "*"))
    refused = 0
    # 300 at once is six times what one may; the other asks 30 times in between.
    for number in range(300):
        refused += server.call("GET", "/api/v1/runs", token=greedy).status == 429
        if number % 10 == 0:
            assert server.call("GET", "/api/v1/runs", token=modest).status == 200
    assert refused > 0
    server.stop()


def test_s36_runs_that_one_caller_begins_in_a_day(tmp_path: Path) -> None:
    (tmp_path / "daily.yaml").write_text(FLOW)
    server = serve(tmp_path, "--set", "limits.runs=3")
    greedy, modest = server.token(("operator", "*")), server.token(("operator", "*"))

    def begin(token: str, **headers: str) -> Answer:
        return server.call(
            "POST", "/api/v1/flows/acme/daily/runs", {"inputs": {}}, token=token, headers=headers
        )

    first = begin(greedy, **{"Idempotency-Key": "k"})
    assert first.status == 201
    again = begin(greedy, **{"Idempotency-Key": "k"})
    assert again.json["run"] == first.json["run"], "it is no other run"
    assert (
        server.call(
            "POST",
            "/api/v1/flows/acme/daily/backfills",
            {"from": "2026-01-01", "to": "2026-01-10", "every": "1d"},
            token=greedy,
        ).status
        == 429
    ), "each of its runs counts"
    assert [begin(greedy).status for _ in range(3)] == [201, 201, 429]
    refused = begin(greedy)
    assert refused.json["code"] == "too_many_requests"
    assert 80_000 < int(refused.headers["Retry-After"]) * 3 <= 86_400, refused.headers
    server.ended(first.json["run"])
    path = f"/api/v1/runs/{first.json['run']}/rerun"
    assert server.call("POST", path, {"from": "shout"}, token=greedy).status == 429
    assert begin(modest).status == 201
    server.stop()
