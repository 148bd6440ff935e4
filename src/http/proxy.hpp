/// Which proxy an address goes through, by the environment's usual variables.
///
/// Pure. Threads: any.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "http/url.hpp"

namespace cordyna::http {

/// The variables that matter, for whoever hands an environment on.
inline constexpr const char* kProxyVariables[] = {
    "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};

struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string authorization;  ///< the header's value; empty: none
};

/// The value of a variable; "" where it is not set.
using Environment = std::function<std::string(const char* name)>;

/// http_proxy (lower case only: a CGI program gets HTTP_PROXY from its visitors), https_proxy,
/// all_proxy; `no_proxy` is a list of hosts, domains ("example.org", ".example.org") and "*", each
/// with or without a port. Errors: kInvalidArgument, naming the variable: a proxy that is no
/// http:// address.
[[nodiscard]] Result<std::optional<Proxy>> find_proxy(const Url& url,
                                                      const Environment& environment);

}  // namespace cordyna::http
