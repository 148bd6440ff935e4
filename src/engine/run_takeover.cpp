// How a run machine takes over what an earlier run completed.
#include <fmt/format.h>

#include <utility>

#include "engine/run_machine.hpp"

namespace cordyna::engine {

/// Writes the rows as this run's own. They have no attempt here: none was made.
std::vector<TaskRow> RunMachine::take_over(Step& step, std::vector<TaskRow> taken) {
  for (TaskRow& row : taken) {
    TaskRow own;
    own.run = run_.no;
    own.path = std::move(row.path);
    own.state = row.state;
    own.warnings = row.warnings;
    own.ended_at = step.now;
    own.outputs = std::move(row.outputs);
    write_history(step, own.path, 0, own.state, std::nullopt,
                  fmt::format("taken over from run {}", run_.rerun_of));
    step.out.changes.tasks.push_back(own);
    row = std::move(own);
  }
  return taken;
}

}  // namespace cordyna::engine
