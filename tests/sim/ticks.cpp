// cordyna_sim_ticks FROM COUNT [--strict]
//
// Schedule triggers in worlds where owners crash around their commits, are away from a second to
// 400 days, where triggers are disabled and enabled, and where the clock on the wall is set. After
// each commit: every time at which a trigger is due has exactly one row, in order, without a gap
// (R21), rows and runs belong to each other, what was missed is dealt with as declared (R22), and a
// clock that is set repeats nothing and loses nothing (R24). Exit code 0: all held; 1: one did
// not, with its seed; 2: usage. --strict also wants every rare thing to have been met.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cerebro/loop.hpp"
#include "schedule/catch_up.hpp"
#include "sim/crash_store.hpp"
#include "sim/evaluator.hpp"
#include "sim/random.hpp"

namespace cordyna::sim {
namespace {

constexpr Millis kSecond = 1000;
constexpr Millis kHour = 3'600'000;
constexpr Millis kDay = 24 * kHour;

struct Met {
  std::map<std::string, std::uint64_t> times;
  void note(const std::string& what, std::uint64_t by = 1) { times[what] += by; }
};

constexpr std::array kRareThings{"runs",
                                 "rows for many times",
                                 "crashes before a commit",
                                 "crashes after a commit",
                                 "long absences",
                                 "disabled triggers",
                                 "clocks put back",
                                 "clocks put forward",
                                 "runs that could not be made",
                                 "catch-ups of many runs",
                                 "late runs of latest",
                                 "times outside of the window"};

std::shared_ptr<const Flow> random_flow(Random& random, std::size_t number) {
  static constexpr std::array kCrons{"* * * * *",        "*/5 * * * *",  "0 * * * *",
                                     "17 3 * * *",       "30 2 * * *",   "*/20 2-4 * * 1-5",
                                     "0 0 1 * *",        "0 12 29 2 *",  "*/15 * * * * *",
                                     "30 1-3 * * SUN#L", "0 9 * * MON#1"};
  static constexpr std::array kZones{"UTC",          "Europe/Berlin", "America/Chicago",
                                     "Asia/Kolkata", "Africa/Cairo",  "Australia/Lord_Howe"};
  auto flow = std::make_shared<Flow>();
  flow->id = fmt::format("f{}", number);
  flow->owner = "team";
  flow->hash = "h-" + flow->id;
  TaskSpec task;
  task.id = "say";
  task.type = "log";
  task.owner = "team";
  task.kind = TaskKind::kEngine;
  flow->tasks.push_back(std::move(task));
  TriggerSpec spec;
  spec.id = "t";
  spec.cron = kCrons[random.below(kCrons.size())];
  spec.timezone = kZones[random.below(kZones.size())];
  spec.catch_up = static_cast<CatchUp>(random.below(3));
  spec.on_gap = random.chance(50) ? OnGap::kShift : OnGap::kSkip;
  spec.on_overlap = random.chance(50) ? OnOverlap::kOnce : OnOverlap::kBoth;
  if (random.chance(30)) spec.window = random.between(1, 72) * kHour;
  if (random.chance(30)) spec.jitter = random.between(1, 600) * kSecond;
  if (!schedule::Schedule::of(spec).has_value()) spec.cron = "0 * * * *";
  flow->triggers.push_back(std::move(spec));
  return flow;
}

/// What became of one trigger's times so far, held against its schedule.
class Times {
 public:
  explicit Times(std::shared_ptr<const Flow> flow)
      : flow_(std::move(flow)),
        times_(schedule::Schedule::of(spec()).value()),
        delay_(schedule::delay_of(spec(), flow_->ns, flow_->id)) {}

  [[nodiscard]] const TriggerSpec& spec() const { return flow_->triggers.front(); }
  [[nodiscard]] std::shared_ptr<const Flow> flow() const { return flow_; }

