// cordyna_sim_needs FROM COUNT [--strict]
//
// Flows that need each other's runs within windows, in worlds where owners crash around their
// commits and are away, where runs fail and are cancelled. After each commit (R28): a need is met
// only by a run that ended well within its window, by no run that failed; it is met as soon as such
// a run has ended; a run is begun for it only where none is fresh and none is running; an attempt
// begins one run at most. At the end every run has ended, but for those of a flow that no owner
// after a crash can load: they stay, and hold nobody up (R18). Exit code 0: all held; 1: one did
// not, with its seed; 2: usage. --strict also wants every rare thing to have been met.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cerebro/loop.hpp"
#include "sim/crash_store.hpp"
#include "sim/evaluator.hpp"
#include "sim/met.hpp"
#include "sim/random.hpp"

namespace cordyna::sim {
namespace {

constexpr Millis kSecond = 1000;
constexpr Millis kEndOfTime = 40'000 * kSecond;
constexpr RunNo kRunsMax = 5000;  // of the few that are asked for, with all that they need

constexpr std::array kRareThings{"runs",
                                 "needs met by a fresh run",
                                 "needs met by a run that was joined",
                                 "needs met by a run that was begun",
                                 "needs that failed",
                                 "circles",
                                 "crashes before a commit",
                                 "crashes after a commit",
                                 "cancelled runs",
                                 "runs that cannot be loaded"};

/// Processes that outlive owners: each attempt ends some time after it was begun, as its key says.
class Work final : public Executor {
 public:
  Work(Random& random, const Millis& now) : random_(random), now_(now) {}

  void start(const StartAttempt& command) override {
    ends_.try_emplace(command.key, now_ + random_.between(0, 60) * kSecond);
  }
  void adopt(const StartAttempt& command) override { start(command); }
  void cancel(const CancelAttempt& command) override {
    ends_[command.key] = now_;
    cancelled_.insert(command.key);
  }

  [[nodiscard]] Millis next() const {
    Millis at = kEndOfTime;
    for (const auto& [key, end] : ends_) at = std::min(at, end);
    return at;
  }
  /// What has ended by now. It is told again after an adoption, until it was saved.
  [[nodiscard]] std::vector<AttemptReport> take() {
    std::vector<AttemptReport> reports;
    for (auto at = ends_.begin(); at != ends_.end();) {
      if (at->second > now_) {
        ++at;
        continue;
      }
      AttemptReport report;
      report.key = at->first;
      if (cancelled_.contains(at->first)) {
        report.outcome.state = AttemptState::kCancelled;
      } else if (std::hash<std::string>{}(at->first.path + std::to_string(at->first.run)) % 4 ==
                 0) {
        report.outcome.state = AttemptState::kFailed;
        report.outcome.error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit 1");
      }
      reports.push_back(std::move(report));
      at = ends_.erase(at);
    }
    return reports;
  }
  [[nodiscard]] bool idle() const { return ends_.empty(); }

 private:
  Random& random_;
  const Millis& now_;
  std::map<AttemptKey, Millis> ends_;
  std::set<AttemptKey> cancelled_;
};

/// Flows f0, f1, …: each needs some of the others within a window, then works.
std::map<std::string, std::shared_ptr<const Flow>> random_flows(Random& random) {
  std::map<std::string, std::shared_ptr<const Flow>> flows;
  const std::size_t count = 2 + random.below(4);
  const bool circles = random.chance(15);
  for (std::size_t i = 0; i < count; ++i) {
    auto flow = std::make_shared<Flow>();
    flow->id = fmt::format("f{}", i);
    flow->owner = "team";
    flow->hash = flow->id;
    for (std::size_t other = 0; other < count; ++other) {
      const bool may = circles ? other != i : other < i;
      if (!may || !random.chance(50)) continue;
      TaskSpec need;
      need.id = fmt::format("flow:f{}", other);
      need.type = "flow";
      need.owner = "team";
      need.kind = TaskKind::kRun;
      need.subflow.id = fmt::format("f{}", other);
      need.subflow.within = random.chance(80) ? random.between(1, 120) * kSecond : 0;
      if (random.chance(20)) need.timeout = random.between(10, 60) * kSecond;
      if (random.chance(20)) need.retry.attempts = 2;
      flow->tasks.push_back(std::move(need));
    }
    TaskSpec work;
    work.id = "work";
    work.type = "shell";
    work.owner = "team";
    for (TaskIndex need = 0; need < flow->tasks.size(); ++need) work.needs.push_back(need);
    flow->tasks.push_back(std::move(work));
    flows.emplace(flow->id, std::move(flow));
  }
  return flows;
}

bool ended_well(const RunRow& run) {
  return run.state == RunState::kCompleted || run.state == RunState::kWarning;
}

class NeedWorld {
 public:
  NeedWorld(std::uint64_t seed, Met& met)
      : random_(seed), met_(met), flows_(random_flows(random_)), work_(random_, now_) {
    crash_percent_ = random_.below(15);
    if (random_.chance(15)) poison_ = std::next(flows_.begin())->first;
  }

