/// One WebSocket, from the 101 to its end: frames over the stream of a connection.
///
/// The only file that knows the library of frames. Internal to this folder. Threads: the server's.
#pragma once

#include <memory>
#include <string_view>

#include "server/http/byte_stream.hpp"
#include "server/http/http_server.hpp"
#include "server/http/mailbox.hpp"

namespace cordyna::server {

/// Whose stream it is.
class WebSocketOwner {
 public:
  WebSocketOwner() = default;
  WebSocketOwner(const WebSocketOwner&) = delete;
  WebSocketOwner& operator=(const WebSocketOwner&) = delete;
  virtual ~WebSocketOwner() = default;
  /// Once, unless cut() comes first; the stream is the owner's again. `in_order`: both sides know
  /// the end, or can read it; else the stream is of no more use.
  virtual void websocket_ended(bool in_order) = 0;
};

class WebSocketSession {
 public:
  WebSocketSession() = default;
  WebSocketSession(const WebSocketSession&) = delete;
  WebSocketSession& operator=(const WebSocketSession&) = delete;
  virtual ~WebSocketSession() = default;

  /// `self`: owns this and the stream; it is held while anything reads or writes. `ahead`: what the
  /// client sent behind its request. `read_under_way`: of the owner; take_read() brings its bytes.
  virtual void start(const std::shared_ptr<WebSocketSession>& self, std::string_view ahead,
                     bool read_under_way) = 0;
  /// Empty: the end.
  virtual void take_read(std::string_view bytes) = 0;
  /// Closes with 1001, after what was sent.
  virtual void drain() = 0;
  /// The stream is closed: the peer is told.
  virtual void cut() = 0;
};

struct WebSocketParts {
  boost::asio::io_context& io;
  ByteStream& stream;
  const HttpLimits& limits;
  std::shared_ptr<Mailbox> mailbox;
  WebSocketOwner& owner;
};
[[nodiscard]] std::unique_ptr<WebSocketSession> make_websocket_session(WebSocketParts parts,
                                                                       WebSocketStart start);

}  // namespace cordyna::server
