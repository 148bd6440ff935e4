"""Webhooks: an event is saved before it is answered, starts one run, and is kept where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hooking import HOOKED, body_of, send, set_secrets, signed
from serving import Server, eventually, serve


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hooks")
    (folder / "orders.yaml").write_text(HOOKED)
    served = serve(folder)
    set_secrets(served)
    yield served
    served.stop()


def settled(server: Server, event: int) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        row: dict[str, Any] = server.ok("GET", f"/api/v1/events/{event}")
        return row if row["state"] != "pending" else None

    return eventually(look, f"what becomes of event {event}")


def test_an_event_becomes_a_run_with_its_inputs(hooked: Server) -> None:
    body = body_of(21, item="tea")
    headers = {**signed("msg_1", body), "X-Kind": "sale"}
    answer = hooked.call("POST", "/hooks/acme/orders/shop?from=test", body, None, headers)
    assert answer.status == 202, answer.body
    assert answer.json == {"event": answer.json["event"], "id": "msg_1", "duplicate": False}
    row = settled(hooked, answer.json["event"])
    assert (row["state"], row["flow"], row["trigger"]) == ("run", "acme/orders", "shop")
    assert row["payload"]["data"] == {"order": {"amount": 21, "item": "tea"}}
    assert row["payload"]["query"] == {"from": "test"}
    assert row["payload"]["headers"]["x-kind"] == "sale"
    assert "webhook-signature" not in row["payload"]["headers"]
    run = hooked.ended(row["run"])
    assert run["inputs"] == {"order": {"amount": 21, "item": "tea"}, "amount": 21, "kind": "sale"}
    assert run["outputs"] == {"doubled": 42} and run["trigger"] == "shop"


def test_sent_again_it_is_the_same_event(hooked: Server) -> None:
    body = body_of(1)
    first = send(hooked, "msg_again", body)
    assert [send(hooked, "msg_again", body).json for _ in range(3)] == [
        {**first.json, "duplicate": True}
    ] * 3
    # Also where many send it at once.
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(hooked, "msg_many", body), range(32)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.json["event"] for answer in answers}) == 1
    assert sum(not answer.json["duplicate"] for answer in answers) == 1
    settled(hooked, answers[0].json["event"])
    runs = hooked.ok("GET", "/api/v1/events?trigger=shop&limit=500")["events"]
    assert len([event for event in runs if event["id"] == "msg_many"]) == 1


def test_a_secret_in_the_path_and_an_id_of_the_triggers_choice(hooked: Server) -> None:
    path = "/hooks/acme/orders/open/open-sesame"
    text = {"Content-Type": "text/plain"}
    first = hooked.call("POST", path + "?ref=r1", b"hello", None, text)
    assert first.status == 202 and first.json["id"] == "r1"
    assert hooked.call("POST", path + "?ref=r1", b"other", None, text).json["duplicate"]
    row = settled(hooked, first.json["event"])
    assert hooked.ended(row["run"])["inputs"]["kind"] == "hello"
    missing = hooked.call("POST", path, b"hello", None, text)
    assert missing.status == 422 and "ref" in missing.json["detail"]


def test_waiting_for_the_run_gives_its_outputs(hooked: Server) -> None:
    path = "/hooks/acme/orders/asked/open-sesame"
    id_header = {"webhook-id": "ask-1", "Content-Type": "application/json"}
    answer = hooked.call("POST", path, {"amount": 5}, None, id_header)
    assert answer.status == 200, answer.body
    assert answer.json["state"] == "completed" and answer.json["outputs"] == {"doubled": 10}
    assert hooked.call("POST", path, {"amount": 5}, None, id_header).json == answer.json
    bad = hooked.call("POST", path, {"amount": "many"}, None)
    assert bad.status == 422 and "amount" in bad.json["detail"]


def test_a_run_that_fails_or_takes_too_long(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text("""
id: slow
tasks: [{id: gate, type: pause}]
triggers: [{id: hook, type: webhook, path_secret: K, wait: 1s}]
""")
    (tmp_path / "bad.yaml").write_text("""
id: bad
tasks: [{id: no, type: fail, message: never}]
triggers: [{id: hook, type: webhook, path_secret: K, wait: 30s}]
""")
    server = serve(tmp_path, DYNA_SECRET_K="k")
    slow = server.call("POST", "/hooks/_/slow/hook/k", None, None)
    assert slow.status == 202 and slow.json["run"] > 0, slow.body
    bad = server.call("POST", "/hooks/_/bad/hook/k", None, None)
    assert bad.status == 500 and bad.json["code"] == "run_failed", bad.body
    assert "has ended as error" in bad.json["detail"]
    server.stop()


def test_dead_letters_are_replayed_or_dropped(hooked: Server) -> None:
    first = send(hooked, "msg_dead", b'{"order": {"amount": "many"}}').json["event"]
    second = send(hooked, "msg_dead_2", b'{"order": 1}').json["event"]
    row = settled(hooked, first)
    assert row["state"] == "dead" and "amount" in row["detail"], row
    settled(hooked, second)
    dead = hooked.ok("GET", "/api/v1/events?state=dead&namespace=acme")["events"]
    assert {first, second} <= {event["event"] for event in dead}
    hooked.ok("POST", f"/api/v1/events/{second}/settle", {"op": "drop"})
    assert settled(hooked, second)["state"] == "dropped"
    assert hooked.call("POST", f"/api/v1/events/{second}/settle", {"op": "replay"}).status == 409
    # The flow learns what it could not read, and the letter is tried again.
    repaired = HOOKED.replace("{{ event.data.order.amount }}", "7")
    hooked.ok("POST", "/api/v1/flows", {"files": [{"name": "orders", "text": repaired}]})
    hooked.ok("POST", f"/api/v1/events/{first}/settle", {"op": "replay"})
    row = settled(hooked, first)
    assert row["state"] == "run" and row["tries"] == 1
    assert hooked.ended(row["run"])["inputs"]["amount"] == 7
    actions = [entry["action"] for entry in hooked.ok("GET", "/api/v1/audit")["audit"]]
    assert actions.count("settleEvent") == 2


def test_a_disabled_trigger_has_senders_come_back(hooked: Server) -> None:
    answer = hooked.call("POST", "/hooks/acme/orders/resting/open-sesame", None, None)
    assert answer.status == 503 and "Retry-After" in answer.headers


def test_triggers_are_listed_without_their_secrets(hooked: Server) -> None:
    listed = hooked.ok("GET", "/api/v1/triggers")["triggers"]
    paths = {one["trigger"]: one["path"] for one in listed}
    assert paths["shop"] == "/hooks/acme/orders/shop"
    assert paths["open"] == "/hooks/acme/orders/open/KEY"
    assert "open-sesame" not in str(listed)


def test_events_survive_a_kill_and_begin_their_runs(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text(HOOKED)
    server = serve(tmp_path)
    set_secrets(server)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: send(server, f"m{n}", body_of(n)), range(100)))
    server.process.kill()
    server.process.wait()
    again = serve(tmp_path)
    for number, answer in enumerate(answers):
        row = settled(again, answer.json["event"])
        assert (row["id"], row["state"]) == (f"m{number}", "run")
        assert again.ended(row["run"])["inputs"]["amount"] == number
    runs = again.ok("GET", "/api/v1/runs?limit=500")["runs"]
    assert len(runs) == 100
    again.stop()
