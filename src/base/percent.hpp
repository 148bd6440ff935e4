/// Text within addresses (RFC 3986).
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace cordyna {

/// All but letters, digits and "-._~" as %XX; `keep` holds further characters that stay.
[[nodiscard]] std::string percent_encode(std::string_view text, std::string_view keep = {});

}  // namespace cordyna
