/// What is tried again, how often, and after what time.
///
/// Threads: one.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/client.hpp"

namespace cordyna::http {

/// How requests that failed are tried again, and who hears of it.
struct TryOptions {
  int attempts = 5;
  Millis delay = 1000;  ///< before the second attempt; twice as long before each further one
  ClientOptions client;
  /// For people, one line each, without anything secret. Empty: nobody listens.
  std::function<void(std::string_view line)> say;
  /// Waits; false: asked to end. Empty: by the clock and `client.waits.cancel_fd`.
  std::function<bool(Millis delay)> wait;
};

inline constexpr Millis kTryDelayMax = 60'000;
/// A server that wants us to come back later than this (Retry-After) fails the request at once.
inline constexpr Millis kRetryAfterMax = 300'000;

/// The attempts at one thing. `next` after each failure decides whether there is another one.
class Tries {
 public:
  Tries(const TryOptions& options, std::string what) : options_(options), what_(std::move(what)) {}

  [[nodiscard]] int count() const { return count_; }
  /// Waits for the next attempt. Errors: `error`, with the number of attempts, when there is none
  /// left, or when it is of a kind that another attempt does not mend; kCancelled.
  /// `retry_after`: what the server asked for; -1: nothing.
  [[nodiscard]] Result<> next(Error error, Millis retry_after = -1);

 private:
  const TryOptions& options_;
  std::string what_;  ///< "http://host/path"
  int count_ = 1;
};

/// Whether a status may be another one later: 408, 425, 429, 5xx.
[[nodiscard]] bool is_passing(int status);
/// The header Retry-After, seconds or a date, as a delay from `now`; -1: none that can be read.
[[nodiscard]] Millis retry_after(const Response& response, Millis now);

/// A status that is no success as an error: kUnavailable where it may pass, kNotFound (404, 410),
/// kDenied (401, 403, 407), kInvalidArgument for other 4xx and for redirects that are not followed.
/// The message holds what the server said in a few words.
[[nodiscard]] Error status_error(const Response& response, std::string_view what);

}  // namespace cordyna::http
