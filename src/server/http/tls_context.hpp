/// Certificate and key, made ready for connections.
///
/// Internal to this folder. Threads: any; a context that was made is not changed.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"

namespace boost::asio::ssl {
class context;  // NOLINT(readability-identifier-naming): the name is theirs
}

namespace cordyna::server {

/// TLS 1.2 or newer, ALPN http/1.1. Errors: kInvalidArgument: a file cannot be read or is not PEM,
/// or the two do not fit.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    const std::string& certificate, const std::string& key);

}  // namespace cordyna::server
