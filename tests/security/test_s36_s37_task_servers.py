"""S36: a team of task servers at its limits is refused with a code, and is no burden for another team's.
S37: thousands of them come back at once."""

from __future__ import annotations

import json
import os
import select
import socket
import statistics
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from crowd import Crowd, Member, allow_files, message
from raw_socket import frame, upgrade
from serving import Answer, Server, eventually, serve
from state_rows import rows
from talking import Talker, idle_folder, task

MANY = 10_000 if os.environ.get("DYNA_TEST_LONG") else 2_000
OF_A_TEAM = 500
OF_AN_ADDRESS = 2_000  # of this machine, as there are ports
RUNS = 15
# So many frames of a session that sends as fast as it can may be taken while a run of another team goes from its wish
# to its end: 1 to 6 are, and who queued behind what the session has sent would wait for hundreds. What that is in
# time, `./dev bench --only neighbours` says.
AHEAD = 30
SERVERS_MAX = 1000  # of one team


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    made = Crowd()
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return idle_folder(tmp_path)


class Neighbour:
    """A server of another team, of which each run is wanted at once."""

    def __init__(self, cerebro: Server) -> None:
        self.cerebro, self.crowd = cerebro, Crowd()
        token = Talker(cerebro, "billing", "sums").token
        self.member: Member = self.crowd.add("billing", "sums", token)
        self.crowd.join(cerebro.port)

    def once(self) -> None:
        """From the wish for a run to the receipt of its end."""
        before = len(self.member.begun)
        run = self.cerebro.start("billing/sums")
        self.crowd.until(
            lambda: len(self.member.begun) > before and not self.member.held,
            f"the end of run {run}",
        )
        assert self.cerebro.ended(run)["state"] == "completed"


@pytest.fixture
def neighbour(cerebro: Server) -> Iterator[Neighbour]:
    made = Neighbour(cerebro)
    yield made
    assert made.member.sessions == 1 and made.member.problems == []
    made.crowd.close()


def loud_session(cerebro: Server, token: str) -> socket.socket:
    """One of a task server of the team orders, which has said hello."""
    made = socket.create_connection(("127.0.0.1", cerebro.port), timeout=60)
    made.sendall(upgrade(cerebro.port, token))
    while not made.recv(1 << 16).endswith(b"\r\n\r\n"):
        pass
    hello = {"protocol": {"min": 1, "max": 1}, "server": "loud", "boot": "b", "level": 2}
    made.sendall(frame(1, json.dumps(message("orders", "loud", "server.hello", hello)).encode()))
    return made


