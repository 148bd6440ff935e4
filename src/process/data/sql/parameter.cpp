#include "process/data/sql/parameter.hpp"

#include <boost/json.hpp>
#include <cstdint>
#include <limits>

#include "process/data/sql/row_json.hpp"

namespace cordyna::sql {
namespace {

namespace json = boost::json;

json::value parsed(std::string_view text) {
  constexpr std::size_t kLevelsMax = 160;  // what a template may give
  json::parse_options options;
  options.max_depth = kLevelsMax;
  options.allow_invalid_utf8 = true;
  boost::system::error_code problem;
  return json::parse({text.data(), text.size()}, problem, {}, options);
}

std::string plain(const json::string& text) {
  return {text.data(), text.size()};
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_array(std::string& out, const json::array& list) {
  out += '{';
  for (const json::value& item : list) {
    if (out.back() != '{') out += ',';
    if (item.is_null()) {
      out += "NULL";
    } else if (item.is_array()) {
      append_array(out, item.get_array());
    } else if (item.is_string()) {
      append_quoted(out, plain(item.get_string()));
    } else if (item.is_object()) {
      append_quoted(out, json::serialize(item));
    } else {
      out += json::serialize(item);
    }
  }
  out += '}';
}

}  // namespace

bool is_list(std::string_view value) {
  return value.starts_with('[');
}

PgValue parameter_of(std::string_view value) {
  const json::value read = parsed(value);
  if (read.is_null()) return {};
  if (read.is_bool()) return {std::string(value), kBool};
  if (read.is_string()) return {plain(read.get_string()), 0};
  if (read.is_int64()) {
    const std::int64_t number = read.get_int64();
    const bool is_short = number >= std::numeric_limits<std::int32_t>::min() &&
                          number <= std::numeric_limits<std::int32_t>::max();
    return {std::string(value), is_short ? kInt4 : kInt8};
  }
  if (read.is_number()) return {std::string(value), kNumeric};
  return {std::string(value), 0};
}

std::string array_text(std::string_view list) {
  const json::value read = parsed(list);
  std::string out;
  if (read.is_array()) append_array(out, read.get_array());
  return out;
}

}  // namespace cordyna::sql
