/// Cerebro, the owner of a state: inbox, engine, transaction, commands, recovery, on one thread.
///
/// Everything that happens comes in as a signal; the thread drains what is there, lets the engine
/// decide, commits once, and only then sends commands out. An idle cerebro does nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "cerebro/auditor.hpp"
#include "cerebro/backfiller.hpp"
#include "cerebro/subflows.hpp"
#include "cerebro/ticker.hpp"
#include "engine/hold.hpp"
#include "engine/slots.hpp"
#include "model/flow.hpp"
#include "model/rows.hpp"
#include "model/task_server.hpp"
#include "ports/clock.hpp"
#include "ports/evaluator.hpp"
#include "ports/executor.hpp"
#include "ports/store.hpp"

namespace cordyna {

struct CerebroSettings {
  engine::Limits limits{2};            ///< processes at once, and pools
  std::size_t inbox_max = 4096;        ///< signals; more wait at their source
  std::size_t events_max = 1'000'000;  ///< pending ones; more are refused
  TickPorts ticks;                     ///< for `keep`
  SubflowPorts subflows;               ///< none: tasks of type `flow` go to the process
  AuditHash audit{};                   ///< none: no audit is kept
  /// On a full disk: whether cerebro waits for space, or stops.
  bool waits_for_space = false;
  /// Whether runs leave nothing once they have completed (UnwrittenRuns): of an event that has had
  /// its run, the event stays. Then `serve` begins the runs of all events that wait before it
  /// answers, and no flow can be disabled and no event settled.
  bool forgets_completed = false;
};

/// Told of every commit, in order, on cerebro's thread: must be quick and must not call back.
class CommitObserver {
 public:
  virtual ~CommitObserver() = default;
  virtual void on_commit(const ChangeSet& changes) = 0;
  /// The store refused (no space, I/O, another owner): cerebro has stopped; what was saved stays.
  virtual void on_stopped(const Error& error) = 0;
  /// The disk is full: nothing new is begun, or nothing goes on at all, until `on_room`.
  virtual void on_full(const Error& why) { static_cast<void>(why); }
  virtual void on_room() {}
};

struct RunRequest {
  RunId id;  ///< chosen by the caller: giving the same id again is harmless
  std::shared_ptr<const Flow> flow;
  std::string canonical;
  std::string inputs;     ///< JSON object, resolved
  Scheduled scheduled{};  ///< the time it stands for; nothing: its own
  bool no_cache = false;  ///< its tasks do all their work, whatever a cache has
  /// As EventRequest::seen, where there is a run with this id already, perhaps begun a moment ago.
  /// An error refuses the request: the run is of another one.
  std::function<Result<>(const RunRow&)> agrees{};
};

/// A new run which takes over what an earlier one of the same flow completed.
struct RerunRequest {
  RunId id;  ///< as of a RunRequest
  RunNo of = 0;
  std::string inputs;                               ///< JSON object, resolved
  std::vector<std::string> taken;                   ///< paths of tasks (engine/takeover.hpp)
  bool no_cache = false;                            ///< as of a RunRequest
  std::shared_ptr<const Flow> flow{};               ///< null: of the version that run had
  std::string canonical{};                          ///< of the flow
  std::function<Result<>(const RunRow&)> agrees{};  ///< as of a RunRequest
};

struct CancelRequest {
  RunId id;
};
struct DecideRequest {
  RunId id;
  engine::HoldDecision decision;
};
struct ApplyRequest {
  std::vector<FlowChange> changes;
  std::vector<PositionRow> positions{};  ///< saved with them: where they came from
};
/// As DisabledFlows::set.
struct SwitchFlowRequest {
  FlowSwitch what;
};
struct SteerRequest {
  BackfillNo no = 0;
  BackfillOp op = BackfillOp::kPause;
};
/// Users and tokens change, all or none. A user's row has the version after the one that the state
/// has; else somebody else was first: kConflict.
struct IdentityRequest {
  std::vector<UserRow> users;
  std::vector<TokenRow> tokens;
  std::vector<std::string> removed_tokens;
};
/// Something came in for a trigger of a flow that is applied. Asking again is harmless: a trigger
/// and an event's id name it. Its run begins after it is saved.
struct EventRequest {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  std::string event_id;  ///< printable, 1 to kEventIdMax bytes
  std::string source;    ///< who sent it
  std::string payload;   ///< JSON object, at least {}
  /// Called on cerebro's thread where the event was there already, before the answer; with its run,
  /// where that is saved. Must be quick and must not call back.
  std::function<void(const EventRow&, const RunRow*)> seen{};
};
/// Many events, all or none, and how far their sender has come, in one transaction.
struct IntakeRequest {
  std::vector<EventRequest> events;
  std::vector<PositionRow> positions;
  std::vector<NoticeRow> notices{};  ///< as ChangeSet
};
enum class EventOp : std::uint8_t { kReplay, kDrop };
/// A dead letter is tried again, or dropped. Errors: kNotFound; kConflict: it is none.
struct SettleRequest {
  EventNo no = 0;
  EventOp op = EventOp::kReplay;
  std::string by;
};
/// How many attempts task servers take from now on. Nothing is saved: a server says it again.
struct RoomRequest {
  std::vector<LineRoom> rooms;
};
/// Only the entry of the audit: what was changed lies elsewhere, as a secret does.
struct NoteRequest {};

/// What somebody asks of a server, each as the call of its name below.
using ServerRequest =
    std::variant<RunRequest, RerunRequest, CancelRequest, DecideRequest, ApplyRequest,
                 BackfillRequest, SteerRequest, IdentityRequest, EventRequest, IntakeRequest,
                 SettleRequest, NoteRequest, SwitchFlowRequest, RoomRequest>;
/// Called once, on cerebro's thread, after the commit: must be quick and must not call back.
using Answer = std::move_only_function<void(Result<std::int64_t>)>;

/// Loads a stored flow version: flow::from_canonical, handed in by main.
using FlowLoader = std::function<Result<std::shared_ptr<const Flow>>(std::string_view canonical,
                                                                     std::string_view folder)>;

/// Threads: all calls from any thread.
class Cerebro {
 public:
  /// Borrows everything but the loader; all must outlive it.
  Cerebro(const CerebroSettings& settings, const Clock& clock, Store& store,
          const Evaluator& evaluator, FlowLoader loader);
  /// Stops; running tasks go on under their guardians.
  ~Cerebro();
  Cerebro(const Cerebro&) = delete;
  Cerebro& operator=(const Cerebro&) = delete;

