#include "event_http/context.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/durations.hpp"
#include "base/text.hpp"

namespace cordyna::event_http {
namespace {

namespace json = boost::json;

constexpr std::string_view kHeaderKey = "header.";

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, std::string(what));
}

/// Their values may be secrets: no message shows one.
Result<> take_headers(std::string_view value, HttpOptions& into) {
  constexpr std::string_view kForm = R"(a JSON object of texts is wanted, as {"X-Team":"data"})";
  boost::system::error_code problem;
  const json::value parsed = json::parse({value.data(), value.size()}, problem);
  if (problem.failed() || !parsed.is_object()) return bad(kForm);
  for (const auto& item : parsed.get_object()) {
    if (!item.value().is_string()) return bad(kForm);
    // header.NAME may have been there before, and says more.
    into.headers.emplace(item.key(), item.value().get_string());
  }
  return {};
}

Result<> take_attempts(std::string_view value, HttpOptions& into) {
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), into.attempts);
  if (error == std::errc() && end == value.data() + value.size()) return {};
  return bad(fmt::format("'{}' is no number of attempts", fit(printable(value), 40)));
}

Result<> take_follow(std::string_view value, HttpOptions& into) {
  into.follow_redirects = value == "true";
  if (value == "true" || value == "false") return {};
  return bad(fmt::format("'{}' is neither true nor false", fit(printable(value), 40)));
}

template <std::string HttpOptions::* kMember>
Result<> take_text(std::string_view value, HttpOptions& into) {
  into.*kMember = value;
  return {};
}

template <std::chrono::milliseconds HttpOptions::* kMember>
Result<> take_time(std::string_view value, HttpOptions& into) {
  TRY_ASSIGN(const Millis time, parse_duration(value));
  into.*kMember = std::chrono::milliseconds(time);
  return {};
}

using KeyReader = Result<> (*)(std::string_view value, HttpOptions& into);
constexpr auto kHttpContextKeys = std::to_array<std::pair<std::string_view, KeyReader>>({
    {"accept_status", take_text<&HttpOptions::accept_status>},
    {"attempts", take_attempts},
    {"ca_file", take_text<&HttpOptions::ca_file>},
    {"connect_timeout", take_time<&HttpOptions::connect_timeout>},
    {"follow_redirects", take_follow},
    {"headers", take_headers},
    {"method", take_text<&HttpOptions::method>},
    {"retry_wait", take_time<&HttpOptions::retry_wait>},
    {"secret", take_text<&HttpOptions::secret>},
    {"timeout", take_time<&HttpOptions::timeout>},
    {"url", take_text<&HttpOptions::url>},
});

Result<> read_key(std::string_view key, const std::string& value, HttpOptions& into) {
  if (key.starts_with(kHeaderKey)) {
    into.headers[std::string(key.substr(kHeaderKey.size()))] = value;
    return {};
  }
  std::string known;
  for (const auto& [name, read] : kHttpContextKeys) {
    if (name == key) return read(value, into);
    known += fmt::format("{}, ", name);
  }
  return bad(fmt::format("it is no key of a webhook's execution context; there are: {}header.NAME",
                         known));
}

}  // namespace

Result<HttpOptions> options_of(const ProcessConfig& config) {
  HttpOptions options;
  for (const auto& [key, value] : config.execution_context) {
    auto read = read_key(key, value, options);
    if (!read.has_value()) {
      return fail(fmt::format("process '{}': {}", printable(config.name), printable(key)),
                  std::move(read.error()));
    }
  }
  return options;
}

}  // namespace cordyna::event_http
