/// One call of a web service: a request, where redirects lead, and an answer that is accepted.
///
/// Blocks, with a limit on all of it. Is tried once: `Tries` tells whether again. Threads: any,
/// each call by itself.
#pragma once

#include <expected>
#include <functional>

#include "base/status_range.hpp"
#include "http/client.hpp"

namespace cordyna::http {

struct CallSpec {
  Request request;
  ClientOptions client;
  Millis limit = 0;  ///< from looking up the name to the last byte; 0: none
  StatusRanges accepted{StatusRange{}};
  /// Redirects. A 303, and of a POST also a 301 and 302, makes a GET of it, without the body; a
  /// body goes to no other origin.
  bool follows = false;
  /// Changes the request right before it goes to the origin that was asked for: a signature. Empty:
  /// none.
  std::function<void(Request&)> prepare;
  BodyTaker* taker = nullptr;  ///< of an accepted answer; null: as `exchange`
};

struct Called {
  Response response;
  Url url;  ///< who answered
};

struct CallFailure {
  Error error;
  int status = 0;           ///< of the answer that is not accepted; 0: there is none
  Millis retry_after = -1;  ///< what the server asked for; -1: nothing
};

/// Errors, with the address as `Url::shown`: those of `exchange` and of `status_error`; kUntrusted:
/// a redirect away from TLS; kDenied: a redirect that `follow` does not let lead there, or of a
/// body to another origin; kInvalidArgument: more than kRedirectsMax; kUnavailable: not within
/// `limit`.
[[nodiscard]] std::expected<Called, CallFailure> call(const CallSpec& spec);

}  // namespace cordyna::http
