#include "flow/typed_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>

#include "flow/diagnostics.hpp"
#include "flow/durations.hpp"
#include "flow/json_text.hpp"
#include "flow/values.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {
namespace {

std::unexpected<Error> refuse(std::string_view wanted, std::string_view text) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("wants {}, not {}", wanted, quoted(text)));
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

/// A point in time: seconds since 1970-01-01 UTC, and billionths of the next one.
struct Instant {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;

  auto operator<=>(const Instant&) const = default;
};

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

/// Without a zone it is taken for UTC, as the filter `date` takes it.
std::optional<Instant> instant_of(std::string_view text) {
  const auto days = take_date(text);
  if (!days.has_value() || (!skip(text, 'T') && !skip(text, ' '))) return std::nullopt;
  const auto time = take_time(text);
  if (!time.has_value()) return std::nullopt;
  const auto zone = take_zone(text);
  if (!zone.has_value() || !text.empty()) return std::nullopt;
  return Instant{*days * 86'400 + time->seconds - *zone, time->nanos};
}

std::string as_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

Result<std::string> typed_int(std::string_view text) {
  std::int64_t value = 0;
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) return refuse("a number of 64 bits", text);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return refuse("a whole number", text);
  }
  return fmt::format("{}", value);
}

Result<std::string> typed_float(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return refuse("a number", text);
  }
  std::string json = fmt::format("{}", value);
  if (json.find_first_of(".e") == std::string::npos) json += ".0";
  return json;
}

Result<std::string> typed_json(std::string_view text) {
  YamlTree tree;
  const auto node = tree.load_json(text);
  if (!node.has_value()) return refuse("JSON (a string is in double quotes)", text);
  std::string json;
  append_json(json, **node, KeyOrder::kSorted);
  return json;
}

Result<std::string> typed_file(std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) {
    return refuse("the path of a file", text);
  }
  return as_string(text);
}

template <class Number>
Number number_of(std::string_view json) {
  Number value{};
  std::from_chars(json.data(), json.data() + json.size(), value);
  return value;
}

/// Dates, times and durations hold nothing that JSON would escape.
std::string_view without_quotes(std::string_view json) {
  return json.substr(1, json.size() - 2);
}

}  // namespace

Result<std::string> typed_input(InputType type, std::string_view text) {
  if (!is_utf8(text)) return refuse("text in UTF-8", "other bytes");
  switch (type) {
    case InputType::kString:
    case InputType::kSelect: return as_string(text);
    case InputType::kInt: return typed_int(text);
    case InputType::kFloat: return typed_float(text);
    case InputType::kBool:
      if (text != "true" && text != "false") return refuse("true or false", text);
      return std::string(text);
    case InputType::kDate: {
      std::string_view rest = text;
      if (!take_date(rest).has_value() || !rest.empty())
        return refuse("a date like 2026-11-21", text);
      return as_string(text);
    }
    case InputType::kDatetime:
      if (!instant_of(text).has_value()) return refuse("a time like 2026-11-21T10:30:00Z", text);
      return as_string(text);
    case InputType::kDuration: {
      const auto parsed = parse_duration(text);
      if (!parsed.has_value()) return std::unexpected<Error>(parsed.error());
      return as_string(text);
    }
    case InputType::kJson: return typed_json(text);
    case InputType::kFile: return typed_file(text);
    case InputType::kSecret:
      if (!is_env_name(text)) {
        return refuse("the name of a secret (letters, digits and '_', no digit first)", text);
      }
      return as_string(text);
    case InputType::kMultiselect:
    case InputType::kArray: break;  // lists: input_rules.hpp
  }
  return fail(ErrorCode::kInternal, "an input type without a reader");
}

std::partial_ordering compare_inputs(InputType type, std::string_view left,
                                     std::string_view right) {
  switch (type) {
    case InputType::kInt: return number_of<std::int64_t>(left) <=> number_of<std::int64_t>(right);
    case InputType::kFloat: return number_of<double>(left) <=> number_of<double>(right);
    case InputType::kDate: return left <=> right;
    case InputType::kDatetime:
      return instant_of(without_quotes(left)) <=> instant_of(without_quotes(right));
    case InputType::kDuration:
      return parse_duration(without_quotes(left)).value_or(0) <=>
             parse_duration(without_quotes(right)).value_or(0);
    case InputType::kString:
    case InputType::kBool:
    case InputType::kJson:
    case InputType::kSelect:
    case InputType::kMultiselect:
    case InputType::kArray:
    case InputType::kFile:
    case InputType::kSecret: break;
  }
  return std::partial_ordering::unordered;
}

}  // namespace cordyna::flow
