/// The smallest flow, for tests of what is around it.
#pragma once

#include <memory>
#include <utility>

#include "model/flow.hpp"

namespace cordyna {

inline std::shared_ptr<const Flow> one_log() {
  auto flow = std::make_shared<Flow>();
  flow->id = "f";
  flow->owner = "team";
  flow->hash = "h";
  TaskSpec task;
  task.id = "say";
  task.type = "log";
  task.owner = "team";
  task.kind = TaskKind::kEngine;
  flow->tasks.push_back(std::move(task));
  return flow;
}

}  // namespace cordyna
