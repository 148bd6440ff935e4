/// The model that the engine is compared with: who runs, who is skipped, who is blocked, from the
/// outcomes alone.
#pragma once

#include <functional>
#include <vector>

#include "model/flow.hpp"
#include "model/states.hpp"

namespace cordyna::sim {

/// Whether a failure of the task may be: it, or a switch around it, has `allow_failure`.
[[nodiscard]] bool forgiven(const Flow& flow, TaskIndex task);

/// The final state of each task of a run that was not cancelled. `own(task)`: how a task ends if it
/// is run (completed or error). Knows nothing of the engine's code.
[[nodiscard]] std::vector<TaskState> expected_states(
    const Flow& flow, const std::function<TaskState(TaskIndex)>& own);

}  // namespace cordyna::sim
