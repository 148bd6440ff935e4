/// One request and its answer: HTTP/1.1 over a connection of its own, with TLS for https.
///
/// Blocks, with a limit on each wait; the bodies of both sides are streamed. Threads: any, each
/// call by itself.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "http/exchange.hpp"
#include "http/message.hpp"
#include "http/proxy.hpp"
#include "http/stream.hpp"

namespace cordyna::http {

struct ClientOptions {
  Waits waits;
  Environment environment;  ///< of proxies; empty: this process's
  std::string ca_file{};    ///< PEM: CAs that are trusted instead of the system's; empty: those
  Reach reach = Reach::kAnywhere;  ///< of a server that is connected to without a proxy
  std::size_t answer_bytes_max = kAnswerBytesMax;  ///< of a body that nobody takes
  TlsOptions tls{};                                ///< beside `ca_file`, which goes before its own
};

/// The answer, whatever its status; redirects are not followed. A body that `taker` does not want,
/// or any where it is null, goes into `Response::body`; what is longer than `answer_bytes_max` is
/// cut. Errors: kUnavailable: no connection, no answer in time, no HTTP, or a body that is visibly
/// cut short; kUntrusted: TLS did not trust the server; kDenied: the proxy refused, or beyond
/// `reach`; kInvalidArgument: a header, or the proxy's address; kCancelled; those of the taker. A
/// body with neither length nor chunks ends where the connection does: over plain TCP nobody can
/// tell whether it is whole.
[[nodiscard]] Result<Response> exchange(const Request& request, const ClientOptions& options,
                                        BodyTaker* taker);

/// Requests to servers, one after the other, over a connection that stays where the server lets it.
///
/// Threads: one.
class Session {
 public:
  Session();
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// As `exchange`. What a server that closed meanwhile did not answer at all is sent once more
  /// over a new connection: only for requests that may be repeated.
  [[nodiscard]] Result<Response> send(const Request& request, const ClientOptions& options,
                                      BodyTaker* taker);
  /// The next request gets a new connection: other credentials go with it.
  void close();

 private:
  struct Open;
  std::unique_ptr<Open> open_;
};

}  // namespace cordyna::http
