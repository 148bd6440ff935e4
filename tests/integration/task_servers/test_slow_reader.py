"""R35: a task server that reads a byte a second, or nothing, while there is a lot to tell it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from crowd import Crowd, Member, message
from raw_socket import frame, upgrade
from serving import Server, eventually, serve
from talking import Talker, idle_folder, task

MIB = 1 << 20
# What may wait to go out to one session, and what looking at one frame of it takes.
SESSION = 4 * MIB + 4 * MIB
SPARE = 32 * MIB  # of the process, whoever is there: files, threads, runs
SILENT = 8  # sessions that read nothing, at once
BYTES = 200 << 10  # of an input
SAMPLES = 60
RETURNS = 20
LATER = 100.0  # ms


@pytest.fixture
def cerebro(tmp_path: Path) -> Iterator[Server]:
    # Who takes nothing for so long is cut off, if it was not for what waits.
    served = serve(idle_folder(tmp_path), "--set", "limits.write_wait=5s")
    yield served
    served.stop()


def memory(server: Server, key: str = "VmHWM") -> int:
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(text.split(f"{key}:")[1].split()[0]) << 10


class Sluggish(Member):
    """Where it is `slow`, it takes a byte a second from the moment when it is ready, from a small buffer."""

    slow = False
    next_at = 0.0

    def declare(self) -> None:
        schema = {"type": "object", "properties": {"data": {"type": "string"}}}
        retry = {"attempts": 3, "delay": "10ms"}
        declared = task(self.name, self.team, overlap="allow", retry=retry, input_schema=schema,
                        timeouts={"acknowledge": "5m"})  # fmt: skip
        self.say("server.declare", {"revision": 1, "tasks": [declared]})

    def resumed(self, data: dict[str, Any]) -> None:
        super().resumed(data)
        if self.slow:
            while self._out:
                self.write()
            self.crowd.forget(self)

    def sip(self) -> bool:
        """False: the connection is no more."""
        assert self.socket is not None
        if monotonic() < self.next_at:
            return True
        self.next_at = monotonic() + 1
        try:
            return self.socket.recv(1) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


class Pair:
    """A slow server of one team, and a quick one of another."""

    def __init__(self, cerebro: Server) -> None:
        self.cerebro, self.crowd = cerebro, Crowd()
        quick_token = Talker(cerebro, "billing", "quick").token
        self.quick = self.crowd.add("billing", "quick", quick_token)
        slow_token = Talker(cerebro, "orders", "slow").token
        self.slow = Sluggish(self.crowd, "orders", "slow", slow_token)
        self.crowd.members.append(self.slow)
        self.crowd.join(cerebro.port)

    def come(self, slow: bool) -> None:
        self.slow.drop()
        self.slow.slow, self.slow.receive_buffer = slow, 4096 if slow else 0
        self.slow.connect(self.cerebro.port)
        self.crowd.until(lambda: self.slow.is_ready, "a slow server that is ready")

    def is_cut(self) -> bool:
        """It reads on meanwhile."""
        if self.slow.socket is None or not self.slow.sip():
            return True
        self.crowd.pump()
        servers = self.cerebro.ok("GET", "/api/v1/task-servers")["servers"]
        found = [one["state"] for one in servers if one["team"] == "orders"]
        return found == ["unreachable"]

    def tell(self, runs: int) -> list[int]:
        return [self.cerebro.start("orders/slow", data="x" * BYTES) for _ in range(runs)]

    def all_ended(self, count: int) -> None:
        """The slow one reads as others do, and comes again where it is cut off."""

        def look() -> bool:
            if self.slow.socket is None:
                self.come(slow=False)
            return len(self.slow.begun) >= count and not self.slow.held

        self.crowd.until(look, "the ends of all")

    def delay(self) -> float:
        """Of the quick one: milliseconds from an invoke to `started`, as the run's timeline has them."""
        before = len(self.quick.begun)
        run = self.cerebro.start("billing/quick")
        self.crowd.until(lambda: len(self.quick.begun) > before and not self.quick.held, "its end")
        assert self.cerebro.ended(run)["state"] == "completed"
        at = {one["type"]: datetime.fromisoformat(one["at"].replace("Z", "+00:00"))
              for one in self.cerebro.ok("GET", f"/api/v1/runs/{run}/messages")["messages"]}  # fmt: skip
        return (at["task.started"] - at["task.invoke"]).total_seconds() * 1000

    def attempts(self, run: int) -> list[tuple[str, str]]:
        assert self.cerebro.ended(run)["state"] == "completed"
        listed = self.cerebro.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
        return [(row["state"], row.get("error", {}).get("code", "")) for row in listed]


