#include "process/shell/shell_preparer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "process/shell/script_names.hpp"
#include "process/shell/script_step_file.hpp"
#include "process/shell/shell_params.hpp"
#include "template/task_renderer.hpp"
#include "template/template.hpp"

namespace cordyna {
namespace {

/// Where a script of another interpreter names what only templates have, it means a template.
/// Other double braces are the language's own.
Result<> check_foreign(std::string_view script) {
  constexpr std::array<std::string_view, 6> kRoots = {"inputs", "outputs", "run",
                                                      "vars",   "secret",  "env"};
  for (const tmpl::Reference& reference : tmpl::analyze(script).references) {
    if (reference.path.size() < 2) continue;
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

}  // namespace

bool is_shell(const std::vector<std::string>& interpreter) {
  constexpr std::array<std::string_view, 8> kShells = {"sh",  "bash", "dash", "ash",
                                                       "ksh", "mksh", "zsh",  "busybox"};
  return std::ranges::find(kShells, script::program_of(interpreter)) != kShells.end();
}

namespace {

/// Makes the launch of one task.
class ShellTask {
 public:
  ShellTask(const StartAttempt& command, const AttemptPaths& paths, const Secrets& secrets)
      : command_(command), paths_(paths), renderer_(secrets, command) {}

  std::expected<Launch, TaskError> make(const std::string& program, const std::string& programs) {
    auto params = read_shell_params(renderer_.task().params);
    if (!params.has_value()) return std::unexpected(renderer_.error("params", params.error()));
    params_ = *std::move(params);
    launch_.folder = command_.flow->folder;
    for (const std::string& word : params_.interpreter) {
      auto rendered = renderer_.text("interpreter", word);
      if (!rendered.has_value()) return std::unexpected(std::move(rendered.error()));
      launch_.argv.push_back(std::move(*rendered));
    }
    auto env = renderer_.env();
    if (!env.has_value()) return std::unexpected(std::move(env.error()));
    launch_.env = std::move(*env);
    if (!params_.language.empty()) {
      add_compiled(program, programs);
    } else if (auto error = add_script(); error.has_value()) {
      return std::unexpected(*std::move(error));
    }
    launch_.masks = renderer_.masks();
    return std::move(launch_);
  }

 private:
  [[nodiscard]] std::string path_of(std::string_view name) const {
    return fmt::format("{}/{}", paths_.folder, name);
  }

  std::optional<TaskError> add_script() {
    const bool shell = is_shell(launch_.argv);
    const bool bound = shell && params_.file.empty();
    if (bound) {
      auto script = tmpl::bind_shell(params_.script, command_.context, renderer_.lookup());
      if (!script.has_value()) return renderer_.error("script", script.error());
      std::ranges::move(script->env, std::back_inserter(launch_.env));
      params_.script = std::move(script->text);
    } else if (params_.file.empty()) {
      if (auto good = check_foreign(params_.script); !good.has_value()) {
        return renderer_.error("script", good.error());
      }
    }
    if (bound && params_.script.size() <= kInlineScriptMax) {
      launch_.argv.insert(launch_.argv.end(), {"-c", std::move(params_.script), "dyna-script"});
      return std::nullopt;
    }
    std::string name = script::script_file(launch_.argv, params_.script, params_.file);
    launch_.argv.push_back(path_of(name));
    launch_.files.push_back({std::move(name), std::move(params_.script)});
    if (!bound) add_values();
    return std::nullopt;
  }

  void add_compiled(const std::string& program, const std::string& programs) {
    script::ScriptStep step;
    step.language = params_.language;
    step.name = script::source_file(params_.language, params_.file);
    step.shown = params_.file.empty() ? "the script" : params_.file;
    step.compiler = std::move(params_.compiler);
    step.programs = programs;
    if (params_.language == "java") {
      script::JavaMain main = script::java_main(params_.script);
      step.name = main.type + ".java";
      step.main = std::move(main.name);
    }
    step.source = "source-" + params_.language;
    launch_.argv = {program, "script-step", path_of(script::kStepFile)};
    launch_.files.push_back({step.source, std::move(params_.script)});
    launch_.files.push_back({script::kStepFile, script::to_json(step)});
    add_values();
  }

  /// All that templates know, but for secrets.
  void add_values() {
    launch_.env.emplace_back("DYNA_VALUES", path_of(script::kValuesFile));
    launch_.files.push_back(
        {script::kValuesFile, command_.context.empty() ? "{}" : command_.context, true});
  }

  const StartAttempt& command_;
  const AttemptPaths& paths_;
  TaskRenderer renderer_;
  ShellParams params_;
  Launch launch_;
};

}  // namespace

std::expected<Launch, TaskError> ShellPreparer::prepare(const StartAttempt& command,
                                                        const AttemptPaths& paths) {
  return ShellTask(command, paths, secrets_).make(program_, programs_);
}

}  // namespace cordyna
