/// Bytes as Base64: RFC 4648, section 4, with "=" at the end and in one line.
///
/// Pure. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cordyna {

[[nodiscard]] std::string base64(std::string_view bytes);
/// Nullopt: it is none in that very form.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace cordyna
