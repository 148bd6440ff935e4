/// One run for each time at which a flow would have been due in a stretch of the past: kept, paused
/// and cancelled as one thing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cordyna {

/// A small number for a backfill, unique in its store, ascending from 1.
using BackfillNo = std::int64_t;

enum class BackfillState : std::uint8_t {
  kRunning,
  kPaused,     ///< starts no more runs; those that live go on
  kCompleted,  ///< all its runs ended well
  kError,      ///< all ended, and not all well
  kCancelled,  ///< somebody ended it, and its runs with it
};

[[nodiscard]] std::string_view to_string(BackfillState state);
[[nodiscard]] std::optional<BackfillState> parse_backfill_state(std::string_view text);
[[nodiscard]] inline bool is_final(BackfillState state) {
  return state != BackfillState::kRunning && state != BackfillState::kPaused;
}

inline constexpr std::uint32_t kBackfillTimesMax = 10'000;
inline constexpr std::uint32_t kBackfillParallelMax = 1'000;

/// How its runs ended is not in here: they carry its number, and are the only truth about that.
struct BackfillRow {
  BackfillNo no = 0;
  std::string id;  ///< chosen by the caller: giving the same id again is harmless
  std::string ns;
  std::string flow_id;
  std::string flow_hash;
  std::string folder;   ///< the flow's
  std::string trigger;  ///< whose times they are; empty: one each `every`
  std::string inputs;   ///< JSON: pairs of input and text, which go before those of the trigger
  Millis begin = 0;     ///< the first time that counts
  Millis end = 0;       ///< the first that does not
  Millis every = 0;     ///< from `begin` on; 0: the times of the trigger
  std::uint32_t parallel = 1;
  bool only_missing = false;  ///< leaves out times that have a run that ended well
  bool newest_first = false;
  std::optional<BackfillState> from;  ///< nullopt: insert
  BackfillState state = BackfillState::kRunning;
  Millis cursor = 0;  ///< the last time that was dealt with; moves with the run that it starts
  std::uint32_t total = 0;    ///< times between begin and end
  std::uint32_t started = 0;  ///< runs
  std::uint32_t skipped = 0;  ///< by only_missing
  std::uint32_t refused = 0;  ///< times whose run could not be made
  std::string detail;         ///< why not, of the last of them
  Millis created_at = 0;
  Millis ended_at = 0;

  bool operator==(const BackfillRow&) const = default;
};

}  // namespace cordyna