class Flood:
    """A session that says the same as often as it can be sent, and reads what it is answered."""

    def __init__(self, cerebro: Server, token: str, told: bytes) -> None:
        self.socket = loud_session(cerebro, token)
        self.told, self.frames, self.answered = frame(1, told), 0, 0
        self.threads = [threading.Thread(target=one, daemon=True) for one in (self.send, self.read)]
        for thread in self.threads:
            thread.start()

    def send(self) -> None:
        with suppress(OSError):
            while True:
                self.socket.sendall(self.told)
                self.frames += 1

    def read(self) -> None:
        with suppress(OSError):
            while piece := self.socket.recv(1 << 20):
                self.answered += len(piece)

    def stop(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        self.socket.close()


def beats() -> Any:
    return [message("orders", "loud", "server.heartbeat", {"in_flight": []})] * 1000


def nonsense() -> Any:
    return [{}] * 1000


def progress_of_nothing() -> Any:
    data = {"attempt": "no/such/1", "fence": {"epoch": 1, "token": "x"}}
    return [message("orders", "loud", "task.progress", data)] * 1000


def declarations() -> Any:
    tasks = [task(f"t{number}") for number in range(500)]
    return message("orders", "loud", "server.declare", {"revision": 1, "tasks": tasks})


@pytest.mark.parametrize("told", [beats, nonsense, progress_of_nothing, declarations])
def test_s36_a_flood_of_messages(
    cerebro: Server, talker: Talker, neighbour: Neighbour, told: Callable[[], Any]
) -> None:
    flood = Flood(cerebro, talker.token, json.dumps(told()).encode())
    between = []
    for _ in range(RUNS):
        before = flood.frames
        neighbour.once()
        between.append(flood.frames - before)
    answered = flood.answered
    flood.stop()
    assert answered > 0
    assert statistics.median(between) < AHEAD, between


def test_s36_a_team_has_so_many_servers(
    cerebro: Server, neighbour: Neighbour, crowd: Crowd
) -> None:
    token = Talker(cerebro, "orders", "any").token
    talkers = [Talker(cerebro, "orders", f"s{number}", token) for number in range(SERVERS_MAX)]
    for one in talkers:
        assert one.ready() == []
    more = Talker(cerebro, "orders", "more", token)
    assert more.post(more.message("server.ready", {})).status == 503
    # Over a WebSocket it hears why.
    member = crowd.add("orders", "more", token)
    member.connect(cerebro.port)
    crowd.until(lambda: member.closed_with >= 0, "the end of a session")
    (problem,) = member.problems
    assert (problem["code"], problem["fatal"]) == ("too_many", True)
    # Those that are there go on, and so does the other team.
    assert talkers[0].ready(task("load"))[0]["data"]["accepted"] == ["load"]
    run = cerebro.start("orders/load")
    talkers[0].run(talkers[0].invoked())
    assert cerebro.ended(run)["state"] == "completed"
    neighbour.once()


def test_s36_bytes_of_messages_and_declarations(
    cerebro: Server, talker: Talker, neighbour: Neighbour
) -> None:
    def posted(body: Any) -> Answer:
        return cerebro.call("POST", "/api/v1/ts/events", body, token=talker.token)

    def code(answer: Answer) -> str:
        return str(answer.json[0]["data"]["code"])

    wide = talker.message("server.ready", {"filler": "x" * (257 << 10)})
    many = talker.message("server.ready", {"tasks": [task(f"t{n}") for n in range(5000)]})
    listed = [talker.message("server.ready", {}) for _ in range(1001)]
    for body, status, wanted in ((wide, 422, "too_large"), (many, 422, "too_large"), (listed, 422, "too_large")):  # fmt: skip
        answer = posted(body)
        assert (answer.status, code(answer)) == (status, wanted)
    assert posted(b"[" + b" " * (2 << 20) + b"]").status == 413
    needs = [{"task": f"orders/n{number}"} for number in range(1001)]
    (declared,) = talker.ready(task("greedy", needs=needs), task("modest"))
    assert declared["data"]["accepted"] == ["modest"]
    assert {one["path"] for one in declared["data"]["rejected"]} == {"#/needs"}
    neighbour.once()


def test_s36_requests_of_one_token(folder: Path) -> None:
    server = serve(folder, "--set", "limits.requests=50")
    loud, quiet = Talker(server, "orders", "etl"), Talker(server, "billing", "sums")
    quiet.ready(task("sum", "billing"))
    run = server.start("billing/sum")
    statuses = [loud.post(loud.message("server.ready", {})).status for _ in range(300)]
    assert set(statuses) == {200, 429}
    quiet.run(quiet.invoked())
    assert server.ended(run)["state"] == "completed"
    server.stop()


def test_s36_sessions_of_one_token(folder: Path) -> None:
    server = serve(folder, "--set", "limits.sessions=2")
    tokens = {team: Talker(server, team, "any").token for team in ("orders", "billing")}

    def status(made: list[socket.socket], team: str) -> int:
        made.append(socket.create_connection(("127.0.0.1", server.port), timeout=60))
        made[-1].sendall(upgrade(server.port, tokens[team]))
        return int(made[-1].recv(4096).split()[1])

    made: list[socket.socket] = []
    assert [status(made, "orders") for _ in range(3)] == [101, 101, 429]
    assert status(made, "billing") == 101
    made[0].close()
    eventually(lambda: status(made, "orders") == 101, "the place of the session that has ended")
    assert status(made, "orders") == 429
    for one in made:
        one.close()
    server.stop()


def test_s36_messages_of_one_token(folder: Path) -> None:
    """What is more than `limits.messages` waits, and nothing of it is lost."""
    server = serve(folder, "--set", "limits.messages=500")
    neighbour = Neighbour(server)
    loud = loud_session(server, Talker(server, "orders", "any").token)
    begun, answers = monotonic(), b""
    loud.sendall(frame(1, json.dumps(beats()).encode()))
    neighbour.once()
    while answers.count(b'"cordyna.server.lease.v1"') < 1000:
        piece = loud.recv(1 << 20)
        assert piece, "the session has ended"
        answers += piece
    # 50 at once, then 500 in a second; the last of them begin, 50 together, when there is room for one.
    assert monotonic() - begun >= 1.7
    loud.close()
    neighbour.crowd.close()
    server.stop()


def test_s36_messages_by_http_wait_within_bounds(folder: Path) -> None:
    server = serve(folder, "--set", "limits.messages=1")
    loud = Talker(server, "orders", "etl")
    ready = [loud.message("server.ready", {"filler": "x" * 800}) for _ in range(900)]
    body = json.dumps(ready).encode()
    head = (
        f"POST /api/v1/ts/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: Bearer {loud.token}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: application/cloudevents-batch+json\r\n\r\n"
    )
    posts = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(3)]
    for one in posts:
        one.sendall(head.encode() + body)
    answered, _, _ = select.select(posts, [], [], 60)
    (refused,) = answered
    answer = refused.recv(1 << 16).decode()
    assert answer.startswith("HTTP/1.1 429") and "\r\nRetry-After: 1\r\n" in answer, answer
    assert '"code":"too_many"' in answer
    for one in posts:
        one.close()
    server.process.kill()  # it would wait for those that are not answered
    server.process.wait()


