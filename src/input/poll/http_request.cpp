#include "input/poll/http_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/base64.hpp"
#include "base/percent.hpp"
#include "base/text.hpp"
#include "input/json_check.hpp"
#include "input/poll/json_slice.hpp"
#include "input/poll/source.hpp"

namespace cordyna::input {
namespace {

namespace json = boost::json;

std::unexpected<Error> wrong_option(std::string_view option, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", option, what));
}

Result<> add_header(http::Request& request, std::string_view option, http::Header header) {
  auto good = http::check_header(header);
  if (!good.has_value()) return wrong_option(option, good.error().message);
  if (http::is_own_header(header.name)) {
    return wrong_option(option, "it is written by Cordyna itself; leave it out");
  }
  request.headers.push_back(std::move(header));
  return {};
}

Result<> add_credentials(http::Request& request, const HttpPoll& options) {
  if (!options.token.empty() && !options.user.empty()) {
    return wrong_option("auth", "a token, or a user and a password, are wanted, not both");
  }
  if (!options.token_header.empty()) {
    if (options.token.empty()) return wrong_option("token_header", "there is no token");
    return add_header(request, "token_header", {options.token_header, options.token});
  }
  if (!options.token.empty()) {
    return add_header(request, "token", {"Authorization", "Bearer " + options.token});
  }
  if (options.user.empty() != options.password.empty() || options.user.contains(':')) {
    return wrong_option("auth", "a user without ':' and a password are wanted, or a token");
  }
  if (options.user.empty()) return {};
  const std::string basic = base64(fmt::format("{}:{}", options.user, options.password));
  return add_header(request, "auth", {"Authorization", "Basic " + basic});
}

/// "/orders?a=1&since=3" with another `since`.
void set_query(std::string& target, const std::string& name, const std::string& value) {
  const std::string own = percent_encode(name);
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string query;
  std::string_view rest = std::string_view(target).substr(std::min(mark + 1, target.size()));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::string_view key = pair.substr(0, pair.find('='));
    if (!pair.empty() && key != own && key != name) query += fmt::format("{}&", pair);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  target = fmt::format("{}?{}{}={}", target.substr(0, mark), query, own, percent_encode(value));
}

Result<> set_in_body(http::Request& request, const std::string& place, const PollCursor& value) {
  TRY_ASSIGN(const std::vector<std::string> path, parse_json_path(place));
  boost::system::error_code error;
  json::value body = json::parse(request.body.empty() ? "{}" : request.body, error);
  if (error) return wrong_option("json", "it is no JSON");
  json::value* at = &body;
  for (const std::string& name : path) {
    if (!at->is_object()) *at = json::object();
    at = &at->get_object()[name];
  }
  json::value number = value.is_number ? json::parse(value.text, error) : json::value();
  *at = value.is_number && !error ? std::move(number) : json::value(value.text);
  request.body = json::serialize(body);
  return {};
}

Result<> check_send(std::string_view option, const PollSend& send, const HttpPoll& options) {
  const int named =
      (send.query.empty() ? 0 : 1) + (send.header.empty() ? 0 : 1) + (send.body.empty() ? 0 : 1);
  if (named > 1) return wrong_option(option, "one of query, header and body is wanted");
  if (!send.header.empty()) {
    http::Request probe;
    TRY(add_header(probe, option, {send.header, "1"}));
  }
  if (send.body.empty()) return {};
  if (options.method != "POST") return wrong_option(option, "a body wants the method POST");
  if (auto path = parse_json_path(send.body); !path.has_value()) {
    return wrong_option(option, path.error().message);
  }
  return {};
}

Result<> check_path(std::string_view option, const std::string& path) {
  const auto read = parse_json_path(path);
  return read.has_value() ? Result<>() : wrong_option(option, read.error().message);
}

}  // namespace

Result<http::Request> poll_request(const HttpPoll& options) {
  http::Request request;
  auto url = http::parse_url(options.url);
  if (!url.has_value()) return wrong_option("url", url.error().message);
  request.url = *std::move(url);
  if (options.method != "GET" && options.method != "POST") {
    return wrong_option("method", fmt::format("GET or POST is wanted, not '{}'",
                                              fit(printable(options.method), 40)));
  }
  request.method = options.method;
  for (const auto& [name, value] : options.headers) {
    TRY(add_header(request, fmt::format("headers.{}", printable(name)), {name, value}));
  }
  if (http::find_header(request.headers, "Accept") == nullptr) {
    request.headers.push_back({"Accept", "application/json"});
  }
  TRY(add_credentials(request, options));
  if (options.json.empty()) return request;
  if (options.method != "POST") return wrong_option("json", "a body wants the method POST");
  if (auto good = check_json(options.json); !good.has_value()) {
    return wrong_option("json", good.error().message);
  }
  request.body = options.json;
  http::set_header(request.headers, "Content-Type", "application/json");
  return request;
}

Result<> put_value(http::Request& request, const PollSend& send, const PollCursor& value) {
  if (!send.query.empty()) set_query(request.url.target, send.query, value.text);
  if (!send.header.empty()) {
    const http::Header header{send.header, value.text};
    if (!http::check_header(header).has_value()) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("'{}' cannot be the value of the header {}",
                              fit(printable(value.text), 60), send.header));
    }
    http::set_header(request.headers, send.header, value.text);
  }
  if (send.body.empty()) return {};
  http::set_header(request.headers, "Content-Type", "application/json");
  return set_in_body(request, send.body, value);
}

Result<> check_http_poll(const HttpPoll& options) {
  TRY(poll_request(options));
  TRY(check_send("send", options.send, options));
  TRY(check_send("send_next", options.send_next, options));
  if (options.send != PollSend() && options.poll.cursor.empty()) {
    return wrong_option("send", "there is no 'cursor' that could go to the service");
  }
  if (options.send_next != PollSend() && options.next.empty()) {
    return wrong_option("send_next", "there is no 'next' that could go to the service");
  }
  TRY(check_path("items", options.items));
  TRY(check_path("next", options.next));
  TRY(check_path("cursor", options.poll.cursor));
  for (const std::string& key : options.poll.key) {
    if (key.empty()) return wrong_option("key", "a path is empty");
    TRY(check_path("key", key));
  }
  if (options.answer_bytes < 1 || options.answer_bytes > kPollAnswerMax) {
    return wrong_option("max_size", fmt::format("1 to {} bytes are wanted", kPollAnswerMax));
  }
  return {};
}

}  // namespace cordyna::input
