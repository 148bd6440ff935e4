/// "Did you mean": the nearest word of a list.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cordyna {

/// The candidate with the fewest edits (insert, delete, replace, swap of neighbours) to `word`,
/// where those are at most a third of its length, and at least one is allowed. Empty: none is near.
[[nodiscard]] std::string nearest(std::string_view word,
                                  std::span<const std::string_view> candidates);

}  // namespace cordyna
