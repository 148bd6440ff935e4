/// Random flows for the simulator.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/flow.hpp"
#include "sim/random.hpp"

namespace cordyna::sim {

/// When each world begins.
inline constexpr Millis kStart = 1'800'000'000'000;

/// How wild the flows of a world are.
struct FlowTaste {
  std::uint64_t tasks_max = 20;
  bool limits = true;  ///< phase timeouts, whole timeouts, a time limit of the run
  bool waits = true;   ///< pause and wait_for
  bool loops = true;   ///< foreach
};

[[nodiscard]] std::shared_ptr<const Flow> random_flow(Random& random, const FlowTaste& taste);

/// The flow as if each item of a foreach were written out, with the paths that its tasks have.
struct Unrolled {
  std::shared_ptr<const Flow> flow;
  std::vector<TaskIndex> origin;  ///< of each task: its place in the flow as it was
};

[[nodiscard]] Unrolled unroll(const Flow& flow);

/// The path of `other`, a task of the flow, as the task with the path `from` sees it.
[[nodiscard]] std::string path_beside(const Flow& flow, std::string_view from, TaskIndex other);

}  // namespace cordyna::sim
