#include "flowtest/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

namespace cordyna::flowtest {
namespace {

namespace json = boost::json;

constexpr std::size_t kShownMax = 300;
constexpr std::size_t kDifferencesMax = 20;

json::value parse(std::string_view text) {
  if (text.empty()) return json::object();
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  return error.failed() ? json::value(json::string(text.data(), text.size())) : std::move(value);
}

/// As people write it: 145, not 1.45E2.
std::string text_of(const json::value& value) {
  if (value.is_double()) return fmt::format("{}", value.get_double());
  std::string out;
  if (const json::array* list = value.if_array()) {
    for (const json::value& item : *list) out += (out.empty() ? "" : ",") + text_of(item);
    return "[" + out + "]";
  }
  if (const json::object* object = value.if_object()) {
    for (const auto& item : *object) {
      out += (out.empty() ? "" : ",") + json::serialize(json::value(item.key())) + ":" +
             text_of(item.value());
    }
    return "{" + out + "}";
  }
  return json::serialize(value);
}

/// Decimals of a table come as texts.
std::optional<double> number_in(const json::value& value) {
  const json::string* text = value.if_string();
  if (text == nullptr || text->empty()) return std::nullopt;
  double number = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, error] = std::from_chars(text->data(), end, number);
  return error == std::errc{} && stopped == end ? std::optional(number) : std::nullopt;
}

double number_of(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  return value.get_double();
}

bool is_whole(const json::value& value) {
  return value.is_int64() || value.is_uint64();
}

bool equal_numbers(const json::value& a, const json::value& b) {
  if (is_whole(a) && is_whole(b)) return a == b;
  const double x = number_of(a);
  const double y = number_of(b);
  // The last digits of a sum depend on the order of its parts.
  return x == y || std::abs(x - y) <= 1e-9 * std::max(std::abs(x), std::abs(y));
}

void walk(const json::value& expected, const json::value& found, const std::string& where,
          std::vector<Difference>& out) {
  if (out.size() >= kDifferencesMax) return;
  const auto differ = [&] { out.push_back({where, text_of(expected), text_of(found)}); };
  if (expected.is_number() && found.is_number()) {
    if (!equal_numbers(expected, found)) differ();
    return;
  }
  if (expected.is_object() && found.is_object()) {
    for (const auto& item : expected.get_object()) {
      const std::string name(item.key().data(), item.key().size());
      const std::string inner = where.empty() ? name : where + "." + name;
      const json::value* other = found.get_object().if_contains(item.key());
      if (other != nullptr) {
        walk(item.value(), *other, inner, out);
      } else {
        out.push_back({inner, text_of(item.value()), "nothing"});
      }
    }
    return;
  }
  if (expected.is_array() && found.is_array()) {
    const json::array& a = expected.get_array();
    const json::array& b = found.get_array();
    if (a.size() != b.size()) return differ();
    for (std::size_t i = 0; i < a.size(); ++i) {
      walk(a[i], b[i], fmt::format("{}[{}]", where, i), out);
    }
    return;
  }
  if (expected != found) differ();
}

bool fits(const json::value& expected, const json::value& found) {
  std::vector<Difference> differences;
  walk(expected, found, "", differences);
  return differences.empty();
}

/// Of a row: a number fits a decimal, which comes as a text.
bool row_fits(const json::value& expected, const json::value& found) {
  if (!expected.is_object() || !found.is_object()) return fits(expected, found);
  return std::ranges::all_of(expected.get_object(), [&found](const auto& item) {
    const json::value* other = found.get_object().if_contains(item.key());
    if (other == nullptr) return false;
    const auto number = item.value().is_number() ? number_in(*other) : std::nullopt;
    return fits(item.value(), number.has_value() ? json::value(*number) : *other);
  });
}

}  // namespace

std::vector<Difference> compare(std::string_view expected, std::string_view found) {
  std::vector<Difference> out;
  walk(parse(expected), parse(found), "", out);
  return out;
}

RowDifferences compare_rows(const std::vector<std::string>& expected,
                            const std::vector<std::string>& found) {
  RowDifferences out;
  std::vector<json::value> left;
  left.reserve(found.size());
  for (const std::string& row : found) left.push_back(parse(row));
  std::set<std::string> columns;
  for (const std::string& text : expected) {
    const json::value row = parse(text);
    if (row.is_object()) {
      for (const auto& item : row.get_object()) columns.emplace(item.key());
    }
    const auto partner = std::ranges::find_if(
        left, [&row](const json::value& other) { return row_fits(row, other); });
    if (partner == left.end()) {
      out.missing.push_back(text);
    } else {
      left.erase(partner);
    }
  }
  for (const json::value& row : left) {
    json::object named;
    if (row.is_object()) {
      for (const auto& item : row.get_object()) {
        if (columns.empty() || columns.contains(std::string(item.key()))) {
          named[item.key()] = item.value();
        }
      }
    }
    out.unexpected.push_back(text_of(named));
  }
  return out;
}

std::string shortened(std::string_view text) {
  if (text.size() <= kShownMax) return std::string(text);
  std::size_t end = kShownMax;
  // Not within a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace cordyna::flowtest
