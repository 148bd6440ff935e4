#include "input/postgres/value_json.hpp"

#include <algorithm>
#include <array>

#include "base/json_text.hpp"

namespace cordyna::input {
namespace {

// OIDs of the server's own types, which never change.
constexpr std::uint32_t kBool = 16;
constexpr std::array<std::uint32_t, 6> kNumbers{20, 21, 23, 700, 701, 1700};
constexpr std::array<std::uint32_t, 2> kJsons{114, 3802};
constexpr std::uint32_t kBox = 603;  // the one type whose arrays part their elements by ';'
constexpr std::uint32_t kTimestamp = 1114;
constexpr std::uint32_t kTimestampTz = 1184;

/// NaN and Infinity are numbers there, and none in JSON.
bool is_json_number(std::string_view text) {
  const char last = text.empty() ? 'x' : text.back();
  return last >= '0' && last <= '9';
}

/// "2026-01-02 03:04:05+00" becomes "2026-01-02T03:04:05+00:00".
std::string time_json(std::string_view text, bool with_zone) {
  std::string out(text);
  const std::size_t blank = out.find(' ');
  if (blank == std::string::npos || blank + 1 == out.size()) return json_string(out);  // infinity
  if (out[blank + 1] < '0' || out[blank + 1] > '9') return json_string(out);
  out[blank] = 'T';
  if (with_zone) {
    const std::size_t end = std::min(out.find(' '), out.size());  // before " BC"
    const std::size_t sign = out.find_last_of("+-", end - 1);
    if (sign != std::string::npos && sign > blank && end - sign == 3) out.insert(end, ":00");
  }
  return json_string(out);
}

std::string scalar_json(std::uint32_t type, std::string_view text) {
  if (type == kBool) return text == "t" ? "true" : "false";
  if (std::ranges::count(kNumbers, type) > 0 && is_json_number(text)) return std::string(text);
  if (std::ranges::count(kJsons, type) > 0) return std::string(text);
  if (type == kTimestamp || type == kTimestampTz) return time_json(text, type == kTimestampTz);
  return json_string(text);
}

/// An array as the server prints it: {1,NULL,"a \"b\"",{…}}, with its bounds before it where they
/// are not the usual ones.
class ArrayText {
 public:
  ArrayText(std::uint32_t element, std::string_view text)
      : element_(element), delimiter_(element == kBox ? ';' : ','), rest_(text) {}

  /// Empty: it is no array.
  std::string json() {
    if (rest_.starts_with('[')) {
      const std::size_t equal = rest_.find('=');
      rest_.remove_prefix(equal == std::string_view::npos ? rest_.size() : equal + 1);
    }
    std::string out;
    return list(out, 0) && rest_.empty() ? out : std::string();
  }

 private:
  static constexpr int kDimensionsMax = 6;  // of the server

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool list(std::string& out, int depth) {
    if (depth == kDimensionsMax || !take('{')) return false;
    out += '[';
    if (!take('}')) {
      do {
        if (out.back() != '[') out += ',';
        if (!(rest_.starts_with('{') ? list(out, depth + 1) : element(out))) return false;
      } while (take(delimiter_));
      if (!take('}')) return false;
    }
    out += ']';
    return true;
  }

  bool element(std::string& out) {
    const bool quoted = take('"');
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      if (quoted ? c == '"' : c == delimiter_ || c == '}') break;
      rest_.remove_prefix(1);
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text += c;
    }
    if (quoted && !take('"')) return false;
    out += !quoted && text == "NULL" ? "null" : scalar_json(element_, text);
    return true;
  }

  std::uint32_t element_;
  char delimiter_;
  std::string_view rest_;
};

}  // namespace

std::string json_of(PgValueType type, std::string_view text) {
  if (type.element == 0) return scalar_json(type.base, text);
  std::string list = ArrayText(type.element, text).json();
  return list.empty() ? json_string(text) : list;
}

}  // namespace cordyna::input
