/// Who carries attempts out.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "model/attempt.hpp"

namespace cordyna {

/// Takes a report. May block while cerebro is busy (it slows its sources down, it never drops);
/// false: cerebro has stopped, and the report is not needed: it is found again at the next start.
using ReportSink = std::function<bool(AttemptReport)>;

/// One way of running attempts: local processes, containers, jobs.
///
/// Failures of an attempt, also of its preparation, come as reports, not as results: nothing a task
/// does or lacks may stop the caller.
/// Threads: cerebro calls from one thread; reports come from any, also from inside a call.
class Executor {
 public:
  virtual ~Executor() = default;

  /// Starts it, at most once for its key, whatever happened before.
  virtual void start(const StartAttempt& command) = 0;

  /// Ends it and everything it started, first kindly, after a grace period by force; reports kEnded
  /// when that is proven. Where a result was there already, that result is reported.
  virtual void cancel(const CancelAttempt& command) = 0;

  /// After a restart of cerebro: finds out about an attempt that was dispatched by an owner before.
  /// Reports what is known: kStarted and later kEnded for one that lives (it is never started
  /// twice), kEnded with its result for one that ended meanwhile, kEnded with LOST for one that
  /// vanished; one that was never begun is started now.
  virtual void adopt(const StartAttempt& command) = 0;

  /// The run has ended and nothing of it lives: what was kept for its tasks alone may go. Not
  /// repeated after a crash: who keeps something finds out by itself at the next start.
  virtual void run_ended(const RunRow& run) { static_cast<void>(run); }
};

}  // namespace cordyna
