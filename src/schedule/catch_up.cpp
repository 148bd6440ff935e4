#include "schedule/catch_up.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

#include "base/hash.hpp"

namespace cordyna::schedule {
namespace {

/// Where the times that were missed are cut in two.
struct Cut {
  std::optional<Millis> from;  // the first of them that runs; nullopt: none
  std::string reason;          // why those before it are skipped
};

Cut cut_of_all(const Schedule& schedule, Millis last, Millis newest, Millis bound, Millis window) {
  Cut cut{newest, {}};
  for (std::size_t runs = 1;; ++runs) {
    const auto before = schedule.previous(*cut.from);
    if (!before.has_value() || *before <= last) return cut;
    if (*before < bound) {
      cut.reason = fmt::format("longer ago than the window of {}", format_delay(window));
      return cut;
    }
    if (runs == kCatchUpMax) {
      cut.reason = fmt::format("more than {} were missed: the newest run", kCatchUpMax);
      return cut;
    }
    cut.from = before;
  }
}

Cut cut_of(const Schedule& schedule, CatchUp policy, Millis window, Millis last, Millis newest,
           Millis now, bool on_time) {
  const Millis bound = window > 0 ? now - window : std::numeric_limits<Millis>::min();
  if (policy == CatchUp::kNone) return {std::nullopt, "catch_up: none"};
  if (policy == CatchUp::kLatest && on_time) return {std::nullopt, "catch_up: latest"};
  if (newest < bound) {
    return {std::nullopt, fmt::format("longer ago than the window of {}", format_delay(window))};
  }
  if (policy == CatchUp::kLatest) return {newest, "catch_up: latest"};
  return cut_of_all(schedule, last, newest, bound, window);
}

Skipped skip(const Schedule& schedule, Millis first, Millis last, std::string reason) {
  Skipped skipped{first, last, 1, std::move(reason)};
  for (auto at = schedule.next(first); at.has_value() && *at <= last; at = schedule.next(*at)) {
    if (++skipped.count > kCountMax) {
      skipped.count = 0;
      break;
    }
  }
  return skipped;
}

/// The time that was due before `at`. Mostly it is the one that was dealt with last, which is
/// cheaper to find out.
std::optional<Millis> before(const Schedule& schedule, Millis at, Millis last) {
  if (schedule.next(last - 1000) == last && schedule.next(last) == at) return last;
  return schedule.previous(at);
}

}  // namespace

TickPlan plan_ticks(const Schedule& schedule, CatchUp policy, Millis window, Millis last,
                    Millis now) {
  TickPlan plan;
  const auto first = schedule.next(last);
  if (!first.has_value() || *first > now) return plan;
  std::optional<Millis> begin = first;  // of the times that run
  const Millis missed_until = now - kOnTime;
  if (*first < missed_until) {
    const Millis newest = schedule.previous(missed_until).value_or(*first);
    const auto on_time = schedule.next(newest);
    const bool is_on_time = on_time.has_value() && *on_time <= now;
    Cut cut = cut_of(schedule, policy, window, last, newest, now, is_on_time);
    const Millis skip_until = cut.from.has_value() ? *cut.from : newest + 1;
    if (skip_until > *first) {
      const Millis skipped_last = cut.from.has_value() ? *schedule.previous(*cut.from) : newest;
      plan.skipped.push_back(skip(schedule, *first, skipped_last, std::move(cut.reason)));
    }
    begin = cut.from.has_value() ? cut.from : on_time;
  }
  std::optional<Millis> from = begin.has_value() ? before(schedule, *begin, last) : std::nullopt;
  for (auto at = begin; at.has_value() && *at <= now; at = schedule.next(*at)) {
    plan.runs.push_back({*at, from.value_or(*at)});
    from = at;
  }
  return plan;
}

Millis delay_of(const TriggerSpec& trigger, std::string_view ns, std::string_view flow_id) {
  if (trigger.jitter <= 0) return 0;
  std::uint64_t hash = fnv1a(ns);
  hash = fnv1a(flow_id, fnv1a("\n", hash));
  hash = fnv1a(trigger.id, fnv1a("\n", hash));
  // The low bits of FNV alone are poor for names that differ in their last letter.
  hash ^= hash >> 32;
  return static_cast<Millis>(hash % static_cast<std::uint64_t>(trigger.jitter + 1));
}

}  // namespace cordyna::schedule
