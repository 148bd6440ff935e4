#include "process/shell/shell_preparer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "process/shell/shell_params.hpp"
#include "template/task_renderer.hpp"
#include "template/template.hpp"

namespace cordyna {
namespace {

constexpr std::string_view kScriptFile = "script";

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// Where a script of another interpreter names what only templates have, it means a template.
Result<> check_foreign(std::string_view script) {
  constexpr std::array<std::string_view, 10> kRoots = {
      "inputs", "outputs", "run", "flow", "task", "vars", "labels", "error", "secret", "env"};
  for (const tmpl::Reference& reference : tmpl::analyze(script).references) {
    if (std::ranges::find(kRoots, reference.path[0]) == kRoots.end()) continue;
    const auto line =
        1 + std::ranges::count(script.substr(0, std::min(reference.offset, script.size())), '\n');
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("line {}: {{{{ … }}}} is bound only in scripts of a shell; hand the "
                            "value over with env: {{NAME: \"{{{{ … }}}}\"}}",
                            line));
  }
  return {};
}

Result<tmpl::BoundScript> bind_script(const std::string& script, bool shell,
                                      std::string_view context, const tmpl::Lookup& lookup) {
  if (shell) return tmpl::bind_shell(script, context, lookup);
  TRY(check_foreign(script));
  return tmpl::BoundScript{script, {}};
}

}  // namespace

bool is_shell(const std::vector<std::string>& interpreter) {
  constexpr std::array<std::string_view, 8> kShells = {"sh",  "bash", "dash", "ash",
                                                       "ksh", "mksh", "zsh",  "busybox"};
  if (interpreter.empty()) return false;
  const bool by_env = base_name(interpreter[0]) == "env" && interpreter.size() > 1;
  const std::string_view name = base_name(by_env ? interpreter[1] : interpreter[0]);
  return std::ranges::find(kShells, name) != kShells.end();
}

std::expected<Launch, TaskError> ShellPreparer::prepare(const StartAttempt& command,
                                                        const AttemptPaths& paths) {
  TaskRenderer renderer(secrets_, command);
  auto params = read_shell_params(renderer.task().params);
  if (!params.has_value()) return std::unexpected(renderer.error("params", params.error()));

  Launch launch;
  launch.folder = command.flow->folder;
  for (const std::string& word : params->interpreter) {
    auto rendered = renderer.text("interpreter", word);
    if (!rendered.has_value()) return std::unexpected(std::move(rendered.error()));
    launch.argv.push_back(std::move(*rendered));
  }
  auto env = renderer.env();
  if (!env.has_value()) return std::unexpected(std::move(env.error()));
  launch.env = std::move(*env);

  const bool shell = is_shell(launch.argv);
  auto bound = bind_script(params->script, shell, command.context, renderer.lookup());
  if (!bound.has_value()) return std::unexpected(renderer.error("script", bound.error()));
  std::ranges::move(bound->env, std::back_inserter(launch.env));
  if (shell && bound->text.size() <= kInlineScriptMax) {
    launch.argv.insert(launch.argv.end(), {"-c", std::move(bound->text), "dyna-script"});
  } else {
    launch.argv.push_back(fmt::format("{}/{}", paths.folder, kScriptFile));
    launch.files.push_back({std::string(kScriptFile), std::move(bound->text)});
  }
  launch.masks = renderer.masks();
  return launch;
}

}  // namespace cordyna
