/// How much a test tries: little each time, and much in `./dev test --long`. For tests only.
///
/// Errors: none. Threads: any.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace cordyna::test {

/// `some` in `./dev test`, `many` where DYNA_TEST_LONG is set, as `./dev test --long` does.
[[nodiscard]] inline std::uint64_t draws(std::uint64_t some, std::uint64_t many) {
  return std::getenv("DYNA_TEST_LONG") == nullptr ? some : many;
}

}  // namespace cordyna::test
