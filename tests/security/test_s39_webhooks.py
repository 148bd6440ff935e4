"""S39: requests to webhooks that nobody may have sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import time

import pytest
from hooking import HOOKED, OTHER_SECRET, SECRET, body_of, send, set_secrets, signed
from serving import Answer, Server, serve

PATH = "/hooks/acme/orders/shop"
BODY = body_of(3)


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("s39")
    (folder / "orders.yaml").write_text(HOOKED)
    served = serve(folder)
    set_secrets(served)
    yield served
    served.stop()


def post(server: Server, headers: dict[str, str], body: bytes = BODY, path: str = PATH) -> Answer:
    return server.call("POST", path, body, token=None, headers=headers)


def test_what_is_not_proven_learns_nothing(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text(HOOKED)
    server = serve(tmp_path)
    set_secrets(server)
    good = signed("m1", BODY)
    attempts = {
        "no signature": ({"Content-Type": "application/json"}, BODY, PATH),
        "another secret": (signed("m1", BODY, secret=OTHER_SECRET), BODY, PATH),
        "another body": (good, body_of(4), PATH),
        "the same JSON written anew": (good, json.dumps(json.loads(BODY), indent=1).encode(), PATH),
        "another id": ({**good, "webhook-id": "m2"}, BODY, PATH),
        "another time": ({**good, "webhook-timestamp": str(int(time()) + 1)}, BODY, PATH),
        "too old": (signed("m1", BODY, at=int(time()) - 301), BODY, PATH),
        "from the future": (signed("m1", BODY, at=int(time()) + 330), BODY, PATH),
        "no scheme": ({**good, "webhook-signature": good["webhook-signature"][3:]}, BODY, PATH),
        "an empty one": ({**good, "webhook-signature": "v1,"}, BODY, PATH),
        "another scheme": (
            {**good, "webhook-signature": "v2" + good["webhook-signature"][2:]}, BODY, PATH),
        "a key in the path of a signed one": (good, BODY, PATH + "/open-sesame"),
        "no such trigger": (good, BODY, "/hooks/acme/orders/shopp"),
        "no such flow": (good, BODY, "/hooks/acme/order/shop"),
        "a wrong key": (good, BODY, "/hooks/acme/orders/open/open-sesam"),
        "no key": (good, BODY, "/hooks/acme/orders/open"),
    }  # fmt: skip
    answers = {what: post(server, *attempt) for what, attempt in attempts.items()}
    assert {what for what, answer in answers.items() if answer.status != 401} == set()
    assert len({answer.body for answer in answers.values()}) == 1, "all look the same"
    assert server.ok("GET", "/api/v1/events")["events"] == []
    assert server.ok("GET", "/api/v1/runs")["runs"] == []
    assert post(server, good).status == 202, "the right one is accepted"
    server.stop()


def test_a_replayed_request_starts_nothing(hooked: Server) -> None:
    headers = signed("replayed", BODY)
    assert not post(hooked, headers).json["duplicate"]
    assert post(hooked, headers).json["duplicate"]


def test_two_secrets_while_one_is_changed(hooked: Server) -> None:
    assert send(hooked, "old-1", BODY, secret=OTHER_SECRET).status == 401
    hooked.ok("PUT", "/api/v1/secrets/SHOP_KEY_OLD", {"value": SECRET})
    hooked.ok("PUT", "/api/v1/secrets/SHOP_KEY", {"value": OTHER_SECRET})
    assert send(hooked, "new-1", BODY, secret=OTHER_SECRET).status == 202
    assert send(hooked, "old-2", BODY, secret=SECRET).status == 202
    both = signed("both", BODY)
    both["webhook-signature"] += " " + signed("both", BODY, OTHER_SECRET)["webhook-signature"]
    assert post(hooked, both).status == 202
    hooked.ok("DELETE", "/api/v1/secrets/SHOP_KEY_OLD")
    assert send(hooked, "old-3", BODY, secret=SECRET).status == 401, "at once"
    hooked.ok("PUT", "/api/v1/secrets/SHOP_KEY", {"value": SECRET})


def test_a_missing_secret_opens_nothing(hooked: Server) -> None:
    hooked.ok("DELETE", "/api/v1/secrets/SHOP_KEY")
    try:
        answer = send(hooked, "none", BODY)
        assert answer.status == 503 and "SHOP_KEY" not in answer.body.decode()
        assert send(hooked, "none", BODY, secret="whsec_").status == 503
    finally:
        hooked.ok("PUT", "/api/v1/secrets/SHOP_KEY", {"value": SECRET})


def test_guessing_is_slowed_down_and_others_are_not(hooked: Server) -> None:
    bad = [send(hooked, f"guess-{n}", BODY, secret=OTHER_SECRET).status for n in range(60)]
    assert bad[0] == 401 and bad[-1] == 429
    assert send(hooked, "still-good", BODY).status == 202


def test_a_webhook_is_no_way_to_anything_else(hooked: Server) -> None:
    for path in (
        "/hooks/acme/orders",
        "/hooks",
        "/hooks/acme/orders/shop/a/b",
        "/hooks/../api/v1/runs",
    ):
        assert post(hooked, signed("x", BODY), path=path).status in (400, 401), path
    assert hooked.call("GET", PATH, token=None).status == 401
