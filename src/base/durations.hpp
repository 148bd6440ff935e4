/// Durations and sizes as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna {

/// "250ms", "10s", "5m", "2h", "1d", combinations in falling order ("1h30m"), or ISO 8601 without
/// years and months ("PT10M", "P1DT2H", "PT0.5S", "P2W"). Zero is a duration.
/// Errors: kInvalidArgument, saying what would be right: no unit, negative, more than 100 years.
[[nodiscard]] Result<Millis> parse_duration(std::string_view text);

/// The one form that equal durations have in a canonical flow: "5400000ms".
[[nodiscard]] std::string canonical_duration(Millis duration);

/// Bytes: "256MB" (decimal), "512KiB" (binary), "100B". Errors: kInvalidArgument.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

}  // namespace cordyna
