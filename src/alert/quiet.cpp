#include "alert/quiet.hpp"

#include <algorithm>

#include "schedule/zone.hpp"

namespace cordyna::alert {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kDaysOfWeek = 7;
constexpr std::int64_t kThursday = 3;  // 1970-01-01

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// Local seconds to UTC, as the clocks go then.
std::int64_t to_utc(const schedule::Zone& zone, std::int64_t local) {
  const std::int64_t guess = local - zone.period_at(local).offset;
  return local - zone.period_at(guess).offset;
}

/// When the hours that begin on the local day end, in local seconds. 0: `local` is not in them.
std::int64_t end_of(const QuietHours& quiet, std::int64_t day, std::int64_t local) {
  const std::int64_t weekday = ((day + kThursday) % kDaysOfWeek + kDaysOfWeek) % kDaysOfWeek;
  if ((quiet.days & (1U << weekday)) == 0) return 0;
  const std::int64_t begin = day * kDay + quiet.from * kMinute;
  std::int64_t end = day * kDay + quiet.to * kMinute;
  if (end <= begin) end += kDay;
  return local >= begin && local < end ? end : 0;
}

}  // namespace

Millis after_quiet(const QuietHours& quiet, Millis at) {
  const auto found = schedule::Zone::find(quiet.timezone);
  const schedule::Zone zone = found.value_or(schedule::Zone::utc());
  Millis free = at;
  // One day's hours may end where the next one's begin; a week of them is for ever.
  for (int i = 0; i <= kDaysOfWeek; ++i) {
    const std::int64_t utc = floor_div(free, 1000);
    const std::int64_t local = utc + zone.period_at(utc).offset;
    const std::int64_t day = floor_div(local, kDay);
    const std::int64_t end = std::max(end_of(quiet, day - 1, local), end_of(quiet, day, local));
    if (end == 0) return free;
    free = std::max(to_utc(zone, end) * 1000, free + 1);
  }
  return free;
}

}  // namespace cordyna::alert
