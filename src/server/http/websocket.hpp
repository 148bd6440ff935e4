/// WebSockets: messages of text both ways, over a connection that began as a request.
///
/// A handler answers a request for an upgrade (websocket_upgrade.hpp) with HttpResponse::websocket.
/// The server answers pings and sends its own, reassembles fragments, and refuses what breaks the
/// protocol. Each side is bounded: what is read by `Done`, what is written by `queue_bytes`.
/// Source: RFC 6455.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cordyna::server {

/// The waits are those of HttpLimits: `write_wait` for a client to take what was sent, and to
/// answer a close; `quiet` without a byte from it until it is pinged, and 3 times that until it
/// counts as gone.
struct WebSocketLimits {
  std::size_t message_bytes = std::size_t{1}
                              << 20;               ///< of one that comes; larger: closed with 1009
  std::size_t queue_bytes = std::size_t{4} << 20;  ///< that wait to go out; more: cut off at once
};

/// Those of RFC 6455, 7.4.1, that the server sends of itself, and the usual ones for its users.
struct CloseCode {
  enum : std::uint16_t {
    kNormal = 1000,
    kGoingAway = 1001,      ///< drain()
    kProtocolError = 1002,  ///< a frame that is none
    kUnknownData = 1003,    ///< binary
    kBadPayload = 1007,     ///< no UTF-8
    kPolicyViolation = 1008,
    kMessageTooBig = 1009,
    kInternalError = 1011,  ///< the peer threw
  };
};

/// The sending side. Threads: any, also after the client and the server have gone.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  /// UTF-8. Never waits; what is sent goes out in this order. False: it is closed, is being closed,
  /// or is cut off now, since the client takes too little.
  virtual bool send(std::string text) = 0;
  /// After what was sent before. A code that must not be sent becomes CloseCode::kInternalError; of
  /// the reason 123 bytes are sent. Only the first close counts. What comes after it is dropped, as
  /// is what waits to go out when the client closes.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  /// Sent, and not written to the client yet; each message costs a little more than its bytes.
  [[nodiscard]] virtual std::size_t queued_bytes() const = 0;
};

/// The receiving side, made by the handler. On the server's thread; must not wait. What it throws
/// closes the WebSocket with CloseCode::kInternalError.
class WebSocketPeer {
 public:
  /// From any thread, also after all has gone. Dropped without a call: as if called.
  using Done = std::move_only_function<void()>;

  virtual ~WebSocketPeer() = default;
  /// First. Not called where the client had gone before, or the answer could not be sent: then
  /// nothing else is, and the peer is only dropped.
  virtual void opened(std::shared_ptr<WebSocket> socket) = 0;
  /// The next message is not read before `done`: who is slow so slows the client down.
  virtual void received(std::string text, Done done) = 0;
  /// Once after opened(), whatever happened, and nothing after it. ~HttpServer calls it from its
  /// own thread.
  virtual void closed() = 0;
};

/// What turns the connection of a request into a WebSocket.
struct WebSocketStart {
  std::shared_ptr<WebSocketPeer> peer;
  std::string protocol{};  ///< one of those that the client offered; empty: none
  WebSocketLimits limits{};
  /// HttpServer::drain() leaves it as it is: who has made it closes it.
  bool outlives_drain = false;
};

}  // namespace cordyna::server
