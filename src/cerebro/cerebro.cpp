#include "cerebro/cerebro.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <variant>

#include "base/bounded_queue.hpp"
#include "cerebro/loop.hpp"

namespace cordyna {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// News that nobody waits for (a task was acknowledged, or started) is saved with the next news
/// that somebody does, or after this long: a task of a millisecond then costs one commit instead of
/// two. Nothing is lost by it: such news can be found out again.
constexpr std::chrono::milliseconds kLazyDelay{10};

/// On a full disk: how often is looked whether there is space again, and how long those wait whose
/// wishes were decided but could not be saved.
constexpr std::chrono::milliseconds kSpaceDelay{250};
constexpr std::chrono::seconds kUnsavedPatience{5};

struct CommandSignal {
  Command command;
  Answer answer;
  std::optional<AuditNote> note{};
};

/// What a server is asked for, as what the loop is told.
struct ToCommand {
  Millis wall;
  Command operator()(RunRequest& r) const { return SubmitSignal{std::move(r)}; }
  Command operator()(RerunRequest& r) const { return RerunSignal{std::move(r)}; }
  Command operator()(CancelRequest& r) const { return CancelSignal{std::move(r.id)}; }
  Command operator()(DecideRequest& r) const {
    return DecideSignal{std::move(r.id), std::move(r.decision)};
  }
  Command operator()(ApplyRequest& r) const {
    return ApplySignal{std::move(r.changes), wall, std::move(r.positions)};
  }
  Command operator()(SwitchFlowRequest& r) const {
    return SwitchFlowSignal{std::move(r.what), wall};
  }
  Command operator()(BackfillRequest& r) const { return BackfillSignal{std::move(r)}; }
  Command operator()(SteerRequest& r) const { return SteerSignal{r.no, r.op}; }
  Command operator()(IdentityRequest& r) const {
    return IdentitySignal{std::move(r.users), std::move(r.tokens), std::move(r.removed_tokens)};
  }
  Command operator()(EventRequest& r) const { return EventSignal{std::move(r), wall}; }
  Command operator()(IntakeRequest& r) const { return IntakeSignal{std::move(r), wall}; }
  Command operator()(SettleRequest& r) const { return SettleSignal{std::move(r), wall}; }
  Command operator()(NoteRequest&) const { return NoteSignal{}; }
  Command operator()(RoomRequest& r) const { return RoomSignal{std::move(r.rooms)}; }
};

using Signal = std::variant<AttemptReport, std::shared_ptr<CommandSignal>>;

struct Inbox {
  explicit Inbox(std::size_t capacity) : queue(capacity) {}
  BoundedQueue<Signal> queue;
  std::atomic<std::thread::id> drained_by;
};

bool is_lazy(const Signal& signal) {
  const auto* report = std::get_if<AttemptReport>(&signal);
  return report != nullptr && report->kind != ReportKind::kEnded;
}

}  // namespace

class Cerebro::Impl {
 public:
  Impl(const CerebroSettings& settings, const Clock& clock, Store& store,
       const Evaluator& evaluator, FlowLoader loader)
      : clock_(clock),
        inbox_(std::make_shared<Inbox>(settings.inbox_max)),
        loop_(std::make_unique<Loop>(settings.limits, store, evaluator, std::move(loader),
                                     settings.ticks, settings.subflows, settings.audit,
                                     settings.events_max, settings.forgets_completed)) {
    if (settings.waits_for_space) loop_->wait_for_space();
    loop_->set_listener([this](const ChangeSet& changes) { publish(changes); });
  }

  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ReportSink sink() {
    // Shares the inbox: a late report of a process that outlives cerebro is refused, not a fault.
    return [inbox = inbox_](AttemptReport report) {
      if (std::this_thread::get_id() == inbox->drained_by.load()) {
        return inbox->queue.push_unbounded(Signal(std::move(report)));
      }
      return inbox->queue.push(Signal(std::move(report)));
    };
  }

  void start(Executor& process) {
    loop_->set_process(process);
    thread_ = std::thread([this] { work(); });
  }

  Millis wall() const { return clock_.wall(); }

  Result<RunNo> ask(Command command) {
    std::promise<Result<RunNo>> promise;
    auto answer = promise.get_future();
    post({std::move(command), [promise = std::move(promise)](Result<RunNo> result) mutable {
            promise.set_value(std::move(result));
          }});
    return answer.get();
  }

