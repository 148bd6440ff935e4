/// Why a run is where it is, from the store alone: the same answer with and without a living owner.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "engine/why.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// Restores the run into an engine of its own and asks it; sends nothing, writes nothing.
/// Errors: kNotFound; kConflict: the run has ended; kCorrupt.
[[nodiscard]] Result<std::vector<engine::Blocker>> explain(StoreReader& store, RunNo run,
                                                           const FlowLoader& loader, Millis now);

}  // namespace cordyna