  /// Empty: all held.
  std::string live() {
    boot(std::make_unique<MemoryStore>());
    const std::size_t runs = 2 + random_.below(6);
    for (std::size_t i = 0; i < runs; ++i) asks_.emplace(random_.between(0, 300) * kSecond, i);
    while (wrong_.empty() && now_ < kEndOfTime) {
      const Millis next = next_time();
      if (next == kEndOfTime) break;
      now_ = std::max(now_, next);
      happen();
    }
    if (wrong_.empty() && now_ >= kEndOfTime) wrong_ = "it never ends";
    for (const auto& [no, run] : runs_) {
      if (is_final(run.state)) continue;
      if (run.flow_id == poison_) {
        met_.note("runs that cannot be loaded");
        continue;
      }
      wrong_ += fmt::format("{}R16: run {} of {} did not end", wrong_.empty() ? "" : "; ", no,
                            run.flow_id);
      const std::vector<AttemptRow> attempts = store_->list_attempts(no).value();
      for (const AttemptRow& attempt : attempts) {
        if (is_final(attempt.state) && attempt.known_dead) continue;
        wrong_ += fmt::format(", '{}' is {}", attempt.path, to_string(attempt.state));
      }
    }
    return wrong_;
  }

 private:
  [[nodiscard]] Millis next_time() const {
    const Millis asked = asks_.empty() ? kEndOfTime : asks_.begin()->first;
    return std::min({asked, work_.next(), loop_->next_timer().value_or(kEndOfTime)});
  }

  void happen() {
    while (!asks_.empty() && asks_.begin()->first <= now_) {
      submit(asks_.begin()->second);
      asks_.erase(asks_.begin());
    }
    if (random_.chance(2)) cancel_one();
    for (const AttemptReport& report : work_.take()) loop_->apply(now_, report);
    step();
  }

  void submit(std::size_t number) {
    const auto flow = std::next(flows_.begin(), static_cast<int>(number % flows_.size()))->second;
    RunRequest request;
    request.id = RunId{fmt::format("00000000-0000-7000-8000-0000000000{:02}", number)};
    request.flow = flow;
    request.canonical = flow->id;
    request.inputs = "{}";
    submitted_.push_back(request);
    (void)loop_->apply(now_, SubmitSignal{std::move(request)});
  }

  void cancel_one() {
    for (const auto& [no, run] : runs_) {
      if (is_final(run.state) || !random_.chance(30)) continue;
      (void)loop_->apply(now_, CancelSignal{run.id});
      return;
    }
  }

