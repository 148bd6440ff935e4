#include "base/durations.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace cordyna {
namespace {

constexpr Millis kSecond = 1000;
constexpr Millis kMinute = 60 * kSecond;
constexpr Millis kHour = 60 * kMinute;
constexpr Millis kDay = 24 * kHour;
constexpr Millis kDurationMax = 36'500 * kDay;

struct Unit {
  std::string_view name;
  Millis millis;
};

constexpr std::array kUnits{Unit{"d", kDay}, Unit{"h", kHour}, Unit{"m", kMinute},
                            Unit{"s", kSecond}, Unit{"ms", 1}};

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a duration: {}", text, why));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes the digits in front of `rest`. Nullopt: none there, or more than fit.
std::optional<std::int64_t> take_number(std::string_view& rest) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc{} || rest.front() == '-') return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return value;
}

/// Adds without overflow: false where the sum is beyond the longest duration.
bool add(Millis& sum, std::int64_t count, Millis unit) {
  if (count > kDurationMax / unit) return false;
  sum += count * unit;
  return sum <= kDurationMax;
}

constexpr std::string_view kTooLong = "it is longer than 100 years";
constexpr std::string_view kForms = "write it like 250ms, 10s, 5m, 2h, 1d, 1h30m or PT10M";

/// Up to three decimals of a second behind "."; more are cut.
bool take_fraction(std::string_view& rest, Millis& sum) {
  rest.remove_prefix(1);
  if (rest.empty() || !is_digit(rest.front())) return false;
  Millis scale = 100;
  while (!rest.empty() && is_digit(rest.front())) {
    sum += (rest.front() - '0') * scale;
    scale /= 10;
    rest.remove_prefix(1);
  }
  return true;
}

struct IsoUnit {
  char letter;
  bool time;
  Millis millis;
};

constexpr std::array kIsoUnits{IsoUnit{'W', false, 7 * kDay}, IsoUnit{'D', false, kDay},
                               IsoUnit{'H', true, kHour}, IsoUnit{'M', true, kMinute},
                               IsoUnit{'S', true, kSecond}};

Result<Millis> parse_iso(std::string_view text) {
  std::string_view rest = text.substr(1);
  Millis sum = 0;
  bool time = false;
  bool any = false;
  std::size_t next = 0;  // units come in falling order, each once
  while (!rest.empty()) {
    if (rest.front() == 'T' && !time && rest.size() > 1) {
      time = true;
      rest.remove_prefix(1);
    }
    const auto count = is_digit(rest.front()) ? take_number(rest) : std::nullopt;
    if (!count.has_value() || rest.empty()) return refuse(text, kForms);
    const bool fraction = rest.front() == '.';
    if (fraction && !take_fraction(rest, sum)) return refuse(text, kForms);
    const char letter = rest.empty() ? '\0' : rest.front();
    if (!time && (letter == 'Y' || letter == 'M')) {
      return refuse(text, "years and months have no fixed length; write days");
    }
    while (next < kIsoUnits.size() &&
           (kIsoUnits[next].letter != letter || kIsoUnits[next].time != time)) {
      ++next;
    }
    if (next == kIsoUnits.size() || (fraction && letter != 'S')) return refuse(text, kForms);
    if (!add(sum, *count, kIsoUnits[next].millis)) return refuse(text, kTooLong);
    ++next;
    any = true;
    rest.remove_prefix(1);
  }
  if (!any) return refuse(text, kForms);
  return sum;
}

}  // namespace

Result<Millis> parse_duration(std::string_view text) {
  if (text.empty()) return refuse(text, kForms);
  if (text.front() == '-') return refuse(text, "it is negative");
  if (text.front() == 'P') return parse_iso(text);
  std::string_view rest = text;
  Millis sum = 0;
  std::size_t next = 0;
  while (!rest.empty()) {
    if (!is_digit(rest.front())) return refuse(text, kForms);
    const auto count = take_number(rest);
    if (!count.has_value()) return refuse(text, kTooLong);
    const std::string_view unit = rest.substr(0, rest.starts_with("ms") ? 2 : 1);
    if (unit.empty()) return refuse(text, fmt::format("it has no unit; {}", kForms));
    while (next < kUnits.size() && kUnits[next].name != unit) ++next;
    if (next == kUnits.size()) return refuse(text, kForms);
    if (!add(sum, *count, kUnits[next].millis)) return refuse(text, kTooLong);
    ++next;
    rest.remove_prefix(unit.size());
  }
  return sum;
}

std::string canonical_duration(Millis duration) {
  return fmt::format("{}ms", duration);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  struct SizeUnit {
    std::string_view name;
    std::uint64_t bytes;
  };
  static constexpr std::array kSizes{
      SizeUnit{"B", 1},
      SizeUnit{"KB", 1'000},
      SizeUnit{"MB", 1'000'000},
      SizeUnit{"GB", 1'000'000'000},
      SizeUnit{"TB", 1'000'000'000'000},
      SizeUnit{"KiB", std::uint64_t{1} << 10},
      SizeUnit{"MiB", std::uint64_t{1} << 20},
      SizeUnit{"GiB", std::uint64_t{1} << 30},
      SizeUnit{"TiB", std::uint64_t{1} << 40},
  };
  const auto refuse_size = [text](std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not a size: {}", text, why));
  };
  std::string_view rest = text;
  const auto count = !rest.empty() && is_digit(rest.front()) ? take_number(rest) : std::nullopt;
  if (!count.has_value()) return refuse_size("write it like 256MB, 1GB or 512KiB");
  for (const SizeUnit& unit : kSizes) {
    if (rest != unit.name) continue;
    if (static_cast<std::uint64_t>(*count) >
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.bytes) {
      return refuse_size("it is too large");
    }
    return static_cast<std::uint64_t>(*count) * unit.bytes;
  }
  return refuse_size("its unit is one of B, KB, MB, GB, TB, KiB, MiB, GiB, TiB");
}

}  // namespace cordyna
