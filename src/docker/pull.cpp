#include "docker/pull.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>

#include "docker/json_field.hpp"

namespace cordyna::docker {
namespace {

namespace json = boost::json;

constexpr std::size_t kLineBytesMax = std::size_t{1} << 20;

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace

void PullReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    rest_ += bytes.substr(0, end);
    if (end == std::string_view::npos) break;
    take_line(rest_);
    rest_.clear();
    bytes.remove_prefix(end + 1);
  }
  if (rest_.size() > kLineBytesMax) rest_.clear();
}

void PullReader::take_line(std::string_view line) {
  boost::system::error_code problem;
  const json::value value = json::parse({line.data(), line.size()}, problem);
  if (problem.failed() || !value.is_object()) return;
  const json::object& object = value.get_object();
  const std::string error = text_field(object, "error");
  if (!error.empty()) error_ = error;
  const std::string status = text_field(object, "status");
  const std::string id = text_field(object, "id");
  // Of each layer there would be a hundred lines.
  const bool begins = status.starts_with("Pulling from");
  if (!begins && (status.empty() || !id.empty())) return;
  say_(id.empty() ? status : id + ": " + status);
}

Result<> PullReader::end() {
  if (!rest_.empty()) take_line(rest_);
  rest_.clear();
  if (error_.empty()) return {};
  return fail(pull_error(error_));
}

Error pull_error(std::string_view message) {
  ErrorCode code = ErrorCode::kUnavailable;
  if (has_any(message, {"manifest unknown", "does not exist", "not found", "No such image",
                        "no matching manifest", "invalid reference format"})) {
    code = ErrorCode::kNotFound;
  } else if (has_any(message, {"unauthorized", "denied", "incorrect username"})) {
    code = ErrorCode::kDenied;
  } else if (has_any(message, {"no space left"})) {
    code = ErrorCode::kNoSpace;
  }
  return {code, std::string(message)};
}

}  // namespace cordyna::docker
