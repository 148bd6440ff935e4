#include "cli/limits.hpp"

#include <filesystem>
#include <utility>

#include "flow/project_file.hpp"

namespace cordyna::cli {

std::string folder_of(const StateLayout& layout) {
  return std::filesystem::path(layout.folder()).parent_path().string();
}

Result<engine::Limits> limits_for(std::uint32_t slots, const std::string& folder) {
  TRY_ASSIGN(flow::Project project, flow::load_project(folder));
  return engine::Limits{slots, std::move(project.pools)};
}

}  // namespace cordyna::cli
