/// HMAC-SHA256 in two halves: what depends on the key alone, so that the key itself goes nowhere.
///
/// DuckDB has no hmac(): sha256(outer || sha256(inner || text)) is the same.
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace cordyna::data {

struct HmacPads {
  std::string inner;  ///< 64 bytes as hexadecimal digits
  std::string outer;
};

[[nodiscard]] HmacPads hmac_pads(std::string_view key);

}  // namespace cordyna::data
