"""The session, step by step: what cerebro says goes in, what the server says and does comes out."""

from __future__ import annotations

from typing import Any

import pytest
from bench import FENCE, WELCOME, Bench, name_of, names

from cordyna.messages import Message
from cordyna.session import (
    Connect,
    Disconnect,
    Exit,
    ExitCode,
    Phase,
    Stop,
)


def test_the_handshake() -> None:
    bench = Bench()
    assert bench.actions == [Connect(0.0)]
    bench.session.opened(bench.now)
    (hello,) = bench.settle()
    assert hello["source"] == "urn:cordyna:ts:data/s-1"
    assert "session" not in hello and "seq" not in hello
    data = hello["data"]
    assert (data["protocol"], data["server"], data["boot"]) == ({"min": 1, "max": 1}, "s-1", "b")
    assert (data["level"], data["slots"], data["declaration_hash"]) == (2, {"default": 2}, "h")
    bench.hear("server.welcome", {**WELCOME, "want_declaration": True})
    (declare,) = bench.settle()
    assert (declare["session"], declare["seq"]) == ("s1", "1")
    assert declare["data"] == {"revision": 5, "tasks": [{"id": "load"}, {"id": "keep"}]}
    bench.hear("server.declared", {"revision": 5, "accepted": ["load"], "rejected": []})
    assert bench.sent() == [("server.resume", {"boot": "b", "attempts": []})]
    bench.hear("server.resumed", {"attempts": []})
    assert bench.sent() == [("server.ready", {"slots": {"default": 2}})]
    assert bench.session.phase is Phase.READY


def test_after_a_reconnect_all_without_a_receipt_is_sent_in_order() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.invoke("r2/load/1", "m2")
    first = [one["id"] for one in bench.settle()][1:]
    bench.session.closed(bench.now, "cut")
    bench.settle()
    attempts = bench.session.attempts
    attempts.began(bench.now, "r/load/1")
    attempts.completed(bench.now, "r/load/1", "1", {})
    assert bench.settle() == [] and len(bench.batch.save) == 1  # on the disk at once
    delay = bench.session.due() - bench.now
    assert 0.2 <= delay <= 0.3
    bench.pass_time(delay)
    assert bench.actions == [Connect(0.0)]
    bench.session.opened(bench.now)
    bench.settle()
    bench.hear("server.welcome", {**WELCOME, "session": "s2"})
    ((_, resume),) = bench.sent()
    end = {"attempt": "r/load/1", "fence": FENCE, "output": 1}
    assert resume["attempts"] == [
        {"attempt": "r/load/1", "state": "completed", "fence": FENCE, "terminal": end},
        {"attempt": "r2/load/1", "state": "queued", "fence": FENCE},
    ]
    fates = [{"attempt": n, "fate": "continue"} for n in ("r/load/1", "r2/load/1")]
    bench.hear("server.resumed", {"attempts": fates})
    sent = bench.settle()
    assert [name_of(one) for one in sent] == [
        "task.queued", "task.queued", "task.started", "task.completed", "server.ready",
    ]  # fmt: skip
    assert [one["id"] for one in sent[:2]] == first
    assert [one["seq"] for one in sent] == ["2", "3", "4", "5", "6"]


def test_fates() -> None:
    bench = Bench(slots=4)
    bench.ready()
    for number in range(4):
        bench.invoke(f"r{number}/load/1", f"m{number}")
    bench.session.closed(bench.now, "cut")
    bench.settle()
    fates = ["continue", "abort", "already_terminal", "fenced"]
    bench.ready([{"attempt": f"r{n}/load/1", "fate": fate} for n, fate in enumerate(fates)])
    sent = bench.sent()
    stopped = [a.attempt for a in bench.actions if isinstance(a, Stop)]
    assert stopped == ["r1/load/1", "r2/load/1", "r3/load/1"]
    assert [data.get("attempt") for _, data in sent] == ["r0/load/1", "r1/load/1", None]
    assert list(bench.session.attempts.held) == ["r0/load/1", "r1/load/1"]


def test_ends_of_an_earlier_boot_are_listed_and_sent() -> None:
    end = Message("a.7", "task.completed", "r/load/1", '{"attempt":"r/load/1"}', 0, True, "")
    bench = Bench([end])
    bench.session.opened(bench.now)
    bench.settle()
    bench.hear("server.welcome", WELCOME)
    ((_, resume),) = bench.sent()
    assert resume["attempts"] == [
        {"attempt": "r/load/1", "state": "completed", "terminal": {"attempt": "r/load/1"}}
    ]
    bench.hear("server.resumed", {"attempts": [{"attempt": "r/load/1", "fate": "continue"}]})
    assert [one["id"] for one in bench.settle()][:1] == ["a.7"]
    bench.invoke()  # it has run, in the boot before
    assert bench.actions == []
    bench.receipt("a.7")
    bench.settle()
    assert bench.batch.forget == ["a.7"]


def test_heartbeats_and_the_lease() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.receipt("b.4")
    bench.session.attempts.progressed(bench.now, "r/load/1", {"fraction": 0.5})
    bench.settle()
    sent = dict(bench.pass_time(10.0))
    heartbeat = sent["server.heartbeat"]
    state = {"attempt": "r/load/1", "state": "queued", "fence": FENCE, "progress": 0.5}
    assert heartbeat["in_flight"] == [state]
    assert heartbeat["slots"] == {"default": 1}
    bench.hear("server.lease", {"lease_s": 30})
    bench.pass_time(29.0)
    assert bench.actions == []
    bench.pass_time(1.0)
    assert [type(a) for a in bench.actions] == [Disconnect]
    assert bench.session.phase is Phase.OFF
    assert list(bench.session.attempts.held) == ["r/load/1"]


