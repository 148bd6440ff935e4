#include "server/api/attempt_place.hpp"

#include <algorithm>

namespace cordyna::server {

std::optional<std::string> attempt_place(const StateLayout& layout, const Flow& flow, RunNo run,
                                         const std::string& path, std::uint32_t attempt) {
  const auto task = std::ranges::find(flow.tasks, task_in_path(path), &TaskSpec::id);
  if (task == flow.tasks.end()) return std::nullopt;
  return layout.attempt_folder(run, static_cast<TaskIndex>(task - flow.tasks.begin()), attempt,
                               items_in_path(path));
}

}  // namespace cordyna::server
