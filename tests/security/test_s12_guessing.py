"""S12: guessing tokens and passwords is slow for who does it, costs nobody else, and tells nothing."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import FLOW, Server, serve

PASSWORD = "a long enough password"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    """One whose limits no test before has used up: four refusals at once, then one in a second."""
    (tmp_path / "daily.yaml").write_text(FLOW)
    server = serve(tmp_path, "--set", "limits.failures=1")
    server.ok("PUT", "/api/v1/users/bob", {"grants": [], "password": PASSWORD})
    server.ok("PUT", "/api/v1/users/mute", {"grants": []})
    yield server
    server.stop()


class From:
    """A client at one address of this machine, over one connection."""

    def __init__(self, server: Server, address: str) -> None:
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", server.port, timeout=60, source_address=(address, 0)
        )

    def call(
        self, method: str, path: str, token: str | None = None, body: Any = None, **more: str
    ) -> tuple[int, dict[str, str], bytes]:
        headers = dict(more) if token is None else {**more, "Authorization": f"Bearer {token}"}
        data = None if body is None else json.dumps(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def test_a_thousand_tokens_from_one_address(served: Server) -> None:
    attacker, other = From(served, "127.0.0.1"), From(served, "127.0.0.2")
    guess = served.admin[:-4]
    answers = [attacker.call("GET", "/api/v1/me", f"{guess}{n:04x}") for n in range(1000)]
    statuses = [status for status, _, _ in answers]
    assert statuses[0] == 401 and statuses[-1] == 429 and set(statuses) == {401, 429}
    assert statuses.count(401) < 500, "a burst, and then one in a second"
    # Whoever has a good token is let in, from another address and from the same one.
    for client in (other, attacker, other):
        assert client.call("GET", "/api/v1/me", served.admin)[0] == 200
    # Another address has its own measure.
    assert other.call("GET", "/api/v1/me", f"{guess}beef")[0] == 401

    # Whoever waits does so by any way in, whatever address he says is his. One guess in a second is
    # looked at, so each is tried right behind one that was not.
    def waits(method: str, path: str, token: str | None, body: Any, **more: str) -> bool:
        for _ in range(50):
            guessed = attacker.call("GET", "/api/v1/me", f"{guess}beef")[0]
            if guessed == 429 and attacker.call(method, path, token, body, **more)[0] == 429:
                return True
        return False

    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP"):
        assert waits("GET", "/api/v1/me", f"{guess}beef", None, **{header: "127.0.0.9"})
    right = {"user": "bob", "password": PASSWORD}
    assert waits("POST", "/api/v1/login", None, right)
    assert other.call("POST", "/api/v1/login", None, right)[0] == 200
    # Every refusal looks the same.
    assert len({body for status, _, body in answers if status == 401}) == 1
    assert len({body for status, _, body in answers if status == 429}) == 1


def test_unknown_users_and_wrong_passwords_look_the_same(served: Server) -> None:
    def tried(address: str, **body: str) -> tuple[int, bytes, set[str]]:
        status, headers, text = From(served, address).call("POST", "/api/v1/login", None, body)
        return status, text, set(headers)

    wrong = tried("127.0.0.3", user="bob", password="not this one")
    assert wrong[0] == 401
    assert tried("127.0.0.4", user="nobody-at-all", password="not this one") == wrong
    assert tried("127.0.0.5", user="mute", password="") == wrong, "who has no password"
    assert tried("127.0.0.6", user="admin", password="not this one") == wrong
    assert tried("127.0.0.7", user="", password="") == wrong
    assert tried("127.0.0.8", link_token="dyna_abcdefghijkl_mnop") == wrong
    served.ok("PUT", "/api/v1/users/bob", {"grants": [], "disabled": True})
    assert tried("127.0.0.9", user="bob", password=PASSWORD) == wrong, "one who is disabled"


def test_passwords_that_are_guessed_side_by_side_do_not_wait_in_line(served: Server) -> None:
    attackers = [From(served, "127.0.0.1") for _ in range(40)]
    body, kind = (
        json.dumps({"user": "bob", "password": "guess"}),
        {"Content-Type": "application/json"},
    )
    for attacker in attackers:  # all have asked before one is answered
        attacker.connection.request("POST", "/api/v1/login", body, kind)
    # Each comparison is slow on purpose; the next one must not come after forty of them.
    right = {"user": "bob", "password": PASSWORD}
    assert From(served, "127.0.0.2").call("POST", "/api/v1/login", None, right)[0] == 200
    statuses = [attacker.connection.getresponse().status for attacker in attackers]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) < 20, "a burst of four, and one for each second"


def test_a_right_login_counts_for_nothing(served: Server) -> None:
    right = {"user": "bob", "password": PASSWORD}
    client = From(served, "127.0.0.1")
    statuses = [client.call("POST", "/api/v1/login", None, right)[0] for _ in range(8)]
    assert statuses == [200] * 8
