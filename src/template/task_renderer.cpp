#include "template/task_renderer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace cordyna {
namespace {

constexpr std::string_view kSecretPrefix = "DYNA_SECRET_";

Result<std::string> find_variable(std::string_view name) {
  if (name.starts_with(kSecretPrefix)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("env('{}') would show a secret; write secret('{}')", name,
                            name.substr(kSecretPrefix.size())));
  }
  const char* value = std::getenv(std::string(name).c_str());
  if (value != nullptr) return std::string(value);
  return fail(ErrorCode::kNotFound,
              fmt::format("env('{0}'): {0} is not set in the environment of dyna; set it, or write "
                          "env('{0}') | default('…')",
                          name));
}

}  // namespace

TaskRenderer::TaskRenderer(const Secrets& secrets, const StartAttempt& command)
    : secrets_(secrets), command_(command), task_(command.flow->tasks[command.task]) {}

Result<std::string> TaskRenderer::find_secret(std::string_view name) {
  Result<std::string> value = secrets_.find(name);
  if (!value.has_value()) {
    secret_failed_ = true;
  } else if (!value->empty() && std::ranges::find(masks_, *value) == masks_.end()) {
    masks_.push_back(*value);
  }
  return value;
}

tmpl::Lookup TaskRenderer::lookup() {
  return {[this](std::string_view name) { return find_secret(name); }, &find_variable};
}

std::expected<std::string, TaskError> TaskRenderer::text(std::string_view key,
                                                         std::string_view value) {
  Result<std::string> result = tmpl::render(value, command_.context, lookup());
  if (!result.has_value()) return std::unexpected(error(key, result.error()));
  if (result->find('\0') != std::string::npos) {
    const Error nul{ErrorCode::kInvalidArgument,
                    "the value holds a NUL byte, which no program can be given"};
    return std::unexpected(error(key, nul));
  }
  return std::move(*result);
}

std::expected<TaskRenderer::Env, TaskError> TaskRenderer::env() {
  Env env;
  for (const auto& [name, value] : task_.env) {
    auto rendered = text(fmt::format("env.{}", name), value);
    if (!rendered.has_value()) return std::unexpected(std::move(rendered.error()));
    env.emplace_back(name, std::move(*rendered));
  }
  return env;
}

TaskError TaskRenderer::error(std::string_view key, const Error& error) const {
  const TaskErrorCode code = secret_failed_                       ? TaskErrorCode::kSecretMissing
                             : error.code == ErrorCode::kInternal ? TaskErrorCode::kInternal
                                                                  : TaskErrorCode::kTemplateFailed;
  return make_task_error(code, Phase::kPrepare, fmt::format("{}: {}", key, error.message));
}

}  // namespace cordyna