  void ask(ServerRequest request, std::optional<AuditNote> note, Answer answer) {
    post({std::visit(ToCommand{clock_.wall()}, request), std::move(answer), std::move(note)});
  }

  void wake() {
    (void)inbox_->queue.push(Signal(
        std::make_shared<CommandSignal>(CommandSignal{WakeSignal{}, [](const Result<RunNo>&) {}})));
  }

  void subscribe(CommitObserver& observer) {
    const std::lock_guard lock(observers_mutex_);
    observers_.push_back(&observer);
  }

  void unsubscribe(CommitObserver& observer) {
    const std::lock_guard lock(observers_mutex_);
    std::erase(observers_, &observer);
  }

  std::size_t live_runs() const { return live_runs_.load(); }
  bool takes_work() const { return takes_work_.load(); }

  void stop() {
    inbox_->queue.close();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Decided {
    Answer answer;
    Result<RunNo> result;
  };

  void post(CommandSignal signal) {
    // A queue that is closed drops what it is given: then nobody would answer.
    auto kept = std::make_shared<CommandSignal>(std::move(signal));
    if (inbox_->queue.push(Signal(kept))) return;
    kept->answer(fail(ErrorCode::kUnavailable, "cerebro has stopped"));
  }

  void publish(const ChangeSet& changes) {
    const std::lock_guard lock(observers_mutex_);
    for (CommitObserver* observer : observers_) observer->on_commit(changes);
  }

  void work() {
    inbox_->drained_by.store(std::this_thread::get_id());
    std::vector<Signal> held;
    while (true) {
      collect(held);
      if (inbox_->queue.closed()) break;
      if (!step(held)) break;
    }
    takes_work_ = false;
    inbox_->queue.close();
    answer_unsaved(fail(ErrorCode::kUnavailable, "cerebro has stopped before this was saved"));
    refuse(held);
    auto rest = inbox_->queue.drain(SteadyTime{});
    refuse(rest);
  }

  /// Waits for signals, or the next timer; news that is lazy alone waits a little for company.
  void collect(std::vector<Signal>& held) {
    std::optional<SteadyTime> lazy_until;
    while (true) {
      auto fresh = inbox_->queue.drain(lazy_until.has_value() ? lazy_until : wake_time());
      std::ranges::move(fresh, std::back_inserter(held));
      if (held.empty() || inbox_->queue.closed()) return;
      if (!std::ranges::all_of(held, is_lazy)) return;
      if (lazy_until.has_value() && std::chrono::steady_clock::now() >= *lazy_until) return;
      if (!lazy_until.has_value()) lazy_until = std::chrono::steady_clock::now() + kLazyDelay;
    }
  }

  std::optional<SteadyTime> wake_time() const {
    if (loop_->has_work()) return SteadyTime{};
    const auto timer = loop_->next_timer();
    const auto tick = loop_->next_tick();
    const bool full = loop_->waits() || loop_->is_low();
    if (!timer.has_value() && !tick.has_value() && !full) return std::nullopt;
    Millis delay = full ? kSpaceDelay.count() : 86'400'000;
    if (timer.has_value()) delay = std::min(delay, *timer - clock_.now());
    if (tick.has_value()) delay = std::min(delay, *tick - clock_.wall());
    delay = std::max<Millis>(delay, 0);
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(delay);
  }

  /// One transaction for everything that was in the inbox. False: the store refused, nothing goes
  /// on; who was not answered is still there.
  bool step(std::vector<Signal>& signals) {
    if (!settle(signals)) return false;
    signals.clear();
    return true;
  }

  bool settle(std::span<Signal> signals) {
    const Millis now = clock_.now();
    const Millis wall = clock_.wall();
    std::vector<Result<RunNo>> results;
    results.reserve(signals.size());
    for (const Signal& signal : signals) results.push_back(apply(now, wall, signal));
    const auto saved = loop_->step(now, wall);
    if (loop_->refused()) return settle_apart(signals, saved.error());
    live_runs_.store(loop_->live_runs());
    note_space(saved);
    std::vector<Decided> answers;
    for (std::size_t i = 0; i < signals.size(); ++i) {
      if (auto* asked = std::get_if<std::shared_ptr<CommandSignal>>(&signals[i])) {
        answers.push_back({std::exchange((*asked)->answer, nullptr), std::move(results[i])});
      }
    }
    if (loop_->waits()) {
      keep_unsaved(answers, saved.error());
      return true;
    }
    std::ranges::move(answers, std::back_inserter(unsaved_));
    answer_unsaved(saved);
    return saved.has_value() || end(saved.error());
  }

  Result<RunNo> apply(Millis now, Millis wall, const Signal& signal) {
    if (const auto* report = std::get_if<AttemptReport>(&signal)) {
      loop_->apply(now, *report);
      return 0;
    }
    const CommandSignal& asked = *std::get<std::shared_ptr<CommandSignal>>(signal);
    return asked.note.has_value() ? loop_->apply(now, wall, asked.command, *asked.note)
                                  : loop_->apply(now, asked.command);
  }

  /// The store refused a row, which is the fault of one of these. Nothing of them is saved, and
  /// memory is made from the rows again; then each half is tried alone, until it stands alone.
  bool settle_apart(std::span<Signal> signals, const Error& why) {
    if (signals.empty()) return end(why);
    auto next = loop_->anew(clock_.now(), clock_.wall());
    if (!next.has_value()) return end(next.error());
    loop_ = std::move(*next);
    if (signals.size() > 1) {
      const std::size_t half = signals.size() / 2;
      return settle(signals.first(half)) && settle(signals.subspan(half));
    }
    if (auto* asked = std::get_if<std::shared_ptr<CommandSignal>>(&signals.front())) {
      std::exchange((*asked)->answer, nullptr)(std::unexpected<Error>(why));
      return true;
    }
    return settle_as_failed(std::get<AttemptReport>(signals.front()), why);
  }

  /// An attempt whose end cannot be saved as it is has failed with that; else it would never end,
  /// and the same report come again to each owner.
  bool settle_as_failed(const AttemptReport& report, const Error& why) {
    if (report.kind != ReportKind::kEnded) return true;
    if (report.outcome.state == AttemptState::kFailed) return end(why);
    Outcome failed;
    failed.state = AttemptState::kFailed;
    failed.error = make_task_error(TaskErrorCode::kOutputInvalid, Phase::kRun,
                                   "what it ended with cannot be saved: " + why.message);
    Signal signal(AttemptReport{report.key, ReportKind::kEnded, std::move(failed)});
    return settle({&signal, 1});
  }

  bool end(const Error& error) {
    const std::lock_guard lock(observers_mutex_);
    for (CommitObserver* observer : observers_) observer->on_stopped(error);
    return false;
  }

  /// Tells when the disk is full, and when it is so no more.
  void note_space(const Result<>& saved) {
    if (loop_->failed()) return;
    const bool full = loop_->waits() || loop_->is_low();
    if (full != takes_work_.exchange(!full)) return;
    const std::lock_guard lock(observers_mutex_);
    for (CommitObserver* observer : observers_) {
      if (!full) {
        observer->on_room();
      } else {
        observer->on_full(saved.has_value() ? loop_->room().error() : saved.error());
      }
    }
  }

  /// What was refused is told at once. What was decided will be saved when there is space, so its
  /// answer waits for that; but nobody is left hanging.
  void keep_unsaved(std::vector<Decided>& answers, const Error& error) {
    const auto now = std::chrono::steady_clock::now();
    if (unsaved_.empty()) unsaved_until_ = now + kUnsavedPatience;
    for (Decided& decided : answers) {
      if (decided.result.has_value()) {
        unsaved_.push_back(std::move(decided));
      } else {
        decided.answer(std::move(decided.result));
      }
    }
    if (now < unsaved_until_) return;
    answer_unsaved(fail(ErrorCode::kNoSpace,
                        error.message + "; this is not saved, but will be once there is space: ask "
                                        "again in the same way, and for a run with the same key, "
                                        "to hear what became of it"));
  }

  void answer_unsaved(const Result<>& saved) {
    for (Decided& decided : std::exchange(unsaved_, {})) {
      if (saved.has_value() || !decided.result.has_value()) {
        decided.answer(std::move(decided.result));
      } else {
        decided.answer(std::unexpected<Error>(saved.error()));
      }
    }
  }

  static void refuse(std::vector<Signal>& signals) {
    for (Signal& signal : signals) {
      auto* asked = std::get_if<std::shared_ptr<CommandSignal>>(&signal);
      if (asked != nullptr && (*asked)->answer) {
        (*asked)->answer(fail(ErrorCode::kUnavailable, "cerebro has stopped"));
      }
    }
    signals.clear();
  }

  const Clock& clock_;
  std::shared_ptr<Inbox> inbox_;
  std::unique_ptr<Loop> loop_;
  std::mutex observers_mutex_;
  std::vector<CommitObserver*> observers_;
  std::atomic<std::size_t> live_runs_ = 0;
  std::atomic<bool> takes_work_ = true;
  std::vector<Decided> unsaved_;  ///< of what a full disk keeps from being saved
  SteadyTime unsaved_until_;
  std::thread thread_;
};

Cerebro::Cerebro(const CerebroSettings& settings, const Clock& clock, Store& store,
                 const Evaluator& evaluator, FlowLoader loader)
    : impl_(std::make_unique<Impl>(settings, clock, store, evaluator, std::move(loader))) {}

Cerebro::~Cerebro() = default;

ReportSink Cerebro::sink() {
  return impl_->sink();
}
void Cerebro::ask(ServerRequest request, std::optional<AuditNote> note, Answer answer) {
  impl_->ask(std::move(request), std::move(note), std::move(answer));
}
void Cerebro::start(Executor& process) {
  impl_->start(process);
}

Result<RunNo> Cerebro::submit(RunRequest request) {
  return impl_->ask(SubmitSignal{std::move(request)});
}

Result<RunNo> Cerebro::rerun(RerunRequest request) {
  return impl_->ask(RerunSignal{std::move(request)});
}

Result<std::int64_t> Cerebro::remove(OldRows rows) {
  return impl_->ask(RemoveSignal{std::move(rows)});
}

Result<EventNo> Cerebro::settle(SettleRequest request) {
  return impl_->ask(SettleSignal{std::move(request), impl_->wall()});
}

Result<BackfillNo> Cerebro::start_backfill(BackfillRequest request) {
  return impl_->ask(BackfillSignal{std::move(request)});
}

Result<BackfillNo> Cerebro::steer_backfill(BackfillNo no, BackfillOp op) {
  return impl_->ask(SteerSignal{no, op});
}

Result<RunNo> Cerebro::resume(const RunId& id) {
  return impl_->ask(ResumeSignal{id});
}

Result<RunNo> Cerebro::keeps(const std::string& ns, const std::string& flow_id) {
  return impl_->ask(KeepsSignal{ns, flow_id});
}

Result<RunNo> Cerebro::drives(const RunId& id) {
  return impl_->ask(DrivesSignal{id});
}

Result<> Cerebro::cancel(const RunId& id) {
  TRY(impl_->ask(CancelSignal{id}));
  return {};
}

Result<RunNo> Cerebro::decide(const RunId& id, engine::HoldDecision decision) {
  return impl_->ask(DecideSignal{id, std::move(decision)});
}

Result<> Cerebro::keep(std::vector<KeptTrigger> triggers) {
  TRY(impl_->ask(KeepSignal{std::move(triggers), impl_->wall()}));
  return {};
}

Result<std::int64_t> Cerebro::apply(std::vector<FlowChange> changes) {
  return impl_->ask(ApplySignal{std::move(changes), impl_->wall()});
}

Result<std::int64_t> Cerebro::switch_flow(FlowSwitch what) {
  return impl_->ask(SwitchFlowSignal{std::move(what), impl_->wall()});
}

Result<std::int64_t> Cerebro::serve(bool on) {
  return impl_->ask(ServeSignal{on, impl_->wall()});
}

void Cerebro::wake() {
  impl_->wake();
}

void Cerebro::subscribe(CommitObserver& observer) {
  impl_->subscribe(observer);
}
void Cerebro::unsubscribe(CommitObserver& observer) {
  impl_->unsubscribe(observer);
}
std::size_t Cerebro::live_runs() const {
  return impl_->live_runs();
}
bool Cerebro::takes_work() const {
  return impl_->takes_work();
}
void Cerebro::stop() {
  impl_->stop();
}

}  // namespace cordyna
