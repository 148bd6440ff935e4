/// Bytes as Base64: RFC 4648, section 4, with "=" at the end and in one line.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace cordyna {

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace cordyna
