/// What the state holds beside the runs that are taken up, as far as limits depend on it.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "engine/step.hpp"
#include "model/pool.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// All runs that have not ended, newest first. Errors: the store's.
[[nodiscard]] Result<std::vector<RunRow>> unfinished_runs(StoreReader& store);

/// For Engine::know, at `now`. Without pools and places, attempts are not read. Errors: the
/// store's.
[[nodiscard]] Result<engine::Surroundings> look_round(StoreReader& store,
                                                      const engine::Limits& limits, Millis now);

}  // namespace cordyna
