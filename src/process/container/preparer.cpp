#include "process/container/preparer.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "process/container/policy.hpp"
#include "process/container/step_file.hpp"
#include "step/step_process.hpp"
#include "template/task_renderer.hpp"
#include "template/template.hpp"

namespace cordyna::container {
namespace {

namespace json = boost::json;

constexpr const char* kHostVariable = "DOCKER_HOST";  // a place may say another

std::unexpected<TaskError> refuse(TaskErrorCode code, std::string message) {
  return std::unexpected(make_task_error(code, Phase::kPrepare, std::move(message)));
}

/// The keys without `auth`, rendered.
std::expected<std::string, TaskError> rendered_keys(const json::object& params,
                                                    std::string_view context,
                                                    TaskRenderer& renderer) {
  json::object keys = params;
  keys.erase("auth");
  tmpl::Lookup lookup = renderer.lookup();
  lookup.secret = [](std::string_view name) -> Result<std::string> {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("secret('{}') may stand only in env and auth of a container: all else "
                            "is written to the disk",
                            name));
  };
  Result<std::string> rendered = tmpl::render_json(json::serialize(keys), context, lookup);
  if (!rendered.has_value()) return std::unexpected(renderer.error("container", rendered.error()));
  return *std::move(rendered);
}

/// What the registry is told; nothing without `auth`.
std::expected<std::optional<std::string>, TaskError> credentials(const json::object& params,
                                                                 TaskRenderer& renderer) {
  const json::value* auth = params.if_contains("auth");
  if (auth == nullptr || !auth->is_object()) return std::nullopt;
  json::object told;
  for (const char* key : {"username", "password"}) {
    const json::value* raw = auth->get_object().if_contains(key);
    if (raw == nullptr || !raw->is_string()) continue;
    auto text = renderer.text(fmt::format("auth.{}", key), std::string(raw->get_string()));
    if (!text.has_value()) return std::unexpected(std::move(text.error()));
    told[key] = *text;
  }
  return json::serialize(told);
}

}  // namespace

std::expected<Launch, TaskError> ContainerPreparer::prepare(const StartAttempt& command,
                                                            const AttemptPaths& paths) {
  const Flow& flow = *command.flow;
  TaskRenderer renderer(secrets_, command);
  boost::system::error_code problem;
  const json::value params = json::parse(renderer.task().params, problem);
  if (problem.failed() || !params.is_object()) {
    return refuse(TaskErrorCode::kInternal, "the keys of the task are not a JSON object");
  }
  auto keys = rendered_keys(params.get_object(), command.context, renderer);
  if (!keys.has_value()) return std::unexpected(std::move(keys.error()));
  const StepFile step{*std::move(keys), flow.folder, state_folder_, renderer.task().resources};
  // Wrong values, and what is not allowed, are found before a process is started.
  if (const auto allowed = allowed_task(step); !allowed.has_value()) {
    const bool denied = allowed.error().code == ErrorCode::kDenied;
    return refuse(denied ? TaskErrorCode::kAccessDenied : TaskErrorCode::kInputInvalid,
                  allowed.error().message);
  }

  Launch launch;
  launch.argv = {dyna_, "container-step", fmt::format("{}/{}", paths.folder, kStepFile)};
  launch.folder = flow.folder;
  launch.holds_resources = true;
  launch.files.push_back({kStepFile, to_json(step)});
  for (const char* name : {kHostVariable, kMountsVariable, kNetworksVariable}) {
    std::string value = step::variable(name);
    if (std::string_view(name) == kHostVariable && command.place != nullptr &&
        !command.place->host.empty()) {
      value = command.place->host;
    }
    if (!value.empty()) {
      launch.env.emplace_back(name, std::move(value));
    }
  }
  auto env = renderer.env();
  if (!env.has_value()) return std::unexpected(std::move(env.error()));
  for (auto& [name, value] : *env) {
    launch.env.emplace_back(fmt::format("{}{}", kEnvPrefix, name), std::move(value));
  }
  auto told = credentials(params.get_object(), renderer);
  if (!told.has_value()) return std::unexpected(std::move(told.error()));
  if (told->has_value()) launch.env.emplace_back(kAuthVariable, **std::move(told));
  launch.masks = renderer.masks();
  return launch;
}

}  // namespace cordyna::container
