"""R6: an allocation fails: while the server begins, takes a run in, saves it, carries it out.

The server answers, or ends; its state is whole, what it answered is there, and the next start goes on. A few points spread
over all allocations; DYNA_TEST_LONG=1: many.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import shutil
import subprocess
from pathlib import Path

from broken_machine import Memory, memory
from load import check_state, rows, unfinished
from serving import DYNA, Server, eventually, find_port, spawn

__all__ = ["memory"]

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
BOOTS = 600 if LONG else 24
ASKS = 600 if LONG else 36
FLOW = """
id: mixed
namespace: acme
inputs: [{id: word, type: string, default: hello}]
tasks:
  - {id: say, type: log, message: "{{ inputs.word }}"}
  - {id: shout, type: shell, needs: [say], script: "echo {{ inputs.word }}"}
"""
PAUSED = """
id: asks
namespace: acme
tasks: [{id: gate, type: pause}]
"""
RUNS = "/api/v1/flows/acme/mixed/runs"


def points(count: int, total: int, seed: int) -> list[int]:
    """One in each of `count` equal parts of 1 to `total`."""
    draw = random.Random(seed)
    return [
        1 + draw.randrange(part * total // count, max(1, (part + 1) * total // count))
        for part in range(count)
    ]


def begin(folder: Path) -> None:
    (folder / "mixed.yaml").write_text(FLOW)
    (folder / "asks.yaml").write_text(PAUSED)


def end(server: Server) -> None:
    if server.process.poll() is None:
        server.process.kill()
    server.process.wait()


def listens_or_ends(server: Server) -> bool:
    """Within a minute one or the other: it does not hang."""
    with contextlib.suppress(AssertionError):
        find_port(server)
        return True
    assert server.process.poll() is not None, f"it hangs: {server.last_words()}"
    return False


def ended_badly(server: Server) -> None:
    """Not with success, and not by touching memory that it has not."""
    assert server.process.wait(60) in (-6, 2, 6, 7, 8), (
        server.process.returncode,
        server.last_words(),
    )


def test_at_the_start(tmp_path: Path, memory: Memory) -> None:
    """There is a run that has ended, and one that waits for a person: it is taken up."""
    first = tmp_path / "first"
    first.mkdir()
    begin(first)
    server = find_port(spawn(first, logs=tmp_path))
    done, waits = server.start("acme/mixed"), server.start("acme/asks")
    server.ended(done)
    eventually(lambda: rows(first, "SELECT 1 FROM run WHERE state = 'paused'"), "the pause")
    end(server)

    memory["count"] = 0
    server = find_port(spawn(first, logs=tmp_path, **memory.env))
    total = memory["count"]
    end(server)
    assert total > 1000
    ended = 0
    for number, at in enumerate(points(BOOTS, total, seed=6)):
        folder = tmp_path / f"boot-{number}"
        shutil.copytree(first, folder, ignore=shutil.ignore_patterns("*.sock"))
        memory.fail(at, run=0 if number % 2 == 0 else 1_000_000)
        server = spawn(folder, **memory.env)
        if listens_or_ends(server):
            end(server)
        else:
            ended_badly(server)
            ended += 1
        memory.heal()
        assert rows(folder, "PRAGMA integrity_check") == [("ok",)], f"allocation {at}"
        server = find_port(spawn(folder))
        try:
            assert server.ok("GET", f"/api/v1/runs/{done}")["state"] == "completed"
            server.ok("POST", f"/api/v1/runs/{waits}/decision", {"decision": "approve"})
            assert server.ended(waits)["state"] == "completed"
            server.stop()
        finally:
            end(server)
        check_state(folder)
        shutil.rmtree(folder)
    assert ended > 0, "no start ever failed: too tame"


class Asker:
    """Asks for one run after the other of a server that may end each time, and starts it again."""

    def __init__(self, folder: Path, memory: Memory) -> None:
        self.folder = folder
        self.memory = memory
        self.server = find_port(spawn(folder, **memory.env))
        self.promised: dict[str, int] = {}
        self.ends = 0
        self.last = ""  # what it was answered

    def takes_work(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.server.call("GET", "/readyz", token=None).status == 200
        return False

    def revive(self) -> None:
        """It takes work, or it ends; it does not linger."""
        self.memory.heal()
        eventually(
            lambda: self.server.process.poll() is not None or self.takes_work(), "either of them"
        )
        if self.server.process.poll() is None:
            return
        ended_badly(self.server)
        self.ends += 1
        assert rows(self.folder, "PRAGMA integrity_check") == [("ok",)]
        self.server = find_port(spawn(self.folder, **self.memory.env))

    def ask(self, key: str) -> None:
        """A run, and a look at it. An answer that comes is one of ours."""
        self.last = "nothing"
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = self.server.call("POST", RUNS, {}, headers={"Idempotency-Key": key})
            # 408: what it could not read was given up.
            assert answer.status in (201, 408, 500, 503), (answer.status, answer.body)
            self.last = f"{answer.status} {answer.body!r}"
            if answer.status != 201:
                return
            run = answer.json["run"]
            assert self.promised.setdefault(key, run) == run
            seen = self.server.call("GET", f"/api/v1/runs/{run}/tasks")
            assert seen.status in (200, 408, 500, 503), (seen.status, seen.body)


def test_while_runs_come_and_go(tmp_path: Path, memory: Memory) -> None:
    begin(tmp_path)
    asker = Asker(tmp_path, memory)
    try:
        asker.ask("measured")
        before = memory["count"]
        asker.ask("measured too")
        eventually(lambda: unfinished(tmp_path) == 0, "their ends")
        total = memory["count"] - before
        keys = []
        for number, at in enumerate(points(ASKS, total, seed=7)):
            memory.fail(at, run=0 if number % 3 else 50)
            keys.append(f"key {number}")
            asker.ask(keys[-1])
            with contextlib.suppress(AssertionError):
                eventually(lambda: memory["failed"] > 0 or unfinished(tmp_path) == 0, "the failure")
            asker.revive()
            asker.ask(keys[-1])
            if keys[-1] not in asker.promised:  # it was just about to end
                asker.revive()
                asker.ask(keys[-1])
            words = asker.server.last_words()
            assert keys[-1] in asker.promised, f"with memory, it is taken: {asker.last}: {words}"
        eventually(lambda: unfinished(tmp_path) == 0, "the ends of all")
        asker.server.stop()
        assert asker.server.process.returncode == 0, asker.server.last_words()
    finally:
        end(asker.server)
    assert asker.ends > 0, "it never ended: too tame"
    there = {row[0]: row[1] for row in rows(tmp_path, "SELECT no, state FROM run")}
    assert set(there) == set(asker.promised.values())
    assert set(there.values()) <= {"completed", "error"}
    check_state(tmp_path)


def test_of_a_command(tmp_path: Path, memory: Memory) -> None:
    """`dyna run` says so, or is ended, and never calls success what is none."""
    begin(tmp_path)

    def run(**env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DYNA, "run", "mixed.yaml", "--json"], cwd=tmp_path, env={**os.environ, **env},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    assert run().returncode == 0
    memory["count"] = 0
    assert run(**memory.env).returncode == 0
    total = memory["count"]
    codes = set()
    for at in points(BOOTS, total, seed=8):
        before = rows(tmp_path, "SELECT count(*) FROM run WHERE state = 'completed'")[0][0]
        memory["count"] = 0
        memory.fail(at)
        done = run(**memory.env)
        codes.add(done.returncode)
        assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
        if done.returncode == 0:
            after = rows(tmp_path, "SELECT count(*) FROM run WHERE state = 'completed'")[0][0]
            assert after == before + 1
    memory.heal()
    assert run().returncode == 0
    assert codes - {0}, "it never failed: too tame"
    assert codes <= {0, 1, 2, 4, 6, 7, 8, -6}, codes
