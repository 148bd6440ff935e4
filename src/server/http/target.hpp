/// Which resource of which host a request names: its target and its Host header.
///
/// Pure. Source: RFC 9112, 3.2; RFC 3986, 3.2. Internal to this folder. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cordyna::server {

struct Authority {
  std::string host;  ///< in lower case; an IPv6 address keeps its brackets
  std::string port;  ///< digits, or empty
};

/// Of "localhost:8080", "[::1]". Nullopt: no host, somebody's name before "@", a port that is none.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

struct Target {
  std::string path;   ///< begins with '/'
  std::string query;  ///< behind '?'
  std::optional<Authority> authority;
  std::string default_port;  ///< of the scheme, where there is an authority
};

/// Origin-form and absolute-form (http, https). Nullopt: any other, or a character that no target
/// has.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

/// Whether the two name the same host and port.
[[nodiscard]] bool same_authority(const Authority& a, const Authority& b,
                                  const std::string& default_port);

}  // namespace cordyna::server
