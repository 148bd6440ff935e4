#include "process/data/json_read.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

const json::value* find(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto result = std::from_chars(begin, end, value);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 13> kUnits{{
      {"", 1},
      {"B", 1},
      {"KB", 1e3},
      {"MB", 1e6},
      {"GB", 1e9},
      {"TB", 1e12},
      {"K", 1024},
      {"M", 1048576},
      {"G", 1073741824},
      {"KiB", 1024},
      {"MiB", 1048576},
      {"GiB", 1073741824},
      {"TiB", 1099511627776},
  }};
  const std::size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view number = text.substr(0, digits);
  std::string_view unit = digits == std::string_view::npos ? "" : text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const std::optional<double> value = parse_double(number);
  if (!value.has_value()) return std::nullopt;
  for (const auto& [word, factor] : kUnits) {
    if (word == unit && *value * factor < 1e15) {
      return static_cast<std::uint64_t>(*value * factor);
    }
  }
  return std::nullopt;
}

}  // namespace

std::unexpected<TaskError> bad_value(std::string_view key, std::string_view what) {
  return step_fail(TaskErrorCode::kInputInvalid, fmt::format("{}: {}", key, what), Phase::kPrepare);
}

std::string text_of(std::string_view key) {
  return std::string(key);
}

std::string scalar_text(const json::value& value) {
  if (const json::string* text = value.if_string()) return std::string(view(*text));
  return json::serialize(value);
}

StepResult<std::optional<std::string>> read_text(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (value == nullptr) return std::optional<std::string>();
  if (value->is_object() || value->is_array()) {
    return bad_value(key, "a text is wanted, not " + json::serialize(*value));
  }
  std::string text = scalar_text(*value);
  if (text.find('\0') != std::string::npos) return bad_value(key, "it holds a NUL byte");
  return std::optional<std::string>(std::move(text));
}

StepResult<std::optional<double>> read_number(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (value == nullptr) return std::optional<double>();
  const std::optional<double> number = parse_double(scalar_text(*value));
  if (!number.has_value())
    return bad_value(key, "a number is wanted, not " + json::serialize(*value));
  return number;
}

StepResult<std::optional<std::int64_t>> read_int(const json::object& object, std::string_view key) {
  STEP_TRY_ASSIGN(const std::optional<double> number, read_number(object, key));
  if (!number.has_value()) return std::optional<std::int64_t>();
  if (*number < 0 || *number > 9e15 || *number != std::floor(*number)) {
    return bad_value(key, fmt::format("a whole number from 0 on is wanted, not {}", *number));
  }
  return std::optional<std::int64_t>(static_cast<std::int64_t>(*number));
}

StepResult<std::optional<std::int64_t>> read_millis(const json::object& object,
                                                    std::string_view key) {
  STEP_TRY_ASSIGN(const std::optional<std::string> text, read_text(object, key));
  if (!text.has_value()) return std::optional<std::int64_t>();
  std::string_view digits = *text;
  if (digits.ends_with("ms")) digits.remove_suffix(2);
  std::int64_t value = 0;
  const char* const begin = digits.data();
  const char* const end = begin + digits.size();
  const auto read = std::from_chars(begin, end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 0) {
    return bad_value(key, fmt::format("a duration is wanted, not '{}'", *text));
  }
  return std::optional<std::int64_t>(value);
}

StepResult<std::optional<bool>> read_bool(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  if (value == nullptr) return std::optional<bool>();
  const std::string text = scalar_text(*value);
  if (text != "true" && text != "false") {
    return bad_value(key, "true or false is wanted, not " + json::serialize(*value));
  }
  return std::optional<bool>(text == "true");
}

StepResult<std::vector<std::string>> read_texts(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* value = find(object, key);
  if (value == nullptr) return texts;
  const json::array* list = value->if_array();
  if (list == nullptr) {
    STEP_TRY_ASSIGN(std::optional<std::string> text, read_text(object, key));
    texts.push_back(std::move(*text));
    return texts;
  }
  for (const json::value& item : *list) {
    if (item.is_object() || item.is_array() || item.is_null()) {
      return bad_value(key, "a list of texts is wanted, not " + json::serialize(*value));
    }
    texts.push_back(scalar_text(item));
    if (texts.back().find('\0') != std::string::npos) return bad_value(key, "it holds a NUL byte");
  }
  return texts;
}

StepResult<std::optional<std::uint64_t>> read_bytes(const json::object& object,
                                                    std::string_view key) {
  const json::value* value = find(object, key);
  if (value == nullptr) return std::optional<std::uint64_t>();
  const std::optional<std::uint64_t> bytes = parse_bytes(scalar_text(*value));
  if (!bytes.has_value()) {
    return bad_value(key, "a size such as 512MB or 2GB is wanted, not " + json::serialize(*value));
  }
  return bytes;
}

StepResult<const json::object*> read_object(const json::object& object, std::string_view key) {
  const json::value* value = find(object, key);
  const json::object* none = nullptr;
  if (value == nullptr) return none;
  const json::object* inner = value->if_object();
  if (inner == nullptr) return bad_value(key, "a map is wanted, not " + json::serialize(*value));
  return inner;
}

StepResult<std::string> read_fragment(const json::object& object, std::string_view key,
                                      std::string_view name) {
  STEP_TRY_ASSIGN(std::optional<std::string> sql, read_text(object, key));
  if (!sql.has_value()) return bad_value(name, "it is missing");
  const Result<> checked = check_fragment(*sql);
  if (!checked.has_value()) return bad_value(name, "this SQL is wrong: " + checked.error().message);
  return std::string(trim_fragment(*sql));
}

StepResult<std::string> read_of(const json::object& params) {
  STEP_TRY_ASSIGN(std::optional<std::string> of, read_text(params, "of"));
  if (!of.has_value()) return bad_value("of", "it is missing");
  return std::move(*of);
}

}  // namespace cordyna::data