def test_delays_double_up_to_fifteen_seconds() -> None:
    bench = Bench()
    delays = []
    for _ in range(10):
        bench.session.closed(bench.now, "refused")
        delays.append(bench.session.due() - bench.now)
        bench.now = bench.session.due()
        bench.session.tick(bench.now)
    for delay, least in zip(delays, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15, 15], strict=True):
        assert least <= delay <= least * 1.5 + 1e-9


def test_draining() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    queued = bench.settle()[-1]
    bench.session.drain(bench.now, "SIGTERM", 60)
    assert bench.sent() == [("server.draining", {"reason": "SIGTERM", "deadline_s": 60.0})]
    bench.invoke("r2/load/1", "m2")
    rejected = bench.settle()[0]
    assert rejected["data"]["code"] == "draining"
    bench.session.attempts.completed(bench.now, "r/load/1", None, {})
    bench.session.attempt_ended(bench.now)
    end = bench.settle()[0]
    bench.receipt(queued["id"], rejected["id"])
    assert bench.settle() == []
    bench.receipt(end["id"])
    assert bench.sent() == [("server.goodbye", {"code": "shutdown"})]
    assert bench.batch.close
    bench.session.closed(bench.now, "drained")
    bench.settle()
    assert bench.actions == [Exit(ExitCode.DONE, "drained")]


def test_draining_by_cerebro_with_a_deadline() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.hear("server.drain", {"reason": "upgrade", "deadline_s": 20})
    assert names(bench.sent()) == ["server.draining"]
    bench.hear("message.receipt", {"upto": 100})
    bench.pass_time(20)
    assert Stop("r/load/1", "drain") in bench.actions


def test_a_server_that_drains_does_not_wait_for_receipts_for_ever() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.session.closed(bench.now, "cut")
    bench.session.attempts.completed(bench.now, "r/load/1", None, {})
    bench.session.drain(bench.now, "SIGTERM")
    bench.settle()
    assert bench.actions == []
    bench.pass_time(30)
    assert [a.code for a in bench.actions if isinstance(a, Exit)] == [ExitCode.DONE]
    assert bench.batch.forget == []  # it stays on the disk


GOODBYES: list[tuple[dict[str, Any], ExitCode | None]] = [
    ({"code": "superseded"}, ExitCode.SUPERSEDED),
    ({"code": "superseded", "reconnect_after_s": 1}, ExitCode.SUPERSEDED),
    ({"code": "version"}, ExitCode.REFUSED),
    ({"code": "protocol"}, ExitCode.REFUSED),
    ({"code": "protocol", "reconnect_after_s": 1}, None),
    ({"code": "lease", "reconnect_after_s": 0}, None),
    ({"code": "shutdown"}, None),
]


@pytest.mark.parametrize(("data", "code"), GOODBYES)
def test_goodbyes(data: dict[str, Any], code: ExitCode | None) -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.hear("server.goodbye", data)
    bench.settle()
    if code is None:
        assert [type(a) for a in bench.actions] == [Disconnect]
        after = data.get("reconnect_after_s", 0.2)
        assert bench.session.due() >= bench.now + after
        return
    assert [type(a) for a in bench.actions] == [Disconnect, Stop]
    bench.session.attempts.cancelled(bench.now, "r/load/1", True)
    assert bench.settle() == []
    assert [a.code for a in bench.actions if isinstance(a, Exit)] == [code]
    assert bench.session.due() > 1e9 or bench.session.phase is Phase.LEFT


def test_a_refused_credential_ends_it_unless_it_was_good_once() -> None:
    bench = Bench()
    bench.session.refused(bench.now, "401")
    bench.settle()
    assert Exit(ExitCode.REFUSED, "401") in bench.actions
    bench = Bench()
    bench.ready()
    bench.session.closed(bench.now, "cut")
    bench.session.refused(bench.now, "401")
    bench.settle()
    assert bench.actions == []
    assert bench.session.phase is Phase.OFF


def test_an_answer_of_the_handshake_that_does_not_come() -> None:
    bench = Bench()
    bench.session.opened(bench.now)
    bench.settle()
    bench.pass_time(10)
    assert [type(a) for a in bench.actions] == [Disconnect]


def test_a_fatal_problem_ends_the_session_and_not_the_attempts() -> None:
    bench = Bench()
    bench.ready()
    bench.invoke()
    bench.settle()
    bench.hear("message.problem", {"code": "invalid", "message": "x", "fatal": True})
    bench.settle()
    assert [type(a) for a in bench.actions] == [Disconnect]
    assert list(bench.session.attempts.held) == ["r/load/1"]


def test_a_list_of_many_attempts_fits_into_one_message() -> None:
    bench = Bench(slots=100_000)
    bench.ready()
    number = 0
    while bench.session.attempts.running == number:
        bench.invoke(f"{'r' * 400}{number}/load/1", f"m{number}")
        number += 1
    bench.settle()
    bench.now += 10
    bench.session.tick(bench.now)
    for text in bench.session.take(bench.now).texts:
        assert len(text) <= 262144
    assert bench.session.attempts.running == number - 1 > 400


def test_batches_are_within_the_bounds() -> None:
    bench = Bench(slots=2500)
    bench.ready()
    for number in range(2000):
        bench.invoke(f"r{number}/load/1", f"m{number}")
    sizes = []
    while batch := bench.session.take(bench.now):
        sizes.append((len(batch.texts), sum(map(len, batch.texts))))
    assert sum(count for count, _ in sizes) == 2001
    assert all(count <= 1000 and size <= 1 << 20 for count, size in sizes)
