#include "process/shell/python_preparer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdlib>

#include "http/proxy.hpp"
#include "process/shell/python_files.hpp"
#include "process/shell/shell_params.hpp"
#include "template/task_renderer.hpp"
#include "template/template.hpp"

namespace cordyna {
namespace {

namespace json = boost::json;

using Env = TaskRenderer::Env;

constexpr const char* kToolsVariable = "DYNA_PYTHON_TOOLS";

/// Sets `name`, or puts `value` in front of what the task has there.
void set_path(Env& env, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find(env, name, &std::pair<std::string, std::string>::first);
  if (found == env.end()) {
    env.emplace_back(name, value);
  } else {
    found->second = found->second.empty() ? value : value + ":" + found->second;
  }
}

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? std::string() : std::string(value);
}

/// Of the owner's environment, what says how packages are fetched: for uv and pip alone.
Env tool_variables() {
  Env found = http::network_variables();
  constexpr std::array<std::string_view, 4> kNames{"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC",
                                                   "XDG_CACHE_HOME"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (name.size() == text.size()) continue;
    if (name.starts_with("UV_") || name.starts_with("PIP_") ||
        std::ranges::find(kNames, name) != kNames.end()) {
      found.emplace_back(name, text.substr(name.size() + 1));
    }
  }
  return found;
}

/// The passwords in addresses of a text: https://user:password@host.
void add_passwords(std::string_view text, std::vector<std::string>& masks) {
  for (std::size_t at = text.find("://"); at != std::string_view::npos;
       at = text.find("://", at + 3)) {
    const std::string_view rest = text.substr(at + 3);
    std::string password = http::proxy_password(rest.substr(0, rest.find_first_of("/ \t\n,")));
    if (!password.empty()) masks.push_back(std::move(password));
  }
}

/// Makes the launch of one task.
class PythonTask {
 public:
  PythonTask(const StartAttempt& command, const AttemptPaths& paths, const Secrets& secrets)
      : command_(command), paths_(paths), renderer_(secrets, command) {}

  std::expected<Launch, TaskError> make(const std::string& uv) {
    auto params = read_python_params(renderer_.task().params);
    if (!params.has_value()) return std::unexpected(renderer_.error("params", params.error()));
    params_ = *std::move(params);
    auto python = renderer_.text("python", params_.python);
    if (!python.has_value()) return std::unexpected(std::move(python.error()));
    auto env = renderer_.env();
    if (!env.has_value()) return std::unexpected(std::move(env.error()));
    launch_.folder = command_.flow->folder;
    launch_.argv = {std::move(*python), fmt::format("{}/{}", paths_.folder, kPythonRunner)};
    set_env(*std::move(env));
    launch_.files = {
        python_file(kPythonRunner),
        python_file("cordyna_task.py"),
        {"cordyna_task.json", command_.context.empty() ? "{}" : command_.context, true}};
    launch_.masks = renderer_.masks();
    if (auto error = add_call(); error.has_value()) return std::unexpected(*std::move(error));
    if (!params_.requirements.empty()) add_tools(uv);
    return std::move(launch_);
  }

 private:
  void set_env(Env env) {
    // What the task sets itself counts.
    launch_.env = {{"PYTHONDONTWRITEBYTECODE", "1"}, {"PYTHONUNBUFFERED", "1"}};
    set_path(env, "PYTHONPATH", paths_.folder);
    for (auto& [name, value] : env) {
      std::erase_if(launch_.env, [&](const auto& pair) { return pair.first == name; });
      launch_.env.emplace_back(std::move(name), std::move(value));
    }
  }

  /// A folder of `path`, from the flow's.
  [[nodiscard]] std::string absolute(const std::string& path) const {
    return path.starts_with('/') ? path : fmt::format("{}/{}", command_.flow->folder, path);
  }

