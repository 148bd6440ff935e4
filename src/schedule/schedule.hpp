/// When a schedule is due: a cron expression in a time zone, on days of 23 and 25 hours too.
///
/// A pure function of its definition: the same after a restart, a change of the owner, and for a
/// backfill. Reads no clock. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "schedule/cron.hpp"
#include "schedule/zone.hpp"

namespace cordyna::schedule {

/// What happens to a local time that the clocks pass over.
enum class OnGap : std::uint8_t {
  kShift,  ///< it is due when the clocks have been put forward
  kSkip,   ///< it is not due that day
};
/// What happens to a local time that comes twice.
enum class OnOverlap : std::uint8_t { kOnce, kBoth };  ///< kOnce: the first time

struct Definition {
  Cron cron;
  Zone zone = Zone::utc();
  OnGap on_gap = OnGap::kShift;
  OnOverlap on_overlap = OnOverlap::kOnce;
  /// Local days on which nothing is due, as days since 1970-01-01, ascending.
  std::vector<std::int64_t> holidays;
};

/// Points in time are in milliseconds, as everywhere, and whole seconds.
class Schedule {
 public:
  explicit Schedule(Definition definition) : definition_(std::move(definition)) {}

  /// The first time it is due after `after`; nullopt: never again.
  ///
  /// An expression whose minute or hour is every (or every nth) goes by the time that passes: the
  /// policies of clock changes are for the others.
  [[nodiscard]] std::optional<Millis> next(Millis after) const;

  [[nodiscard]] const Definition& definition() const { return definition_; }

 private:
  [[nodiscard]] std::optional<std::int64_t> next_second(std::int64_t after) const;
  [[nodiscard]] bool is_holiday(LocalSeconds local) const;

  Definition definition_;
};

}  // namespace cordyna::schedule
