/// The smallest flow, for tests of what is around it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "model/flow.hpp"

namespace cordyna {

inline std::shared_ptr<Flow> one_log(const std::string& id = "f", const std::string& hash = "h",
                                     const std::string& ns = "") {
  auto flow = std::make_shared<Flow>();
  flow->id = id;
  flow->ns = ns;
  flow->owner = "team";
  flow->hash = hash;
  TaskSpec task;
  task.id = "say";
  task.type = "log";
  task.owner = "team";
  task.kind = TaskKind::kEngine;
  flow->tasks.push_back(std::move(task));
  return flow;
}

}  // namespace cordyna
