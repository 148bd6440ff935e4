/// Why a run is where it is, from the store alone: the same answer with and without a living owner.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "engine/why.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// Restores the run into an engine of its own and asks it; sends nothing, writes nothing. `limits`:
/// pools and places of the project; its slots do not count.
/// How many attempts a task server's line takes. None: nobody here knows; whatever waits then waits
/// for what is held, or, where nothing is, for the server.
using RoomOf = std::function<std::uint32_t(const std::string& line)>;

/// Errors: kNotFound; kConflict: the run has ended; kCorrupt.
[[nodiscard]] Result<std::vector<engine::Blocker>> explain(StoreReader& store, RunNo run,
                                                           const FlowLoader& loader,
                                                           const engine::Limits& limits, Millis now,
                                                           const RoomOf& room = {});

/// What a pool holds, and who waits for it.
struct PoolUse {
  PoolSpec spec;
  std::vector<engine::SlotHolder> holders{};
  std::vector<engine::SlotHolder> waiting{};  ///< that have nothing else to wait for
  std::size_t started = 0;                    ///< in the span of its rate that ends now
  Millis next_start = 0;                      ///< when the next may be; 0: now
};

/// All pools, by the store alone: runs that nobody has taken up count too. Errors: as explain.
[[nodiscard]] Result<std::vector<PoolUse>> pool_use(StoreReader& store, const FlowLoader& loader,
                                                    const engine::Limits& limits, Millis now);

/// What a place holds, and who waits for it.
struct PlaceUse {
  PlaceSpec spec;
  std::uint64_t cpu_millis = 0;  ///< that are held, and
  std::uint64_t memory_bytes = 0;
  std::vector<engine::SlotHolder> holders{};
  std::vector<engine::SlotHolder>
      waiting{};  ///< that it could take, and that wait for nothing else
};

/// All places, in order of their names; as pool_use.
[[nodiscard]] Result<std::vector<PlaceUse>> place_use(StoreReader& store, const FlowLoader& loader,
                                                      const engine::Limits& limits, Millis now);

}  // namespace cordyna
