"""Clients that ask a server for more and more, and know afterwards what they were promised.

An order is one thing that a client wants done once, however often it has to ask: a run started with an
Idempotency-Key, and whatever else a server takes in (a `Kind` says how it is sent). It is *promised* when the
server has answered 2xx, and *unknown* when the answer was lost; an unknown one is asked for again, as it was.
"""

from __future__ import annotations

import http.client
import json
import random
import sqlite3
import subprocess
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from serving import DYNA, Answer, Server

# The server is gone, or is going: what was asked for may have been done or not.
LOST = (http.client.HTTPException, OSError)


@dataclass
class Order:
    kind: Kind
    number: int
    key: str
    # What the server called it, each time that it answered.
    promised: list[Any] = field(default_factory=list)

    @property
    def request(self) -> tuple[str, str, dict[str, str], bytes]:
        return self.kind.request(self)


@dataclass(frozen=True)
class Kind:
    """One way in: how an order is sent, and what the answer calls what came of it."""

    name: str
    request: Callable[[Order], tuple[str, str, dict[str, str], bytes]]
    name_of: Callable[[Answer], Any]


def starts_of(flow: str) -> Kind:
    """Runs of a flow with the inputs `order` and `key`."""

    def request(order: Order) -> tuple[str, str, dict[str, str], bytes]:
        body = {"inputs": {"order": order.number, "key": order.key}}
        return (
            "POST",
            f"/api/v1/flows/{flow}/runs",
            {"Idempotency-Key": order.key, "Content-Type": "application/json"},
            json.dumps(body).encode(),
        )

    return Kind(flow, request, lambda answer: answer.json["run"])


def events_for(hook: str) -> Kind:
    """Events for a webhook; `hook`: namespace/flow/trigger/key of its address."""

    def request(order: Order) -> tuple[str, str, dict[str, str], bytes]:
        return (
            "POST",
            f"/hooks/{hook}",
            {"webhook-id": order.key, "Content-Type": "application/json"},
            json.dumps({"order": order.number, "key": order.key}).encode(),
        )

    return Kind(hook, request, lambda answer: answer.json["event"])


