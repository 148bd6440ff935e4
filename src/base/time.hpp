/// Time as the engine sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordyna {

/// Milliseconds: a delay, or a point in time since 1970-01-01 00:00 UTC. 0 as a point: not yet.
using Millis = std::int64_t;

/// "2026-11-21T07:50:00.123Z".
[[nodiscard]] std::string format_timestamp(Millis at);
/// "2026-11-22T02:00:00Z"
[[nodiscard]] std::string seconds_text(Millis at);

/// Of "2026-11-21", "2026-11-21T07:50", "2026-11-21 07:50:00.123", the latter two with Z, "+02:00"
/// or nothing behind: without a zone it is UTC. Nullopt: it is none, or there is no such day.
[[nodiscard]] std::optional<Millis> parse_timestamp(std::string_view text);

/// "2026-11-21", in UTC.
[[nodiscard]] std::string format_date(Millis at);

/// For people: "850ms", "4.2s", "3m12s", "2h05m", "3d04h". Negative delays count as 0.
[[nodiscard]] std::string format_delay(Millis delay);

}  // namespace cordyna
