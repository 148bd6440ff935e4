/// Decide, save, act: the one step that all of cerebro is made of.
///
/// Signals go into the engine; what it decides is saved in one transaction; only after the commit
/// do commands go out. After a crash the rows tell which commands are unconfirmed, and they go out
/// again.
///
/// Single-threaded and without waiting, so that the simulator runs it as it stands; Cerebro gives
/// it a thread. Errors: a failed commit ends the loop (`failed`): memory is ahead of the truth.
/// Nothing is sent after it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "engine/engine.hpp"

namespace cordyna {

struct SubmitSignal {
  RunRequest request;
};
struct ResumeSignal {
  RunId id;
};
struct CancelSignal {
  RunId id;
};

struct DecideSignal {
  RunId id;
  engine::HoldDecision decision;
};

using Command = std::variant<SubmitSignal, ResumeSignal, CancelSignal, DecideSignal>;

class Loop {
 public:
  /// Borrows everything but the loader.
  Loop(std::uint32_t slots, Store& store, const Evaluator& evaluator, FlowLoader loader);

  void set_process(Process& process) { process_ = &process; }
  /// Told of each commit, after its commands went out.
  void set_listener(std::function<void(const ChangeSet&)> listener) {
    listener_ = std::move(listener);
  }

  /// Gives a command to the engine. Its effect is saved by the next `step`, and counts only if that
  /// succeeds.
  [[nodiscard]] Result<RunNo> apply(Millis now, const Command& command);
  void apply(Millis now, const AttemptReport& report);

  /// Fires due timers, commits all that was decided since the last step, then sends the commands.
  /// Errors: what the store said; from then on `failed`.
  [[nodiscard]] Result<> step(Millis now);

  /// Whether `step` should be called again at once.
  [[nodiscard]] bool has_work() const { return !failed_ && engine_.has_work(); }
  [[nodiscard]] std::optional<Millis> next_timer() const { return engine_.next_timer(); }
  [[nodiscard]] std::size_t live_runs() const { return engine_.live_runs(); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  [[nodiscard]] Result<RunNo> submit(Millis now, RunRequest request);
  [[nodiscard]] Result<RunNo> resume(Millis now, const RunId& id);
  [[nodiscard]] Result<RunNo> take_up(Millis now, const RunRow& row);
  [[nodiscard]] Result<RunNo> cancel(Millis now, const RunId& id);
  [[nodiscard]] Result<RunNo> decide(Millis now, const DecideSignal& signal);
  void act(const engine::Decision& done);

  Store& store_;
  FlowLoader loader_;
  Process* process_ = nullptr;
  std::function<void(const ChangeSet&)> listener_;
  engine::Engine engine_;
  engine::Decision decision_;
  RunNo next_no_ = 0;
  bool failed_ = false;
};

}  // namespace cordyna
