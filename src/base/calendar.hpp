/// Days and times of the Gregorian calendar, and their text; zones only as an offset in it.
///
/// Pure. Threads: any.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cordyna {

struct CivilTime {
  int year = 1970;
  unsigned month = 1;
  unsigned day = 1;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;

  bool operator==(const CivilTime&) const = default;
};

/// Seconds since 1970-01-01 00:00, both ways; also before it.
[[nodiscard]] CivilTime civil_time(std::int64_t seconds);
[[nodiscard]] std::int64_t local_seconds(const CivilTime& at);

[[nodiscard]] unsigned days_of_month(int year, unsigned month);
/// 0: Sunday.
[[nodiscard]] int weekday_of(int year, unsigned month, unsigned day);
[[nodiscard]] CivilTime first_of_next_month(const CivilTime& at);

/// A point in time: seconds since 1970-01-01 UTC, and billionths of the next one.
struct Instant {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;

  auto operator<=>(const Instant&) const = default;
};

/// Of "2026-11-21": its first second in UTC. Nullopt: it is none, or there is no such day.
[[nodiscard]] std::optional<Instant> parse_date(std::string_view text);

/// Of "2026-11-21T07:50" or "2026-11-21 07:50:00.123", with Z, "+02:00" or nothing behind: without
/// a zone it is UTC. Digits behind the ninth of a fraction do not count. Nullopt: it is none.
[[nodiscard]] std::optional<Instant> parse_instant(std::string_view text);

}  // namespace cordyna
