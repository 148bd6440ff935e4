/// What came as a request, as the event that a flow sees.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "server/api/problem.hpp"
#include "server/http/http_server.hpp"

namespace cordyna::server {

/// {"data":…,"headers":{…},"query":{…}}: a body of JSON as it is, a form as an object, text as a
/// string, nothing as null. Names of headers in small letters, without those that say who one is or
/// how the bytes came.
///
/// Problems: bad_request: no JSON, or not within limits (as shape/json_body.hpp); unsupported_type:
/// neither JSON, nor a form, nor text.
[[nodiscard]] std::variant<std::string, Problem> payload_of(const HttpRequest& request);

/// Whether it may be the id of an event: 1 to kEventIdMax bytes of UTF-8 without control
/// characters.
[[nodiscard]] bool is_event_id(std::string_view text);

}  // namespace cordyna::server
