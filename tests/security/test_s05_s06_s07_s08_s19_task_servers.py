"""S5 to S8, S19: what a team can see, forge and name of another's tasks, over HTTP."""

from __future__ import annotations

import pytest
from serving import Server
from talking import Talker, owner, task


@pytest.fixture
def billing(cerebro: Server) -> Talker:
    return Talker(cerebro, "billing", "sums")


def test_s06_a_report_for_another_teams_attempt_changes_nothing(
    cerebro: Server, talker: Talker, billing: Talker
) -> None:
    talker.ready(task("load"))
    run = cerebro.start("orders/load")
    invoke = talker.invoked()
    attempt = {"attempt": invoke["attempt"], "fence": invoke["fence"]}
    # With the name of the other server in `source`: the credential is not of it.
    forged = billing.message("task.completed", attempt, source="urn:cordyna:ts:orders/etl")
    answer = billing.post(forged)
    assert (answer.status, answer.json[0]["data"]["code"]) == (403, "forbidden")
    # With its own name: the attempt is not this server's.
    answer = billing.post(billing.message("task.completed", attempt))
    assert (answer.status, answer.json[0]["data"]["code"]) == (422, "fenced")
    # Another server of the same team.
    sister = Talker(cerebro, "orders", "other", talker.token)
    answer = sister.post(sister.message("task.completed", attempt))
    assert (answer.status, answer.json[0]["data"]["code"]) == (422, "fenced")
    assert cerebro.ok("GET", f"/api/v1/runs/{run}")["state"] == "running"
    talker.run(invoke)
    assert cerebro.ended(run)["state"] == "completed"


def test_s07_a_fence_that_is_not_the_attempts_is_refused(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load"))
    run = cerebro.start("orders/load")
    invoke = talker.invoked()
    token = invoke["fence"]["token"]
    for wrong in (token[:-1], token[:-1] + ("0" if token[-1] != "0" else "1"), "", token.upper()):
        data = {"attempt": invoke["attempt"], "fence": {**invoke["fence"], "token": wrong}}
        answer = talker.post(talker.message("task.completed", data))
        assert (answer.status, answer.json[0]["data"]["code"]) == (422, "fenced"), wrong
    data = {"attempt": invoke["attempt"], "fence": {"epoch": 99, "token": token}}
    assert talker.post(talker.message("task.completed", data)).status == 422
    assert cerebro.ok("GET", f"/api/v1/runs/{run}")["state"] == "running"
    talker.run(invoke)
    cerebro.ended(run)


def test_s08_names_of_others_and_names_that_are_none(
    cerebro: Server, talker: Talker, billing: Talker
) -> None:
    talker.ready(task("load"))
    (declared,) = billing.ready({**task("load", "billing"), "owner": owner("orders")})
    assert declared["data"]["rejected"][0]["path"] == "#/owner/team"
    for name in ("Load", "lo\u0430d", "lo\u200bad", "\u202eload", "a/b", "", "x" * 129, "../x"):
        (declared,) = billing.ready(task(name, "billing"))
        assert [one["path"] for one in declared["data"]["rejected"]] == ["#/id"], name
        assert declared["data"]["accepted"] == []
    # A flow that people wrote is not taken over.
    text = "id: mine\nnamespace: billing\ntasks: [{id: a, type: log, message: b}]\n"
    cerebro.ok("POST", "/api/v1/flows", {"files": [{"name": "mine.yaml", "text": text}]})
    (declared,) = billing.ready(task("mine", "billing"))
    assert declared["data"]["rejected"][0]["code"] == "taken"
    # Nor one that a sister declares, which is here.
    sister = Talker(cerebro, "orders", "other", talker.token)
    (declared,) = sister.ready(task("load"))
    assert declared["data"]["rejected"][0]["code"] == "taken"


def test_s05_a_credential_of_task_servers_does_nothing_else(
    cerebro: Server, talker: Talker, billing: Talker
) -> None:
    talker.ready(task("load"))
    run = cerebro.start("orders/load")
    for method, path, body in (
        ("GET", f"/api/v1/runs/{run}", None),
        ("GET", f"/api/v1/runs/{run}/messages", None),
        ("GET", "/api/v1/runs", None),
        ("GET", "/api/v1/task-servers", None),
        ("GET", "/api/v1/flows/orders/load", None),
        ("POST", "/api/v1/flows/orders/load/runs", {}),
        ("POST", f"/api/v1/runs/{run}/cancel", None),
        ("GET", "/api/v1/audit", None),
        ("GET", "/api/v1/secrets", None),
    ):
        for token in (talker.token, billing.token):
            assert cerebro.call(method, path, body, token=token).status in (403, 404), path
    fetched = cerebro.call("GET", "/api/v1/ts/commands?server=orders/etl", token=billing.token)
    assert fetched.status == 403
    viewer = cerebro.token(("viewer", "orders"))
    assert cerebro.call("GET", "/api/v1/ts/commands?server=orders/etl", token=viewer).status == 403
    assert cerebro.call("POST", "/api/v1/ts/events", [], token=None).status == 401
    # People of a team see its servers, and no others.
    billing.ready(task("sum", "billing"))
    (seen,) = cerebro.ok("GET", "/api/v1/task-servers", token=viewer)["servers"]
    assert seen["team"] == "orders"
    talker.run(talker.invoked())
    cerebro.ended(run)


def test_s05_who_may_make_such_a_credential(cerebro: Server) -> None:
    def wish(grants: list[tuple[str, str]], token: str = "admin") -> int:
        rows = [{"namespace": namespace, "role": role} for role, namespace in grants]
        body = {"name": "x", "kind": "server", "grants": rows}
        return cerebro.call("POST", "/api/v1/tokens", body, token=token).status

    admin = cerebro.token(("admin", "orders"))
    assert wish([("viewer", "orders")], admin) == 201
    assert wish([("viewer", "billing")], admin) == 403
    assert wish([("viewer", "orders")], cerebro.token(("author", "orders"))) == 403
    for bad in ([], [("viewer", "*")], [("author", "orders")],
                [("viewer", "orders"), ("viewer", "billing")]):  # fmt: skip
        assert wish(bad) == 422, bad


def test_s19_fields_of_messages_are_data(cerebro: Server, talker: Talker) -> None:
    talker.ready(task("load"))
    run = cerebro.start("orders/load")
    invoke = talker.invoked()
    nasty = "a\r\nX-Evil: 1\r\n*3\r\n$9999999999\r\n"
    answer = talker.post(
        {
            **talker.message("task.queued", {"attempt": invoke["attempt"]}),
            "subject": nasty,
            "extra": nasty,
            "traceparent": nasty,
        }
    )
    assert answer.status == 200 and "X-Evil" not in answer.headers
    twice = (
        b'[{"specversion":"1.0","specversion":"1.0","id":"x","source":"s","type":"t","data":{}}]'
    )
    refused = cerebro.call("POST", "/api/v1/ts/events", twice, token=talker.token)
    assert (refused.status, refused.json[0]["data"]["code"]) == (422, "malformed")
    talker.say("task.completed", {"attempt": invoke["attempt"], "output": {nasty: nasty}})
    assert cerebro.ended(run)["outputs"] == {nasty: nasty}
    big = talker.message("task.queued", {"attempt": "x", "filler": "y" * (300 << 10)})
    assert cerebro.call("POST", "/api/v1/ts/events", big, token=talker.token).status == 422