  void boot(std::unique_ptr<MemoryStore> store) {
    store_ = std::make_unique<CrashStore>(
        std::move(store), [this] { return draw_crash(); },
        [this](const ChangeSet& changes) { check(changes); });
    SubflowPorts ports;
    ports.find = [this](std::string_view, std::string_view id,
                        const std::string&) -> Result<FoundFlow> {
      const auto found = flows_.at(std::string(id));
      return FoundFlow{found, found->id};
    };
    ports.inputs = [](const Flow&, const std::string& given, std::string_view) {
      return Result<std::string>(given);
    };
    auto load = [this](std::string_view id,
                       std::string_view) -> Result<std::shared_ptr<const Flow>> {
      if (id == poison_) return fail(ErrorCode::kCorrupt, "stored flow: it is damaged");
      return flows_.at(std::string(id));
    };
    loop_ = std::make_unique<Loop>(engine::Limits{.slots = 2}, *store_, evaluator_, load,
                                   TickPorts{}, std::move(ports));
    loop_->set_process(work_);
    RunFilter unfinished;
    unfinished.unfinished = true;
    unfinished.limit = 10'000;
    std::vector<RunRow> left = store_->list_runs(unfinished).value();
    // In any order: an owner may be asked for the runs one by one.
    for (std::size_t i = left.size(); i > 1; --i) std::swap(left[i - 1], left[random_.below(i)]);
    for (const RunRow& row : left) (void)loop_->apply(now_, ResumeSignal{row.id});
    for (const RunRequest& request : submitted_) (void)loop_->apply(now_, SubmitSignal{request});
    step();
  }

  void step() {
    do {
      const auto stepped = loop_->step(now_);
      if (stepped.has_value()) continue;
      if (!std::exchange(crashed_, false)) {
        wrong("the store refused what was decided: " + stepped.error().message);
        return;
      }
      std::unique_ptr<MemoryStore> state = store_->inner().fork_owner();
      loop_.reset();
      now_ += random_.chance(50) ? 0 : random_.between(0, 100) * kSecond;
      return boot(std::move(state));
    } while (loop_->has_work() && wrong_.empty());
    check_settled();
  }

  Crash draw_crash() {
    if (crash_percent_ == 0 || crashes_ >= 20 || !random_.chance(crash_percent_)) {
      return Crash::kNone;
    }
    ++crashes_;
    crashed_ = true;
    const bool before = random_.chance(50);
    met_.note(before ? "crashes before a commit" : "crashes after a commit");
    return before ? Crash::kBefore : Crash::kAfter;
  }

  [[nodiscard]] const TaskSpec& spec_of(RunNo run, std::string_view path) const {
    const Flow& flow = *flows_.at(runs_.at(run).flow_id);
    return *std::ranges::find(flow.tasks, path, &TaskSpec::id);
  }

  /// Whether a run of the flow ended well at `since` or later.
  [[nodiscard]] bool is_fresh(const std::string& flow, Millis since) const {
    return std::ranges::any_of(runs_, [&](const auto& entry) {
      const RunRow& run = entry.second;
      return run.flow_id == flow && ended_well(run) && run.ended_at >= since;
    });
  }

