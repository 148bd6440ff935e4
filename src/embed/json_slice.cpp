#include "embed/json_slice.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstddef>
#include <string>

namespace cordyna::embed {
namespace {

constexpr std::size_t kDepthMax = 100;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::size_t skip_space(std::string_view json, std::size_t at) {
  while (at < json.size() && is_space(json[at])) ++at;
  return at;
}

/// Behind the text that begins at `at`.
std::size_t skip_text(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

/// Behind the value that begins at `at`.
std::size_t skip_value(std::string_view json, std::size_t at) {
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = skip_text(json, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      if (depth == 0) return at;  // of the object around a number or a word
      if (--depth == 0) return at + 1;
    }
    if (depth == 0 && (c == ',' || is_space(c))) return at;
    ++at;
  }
  return at;
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view what, std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::stream_parser parser({}, options);
  boost::json::error_code problem;
  const std::size_t read = parser.write_some(text.data(), text.size(), problem);
  const bool rest = !problem && skip_space(text, read) < text.size();
  if (!problem && !rest) parser.finish(problem);
  if (problem || rest) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("{}: no JSON at byte {}: {}", what, read,
                            rest ? "something stands behind it" : problem.message()));
  }
  return parser.release();
}

std::string_view member_text(std::string_view object, std::string_view name) {
  std::string_view found;
  std::size_t at = skip_space(object, 0) + 1;
  while (at < object.size()) {
    at = skip_space(object, at);
    if (at >= object.size() || object[at] != '"') break;
    const std::size_t name_end = skip_text(object, at);
    if (name_end > object.size()) break;
    const std::string_view key = object.substr(at + 1, name_end - at - 2);
    at = skip_space(object, skip_space(object, name_end) + 1);  // behind the colon
    const std::size_t end = skip_value(object, at);
    if (key == name && at < object.size()) found = object.substr(at, end - at);
    at = skip_space(object, end) + 1;  // behind the comma
  }
  return found;
}

}  // namespace cordyna::embed
