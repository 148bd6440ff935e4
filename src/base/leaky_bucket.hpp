/// How much of something came lately: what is in it drains at a rate.
///
/// A value. Pure.
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace cordyna {

class LeakyBucket {
 public:
  /// What is in it at a time that is not before the last `add`; `per_second` drains.
  [[nodiscard]] double level(Millis now, double per_second) const {
    const double drained = static_cast<double>(std::max<Millis>(now - at_, 0)) / 1000 * per_second;
    return std::max(0.0, held_ - drained);
  }
  void add(Millis now, double per_second, double much = 1) {
    held_ = level(now, per_second) + much;
    at_ = now;
  }
  void take(double much) { held_ = std::max(0.0, held_ - much); }

 private:
  double held_ = 0;
  Millis at_ = 0;
};

}  // namespace cordyna
