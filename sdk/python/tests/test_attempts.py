"""What a session does with attempts, from their invokes to their receipts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bench import FENCE, Bench, Entry, Stubborn, names

from cordyna.session import (
    Kill,
    Start,
    Stop,
)


def test_an_attempt_from_its_invoke_to_its_receipt() -> None:
    bench = Bench()
    bench.ready()
    bench.settle()
    bench.invoke(inputs={"day": 1})
    ((name, data),) = bench.sent()
    assert (name, data) == ("task.queued", {"attempt": "r/load/1", "fence": FENCE})
    assert [m.type for m in bench.batch.save] == ["task.queued"]
    (start,) = bench.actions
    assert isinstance(start, Start)
    assert (start.invocation.attempt, start.arguments) == ("r/load/1", {"day": 1})
    attempts = bench.session.attempts
    attempts.began(bench.now, "r/load/1")
    assert names(bench.sent()) == ["task.started"]
    attempts.completed(bench.now, "r/load/1", '{"rows":3}', {"metrics": {"x": 1}, "assets": []})
    (end,) = bench.settle()
    assert end["subject"] == "r/load/1"
    assert end["data"] == {
        "attempt": "r/load/1", "fence": FENCE, "output": {"rows": 3}, "metrics": {"x": 1},
    }  # fmt: skip
    assert [m.id for m in bench.batch.save] == [end["id"]]
    bench.receipt(end["id"])
    assert bench.sent() == []
    assert bench.batch.forget == [end["id"], start_id(bench)]
    assert attempts.held == {}


def start_id(bench: Bench) -> str:
    return bench.batch.forget[-1]  # of queued: a later state implies it


def test_what_has_no_receipt_comes_again_with_its_id() -> None:
    bench = Bench()
    bench.ready()
    bench.settle()
    bench.invoke()
    (first,) = bench.settle()
    assert bench.pass_time(4.9) == []
    bench.now += 0.2
    bench.session.tick(bench.now)
    (again,) = bench.settle()
    assert (again["id"], again["data"]) == (first["id"], first["data"])
    assert int(again["seq"]) == int(first["seq"]) + 1
    assert bench.batch.save == []
    bench.receipt(first["id"])
    assert bench.pass_time(4.5) == []


@pytest.mark.parametrize("state", ["queued", "started", "completed"])
def test_an_invoke_that_comes_again_is_answered_with_the_state(state: str) -> None:
    bench = Bench()
    bench.ready()
    bench.settle()
    bench.invoke()
    bench.settle()
    if state != "queued":
        bench.session.attempts.began(bench.now, "r/load/1")
    if state == "completed":
        bench.session.attempts.completed(bench.now, "r/load/1", None, {})
    bench.settle()
    for id in ("m1", "m2"):
        bench.invoke(id=id)
        assert names(bench.sent()) == [f"task.{state}"]
        assert bench.actions == []


def test_an_end_that_has_its_receipt_still_answers() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.session.attempts.completed(bench.now, "r/load/1", "1", {})
    end = bench.settle()[-1]
    bench.receipt(end["id"])
    bench.settle()
    bench.invoke()
    assert [one["id"] for one in bench.settle()] == [end["id"]]
    bench.hear(
        "task.cancel", {"attempt": "r/load/1", "fence": FENCE, "reason": "user", "grace_s": 1}
    )
    assert [one["id"] for one in bench.settle()] == [end["id"]]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": "r/nothing/1"}, "unknown_task"),
    ({"inputs": {"bad": 1}}, "bad_input"),
    ({"inputs_ref": {"url": "x"}}, "bad_input"),
]


@pytest.mark.parametrize(("given", "code"), REFUSED)
def test_what_cannot_be_run_is_rejected(given: dict[str, Any], code: str) -> None:
    bench = Bench()
    bench.ready()
    bench.settle()
    bench.invoke(**given)
    ((name, data),) = bench.sent()
    assert (name, data["code"], data["fence"]) == ("task.rejected", code, FENCE)
    assert data["message"]
    assert bench.actions == []
    assert [m.type for m in bench.batch.save] == ["task.rejected"]


def test_no_slot_is_free_until_an_attempt_has_ended() -> None:
    bench = Bench(slots=1)
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.invoke("r2/load/1", "m2")
    assert names(bench.sent()) == ["task.rejected"]
    bench.session.attempts.completed(bench.now, "r/load/1", None, {})
    # The same message is the same question until its answer has its receipt; another one is new.
    bench.invoke("r2/load/1", "m2")
    assert names(bench.sent()) == ["task.completed", "task.rejected"]
    bench.invoke("r2/load/1", "m3")
    assert names(bench.sent()) == ["task.queued"]


def test_a_task_that_changed_is_not_run_for_its_old_revision() -> None:
    bench = Bench()
    bench.ready()
    bench.settle()
    catalog = {"load": Entry(), "keep": Stubborn()}
    said = [{"id": "load", "version": "2"}, {"id": "keep"}]
    bench.session.declare(bench.now, catalog, said, "h2", 6)
    assert bench.sent() == [("server.declare", {"revision": 6, "tasks": said})]
    bench.invoke()
    assert [data["code"] for _, data in bench.sent()] == ["stale_revision"]
    bench.invoke("r/keep/1", "m2")
    assert names(bench.sent()) == ["task.queued"]


def test_a_cancel_is_kind_and_then_is_not() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.hear(
        "task.cancel", {"attempt": "r/load/1", "fence": FENCE, "reason": "user", "grace_s": 3}
    )
    bench.settle()
    assert bench.actions == [Stop("r/load/1", "user")]
    bench.pass_time(2.9)
    assert bench.actions == []
    bench.pass_time(0.2)
    assert bench.actions == [Kill("r/load/1")]
    bench.session.attempts.cancelled(bench.now, "r/load/1", False)
    (_, data) = bench.sent()[-1]
    assert (data["was_running"], data["cleaned"]) == (False, False)


def test_a_cancel_of_what_is_not_known_is_answered_and_remembered() -> None:
    bench = Bench()
    bench.ready()
    bench.settle()
    bench.hear(
        "task.cancel", {"attempt": "r/load/1", "fence": FENCE, "reason": "user", "grace_s": 1}
    )
    ((name, data),) = bench.sent()
    assert name == "task.cancelled"
    assert data == {"attempt": "r/load/1", "fence": FENCE, "was_running": False, "cleaned": True}
    bench.invoke()
    assert names(bench.sent()) == ["task.cancelled"]
    assert bench.actions == []


def test_what_is_not_cancellable_goes_on() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke("r/keep/1")
    bench.settle()
    bench.hear("server.lease", {"lease_s": 30, "cancels": ["r/keep/1"]})
    assert bench.sent() == [] and bench.actions == []


def test_a_lease_repeats_cancels() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.hear("server.lease", {"lease_s": 30, "cancels": ["r/load/1", "r/other/1"]})
    ((name, data),) = bench.sent()
    assert (name, data["attempt"], "fence" in data) == ("task.cancelled", "r/other/1", False)
    assert bench.actions == [Stop("r/load/1", "user")]


def test_nothing_is_sent_of_what_is_fenced() -> None:
    bench = Bench(slots=1)
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.hear("task.fenced", {"attempt": "r/load/1"})
    assert bench.sent() == []
    assert bench.actions == [Stop("r/load/1", "fenced")]
    assert len(bench.batch.forget) == 1
    attempts = bench.session.attempts
    attempts.progressed(bench.now, "r/load/1", {"fraction": 1})
    attempts.logged(bench.now, "r/load/1", "info", 0, ["x"])
    bench.invoke(id="m9")
    assert bench.sent() == []
    # Its slot is taken as long as it runs.
    assert attempts.free() == {"default": 0}
    attempts.completed(bench.now, "r/load/1", None, {})
    assert bench.sent() == []
    assert attempts.free() == {"default": 1}


def test_what_is_not_understood_is_told() -> None:
    bench = Bench()
    bench.ready()
    bench.settle()
    bench.hear("task.invoke", {"attempt": "r/load/1"}, "m7")
    ((name, data),) = bench.sent()
    assert name == "message.problem"
    assert data == {
        "of": "m7", "code": "invalid", "message": "is missing", "path": "#/data/run",
        "fatal": False,
    }  # fmt: skip
    bench.hear("task.sing", {"attempt": "r/load/1"})
    assert bench.sent() == []


def test_a_result_that_cerebro_does_not_understand_becomes_an_error() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.session.attempts.completed(bench.now, "r/load/1", "1", {})
    end = bench.settle()[-1]
    bench.hear("message.problem", {
        "of": end["id"], "code": "invalid", "message": "is too deep", "fatal": False,
    })  # fmt: skip
    ((name, data),) = bench.sent()
    assert (name, data["error"]["code"]) == ("task.error", "RESULT_REFUSED")


def test_an_output_that_is_too_large_is_an_error() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.session.attempts.completed(bench.now, "r/load/1", json.dumps("x" * 300_000), {})
    (_, data) = bench.sent()[-1]
    assert data["error"]["code"] == "OUTPUT_TOO_LARGE"


def test_progress_is_thinned_out_and_the_latest_counts() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    attempts = bench.session.attempts
    attempts.progressed(bench.now, "r/load/1", {"fraction": 0.1})
    assert [d["fraction"] for _, d in bench.sent()] == [0.1]
    for number in range(2, 10):
        attempts.progressed(bench.now, "r/load/1", {"fraction": number / 10, "message": "m"})
    assert bench.sent() == []
    assert [d["fraction"] for n, d in bench.pass_time(0.2) if n == "task.progress"] == [0.9]


def test_lines_gather_until_they_are_sent() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    attempts = bench.session.attempts
    attempts.logged(bench.now, "r/load/1", "info", 0, ["a"])
    attempts.logged(bench.now, "r/load/1", "info", 1, ["b", "c"])
    attempts.logged(bench.now, "r/load/1", "error", 3, ["d"])
    logs = [d for n, d in bench.sent() if n == "task.log"]
    assert [(d["offset"], d["lines"], d["level"]) for d in logs] == [
        (0, ["a", "b", "c"], "info"),
        (3, ["d"], "error"),
    ]
    attempts.logged(bench.now, "r/load/1", "info", 4, ["x" * 16_000] * 40)
    sizes = [len(text) for text in bench.session.take(bench.now).texts]
    assert len(sizes) > 1 and max(sizes) < 200_000
