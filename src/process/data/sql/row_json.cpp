#include "process/data/sql/row_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.hpp"

namespace cordyna::sql {
namespace {

namespace json = boost::json;

using data::step_fail;
using data::StepResult;

constexpr std::size_t kDigitsMax = 15;  // those that any double keeps

StepResult<std::string> text_json(std::string_view text) {
  if (!is_utf8(text)) {
    return step_fail(TaskErrorCode::kOutputInvalid,
                     "it holds bytes that are no text (UTF-8); select its hex() or base64",
                     Phase::kResult);
  }
  return json::serialize(json::value(json::string_view(text.data(), text.size())));
}

std::string quoted_json(std::string_view text) {
  return json::serialize(json::value(json::string_view(text.data(), text.size())));
}

std::unexpected<TaskError> no_number(std::string_view text) {
  return step_fail(TaskErrorCode::kOutputInvalid,
                   fmt::format("{} is no number that JSON can hold; cast the column to text",
                               text.substr(0, 60)),
                   Phase::kResult);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Digits from the first that is not zero on.
std::size_t significant(std::string_view digits) {
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size());
  return digits.size() - first;
}

/// -12.50, as PostgreSQL writes numeric: never with an exponent.
StepResult<std::string> decimal_json(std::string_view text, bool& rounded) {
  std::string_view rest = text;
  if (rest.starts_with('-')) rest.remove_prefix(1);
  const std::size_t point = std::min(rest.find('.'), rest.size());
  const std::string_view whole = rest.substr(0, point);
  std::string_view part = point < rest.size() ? rest.substr(point + 1) : std::string_view();
  if (whole.empty() || !std::ranges::all_of(whole, is_digit) ||
      !std::ranges::all_of(part, is_digit)) {
    return no_number(text);  // NaN, Infinity
  }
  while (part.ends_with('0')) part.remove_suffix(1);
  const bool minus = rest.size() != text.size();
  const std::string number =
      fmt::format("{}{}{}{}", minus ? "-" : "", whole, part.empty() ? "" : ".", part);
  if (part.empty()) {
    std::int64_t value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    if (read.ec != std::errc() || read.ptr != number.data() + number.size()) return no_number(text);
    return number;
  }
  if (significant(std::string(whole) + std::string(part)) <= kDigitsMax) return number;
  if (significant(whole) > kDigitsMax) return no_number(text);
  rounded = true;
  double value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  return fmt::format("{}", value);
}

StepResult<std::string> float_json(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || !std::isfinite(value)) {
    return no_number(text);
  }
  return std::string(text);
}

/// Between the parts of JSON a line's end is a blank like any other; within a text there is none.
std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

/// "2026-11-30 17:13:00+00" as ISO 8601; what is none (infinity, BC) stays as it is.
std::string time_json(std::string_view text) {
  std::string out(text);
  const std::size_t blank = out.find(' ');
  if (out.empty() || !is_digit(out.front()) || blank == std::string::npos || out.ends_with("BC")) {
    return quoted_json(out);
  }
  out[blank] = 'T';
  if (out.ends_with("+00")) out.replace(out.size() - 3, 3, "Z");
  return quoted_json(out);
}

/// An array's text, {1,NULL,"a \"b\""}, possibly in dimensions, possibly behind its bounds.
class ArrayReader {
 public:
  ArrayReader(std::string_view text, std::uint32_t type, bool& rounded)
      : text_(text), type_(type), rounded_(rounded) {}

  StepResult<std::string> read() {
    if (text_.starts_with('[')) text_.remove_prefix(std::min(text_.find('=') + 1, text_.size()));
    STEP_TRY_ASSIGN(std::string list, read_list(0));
    if (at_ != text_.size()) return wrong();
    return list;
  }

 private:
  static constexpr int kDimensionsMax = 6;  // of PostgreSQL

  [[nodiscard]] static std::unexpected<TaskError> wrong() {
    return step_fail(TaskErrorCode::kOutputInvalid,
                     "its array cannot be read; cast the column to text, or use to_jsonb()",
                     Phase::kResult);
  }
  [[nodiscard]] char now() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  StepResult<std::string> read_list(int depth) {
    if (now() != '{' || depth >= kDimensionsMax) return wrong();
    ++at_;
    std::string list = "[";
    while (now() != '}') {
      if (list.size() > 1) {
        if (now() != ',') return wrong();
        ++at_;
        list += ',';
      }
      STEP_TRY_ASSIGN(const std::string item, now() == '{' ? read_list(depth + 1) : read_item());
      list += item;
    }
    ++at_;
    return list + "]";
  }

  StepResult<std::string> read_item() {
    std::string item;
    if (now() != '"') {
      while (at_ < text_.size() && now() != ',' && now() != '}') item += text_[at_++];
      if (at_ == text_.size() || item.empty()) return wrong();
      if (item == "NULL") return std::string("null");
      return json_of(type_, item, rounded_);
    }
    for (++at_; now() != '"'; ++at_) {
      if (now() == '\\') ++at_;
      if (at_ >= text_.size()) return wrong();
      item += text_[at_];
    }
    ++at_;
    return json_of(type_, item, rounded_);
  }

  std::string_view text_;
  std::uint32_t type_;
  bool& rounded_;
  std::size_t at_ = 0;
};

// Array, its items.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 17> kArrays{{
    {1000, kBool},
    {1005, kInt2},
    {1007, kInt4},
    {1016, kInt8},
    {1028, kOidType},
    {1009, kText},
    {1015, kText},
    {1014, kText},
    {1003, kText},
    {1021, kFloat4},
    {1022, kFloat8},
    {1231, kNumeric},
    {1182, kDate},
    {1115, kTimestamp},
    {1185, kTimestamptz},
    {199, kJson},
    {3807, kJsonb},
}};
constexpr std::uint32_t kUuidArray = 2951;

}  // namespace

bool is_array(std::uint32_t type) {
  return type == kUuidArray ||
         std::ranges::find(kArrays, type, &std::pair<std::uint32_t, std::uint32_t>::first) !=
             kArrays.end();
}

std::uint32_t item_type(std::uint32_t array) {
  const auto* const found =
      std::ranges::find(kArrays, array, &std::pair<std::uint32_t, std::uint32_t>::first);
  return found == kArrays.end() ? 0 : found->second;
}

StepResult<std::string> json_of(std::uint32_t type, std::string_view text, bool& rounded) {
  switch (type) {
    case kBool: return std::string(text == "t" ? "true" : "false");
    case kInt2:
    case kInt4:
    case kInt8:
    case kOidType: return std::string(text);
    case kFloat4:
    case kFloat8: return float_json(text);
    case kNumeric: return decimal_json(text, rounded);
    case kTimestamp:
    case kTimestamptz: return time_json(text);
    case kJson:
    case kJsonb: return one_line(text);
    default: break;
  }
  if (is_array(type)) return ArrayReader(text, item_type(type), rounded).read();
  return text_json(text);
}

}  // namespace cordyna::sql
