/// What tests of the command line share: a flow, updates, a store in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/renderer.hpp"
#include "model/flow.hpp"
#include "service/update_fixture.hpp"

namespace cordyna::cli::testing_support {

using cordyna::testing_support::kNoon;
using cordyna::testing_support::run_update;
using cordyna::testing_support::task_update;

inline std::shared_ptr<const Flow> make_flow(
    const std::vector<std::pair<std::string, std::string>>& tasks) {
  auto flow = std::make_shared<Flow>();
  flow->id = "homes";
  for (const auto& [id, type] : tasks) {
    TaskSpec task;
    task.id = id;
    task.type = type;
    task.owner = "team";
    task.kind = type == "log" || type == "fail" ? TaskKind::kEngine : TaskKind::kProcess;
    flow->tasks.push_back(std::move(task));
  }
  return flow;
}

}  // namespace cordyna::cli::testing_support
