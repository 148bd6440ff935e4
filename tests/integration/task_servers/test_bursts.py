"""Many things at once, or large ones: nothing of them is refused, lost or done twice for that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from crowd import Crowd, Held, Member, message
from serving import Server, serve
from talking import Talker, task

OUTPUT = 250_000  # bytes; a message takes 256 KiB


@pytest.fixture
def cerebro(cerebro: Server) -> Iterator[Server]:
    yield cerebro
    cerebro.process.kill()  # it would wait for runs of servers that are no more


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    made = Crowd()
    yield made
    made.close()


def joined(cerebro: Server, crowd: Crowd, made: type[Member], **more: Any) -> Any:
    member = made(crowd, "orders", "etl", Talker(cerebro, "orders", "etl").token, **more)
    crowd.members.append(member)
    crowd.join(cerebro.port)
    return member


def test_many_servers_declare_at_once(cerebro: Server, crowd: Crowd) -> None:
    token = Talker(cerebro, "orders", "any").token
    members = [crowd.add("orders", f"s{number}", token) for number in range(20)]
    crowd.connect(cerebro.port)
    crowd.all_ready()  # each has what it declared accepted
    for member in members:
        cerebro.start(f"orders/{member.name}")
    crowd.until(lambda: all(one.begun and not one.held for one in members), "a run of each")


class Gatherer(Member):
    """Has a task that needs many others, each with a large output."""

    def declare(self) -> None:
        ids = [f"part{number}" for number in range(20)]
        needs = [{"task": f"orders/{one}"} for one in ids]
        tasks = [*(task(one) for one in ids), task("sum", needs=needs)]
        self.say("server.declare", {"revision": 1, "tasks": tasks})

    def finish(self) -> None:
        for held in self.held.values():
            if held.end is None:
                output = {"n": "x" * OUTPUT}
                held.end = self.say("task.completed", {**held.about, "output": output})


def test_an_invoke_that_is_too_large_is_no_end_of_the_session(
    cerebro: Server, crowd: Crowd
) -> None:
    member = joined(cerebro, crowd, Gatherer)
    run = cerebro.start("orders/sum")

    def ended() -> bool:
        assert member.socket is not None, "the session was cut off by what its server was told"
        return str(cerebro.ok("GET", f"/api/v1/runs/{run}")["state"]) in ("completed", "error")

    crowd.until(ended, "an end, whichever")


def test_a_burst_of_invokes_is_no_end_of_the_session(cerebro: Server, crowd: Crowd) -> None:
    member = joined(cerebro, crowd, Member, declares=False)
    one = {"id": "one", "type": "invoke", "server": "etl", "task": "t"}
    each = {"id": "each", "type": "foreach", "items": list(range(900)), "parallel": 900}
    flow = {"id": "many", "namespace": "orders",
            "tasks": [{**each, "tasks": [{**one, "inputs": {"data": "x" * 100_000}}]}]}  # fmt: skip
    files = [{"name": "many.yaml", "text": json.dumps(flow)}]
    cerebro.ok("POST", "/api/v1/flows", {"files": files})
    cerebro.start("orders/many")

    def ended() -> bool:
        assert member.socket is not None, "a server that reads as fast as it can was cut off"
        return len(member.begun) == 900 and not member.held

    crowd.until(ended, "the ends of all")


class Cut(Member):
    """What it says of an attempt does not arrive any more."""

    def declare(self) -> None:
        declared = task(self.name, timeouts={"acknowledge": "1s"}, retry={"attempts": 3})
        self.say("server.declare", {"revision": 1, "tasks": [declared]})

    def invoke(self, data: dict[str, Any]) -> None:
        self.begun[data["attempt"]] += 1
        self.held[data["attempt"]] = Held(data)


def test_r37_an_end_counts_although_cerebro_was_away_for_longer_than_acknowledge(
    cerebro: Server, crowd: Crowd
) -> None:
    member = joined(cerebro, crowd, Cut)
    run = cerebro.start("orders/etl")
    crowd.until(lambda: member.held, "an invoke")
    cerebro.process.kill()
    cerebro.process.wait()
    crowd.until(lambda: member.socket is None, "a connection that is cut")
    for held in member.held.values():
        held.end = message("orders", "etl", "task.completed", {**held.about, "output": {"n": 1}})
    until = monotonic() + 2
    crowd.until(lambda: monotonic() > until, "the time after the limit")
    again = serve(cerebro.folder, "--listen", f"127.0.0.1:{cerebro.port}")
    member.connect(again.port)

    def is_over() -> bool:
        state = again.ok("GET", f"/api/v1/runs/{run}")["state"]
        return len(member.begun) > 1 or state == "completed"

    crowd.until(is_over, "the end of the run")
    assert len(member.begun) == 1, "it had ended, and was begun again"
    again.process.kill()
