/// A response as the bytes that go out.
///
/// Pure. Source: RFC 9110, 6 to 8; RFC 9112, 4 to 7. Internal to this folder. Threads: any.
#pragma once

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/http_server.hpp"

namespace cordyna::server {

/// What of the request decides how its answer is written.
struct Asked {
  bool gzip = false;
  bool head = false;               ///< HEAD: the same headers, and no body
  bool http10 = false;             ///< knows no chunks
  std::string websocket_accept{};  ///< empty: it cannot become a WebSocket
};

struct Answer {
  std::string head;  ///< without Connection, Date and the empty line: see head_end()
  std::string body;
  std::unique_ptr<BodySource> source{};       ///< instead of `body`
  bool chunked = false;                       ///< the source's pieces
  bool close = false;                         ///< its end is the end of the connection
  std::optional<WebSocketStart> websocket{};  ///< what the connection becomes behind the head
  std::string wrong{};                        ///< not empty: it cannot be sent, and why
};

/// Content-Length, Transfer-Encoding, Connection and Date in the response are left out: they are
/// the server's. `wrong`: no status of a final response, a header with a line break, or a WebSocket
/// that was not asked for.
[[nodiscard]] Answer make_answer(HttpResponse response, const Asked& asked);

[[nodiscard]] std::string head_end(std::string_view date, bool close);

/// "Sat, 28 Nov 2026 10:31:00 GMT".
[[nodiscard]] std::string http_date(std::time_t at);

/// The line before a piece of that size, which is not 0: that would be the end.
[[nodiscard]] std::string chunk_begin(std::size_t bytes);
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace cordyna::server
