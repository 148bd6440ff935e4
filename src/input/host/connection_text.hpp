/// A connection of a flow in the words of libpq.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::input {

/// The name of the secret that is its password; empty: it has none.
[[nodiscard]] std::string password_secret(std::string_view connection_json);

/// "host='…' user='…' …". `password` may be empty. Errors: kInvalidArgument.
[[nodiscard]] Result<std::string> connection_text(std::string_view connection_json,
                                                  std::string_view password);

}  // namespace cordyna::input
