#include "schedule/schedule.hpp"

#include <algorithm>

namespace cordyna::schedule {
namespace {

constexpr Millis kMillisOfSecond = 1000;
constexpr std::int64_t kSecondsOfDay = 86'400;
constexpr std::int64_t kLookBackSeconds = std::int64_t{1} << 30;  // 34 years

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

}  // namespace

bool Schedule::is_holiday(LocalSeconds local) const {
  return std::ranges::binary_search(definition_.holidays, floor_div(local, kSecondsOfDay));
}

/// Goes from one period of the zone to the next. Within one, local and universal time differ by the
/// same; at its begin, local times were left out, or come again.
std::optional<std::int64_t> Schedule::next_second(std::int64_t after) const {
  const bool by_clock = !definition_.cron.is_interval();
  std::int64_t from = after + 1;
  while (true) {
    const Period period = definition_.zone.period_at(from);
    const std::int64_t before = definition_.zone.period_at(period.begin - 1).offset;
    const std::int64_t jump = period.offset - before;
    if (from == period.begin && jump > 0 && by_clock && definition_.on_gap == OnGap::kShift) {
      const auto missed = definition_.cron.next(period.begin + before);
      if (missed.has_value() && *missed < period.begin + period.offset && !is_holiday(*missed)) {
        return period.begin;
      }
    }
    LocalSeconds local = from + period.offset;
    if (jump < 0 && by_clock && definition_.on_overlap == OnOverlap::kOnce) {
      local = std::max(local, period.begin + before);  // these have been there
    }
    auto found = definition_.cron.next(local);
    while (found.has_value() && is_holiday(*found)) {
      found = definition_.cron.next((floor_div(*found, kSecondsOfDay) + 1) * kSecondsOfDay);
    }
    if (!found.has_value()) return std::nullopt;
    if (*found - period.offset < period.end) return *found - period.offset;
    // Not straight to the period of what was found: on the way clocks may go back, and times that
    // were over come again.
    from = period.end;
  }
}

Result<Schedule> Schedule::of(const TriggerSpec& trigger) {
  TRY_ASSIGN(Cron cron, Cron::parse(trigger.cron));
  TRY_ASSIGN(Zone zone, Zone::find(trigger.timezone));
  return Schedule(Definition{std::move(cron), std::move(zone), trigger.on_gap, trigger.on_overlap,
                             trigger.holidays});
}

/// `next` never goes back when its argument goes on. So the last time before a point can be found
/// by halving: it follows the latest second whose next time is before that point.
std::optional<Millis> Schedule::previous(Millis before) const {
  const std::int64_t end =
      floor_div(before - 1, kMillisOfSecond);  // the last second that may be it
  const auto reaches = [&](std::int64_t from) {
    const auto found = next_second(from);
    return found.has_value() && *found <= end;
  };
  std::int64_t step = 1;
  while (!reaches(end - step)) {
    step *= 2;
    if (step > kLookBackSeconds) return std::nullopt;
  }
  std::int64_t low = end - step;       // reaches
  std::int64_t high = end - step / 2;  // does not, or is not known to
  if (step == 1) high = end;
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (reaches(middle) ? low : high) = middle;
  }
  return *next_second(low) * kMillisOfSecond;
}

std::optional<Millis> Schedule::next(Millis after) const {
  const auto found = next_second(floor_div(after, kMillisOfSecond));
  if (!found.has_value()) return std::nullopt;
  return *found * kMillisOfSecond;
}

}  // namespace cordyna::schedule
