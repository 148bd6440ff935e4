/// Words that ODCS and our contracts have for the same things.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace cordyna::flow {

/// Our custom properties begin so.
inline constexpr std::string_view kOwn = "cordyna.";

/// "yyyy-MM-dd" (Java's) → "%Y-%m-%d" (strptime's). Nullopt: it has letters that we have no word
/// for.
[[nodiscard]] std::optional<std::string> strptime_of(std::string_view java);
/// The other way round. Nullopt where strptime_of would not give the same again.
[[nodiscard]] std::optional<std::string> java_of(std::string_view format);

/// A pattern that ODCS searches for as one of ours, which matches whole values. Nullopt: RE2 has no
/// lookaround and no back references.
[[nodiscard]] std::optional<std::string> match_of(std::string_view pattern);
/// "^(?:…)$"
[[nodiscard]] std::string pattern_of(std::string_view match);

/// A value with a unit of an SLA ("d", "hours", "m"). Nullopt: no such unit.
[[nodiscard]] std::optional<Millis> age_of(double value, std::string_view unit);

struct Age {
  std::int64_t value = 0;
  std::string_view unit;  ///< d, h, m, s, ms: the largest that leaves a whole number
};
[[nodiscard]] Age age_words(Millis age);

/// Our type for a logical type, a physical one and a logical type's format, all as ODCS has them.
struct TypeGuess {
  std::string type;
  std::string doubt;  ///< what of it got lost; empty: nothing
};
[[nodiscard]] TypeGuess type_of(std::string_view logical, std::string_view physical,
                                std::string_view format);

}  // namespace cordyna::flow
