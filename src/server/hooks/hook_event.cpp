#include "server/hooks/hook_event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/words.hpp"
#include "http/webhook.hpp"
#include "model/event.hpp"
#include "server/api/target.hpp"

namespace cordyna::server {
namespace {

/// What has one value is a string, what has more a list of them.
std::string object_of(const QueryPairs& pairs) {
  std::map<std::string_view, std::vector<std::string_view>> values;
  for (const auto& [name, value] : pairs) values[name].push_back(value);
  std::string out = "{";
  for (const auto& [name, all] : values) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += all.size() > 1 ? ":[" : ":";
    for (const std::string_view& value : all) {
      if (&value != all.data()) out += ',';
      append_json_string(out, value);
    }
    if (all.size() > 1) out += ']';
  }
  return out + '}';
}

std::string headers_of(const HttpRequest& request) {
  QueryPairs kept;
  for (const http::Header& header : request.headers) {
    std::string name = ascii_lower(header.name);
    if (http::is_left_out(name)) continue;
    // Old senders put Latin-1 there.
    if (is_utf8(header.value)) kept.emplace_back(std::move(name), header.value);
  }
  return object_of(kept);
}

std::variant<std::string, Problem> data_of(const HttpRequest& request) {
  if (request.body.empty()) return std::string("null");
  const std::string type = http::media_type(request.headers);
  if (type == "application/json" || type.ends_with("+json")) {
    const auto flaw = shape::json_flaw(request.body);
    if (flaw.has_value()) return problem("bad_request", "the body " + *flaw);
    return request.body;
  }
  if (type == "application/x-www-form-urlencoded") {
    const auto pairs = split_query(request.body);
    if (pairs.has_value()) return object_of(*pairs);
    return problem("bad_request", "the form has a broken escape, or is no UTF-8");
  }
  if (!type.empty() && !type.starts_with("text/")) {
    return problem("unsupported_type",
                   "the body must be JSON (application/json), a form "
                   "(application/x-www-form-urlencoded), or text (text/plain)");
  }
  if (!is_utf8(request.body)) return problem("bad_request", "the body is no UTF-8");
  return json_string(request.body);
}

}  // namespace

std::variant<std::string, Problem> payload_of(const HttpRequest& request) {
  auto data = data_of(request);
  if (auto* refused = std::get_if<Problem>(&data)) return std::move(*refused);
  const auto query = split_query(request.query);
  if (!query.has_value()) {
    return problem("bad_request", "the query has a broken escape, or is no UTF-8");
  }
  return fmt::format(R"({{"data":{},"headers":{},"query":{}}})", std::get<std::string>(data),
                     headers_of(request), object_of(*query));
}

bool is_event_id(std::string_view text) {
  return !text.empty() && text.size() <= kEventIdMax && is_utf8(text) &&
         std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f;
         });
}

}  // namespace cordyna::server
