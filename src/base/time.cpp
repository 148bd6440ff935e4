#include "base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace cordyna {
namespace {

struct Civil {
  int year;
  unsigned month;
  unsigned day;
  Millis rest;  // of the day
};

Civil civil(Millis at) {
  using std::chrono::days;
  using std::chrono::milliseconds;
  const std::chrono::sys_time<milliseconds> point{milliseconds{at}};
  const auto day = std::chrono::floor<days>(point);
  const std::chrono::year_month_day date{day};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), (point - day).count()};
}

/// Takes exactly `count` digits from the front; -1: they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return -1;
    value = 10 * value + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Millis> take_date(std::string_view& text) {
  const int year = take_digits(text, 4);
  const int month = take(text, '-') ? take_digits(text, 2) : -1;
  const int day = take(text, '-') ? take_digits(text, 2) : -1;
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  return Millis{std::chrono::sys_days(date).time_since_epoch().count()} * 86'400'000;
}

/// "07:50", "07:50:00", "07:50:00.123".
std::optional<Millis> take_time(std::string_view& text) {
  const int hour = take_digits(text, 2);
  const int minute = take(text, ':') ? take_digits(text, 2) : -1;
  const int second = take(text, ':') ? take_digits(text, 2) : 0;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return std::nullopt;
  }
  Millis millis = 0;
  if (take(text, '.')) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return std::nullopt;
    for (std::size_t i = 0; i < 3; ++i) millis = 10 * millis + (i < digits ? text[i] - '0' : 0);
    text.remove_prefix(digits);
  }
  return ((hour * 60 + minute) * 60 + second) * Millis{1000} + millis;
}

/// "", "Z", "+02:00": how far local time is ahead.
std::optional<Millis> take_zone(std::string_view& text) {
  if (text.empty() || take(text, 'Z')) return 0;
  const bool behind = text.starts_with('-');
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const int hour = take_digits(text, 2);
  const int minute = take(text, ':') ? take_digits(text, 2) : -1;
  if (hour < 0 || hour > 14 || minute < 0 || minute > 59) return std::nullopt;
  return (behind ? -1 : 1) * Millis{hour * 60 + minute} * 60'000;
}

}  // namespace

std::optional<Millis> parse_timestamp(std::string_view text) {
  const auto date = take_date(text);
  if (!date.has_value() || text.empty()) return date;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  const auto time = take_time(text);
  const auto zone = time.has_value() ? take_zone(text) : std::nullopt;
  if (!zone.has_value() || !text.empty()) return std::nullopt;
  return *date + *time - *zone;
}

std::string format_timestamp(Millis at) {
  const Civil c = civil(at);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day,
                     c.rest / 3'600'000, c.rest / 60'000 % 60, c.rest / 1000 % 60, c.rest % 1000);
}

std::string format_date(Millis at) {
  const Civil c = civil(at);
  return fmt::format("{:04}-{:02}-{:02}", c.year, c.month, c.day);
}

std::string format_delay(Millis delay) {
  if (delay <= 0) return "0ms";
  if (delay < 1000) return fmt::format("{}ms", delay);
  if (delay < 60'000) return fmt::format("{}.{}s", delay / 1000, delay % 1000 / 100);
  if (delay < 3'600'000) return fmt::format("{}m{:02}s", delay / 60'000, delay / 1000 % 60);
  if (delay < 86'400'000) return fmt::format("{}h{:02}m", delay / 3'600'000, delay / 60'000 % 60);
  return fmt::format("{}d{:02}h", delay / 86'400'000, delay / 3'600'000 % 24);
}

}  // namespace cordyna
