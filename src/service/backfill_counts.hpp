/// How the runs of a backfill are doing, from the store alone: whoever carries it on.
#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// Of the runs of a backfill.
struct BackfillCounts {
  std::uint32_t well = 0;  ///< completed, or with warnings
  std::uint32_t failed = 0;
  std::uint32_t cancelled = 0;
  std::uint32_t live = 0;
  std::uint32_t held = 0;  ///< of those that live: they wait for a person

  void add(RunState state);
  bool operator==(const BackfillCounts&) const = default;
};

[[nodiscard]] Result<BackfillCounts> count_runs(StoreReader& reader, BackfillNo no);

}  // namespace cordyna
