"""Webhooks that a program of the library takes, and sends on: whoever got 202 is not forgotten."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from listener import Listener, Reply
from probe import Probe
from serving import eventually

Listen = Callable[..., Listener]
EVENTS = 200


def send(port: int, number: int) -> int:
    body = json.dumps({"n": number}).encode()
    name, at = f"m{number}", str(int(time.time()))
    mac = hmac.new(b"foobar", f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/in?from=test", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0  # killed
    finally:
        connection.close()


def bodies(server: Listener) -> dict[str, Any]:
    """What was sent on, by the name of its event."""
    return {came.headers["idempotency-key"]: came.json["data"]["body"] for came in server.came}


class Relay:
    """The program between the senders and a listener; its port is another one after each kill."""

    def __init__(self, probe: Probe, server: Listener) -> None:
        self.probe, self.server, self.port = probe, server, 0

    def start(self) -> None:
        known = len(self.probe.lines())
        self.probe.start(attempts=3, url=self.server.url, listen="127.0.0.1:0")

        def there() -> int:
            lines = self.probe.wait(known)[known:]
            return next((line["port"] for line in lines if "port" in line), 0)

        self.port = eventually(there, "where it listens")


def test_what_was_answered_is_sent_on_whoever_is_killed(listen: Listen, probe: Probe) -> None:
    server = listen(lambda *_: Reply(200))
    relay = Relay(probe, server)
    relay.start()
    taken: list[int] = []

    def deliver(number: int) -> None:
        """As a sender does: again until somebody has it, and one in ten once more."""
        eventually(lambda: send(relay.port, number) == 202, f"202 for {number}")
        taken.append(number)
        if number % 10 == 0:
            eventually(lambda: send(relay.port, number) == 202, f"202 for {number} again")

    with ThreadPoolExecutor(8) as senders:
        sent = senders.map(deliver, range(EVENTS))
        for kill in range(1, 6):
            eventually(lambda: len(taken) >= kill * 30, "some that were taken")  # noqa: B023
            probe.kill()
            relay.start()
        list(sent)
    wanted = {f"numbers/m{number}": {"n": number} for number in range(EVENTS)}
    eventually(lambda: len(bodies(server)) >= EVENTS, "all")
    probe.stop()
    assert bodies(server) == wanted
    # Again is only what was under way when it was killed: eight at a time.
    assert len(server.came) <= EVENTS + 5 * 8


def test_who_does_not_know_the_secret_is_told_so(listen: Listen, probe: Probe) -> None:
    server = listen(lambda *_: Reply(200))
    relay = Relay(probe, server)
    relay.start()
    connection = http.client.HTTPConnection("127.0.0.1", relay.port, timeout=60)
    connection.request("POST", "/in", b"{}", {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (401, "application/problem+json")
    assert "webhook-signature" in json.loads(answer.read())["detail"]
    connection.close()
    probe.stop()
    assert server.came == []
