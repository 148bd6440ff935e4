/// Draws for the simulator. Our own on mt19937_64: the distributions of the standard library differ
/// between libraries.
#pragma once

#include <cstdint>
#include <random>

namespace cordyna::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// From 0 to n-1; n at least 1.
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  /// From low to high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  std::uint64_t next() { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace cordyna::sim
