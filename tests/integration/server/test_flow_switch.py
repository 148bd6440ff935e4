"""Flows that are disabled and enabled again, through the API, the client, and over a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dyna_client import Client
from hooking import HOOKED, body_of, send, set_secrets
from serving import Server, eventually, serve
from test_client_watch import end, line_with

EACH_SECOND = """
id: each
tasks: [{id: say, type: log, message: one}]
triggers: [{id: tick, type: schedule, cron: "* * * * * *", catch_up: none}]
"""
SLOW = """
id: slow
inputs: [{id: gate, type: string}]
tasks: [{id: wait, type: shell, script: "while [ ! -e {{ inputs.gate }} ]; do sleep 0.05; done"}]
"""


@pytest.fixture(scope="module")
def switched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("switched")
    beat = EACH_SECOND.replace("each", "beat")
    flows = (("orders", HOOKED), ("each", EACH_SECOND), ("beat", beat), ("slow", SLOW))
    for name, text in flows:
        (folder / f"{name}.yaml").write_text(text)
    served = serve(folder)
    set_secrets(served)
    yield served
    served.stop()


def turn(server: Server, flow: str, enabled: bool, reason: str = "") -> None:
    body: dict[str, Any] = {"enabled": enabled, **({"reason": reason} if reason else {})}
    assert server.ok("PATCH", f"/api/v1/flows/{flow}", body) is None


def test_nothing_starts_and_what_runs_goes_on(switched: Server, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    run = switched.start("_/slow", gate=str(gate))
    turn(switched, "_/slow", False, "too slow")
    refused = switched.call("POST", "/api/v1/flows/_/slow/runs", {"inputs": {"gate": "x"}})
    assert refused.status == 409, refused.body
    assert refused.json["detail"].startswith("flow 'slow' is disabled by admin since ")
    assert ": too slow; 'dyna flows enable slow'" in refused.json["detail"]
    gate.touch()
    assert switched.ended(run)["state"] == "completed"
    rerun = switched.call("POST", f"/api/v1/runs/{run}/rerun", {"from": "wait"})
    assert rerun.status == 409 and rerun.json["detail"] == refused.json["detail"]
    shown = switched.ok("GET", "/api/v1/flows/_/slow")
    assert not shown["enabled"] and shown["disabled_by"] == "admin"
    assert shown["disabled_reason"] == "too slow" and shown["disabled_at"]
    turn(switched, "_/slow", True)
    shown = switched.ok("GET", "/api/v1/flows/_/slow")
    assert shown["enabled"] and "disabled_at" not in shown
    assert switched.ended(switched.start("_/slow", gate=str(gate)))["state"] == "completed"


def test_schedules_rest(switched: Server) -> None:
    def newest(flow: str) -> dict[str, Any]:
        return dict(switched.ok("GET", f"/api/v1/flows/_/{flow}/ticks?limit=1")["ticks"][0])

    def later(flow: str, than: str) -> str:
        return str(
            eventually(
                lambda: newest(flow)["scheduled_for"] > than and newest(flow), "a later tick"
            )["scheduled_for"]
        )

    eventually(lambda: newest("each")["tick"] == "run", "a run of a schedule")
    turn(switched, "_/each", False)
    assert switched.ok("GET", "/api/v1/flows/_/each/next")["next"] == []
    last = newest("each")
    since = switched.ok("GET", "/api/v1/flows/_/each")["disabled_at"]
    # Another flow with the same times is the witness that two of them have passed.
    for _ in range(2):
        since = later("beat", since)
    assert newest("each") == last
    turn(switched, "_/each", True)
    later("each", since)
    for flow in ("each", "beat"):
        turn(switched, f"_/{flow}", False)


def test_webhooks_answer_503_and_what_was_accepted_is_there(switched: Server) -> None:
    first = send(switched, "msg_before", body_of(1))
    assert first.status == 202
    turn(switched, "acme/orders", False, "not for senders")
    refused = send(switched, "msg_1", body_of(1))
    assert refused.status == 503 and refused.headers["Retry-After"]
    assert "not for senders" not in refused.json["detail"]
    wrong = switched.call("POST", "/hooks/acme/orders/shop", body_of(1), None)
    assert wrong.status == 401
    assert send(switched, "msg_before", body_of(1)).json["duplicate"]
    path = "/hooks/acme/orders/asked/open-sesame"
    assert switched.call("POST", path, {"amount": 5}, None).status == 503
    turn(switched, "acme/orders", True)
    again = send(switched, "msg_1", body_of(1))
    assert again.status == 202 and not again.json["duplicate"]


def test_dead_letters_wait_for_it(switched: Server) -> None:
    event = send(switched, "msg_dead", b'{"order": {"amount": "many"}}').json["event"]
    eventually(
        lambda: switched.ok("GET", f"/api/v1/events/{event}")["state"] == "dead", "a dead letter"
    )
    turn(switched, "acme/orders", False)
    settle = f"/api/v1/events/{event}/settle"
    assert switched.call("POST", settle, {"op": "replay"}).status == 409
    assert switched.call("POST", settle, {"op": "drop"}).status == 202
    turn(switched, "acme/orders", True)


def test_who_may_and_what_is_wrong(switched: Server) -> None:
    path = "/api/v1/flows/acme/orders"
    viewer = switched.token(("viewer", "*"))
    operator = switched.token(("operator", "acme"))
    other = switched.token(("operator", "other"))
    assert switched.call("PATCH", path, {"enabled": False}, viewer).status == 403
    assert switched.call("PATCH", path, {"enabled": False}, other).status == 404
    assert switched.call("PATCH", path, {"enabled": True}, operator).status == 204
    assert switched.call("PATCH", path, {}).status == 400
    assert switched.call("PATCH", path, {"enabled": "no"}).status == 400
    assert switched.call("PATCH", path, {"enabled": True, "reason": "x"}).status == 422
    assert switched.call("PATCH", path, {"enabled": False, "reason": "x" * 1001}).status == 422
    assert switched.call("PATCH", "/api/v1/flows/acme/nothing", {"enabled": False}).status == 404
    assert switched.ok("GET", path)["enabled"]


def test_the_audit_has_it(switched: Server) -> None:
    turn(switched, "acme/orders", False, "a check")
    turn(switched, "acme/orders", True)
    told = switched.ok("GET", "/api/v1/audit?subject=flow%20acme/orders&limit=2")["audit"]
    assert [one["action"] for one in told] == ["switchFlow"] * 2
    assert told[1]["after"] == {"enabled": False, "reason": "a check"}
    assert told[1]["before"]["enabled"] and not told[0]["before"]["enabled"]
    assert told[0]["after"] == {"enabled": True} and told[0]["actor"].startswith("user:admin")


def test_the_client_does_it(switched: Server, client: Client) -> None:
    client.login(switched, "switched")
    at = ("--server", "switched")
    told = client.ok("flows", "disable", "acme/orders", "--reason", "by hand", *at)
    assert told.startswith("flow acme/orders is disabled: nothing starts runs of it")
    refused = client.refused(5, "run", "acme/orders", *at)
    assert "is disabled by admin" in refused and "by hand" in refused
    assert "disabled" in client.ok("flows", *at)
    assert "by hand" in client.ok("flows", "show", "orders", *at)
    assert "next: shop: the flow is disabled" in client.ok("why", "orders", *at)
    # Through the owner's socket, as another command on the machine.
    here = ("--state", str(switched.state), "--server", "local")
    assert "disabled already" in client.ok("flows", "disable", "orders", *here)
    assert client.ok("flows", "enable", "orders", "--json", *here) == (
        '{"flow":"acme/orders","enabled":true}\n'
    )
    newest = switched.ok("GET", "/api/v1/audit?limit=1")["audit"][0]
    assert newest["actor"].startswith("local:") and newest["subject"] == "flow acme/orders"
    assert switched.ok("GET", "/api/v1/flows/acme/orders")["enabled"]


def triggers(server: Server, query: str = "", **more: Any) -> dict[str, dict[str, Any]]:
    listed = server.ok("GET", f"/api/v1/triggers?limit=500{query}", **more)["triggers"]
    return {f"{one['flow']}/{one['trigger']}": one for one in listed}


def test_triggers_tell_what_came_last_and_what_waits(switched: Server) -> None:
    assert set(triggers(switched, "&type=schedule")) == {"beat/tick", "each/tick"}
    assert set(triggers(switched, "&flow=orders&type=schedule")) == set()
    assert set(triggers(switched, "&namespace=_")) == {"beat/tick", "each/tick"}
    assert set(triggers(switched, token=switched.token(("viewer", "other")))) == set()
    assert switched.call("GET", "/api/v1/triggers?type=pigeon").status == 400
    first = switched.ok("GET", "/api/v1/triggers?limit=1")
    rest = switched.ok("GET", f"/api/v1/triggers?after={first['next']}")["triggers"]
    assert {one["flow"] for one in first["triggers"]} == {"beat"} and len(rest) == 5
    resting = triggers(switched)["each/tick"]
    assert resting["disabled"] and resting["flow_disabled"] and "next" not in resting
    assert resting["last"] == "run" and resting["last_run"] > 0 and resting["last_at"]
    before = triggers(switched)["acme/orders/shop"]
    sent = send(switched, "msg_listed", b'{"order": {"amount": "many"}}').json["event"]
    eventually(
        lambda: switched.ok("GET", f"/api/v1/events/{sent}")["state"] == "dead", "a dead letter"
    )
    after = triggers(switched)["acme/orders/shop"]
    assert (after["last_event"], after["pending"]) == (sent, 0)
    assert after["dead"] == before["dead"] + 1
    opened = triggers(switched)["acme/orders/open"]
    assert opened["path"] == "/hooks/acme/orders/open/KEY" and "sesame" not in str(opened)


def test_the_client_lists_and_watches_triggers(switched: Server, client: Client) -> None:
    client.login(switched, "switched")
    listed = json.loads(client.ok("triggers", "--json", "--server", "switched"))
    assert {f"{one['flow']}/{one['trigger']}": one for one in listed} == triggers(switched)
    local = client.ok("triggers", "--json", "--server", "local", "--state", str(switched.state))
    assert [one for one in json.loads(local) if one["type"] == "webhook"] == [
        one for one in listed if one["type"] == "webhook"
    ]
    watch = client.start("triggers", "--trigger", "shop", "-w", "--json", "--server", "switched")
    line_with(watch, lambda told: told["trigger"] == "shop")
    sent = send(switched, "msg_watched", body_of(3)).json["event"]
    line_with(watch, lambda told: told["last_event"] == sent)
    end(watch)


def test_it_outlives_the_server(tmp_path: Path) -> None:
    (tmp_path / "each.yaml").write_text(EACH_SECOND)
    server = serve(tmp_path)
    turn(server, "_/each", False, "for the night")
    server.stop()
    (tmp_path / "each.yaml").write_text(EACH_SECOND.replace("message: one", "message: two"))
    server = serve(tmp_path)
    shown = server.ok("GET", "/api/v1/flows/_/each")
    assert (shown["version"], shown["enabled"]) == (2, False)
    assert shown["disabled_reason"] == "for the night"
    assert server.call("POST", "/api/v1/flows/_/each/runs", {}).status == 409
    server.stop()
