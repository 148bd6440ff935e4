"""S13–S16 and S30 of plugins: what is given to a program is data, little of ours reaches it, no flow names it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).resolve().parent.parent / "integration"
sys.path[:0] = [str(INTEGRATION / one) for one in ("calls", "plugins")]

from plugin_place import PluginPlace  # noqa: E402
from serving import serve  # noqa: E402

EVIL = [
    "; touch pwned",
    "$(touch pwned)",
    "`id`",
    "-rf --",
    '"},"type":"cordyna.task.completed.v1","data":{"',
    '\n{"specversion":"1.0","id":"2","source":"x","type":"cordyna.task.cancel.v1","data":{}}\n',
    "{{ 7*7 }} ${HOME} %(x)s {% raw %}",
    "\u2028\u202e\ud83d\ude00 <script>",
]


@pytest.fixture
def place(tmp_path: Path) -> PluginPlace:
    return PluginPlace(tmp_path)


@pytest.mark.parametrize("value", EVIL, ids=range(len(EVIL)))
def test_a_value_arrives_as_it_is(place: PluginPlace, value: str) -> None:
    place.do("echo", "{{ inputs.v }}", inputs=[{"id": "v"}])
    value = value.encode("utf-16", "surrogatepass").decode("utf-16")
    assert place.run("--input", f"v={value}") == 0, place.said
    assert place.outputs()["value"] == value
    assert not (place.folder / "pwned").exists()


def test_the_environment_is_an_allow_list(place: PluginPlace) -> None:
    place.env |= {
        "DYNA_SECRET_CANARY": "canary-9d1",
        "LD_LIBRARY_PATH": "/x",
        "AWS_SECRET": "canary-9d1",
    }
    place.do("env", env={"MINE": "yes"})
    assert place.run() == 0, place.said
    env = place.outputs()["env"]
    assert env["MINE"] == "yes"
    assert env["DYNA_PLUGIN"] == "acme/do"
    assert "canary-9d1" not in json.dumps(env)
    assert {"DYNA_REPORT", "DYNA_PLUGIN_SECRETS", "LD_LIBRARY_PATH"} & set(env) == set()
    assert place.outputs()["argv"] == [str(place.program)]


def test_a_secret_is_in_no_file_log_output_or_error(place: PluginPlace) -> None:
    canary = "canary-of-plugins-5c2e"
    place.env["DYNA_SECRET_CANARY"] = canary
    secret = "{{ secret('CANARY') }}"
    place.do("echo", secret)
    assert place.run() == 0, place.said
    assert place.outputs()["value"] == "***"
    assert canary.encode() not in place.everything()
    place.do("fail", secret)
    assert place.run() == 1
    assert place.errors()[-1][1] == "NO_WAY: not with ***"
    assert canary.encode() not in place.everything()


def test_no_flow_names_a_program(tmp_path: Path) -> None:
    """Whoever applies flows over the network has the server's plugins, and brings none."""
    folder = tmp_path / "server"
    folder.mkdir()
    place = PluginPlace(folder)
    place.do("echo")
    server = serve(folder, "--state", str(folder / ".cordyna"))
    try:
        good = {
            "id": "f",
            "namespace": "acme",
            "tasks": [{"id": "a", "type": "acme/do", "inputs": {"how": "echo"}}],
        }

        def apply(flow: dict) -> tuple[int, str]:
            body = {"files": [{"name": "f.yaml", "text": json.dumps(flow)}]}
            answer = server.call("POST", "/api/v1/flows", body)
            return answer.status, json.dumps(answer.json)

        for task, words in [
            ({"type": "acme/other"}, "declares no plugin 'acme/other'"),
            ({"type": "../../bin/sh"}, "declares no plugin"),
            ({"type": "acme/do", "program": "/bin/sh"}, "unknown key 'program'"),
            ({"type": "acme/do", "declared": {"version": "1"}}, "unknown key 'declared'"),
        ]:
            status, said = apply(
                {**good, "tasks": [{"id": "a", "inputs": {"how": "echo"}, **task}]}
            )
            assert status == 422, said
            assert words in said
        status, said = apply({**good, "plugins": {"acme/x": "/bin/sh"}})
        assert status == 422
        assert "no flow names programs" in said
        assert apply(good)[0] == 200
        run = server.start("acme/f")
        assert server.ended(run)["state"] == "completed"
    finally:
        server.stop()
    assert place.program.exists()


def test_where_plugins_are_off_nothing_is_started(place: PluginPlace) -> None:
    begun = place.folder / "begun"
    place.do("echo")
    assert place.dyna("apply", "calls.yaml").returncode == 0
    place.program.write_text(f"#!/bin/sh\ntouch {begun}\n")
    place.env["DYNA_PLUGINS"] = "off"
    assert "switched off here" in place.dyna("validate", "calls.yaml").stderr
    assert place.dyna("run", "calls").returncode == 1
    assert place.errors()[0][0] == "ACCESS_DENIED"
    assert not begun.exists()
