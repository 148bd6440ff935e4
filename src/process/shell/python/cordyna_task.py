# What a Cordyna task knows, and how it hands something on.
import json
import os
import shutil
from pathlib import Path

_data = json.loads(
    Path(__file__).with_name("cordyna_task.json").read_bytes().decode("utf-8", "surrogateescape")
)
inputs = _data.get("inputs", {})
outputs = _data.get("outputs", {})
run = _data.get("run", {})
flow = _data.get("flow", {})
task = _data.get("task", {})
vars = _data.get("vars", {})
labels = _data.get("labels", {})
error = _data.get("error", {})
del _data


def set_output(name, value):
    """Makes `value` (anything that JSON can hold) the output `name` of this task."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"the name of an output is a text, not {name!r}")
    line = json.dumps({name: value}, allow_nan=False)
    with Path(os.environ["DYNA_OUTPUTS"]).open("a", encoding="ascii") as file:
        file.write(line + "\n")


def artifact(path, name=None):
    """Keeps a copy of the file at `path`, under its own name or `name`; gives the copy's path.

    A file that is written to $DYNA_ARTIFACTS at once needs no copy.
    """
    source = Path(path)
    folder = Path(os.environ["DYNA_ARTIFACTS"]).resolve()
    target = folder / (name or source.name)
    if not target.resolve().is_relative_to(folder):
        raise ValueError(f"the artifact {name!r} would lie outside of {folder}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.resolve() != target.resolve():
        shutil.copyfile(source, target)
    return target