@pytest.fixture
def pair(cerebro: Server) -> Iterator[Pair]:
    made = Pair(cerebro)
    yield made
    made.crowd.close()


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def deaf(cerebro: Server, token: str, name: str) -> socket.socket:
    """A session that reads nothing of what it is answered."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(60)
    made.connect(("127.0.0.1", cerebro.port))
    made.sendall(upgrade(cerebro.port, token))
    while not made.recv(4096).endswith(b"\r\n\r\n"):
        pass
    hello = {"protocol": {"min": 1, "max": 1}, "server": name, "boot": "b", "level": 2}
    made.sendall(frame(1, json.dumps(message("orders", name, "server.hello", hello)).encode()))
    return made


def test_r35_who_reads_nothing_costs_a_bound_and_is_cut_off(cerebro: Server) -> None:
    token = Talker(cerebro, "orders", "deaf").token
    before = memory(cerebro)
    # Each is answered a hundred times as much as it says: 1000 problems.
    asked = frame(1, json.dumps([{}] * 1000).encode())
    cut = []

    def ask(name: str) -> None:
        with deaf(cerebro, token, name) as made:
            try:
                while True:
                    made.sendall(asked)
            except (BrokenPipeError, ConnectionResetError):
                cut.append(name)

    threads = [threading.Thread(target=ask, args=(f"deaf{n}",)) for n in range(SILENT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cut) == SILENT
    grown = memory(cerebro) - before
    assert grown < SILENT * SESSION + SPARE, f"{grown / MIB} MiB"

    def are_away() -> bool:
        servers = cerebro.ok("GET", "/api/v1/task-servers")["servers"]
        return {one["state"] for one in servers} <= {"unreachable", "gone"}

    eventually(are_away, "the end of all sessions")


def test_r35_a_slow_reader_is_no_burden_for_another_team(pair: Pair) -> None:
    quiet = [pair.delay() for _ in range(SAMPLES)]
    pair.come(slow=True)
    pair.tell(80)  # 16 MiB, of which one is under way at a time
    early = 0
    loud: list[float] = []
    for turn in range(RETURNS):
        for _ in range(SAMPLES // RETURNS):
            assert not pair.is_cut()
            loud.append(pair.delay())
        pair.come(slow=True)  # to be told again what it did not take
        early = early or (memory(pair.cerebro) if turn == RETURNS // 2 else 0)
    # None of what was put by for a session that is over is kept.
    assert memory(pair.cerebro) - early < SESSION + SPARE
    assert p95(loud) - p95(quiet) < LATER, (sorted(quiet)[-5:], sorted(loud)[-5:])
    assert len(pair.slow.begun) == 0
    pair.cerebro.process.kill()  # it would wait for the runs of the slow one


@pytest.mark.parametrize("boot", ["the same", "another"])
def test_r35_its_attempts_go_on_or_are_lost(pair: Pair, boot: str) -> None:
    pair.come(slow=True)
    runs = pair.tell(15)
    assert not pair.is_cut()
    assert len(pair.slow.begun) == 0
    if boot == "another":
        pair.slow.reboot()
    pair.come(slow=False)
    pair.all_ended(len(runs))
    # Of a megabyte of them nobody knows whether they had come; the others were not sent yet.
    under_way = MIB // BYTES if boot == "another" else 0
    well, lost = [("completed", "")], [("failed", "LOST"), ("completed", "")]
    attempts = [pair.attempts(run) for run in runs]
    assert attempts == [lost] * under_way + [well] * (len(runs) - under_way)
    assert len(pair.slow.begun) == len(runs), "each has begun once"
