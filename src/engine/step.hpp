/// What the runs of one engine share, and one step of it.
#pragma once

#include "engine/admission.hpp"
#include "engine/decision.hpp"
#include "engine/slots.hpp"
#include "engine/timers.hpp"
#include "ports/evaluator.hpp"

namespace cordyna::engine {

struct Shared {
  explicit Shared(Limits limits) : slots(std::move(limits)) {}

  Timers timers;
  Slots slots;
  Admission admission;
};

/// One step of the engine: the time, and where its decision goes.
struct Step {
  Millis now = 0;
  const Evaluator& evaluator;
  Shared& shared;
  Decision& out;
};

/// What the state holds and nobody has told the engine run by run.
struct Surroundings {
  struct Starts {
    std::string pool;
    std::vector<Millis> at{};  ///< ascending
  };

  std::vector<RunRow> runs{};         ///< that have not ended
  std::vector<AttemptRow> holders{};  ///< attempts of pools, of those runs, that may live
  std::vector<Starts> starts{};       ///< of pools with a rate, as far as they still count
};

}  // namespace cordyna::engine
