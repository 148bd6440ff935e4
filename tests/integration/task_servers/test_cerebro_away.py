"""R22, R37: cerebro is away for a while, and the Python server is there: crons that were missed are caught up with
as they are declared, results that came about meanwhile arrive, and nothing runs twice."""

from __future__ import annotations

import os
import select
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from python_server import TASKS, PythonServer
from serving import Server, eventually, serve

LONG = bool(os.environ.get("DYNA_TEST_LONG"))
# Until here all is ready and cerebro is killed; then the times come that it misses.
AHEAD = timedelta(seconds=12)
TIMES = 20 if LONG else 2
EVERY = timedelta(seconds=2)
# What is no later than 10 s is on time.
MISSED = timedelta(seconds=11)
RESULTS = 5
CATCH_UPS = ("all", "latest", "none")
CRON = '''

@task(owner=OWNER, overlap="allow", cron="{cron}", catch_up="{catch_up}")
def cron_{catch_up}(ctx: Context) -> str:
    """Notes what it is for."""
    note("{folder}/{catch_up}.times", ctx.trigger.scheduled_for.isoformat())
    return ctx.attempt
'''


def due_times() -> list[datetime]:
    """At which the crons are due, and again in a minute or an hour."""
    first = datetime.now(UTC).replace(microsecond=0) + AHEAD
    if LONG and first.second > 60 - TIMES * EVERY.seconds:
        first = first.replace(second=0) + timedelta(minutes=1)
    return [first + number * EVERY for number in range(TIMES)]


def cron_of(times: list[datetime]) -> str:
    seconds = ",".join(str(time.second) for time in times)
    # Few of them may lie in two minutes; the next ones come in 60 s, which is long after.
    return f"{seconds} {times[0].minute if LONG else '*'} * * * *"


def wait_until(time: datetime) -> None:
    while (left := (time - datetime.now(UTC)).total_seconds()) > 0:
        select.select([], [], [], left)


@pytest.fixture
def server(cerebro: Server, tmp_path: Path) -> Iterator[PythonServer]:
    folder = tmp_path / "py"
    folder.mkdir()
    made = PythonServer(cerebro, folder)
    yield made
    made.kill()


def declare(server: PythonServer, times: list[datetime]) -> None:
    cron = cron_of(times)
    text = "".join(CRON.format(cron=cron, catch_up=one, folder=server.folder) for one in CATCH_UPS)
    server.module.write_text(TASKS + text)
    server.start()
    server.wait_for("ready")


def ticks(cerebro: Server, catch_up: str, state: str) -> list[dict[str, Any]]:
    listed = cerebro.ok("GET", f"/api/v1/flows/orders/cron_{catch_up}/ticks")["ticks"]
    return sorted(
        (one for one in listed if one["tick"] == state), key=lambda one: str(one["scheduled_for"])
    )


def states(cerebro: Server, run: int) -> list[str]:
    """Of its attempts."""
    listed = cerebro.ok("GET", f"/api/v1/runs/{run}/attempts")["attempts"]
    return [str(one["state"]) for one in listed]


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_crons(cerebro: Server, server: PythonServer, times: list[datetime]) -> None:
    wanted = {"all": times, "latest": times[-1:], "none": []}
    for catch_up, due in wanted.items():
        runs = ticks(cerebro, catch_up, "run")
        assert [time_of(one["scheduled_for"]) for one in runs] == due, catch_up
        for one in runs:
            assert cerebro.ended(one["run"])["state"] == "completed"
            assert states(cerebro, one["run"]) == ["completed"]
        file = server.folder / f"{catch_up}.times"
        seen = [time_of(line) for line in file.read_text().splitlines()] if due else []
        assert sorted(seen) == due and file.exists() == bool(due), "each once, by its own time"
        skipped = ticks(cerebro, catch_up, "skipped")
        assert sum(one["count"] for one in skipped) == len(times) - len(due)
        assert all(f"catch_up: {catch_up}" == one["detail"] for one in skipped)


def test_r22_r37_cerebro_is_away(cerebro: Server, server: PythonServer) -> None:
    times = due_times()
    declare(server, times)
    results = {f"result{number}": server.run(f"result{number}") for number in range(RESULTS)}
    late = server.run("late")
    for run in (*results.values(), late):
        eventually(lambda run=run: states(cerebro, run) == ["started"], "attempts that are started")
    cerebro.process.kill()
    cerebro.process.wait()
    assert datetime.now(UTC) < times[0], "this machine is too slow: no time was to come before"
    for name in results:
        server.open(name)
        eventually(lambda name=name: server.ended(name), "an end that nobody hears of")
    wait_until(times[-1] + MISSED)
    again = serve(cerebro.folder, "--listen", f"127.0.0.1:{cerebro.port}")
    try:
        assert datetime.now(UTC) < times[0] + timedelta(seconds=60), "nothing was due again"
        for name, run in results.items():
            assert again.ended(run)["outputs"] == {"value": name}
        eventually(lambda: len(ticks(again, "all", "run")) == TIMES, "runs for what was missed")
        check_crons(again, server, times)
        assert again.ok("GET", f"/api/v1/runs/{late}")["state"] == "running"
        server.open("late")
        assert again.ended(late)["state"] == "completed"
        begun = Counter(name for one in (*results, "late") for name in server.begun(one))
        assert len(begun) == RESULTS + 1 and set(begun.values()) == {1}
        for run in (*results.values(), late):
            assert states(again, run) == ["completed"]
    finally:
        again.stop()
