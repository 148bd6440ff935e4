/// An HTTP/1.1 server: connections, limits, TLS, bodies that come bit by bit. It knows no route.
///
/// One thread reads, writes and calls the handler, which must not wait: what takes long answers
/// later, from any thread. Each connection costs a bounded amount of memory; one that is too slow
/// is closed. What is malformed gets its status and never reaches the handler.
/// Source: RFC 9110, RFC 9112.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "http/message.hpp"
#include "server/http/websocket.hpp"

namespace cordyna::server {

/// Each has its status: 431 for the head, 413 for the body, 408 for the waits, 503 for too many.
struct HttpLimits {
  std::size_t head_bytes = std::size_t{16} << 10;  ///< request line and headers
  std::size_t headers = 100;
  std::size_t body_bytes = std::size_t{1} << 20;  ///< where HttpHandler says kUsualBody
  std::size_t connections = 1000;
  Millis head_wait = 10'000;   ///< from the first byte of a request to the end of its head
  Millis body_wait = 60'000;   ///< for the whole body
  Millis idle_wait = 75'000;   ///< between two requests
  Millis write_wait = 30'000;  ///< for a client to take what was sent
  Millis quiet = 15'000;       ///< of a stream without news, until it shows that it lives
};

struct HttpSettings {
  std::string address = "127.0.0.1";  ///< an IP address
  std::uint16_t port = 0;             ///< 0: the system chooses
  std::string certificate;            ///< PEM file with the chain; with `key`: TLS 1.2 or newer
  std::string key;                    ///< PEM file
  /// Names that the Host header may have, without port; any other gets 421. Empty: any.
  std::vector<std::string> hosts;
  HttpLimits limits;
};

struct HttpRequest {
  std::string method;  ///< as sent; a token
  std::string path;    ///< of the target, still encoded; begins with '/'
  std::string query;   ///< behind '?', still encoded
  http::Headers headers;
  std::string body;
  std::string address;  ///< of the client, without port
  bool http10 = false;  ///< HTTP/1.0
};

/// A body of which the length is not known before: an event stream, a long log.
class BodySource {
 public:
  enum class Pulled : std::uint8_t {
    kMore,  ///< call again once this is written
    kWait,  ///< call again after the wake
    kEnd,
  };
  virtual ~BodySource() = default;
  /// Appends what there is, bounded. On the server's thread, never twice at once.
  virtual Pulled pull(std::string& out) = 0;
  /// Before the first pull. `wake` may be called from any thread, also when this is gone.
  virtual void on_wake(std::function<void()> wake) = 0;
  /// Appends what says nothing and shows that the stream lives, so that neither a proxy nor the
  /// client takes it for broken; nothing: the stream has no such word. Between two pulls.
  virtual void show_life(std::string& out) { static_cast<void>(out); }
};

/// A body that was made smaller beforehand. The text lives as long as the program.
struct PackedBody {
  std::string_view gzip;
  std::size_t bytes = 0;  ///< of what it was made of
};

struct HttpResponse {
  int status = 200;
  http::Headers headers;  ///< without Content-Length, Transfer-Encoding, Connection, Date
  std::string body;
  std::unique_ptr<BodySource> source{};  ///< instead of `body`
  std::optional<PackedBody> packed{};    ///< instead of both; unpacked for who takes no gzip
  /// Whole lines that go out behind `headers` as they are: text that lives as long as the program.
  std::string_view fixed_headers{};
  /// Instead of all but the headers: 101, and the connection becomes that. Only where the request
  /// asked for it (websocket_upgrade.hpp); else the client gets 500.
  std::optional<WebSocketStart> websocket{};
};

/// Called once, from any thread. Dropped without a call: the client gets 500.
using Respond = std::move_only_function<void(HttpResponse)>;

/// Runs it later, on the server's thread; once the server has gone, it is dropped. From any thread.
using PostHome = std::function<void(std::move_only_function<void()>)>;

class HttpHandler {
 public:
  static constexpr std::size_t kUsualBody = SIZE_MAX;  ///< HttpLimits::body_bytes

  virtual ~HttpHandler() = default;
  /// Before the first request.
  virtual void begin(PostHome post) { static_cast<void>(post); }
  /// When the head is there, and before the body is read: how long that may be.
  [[nodiscard]] virtual std::size_t body_limit(const HttpRequest& head) const = 0;
  /// On the server's thread; must not wait. What it throws is answered with 500.
  virtual void handle(HttpRequest request, Respond respond) = 0;
  /// The body of an error that the server itself answers (400, 408, 413, 417, 421, 431, 500, 501,
  /// 503, 505), also where the handler gave none. On the server's thread.
  [[nodiscard]] virtual HttpResponse problem(int status, std::string_view detail) const = 0;
};

struct HttpCounts {
  std::uint64_t connections = 0;  ///< ever
  std::uint64_t requests = 0;     ///< ever, also malformed ones
  std::uint64_t open = 0;         ///< connections now
};

/// Threads: all calls from any thread.
class HttpServer {
 public:
  /// Whoever comes waits until `serve`: what the handler must know of this, such as its port, can
  /// be told to it before. Borrows the handler. Errors: kUnavailable: the address is not ours or in
  /// use; kInvalidArgument: no address; certificate or key cannot be read, or do not fit.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> listen(const HttpSettings& settings,
                                                                  HttpHandler& handler);
  /// Once.
  void serve();
  /// Both.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const HttpSettings& settings,
                                                                 HttpHandler& handler);
  /// Closes all connections, and tells the peers of WebSockets. What is answered later goes
  /// nowhere.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Accepts no more; each connection is closed after the answer in hand, streams at once,
  /// WebSockets with 1001 after what was sent.
  void drain();
  /// Reads certificate and key again, for new connections; without TLS there are none. Errors: as
  /// start(); the old ones stay.
  [[nodiscard]] Result<> reload_certificate();
  [[nodiscard]] HttpCounts counts() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna::server
