/// When a schedule is due: a cron expression in a time zone, on days of 23 and 25 hours too.
///
/// A pure function of its definition: the same after a restart, a change of the owner, and for a
/// backfill. Reads no clock. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/trigger.hpp"
#include "schedule/cron.hpp"
#include "schedule/zone.hpp"

namespace cordyna::schedule {

using cordyna::OnGap;
using cordyna::OnOverlap;

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
  /// Of a trigger. Errors: kInvalidArgument: its expression or its zone is none; kUnavailable: the
  /// machine has no zones.
  [[nodiscard]] static Result<Schedule> of(const TriggerSpec& trigger);

  explicit Schedule(Definition definition) : definition_(std::move(definition)) {}

  /// The first time it is due after `after`; nullopt: never again.
  ///
  /// An expression whose minute or hour is every (or every nth) goes by the time that passes: the
  /// policies of clock changes are for the others.
  [[nodiscard]] std::optional<Millis> next(Millis after) const;

  /// The last time it was due before `before`; nullopt: not within the 30 years before it, which is
  /// longer than any expression rests. Costs some 60 calls of `next`, however often it is due.
  [[nodiscard]] std::optional<Millis> previous(Millis before) const;

  [[nodiscard]] const Definition& definition() const { return definition_; }

 private:
  [[nodiscard]] std::optional<std::int64_t> next_second(std::int64_t after) const;
  [[nodiscard]] bool is_holiday(LocalSeconds local) const;

  Definition definition_;
};

}  // namespace cordyna::schedule