  /// cordyna_call.json: what is to be done.
  std::optional<TaskError> add_call() {
    json::object call{{"function", nullptr}, {"arguments", nullptr}, {"inputs", json::object()}};
    json::array path;
    if (params_.function.empty()) {
      launch_.files.push_back({"script.py", std::move(params_.script)});
    } else {
      call["function"] = params_.function;
      path.push_back(view(command_.flow->folder));
      launch_.files.push_back(python_values_file());
      if (auto error = add_arguments(call); error.has_value()) return error;
      if (auto error = add_module(call); error.has_value()) return error;
    }
    for (const std::string& one : params_.path) path.push_back(view(absolute(one)));
    call["path"] = std::move(path);
    json::array requirements;
    for (const std::string& line : params_.requirements) requirements.push_back(view(line));
    call["requirements"] = std::move(requirements);
    launch_.files.push_back({"cordyna_call.json", json::serialize(call)});
    return std::nullopt;
  }

  std::optional<TaskError> add_arguments(json::object& call) {
    if (params_.arguments.empty()) {
      json::error_code problem;
      const json::value context =
          json::parse(command_.context.empty() ? "{}" : command_.context, problem);
      if (problem) {
        return make_task_error(TaskErrorCode::kInputInvalid, Phase::kPrepare,
                               "the inputs are no JSON: " + problem.message());
      }
      const json::value* inputs =
          context.is_object() ? context.get_object().if_contains("inputs") : nullptr;
      if (inputs != nullptr && inputs->is_object()) call["inputs"] = *inputs;
      return std::nullopt;
    }
    tmpl::Lookup lookup = renderer_.lookup();
    lookup.secret = [](std::string_view name) -> Result<std::string> {
      return fail(
          ErrorCode::kInvalidArgument,
          fmt::format("arguments lie in a file, and no secret does; give '{}' by env:", name));
    };
    auto rendered = tmpl::render_json(params_.arguments, command_.context, lookup);
    if (!rendered.has_value()) return renderer_.error("arguments", rendered.error());
    json::error_code problem;
    call["arguments"] = json::parse(*rendered, problem);
    if (!problem) return std::nullopt;
    return make_task_error(
        TaskErrorCode::kInputInvalid, Phase::kPrepare,
        "arguments: what they are with their values is no JSON: " + problem.message());
  }

  /// For the key of a cache, the content of the module belongs to what the task does.
  std::optional<TaskError> add_module(json::object& call) {
    if (renderer_.task().cache.key.empty()) return std::nullopt;
    const std::string module = params_.function.substr(0, params_.function.find(':'));
    std::vector<std::string> folders{command_.flow->folder};
    for (const std::string& one : params_.path) folders.push_back(absolute(one));
    json::array files;
    for (const std::string& folder : folders) {
      auto found = module_files(folder, module);
      if (!found.has_value()) return renderer_.error("function", found.error());
      for (std::string& file : *found) {
        files.push_back(view(file));
        launch_.reads.push_back(std::move(file));
      }
    }
    call["files"] = std::move(files);
    return std::nullopt;
  }

  void add_tools(const std::string& uv) {
    json::object env;
    for (const auto& [name, value] : tool_variables()) {
      add_passwords(value, launch_.masks);
      env[view(name)] = view(value);
    }
    for (const auto& [name, value] : launch_.env) add_passwords(value, launch_.masks);
    for (const std::string& line : params_.requirements) add_passwords(line, launch_.masks);
    const json::object tools{{"uv", variable("DYNA_UV")}, {"beside", uv}, {"env", std::move(env)}};
    launch_.files.push_back(python_file("cordyna_environment.py"));
    // Not in a file: an address may have a password.
    launch_.env.emplace_back(kToolsVariable, json::serialize(tools));
  }

  const StartAttempt& command_;
  const AttemptPaths& paths_;
  TaskRenderer renderer_;
  PythonParams params_;
  Launch launch_;
};

}  // namespace

std::expected<Launch, TaskError> PythonPreparer::prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) {
  return PythonTask(command, paths, secrets_).make(uv_);
}

}  // namespace cordyna
