/// SHA-256.
#pragma once

#include <string>
#include <string_view>

namespace cordyna::flow {

/// 64 hexadecimal digits, lower case.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace cordyna::flow
