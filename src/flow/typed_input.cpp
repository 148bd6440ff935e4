#include "flow/typed_input.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "base/calendar.hpp"
#include "base/durations.hpp"
#include "base/text.hpp"
#include "flow/diagnostics.hpp"
#include "flow/json_text.hpp"
#include "flow/values.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {
namespace {

std::unexpected<Error> refuse(std::string_view wanted, std::string_view text) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("wants {}, not {}", wanted, quoted(text)));
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
    case InputType::kDate:
      if (!parse_date(text).has_value()) return refuse("a date like 2026-11-21", text);
      return as_string(text);
    case InputType::kDatetime:
      if (!parse_instant(text).has_value()) return refuse("a time like 2026-11-21T10:30:00Z", text);
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
      return parse_instant(without_quotes(left)) <=> parse_instant(without_quotes(right));
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
