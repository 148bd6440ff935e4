/// Whether a request asks to become a WebSocket, for handlers.
///
/// Pure. Source: RFC 6455, 4.2. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/http_server.hpp"

namespace cordyna::server {

enum class UpgradeAsked : std::uint8_t {
  kNone,          ///< nothing of it, or in HTTP/1.0, where Upgrade means nothing
  kWebSocket,     ///< may be answered with HttpResponse::websocket
  kOtherVersion,  ///< 426 with "Sec-WebSocket-Version: 13"
  kMalformed,     ///< 400
};
[[nodiscard]] UpgradeAsked upgrade_asked(const HttpRequest& request);
[[nodiscard]] inline bool wants_websocket(const HttpRequest& request) {
  return upgrade_asked(request) == UpgradeAsked::kWebSocket;
}
/// In Sec-WebSocket-Protocol; in this very case.
[[nodiscard]] bool offers_protocol(const HttpRequest& request, std::string_view protocol);

/// Sec-WebSocket-Accept of the answer. Empty: the request is not one for a WebSocket. Internal to
/// this folder.
[[nodiscard]] std::string websocket_accept(const HttpRequest& request);

}  // namespace cordyna::server
