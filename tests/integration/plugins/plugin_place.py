"""A project with the plugin `acme/do`: a real program that behaves as its inputs say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from listener import Place

PROGRAM = r"""#!/usr/bin/env python3
import json, os, signal, sys, time

TASK = {"id": "do", "version": "1", "description": "Does as it is told.",
        "owner": {"team": "acme", "contacts": ["a@acme.example"]},
        "input_schema": {"type": "object", "required": ["how"], "additionalProperties": False,
                         "properties": {"how": {"enum": ["echo", "fail", "never", "hang", "deaf", "exit", "print",
                                                         "long", "wrong", "once", "mute", "kind", "env", "child"]},
                                        "value": {}, "file": {"type": "string"}}},
        "output_schema": {"type": "object"}}


def say(kind, data):
    message = {"specversion": "1.0", "id": "1", "source": "urn:cordyna:ts:acme/do",
               "type": f"cordyna.{kind}.v1", "data": data}
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def touch(inputs, text="x"):
    with open(inputs["file"], "a") as file:
        file.write(text)


say("server.ready", {"tasks": [TASK]})
for line in sys.stdin:
    invoke = json.loads(line)
    if invoke["type"] == "cordyna.task.cancel.v1":
        touch(inputs, invoke["data"]["reason"])
        say("task.cancelled", {**mine, "was_running": True})
        continue
    inputs = invoke["data"]["inputs"]
    mine = {"attempt": invoke["data"]["attempt"]}
    how, value = inputs["how"], inputs.get("value")
    if how == "mute":
        time.sleep(600)
    say("task.queued", mine)
    say("task.started", mine)
    print("at it:", how, file=sys.stderr, flush=True)
    output = {}
    if how == "echo":
        say("task.log", {**mine, "offset": 0, "lines": [f"value is {value}"]})
        output = {"value": value, "trigger": invoke["data"]["trigger"]["kind"]}
    elif how == "fail":
        say("task.error", {**mine, "error": {"code": "NO_WAY", "message": f"not with {value}", "retryable": False}})
        continue
    elif how == "exit":
        sys.exit("and that was all")
    elif how == "print":
        print("half way")
        sys.stdout.flush()
        time.sleep(600)
    elif how == "long":
        sys.stdout.write("{" + " " * 300000)
        sys.stdout.flush()
        time.sleep(600)
    elif how == "wrong":
        output = [1]
    elif how == "once":
        touch(inputs)
        if os.path.getsize(inputs["file"]) == 1:
            say("task.error", {**mine, "error": {"code": "AGAIN", "message": "the first time"}})
            continue
    elif how == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        touch(inputs)
        while True:
            time.sleep(600)
    elif how == "kind":
        touch(inputs)
        continue
    elif how == "env":
        output = {"env": dict(os.environ), "argv": sys.argv, "cwd": os.getcwd()}
    elif how == "child":
        touch(inputs)
        gate = os.open(value, os.O_RDONLY)
        os.read(gate, 1)
    say("task.completed", {**mine, "output": output})
"""


class PluginPlace(Place):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.program = folder / "plugins" / "do.py"
        self.program.parent.mkdir()
        self.program.write_text(PROGRAM)
        self.program.chmod(0o755)
        (folder / "cordyna.yaml").write_text("plugins:\n  acme/do: ./plugins/do.py\n")

    def do(self, how: str, value: Any = None, **keys: Any) -> None:
        """A flow of one task of the plugin's type."""
        inputs: dict[str, Any] = {"how": how}
        if value is not None:
            inputs["value"] = value
        if "file" in keys:
            inputs["file"] = str(keys.pop("file"))
        more = {name: keys.pop(name) for name in ("inputs", "vars") if name in keys}
        self.write({"id": "call", "type": "acme/do", "inputs": inputs, **keys}, **more)
