#include "process/shell/python_preparer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "process/shell/shell_params.hpp"
#include "template/task_renderer.hpp"

namespace cordyna {
namespace {

constexpr std::string_view kModule = R"~(# What a Cordyna task knows, and how it hands something on.
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
    with open(os.environ["DYNA_OUTPUTS"], "a", encoding="ascii") as file:
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
)~";

/// Sets `name`, or puts `value` in front of what the task has there.
void set_path(TaskRenderer::Env& env, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find(env, name, &std::pair<std::string, std::string>::first);
  if (found == env.end()) {
    env.emplace_back(name, value);
  } else {
    found->second = found->second.empty() ? value : value + ":" + found->second;
  }
}

}  // namespace

std::expected<Launch, TaskError> PythonPreparer::prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) {
  TaskRenderer renderer(secrets_, command);
  auto params = read_python_params(renderer.task().params);
  if (!params.has_value()) return std::unexpected(renderer.error("params", params.error()));
  auto python = renderer.text("python", params->python);
  if (!python.has_value()) return std::unexpected(std::move(python.error()));
  auto env = renderer.env();
  if (!env.has_value()) return std::unexpected(std::move(env.error()));

  Launch launch;
  launch.folder = command.flow->folder;
  launch.argv = {std::move(*python), paths.folder + "/script.py"};
  // What the task sets itself counts.
  launch.env = {{"PYTHONDONTWRITEBYTECODE", "1"}, {"PYTHONUNBUFFERED", "1"}};
  set_path(*env, "PYTHONPATH", paths.folder);
  for (auto& [name, value] : *env) {
    std::erase_if(launch.env, [&](const auto& pair) { return pair.first == name; });
    launch.env.emplace_back(std::move(name), std::move(value));
  }
  launch.files = {{"script.py", std::move(params->script)},
                  {"cordyna_task.py", std::string(kModule)},
                  {"cordyna_task.json", command.context.empty() ? "{}" : command.context, true}};
  launch.masks = renderer.masks();
  return launch;
}

}  // namespace cordyna
