#include "schedule/calendar.hpp"

#include <chrono>

namespace cordyna::schedule {
namespace {

namespace chrono = std::chrono;

chrono::sys_days day_at(int year, unsigned month, unsigned day) {
  return chrono::year_month_day(chrono::year(year), chrono::month(month), chrono::day(day));
}

}  // namespace

CivilTime civil_time(std::int64_t seconds) {
  const chrono::sys_seconds at{chrono::seconds(seconds)};
  const auto midnight = chrono::floor<chrono::days>(at);
  const chrono::year_month_day date(midnight);
  const chrono::hh_mm_ss time(at - midnight);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(time.hours().count()),
          static_cast<unsigned>(time.minutes().count()),
          static_cast<unsigned>(time.seconds().count())};
}

std::int64_t local_seconds(const CivilTime& at) {
  const chrono::sys_seconds midnight = day_at(at.year, at.month, at.day);
  return midnight.time_since_epoch().count() + std::int64_t{at.hour} * 3600 +
         std::int64_t{at.minute} * 60 + at.second;
}

unsigned days_of_month(int year, unsigned month) {
  const auto last = chrono::year(year) / chrono::month(month) / chrono::last;
  return static_cast<unsigned>(last.day());
}

int weekday_of(int year, unsigned month, unsigned day) {
  return static_cast<int>(chrono::weekday(day_at(year, month, day)).c_encoding());
}

CivilTime first_of_next_month(const CivilTime& at) {
  if (at.month == 12) return {at.year + 1, 1, 1, 0, 0, 0};
  return {at.year, at.month + 1, 1, 0, 0, 0};
}

}  // namespace cordyna::schedule
