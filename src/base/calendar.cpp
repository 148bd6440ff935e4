#include "base/calendar.hpp"

#include <algorithm>
#include <chrono>

namespace cordyna {
namespace {

namespace chrono = std::chrono;

chrono::sys_days day_at(int year, unsigned month, unsigned day) {
  return chrono::year_month_day(chrono::year(year), chrono::month(month), chrono::day(day));
}

/// Takes exactly `digits` digits from the front.
std::optional<int> take(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = 10 * value + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// Days since 1970-01-01.
std::optional<std::int64_t> take_date(std::string_view& text) {
  const auto year = take(text, 4);
  if (!year.has_value() || !skip(text, '-')) return std::nullopt;
  const auto month = take(text, 2);
  if (!month.has_value() || !skip(text, '-')) return std::nullopt;
  const auto day = take(text, 2);
  if (!day.has_value()) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

/// ".5": further digits than nine do not count.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) return std::nullopt;
  std::int64_t nanos = 0;
  for (std::size_t i = 0; i < 9; ++i) nanos = 10 * nanos + (i < digits ? text[i] - '0' : 0);
  text.remove_prefix(digits);
  return nanos;
}

/// "10:30", "10:30:00", "10:30:00.5": since midnight.
std::optional<Instant> take_time(std::string_view& text) {
  const auto hour = take(text, 2);
  if (!hour.has_value() || *hour > 23 || !skip(text, ':')) return std::nullopt;
  const auto minute = take(text, 2);
  if (!minute.has_value() || *minute > 59) return std::nullopt;
  Instant time{*hour * 3600 + *minute * 60, 0};
  if (!skip(text, ':')) return time;
  const auto second = take(text, 2);
  if (!second.has_value() || *second > 59) return std::nullopt;
  time.seconds += *second;
  if (!skip(text, '.')) return time;
  const auto nanos = take_fraction(text);
  if (!nanos.has_value()) return std::nullopt;
  time.nanos = *nanos;
  return time;
}

/// "", "Z", "+02:00": seconds before UTC.
std::optional<std::int64_t> take_zone(std::string_view& text) {
  if (text.empty() || skip(text, 'Z')) return 0;
  const bool east = skip(text, '+');
  if (!east && !skip(text, '-')) return std::nullopt;
  const auto hour = take(text, 2);
  if (!hour.has_value() || *hour > 14 || !skip(text, ':')) return std::nullopt;
  const auto minute = take(text, 2);
  if (!minute.has_value() || *minute > 59) return std::nullopt;
  return (east ? 60 : -60) * (*hour * 60 + *minute);
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

std::optional<Instant> parse_date(std::string_view text) {
  const auto days = take_date(text);
  if (!days.has_value() || !text.empty()) return std::nullopt;
  return Instant{*days * 86'400, 0};
}

std::optional<Instant> parse_instant(std::string_view text) {
  const auto days = take_date(text);
  if (!days.has_value() || (!skip(text, 'T') && !skip(text, ' '))) return std::nullopt;
  const auto time = take_time(text);
  if (!time.has_value()) return std::nullopt;
  const auto zone = take_zone(text);
  if (!zone.has_value() || !text.empty()) return std::nullopt;
  return Instant{*days * 86'400 + time->seconds - *zone, time->nanos};
}

}  // namespace cordyna