  /// One more row; `awake`: the owner was there when the time came. Empty: it is right.
  std::string add(const TickRow& row, const std::map<RunNo, Scheduled>& runs, bool awake,
                  Met& met) {
    if (row.state == TickState::kBegun) {
      if (last_ != 0) return "it began twice";
      last_ = row.scheduled_for;
      return {};
    }
    if (last_ == 0) return "a time before it began";
    const auto due = times_.next(last_);
    if (due != row.first) {
      return fmt::format("after {} comes {}, but it was due at {}", format_timestamp(last_),
                         format_timestamp(row.first), format_timestamp(due.value_or(0)));
    }
    if (times_.next(row.scheduled_for - kSecond) != row.scheduled_for) {
      return format_timestamp(row.scheduled_for) + " is no time of it";
    }
    if (row.at < row.scheduled_for + delay_) return "a time that has not come yet";
    const Millis interval_from = last_;
    last_ = row.scheduled_for;
    if (row.state == TickState::kSkipped) return skipped(row, awake, met);
    if (row.first != row.scheduled_for) return "a run for many times";
    if (row.state == TickState::kError) return {};
    return run(row, runs, interval_from, met);
  }

  /// How long about ten of its times take.
  [[nodiscard]] Millis some_times() const {
    std::optional<Millis> at = last_;
    for (int i = 0; i < 10 && at.has_value(); ++i) at = times_.next(*at);
    return at.value_or(last_ + kDay) - last_;
  }

  /// Whether all times up to `wall` have been dealt with.
  [[nodiscard]] bool up_to_date(Millis wall) const {
    const auto next = times_.next(last_);
    return !next.has_value() || *next + delay_ > wall;
  }

 private:
  std::string skipped(const TickRow& row, bool awake, Met& met) {
    if (awake) return "skipped although the owner was there: " + row.detail;
    if (row.detail.empty()) return "skipped without a reason";
    if (row.at - row.scheduled_for - delay_ <= schedule::kOnTime) return "skipped while on time";
    if (row.count != 1) met.note("rows for many times");
    const bool window = row.detail.find("window") != std::string::npos;
    if (window) met.note("times outside of the window");
    const bool many = row.detail.find("more than") != std::string::npos;
    if (spec().catch_up == CatchUp::kAll && !window && !many) return "all skips " + row.detail;
    if (window && (spec().window == 0 || row.at - delay_ - row.scheduled_for <= spec().window)) {
      return "skipped by a window that it is within";
    }
    return {};
  }

  std::string run(const TickRow& row, const std::map<RunNo, Scheduled>& runs, Millis interval_from,
                  Met& met) {
    met.note("runs");
    const auto found = runs.find(row.run);
    if (found == runs.end()) return "its run was not saved with it";
    if (found->second.at != row.scheduled_for) return "its run stands for another time";
    const bool first = times_.next(interval_from - kSecond) != interval_from;
    if (!first && found->second.interval_from != interval_from) return "its interval has a gap";
    late_in_step_ = row.at == step_at_ ? late_in_step_ : 0;
    step_at_ = row.at;
    const Millis late = row.at - delay_ - row.scheduled_for;
    if (late <= schedule::kOnTime) return {};
    ++late_in_step_;
    if (spec().catch_up == CatchUp::kNone) return "a late run, but catch_up is none";
    if (spec().catch_up == CatchUp::kLatest) {
      met.note("late runs of latest");
      if (late_in_step_ > 1) return "latest runs more than one";
    }
    if (late_in_step_ == 5) met.note("catch-ups of many runs");
    if (late_in_step_ > schedule::kCatchUpMax) return "a catch-up without bound";
    if (spec().window > 0 && late > spec().window) return "a run from before the window";
    return {};
  }

