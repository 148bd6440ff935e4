"""A server in the process of the test, and a cerebro at the other end of a socket."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from cordyna import Context, CordynaError, ExitCode, Tasks, TaskServer
from cordyna.outbox import DiskOutbox
from cordyna.testing import FakeCerebro

InLoop = Callable[[Any], Any]


def make(tasks: Tasks, cerebro: FakeCerebro, **more: Any) -> TaskServer:
    given = {"url": cerebro.url, "team": "data", "server": "s-1", "token": "secret", **more}
    return TaskServer(tasks=tasks, **given)


@contextlib.asynccontextmanager
async def serving(tasks: Tasks, **more: Any) -> AsyncIterator[tuple[FakeCerebro, TaskServer]]:
    """A cerebro, and a server that is ready; drained at the end, when nothing may be wrong."""
    async with FakeCerebro() as cerebro:
        server = make(tasks, cerebro, **more)
        running = asyncio.ensure_future(server.serve())
        await cerebro.ready()
        yield cerebro, server
        server.drain()
        assert (await running).code == ExitCode.DONE
        assert cerebro.flaws == []
        assert cerebro.model.goodbye == {"code": "shutdown"}


def test_tasks_of_each_kind(tasks: Tasks, tmp_path: Path, in_loop: InLoop) -> None:
    @tasks.task(description="Adds a day.")
    def thread(ctx: Context, day: dt.date, days: int = 1) -> dt.date:
        ctx.progress(0.5, "half")
        ctx.log("in a thread")
        assert threading.current_thread() is not threading.main_thread()
        return day + dt.timedelta(days)

    @tasks.task(description="Doubles.")
    async def loop(x: int) -> int:
        return x * 2

    @tasks.task(description="Fails.")
    async def fails() -> None:
        raise ConnectionError("the shop is closed")

    async def main() -> None:
        async with serving(tasks, state=tmp_path / "state") as (cerebro, _):
            assert set(cerebro.model.tasks) == {"thread", "loop", "fails"}
            one = await cerebro.end(await cerebro.invoke("thread", {"day": "2026-01-31"}))
            two = await cerebro.end(await cerebro.invoke("loop", {"x": 21}))
            three = await cerebro.end(await cerebro.invoke("fails"))
            four = await cerebro.end(await cerebro.invoke("loop", {"x": "21"}))
        assert (one.state, one.output) == ("completed", "2026-02-01")
        assert one.log == ["in a thread"] and one.progress[0]["message"] == "half"
        assert (two.state, two.output) == ("completed", 42)
        assert (three.state, three.error["code"]) == ("error", "CONNECTION_ERROR")
        assert four.data["message"] == "#/inputs/x: must be an integer, but is a text"
        started = cerebro.messages("task.started")[0]["where"]
        assert started["host"] and started["pid"]

    in_loop(main())


def test_the_example_of_upstream_and_named_outputs(tasks: Tasks, in_loop: InLoop) -> None:
    @tasks.task(description="Works.")
    async def work(ctx: Context) -> None:
        ctx.output("rows", ctx.upstream["load"].output + 1)
        ctx.output("when", ctx.trigger.scheduled_for)

    async def main() -> None:
        async with serving(tasks) as (cerebro, _):
            upstream = [{"task": "load", "run": "r", "completed_at": "2026-01-02T00:00:00Z",
                         "output": 6}]  # fmt: skip
            trigger = {"kind": "cron", "scheduled_for": "2026-01-02T06:30:00Z"}
            attempt = await cerebro.invoke("work", upstream=upstream, trigger=trigger)
            await cerebro.end(attempt)
            assert attempt.output == {"rows": 7, "when": "2026-01-02T06:30:00+00:00"}

    in_loop(main())


def test_an_invoke_that_comes_again_runs_once(tasks: Tasks, in_loop: InLoop) -> None:
    calls = []
    go = asyncio.Event()

    @tasks.task(description="Works.")
    async def work() -> int:
        calls.append(1)
        await go.wait()
        return 1

    async def main() -> None:
        async with serving(tasks) as (cerebro, _):
            attempt = await cerebro.invoke("work")
            await cerebro.state(attempt, "started")
            await cerebro.invoke_again(attempt)
            go.set()
            await cerebro.end(attempt)
            await cerebro.invoke_again(attempt)
            await cerebro.wait(lambda: len(cerebro.messages("task.completed")) == 2)
        assert calls == [1]

    in_loop(main())


def test_cancels(tasks: Tasks, in_loop: InLoop) -> None:
    cleaned = []

    @tasks.task(description="Waits in the loop.")
    async def loop() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("loop")

    @tasks.task(description="Waits in a thread.")
    def thread(ctx: Context) -> None:
        ctx.cancelled.wait()
        cleaned.append("thread")
        ctx.raise_if_cancelled()

    @tasks.task(description="Takes no notice at first.")
    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    async def main() -> None:
        async with serving(tasks) as (cerebro, _):
            for name in ("loop", "thread", "stubborn"):
                attempt = await cerebro.invoke(name)
                await cerebro.state(attempt, "started")
                await cerebro.cancel(attempt, grace_s=0.05 if name == "stubborn" else 20)
                await cerebro.end(attempt)
                assert (attempt.state, attempt.data["was_running"]) == ("cancelled", True)
        assert cleaned == ["loop", "thread"]

    in_loop(main())


def test_attempts_outlive_a_lost_connection(tasks: Tasks, tmp_path: Path, in_loop: InLoop) -> None:
    go = asyncio.Event()

    @tasks.task(description="Waits.")
    async def work(wait: bool) -> str:
        if wait:
            await go.wait()
        return "done"

    async def main() -> None:
        async with serving(tasks, state=tmp_path / "state") as (cerebro, _):
            long = await cerebro.invoke("work", {"wait": True})
            await cerebro.state(long, "started")
            cerebro.model.hold_receipts = True
            short = await cerebro.end(await cerebro.invoke("work", {"wait": False}))
            cerebro.drop()
            await cerebro.wait(lambda: not cerebro.model.session)
            cerebro.model.hold_receipts = False
            await cerebro.ready()
            assert (long.state, short.state) == ("started", "completed")
            go.set()
            await cerebro.end(long)
            assert (long.output, cerebro.connections) == ("done", 2)
            states = {
                one["attempt"]: one for one in cerebro.messages("server.resume")[1]["attempts"]
            }
            assert states[long.name]["state"] == "started"
            assert states[short.name]["terminal"]["output"] == "done"

    in_loop(main())


def test_results_of_a_time_without_cerebro_arrive(
    tasks: Tasks, tmp_path: Path, in_loop: InLoop
) -> None:
    go = asyncio.Event()
    done = asyncio.Event()

    @tasks.task(description="Waits.")
    async def work() -> str:
        await go.wait()
        asyncio.get_running_loop().call_soon(done.set)
        return "done"

    async def main() -> None:
        async with serving(tasks, state=tmp_path / "state") as (cerebro, _):
            attempt = await cerebro.invoke("work")
            await cerebro.state(attempt, "started")
            await cerebro.stop()
            go.set()
            await done.wait()
            await cerebro.start()
            await cerebro.end(attempt)
            assert attempt.output == "done"

    in_loop(main())


def test_fenced_is_silent(tasks: Tasks, in_loop: InLoop) -> None:
    ended = asyncio.Event()

    @tasks.task(description="Waits.")
    async def work(ctx: Context) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ctx.log("goodbye")
            ended.set()

    async def main() -> None:
        async with serving(tasks) as (cerebro, _):
            attempt = await cerebro.invoke("work")
            await cerebro.state(attempt, "started")
            await cerebro.fence(attempt)
            await ended.wait()
        assert (attempt.state, attempt.log) == ("started", [])
        assert cerebro.messages("task.cancelled") == []

    in_loop(main())


def test_drained_by_cerebro(tasks: Tasks, in_loop: InLoop) -> None:
    go = asyncio.Event()

    @tasks.task(description="Waits.")
    async def work() -> None:
        await go.wait()

    async def main() -> None:
        async with FakeCerebro() as cerebro:
            running = asyncio.ensure_future(make(tasks, cerebro).serve())
            await cerebro.ready()
            attempt = await cerebro.invoke("work")
            await cerebro.state(attempt, "started")
            await cerebro.drain()
            await cerebro.wait(lambda: cerebro.model.is_draining)
            late = cerebro.model.invoke(0, "work")
            cerebro.model._send_invoke(0, late)
            await cerebro._flush()
            await cerebro.end(late)
            assert (late.state, late.data["code"]) == ("rejected", "draining")
            go.set()
            assert (await running).code == ExitCode.DONE
            assert attempt.state == "completed"
            assert cerebro.flaws == []

    in_loop(main())


def test_superseded(tasks: Tasks, in_loop: InLoop) -> None:
    ended = asyncio.Event()

    @tasks.task(description="Waits.")
    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def main() -> None:
        async with FakeCerebro() as cerebro:
            first = asyncio.ensure_future(make(tasks, cerebro).serve())
            await cerebro.ready()
            await cerebro.state(await cerebro.invoke("work"), "started")
            server = make(tasks, cerebro)
            second = asyncio.ensure_future(server.serve())
            ended_first = await first
            assert ended_first.code == ExitCode.SUPERSEDED
            assert "has connected elsewhere" in ended_first.reason
            assert ended.is_set()
            await cerebro.ready()
            assert cerebro.connections == 2
            server.drain()
            assert (await second).code == ExitCode.DONE

    in_loop(main())


@pytest.mark.parametrize(("status", "text"), [(401, "the token is not known"), (404, "--url")])
def test_refused(tasks: Tasks, in_loop: InLoop, status: int, text: str) -> None:
    @tasks.task(description="Works.")
    async def work() -> None: ...

    async def main() -> None:
        async with FakeCerebro() as cerebro:
            cerebro.refuse_with = status
            ended = await make(tasks, cerebro).serve()
            assert ended.code == ExitCode.REFUSED
            assert text in ended.reason

    in_loop(main())


def test_a_cerebro_that_is_not_ready_is_waited_for(tasks: Tasks, in_loop: InLoop) -> None:
    @tasks.task(description="Works.")
    async def work() -> None: ...

    async def main() -> None:
        async with FakeCerebro() as cerebro:
            cerebro.refuse_with = 503
            server = make(tasks, cerebro)
            running = asyncio.ensure_future(server.serve())
            await asyncio.sleep(0)
            cerebro.refuse_with = None
            await cerebro.ready()
            server.drain()
            await running

    in_loop(main())


def test_other_declarations_while_attempts_run(tasks: Tasks, in_loop: InLoop) -> None:
    go = asyncio.Event()

    @tasks.task(id="work", description="The old one.")
    async def old() -> str:
        await go.wait()
        return "old"

    changed = Tasks(owner=tasks.owner)

    @changed.task(id="work", description="The new one.")
    async def new() -> str:
        return "new"

    async def main() -> None:
        async with serving(tasks) as (cerebro, server):
            attempt = await cerebro.invoke("work")
            await cerebro.state(attempt, "started")
            before = cerebro.model.revision
            server.declare(changed)
            await cerebro.wait(lambda: cerebro.model.revision > before)
            assert cerebro.model.tasks["work"]["description"] == "The new one."
            other = await cerebro.end(await cerebro.invoke("work"))
            stale = await cerebro.end(await cerebro.invoke("work", revision=before))
            go.set()
            await cerebro.end(attempt)
            assert (attempt.output, other.output) == ("old", "new")
            assert stale.data["code"] == "stale_revision"

    in_loop(main())


def test_what_is_kept_while_receipts_do_not_come(
    tasks: Tasks, tmp_path: Path, in_loop: InLoop
) -> None:
    @tasks.task(description="Works.")
    async def work() -> int:
        return 7

    async def main() -> None:
        async with FakeCerebro() as cerebro:
            cerebro.model.hold_receipts = True
            server = make(tasks, cerebro, state=tmp_path / "state")
            running = asyncio.ensure_future(server.serve())
            await cerebro.ready()
            attempt = await cerebro.end(await cerebro.invoke("work"))
            server.abort()
            await running
            outbox = DiskOutbox(tmp_path / "state")
            assert [m.attempt for m in outbox.load()] == [attempt.name]
            outbox.close()

    in_loop(main())


def test_many_at_once(tasks: Tasks, tmp_path: Path, in_loop: InLoop) -> None:
    @tasks.task(description="Nothing.")
    async def nothing(n: int) -> int:
        return n

    async def main() -> None:
        async with serving(tasks, state=tmp_path / "state", slots=500) as (cerebro, _):
            attempts = [cerebro.model.invoke(0, "nothing", {"n": n}) for n in range(500)]
            await cerebro._flush()
            await cerebro.wait(lambda: all(a.has_ended for a in attempts))
            assert [a.output for a in attempts] == list(range(500))

    in_loop(main())


SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"url": "localhost:8080"}, "is no address of cerebro: write it like http://host:8080"),
    ({"team": "Data"}, "the team 'Data' is no id"),
    ({"server": "a b"}, "the server's id 'a b' must be letters"),
    ({"slots": {"A B": 1}}, "slots must be a count, or counts by class"),
]


@pytest.mark.parametrize(("given", "text"), SETTINGS)
def test_wrong_settings(tasks: Tasks, in_loop: InLoop, given: dict[str, Any], text: str) -> None:
    @tasks.task(description="Works.")
    async def work() -> None: ...

    settings = {"url": "http://127.0.0.1:1", "team": "data", "server": "s", **given}
    with pytest.raises(CordynaError) as caught:
        in_loop(TaskServer(tasks=tasks, token="t", **settings).serve())
    assert text in str(caught.value)


def test_a_server_without_tasks(in_loop: InLoop) -> None:
    server = TaskServer(url="http://127.0.0.1:1", team="data", server="s", token="t")
    with pytest.raises(CordynaError, match="there are no tasks"):
        in_loop(server.serve())
