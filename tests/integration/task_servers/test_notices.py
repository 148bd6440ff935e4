"""Who is told of what went wrong: whose it is, and once those who wait for it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from crowd import Crowd
from serving import Server, eventually
from talking import Talker, task


def notices(cerebro: Server, query: str = "", token: str = "admin") -> list[dict[str, Any]]:
    answer = cerebro.call("GET", f"/api/v1/notices{query}", token=token)
    assert answer.status == 200, answer
    return list(answer.json["notices"])


def test_a_failure_is_told_to_its_owner_and_to_who_waits(cerebro: Server, talker: Talker) -> None:
    other = Talker(cerebro, "billing", "sums")
    talker.ready(task("load"))
    needs = [{"task": "orders/load"}]
    other.ready(task("sum", "billing", needs=needs), task("total", "billing", needs=[{"task": "billing/sum"}]))  # fmt: skip
    run = cerebro.start("billing/total")
    talker.fail(talker.invoked(), "SOURCE_AWAY", "no file came", retryable=False)
    assert cerebro.ended(run)["state"] == "error"
    told = [(one["team"], one["kind"], one["flow"], one["cause"]) for one in notices(cerebro)]
    assert sorted(told) == [
        ("billing", "blocked", "billing/sum", "orders"),
        ("billing", "blocked", "billing/total", "orders"),
        ("orders", "failed", "orders/load", "orders"),
    ]
    (mine,) = notices(cerebro, "?team=orders")
    assert (mine["code"], mine["task"]) == ("TASK_FAILED", "task")
    assert "SOURCE_AWAY: no file came" in mine["description"]
    (waits,) = notices(cerebro, f"?run={run}")
    assert "SOURCE_AWAY: no file came" in waits["description"], "it says what happened, at its root"
    # Whoever may see one team's flows sees what was told of them, and nothing else.
    token = cerebro.token(("viewer", "billing"))
    assert {one["flow"] for one in notices(cerebro, token=token)} == {
        "billing/sum",
        "billing/total",
    }
    assert cerebro.call("GET", "/api/v1/notices?kind=loud").status == 400
    first = cerebro.ok("GET", "/api/v1/notices?limit=2")
    rest = cerebro.ok("GET", f"/api/v1/notices?limit=2&before={first['next']}")
    assert len(first["notices"]) == 2 and len(rest["notices"]) == 1 and "next" not in rest


@pytest.mark.skipif(not os.environ.get("DYNA_TEST_LONG"), reason="a server is lost after 5 minutes")
def test_a_lost_server_is_told_to_its_team(cerebro: Server) -> None:
    crowd = Crowd()
    token = Talker(cerebro, "orders", "etl").token
    # One that would be tried again waits for the server to come back.
    member = crowd.add("orders", "etl", token, hold=True, attempts=1)
    crowd.join(cerebro.port)
    run = cerebro.start("orders/etl")
    crowd.until(lambda: member.held, "its attempt")
    crowd.close()
    eventually(lambda: notices(cerebro, "?kind=lost"), "the notice", seconds=400)
    (lost,) = notices(cerebro, "?kind=lost")
    assert (lost["team"], lost["namespace"]) == ("orders", "orders")
    assert "task server orders/etl" in lost["description"] and lost["description"].endswith(": 1")
    assert cerebro.ended(run)["state"] == "error"
    (failed,) = notices(cerebro, f"?run={run}")
    assert (failed["team"], failed["kind"], failed["code"]) == ("orders", "failed", "LOST")
