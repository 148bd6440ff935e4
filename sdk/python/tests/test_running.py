"""Tasks without a server: run_task, and what a context does."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from cordyna import Cancelled, Context, LogHandler, TaskError, Tasks
from cordyna.testing import run_task, run_task_async


@dataclass
class Order:
    id: int
    day: dt.date


def test_inputs_are_converted_and_the_result_goes_through_json(tasks: Tasks) -> None:
    @tasks.task(description="Sums.")
    def total(ctx: Context, orders: list[Order], day: dt.date, factor: float = 2.0) -> Order:
        assert orders[0].day == day
        return Order(int(len(orders) * factor), day)

    result = run_task(total, {"orders": [{"id": 1, "day": "2026-01-02"}], "day": "2026-01-02"})
    assert (result.state, result.output) == ("completed", {"id": 2, "day": "2026-01-02"})


def test_wrong_inputs_are_rejected(tasks: Tasks) -> None:
    @tasks.task(description="Works.")
    def work(day: dt.date) -> None:
        raise AssertionError("it must not be called")

    result = run_task(work, {"day": "yesterday", "dya": 1})
    assert result.state == "rejected"
    assert result.error["message"] == (
        "#/inputs/day: must be a date, as 2026-01-02, but is 'yesterday'; "
        "#/inputs/dya: is not known here; known: day"
    )


def test_a_result_that_is_not_what_was_said_is_an_error(tasks: Tasks) -> None:
    @tasks.task(description="Works.")
    def work() -> list[int]:
        return [1, "two"]  # type: ignore[list-item]

    result = run_task(work)
    assert (result.state, result.error["code"]) == ("error", "BAD_OUTPUT")
    assert result.error["message"] == "#/output/1: must be an integer, but is a text"
    assert (result.error["phase"], result.error["retryable"]) == ("result", False)


def test_what_a_context_says_and_knows(tasks: Tasks) -> None:
    @tasks.task(description="Loads.")
    def load() -> None: ...

    @tasks.task(description="Works.", needs=[load])
    def work(ctx: Context) -> None:
        ctx.progress(0.5, "half", counters={"rows": 3}, checkpoint="row 3")
        ctx.progress(7)
        ctx.log("one\ntwo")
        ctx.log("bad", level="error")
        ctx.output("rows", ctx.upstream[load].output["rows"])
        ctx.output("same", ctx.upstream["data/load"].output == ctx.upstream["load"].output)
        ctx.metric("seconds", 1.5)
        ctx.asset(
            "orders", version="3", fresh_until=dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc)
        )
        assert (ctx.number, ctx.task, ctx.attempt) == (2, "work", "test/work/2")
        assert ctx.idempotency_key == "test/work"
        assert ctx.trigger.kind == "cron"
        assert ctx.trigger.scheduled_for == dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc)
        assert "other" not in ctx.upstream and list(ctx.upstream) == ["load"]
        with pytest.raises(KeyError, match="other; the task has: load"):
            ctx.upstream["other"]

    trigger = {"kind": "cron", "scheduled_for": "2026-01-02T00:00:00Z"}
    result = run_task(work, upstream={"load": {"rows": 7}}, attempt=2, trigger=trigger)
    assert result.ok, result.error
    assert result.output == {"rows": 7, "same": True}
    assert result.progress == [
        {"fraction": 0.5, "message": "half", "counters": {"rows": 3}, "checkpoint": "row 3"},
        {"fraction": 1.0},
    ]
    assert result.logs == [("info", "one"), ("info", "two"), ("error", "bad")]
    assert result.metrics == {"seconds": 1.5}
    assert result.assets == [
        {"name": "orders", "version": "3", "fresh_until": "2026-01-02T00:00:00+00:00"}
    ]


WRONG: list[tuple[Callable[[Context], None], str]] = [
    (lambda ctx: ctx.progress(float("nan")), "the fraction is no number"),
    (lambda ctx: ctx.progress(counters={"a": float("inf")}), "'a' is inf; it must be a number"),
    (lambda ctx: ctx.progress(checkpoint="x" * 5000), "has more than 4096 bytes"),
    (lambda ctx: ctx.log("x", level="loud"), "the level is 'loud'"),  # type: ignore[arg-type]
    (lambda ctx: ctx.metric("a", True), "'a' is True; it must be a number"),
    (lambda ctx: ctx.asset("a", fresh_until=dt.datetime(2026, 1, 2)), "fresh_until has no zone"),
    (lambda ctx: ctx.extend("soon"), "'soon' is not a duration"),
]


@pytest.mark.parametrize(("say", "text"), WRONG)
def test_what_a_context_does_not_take(
    tasks: Tasks, say: Callable[[Context], None], text: str
) -> None:
    @tasks.task(description="Works.")
    def work(ctx: Context) -> None:
        say(ctx)

    result = run_task(work)
    assert (result.state, result.error["code"]) == ("error", "VALUE_ERROR")
    assert text in result.error["message"]


def test_outputs_by_name_stand_beside_an_object_alone(tasks: Tasks) -> None:
    @tasks.task(id="object", description="Works.")
    def with_object(ctx: Context) -> dict[str, int]:
        ctx.output("b", 2)
        return {"a": 1}

    @tasks.task(id="number", description="Works.")
    def with_number(ctx: Context) -> int:
        ctx.output("b", 2)
        return 1

    assert run_task(with_object).output == {"a": 1, "b": 2}
    assert "must be an object or nothing" in run_task(with_number).error["message"]


def test_errors(tasks: Tasks) -> None:
    @tasks.task(description="Works.")
    def work(how: str) -> None:
        if how == "task":
            raise TaskError("EMPTY", "no rows", retryable=False)
        if how == "exit":
            raise SystemExit(3)
        raise Cancelled("by itself")

    assert run_task(work, {"how": "task"}).error["code"] == "EMPTY"
    assert run_task(work, {"how": "exit"}).error["exit_code"] == 3
    by_itself = run_task(work, {"how": "cancel"})
    assert by_itself.state == "error"
    assert by_itself.error["message"] == "the task has cancelled itself"


def test_cancelled(tasks: Tasks) -> None:
    @tasks.task(description="Works.")
    def work(ctx: Context, how: str) -> str:
        if how == "raise":
            ctx.raise_if_cancelled()
        if how == "return" and ctx.cancelled:
            return "partly"
        if how == "wait":
            assert ctx.cancelled.wait(10)
        if how == "fail" and ctx.cancelled:
            raise ValueError("while it was ended")
        return "done"

    states = {
        how: run_task(work, {"how": how}, cancelled=True).state
        for how in ("raise", "return", "wait", "fail", "never asked")
    }
    # One that never asked has done all its work.
    assert states == {
        "raise": "cancelled",
        "return": "cancelled",
        "wait": "cancelled",
        "fail": "cancelled",
        "never asked": "completed",
    }
    assert run_task(work, {"how": "raise"}).output == "done"


def test_async_tasks(tasks: Tasks, in_loop: Callable[[Any], Any]) -> None:
    @tasks.task(id="double", description="Doubles.")
    async def double(ctx: Context, x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    @tasks.task(id="forever", description="Waits.")
    async def forever(ctx: Context) -> None:
        reason = await ctx.cancelled
        assert reason == "user"
        await asyncio.Event().wait()

    assert run_task(double, {"x": 2}).output == 4
    assert in_loop(run_task_async(double, {"x": 3})).output == 6
    assert run_task(forever, cancelled=True).state == "cancelled"


def test_a_cancel_is_awaited_from_another_thread(
    tasks: Tasks, in_loop: Callable[[Any], Any]
) -> None:
    async def main() -> str:
        from cordyna import Cancellation

        cancellation = Cancellation()
        waiting = asyncio.ensure_future(_awaited(cancellation))
        await asyncio.sleep(0)
        threading.Thread(target=cancellation.set, args=("late",)).start()
        return await waiting

    assert in_loop(main()) == "late"


async def _awaited(cancellation: Any) -> str:
    return str(await cancellation)


def test_log_records_go_to_the_attempt_that_makes_them(
    tasks: Tasks, in_loop: Callable[[Any], Any]
) -> None:
    logger = logging.getLogger("test_running")
    logger.setLevel(logging.DEBUG)
    handler = LogHandler()
    logger.addHandler(handler)

    @tasks.task(description="Logs.")
    async def work(name: str) -> None:
        await asyncio.sleep(0)
        logger.debug("begin %s", name)
        await asyncio.sleep(0)
        logger.error("end %s", name)

    async def main() -> list[Any]:
        return await asyncio.gather(*(run_task_async(work, {"name": n}) for n in "ab"))

    try:
        found = in_loop(main())
        logger.info("of nobody")
    finally:
        logger.removeHandler(handler)
    assert [result.logs for result in found] == [
        [("debug", "begin a"), ("error", "end a")],
        [("debug", "begin b"), ("error", "end b")],
    ]


def test_offsets_grow_with_the_lines_of_several_threads(tasks: Tasks) -> None:
    from cordyna.context import Invocation

    said: list[tuple[int, int]] = []

    class Sink:
        def progress(self, attempt: str, data: dict[str, Any]) -> None: ...

        def log(self, attempt: str, level: str, offset: int, lines: list[str]) -> None:
            said.append((offset, len(lines)))

        def extend(self, attempt: str, data: dict[str, Any]) -> None: ...

    context = Context(Invocation("r/t/1", "r", "t"), Sink())

    def say() -> None:
        for _ in range(100):
            context.log("a\nb")

    threads = [threading.Thread(target=say) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [(2 * n, 2) for n in range(400)]
