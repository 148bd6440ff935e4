/// A clock that is never set.
#pragma once

#include <chrono>

#include "base/time.hpp"

namespace cordyna::kubernetes {

[[nodiscard]] inline Millis steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace cordyna::kubernetes