  std::shared_ptr<const Flow> flow_;
  schedule::Schedule times_;
  Millis delay_ = 0;
  Millis last_ = 0;
  Millis step_at_ = 0;
  std::size_t late_in_step_ = 0;
};

class TickWorld {
 public:
  TickWorld(std::uint64_t seed, Met& met) : random_(seed), met_(met) {
    wall_ = parse_timestamp("2024-01-01T00:00:00").value() + random_.between(0, 1200) * kDay +
            random_.between(0, kDay);
    const std::size_t flows = 1 + random_.below(3);
    for (std::size_t i = 0; i < flows; ++i) {
      const auto flow = random_flow(random_, i);
      times_.emplace(flow->id, Times(flow));
    }
    crash_percent_ = random_.below(12);
  }

  /// Empty: all held.
  std::string live() {
    boot(std::make_unique<MemoryStore>());
    const std::size_t phases = 4 + random_.below(6);
    for (std::size_t i = 0; i < phases && wrong_.empty(); ++i) {
      sleep();
      if (wrong_.empty()) something_happens();
    }
    crash_percent_ = 0;
    if (wrong_.empty()) sleep();
    for (const auto& [id, times] : times_) {
      if (wrong_.empty() && !times.up_to_date(wall_)) wrong_ = id + ": times were lost";
    }
    return wrong_;
  }

 private:
  void boot(std::unique_ptr<MemoryStore> store) {
    settled_ = false;
    store_ = std::make_unique<CrashStore>(
        std::move(store), [this] { return draw_crash(); },
        [this](const ChangeSet& changes) { check(changes); });
    TickPorts ports;
    ports.inputs = [this](const Flow&, const TriggerSpec&,
                          std::string_view) -> Result<std::string> {
      if (!random_.chance(2)) return std::string("{}");
      met_.note("runs that could not be made");
      return fail(ErrorCode::kInvalidArgument, "input 'x' is missing");
    };
    ports.make_id = [this](Millis at) { return RunId{fmt::format("run-{}-{}", at, ++ids_)}; };
    loop_ =
        std::make_unique<Loop>(engine::Limits{2}, *store_, evaluator_, no_flows_, std::move(ports));
    keep(true);
  }

  /// The process has died; another one comes later.
  void reboot(Millis away) {
    std::unique_ptr<MemoryStore> state = store_->inner().fork_owner();
    loop_.reset();
    wall_ += away;
    now_ += away;
    boot(std::move(state));
  }

  void keep(bool all) {
    std::vector<KeptTrigger> kept;
    for (const auto& [id, times] : times_) {
      if (all) kept.push_back({times.flow(), "{}", 0});
    }
    settled_ = false;
    if (!loop_->apply(now_, KeepSignal{std::move(kept), wall_}).has_value()) {
      wrong_ = "the triggers were refused";
      return;
    }
    step();
  }

  void step() {
    do {
      if (loop_->step(now_, wall_).has_value()) continue;
      if (!wrong_.empty()) return;
      if (!crashed_) wrong_ = "the store refused what was decided";
      if (std::exchange(crashed_, false)) reboot(random_.between(0, 30) * kSecond);
      return;
    } while (loop_->has_work());
    settled_ = true;
  }

  /// Awake for some ticks, each looked at a little late.
  void sleep() {
    const std::size_t ticks = random_.below(6);
    for (std::size_t i = 0; i < ticks && wrong_.empty(); ++i) {
      const auto next = loop_->next_tick();
      if (!next.has_value()) return;
      const Millis until = std::max(wall_, *next) + random_.between(0, 300);
      now_ += until - wall_;
      wall_ = until;
      step();
    }
  }

  /// Mostly so long that a catch-up is some runs, not a thousand: worlds are many.
  [[nodiscard]] Millis longest() {
    if (random_.chance(2)) return 400 * kDay;
    Millis longest = 400 * kDay;
    for (const auto& [id, times] : times_) {
      if (times.spec().catch_up == CatchUp::kAll) longest = std::min(longest, times.some_times());
    }
    return longest;
  }

