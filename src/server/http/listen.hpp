/// Where a server listens, as people write it.
///
/// Pure. Threads: any.
#pragma once

#include <string_view>

#include "server/http/http_server.hpp"

namespace cordyna::server {

/// "127.0.0.1:7070", "[::1]:0", ":7070" for the default address: settings with address and port.
/// Errors: kInvalidArgument: what is wanted; it does not quote the text.
[[nodiscard]] Result<HttpSettings> parse_listen(std::string_view text);

/// The names of this machine in the header Host: a page whose name was made to lead here must not
/// reach a server on a loopback address with it.
[[nodiscard]] std::vector<std::string> loopback_names(const std::string& address);

}  // namespace cordyna::server
