/// Which proxy an address goes through, by the environment's usual variables.
///
/// Pure, but for `network_variables`. Threads: any.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/url.hpp"

namespace cordyna::http {

/// The variables that matter, for whoever hands an environment on.
inline constexpr const char* kProxyVariables[] = {
    "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};

/// Those that are set, with what says whom TLS trusts: what another process of ours needs to reach
/// servers as we do.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> network_variables();

/// The password in a proxy's address, as it stands there; empty: it has none.
[[nodiscard]] std::string proxy_password(std::string_view address);

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