  void something_happens() {
    static constexpr std::array kAbsences{kSecond,  60 * kSecond, kHour,     13 * kHour,
                                          3 * kDay, 30 * kDay,    400 * kDay};
    const Millis away =
        std::min(random_.between(0, kAbsences[random_.below(kAbsences.size())]), longest());
    if (away > 7 * kDay) met_.note("long absences");
    switch (random_.below(5)) {
      case 0:
      case 1: return reboot(away);
      case 2:
        met_.note("disabled triggers");
        keep(false);
        wall_ += away;
        now_ += away;
        if (wrong_.empty()) keep(true);
        return;
      case 3:
        met_.note("clocks put back");
        wall_ -= random_.between(1, 48) * kHour / 4;
        break;
      default:
        met_.note("clocks put forward");
        wall_ += std::min(random_.between(1, 48) * kHour, longest());
        break;
    }
    settled_ = false;
    (void)loop_->apply(now_, WakeSignal{});
    step();
  }

  Crash draw_crash() {
    if (crash_percent_ == 0 || !random_.chance(crash_percent_)) return Crash::kNone;
    crashed_ = true;
    const bool before = random_.chance(50);
    met_.note(before ? "crashes before a commit" : "crashes after a commit");
    return before ? Crash::kBefore : Crash::kAfter;
  }

  void check(const ChangeSet& changes) {
    for (const RunRow& run : changes.runs) {
      if (!run.from.has_value()) runs_.emplace(run.no, run.scheduled);
    }
    std::size_t with_run = 0;
    for (const TickRow& row : changes.ticks) {
      const std::string told = times_.at(row.flow_id).add(row, runs_, settled_, met_);
      if (!told.empty()) wrong_ = fmt::format("{}: {}", row.flow_id, told);
      if (row.run != 0) ++with_run;
    }
    ticks_with_run_ += with_run;
    if (ticks_with_run_ != runs_.size()) wrong_ = "a run without a tick, or a tick without its run";
  }

  Random random_;
  Met& met_;
  WordEvaluator evaluator_;
  FlowLoader no_flows_ = [](std::string_view, std::string_view) {
    return Result<std::shared_ptr<const Flow>>(nullptr);
  };
  std::map<std::string, Times> times_;  // by the flow's id
  std::unique_ptr<CrashStore> store_;
  std::unique_ptr<Loop> loop_;
  std::map<RunNo, Scheduled> runs_;  // all that were saved
  std::size_t ticks_with_run_ = 0;
  std::string wrong_;
  Millis wall_ = 0;
  Millis now_ = 1'000'000;
  std::uint64_t crash_percent_ = 0;
  int ids_ = 0;
  bool crashed_ = false;
  bool settled_ = false;  // what is committed now is due now: nobody was away
};

int range(std::uint64_t from, std::uint64_t count, bool strict) {
  Met met;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    const std::string told = TickWorld(seed, met).live();
    if (told.empty()) continue;
    std::printf("violation: %s\nreplay: cordyna_sim_ticks %llu 1\n", told.c_str(),
                static_cast<unsigned long long>(seed));
    return 1;
  }
  std::printf("%llu worlds of ticks:", static_cast<unsigned long long>(count));
  bool all = true;
  for (const char* what : kRareThings) {
    std::printf(" %llu %s,", static_cast<unsigned long long>(met.times[what]), what);
    all = all && met.times[what] > 0;
  }
  std::printf("\n");
  if (!all && strict) std::printf("never met: see above\n");
  return all || !strict ? 0 : 1;
}

}  // namespace
}  // namespace cordyna::sim

int main(int argc, char** argv) {
  const bool strict = argc == 4 && std::string_view(argv[3]) == "--strict";
  if (argc != 3 && !strict) {
    std::fputs("usage: cordyna_sim_ticks FROM COUNT [--strict]\n", stderr);
    return 2;
  }
  return cordyna::sim::range(std::strtoull(argv[1], nullptr, 10),
                             std::strtoull(argv[2], nullptr, 10), strict);
}