class Load:
    """`clients` threads, each with a connection that it keeps, until `stop`. One seed draws the same orders."""

    def __init__(self, kinds: Sequence[Kind], clients: int, seed: int) -> None:
        self.kinds = kinds
        self.orders: list[Order] = []
        self.refused: list[tuple[Order, Answer]] = []
        self.latencies: list[float] = []  # seconds, of what was promised, in its order
        self.lost = 0
        # Whether a refusal that says that the server cannot take it now is waited out.
        self.patient = False
        self._random = random.Random(seed)
        self._again: list[Order] = []
        self._changed = threading.Condition()
        self._server: Server | None = None
        self._token = ""
        self._generation = 0
        self._quota: int | None = None
        self._stopping = False
        self._asking = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def attach(self, server: Server) -> None:
        """From now on they ask this one."""
        with self._changed:
            if self._server is not server:
                self._server, self._token = server, server.admin
                self._generation += 1
            self._quota = None
            self._changed.notify_all()

    def detach(self) -> None:
        with self._changed:
            self._server = None

    @property
    def promises(self) -> int:
        with self._changed:
            return sum(len(order.promised) for order in self.orders)

    def wait_for(self, promises: int, server: Server, seconds: float = 120) -> None:
        """Until so many more were given."""
        wanted = self.promises + promises
        until = monotonic() + seconds
        with self._changed:
            while sum(len(order.promised) for order in self.orders) < wanted:
                assert server.process.poll() is None, server.last_words()
                assert monotonic() < until, f"no {promises} promises within {seconds} s"
                self._changed.wait(1)

    def pause(self, server: Server, seconds: float = 120) -> None:
        """No new orders until `attach`; until each that was made is promised. The connections stay."""
        until = monotonic() + seconds
        with self._changed:
            self._quota = 0
            while self._asking > 0 or not all(order.promised for order in self.orders):
                assert server.process.poll() is None, server.last_words()
                assert monotonic() < until, f"unknown for ever: {self._unknown()[:3]}"
                self._changed.wait(1)

    def finish(self, server: Server, seconds: float = 120) -> None:
        """No new orders; until each that was made is promised. Then the clients are gone."""
        self.pause(server, seconds)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive()

    def abandon(self) -> None:
        """Whatever is unknown stays so: the end of a test that failed."""
        with self._changed:
            self._stopping = True
            self._server = None
            self._changed.notify_all()

    def _unknown(self) -> list[Order]:
        return [order for order in self.orders if not order.promised]

    def _next(self) -> Order:
        """With the lock. One of sixteen is what somebody is just asking for, too."""
        if self._again:
            return self._again.pop(0)
        if self._quota == 0:
            unknown = self._unknown()
            return unknown[0] if unknown else self.orders[-1]
        if self.orders and self._random.random() < 1 / 16:
            return self.orders[-1]
        number = len(self.orders)
        kind = self._random.choice(list(self.kinds))
        key = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        self.orders.append(Order(kind, number, key))
        return self.orders[-1]

    def _work(self) -> None:
        connection: http.client.HTTPConnection | None = None
        mine = -1
        while True:
            with self._changed:
                while not self._stopping and (self._server is None or self._done()):
                    self._changed.wait(1)
                if self._stopping:
                    break
                if mine != self._generation:
                    mine = self._generation
                    if connection is not None:
                        connection.close()
                    connection = http.client.HTTPConnection(
                        "127.0.0.1", self._server.port, timeout=60
                    )
                order, token = self._next(), self._token
                self._asking += 1
            assert connection is not None
            self._ask(connection, order, token, mine)
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()
        if connection is not None:
            connection.close()

    def _done(self) -> bool:
        return self._quota == 0 and not self._again and not self._unknown()

    def _ask(
        self, connection: http.client.HTTPConnection, order: Order, token: str, generation: int
    ) -> None:
        method, path, headers, body = order.request
        begun = monotonic()
        try:
            connection.request(method, path, body, {**headers, "Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
        except LOST:
            connection.close()
            with self._changed:
                self.lost += 1
                self._again.append(order)
                if generation == self._generation:
                    self._server = None  # until another is there
            return
        with self._changed:
            if 200 <= answer.status < 300:
                order.promised.append(order.kind.name_of(answer))
                self.latencies.append(monotonic() - begun)
            else:
                self.refused.append((order, answer))
                if self.patient and answer.status == 503:
                    self._again.append(order)
                    self._changed.wait(0.05)
            self._changed.notify_all()


def rows(folder: Path, query: str, *values: Any) -> list[tuple]:
    """Of the state, past the server."""
    state = sqlite3.connect(f"file:{folder}/.cordyna/state.db?mode=ro", uri=True, timeout=30)
    try:
        return state.execute(query, values).fetchall()
    finally:
        state.close()


def unfinished(folder: Path) -> int:
    final = "('completed', 'warning', 'error', 'cancelled')"
    return int(rows(folder, f"SELECT count(*) FROM run WHERE state NOT IN {final}")[0][0])


def check_state(folder: Path) -> None:
    """What holds of every state, however it came to be: whole, ends that are ends, an audit without a gap."""
    assert rows(folder, "PRAGMA integrity_check") == [("ok",)]
    ends = rows(
        folder,
        "SELECT run, count(*) FROM history WHERE run_state IN"
        " ('completed', 'warning', 'error', 'cancelled') GROUP BY run",
    )
    assert [row for row in ends if row[1] != 1] == [], "a run has one end"
    ended = rows(
        folder, "SELECT no FROM run WHERE state IN ('completed', 'warning', 'error', 'cancelled')"
    )
    assert {no for no, _ in ends} == {row[0] for row in ended}
    gaps = rows(
        folder, "SELECT run FROM history GROUP BY run HAVING max(seq) <> count(*) OR min(seq) <> 1"
    )
    assert gaps == [], "a history has no gap"
    attempts = rows(
        folder,
        "SELECT run, path FROM attempt GROUP BY run, path"
        " HAVING max(attempt) <> count(*) OR min(attempt) <> 1",
    )
    assert attempts == [], "attempts are numbered without a gap"
    verify_audit(folder)


def verify_audit(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [DYNA, "audit", "verify", "--json", "--state", str(folder / ".cordyna")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
