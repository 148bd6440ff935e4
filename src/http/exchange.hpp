/// One request and its answer: HTTP/1.1 on a connection that is there, or over a socket in the file
/// system.
///
/// Knows no TLS and no proxies: `client.hpp` does. Errors and `taker` as there. Threads: any, each
/// call by itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/stream.hpp"

namespace cordyna::http {

/// Takes the body of an answer. What it returns as an error ends the exchange and comes out of it.
class BodyTaker {
 public:
  BodyTaker() = default;
  BodyTaker(const BodyTaker&) = delete;
  BodyTaker& operator=(const BodyTaker&) = delete;
  virtual ~BodyTaker() = default;

  /// Whether it takes this answer's body; by itself only that of a 2xx.
  [[nodiscard]] virtual bool wants(const Response& head) const { return head.is_ok(); }
  /// Called once, before the body.
  [[nodiscard]] virtual Result<> begin(const Response& head) = 0;
  [[nodiscard]] virtual Result<> take(std::string_view piece) = 0;
};

struct ExchangeOptions {
  std::string target{};               ///< the whole address, for a proxy; empty: the URL's own
  std::string proxy_authorization{};  ///< of a proxy that reads the request
  std::size_t answer_bytes_max = kAnswerBytesMax;  ///< of a body that nobody takes
  bool* stays = nullptr;  ///< not null: the connection is to stay, and here it says whether it does
};

[[nodiscard]] Result<Response> exchange_on(Stream& stream, const Request& request,
                                           const ExchangeOptions& options, BodyTaker* taker);

/// The head of an answer that has no body, whatever it says.
[[nodiscard]] Result<Response> receive_head(Stream& stream);

/// The URL's host goes into the request, and is not connected to. Errors: also kDenied: no right to
/// use the socket.
[[nodiscard]] Result<Response> exchange_local(const std::string& socket, const Request& request,
                                              const Waits& waits, std::size_t answer_bytes_max,
                                              BodyTaker* taker);

}  // namespace cordyna::http
