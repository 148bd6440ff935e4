/// Random flows for the simulator.
#pragma once

#include <memory>

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
};

[[nodiscard]] std::shared_ptr<const Flow> random_flow(Random& random, const FlowTaste& taste);

}  // namespace cordyna::sim
