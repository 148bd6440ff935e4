/// The one door: who asks, whether that one may, and whether what is asked has the right shape.
///
/// Everything is denied but what the table of routes allows. Nothing here looks at the path but to
/// find its route, so no spelling of it opens anything.
/// Threads: one at a time; `failed`, `forgive` and `is_limited` from any.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/leaky_bucket.hpp"
#include "base/time.hpp"
#include "server/api/call.hpp"
#include "server/auth/identity.hpp"

namespace cordyna::server {

struct GateSettings {
  std::size_t body_bytes = std::size_t{1} << 20;
  /// Refused tokens and logins from one address in a burst; then so many a second.
  std::uint32_t failures_burst = 20;
  std::uint32_t failures_per_second = 5;
  std::string origin;               ///< of browsers that may use cookies: "https://dyna.example"
  std::vector<std::string> cors{};  ///< origins whose pages may use tokens, and no cookies
  std::uint32_t requests_per_second = 0;  ///< of one caller, twice as many in a burst; 0: any
  std::uint32_t runs_per_day = 0;         ///< that one caller begins; 0: any
};

class Gate {
 public:
  /// Borrows identity.
  Gate(GateSettings settings, const Identity& identity)
      : settings_(std::move(settings)), identity_(identity) {}

  /// Where the port was not known before.
  void set_origin(std::string origin) { settings_.origin = std::move(origin); }

  /// All that can be told before the handler. `respond` of the request stays with the caller on a
  /// problem.
  [[nodiscard]] std::variant<Call, Problem> admit(HttpRequest& request, Millis now);
  [[nodiscard]] std::size_t body_limit(const HttpRequest& head) const;

  /// The caller is about to begin so many runs, which count from now on. Else why not.
  [[nodiscard]] std::optional<Problem> refuse_runs(const Caller& caller, std::size_t count,
                                                   Millis now);

  /// Whether a page of that origin may use the API with a token.
  [[nodiscard]] bool allows_origin(std::string_view origin) const;

  /// A login that failed counts as a refused token; it counts from when it is tried.
  void failed(const std::string& address, Millis now);
  /// A login that was tried was right.
  void forgive(const std::string& address);
  /// Whether the address has failed too often.
  [[nodiscard]] bool is_limited(const std::string& address, Millis now) const;

 private:
  using Buckets = std::unordered_map<std::string, LeakyBucket>;
  /// Whether the caller may ask once more, which counts.
  [[nodiscard]] bool takes(const Caller& caller, Millis now);
  [[nodiscard]] std::variant<Caller, Problem> authenticate(const HttpRequest& request, Millis now);

  GateSettings settings_;
  const Identity& identity_;
  mutable std::mutex mutex_;
  Buckets failures_;  // guarded by mutex_
  Buckets runs_;      // guarded by mutex_, by caller
  Buckets callers_;   // of the one thread
};

/// The value of a cookie; empty: there is none.
[[nodiscard]] std::string cookie_of(const HttpRequest& request, std::string_view name);
inline constexpr std::string_view kSessionCookie = "dyna_session";
inline constexpr std::string_view kCsrfHeader = "X-CSRF-Token";
/// What a session's writes must show besides its cookie.
[[nodiscard]] std::string csrf_token_of(std::string_view session_token);

}  // namespace cordyna::server
