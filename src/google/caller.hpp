/// Calls of Google's JSON APIs: tokens, what is tried again, and what errors say.
///
/// Blocks. Threads: one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "google/service_account.hpp"
#include "http/tries.hpp"

namespace cordyna::google {

/// Who asks, and how patiently.
class Caller {
 public:
  /// Without an account requests go without credentials. Redirects are never followed, and no
  /// link-local address is connected to.
  Caller(std::optional<ServiceAccount> account, std::string scope, http::TryOptions tries);

  /// An accepted answer: 2xx, or `also`. Asks again for 408, 429, 5xx, for limits of rate, and once
  /// with a new token after a 401. Errors begin with `what`: those of `http::exchange`; kNotFound,
  /// kDenied, kConflict (409), kUntrusted (412: it changed), kInvalidArgument, with what the server
  /// said.
  [[nodiscard]] Result<http::Response> call(const http::Request& request, const std::string& what,
                                            int also = 0);
  /// One attempt, whatever the status; for those who know better when to ask again.
  [[nodiscard]] Result<http::Response> call_once(http::Request request, const std::string& what);
  /// Says something to a server, with the token that is there, and hears no answer: also when asked
  /// to end; a server that is away is not waited for.
  void call_in_passing(http::Request request) const;
  /// Adds the header with the token, if there is an account.
  [[nodiscard]] Result<> authorize(http::Request& request);

  [[nodiscard]] const http::TryOptions& tries() const { return tries_; }

 private:
  [[nodiscard]] Result<> fetch_token();

  std::optional<ServiceAccount> account_;
  std::string scope_;
  http::TryOptions tries_;
  std::string token_;  ///< empty: none yet
  Millis token_end_ = 0;
};

/// What a status that is no success means, with the message and the reason of Google's JSON.
[[nodiscard]] Error google_error(const http::Response& response, std::string_view what);

/// Of the clock on the wall.
[[nodiscard]] Millis wall_now();

}  // namespace cordyna::google
