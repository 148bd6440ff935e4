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
  /// Borrows the evaluator.
  Engine(Limits limits, const Evaluator& evaluator);

  /// What else the state holds: runs and attempts that count although nobody has taken them up.
  /// Once, before any run is started or restored.
  void know(Millis now, const Surroundings& around);

  /// A new run. It begins, or is pending, or is skipped, as the flow's `concurrency` says; runs
  /// that are here and that it wants cancelled are. Errors: kConflict: the number is taken;
  /// kInvalidArgument: `concurrency.key` cannot be rendered.
  [[nodiscard]] Result<> start_run(Millis now, RunStart start, Decision& out);
  /// Runs that are not here, and without which the pending run cannot have its turn.
  struct Absent {
    std::vector<RunNo> take_up;  ///< pending ones before it
    std::vector<RunNo> cancel;   ///< those that it wants cancelled
  };
  [[nodiscard]] Absent absent(RunNo pending) const;
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
  /// A task server takes so many attempts from now on; its tasks wait while it takes none.
  void set_room(const LineRoom& room) { shared_.slots.set_room(room); }
  /// Fires due timers, emits adoptions, settles, hands out what has a slot.
  void advance(Millis now, Decision& out);

  [[nodiscard]] bool has_work() const {
    return !busy_.empty() || !restored_.empty() || shared_.admission.has_work();
  }
  [[nodiscard]] std::optional<Millis> next_timer() const { return shared_.timers.next(); }
  /// Whether the run is here and has not ended; it may be pending.
  [[nodiscard]] bool has_run(RunNo run) const {
    return runs_.contains(run) || pending_.contains(run);
  }
  [[nodiscard]] std::vector<RunNo> runs() const;
  [[nodiscard]] std::size_t live_runs() const { return runs_.size() + pending_.size(); }
  [[nodiscard]] const Slots& slots() const { return shared_.slots; }

  /// Why each task of a live run that has not ended is where it is, at `now`; of a run that is
  /// pending, what is in its way. Empty: no such run.
  [[nodiscard]] std::vector<Blocker> why(RunNo run, Millis now = 0) const;

 private:
  Step step(Millis now, Decision& out) { return {now, *evaluator_, shared_, out}; }
  /// A run that waits for its turn.
  struct Pending {
    RunSnapshot rows;
    std::shared_ptr<const Flow> flow;
  };

  void skip(Step& step, RunRow row, RunStart start);
  void wait_for_turn(Step& step, RunRow row, RunStart start);
  bool cancel_pending(Step& step, RunNo run, std::string detail);
  void admit(Step& step);
  void hand_out(Step& step);
  void note_work(RunNo run);
  void tell_of_late(const Timer& timer, Millis now, Decision& out) const;
  void drop_ended(const Decision& out);

  const Evaluator* evaluator_;
  Shared shared_;
  std::map<RunNo, std::unique_ptr<RunMachine>> runs_;
  std::map<RunNo, Pending> pending_;
  std::deque<RunNo> busy_;       // have tasks to settle; each once
  std::vector<RunNo> restored_;  // have adoptions to emit
};

}  // namespace cordyna::engine
