/// Days and times of the Gregorian calendar, without zones.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>

namespace cordyna::schedule {

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

}  // namespace cordyna::schedule
