/// Requests as events.
///
/// Pure. Threads: any.
#pragma once

#include <expected>
#include <string>

#include "cordyna/webhook.hpp"
#include "server/http/http_server.hpp"

namespace cordyna::input {

struct Refusal {
  int status = 400;
  std::string detail{};
};

/// `is_signed`: then no key but webhook-id is proven.
[[nodiscard]] std::expected<Event, Refusal> event_of(const server::HttpRequest& request,
                                                     WebhookFormat format, bool is_signed);

/// A problem document (RFC 9457).
[[nodiscard]] server::HttpResponse problem_response(int status, std::string_view detail);

}  // namespace cordyna::input
