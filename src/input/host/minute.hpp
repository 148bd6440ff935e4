/// How much happened in the last minute.
///
/// Pure; 60 numbers, whatever happens. Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>

#include "base/time.hpp"

namespace cordyna::input {

class LastMinute {
 public:
  /// `now` does not go back; where it does, the count is of the newest times.
  void add(std::int64_t count, Millis now);
  [[nodiscard]] std::int64_t total(Millis now) const;

 private:
  struct Second {
    Millis at = -1;  // in seconds
    std::int64_t count = 0;
  };
  std::array<Second, 60> seconds_{};
};

}  // namespace cordyna::input
