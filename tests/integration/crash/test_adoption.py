"""R38, R39, R10, R20 with the real program: killed owners, fork servers and guardians; trees that are ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Place, eventually

COUNT = 100


def hundred_shells() -> str:
    """Each says that it began, waits for the file `go` (a fifo would need a writer each), then ends in its own way."""
    task = (
        "  - id: t{i}\n    type: shell\n    allow_failure: true\n    script: |\n"
        "      echo {i} >> effects\n      echo before-{i}\n"
        "      while ! test -e go; do sleep 0.1; done\n"
        "      echo after-{i}; echo n={i} > $DYNA_OUTPUTS; exit {code}\n"
    )
    return "id: hundred\ntasks:\n" + "".join(task.format(i=i, code=i % 3) for i in range(COUNT))


def fork_server_of(place: Place) -> int:
    needle = f"{place.folder}/.cordyna".encode()
    for pid in (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"supervise" in words and any(word.startswith(needle) for word in words):
            children = Path(f"/proc/{pid}/task/{pid}/children")
            parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
            parent_words = (
                Path(f"/proc/{parent}/cmdline").read_bytes().split(b"\0") if parent > 1 else []
            )
            if b"supervise" not in parent_words and children.exists():
                return pid
    raise AssertionError("no fork server")


@pytest.mark.parametrize("also_fork_server", [False, True], ids=["owner", "owner_and_fork_server"])
def test_a_hundred_shells_outlive_a_kill(
    place: Callable[[str], Place], also_fork_server: bool
) -> None:
    here = place(hundred_shells())
    owner = here.spawn("run", "flow.yaml", "--slots", str(COUNT), "--follow", "plain")
    eventually(lambda: len(here.effects()) == COUNT, "a hundred shells begin")
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    if also_fork_server:
        os.kill(fork_server_of(here), signal.SIGKILL)
    (here.folder / "go").touch()
    assert here.dyna("resume", "--slots", str(COUNT)).returncode == 0
    assert sorted(map(int, here.effects())) == list(range(COUNT)), "none began twice"
    rows = here.rows(
        "select t.path, t.state, t.attempt, t.outputs, a.error_exit_code from task t join attempt a "
        "on a.run = t.run and a.path = t.path order by t.path"
    )
    assert len(rows) == COUNT
    for path, state, attempt, outputs, code in rows:
        i = int(path[1:])
        assert attempt == 1
        assert state == ("completed" if i % 3 == 0 else "error"), path
        if i % 3 == 0:
            assert here.values(outputs) == {"n": str(i)}
        else:
            assert code == i % 3, path
        text = here.dyna("logs", "last", path).stdout
        assert f"before-{i}" in text and f"after-{i}" in text, (
            f"output of {path} is not complete: {text}"
        )
    eventually(lambda: here.processes() == [], "nothing is left running")


def test_a_killed_guardian_is_noticed_and_its_tree_ended(place: Callable[[str], Place]) -> None:
    here = place(
        "id: g\ntasks:\n  - {id: a, type: shell, script: 'echo $$ > shell_pid; (setsid sleep 1000 & echo $! > far_pid); touch up; sleep 1000'}\n"
    )
    owner = here.spawn("run", "flow.yaml", "--follow", "plain")
    eventually(lambda: (here.folder / "up").exists(), "the task is up")
    guardian = int(
        next((here.folder / ".cordyna" / "runs").glob("*/*/guardian")).read_text().split()[0]
    )
    os.kill(guardian, signal.SIGKILL)
    assert owner.wait(timeout=30) == 1
    code, message = here.rows("select error_code, error_message from attempt")[0]
    assert code == "LOST" and message
    eventually(lambda: here.processes() == [], "the tree is ended", seconds=30)


def test_cancel_ends_the_whole_tree(place: Callable[[str], Place]) -> None:
    here = place(
        "id: c\ntasks:\n  - {id: a, type: shell, script: \"(setsid sh -c 'trap : TERM; touch up; while :; do sleep 1; done' &) ; sleep 1000\"}\n"
    )
    owner = here.spawn("run", "flow.yaml", "--follow", "plain")
    eventually(lambda: (here.folder / "up").exists(), "the stubborn grandchild is up")
    assert here.dyna("cancel", "last").returncode == 0
    assert owner.wait(timeout=60) == 130
    assert here.rows("select state from run") == [("cancelled",)]
    eventually(lambda: here.processes() == [], "the tree is ended", seconds=30)


def test_a_second_command_is_a_client_of_the_owner(place: Callable[[str], Place]) -> None:
    here = place(
        "id: two\ntasks:\n  - {id: a, type: shell, script: 'echo x >> effects; while ! test -e go; do sleep 0.1; done'}\n"
    )
    first = here.spawn("run", "flow.yaml", "--follow", "plain")
    eventually(lambda: len(here.effects()) == 1, "the first run is up")
    second = here.spawn("run", "flow.yaml", "--follow", "plain")
    eventually(lambda: len(here.effects()) == 2, "the second run is up, through the owner")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    (here.folder / "go").touch()
    assert second.wait(timeout=60) == 0, "the client takes its run over"
    assert here.dyna("resume").returncode == 0
    assert here.rows("select state from run order by no") == [("completed",), ("completed",)]
    assert len(here.effects()) == 2


def test_ctrl_c_cancels_and_a_second_one_leaves_the_tasks(place: Callable[[str], Place]) -> None:
    here = place(
        'id: i\ntasks:\n  - {id: a, type: shell, script: "trap : TERM; touch up; while ! test -e go; do sleep 0.1 || :; done; echo n=1 > $DYNA_OUTPUTS"}\n'
    )
    owner = here.spawn("run", "flow.yaml", "--follow", "plain")
    eventually(lambda: (here.folder / "up").exists(), "the task is up")
    owner.send_signal(signal.SIGINT)
    eventually(
        lambda: here.rows("select cancel_requested from run") == [(1,)], "the cancel is saved"
    )
    owner.send_signal(signal.SIGINT)
    assert owner.wait(timeout=30) == 130
    assert "dyna resume" in (here.folder / "dyna.log").read_text()
    assert here.dyna("resume").returncode == 130
    assert here.rows("select state from run") == [("cancelled",)]
    eventually(lambda: here.processes() == [], "nothing is left running", seconds=30)
