/// Signatures with a private key of RSA, as JSON Web Tokens have them (RS256).
///
/// Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::http {

/// The bytes of the signature (RSASSA-PKCS1-v1_5 with SHA-256) of `text`. Errors, which never quote
/// the key: kInvalidArgument: `pem` is no private key of RSA, or one with a passphrase.
[[nodiscard]] Result<std::string> sign_rs256(std::string_view pem, std::string_view text);

}  // namespace cordyna::http
