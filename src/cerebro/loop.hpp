/// Decide, save, act: the one step that all of cerebro is made of.
///
/// Signals go into the engine; what it decides is saved in one transaction; only after the commit
/// do commands go out. After a crash the rows tell which commands are unconfirmed, and they go out
/// again.
///
/// Single-threaded and without waiting, so that the simulator runs it as it stands; Cerebro gives
/// it a thread. Errors: a failed commit ends the loop (`failed`): memory is ahead of the truth.
/// Nothing is sent after it. But see `wait_for_space`, and `refused`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "cerebro/applier.hpp"
#include "cerebro/auditor.hpp"
#include "cerebro/backfiller.hpp"
#include "cerebro/cerebro.hpp"
#include "cerebro/commands.hpp"
#include "cerebro/disabled_flows.hpp"
#include "cerebro/event_router.hpp"
#include "cerebro/flow_ends.hpp"
#include "cerebro/subflows.hpp"
#include "cerebro/ticker.hpp"
#include "cerebro/unwritten_runs.hpp"
#include "engine/engine.hpp"

namespace cordyna {

class Loop {
 public:
  /// Borrows everything but the loader.
  Loop(engine::Limits limits, Store& store, const Evaluator& evaluator, FlowLoader loader,
       TickPorts ticks = {}, SubflowPorts subflows = {}, AuditHash audit = {},
       std::size_t events_max = 1'000'000, bool forgets_completed = false);

  /// A loop that goes on where this one's last commit left it, made from the rows as a next owner
  /// would, and driving what this one did. Its processes know their attempts: none is adopted.
  /// Errors: those of the store; what is due by itself is refused again.
  [[nodiscard]] Result<std::unique_ptr<Loop>> anew(Millis now, Millis wall) const;

  void set_process(Executor& process) { process_ = &process; }
  /// From now on a full disk does not end the loop: it keeps what it decided until that can be
  /// saved. Meanwhile (`waits`) each `step` tries again, and fails with kNoSpace; commands are
  /// refused, reports wait, and no timer fires. And nothing new is begun without `Store::room`.
  void wait_for_space() { patient_ = true; }
  [[nodiscard]] bool waits() const { return unsaved_.has_value(); }
  /// Whether the disk is so full that nothing new is begun, by anybody or any trigger. Looked at by
  /// `step`.
  [[nodiscard]] bool is_low() const { return !room_.has_value(); }
  [[nodiscard]] const Result<>& room() const { return room_; }

  /// Told of each commit, after its commands went out.
  void set_listener(std::function<void(const ChangeSet&)> listener) {
    listener_ = std::move(listener);
  }

  /// Gives a command to the engine. Its effect is saved by the next `step`, and counts only if that
  /// succeeds.
  [[nodiscard]] Result<RunNo> apply(Millis now, const Command& command);
  void apply(Millis now, const AttemptReport& report);
  /// As `apply`; what succeeds has its entry in the audit, saved with it.
  [[nodiscard]] Result<RunNo> apply(Millis now, Millis wall, const Command& command,
                                    AuditNote note);

  /// Starts the runs of triggers that are due, fires due timers, commits all that was decided since
  /// the last step, then sends the commands. Errors: what the store said; from then on `failed`.
  /// `wall`: what the clock on the wall says, by which triggers go; it may jump.
  [[nodiscard]] Result<> step(Millis now, Millis wall);
  [[nodiscard]] Result<> step(Millis now) { return step(now, now); }

  /// Whether `step` should be called again at once.
  [[nodiscard]] bool has_work() const {
    if (failed_ || waits()) return false;
    return engine_.has_work() || subflows_.behind() ||
           (!is_low() && (ticker_.behind() || backfiller_.behind() || events_.behind()));
  }
  [[nodiscard]] std::optional<Millis> next_timer() const {
    return waits() ? std::nullopt : engine_.next_timer();
  }
  /// When the next trigger, or a batch of events, is due, by the clock on the wall.
  [[nodiscard]] std::optional<Millis> next_tick() const {
    if (waits() || is_low()) return std::nullopt;
    const auto tick = ticker_.next();
    const auto event = events_.next();
    if (!tick.has_value() || !event.has_value()) return tick.has_value() ? tick : event;
    return std::min(*tick, *event);
  }
  [[nodiscard]] std::size_t live_runs() const { return engine_.live_runs(); }
  [[nodiscard]] bool failed() const { return failed_; }
  /// Failed, since the store refused a row of the last step: it is there already, moved on, or is
  /// against the rules. Whoever has what the step was given goes on with `anew`.
  [[nodiscard]] bool refused() const { return refused_; }

