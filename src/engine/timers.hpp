/// Every deadline of every run, in one ordered set. No polling: who waits asks for the next one.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>

#include "base/time.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"

namespace cordyna::engine {

enum class TimerKind : std::uint8_t {
  kPhase,  ///< acknowledge, start or complete of an attempt
  kTask,   ///< the whole time of a task, with its retries
  kRetry,  ///< the next attempt may be made
  kRun,    ///< the whole time of a run
  kPool,   ///< of no run: the pool with the number `task` has a start again
  kLate,   ///< a run takes longer than was expected: told, and nothing else
  kStuck,  ///< the same of a task that nobody begins
};

/// Equal times fire in the order of run, task and kind, so that the same history is made each time.
struct Timer {
  Millis at = 0;
  RunNo run = 0;
  TaskIndex task = 0;
  TimerKind kind = TimerKind::kPhase;

  auto operator<=>(const Timer&) const = default;
};

class Timers {
 public:
  /// Adding a timer that is there changes nothing; nor does removing one that is not.
  void add(const Timer& timer) { timers_.insert(timer); }
  void remove(const Timer& timer) { timers_.erase(timer); }

  [[nodiscard]] std::optional<Millis> next() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->at;
  }

  /// Takes the first timer that is due.
  [[nodiscard]] std::optional<Timer> pop_due(Millis now) {
    if (timers_.empty() || timers_.begin()->at > now) return std::nullopt;
    const Timer timer = *timers_.begin();
    timers_.erase(timers_.begin());
    return timer;
  }

 private:
  std::set<Timer> timers_;
};

}  // namespace cordyna::engine
