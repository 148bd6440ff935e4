/// Which times of a schedule have a run, and which are skipped: while somebody is there, and after
/// nobody was.
///
/// One pure function of the declaration, the last time that was dealt with, and the time now: a
/// restart, a trigger that is enabled again and a new owner get the same answer. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "model/trigger.hpp"
#include "schedule/schedule.hpp"

namespace cordyna::schedule {

/// Up to this long after it was due, a time is on time: it has its run whatever `catch_up` says.
inline constexpr Millis kOnTime = 10'000;
/// Runs of one catch-up; times before the newest so many are skipped.
inline constexpr std::size_t kCatchUpMax = 1000;
/// Up to here skipped times are counted one by one.
inline constexpr std::int64_t kCountMax = 10'000;

struct Tick {
  Millis at = 0;
  Millis interval_from = 0;  ///< the time that was due before it; itself where there was none

  bool operator==(const Tick&) const = default;
};

/// Times in a row that have no run.
struct Skipped {
  Millis first = 0;
  Millis last = 0;
  std::int64_t count = 0;  ///< 0: more than kCountMax
  std::string reason;      ///< "catch_up: latest"

  bool operator==(const Skipped&) const = default;
};

/// All times after `last` and up to `now`: first those that are skipped, then those that run.
struct TickPlan {
  std::vector<Skipped> skipped;  ///< one, or none
  std::vector<Tick> runs;        ///< ascending, at most kCatchUpMax and those on time
};

/// `last`: the last time that was dealt with; it need not be one of the schedule, and where it lies
/// ahead of `now` (the clock was put back) nothing is due.
///
/// `all` runs each time that was missed, `latest` the last one unless a later one is on time,
/// `none` none of them; `window` bounds how long ago they may be. Never more than kCatchUpMax.
[[nodiscard]] TickPlan plan_ticks(const Schedule& schedule, CatchUp policy, Millis window,
                                  Millis last, Millis now);

/// By how much a trigger's runs are later than its times: drawn once from its names, so that flows
/// that share a time do not start at the same moment, and each keeps its distances.
[[nodiscard]] Millis delay_of(const TriggerSpec& trigger, std::string_view ns,
                              std::string_view flow_id);

}  // namespace cordyna::schedule
