#include "cli/server_config.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace cordyna::cli {
namespace {

Result<> take(ResolvedConfig& choice, const std::string& name, const std::string& value,
              const std::string& source) {
  const auto taken = flow::set(choice.config, name, value);
  if (!taken.has_value()) return fail(source, taken.error());
  choice.sources[name] = source;
  return {};
}

}  // namespace

Result<flow::Project> project_for(const Arguments& arguments, const std::string& folder) {
  const std::string& file = arguments.serve.config;
  if (file.empty()) return flow::load_project(folder);
  return flow::load_project_file(std::filesystem::absolute(file).lexically_normal().string());
}

Result<ResolvedConfig> resolve_config(const Arguments& arguments, const flow::Project& project) {
  ResolvedConfig choice;
  choice.config = project.server;
  for (const std::string& name : project.server_settings) choice.sources[name] = project.file;
  for (const std::string& name : flow::setting_names()) {
    const std::string variable = flow::environment_name(name);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets it
    const char* value = std::getenv(variable.c_str());
    if (value != nullptr && *value != '\0') TRY(take(choice, name, value, variable));
  }
  for (const auto& [name, value] : arguments.serve.options) {
    TRY(take(choice, name, value, "--" + name));
  }
  for (const std::string& pair : arguments.serve.settings) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("--set {}: NAME=VALUE is wanted, such as limits.body=2MiB", pair));
    }
    TRY(take(choice, pair.substr(0, equals), pair.substr(equals + 1), "--set"));
  }
  return choice;
}

}  // namespace cordyna::cli
