/// A small hash that is the same in every version: for texts that are written down, and for drawing
/// numbers. Not against an adversary.
#pragma once

#include <cstdint>
#include <string_view>

namespace cordyna {

inline constexpr std::uint64_t kFnvBegin = 14695981039346656037ULL;
inline constexpr std::uint64_t kFnvPrime = 1099511628211ULL;

/// FNV-1a, 64 bits; `hash` goes on where another text ended.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = kFnvBegin) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return hash;
}

}  // namespace cordyna
