#include "input/webhook/body.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/words.hpp"
#include "http/digest.hpp"
#include "http/webhook.hpp"
#include "input/json_check.hpp"

namespace cordyna::input {
namespace {

/// "application/json; charset=utf-8", "application/cloudevents+json". Pages of a browser cannot
/// send it to others without being asked first.
bool is_json_type(const http::Headers& headers) {
  const std::string type = http::media_type(headers);
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

/// What comes twice is one list, as HTTP has it; what is no UTF-8 is left out.
std::string headers_json(const http::Headers& headers) {
  std::map<std::string, std::string> kept;
  for (const http::Header& header : headers) {
    std::string name = ascii_lower(header.name);
    if (http::is_left_out(name) || !is_utf8(header.value)) continue;
    std::string& value = kept[std::move(name)];
    value += value.empty() ? header.value : ", " + header.value;
  }
  std::string out = "{";
  for (const auto& [name, value] : kept) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  return out + '}';
}

/// A name that may be a key as it is, or else its digest.
std::string key_text(const std::string& name) {
  const bool fits = name.size() <= kEventKeyMax && is_utf8(name) && printable(name) == name;
  return fits ? name : "sha256:" + http::hex(http::sha256(name));
}

std::string key_of(const http::Headers& headers, bool is_signed) {
  const std::string* name = http::find_header(headers, http::kWebhookId);
  if (name == nullptr && !is_signed) name = http::find_header(headers, "Idempotency-Key");
  return name == nullptr || name->empty() ? std::string() : key_text(*name);
}

}  // namespace

std::expected<Event, Refusal> event_of(const server::HttpRequest& request, WebhookFormat format,
                                       bool is_signed) {
  if (!is_json_type(request.headers)) {
    return std::unexpected(
        Refusal{415, "the body is JSON, and Content-Type: application/json says so"});
  }
  if (!is_utf8(request.body)) return std::unexpected(Refusal{400, "the body is no UTF-8"});
  std::string key = key_of(request.headers, is_signed);
  if (format == WebhookFormat::kEvent) {
    auto event = parse_event(request.body);
    if (!event.has_value()) return std::unexpected(Refusal{400, event.error().message});
    if (!key.empty() || is_signed) event->key = std::move(key);
    return *std::move(event);
  }
  const auto is_json = check_json(request.body);
  if (!is_json.has_value()) {
    return std::unexpected(Refusal{400, "the body is " + is_json.error().message});
  }
  Event event;
  event.location = request.path;
  event.operation = Operation::kCreate;
  event.data = fmt::format(R"({{"body":{},"headers":{},"query":{}}})", request.body,
                           headers_json(request.headers), json_string(request.query));
  event.key = std::move(key);
  return event;
}

server::HttpResponse problem_response(int status, std::string_view detail) {
  server::HttpResponse response{.status = status,
                                .headers = {{"Content-Type", "application/problem+json"}},
                                .body = fmt::format(R"({{"status":{},"detail":{}}})", status,
                                                    json_string(printable(detail)))};
  if (status == 503) response.headers.push_back({"Retry-After", "1"});
  return response;
}

}  // namespace cordyna::input