def test_s36_attempts_of_one_team(folder: Path, crowd: Crowd) -> None:
    server = serve(folder, "--set", "limits.attempts=3")
    neighbour = Neighbour(server)
    token = Talker(server, "orders", "any").token
    members = [crowd.add("orders", name, token, hold=True, slots=2) for name in ("one", "two")]
    crowd.join(server.port)
    runs = [server.start(f"orders/{name}") for name in ("one", "two") * 10]
    crowd.until(lambda: sum(len(one.held) for one in members) == 3, "three that are in flight")
    neighbour.once()
    crowd.pump(0.1)
    assert sorted(len(one.held) for one in members) == [1, 2]

    def end() -> bool:
        assert sum(held.end is None for one in members for held in one.held.values()) <= 3
        for one in members:
            one.finish()
        return sum(len(one.begun) for one in members) == len(runs) and not any(
            one.held for one in members
        )

    crowd.until(end, "the end of all")
    assert all(server.ended(run)["state"] == "completed" for run in runs)
    neighbour.crowd.close()
    server.stop()


def test_s36_no_more_in_flight_than_slots(
    cerebro: Server, neighbour: Neighbour, crowd: Crowd
) -> None:
    member = crowd.add("orders", "etl", Talker(cerebro, "orders", "etl").token, hold=True, slots=3)
    crowd.join(cerebro.port)
    runs = [cerebro.start("orders/etl") for _ in range(200)]
    crowd.until(lambda: len(member.held) == 3, "three that are in flight")
    neighbour.once()  # who waits for a slot of another team is in no way
    crowd.pump(0.1)
    assert len(member.held) == len(member.begun) == 3
    most = 0

    def end() -> bool:
        nonlocal most
        most = max(most, sum(held.end is None for held in member.held.values()))
        member.finish()
        return len(member.begun) == len(runs) and not member.held

    crowd.until(end, "the end of all")
    assert most <= 3
    assert all(cerebro.ended(run)["state"] == "completed" for run in runs)


