/// Patterns for names of files: `*`, `?`, `[a-z]`, `[!a-z]`, of which none stands for a slash.
///
/// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cordyna {

/// In a time that no pattern makes more than the product of both lengths.
[[nodiscard]] bool fits_pattern(std::string_view pattern, std::string_view text);

/// Why it is none for paths from a folder: "has a '[' without its ']'". Empty: it is one.
[[nodiscard]] std::string pattern_problem(std::string_view pattern);

/// The bytes of the character that `text`, which is not empty, begins with; 1 where it is no UTF-8.
[[nodiscard]] std::size_t character_size(std::string_view text);

}  // namespace cordyna