 private:
  [[nodiscard]] Result<RunNo> submit(Millis now, RunRequest request);
  [[nodiscard]] Result<RunNo> rerun(Millis now, RerunRequest request);
  [[nodiscard]] Result<BackfillNo> backfill(Millis now, BackfillRequest request);
  [[nodiscard]] Result<BackfillNo> steer(Millis now, const SteerSignal& signal);
  [[nodiscard]] Backfiller::Hands hands(Millis now);
  [[nodiscard]] Subflows::Hands subflow_hands(Millis now);
  [[nodiscard]] Result<> decide_all(Millis now, Millis wall);
  [[nodiscard]] Result<> hear_ends(Millis wall);
  const Result<>& look_for_room();
  [[nodiscard]] Result<> save(engine::Decision done);
  [[nodiscard]] Result<> save_again(Millis now);
  [[nodiscard]] Result<RunNo> keep(Millis now, const KeepSignal& signal);
  /// Reads once what the state holds: the last number of a run, and what counts against limits.
  [[nodiscard]] Result<> know_state(Millis now);
  [[nodiscard]] Result<RunNo> drives(Millis now, const RunId& id);
  /// Takes up what a run that is pending cannot do without.
  [[nodiscard]] Result<> fetch_absent(Millis now, RunNo pending);
  [[nodiscard]] Result<std::int64_t> apply_flows(Millis now, const ApplySignal& signal);
  [[nodiscard]] Result<std::int64_t> switch_flow(Millis now, const SwitchFlowSignal& signal);
  [[nodiscard]] Result<std::int64_t> serve(Millis now, const ServeSignal& signal);
  [[nodiscard]] Result<> check_kept() const;
  /// Gives it the next number.
  [[nodiscard]] Result<RunNo> start(Millis now, engine::RunStart run);
  [[nodiscard]] Result<RunNo> resume(Millis now, const RunId& id);
  [[nodiscard]] Result<RunNo> take_up(Millis now, const RunRow& row);
  using Agrees = std::function<Result<>(const RunRow&)>;
  /// 0: there is no such run. Errors: what `agrees` says of it.
  [[nodiscard]] Result<RunNo> take_up_known(Millis now, const RunId& id, const Agrees& agrees);
  [[nodiscard]] bool ended_now(RunNo run) const;
  [[nodiscard]] Result<> restore(Millis now, const RunRow& row);
  [[nodiscard]] Result<RunNo> cancel(Millis now, const RunId& id);
  [[nodiscard]] Result<RunNo> decide(Millis now, const DecideSignal& signal);
  [[nodiscard]] Result<RunNo> remove(const RemoveSignal& signal);
  [[nodiscard]] Result<RunNo> change_identity(const IdentitySignal& signal);
  void act(const engine::Decision& done);
  [[nodiscard]] Result<> take_over(Millis now, Millis wall, const Loop& before);
  void forget_known_adoptions();

  struct Made {  ///< what it was made of, for `anew`
    engine::Limits limits;
    const Evaluator& evaluator;
    TickPorts ticks;
    SubflowPorts subflows;
    AuditHash audit;
    std::size_t events_max;
    bool forgets_completed;
  };
  Made made_;
  Store& store_;
  FlowLoader loader_;
  Executor* process_ = nullptr;
  std::function<void(const ChangeSet&)> listener_;
  engine::Limits limits_;
  engine::Engine engine_;
  Ticker ticker_;
  Backfiller backfiller_;
  Subflows subflows_;
  DisabledFlows disabled_;
  EventRouter events_;
  FlowEnds ends_;
  Applier applier_;
  Auditor auditor_;
  std::optional<UnwrittenRuns> unwritten_;  ///< where what completed is forgotten
  engine::Decision decision_;
  std::map<std::string, RunNo, std::less<>> begun_now_;  ///< in `decision_`, by their ids
  RunNo next_no_ = 0;
  std::optional<engine::Decision> unsaved_;  ///< refused for want of space
  std::vector<AttemptReport> later_;         ///< came while that waits: a few for each slot
  Result<> room_;                            ///< what the store said of it last
  bool room_is_known_ = false;               ///< for what the next step is given
  std::set<RunNo> refused_runs_;  ///< they may have ended in what was refused: as not yet
  std::set<BackfillNo> refused_backfills_;
  std::set<RunNo> restored_;  ///< since the last commit: no process has heard of them
  std::set<RunNo> known_;     ///< until the first step of one made `anew`
  bool patient_ = false;
  bool serving_ = false;
  bool failed_ = false;
  bool refused_ = false;
};

}  // namespace cordyna
