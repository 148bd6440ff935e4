/// A cerebro on a loopback port that has one server under test: it records all that comes, gives
/// receipts and leases as it is told to, and says nothing else of itself.
///
/// Threads: any; what comes is taken on the thread of the HTTP server.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "conformance/entry.hpp"

namespace cordyna::conformance {

/// What it does of itself.
struct Manners {
  bool leases = true;                          ///< an answer for each heartbeat
  double lease_s = 30;                         ///< what these say
  std::set<protocol::MessageKind> withheld{};  ///< get no receipt
  int refusals = 0;                            ///< so many posts more are answered with 503
};

class Cerebro {
 public:
  using Matches = std::function<bool(const Entry&)>;

  /// Errors: those of HttpServer.
  /// Borrows `stop`, which may be null.
  /// `redis`: its address, to have streams there instead of WebSockets; empty: those.
  [[nodiscard]] static Result<std::unique_ptr<Cerebro>> open(std::string token,
                                                             const std::atomic<bool>* stop,
                                                             const std::string& redis = {});
  ~Cerebro();
  Cerebro(const Cerebro&) = delete;
  Cerebro& operator=(const Cerebro&) = delete;

  /// "http://127.0.0.1:41234", or "redis://127.0.0.1:6379/0?prefix=…", of this cerebro alone.
  [[nodiscard]] std::string url() const;
  void behave(const std::function<void(Manners&)>& change);

  /// How many entries there are: what comes from now on has at least this index.
  [[nodiscard]] std::size_t mark() const;
  [[nodiscard]] Record record(std::size_t from = 0) const;
  /// The first entry from that one on that matches. Nullopt: none came within so many milliseconds,
  /// or it was stopped.
  [[nodiscard]] std::optional<Entry> wait(std::size_t from, Millis patience,
                                          const Matches& matches) const;

  /// Messages on the newest connection carry this from now on, and count from 1.
  void begin_session(const std::string& session);
  /// On the newest connection; without one: to whoever asks for commands. Gives the id. `data`:
  /// JSON. `id`: that of a message before, to repeat it; empty: a new one.
  std::string send(protocol::MessageKind kind, const std::string& data, const std::string& id = {});
  /// As it would be sent, with its `seq`, for lists and changes.
  [[nodiscard]] std::string make(protocol::MessageKind kind, const std::string& data,
                                 const std::string& id = {});
  /// One frame.
  void send_text(const std::string& text);

  /// The newest connection breaks without a word; the server may connect again at once.
  void cut();
  /// The same, and whoever asks gets 503 until come_back(), as of a proxy with nobody behind it: a
  /// port that was given up could be another's a moment later.
  void go();
  void come_back();
  /// Closes the newest connection as WebSockets do.
  void close_link();

 private:
  class Impl;
  explicit Cerebro(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace cordyna::conformance
