#include "cli/limits.hpp"

#include <filesystem>
#include <utility>

#include "cli/state_folder.hpp"
#include "flow/project_file.hpp"

namespace cordyna::cli {

std::string folder_of(const StateLayout& layout) {
  return std::filesystem::path(layout.folder()).parent_path().string();
}

Result<engine::Limits> limits_for(std::uint32_t slots, const std::string& folder) {
  TRY_ASSIGN(flow::Project project, flow::load_project(folder));
  return engine::Limits{slots, std::move(project.pools), std::move(project.places)};
}

Result<LimitsHere> limits_here(const CommandContext& context) {
  TRY_ASSIGN(const std::string here, working_folder());
  const auto layout = find_state(context.choice, here);
  if (!layout.has_value() && layout.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(layout.error());
  }
  // A state that was given elsewhere belongs to no project: then the one here is meant.
  const bool given = !context.choice.given().empty();
  const std::string folder = layout.has_value() && !given ? folder_of(*layout) : here;
  LimitsHere found;
  TRY_ASSIGN(found.limits, limits_for(1, folder));
  if (layout.has_value()) {
    TRY_ASSIGN(found.reader, context.parts.open_reader(*layout));
  }
  return found;
}

}  // namespace cordyna::cli
