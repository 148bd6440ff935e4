"""`cordyna serve` as a process: killed, drained, reloaded, superseded."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from programs import Program, gone, program

InLoop = Callable[[Any], Any]


def test_killed_and_started_again(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, first):
            running = await cerebro.invoke("until", {"name": "never"})
            await cerebro.state(running, "started")
            cerebro.model.hold_receipts = True
            ended = await cerebro.end(await cerebro.invoke("quick", {"x": 7}))
            # Cerebro forgets what came, as if it had been lost with the connection.
            ended.state, ended.data = "started", {}
            await first.kill()
            await cerebro.wait(lambda: not cerebro.model.session)
            cerebro.model.hold_receipts = False
            second = Program(tmp_path, cerebro)
            await second.start()
            await cerebro.ready()
            assert (running.state, ended.state, ended.output) == ("lost", "completed", 7)
            boots = [one["boot"] for one in cerebro.messages("server.hello")]
            assert len(set(boots)) == 2
            assert [
                one["attempt"] for one in cerebro.messages("server.resume")[-1]["attempts"]
            ] == [ended.name]
            # The declarations are the same, so they are known.
            assert len(cerebro.messages("server.declare")) == 1
            second.process.send_signal(signal.SIGTERM)
            assert await second.ended() == 0
            assert "messages of an earlier process that have no receipt yet: 1" in second.errors
            assert cerebro.flaws == []
            third = Program(tmp_path, cerebro)
            await third.start()
            await cerebro.ready()
            assert cerebro.messages("server.resume")[-1]["attempts"] == []
            await third.kill()

    in_loop(main())


def test_sigterm_drains(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, server):
            attempt = await cerebro.invoke("until", {"name": "go"})
            await cerebro.state(attempt, "started")
            server.process.send_signal(signal.SIGTERM)
            await cerebro.wait(lambda: cerebro.model.is_draining)
            assert attempt.state == "started"
            (tmp_path / "go").write_text("")
            assert await server.ended() == 0
            assert attempt.state == "completed"
            assert cerebro.model.goodbye == {"code": "shutdown"}

    in_loop(main())


def test_a_second_signal_ends_it_at_once(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, server):
            attempt = await cerebro.invoke("thread")
            apart = await cerebro.invoke("apart", {"how": "never"})
            await cerebro.state(attempt, "started")
            await cerebro.wait(lambda: len(apart.log) == 2)
            server.process.send_signal(signal.SIGTERM)
            await cerebro.wait(lambda: cerebro.model.is_draining)
            server.process.send_signal(signal.SIGTERM)
            assert await server.ended() == 128 + signal.SIGTERM
            for pid in pids(apart):
                await gone(pid)

    in_loop(main())


def test_superseded(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, first):
            await cerebro.state(await cerebro.invoke("until", {"name": "never"}), "started")
            second = Program(tmp_path, cerebro, "--state", str(tmp_path / "other"))
            await second.start()
            assert await first.ended() == 3
            assert "has connected elsewhere" in first.errors
            await cerebro.ready()
            await second.kill()

    in_loop(main())


def test_one_state_folder_for_one_process(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, _):
            second = Program(tmp_path, cerebro)
            await second.start()
            assert await second.ended() == 1
            assert "is in use by another process" in second.errors

    in_loop(main())


def test_a_wrong_token(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, _):
            (tmp_path / "token").write_text("wrong\n")
            options = ("--token-file", str(tmp_path / "token"), "--state", "memory")
            second = Program(tmp_path, cerebro, *options)
            await second.start()
            assert await second.ended() == 4
            assert "the token is not known" in second.errors

    in_loop(main())


def test_a_changed_file_is_declared_anew(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path, "--reload") as (cerebro, server):
            old = await cerebro.invoke("until", {"name": "go"})
            await cerebro.state(old, "started")
            before = cerebro.model.revision
            path = tmp_path / "shop.py"
            text = path.read_text()
            path.write_text(text.replace('VERSION = "one"', "VERSION = "))
            assert server.process.stderr is not None
            while b"not declared anew" not in await server.process.stderr.readline():
                pass
            changed = text.replace('"one"', '"two"').replace("Waits for a file.", "Waits.")
            path.write_text(changed)
            await cerebro.wait(lambda: cerebro.model.revision > before)
            assert cerebro.model.tasks["until"]["description"] == "Waits."
            new = await cerebro.invoke("until", {"name": "go"})
            await cerebro.state(new, "started")
            (tmp_path / "go").write_text("")
            await cerebro.end(old)
            await cerebro.end(new)
            assert (old.output, new.output) == ("one", "two")
            assert cerebro.connections == 1

    in_loop(main())


def test_an_attempt_in_a_process(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, server):
            good = await cerebro.end(await cerebro.invoke("apart", {"how": "go", "x": 1}))
            assert (good.state, good.output) == ("completed", {"x": 2})
            assert good.log[1:] == ["through logging"]
            assert good.progress[-1]["message"] == "done"
            assert pids(good) != [server.process.pid]
            bad = await cerebro.end(await cerebro.invoke("apart", {"how": "raise"}))
            assert (bad.error["code"], bad.error["message"]) == ("VALUE_ERROR", "no good")
            assert bad.error["stack"].endswith("in apart")
            killed = await cerebro.end(await cerebro.invoke("apart", {"how": "signal"}))
            assert (killed.error["code"], killed.error["signal"]) == ("PROCESS_KILLED", 9)
            left = await cerebro.end(await cerebro.invoke("apart", {"how": "exit"}))
            assert (left.error["code"], left.error["exit_code"]) == ("PROCESS_ENDED", 7)
            assert cerebro.flaws == []

    in_loop(main())


@pytest.mark.parametrize(("how", "cleaned"), [("ask", True), ("never", False)])
def test_a_process_is_ended_by_a_cancel(
    tmp_path: Path, in_loop: InLoop, how: str, cleaned: bool
) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, _):
            attempt = await cerebro.invoke("apart", {"how": how})
            count = 1 if how == "ask" else 2
            await cerebro.wait(lambda: len(attempt.log) == count)
            await cerebro.cancel(attempt, grace_s=20 if cleaned else 0.2)
            await cerebro.end(attempt)
            assert (attempt.state, attempt.data["cleaned"]) == ("cancelled", cleaned)
            assert attempt.data["was_running"] is True
            for pid in pids(attempt):
                await gone(pid)

    in_loop(main())


def test_a_process_ends_with_its_server(tmp_path: Path, in_loop: InLoop) -> None:
    async def main() -> None:
        async with program(tmp_path) as (cerebro, server):
            attempt = await cerebro.invoke("apart", {"how": "never"})
            await cerebro.wait(lambda: len(attempt.log) == 2)
            await server.kill()
            await gone(pids(attempt)[0])

    in_loop(main())


def pids(attempt: Any) -> list[int]:
    return [int(line.split()[1]) for line in attempt.log if line.startswith("pid ")]
