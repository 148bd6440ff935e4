#include "sim/world.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "cerebro/explain.hpp"
#include "cerebro/loop.hpp"
#include "engine/takeover.hpp"
#include "sim/checker.hpp"
#include "sim/crash_store.hpp"
#include "sim/evaluator.hpp"
#include "sim/fake_process.hpp"
#include "sim/flows.hpp"
#include "sim/limits.hpp"
#include "sim/places.hpp"
#include "sim/random.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna::sim {
namespace {

constexpr Millis kEndOfTime = kStart + 6 * 3'600'000;  // no world of these flows needs more

class World {
 public:
  explicit World(std::uint64_t seed);
  WorldResult live();

 private:
  struct Event {
    std::function<void()> run;
    bool to_cerebro = false;
  };

  void schedule(Millis at, bool to_cerebro, std::function<void()> run);
  void boot(std::unique_ptr<MemoryStore> store);
  void crash();
  void step();
  void tell(std::function<void()> what);
  void go_on_anew();
  void try_later(std::function<void()> ask);
  void drain();
  void committed(const ChangeSet& changes);
  void count(const ChangeSet& changes);
  Crash draw_crash();
  void submit(std::size_t index);
  void rerun_later(RunNo run);
  void rerun(RunNo run);
  void ask_rerun(const RerunRequest& request);
  void decide_later(RunNo run, const std::string& path);
  void decide(RunNo run, const std::string& path);
  void count_limits();
  void check_overdue();
  void explain_unfinished();
  std::string may_begin(const StartAttempt& command);
  void violation(const std::string& what);
  bool all_ended() const {
    return submitted_ == requests_.size() && loop_ && loop_->live_runs() == 0;
  }

