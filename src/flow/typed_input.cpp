#include "flow/typed_input.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>

#include "flow/diagnostics.hpp"
#include "flow/durations.hpp"
#include "flow/json_text.hpp"
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

bool take_date(std::string_view& text) {
  const auto year = take(text, 4);
  if (!year.has_value() || !skip(text, '-')) return false;
  const auto month = take(text, 2);
  if (!month.has_value() || !skip(text, '-')) return false;
  const auto day = take(text, 2);
  if (!day.has_value()) return false;
  return std::chrono::year_month_day(std::chrono::year(*year),
                                     std::chrono::month(static_cast<unsigned>(*month)),
                                     std::chrono::day(static_cast<unsigned>(*day)))
      .ok();
}

/// "10:30", "10:30:00", "10:30:00.5".
bool take_time(std::string_view& text) {
  const auto hour = take(text, 2);
  if (!hour.has_value() || *hour > 23 || !skip(text, ':')) return false;
  const auto minute = take(text, 2);
  if (!minute.has_value() || *minute > 59) return false;
  if (!skip(text, ':')) return true;
  const auto second = take(text, 2);
  if (!second.has_value() || *second > 59) return false;
  if (!skip(text, '.')) return true;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(digits);
  return digits > 0;
}

/// "", "Z", "+02:00".
bool take_zone(std::string_view& text) {
  if (text.empty() || skip(text, 'Z')) return true;
  if (!skip(text, '+') && !skip(text, '-')) return false;
  const auto hour = take(text, 2);
  if (!hour.has_value() || *hour > 14 || !skip(text, ':')) return false;
  const auto minute = take(text, 2);
  return minute.has_value() && *minute <= 59;
}

bool is_datetime(std::string_view text) {
  if (!take_date(text) || (!skip(text, 'T') && !skip(text, ' '))) return false;
  return take_time(text) && take_zone(text) && text.empty();
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

}  // namespace

Result<std::string> typed_input(InputType type, std::string_view text) {
  if (!is_utf8(text)) return refuse("text in UTF-8", "other bytes");
  switch (type) {
    case InputType::kString: return as_string(text);
    case InputType::kInt: return typed_int(text);
    case InputType::kFloat: return typed_float(text);
    case InputType::kBool:
      if (text != "true" && text != "false") return refuse("true or false", text);
      return std::string(text);
    case InputType::kDate: {
      std::string_view rest = text;
      if (!take_date(rest) || !rest.empty()) return refuse("a date like 2026-11-21", text);
      return as_string(text);
    }
    case InputType::kDatetime:
      if (!is_datetime(text)) return refuse("a time like 2026-11-21T10:30:00Z", text);
      return as_string(text);
    case InputType::kDuration: {
      const auto parsed = parse_duration(text);
      if (!parsed.has_value()) return std::unexpected<Error>(parsed.error());
      return as_string(text);
    }
    case InputType::kJson: return typed_json(text);
  }
  return fail(ErrorCode::kInternal, "an input type without a reader");
}

}  // namespace cordyna::flow
