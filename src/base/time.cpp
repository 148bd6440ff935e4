#include "base/time.hpp"

#include <fmt/format.h>

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

}  // namespace

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
