/// The engine: all live runs, one set of timers, one set of slots.
///
/// Pure: calls and the time go in, a `Decision` comes out. The caller saves its changes in one
/// transaction, then sends its commands; if the save fails, the engine is ahead of the truth and
/// must be thrown away.
///
/// Bounds: one `advance` settles at most `kSettleMax` tasks; while `has_work`, call it again.
/// Errors: kConflict and kNotFound change nothing.
/// Threads: none; one owner at a time.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "engine/decision.hpp"
#include "engine/run_machine.hpp"
#include "engine/why.hpp"
#include "ports/evaluator.hpp"

namespace cordyna::engine {

inline constexpr std::size_t kSettleMax = 1024;

class Engine {
 public:
  /// Borrows the evaluator. `slots`: processes at once, at least 1.
  Engine(std::uint32_t slots, const Evaluator& evaluator);

  /// Errors: kConflict: the number is taken.
  [[nodiscard]] Result<> start_run(Millis now, RunStart start, Decision& out);
  /// A run that an owner before left. Its adoptions come with the next `advance`, after due timers.
  /// Errors: kConflict: it is here already, or it has ended.
  [[nodiscard]] Result<> restore_run(Millis now, RunSnapshot snapshot,
                                     std::shared_ptr<const Flow> flow, Decision& out);
  /// Errors: kNotFound: no live run has the number.
  [[nodiscard]] Result<> cancel_run(Millis now, RunNo run, Decision& out);
  /// A person's word on a task that is held. Errors: kNotFound: no such run or task; kConflict: it
  /// is not held.
  [[nodiscard]] Result<> decide(Millis now, RunNo run, const HoldDecision& decision, Decision& out);
  /// News of an attempt; of a run that is not here: nothing.
  void report(Millis now, const AttemptReport& report, Decision& out);
  /// Fires due timers, emits adoptions, settles, hands out what has a slot.
  void advance(Millis now, Decision& out);

  [[nodiscard]] bool has_work() const { return !busy_.empty(); }
  [[nodiscard]] std::optional<Millis> next_timer() const { return shared_.timers.next(); }
  [[nodiscard]] bool has_run(RunNo run) const { return runs_.contains(run); }
  [[nodiscard]] std::size_t live_runs() const { return runs_.size(); }

  /// Why each task of a live run that has not ended is where it is, at `now`. Empty: no such run.
  [[nodiscard]] std::vector<Blocker> why(RunNo run, Millis now = 0) const;

 private:
  Step step(Millis now, Decision& out) { return {now, *evaluator_, shared_, out}; }
  void hand_out(Step& step);
  void note_work(RunNo run);
  void drop_ended(const Decision& out);

  const Evaluator* evaluator_;
  Shared shared_;
  std::map<RunNo, std::unique_ptr<RunMachine>> runs_;
  std::deque<RunNo> busy_;       // have tasks to settle; each once
  std::vector<RunNo> restored_;  // have adoptions to emit
};

}  // namespace cordyna::engine
