/// What tests of the command line share: a flow, updates, a store in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/renderer.hpp"
#include "cli/update.hpp"
#include "model/flow.hpp"

namespace cordyna::cli::testing_support {

inline constexpr Millis kNoon = 1'795'262'400'000;  // 2026-11-21T12:00:00Z

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

inline Update run_update(Millis at, std::int64_t seq, RunState state) {
  Update update;
  update.at = at;
  update.run = 7;
  update.seq = seq;
  update.run_state = state;
  return update;
}

inline Update task_update(Millis at, std::int64_t seq, std::string task, TaskState state,
                          std::string detail = {}, std::uint32_t attempt = 1) {
  Update update;
  update.at = at;
  update.run = 7;
  update.seq = seq;
  update.task = std::move(task);
  update.attempt = attempt;
  update.task_state = state;
  update.detail = std::move(detail);
  return update;
}

}  // namespace cordyna::cli::testing_support
