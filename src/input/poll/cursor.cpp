#include "input/poll/cursor.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/calendar.hpp"
#include "base/json_text.hpp"

namespace cordyna::input {
namespace {

bool is_whole(std::string_view number) {
  if (number.starts_with('-')) number.remove_prefix(1);
  return std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

/// Of JSON there are no leading zeros: the longer one is the larger one.
std::weak_ordering order_whole(std::string_view a, std::string_view b) {
  const bool minus = a.starts_with('-');
  if (minus != b.starts_with('-')) {
    if ((a == "-0" || a == "0") && (b == "-0" || b == "0")) return std::weak_ordering::equivalent;
    return minus ? std::weak_ordering::less : std::weak_ordering::greater;
  }
  if (minus) std::swap(a, b);
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a <=> b;
}

double double_of(std::string_view number) {
  double value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  return value;
}

std::weak_ordering order_numbers(std::string_view a, std::string_view b) {
  if (is_whole(a) && is_whole(b)) return order_whole(a, b);
  const double left = double_of(a);
  const double right = double_of(b);
  if (left < right) return std::weak_ordering::less;
  return left > right ? std::weak_ordering::greater : std::weak_ordering::equivalent;
}

}  // namespace

std::weak_ordering order(const PollCursor& a, const PollCursor& b) {
  if (a.is_number != b.is_number) {
    return a.is_number ? std::weak_ordering::less : std::weak_ordering::greater;
  }
  if (a.is_number) return order_numbers(a.text, b.text);
  if (a.text == b.text) return std::weak_ordering::equivalent;
  const auto left = parse_instant(a.text);
  const auto right = parse_instant(b.text);
  if (left.has_value() && right.has_value()) return *left <=> *right;
  return a.text <=> b.text;
}

std::string cursor_json(const PollCursor& cursor) {
  return cursor.is_number ? cursor.text : json_string(cursor.text);
}

}  // namespace cordyna::input
