#include "base/time.hpp"

#include <fmt/format.h>

#include "base/calendar.hpp"

namespace cordyna {
namespace {

/// A number that is not negative, over zeros; its last digit at `last`.
void put_digits(std::string& text, std::size_t last, std::int64_t number) {
  for (; number > 0; number /= 10) text[last--] = static_cast<char>('0' + number % 10);
}

}  // namespace

std::optional<Millis> parse_timestamp(std::string_view text) {
  const auto date = parse_date(text);
  const auto at = date.has_value() ? date : parse_instant(text);
  if (!at.has_value()) return std::nullopt;
  return at->seconds * 1000 + at->nanos / 1'000'000;
}

std::string format_timestamp(Millis at) {
  // Also before 1970 milliseconds count upwards.
  const Millis rest = (at % 1000 + 1000) % 1000;
  const CivilTime c = civil_time((at - rest) / 1000);
  if (c.year < 0 || c.year > 9999) {
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour,
                       c.minute, c.second, rest);
  }
  // By hand, for each run has some of them, and several for each of its attempts.
  std::string text = "0000-00-00T00:00:00.000Z";
  put_digits(text, 3, c.year);
  put_digits(text, 6, c.month);
  put_digits(text, 9, c.day);
  put_digits(text, 12, c.hour);
  put_digits(text, 15, c.minute);
  put_digits(text, 18, c.second);
  put_digits(text, 22, rest);
  return text;
}

std::string format_date(Millis at) {
  return format_timestamp(at).substr(0, 10);
}

std::string format_delay(Millis delay) {
  if (delay <= 0) return "0ms";
  if (delay < 1000) return fmt::format("{}ms", delay);
  if (delay < 60'000) return fmt::format("{}.{}s", delay / 1000, delay % 1000 / 100);
  if (delay < 3'600'000) return fmt::format("{}m{:02}s", delay / 60'000, delay / 1000 % 60);
  if (delay < 86'400'000) return fmt::format("{}h{:02}m", delay / 3'600'000, delay / 60'000 % 60);
  return fmt::format("{}d{:02}h", delay / 86'400'000, delay / 3'600'000 % 24);
}

std::string seconds_text(Millis at) {
  std::string text = format_timestamp(at);
  text.replace(text.size() - 5, 5, "Z");  // ".000Z"
  return text;
}

}  // namespace cordyna