def test_s36_slots_beyond_all_are_cut(cerebro: Server, talker: Talker) -> None:
    talker.say("server.ready", {"slots": {"default": 10**9}, "tasks": [task("load")]})
    (seen,) = cerebro.ok("GET", "/api/v1/task-servers")["servers"]
    assert seen["slots"] == {"default": 10_000}


class Operator(threading.Thread):
    """Asks, one request after the other, until it is told to stop."""

    def __init__(self, server: Server, crowd: Crowd) -> None:
        super().__init__(daemon=True)
        self.server, self.crowd = server, crowd
        self.statuses: Counter[int] = Counter()
        self.meanwhile = 0  # answers that came when some servers were there, and others not
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            status = self.server.call("GET", "/api/v1/runs?limit=5").status
            self.statuses[status] += 1
            ready = sum(one.is_ready for one in self.crowd.members)
            self.meanwhile += 0 < ready < len(self.crowd.members)

    def stop(self) -> None:
        self.over.set()
        self.join()


def flow_of(team: str, servers: list[str]) -> dict[str, Any]:
    """One task for each server."""
    tasks = "".join(
        f"  - {{id: {name}, type: invoke, server: {name}, task: t}}\n" for name in servers
    )
    return {"name": f"{team}.yaml", "text": f"id: all\nnamespace: {team}\ntasks:\n{tasks}"}


def gather(server: Server, crowd: Crowd, many: int) -> list[int]:
    """So many servers, and a run for each team that is in flight with all of its servers."""
    teams = []
    for first in range(0, many, OF_A_TEAM):
        team = f"team{first // OF_A_TEAM}"
        token = Talker(server, team, "any").token
        names = [f"s{number}" for number in range(first, min(first + OF_A_TEAM, many))]
        for number, name in enumerate(names, first):
            # Some have tasks of their own, which they declare again when they come back.
            crowd.add(team, name, token, hold=True, declares=number % 40 == 0,
                      from_address=f"127.0.0.{2 + number // OF_AN_ADDRESS}")  # fmt: skip
        server.ok("POST", "/api/v1/flows", {"files": [flow_of(team, names)]})
        teams.append(team)
    crowd.join(server.port)
    runs = [server.start(f"{team}/all") for team in teams]
    crowd.until(lambda: all(one.held for one in crowd.members), "attempts with all servers")
    return runs


def test_s37_thousands_come_back_at_once(folder: Path, crowd: Crowd) -> None:
    many = allow_files(MANY)
    # Servers, and as many for who asks as there may be otherwise.
    limit = "--set", f"limits.connections={many + 100}", "--set", f"limits.sessions={many}"
    server = serve(folder, *limit)
    runs = gather(server, crowd, many)
    server.process.kill()
    server.process.wait()
    crowd.until(lambda: all(one.socket is None for one in crowd.members), "the cut of all")
    again = serve(folder, *limit, "--listen", f"127.0.0.1:{server.port}")
    operator = Operator(again, crowd)
    crowd.connect(again.port)
    operator.start()
    crowd.all_ready()
    operator.stop()
    for one in crowd.members:
        assert one.fates == {"continue": 1}, (one.name, one.fates, one.problems)
        one.finish()
    crowd.until(lambda: not any(one.held for one in crowd.members), "receipts for all ends")
    assert all(again.ended(run)["state"] == "completed" for run in runs)
    assert all(len(one.begun) == 1 and one.sessions == 2 for one in crowd.members)
    found = rows(folder, "SELECT state, attempt, count(*) FROM attempt GROUP BY state, attempt")
    assert found == [("completed", 1, many)], "each attempt has its end, and no task another one"
    assert set(operator.statuses) == {200}, operator.statuses
    assert operator.meanwhile > 0 or many < MANY, "it was asked while they came"
    again.stop()