  Random random_;
  Millis now_ = kStart;
  std::uint64_t sequence_ = 0;
  std::multimap<std::pair<Millis, std::uint64_t>, Event> events_;
  WordEvaluator evaluator_;
  std::map<std::string, std::shared_ptr<const Flow>>
      flows_;  // by hash, which stands for the canonical form
  FlowLoader load_ = [this](std::string_view hash,
                            std::string_view) -> Result<std::shared_ptr<const Flow>> {
    return flows_.at(std::string(hash));
  };
  std::vector<RunRequest> requests_;
  std::size_t submitted_ = 0;
  std::vector<RerunRequest> reruns_;  // that somebody asked for
  std::set<RunNo> rerun_of_;          // runs that were chosen for one
  std::uint64_t crash_percent_ = 0;
  std::size_t crashes_left_ = 0;
  std::uint32_t slots_ = 1;
  Random full_random_;
  std::size_t fulls_left_ = 0;
  Millis full_until_ = 0;
  bool looks_for_space_ = false;
  Random limits_random_;
  WorldLimits limits_;
  Checker checker_;
  LimitChecker limit_checker_;
  Random places_random_;
  std::vector<PlaceSpec> places_;
  PlaceChecker place_checker_;
  FakeProcess process_;
  std::unique_ptr<CrashStore> store_;
  std::unique_ptr<MemoryStore> resting_;  // the state while no cerebro is up
  std::unique_ptr<Loop> loop_;
  std::vector<std::function<void()>> told_;  // to the loop, since its last commit
  Random refused_random_;
  std::size_t refusals_left_ = 0;
  bool may_refuse_ = true;
  std::set<AttemptKey> seen_ends_;
  WorldResult result_;
};

World::World(std::uint64_t seed)
    : random_(seed),
      full_random_(seed ^ 0xF0'11ULL),
      limits_random_(seed ^ 0x11'317ULL),
      limits_(random_limits(limits_random_)),
      checker_([this](const std::string& what) { violation(what); }),
      limit_checker_(limits_, [this](const std::string& what) { violation(what); }),
      places_random_(seed ^ 0x91'ACEULL),
      places_(random_places(places_random_)),
      place_checker_(places_, [this](const std::string& what) { violation(what); }),
      process_(seed, Scheduler{[this] { return now_; },
                               [this](Millis at, bool to_cerebro, std::function<void()> run) {
                                 schedule(at, to_cerebro, std::move(run));
                               },
                               [this](const AttemptReport& report) {
                                 if (report.kind == ReportKind::kEnded &&
                                     !seen_ends_.insert(report.key).second) {
                                   ++result_.seen.duplicates;
                                 }
                                 tell([this, report] { loop_->apply(now_, report); });
                               },
                               [this](const std::string& what) { violation(what); }}),
      refused_random_(seed ^ 0x4EF'05EDULL) {
  if (refused_random_.chance(25)) refusals_left_ = 1 + refused_random_.below(4);
  slots_ = static_cast<std::uint32_t>(1 + random_.below(4));
  if (random_.chance(70)) {
    crash_percent_ = 1 + random_.below(25);
    crashes_left_ = 1 + random_.below(6);
    checker_.downtime = true;
  }
  if (full_random_.chance(30)) {
    fulls_left_ = 1 + full_random_.below(3);
    checker_.downtime = true;
  }
  const FlowTaste taste{.tasks_max = random_.chance(5) ? 60u : 14u, .limits = random_.chance(60)};
  const std::size_t runs = 1 + random_.below(3) + (limits_.any() ? limits_random_.below(4) : 0);
  for (std::size_t i = 0; i < runs; ++i) {
    auto flow = with_places(*with_limits(*random_flow(random_, taste), limits_, limits_random_),
                            places_, places_random_);
    flows_[flow->hash] = flow;
    const std::string inputs = "{\"k\":" + std::to_string(limits_random_.below(2)) + "}";
    requests_.push_back({RunId{"00000000-0000-7000-8000-00000000000" + std::to_string(i)}, flow,
                         flow->hash, inputs});
  }
  process_.may_begin = [this](const StartAttempt& command) { return may_begin(command); };
}

void World::violation(const std::string& what) {
  if (result_.violations.size() < 10) result_.violations.push_back(what);
}

void World::schedule(Millis at, bool to_cerebro, std::function<void()> run) {
  // Equal times are ordered by the sequence number; a draw in front of it explores both orders.
  const std::uint64_t order = random_.below(4) << 60 | ++sequence_;
  events_.emplace(std::pair(at, order), Event{std::move(run), to_cerebro});
}

Crash World::draw_crash() {
  if (crashes_left_ > 0 && random_.chance(crash_percent_)) {
    --crashes_left_;
    const bool before = random_.chance(50);
    ++(before ? result_.seen.crashes_before : result_.seen.crashes_after);
    return before ? Crash::kBefore : Crash::kAfter;
  }
  if (!may_refuse_) return Crash::kNone;
  if (now_ < full_until_) return Crash::kFull;
  if (refusals_left_ > 0 && refused_random_.chance(10)) {
    --refusals_left_;
    ++result_.seen.refusals;
    return Crash::kRefused;
  }
  if (fulls_left_ == 0 || !full_random_.chance(8)) return Crash::kNone;
  --fulls_left_;
  full_until_ = now_ + full_random_.between(1, full_random_.chance(50) ? 2000 : 40'000);
  return Crash::kFull;
}

/// Save, then act: what begins must be saved, and all it needs must have ended, in what is saved.
std::string World::may_begin(const StartAttempt& command) {
  const auto snapshot = store_->load_run(command.key.run);
  if (!snapshot.has_value()) return "an attempt begins before its run was saved";
  const auto saved = std::ranges::any_of(snapshot->attempts, [&](const AttemptRow& row) {
    return row.path == command.key.path && row.attempt == command.key.attempt &&
           !is_final(row.state);
  });
  if (!saved) return "attempt " + command.key.path + " begins before it was saved";
  for (const TaskIndex up : command.flow->tasks[command.task].needs) {
    const std::string id = path_beside(*command.flow, command.key.path, up);
    const auto row = std::ranges::find(snapshot->tasks, id, &TaskRow::path);
    const bool over = row != snapshot->tasks.end() && is_final(row->state);
    const bool early =
        command.flow->tasks[command.task].trigger_rule == TriggerRule::kAnyCompleted ||
        command.flow->tasks[command.task].trigger_rule == TriggerRule::kAnyError;
    if (!over && !early)
      return command.key.path + " begins before its upstream " + id + " has ended";
  }
  const TaskIndex outer = command.flow->tasks[command.task].inside;
  if (outer != kNoTask) {
    const auto row = std::ranges::find(
        snapshot->tasks, path_beside(*command.flow, command.key.path, outer), &TaskRow::path);
    if (row == snapshot->tasks.end() || row->state != TaskState::kStarted)
      return command.key.path + " begins, but its switch or foreach is not open";
  }
  if (process_.running() > slots_) return "more attempts run than there are slots";
  return {};
}

void World::committed(const ChangeSet& changes) {
  ++result_.seen.commits;
  for (const RunRow& row : changes.runs) {
    if (row.from.has_value()) continue;
    checker_.add_run(row.no, *flows_.at(row.flow_hash));
    limit_checker_.add_flow(row.no, flows_.at(row.flow_hash));
    place_checker_.add_flow(row.no, flows_.at(row.flow_hash));
    ++result_.seen.runs;
  }
  checker_.on_commit(changes, now_);
  limit_checker_.on_commit(changes);
  place_checker_.on_commit(changes);
  count(changes);
}

void World::count(const ChangeSet& changes) {
  Sightings& seen = result_.seen;
  for (const TaskRow& row : changes.tasks) {
    if (row.state == TaskState::kBlocked) ++seen.blocked;
    if (row.state == TaskState::kSkipped) ++seen.skipped;
    if (is_final(row.state) && row.path.find('[') != std::string::npos) ++seen.items;
    if (row.state == TaskState::kCompleted && row.attempt == 0) ++seen.taken_over;
  }
  for (const HoldRow& row : changes.holds) {
    if (row.state == HoldState::kHeld) decide_later(row.run, row.path);
    if (row.state == HoldState::kApproved) ++seen.approved;
    if (row.state == HoldState::kRejected) ++seen.rejected;
  }
  for (const NoticeRow& notice : changes.notices) {
    if (notice.kind == NoticeKind::kLate) ++seen.late_runs;
    if (notice.kind == NoticeKind::kStuck) ++seen.stuck;
    if (notice.kind == NoticeKind::kRetrying) ++seen.retrying;
  }
  for (const RunRow& row : changes.runs) {
    if (row.state == RunState::kPaused) ++seen.paused_runs;
    if (row.state == RunState::kCancelled) ++seen.cancelled_runs;
    if (!row.from.has_value() && row.rerun_of > 0) ++seen.reruns;
    if (is_final(row.state)) rerun_later(row.no);
    if (is_final(row.state) && row.error.has_value()) ++seen.timed_out_runs;
  }
  for (const HistoryRow& row : changes.history) {
    if (row.detail.starts_with("late")) ++seen.late;
    if (row.detail.starts_with("waited ")) ++seen.pauses;
    if (row.detail.starts_with("case '") && row.task_state == TaskState::kStarted) ++seen.choices;
    if (row.detail.starts_with("INSIDE_FAILED")) ++seen.failed_inside;
    if (row.detail.find(" items did not complete") != std::string::npos) ++seen.failed_items;
    if (row.detail.find("nobody decided within") != std::string::npos) ++seen.pauses_unanswered;
    if (row.detail.starts_with("it holds after")) ++seen.conditions;
    if (row.detail.starts_with("not yet: ")) ++seen.looks;
    if (row.detail.starts_with("TIMEOUT_ACKNOWLEDGE")) ++seen.timeouts_acknowledge;
    if (row.detail.starts_with("TIMEOUT_START")) ++seen.timeouts_start;
    if (row.detail.starts_with("TIMEOUT_COMPLETE")) ++seen.timeouts_complete;
    if (row.detail.starts_with("TIMEOUT_TOTAL")) ++seen.timeouts_total;
  }
  for (const AttemptRow& row : changes.attempts) {
    if (row.from.has_value()) continue;
    ++seen.attempts;
    if (row.attempt > 1) ++seen.retries;
  }
}

void World::submit(std::size_t index) {
  if (loop_->waits()) {
    return try_later([this, index] { submit(index); });
  }
  tell([this, index] {
    const auto no = loop_->apply(now_, SubmitSignal{requests_[index]});
    if (!no.has_value()) violation("submit refused: " + no.error().message);
  });
}

/// Somebody wants what did not complete once more; a run that did has its whole again.
void World::rerun_later(RunNo run) {
  if (run % 3 == 0 || reruns_.size() >= 3 || !rerun_of_.insert(run).second) return;
  schedule(now_ + random_.between(0, 10'000), false, [this, run] { rerun(run); });
}

void World::rerun(RunNo run) {
  if (!loop_) {
    schedule(now_ + 1000, false, [this, run] { rerun(run); });
    return;
  }
  const auto snapshot = store_->load_run(run);
  const Flow& flow = *flows_.at(snapshot->run.flow_hash);
  engine::TakeoverWish wish;
  wish.all = snapshot->run.state == RunState::kCompleted && random_.chance(50);
  auto plan = engine::plan_takeover(flow, snapshot->tasks, wish);
  if (!plan.has_value()) return violation("no plan for a rerun: " + plan.error().message);
  reruns_.push_back({RunId{"00000000-0000-7000-8000-00000000001" + std::to_string(run)}, run,
                     snapshot->run.inputs, std::move(plan->taken)});
  ask_rerun(reruns_.back());
}

void World::ask_rerun(const RerunRequest& request) {
  if (loop_->waits()) {
    return try_later([this, request] { ask_rerun(request); });
  }
  tell([this, request] {
    const auto no = loop_->apply(now_, RerunSignal{request});
    if (!no.has_value()) violation("rerun refused: " + no.error().message);
  });
}

/// A person decides some time after a hold was saved, again and again until their word is saved.
void World::decide_later(RunNo run, const std::string& path) {
  schedule(now_ + random_.between(0, 30'000), false, [this, run, path] { decide(run, path); });
}

void World::decide(RunNo run, const std::string& path) {
  if (!loop_ || loop_->waits()) return decide_later(run, path);
  const auto snapshot = store_->load_run(run);
  const auto hold = std::ranges::find(snapshot->holds, path, &HoldRow::path);
  if (hold->state != HoldState::kHeld || is_final(snapshot->run.state)) return;
  const auto said = loop_->apply(
      now_, DecideSignal{snapshot->run.id, {path, random_.chance(70), "somebody", ""}});
  const bool refused = !said.has_value() && said.error().code != ErrorCode::kConflict;
  if (refused) violation("the decision was refused: " + said.error().message);
  decide_later(run, path);
}

void World::boot(std::unique_ptr<MemoryStore> store) {
  if (limits_random_.chance(50)) redraw_slots(limits_random_, limits_);
  if (places_random_.chance(50)) redraw_places(places_random_, places_);
  store_ = std::make_unique<CrashStore>(
      std::move(store), [this] { return draw_crash(); },
      [this](const ChangeSet& changes) { committed(changes); });
  loop_ = std::make_unique<Loop>(engine::Limits{slots_, limits_.pools, places_}, *store_,
                                 evaluator_, load_);
  loop_->set_process(process_);
  loop_->wait_for_space();
  RunFilter unfinished;
  unfinished.unfinished = true;
  const auto runs = store_->list_runs(unfinished);
  if (!runs.has_value()) return violation("the runs cannot be listed: " + runs.error().message);
  told_.clear();
  for (const RunRow& row : *runs) {
    tell([this, id = row.id] {
      const auto resumed = loop_->apply(now_, ResumeSignal{id});
      // Told again, it may have ended meanwhile.
      const bool ended = !resumed.has_value() && resumed.error().code == ErrorCode::kConflict;
      if (!resumed.has_value() && !ended) violation("resume refused: " + resumed.error().message);
    });
  }
  // A client whose run was not saved before the crash asks again, with the same id.
  for (std::size_t i = 0; i < submitted_; ++i) submit(i);
  for (const RerunRequest& request : reruns_) ask_rerun(request);
  step();
  if (loop_ && !loop_->waits()) check_overdue();
}

/// R12: what ran out while cerebro was down has fired once the first step is saved.
void World::check_overdue() {
  RunFilter unfinished;
  unfinished.unfinished = true;
  const auto runs = store_->list_runs(unfinished);
  for (const RunRow& run : runs.value()) {
    const auto attempts = store_->list_attempts(run.no);
    for (const AttemptRow& row : attempts.value()) {
      const bool overdue = !is_final(row.state) && row.deadline_at > 0 && row.deadline_at <= now_;
      if (overdue)
        violation("R12: a deadline that ran out while cerebro was down did not fire at boot: " +
                  row.path);
    }
  }
}

/// For who reads the violation: what the engine says is in the way.
void World::explain_unfinished() {
  RunFilter unfinished;
  unfinished.unfinished = true;
  const auto runs = store_->list_runs(unfinished);
  for (const RunRow& run : runs.value()) {
    const auto blockers = explain(*store_, run.no, load_, {1, limits_.pools, places_}, now_);
    if (!blockers.has_value()) continue;
    for (const engine::Blocker& blocker : *blockers) {
      violation("  run " + std::to_string(run.no) + ", " + blocker.path + ": " +
                std::string(to_string(blocker.kind)) + " " + blocker.what);
    }
  }
}

void World::crash() {
  resting_ = store_->inner().fork_owner();
  loop_.reset();
  store_.reset();
  for (auto event = events_.begin(); event != events_.end();) {
    if (event->second.to_cerebro) {
      ++result_.seen.lost_messages;
      event = events_.erase(event);
    } else {
      ++event;
    }
  }
  const Millis downtime = random_.chance(50) ? random_.between(0, 500) : random_.between(0, 40'000);
  if (downtime > 10'000) ++result_.seen.overdue_at_boot;
  schedule(now_ + downtime, false, [this] { boot(std::move(resting_)); });
}

void World::tell(std::function<void()> what) {
  what();
  told_.push_back(std::move(what));
}

/// A row of a step was refused: memory is made from the rows again, without a crash, and what the
/// step was given is given to each in a step of its own.
void World::go_on_anew() {
  may_refuse_ = false;
  auto next = loop_->anew(now_, now_);
  if (!next.has_value()) {
    may_refuse_ = true;
    return crash();
  }
  loop_ = std::move(*next);
  for (const auto& again : std::exchange(told_, {})) {
    if (!loop_ || loop_->waits()) break;
    tell(again);
    step();
  }
  may_refuse_ = true;
}

void World::step() {
  if (loop_->step(now_).has_value()) {
    told_.clear();
    return;
  }
  if (loop_->refused()) return go_on_anew();
  if (!loop_->waits()) return crash();
  ++result_.seen.full_disks;
  // The event does nothing: after each there is a step.
  if (!std::exchange(looks_for_space_, true)) {
    schedule(now_ + 250, false, [this] { looks_for_space_ = false; });
  }
}

/// A client that is told that the disk is full asks again.
void World::try_later(std::function<void()> ask) {
  schedule(now_ + full_random_.between(100, 2000), false, [this, ask = std::move(ask)] {
    if (loop_) ask();
  });
}

void World::drain() {
  while (loop_ && loop_->has_work()) step();
}

void World::count_limits() {
  const LimitSightings& seen = limit_checker_.seen();
  result_.seen.queued_runs = seen.queued_runs;
  result_.seen.admitted_runs = seen.admitted_runs;
  result_.seen.skipped_runs = seen.skipped_runs;
  result_.seen.displaced_runs = seen.displaced_runs;
  result_.seen.full_pools = seen.full_pools;
  result_.seen.full_rates = seen.full_rates;
  result_.seen.over_full = seen.over_full;
  result_.seen.full_places = place_checker_.full();
}

WorldResult World::live() {
  boot(std::make_unique<MemoryStore>());
  Millis at = now_;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    at += random_.between(0, 5000);
    schedule(at, false, [this, i] {
      submitted_ = std::max(submitted_, i + 1);
      if (loop_) submit(i);
    });
    if (!random_.chance(12)) continue;
    for (std::uint64_t again = random_.below(2); again < 2; ++again) {
      schedule(at + random_.between(0, 20'000), false, [this, i] {
        if (!loop_) return;
        tell([this, i] { (void)loop_->apply(now_, CancelSignal{requests_[i].id}).has_value(); });
      });
    }
  }
  while (now_ < kEndOfTime && result_.violations.empty()) {
    drain();
    if (events_.empty() && all_ended()) break;
    const auto timer = loop_ ? loop_->next_timer() : std::nullopt;
    if (events_.empty() && !timer.has_value()) {
      violation("R16: nothing will ever happen again, but a run has not ended");
      explain_unfinished();
      break;
    }
    const bool event_first =
        !events_.empty() && (!timer.has_value() || events_.begin()->first.first < *timer ||
                             (events_.begin()->first.first == *timer && random_.chance(50)));
    if (event_first) {
      now_ = std::max(now_, events_.begin()->first.first);
      // Several signals often share a step, and so a transaction.
      do {
        auto event = std::move(events_.extract(events_.begin()).mapped());
        if (!event.to_cerebro || loop_) event.run();
      } while (loop_ && !events_.empty() && events_.begin()->first.first <= now_ &&
               random_.chance(60));
    } else {
      now_ = std::max(now_, *timer);
    }
    if (loop_) step();
  }
  if (now_ >= kEndOfTime) {
    violation("R16: a run did not end");
    if (loop_) explain_unfinished();
  }
  if (result_.violations.empty()) checker_.at_end(*store_);
  if (process_.running() > 0 && result_.violations.empty())
    violation("an attempt outlived its run");
  count_limits();
  result_.seen.adopted = process_.adopted();
  result_.seen.sent_again = process_.sent_again();
  result_.hash = checker_.hash();
  return std::move(result_);
}

}  // namespace

WorldResult live(std::uint64_t seed) {
  return World(seed).live();
}

}  // namespace cordyna::sim
