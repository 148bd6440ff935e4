#include "cli/state_folder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateName = ".cordyna";
constexpr const char* kProjectName = "cordyna.yaml";

StateLayout absolute_layout(const std::string& folder) {
  std::error_code error;
  const fs::path path = fs::absolute(folder, error).lexically_normal();
  std::string text = error ? folder : path.string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return StateLayout(text);
}

}  // namespace

StateLayout state_for_flow(const StateChoice& choice, const std::string& flow_folder) {
  if (!choice.given().empty()) return absolute_layout(choice.given());
  std::error_code error;
  for (fs::path at = flow_folder;; at = at.parent_path()) {
    if (fs::exists(at / kProjectName, error)) return StateLayout((at / kStateName).string());
    if (at == at.parent_path()) break;
  }
  return StateLayout((fs::path(flow_folder) / kStateName).string());
}

Result<StateLayout> find_state(const StateChoice& choice, const std::string& folder) {
  std::error_code error;
  if (!choice.given().empty()) {
    StateLayout layout = absolute_layout(choice.given());
    if (fs::is_directory(layout.folder(), error)) return layout;
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no state folder {} ({})", layout.folder(),
                            choice.option.empty() ? "from $DYNA_STATE" : "from --state"));
  }
  for (fs::path at = folder;; at = at.parent_path()) {
    if (fs::is_directory(at / kStateName, error)) return StateLayout((at / kStateName).string());
    if (at == at.parent_path()) break;
  }
  return fail(
      ErrorCode::kNotFound,
      fmt::format("no state folder {} in {} or above it; a first 'dyna run FILE' makes one, "
                  "--state DIR or $DYNA_STATE names another",
                  kStateName, folder));
}

Result<std::string> working_folder() {
  std::error_code error;
  const fs::path path = fs::current_path(error);
  if (error) return fail(ErrorCode::kUnavailable, "working folder: " + error.message());
  return path.string();
}

}  // namespace cordyna::cli
