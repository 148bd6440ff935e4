/// Requests of the API of one server, and its answers.
///
/// Each request has a connection of its own. What can be repeated without harm is repeated when the
/// server cannot be reached or asks for it: reads, and writes with an Idempotency-Key. Errors say
/// what to do next. A value: copies share nothing. Threads: any, each call by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "client/contexts.hpp"
#include "client/event_stream.hpp"
#include "http/client.hpp"
#include "http/message.hpp"

namespace cordyna::client {

struct ClientSettings {
  Millis patience = 3000;    ///< how long a server that cannot be reached is tried again
  Millis wait_max = 30'000;  ///< more than this a Retry-After is not waited for
  int cancel_fd = -1;        ///< readable: give up, with kCancelled
};

/// What goes with a write.
struct Write {
  std::string method = "POST";
  std::string path;    ///< below /api/v1, from "/", percent-encoded
  std::string body{};  ///< JSON; empty: none
  std::string key{};   ///< Idempotency-Key; empty: none, so that it is sent once
  http::Headers headers{};
};

using Query = std::vector<std::pair<std::string_view, std::string>>;

class ApiClient {
 public:
  /// `server.url` must be as server_address writes it.
  explicit ApiClient(Context server, ClientSettings settings = {})
      : server_(std::move(server)), settings_(settings) {}

  [[nodiscard]] const Context& server() const { return server_; }
  /// "prod (https://dyna.example)", or the address alone.
  [[nodiscard]] std::string shown() const;
  [[nodiscard]] ApiClient with(ClientSettings settings) const {
    return ApiClient(server_, settings);
  }
  [[nodiscard]] const ClientSettings& settings() const { return settings_; }

  /// The JSON of `path` (below /api/v1, percent-encoded). Errors: kUnavailable: not reachable, or
  /// asked to come back too late; kUntrusted: TLS; kDenied: no or an old token, or a weak role;
  /// kNotFound, kConflict, kInvalidArgument: as the server says; kCorrupt: no answer of ours.
  [[nodiscard]] Result<std::string> get(const std::string& path, const Query& query = {}) const;
  /// The same of a write.
  [[nodiscard]] Result<std::string> send(const Write& write) const;
  /// The whole answer, for whoever needs its headers.
  [[nodiscard]] Result<http::Response> exchange(const Write& write) const;

  /// Gives the events of a stream to `take` until it ends; false of `take` ends it, too. One
  /// connection, tried once: whoever follows goes on from the last id. `last_id` empty: none.
  /// `opened` is called once the server streams: nothing from there on is missed.
  /// Errors: as get; those of a stream that broke off are kUnavailable.
  [[nodiscard]] Result<> follow(const std::string& path, const std::string& last_id,
                                const std::function<bool(const Event&)>& take,
                                const std::function<void()>& opened = {}) const;

 private:
  [[nodiscard]] Result<http::Request> request_of(const Write& write) const;
  [[nodiscard]] Result<http::Response> attempt(const http::Request& request,
                                               http::BodyTaker* taker) const;
  [[nodiscard]] Error problem_of(const http::Response& response, const Write& write) const;
  [[nodiscard]] Error context_of(Error error) const;

  Context server_;
  ClientSettings settings_;
};

/// "?a=1&b=2", percent-encoded; pairs without a value are left out; empty where none is left.
[[nodiscard]] std::string query_text(const Query& query);
/// A segment of a path.
[[nodiscard]] std::string segment(std::string_view text);
/// "/flows/acme/daily": a flow without a namespace has "_".
[[nodiscard]] std::string flow_path(std::string_view ns, std::string_view id);

/// Waits; false: the descriptor became readable.
[[nodiscard]] bool wait_for(Millis delay, int cancel_fd);

}  // namespace cordyna::client
