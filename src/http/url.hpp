/// Addresses: taken apart, put together, and shown without what nobody should read.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/percent.hpp"
#include "base/result.hpp"

namespace cordyna::http {

struct Url {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target;  ///< path and query, percent-encoded, from "/"

  /// Host and port as the header Host has them.
  [[nodiscard]] std::string authority() const;
  /// The whole address, with its query.
  [[nodiscard]] std::string text() const;
  /// For logs and reports: without the query, which often holds a signature or a key.
  [[nodiscard]] std::string shown() const;
  [[nodiscard]] bool same_origin(const Url& other) const;
  [[nodiscard]] bool is_tls() const { return scheme == "https"; }
};

/// Blanks and bytes that are not ASCII are percent-encoded; a fragment goes. Errors:
/// kInvalidArgument, never quoting the query: another scheme, no host, a port that is none, a user
/// or password within, control characters.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// Where a redirect of `base` leads: `location` may be relative.
[[nodiscard]] Result<Url> resolve_url(const Url& base, std::string_view location);

/// 127.0.0.0/8, ::1, localhost: of a Url, or an IP address.
[[nodiscard]] bool is_loopback(std::string_view host);

using cordyna::percent_encode;

/// The part before "?" and "#", without user and password: for messages about any address.
[[nodiscard]] std::string shown_address(std::string_view text);

}  // namespace cordyna::http