  /// Where processes send their reports: exists before the processes do.
  [[nodiscard]] ReportSink sink();

  /// Asks without waiting. What succeeds is saved, with its entry in the audit (an event is its own
  /// entry and wants none), before the answer comes. Waits only where the inbox is full.
  void ask(ServerRequest request, std::optional<AuditNote> note, Answer answer);

  /// Starts the thread. `process` carries out every task of TaskKind::kProcess, and of
  /// kServed.
  void start(Executor& process);

  /// All from here on are saved before they return.
  /// Starts a run. A run with this id that exists already and has not ended is taken up (resumed).
  [[nodiscard]] Result<RunNo> submit(RunRequest request);
  /// Errors: kNotFound: no such run; kConflict: it has not ended, or a task that is to be taken
  /// over did not complete.
  [[nodiscard]] Result<RunNo> rerun(RerunRequest request);
  /// Takes up a run that an earlier owner left. Errors: kNotFound; kConflict: it has ended.
  [[nodiscard]] Result<RunNo> resume(const RunId& id);
  /// Errors: kNotFound; kConflict: it has ended. Takes the run up first if need be.
  [[nodiscard]] Result<> cancel(const RunId& id);

  /// Whether schedule triggers of the flow are kept here. Errors: kNotFound: none is. The number
  /// says nothing.
  [[nodiscard]] Result<RunNo> keeps(const std::string& ns, const std::string& flow_id);
  /// Whether the run is taken up here. Errors: kNotFound: it is not, or has ended.
  [[nodiscard]] Result<RunNo> drives(const RunId& id);

  /// A person's word on a task that is held. Takes the run up first if need be. Errors: kNotFound;
  /// kConflict: the run has ended, or the task is not held.
  [[nodiscard]] Result<RunNo> decide(const RunId& id, engine::HoldDecision decision);

  /// Old runs, ticks and events go, with all their rows, in one transaction. A run that is needed
  /// (OldRun in ports/store.hpp) stays. Gives how many went.
  [[nodiscard]] Result<std::int64_t> remove(OldRows rows);
  /// As EventRouter::settle.
  [[nodiscard]] Result<EventNo> settle(SettleRequest request);
  /// As Backfiller::begin and Backfiller::steer.
  [[nodiscard]] Result<BackfillNo> start_backfill(BackfillRequest request);
  [[nodiscard]] Result<BackfillNo> steer_backfill(BackfillNo no, BackfillOp op);

  /// Keeps these schedule triggers from now on, instead of those before; none: none. Errors: as
  /// Ticker::keep.
  [[nodiscard]] Result<> keep(std::vector<KeptTrigger> triggers);
  /// Changes flows by name, all or none; their number. While serving, their schedules are kept from
  /// the same transaction on. Errors: as Applier::stage.
  [[nodiscard]] Result<std::int64_t> apply(std::vector<FlowChange> changes);
  /// Disables a flow, or enables it again, as DisabledFlows::set. While serving, its schedules are
  /// kept no more, or go on from their last ticks, from the same transaction on.
  [[nodiscard]] Result<std::int64_t> switch_flow(FlowSwitch what);
  /// Keeps the schedules of all applied flows from now on, also as they change, and says how many
  /// they are; or keeps none. Errors: as Ticker::keep; a stored version cannot be read.
  [[nodiscard]] Result<std::int64_t> serve(bool on);
  /// The clock was set: what is due by it is done now, and not when its old time would have come.
  void wake();

  void subscribe(CommitObserver& observer);
  void unsubscribe(CommitObserver& observer);

  /// Whether it takes work: false while there is no room on the disk, and once it has stopped.
  [[nodiscard]] bool takes_work() const;

  /// Runs taken up that have not ended.
  [[nodiscard]] std::size_t live_runs() const;

  /// After the commit in hand: no more commands, no more signals. Idempotent.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordyna
