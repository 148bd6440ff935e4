/// Whether a file is still the one that was read.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace cordyna::cli {

/// Which file it is, and in which state; all 0: there is none.
using FileMark = std::array<std::int64_t, 4>;

[[nodiscard]] FileMark mark_of(const std::string& path);

}  // namespace cordyna::cli
