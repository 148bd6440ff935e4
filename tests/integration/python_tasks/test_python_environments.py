"""Environments of python tasks: made once, by uv or pip, and whole or not there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from packages import PYTHON, PythonPlace, make_wheel
from serving import eventually

SCRIPT = (
    "import os, sys, tinypack\nfrom cordyna_task import set_output\n"
    "set_output('value', tinypack.value)\nset_output('prefix', sys.prefix)\n"
    "set_output('environ', sorted(os.environ))\n"
)


def test_it_is_made_once_and_only_the_task_is_in_it(place: PythonPlace) -> None:
    place.env.update(UV_CONCURRENT_BUILDS="2", PIP_NO_COLOR="1")
    place.call(script=SCRIPT, requirements=place.lines("tinypack==1.0"))
    assert place.run() == 0, place.said
    (folder,) = place.whole()
    outputs = place.outputs()
    assert (outputs["value"], outputs["prefix"]) == (41, str(folder))
    assert not [
        name for name in outputs["environ"] if name.startswith(("UV_", "PIP_", "DYNA_PYTHON"))
    ]
    assert "making an environment for tinypack==1.0 with uv" in place.log()
    # Other lines, in another order, are another one; the same are not.
    place.call(script=SCRIPT, requirements=[*place.lines(), "tinypack==1.0"])
    assert place.run() == 0, place.said
    assert "making" not in place.log()
    assert place.whole() == [folder]
    place.call(script=SCRIPT, requirements=place.lines("tinypack>=1"))
    assert place.run() == 0, place.said
    assert len(place.whole()) == 2


def test_a_function_of_a_package_with_requirements_of_a_file(place: PythonPlace) -> None:
    make_wheel(
        place.wheels,
        "otherpack",
        "2.0",
        "import tinypack\ndef f(n: int):\n    return tinypack.value + n\n",
    )
    (place.folder / "requirements.txt").write_text("# ours\n-r base.txt\notherpack  # the newest\n")
    (place.folder / "base.txt").write_text("\n".join(place.lines("tinypack==1.0")))
    place.call(function="otherpack:f", arguments={"n": 1}, requirements="requirements.txt")
    assert place.run() == 0, place.said
    assert place.outputs() == {"result": 42}


def test_without_uv_pip_makes_the_same(place: PythonPlace) -> None:
    place.without_uv()
    place.call(script=SCRIPT, requirements=place.lines("tinypack==1.0"), python="/usr/bin/python3")
    assert place.run() == 0, place.said
    assert place.outputs()["value"] == 41
    assert "with pip" in place.log()
    place.call(
        script="import nosuch", requirements=place.lines("nosuch==1"), python="/usr/bin/python3"
    )
    assert place.run() != 0
    code, message = place.error()
    assert code == "INPUT_INVALID"
    assert "requirements: no environment can be made of nosuch==1" in message


def test_a_package_that_is_not_there_is_final(place: PythonPlace) -> None:
    place.call(
        script="1", requirements=place.lines("nosuch==1"), retry={"attempts": 3, "delay": "1ms"}
    )
    assert place.run() != 0
    code, message = place.error()
    assert code == "INPUT_INVALID"
    assert message.startswith("requirements: no environment can be made of nosuch==1")
    assert place.whole() == []


def test_a_wrong_hash_is_refused(place: PythonPlace) -> None:
    place.call(script="1", requirements=place.lines(f"tinypack==1.0 --hash=sha256:{'0' * 64}"))
    assert place.run() != 0
    assert place.error()[0] == "INPUT_INVALID"
    assert "ash" in place.error()[1]


def test_a_server_that_cannot_be_reached_is_tried_again(place: PythonPlace) -> None:
    place.env.update(UV_HTTP_RETRIES="0")
    # Nobody listens there: only root could.
    place.call(script="1", requirements=["--index-url http://127.0.0.1:1/simple", "tinypack"],
               retry={"attempts": 2, "delay": "1ms"})  # fmt: skip
    assert place.run() != 0
    assert [code for code, _ in place.errors()] == ["SOURCE_UNAVAILABLE"] * 2
    assert "cannot be fetched" in place.errors()[0][1]


def test_a_named_uv_that_is_none_is_said(place: PythonPlace) -> None:
    place.env["DYNA_UV"] = str(place.folder / "nowhere/uv")
    place.call(script="1", requirements=place.lines("tinypack"))
    assert place.run() != 0
    assert place.error() == (
        "TOOL_MISSING",
        f"requirements: $DYNA_UV names {place.env['DYNA_UV']}, which cannot be run",
    )


def test_of_two_tasks_at_once_one_makes_it_and_one_waits(place: PythonPlace) -> None:
    # The one that makes it goes on when the other has said that it waits.
    place.fake_uv(
        f'echo made >> "{place.folder}/makings"\n'
        f'[ "$1" = venv ] || while ! grep -qs "waiting for it" "{place.folder}"/.cordyna/runs/1/*/log; do sleep 0.02; done\n'
        'exec "$UV" "$@"'
    )
    lines = place.lines("tinypack==1.0")
    tasks = [place.task(script=SCRIPT, requirements=lines) | {"id": name} for name in ("a", "b")]
    place.write(*tasks)
    assert place.run("--slots", "2") == 0, place.said
    assert (place.folder / "makings").read_text().split() == ["made"] * 2  # venv, then pip install
    assert len(place.whole()) == 1
    assert {place.outputs(name)["prefix"] for name in ("a", "b")} == {str(place.whole()[0])}


def test_a_making_that_was_killed_is_made_anew(place: PythonPlace) -> None:
    fake = place.fake_uv(
        f'if [ "$1" = pip ]; then echo $$ > "{place.folder}/pid"; exec sleep 600; fi\nexec "$UV" "$@"'
    )
    place.call(script=SCRIPT, requirements=place.lines("tinypack==1.0"))
    running = place.spawn("run", "calls.yaml")
    pid = place.folder / "pid"
    eventually(lambda: pid.exists() and pid.read_text().strip(), "the making")
    assert place.whole() == []
    assert place.dyna("cancel", "last").returncode == 0
    running.wait(timeout=60)
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()
    left = [path for path in place.environments.iterdir() if path.is_dir()]
    assert len(left) == 1 and place.whole() == []
    fake.unlink()
    del place.env["DYNA_UV"]
    assert place.run() == 0, place.said
    assert place.whole() == left
    assert "cut short" in place.log()


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_an_attempt_that_dies_leaves_no_environment_that_only_looks_whole(
    place: PythonPlace, by: signal.Signals
) -> None:
    place.fake_uv(f'if [ "$1" = pip ] && [ ! -e "{place.folder}/again" ]; then touch "{place.folder}/again"; '
                  f'kill -{by.value} $PPID; exit 0; fi\nexec "$UV" "$@"')  # fmt: skip
    place.call(
        script=SCRIPT,
        requirements=place.lines("tinypack==1.0"),
        retry={"attempts": 2, "delay": "1ms"},
    )
    assert place.run() == 0, place.said
    assert len(place.errors()) == 1
    assert place.outputs()["value"] == 41


def test_what_nobody_used_for_long_goes(place: PythonPlace) -> None:
    for spec in ("tinypack==1.0", "tinypack>=1", "tinypack>0"):
        place.call(script=SCRIPT, requirements=place.lines(spec))
        assert place.run() == 0, place.said
    old, used, kept = sorted(
        place.whole(), key=lambda path: path.with_suffix(".lock").stat().st_mtime
    )
    for folder in (old, used):
        os.utime(folder.with_suffix(".lock"), (0, 0))
    # One of them is in use: whoever uses an environment holds its lock as long as it runs.
    holder = subprocess.Popen(
        ["flock", "--shared", str(used.with_suffix(".lock")), "cat"], stdin=subprocess.PIPE
    )
    try:
        eventually(lambda: subprocess.run(["flock", "--nonblock", str(used.with_suffix(".lock")), "true"],
                                          check=False).returncode != 0, "the lock")  # fmt: skip
        place.call(script=SCRIPT, requirements=place.lines("tinypack<2"))
        assert place.run() == 0, place.said
    finally:
        assert holder.stdin is not None
        holder.stdin.close()
        holder.wait()
    assert not old.exists() and not old.with_suffix(".lock").exists()
    assert used in place.whole() and kept in place.whole()


def test_a_password_in_an_address_is_shown_nowhere(place: PythonPlace) -> None:
    place.env.update(
        UV_HTTP_RETRIES="0", UV_INDEX_URL="http://me:pa55-w0rd-4711@127.0.0.1:1/simple"
    )
    place.fake_uv('env\nexec "$UV" "$@"')
    place.call(script="1", requirements=["tinypack"])
    assert place.run() != 0
    assert place.error()[0] == "SOURCE_UNAVAILABLE"
    assert b"pa55-w0rd-4711" not in place.everything()


def test_the_example_runs(place: PythonPlace) -> None:
    root = Path(__file__).resolve().parents[3]
    shutil.copytree(
        root / "examples/python",
        place.folder / "example",
        ignore=shutil.ignore_patterns(".cordyna"),
    )
    place.folder /= "example"
    # As tabulate has it, as far as it is used.
    make_wheel(
        place.wheels,
        "tabulate",
        "0.9.0",
        "def tabulate(rows, **_):\n    return '\\n'.join(map(str, rows))\n",
    )
    requirements = place.folder / "requirements.txt"
    requirements.write_text("\n".join(place.lines(requirements.read_text())))
    place.env["PATH"] = f"{Path(PYTHON).parent}:{place.env['PATH']}"
    done = place.dyna("run", "flow.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 counties, written to counties.txt" in done.stdout + done.stderr
    assert place.outputs("sum_up") == {"counties": {"polk": "306450.50", "story": "206250.25"}}
    assert place.dyna("run", "flow.yaml", "-i", "county=nowhere").returncode != 0
    assert place.errors() == [
        (
            "EXIT_NONZERO",
            "ValueError: no sales of county 'nowhere' since 2026-01-01 (houses/sales.py:36 in load)",
        )
    ]


def test_it_runs_with_the_interpreter_that_is_named(place: PythonPlace) -> None:
    python = shutil.which("python3", path="/usr/bin")
    place.call(script=SCRIPT + "set_output('base', sys.base_prefix)\n", requirements=place.lines("tinypack"),
               python=python)  # fmt: skip
    assert place.run() == 0, place.said
    assert place.outputs()["base"] == "/usr"
