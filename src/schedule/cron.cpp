#include "schedule/cron.hpp"

#include <algorithm>

#include "base/calendar.hpp"

namespace cordyna::schedule {
namespace {

constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2200;
constexpr int kSaturday = 6;

template <std::size_t N>
std::optional<unsigned> first_at_least(const std::bitset<N>& set, unsigned from) {
  for (std::size_t i = from; i < N; ++i) {
    if (set.test(i)) return static_cast<unsigned>(i);
  }
  return std::nullopt;
}

/// The working day of the month nearest to `day`, without leaving the month.
unsigned nearest_working_day(unsigned day, unsigned last, int first_weekday) {
  const int weekday = (first_weekday + static_cast<int>(day) - 1) % 7;
  if (weekday == kSaturday) return day > 1 ? day - 1 : day + 2;
  if (weekday == 0) return day < last ? day + 1 : day - 2;
  return day;
}

unsigned last_working_day(unsigned last, int first_weekday) {
  const int weekday = (first_weekday + static_cast<int>(last) - 1) % 7;
  if (weekday == kSaturday) return last - 1;
  return weekday == 0 ? last - 2 : last;
}

}  // namespace

bool Cron::day_of_month_matches(unsigned day, unsigned last, int first_weekday) const {
  if (days_.test(day)) return true;
  if (last_working_day_ && day == last_working_day(last, first_weekday)) return true;
  if (std::ranges::any_of(from_end_, [&](unsigned n) { return day + n == last; })) return true;
  return std::ranges::any_of(nearest_, [&](unsigned wanted) {
    return wanted <= last && day == nearest_working_day(wanted, last, first_weekday);
  });
}

bool Cron::day_of_week_matches(unsigned day, unsigned last, int weekday) const {
  if (weekdays_.test(static_cast<std::size_t>(weekday))) return true;
  return std::ranges::any_of(nth_, [&](const Nth& one) {
    if (one.weekday != weekday) return false;
    return one.nth < 0 ? day + 7 > last : (day + 6) / 7 == static_cast<unsigned>(one.nth);
  });
}

bool Cron::day_matches(int year, unsigned month, unsigned day) const {
  const unsigned last = days_of_month(year, month);
  const int first_weekday = weekday_of(year, month, 1);
  const bool by_month = day_of_month_matches(day, last, first_weekday);
  const bool by_week =
      day_of_week_matches(day, last, (first_weekday + static_cast<int>(day) - 1) % 7);
  return either_day_ ? by_month || by_week : by_month && by_week;
}

std::optional<std::int64_t> Cron::next_in_day(unsigned hour, unsigned minute,
                                              unsigned second) const {
  for (auto h = first_at_least(hours_, hour); h.has_value(); h = first_at_least(hours_, *h + 1)) {
    const unsigned from = *h == hour ? minute : 0;
    for (auto m = first_at_least(minutes_, from); m.has_value();
         m = first_at_least(minutes_, *m + 1)) {
      const auto s = first_at_least(seconds_, *h == hour && *m == minute ? second : 0);
      if (s.has_value()) return std::int64_t{*h} * 3600 + std::int64_t{*m} * 60 + *s;
    }
  }
  return std::nullopt;
}

std::optional<LocalSeconds> Cron::next(LocalSeconds from) const {
  CivilTime at = civil_time(from);
  if (at.year < kFirstYear) at = {kFirstYear, 1, 1, 0, 0, 0};
  // What is passed over, month or day, is left at its very beginning.
  for (; at.year <= kLastYear; at = first_of_next_month(at)) {
    if (!months_.test(at.month)) continue;
    const unsigned last = days_of_month(at.year, at.month);
    for (; at.day <= last; at = {at.year, at.month, at.day + 1, 0, 0, 0}) {
      if (!day_matches(at.year, at.month, at.day)) continue;
      const auto time = next_in_day(at.hour, at.minute, at.second);
      if (time.has_value()) return local_seconds({at.year, at.month, at.day, 0, 0, 0}) + *time;
    }
  }
  return std::nullopt;
}

}  // namespace cordyna::schedule
