"""Programs as task types: checked, run, cancelled, adopted, and what becomes of those that misbehave."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from plugin_place import PluginPlace
from serving import eventually

ROOT = Path(__file__).resolve().parents[3]


def test_the_examples_run(place: PluginPlace) -> None:
    """Those of examples/plugins, one in Python and one in shell, as its README says."""
    folder = place.folder / "examples"
    shutil.copytree(ROOT / "examples" / "plugins", folder)

    def dyna(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([place.dyna.__globals__["DYNA"], *words], cwd=folder, env=place.env,
                              capture_output=True, text=True, timeout=120, check=False)  # fmt: skip

    assert "examples/words" in dyna("types").stdout
    ran = dyna("run", "flow.yaml")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "11 words; most often the; " in ran.stdout
    flow = folder / "flow.yaml"
    flow.write_text(flow.read_text().replace("most: 2", "most: many"))
    wrong = dyna("validate", "flow.yaml")
    assert wrong.returncode == 2
    assert "flow.yaml:10:47: error: 'inputs.most' of 'examples/words'" in wrong.stderr


def test_values_go_there_and_back(place: PluginPlace) -> None:
    place.do("echo", {"n": "{{ inputs.n }}", "text": "n={{ inputs.n }}"},
             inputs=[{"id": "n", "type": "int", "default": 3}])  # fmt: skip
    assert place.run() == 0, place.said
    assert place.outputs() == {"value": {"n": 3, "text": "n=3"}, "trigger": "manual"}
    log = place.log()
    assert "at it: echo" in log
    assert "value is {'n': 3, 'text': 'n=3'}" in log


def test_types_are_listed_with_their_schemas(place: PluginPlace) -> None:
    listed = json.loads(place.dyna("types", "--json").stdout)["types"]
    mine = next(one for one in listed if one["type"] == "acme/do")
    assert mine["description"] == "Does as it is told."
    assert mine["program"] == [str(place.program)]
    assert mine["input_schema"]["required"] == ["how"]
    shell = next(one for one in listed if one["type"] == "shell")
    assert shell["built_in"]
    assert "script" in shell["schema"]["properties"]
    one = place.dyna("types", "acme/do").stdout
    assert one.startswith(f"acme/do ({place.program})\n")
    assert place.dyna("types", "acme/da").stderr.count("did you mean 'acme/do'?") == 1


def test_a_program_that_cannot_be_asked_is_named_at_its_type(place: PluginPlace) -> None:
    place.program.write_text("#!/bin/sh\necho no module >&2\nexit 3\n")
    place.do("echo")
    said = place.dyna("validate", "calls.yaml")
    assert said.returncode == 2
    assert (
        "it ended with exit code 3 before it said server.ready: no module (plugin)" in said.stderr
    )
    listed = place.dyna("types")
    assert listed.returncode == 6
    assert "no module" in listed.stdout


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("fail", "TASK_FAILED", "NO_WAY: not with 7"),
        ("exit", "EXIT_NONZERO", "it ended with exit code 1 before it said how the task ended: and that was all"),
        ("print", "OUTPUT_INVALID", "line 4 of its standard output is no message, but what is for people goes to "
                                    "standard error: half way"),
        ("long", "OUTPUT_INVALID", "line 4 of its standard output has more than 262,144 bytes"),
        ("wrong", "OUTPUT_INVALID", "the output is not as the plugin declares it: #/output"),
        ("mute", "TIMEOUT_ACKNOWLEDGE", "it did not answer task.invoke with task.queued within 300 ms"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said(place: PluginPlace, how: str, code: str, words: str) -> None:
    limits = {"timeouts": {"acknowledge": "300ms"}} if how == "mute" else {}
    place.do(how, 7, **limits)
    assert place.run() == 1
    ((found, message),) = place.errors()
    assert found == code
    assert words in message


def test_inputs_are_held_to_the_schema_once_they_are_known(place: PluginPlace) -> None:
    place.do("{{ inputs.how }}", inputs=[{"id": "how", "default": "nothing"}])
    assert place.dyna("validate", "calls.yaml").returncode == 0
    assert place.run() == 1
    ((code, message),) = place.errors()
    assert code == "INPUT_INVALID"
    assert "#/inputs/how" in message


def test_a_failed_attempt_is_tried_again(place: PluginPlace, tmp_path: Path) -> None:
    place.do("once", file=tmp_path / "tried", retry={"attempts": 3})
    assert place.run() == 0, place.said
    assert (tmp_path / "tried").read_text() == "xx"
    assert [code for code, _ in place.errors()] == ["TASK_FAILED"]


def test_what_will_not_help_is_not_tried_again(place: PluginPlace) -> None:
    place.do("fail", 7, retry={"attempts": 3})
    assert place.run() == 1
    assert len(place.errors()) == 1


def test_a_cancel_is_a_message_first(place: PluginPlace, tmp_path: Path) -> None:
    file = tmp_path / "begun"
    place.do("kind", file=file)
    running = place.spawn("run", "calls.yaml")
    eventually(file.exists, "the task has begun")
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 130
    assert file.read_text() == "xuser"


def test_who_hears_no_message_and_no_signal_is_killed(place: PluginPlace, tmp_path: Path) -> None:
    file = tmp_path / "begun"
    place.do("hang", file=file, timeouts={"complete": "500ms"})
    assert place.run() == 1
    assert place.errors()[0][0] == "TIMEOUT_COMPLETE"
    assert file.exists()
    found = subprocess.run(["pgrep", "-f", str(place.program)], capture_output=True, check=False)
    assert found.returncode == 1, "nothing of it is left"


def test_a_killed_owner_loses_no_attempt(place: PluginPlace, tmp_path: Path) -> None:
    file, gate = tmp_path / "begun", tmp_path / "gate"
    os.mkfifo(gate)
    place.do("child", str(gate), file=file)
    running = place.spawn("run", "calls.yaml")
    eventually(file.exists, "the task has begun")
    running.kill()
    running.wait()
    adopting = place.spawn("resume", "last")
    with gate.open("wb") as opened:
        opened.write(b"x")
    assert adopting.wait(timeout=60) == 0
    assert file.read_text() == "x", "it ran once"
    assert place.rows("select state, attempt from attempt") == [("completed", 1)]


def test_a_run_stays_with_the_schemas_of_its_version(place: PluginPlace) -> None:
    place.do("echo")
    assert place.dyna("apply", "calls.yaml").returncode == 0
    place.program.write_text(place.program.read_text().replace('"version": "1"', '"version": "2"'))
    assert place.dyna("run", "calls").returncode == 0
    assert "it is version '2' now; the flow was checked with '1'" in place.log()
    assert "1 changed" in place.dyna("plan", "calls.yaml").stdout


def test_a_plugin_that_the_project_lost(place: PluginPlace) -> None:
    place.do("echo")
    assert place.dyna("apply", "calls.yaml").returncode == 0
    (place.folder / "cordyna.yaml").write_text("")
    assert place.dyna("run", "calls").returncode == 1
    assert place.errors()[0][0] == "TOOL_MISSING"
    said = place.dyna("validate", "calls.yaml").stderr
    assert "the project's cordyna.yaml declares no plugin 'acme/do'" in said
