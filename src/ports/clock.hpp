/// Time for cerebro.
#pragma once

#include "base/time.hpp"

namespace cordyna {

/// `now` never goes back and never jumps: wall time at the start plus monotonic time since.
/// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Millis now() const = 0;
  /// What the clock on the wall says: jumps when it is set. For schedules, which go by it.
  [[nodiscard]] virtual Millis wall() const { return now(); }
};

/// The real one.
class SystemClock final : public Clock {
 public:
  SystemClock();
  [[nodiscard]] Millis now() const override;
  [[nodiscard]] Millis wall() const override;

 private:
  Millis wall_at_start_;
  Millis steady_at_start_;
};

/// For tests: moves when told to.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Millis start) : now_(start) {}
  [[nodiscard]] Millis now() const override { return now_; }
  void advance(Millis by) { now_ += by; }

 private:
  Millis now_;
};

}  // namespace cordyna