  void wrong(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  void check(const ChangeSet& changes) {
    for (const RunRow& run : changes.runs) {
      if (run.from.has_value()) runs_[run.no] = run;
    }
    for (const RunRow& run : changes.runs) {
      if (!run.from.has_value() && run.parent != 0) check_begun(run);
      if (!run.from.has_value()) runs_[run.no] = run;
    }
    for (const RunRow& run : changes.runs) {
      if (!run.from.has_value()) met_.note("runs");
      if (run.no > kRunsMax) wrong("its runs have no end");
      if (run.state == RunState::kCancelled) met_.note("cancelled runs");
      runs_[run.no] = run;
    }
    for (const AttemptRow& attempt : changes.attempts) {
      if (spec_of(attempt.run, attempt.path).kind == TaskKind::kRun) check_attempt(attempt);
    }
  }

  /// A run that is begun for a need, against what is saved already.
  void check_begun(const RunRow& run) {
    const auto attempt = attempts_.find({run.parent, run.parent_path});
    if (attempt == attempts_.end())
      return wrong("a run was begun for an attempt that is not there");
    const auto& [number, created_at] = attempt->second;
    if (!begun_.insert({run.parent, run.parent_path, number}).second) {
      wrong(fmt::format("run {} is the second one of its attempt", run.no));
    }
    const Millis within = spec_of(run.parent, run.parent_path).subflow.within;
    if (within == 0) return;
    if (is_fresh(run.flow_id, created_at - within)) {
      wrong(fmt::format("run {} was begun although a run was fresh", run.no));
    }
    for (const auto& [no, other] : runs_) {
      if (other.flow_id == run.flow_id && !is_final(other.state)) {
        wrong(fmt::format("run {} was begun although run {} was running", run.no, no));
      }
    }
  }

  void check_attempt(const AttemptRow& attempt) {
    const std::pair key(attempt.run, attempt.path);
    attempts_[key] = {attempt.attempt, attempt.created_at};
    if (is_final(attempt.state)) {
      open_.erase(key);
    } else {
      open_.insert(key);
    }
    const TaskSpec& spec = spec_of(attempt.run, attempt.path);
    const bool own = begun_.contains({attempt.run, attempt.path, attempt.attempt});
    if (attempt.state == AttemptState::kFailed) {
      const bool circle = attempt.error->message.find("circle") != std::string::npos;
      if (attempt.error->code == TaskErrorCode::kRunFailed) met_.note("needs that failed");
      if (circle) met_.note("circles");
    }
    if (attempt.state != AttemptState::kCompleted) return;
    const Millis since = attempt.created_at - spec.subflow.within;
    if (!is_fresh(spec.subflow.id, spec.subflow.within == 0 ? attempt.created_at : since)) {
      wrong(fmt::format("R28: '{}' of run {} was met by no run that completed within its window",
                        attempt.path, attempt.run));
    }
    const bool before = is_fresh_before(spec.subflow.id, since, attempt.created_at);
    met_.note(own      ? "needs met by a run that was begun"
              : before ? "needs met by a fresh run"
                       : "needs met by a run that was joined");
  }

  [[nodiscard]] bool is_fresh_before(const std::string& flow, Millis since, Millis end) const {
    return std::ranges::any_of(runs_, [&](const auto& entry) {
      const RunRow& run = entry.second;
      return run.flow_id == flow && ended_well(run) && run.ended_at >= since && run.ended_at < end;
    });
  }

  /// With nothing left to do at this time: no need waits that is met.
  void check_settled() {
    for (const auto& [run, path] : open_) {
      if (runs_.at(run).flow_id == poison_) continue;  // nobody drives it after a crash
      const Subflow& wanted = spec_of(run, path).subflow;
      const auto& [number, created_at] = attempts_.at({run, path});
      // One that it began itself is waited for, whatever others do.
      if (wanted.within == 0 || begun_.contains({run, path, number})) continue;
      if (runs_.at(run).cancel_requested || !is_fresh(wanted.id, created_at - wanted.within)) {
        continue;
      }
      wrong(fmt::format("R28: '{}' of run {} still waits, though a run is fresh", path, run));
    }
  }

  Random random_;
  Met& met_;
  Millis now_ = 1'000'000;
  std::map<std::string, std::shared_ptr<const Flow>> flows_;
  Work work_;
  WordEvaluator evaluator_;
  std::unique_ptr<CrashStore> store_;
  std::unique_ptr<Loop> loop_;
  std::multimap<Millis, std::size_t> asks_;
  std::vector<RunRequest> submitted_;
  std::map<RunNo, RunRow> runs_;  // as they were saved last
  std::map<std::pair<RunNo, std::string>, std::pair<std::uint32_t, Millis>>
      attempts_;  // the newest
  std::set<std::pair<RunNo, std::string>> open_;
  std::set<std::tuple<RunNo, std::string, std::uint32_t>> begun_;
  std::string wrong_;
  std::string poison_;  // the flow that cannot be loaded; empty: none
  std::uint64_t crash_percent_ = 0;
  int crashes_ = 0;
  bool crashed_ = false;
};

}  // namespace
}  // namespace cordyna::sim

int main(int argc, char** argv) {
  using namespace cordyna::sim;
  return run_worlds(argc, argv, "cordyna_sim_needs", "needs", kRareThings,
                    [](std::uint64_t seed, Met& met) { return NeedWorld(seed, met).live(); });
}
