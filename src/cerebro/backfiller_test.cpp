#include "cerebro/backfiller.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "cerebro/loop.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

constexpr Millis kDay = 86'400'000;

Millis at(std::string_view text) {
  return parse_timestamp(text).value();
}

/// One task, carried out by a process; at midnight each day in Berlin.
std::shared_ptr<const Flow> daily() {
  auto flow = std::make_shared<Flow>();
  flow->id = "daily";
  flow->owner = "team";
  flow->hash = "h1";
  TaskSpec task;
  task.id = "load";
  task.type = "shell";
  task.owner = "team";
  flow->tasks.push_back(std::move(task));
  TriggerSpec spec;
  spec.id = "midnight";
  spec.cron = "0 0 * * *";
  spec.timezone = "Europe/Berlin";
  flow->triggers.push_back(std::move(spec));
  return flow;
}

/// Keeps what it was told to start until the test ends it.
class HeldProcess final : public Executor {
 public:
  void start(const StartAttempt& command) override { live[command.key.run] = command.key; }
  void cancel(const CancelAttempt& command) override { cancelled.push_back(command.key); }
  void adopt(const StartAttempt& command) override { live[command.key.run] = command.key; }

  std::map<RunNo, AttemptKey> live;
  std::vector<AttemptKey> cancelled;
};

/// A state and its owners, one after another.
class BackfillWorld {
 public:
  BackfillWorld() { boot(); }

  void boot() {
    if (loop_ != nullptr) store_ = store_->fork_owner();
    process = HeldProcess();
    TickPorts ports;
    ports.inputs = [this](const Flow&, const TriggerSpec&,
                          std::string_view context) -> Result<std::string> {
      if (context.find(bad_time) != std::string_view::npos) {
        return fail(ErrorCode::kInvalidArgument, "input 'x' is missing");
      }
      return std::string("{}");
    };
    ports.make_id = [this](Millis) { return RunId{fmt::format("run-{}", ++ids_)}; };
    ports.backfill = [](const Flow& of, const BackfillRow& row) -> Result<TriggerSpec> {
      return row.trigger.empty() ? TriggerSpec() : of.triggers.front();
    };
    auto loader = [](std::string_view, std::string_view) -> Result<std::shared_ptr<const Flow>> {
      return daily();
    };
    loop_ =
        std::make_unique<Loop>(engine::Limits{8}, *store_, evaluator_, loader, std::move(ports));
    loop_->set_process(process);
  }

  static BackfillRow row(std::string_view begin, std::string_view end) {
    BackfillRow row;
    row.id = "b1";
    row.flow_id = "daily";
    row.flow_hash = "h1";
    row.folder = "/flows";
    row.trigger = "midnight";
    row.begin = at(begin);
    row.end = at(end);
    return row;
  }

  Result<BackfillNo> ask(BackfillRow row) {
    return loop_->apply(now, BackfillSignal{{std::move(row), flow, "{}"}});
  }
  Result<BackfillNo> steer(BackfillOp op) { return loop_->apply(now, SteerSignal{1, op}); }

  /// Until there is nothing to do. False: the store refused.
  bool settle() {
    do {
      if (!loop_->step(now).has_value()) return false;
    } while (loop_->has_work());
    return true;
  }
  bool begin(BackfillRow row) {
    EXPECT_EQ(ask(std::move(row)).value(), 1);
    return settle();
  }
  bool end(RunNo run, AttemptState how = AttemptState::kCompleted) {
    AttemptReport report{process.live.at(run), ReportKind::kEnded, {}};
    report.outcome.state = how;
    if (how == AttemptState::kFailed) {
      report.outcome.error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit 1");
    }
    process.live.erase(run);
    loop_->apply(++now, report);
    return settle();
  }

  BackfillRow backfill() { return store_->find_backfill(1).value(); }
  /// The times of all its runs, in the order in which they began.
  std::vector<std::string> times() {
    RunFilter filter;
    filter.backfill = "1";
    filter.limit = 10'000;
    std::vector<std::string> found;
    const std::vector<RunRow> runs = store_->list_runs(filter).value();
    found.reserve(runs.size());
    for (const RunRow& run : runs) {
      found.push_back(format_timestamp(run.scheduled.at).substr(0, 16));
    }
    std::ranges::reverse(found);
    return found;
  }
  MemoryStore& store() { return *store_; }

  Millis now = at("2026-12-01");
  std::string bad_time = "nothing";
  std::shared_ptr<const Flow> flow = daily();
  HeldProcess process;

 private:
  PlainEvaluator evaluator_;
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
  std::unique_ptr<Loop> loop_;
  int ids_ = 0;
};

using Times = std::vector<std::string>;

std::shared_ptr<const Flow> one_at_a_time(WhenFull when_full) {
  auto flow = std::make_shared<Flow>(*daily());
  flow->concurrency = {.limit = 1, .when_full = when_full};
  return flow;
}

TEST(Backfiller, ARunThatItsFlowSkipsHasEndedAndNotWell) {
  BackfillWorld world;
  world.flow = one_at_a_time(WhenFull::kSkip);
  BackfillRow row = BackfillWorld::row("2026-11-01", "2026-11-04");
  row.parallel = 2;
  ASSERT_TRUE(world.begin(row));
  EXPECT_EQ(world.backfill().started, 3);
  EXPECT_EQ(world.store().find_run(2)->state, RunState::kCancelled);
  EXPECT_EQ(world.store().find_run(3)->state, RunState::kCancelled);
  EXPECT_EQ(world.backfill().state, BackfillState::kRunning);
  ASSERT_TRUE(world.end(1));
  EXPECT_EQ(world.backfill().state, BackfillState::kError);
}

TEST(Backfiller, ARunThatItsFlowQueuesIsOneOfThoseAtATime) {
  BackfillWorld world;
  world.flow = one_at_a_time(WhenFull::kQueue);
  BackfillRow row = BackfillWorld::row("2026-11-01", "2026-11-04");
  row.parallel = 2;
  ASSERT_TRUE(world.begin(row));
  EXPECT_EQ(world.process.live.size(), 1U);
  EXPECT_EQ(world.backfill().started, 2);
  for (RunNo run = 1; run <= 3; ++run) {
    ASSERT_TRUE(world.process.live.contains(run));
    ASSERT_TRUE(world.end(run));
  }
  EXPECT_EQ(world.backfill().state, BackfillState::kCompleted);
}

TEST(Backfiller, OneRunForEachTimeAndSoManyAtATime) {
  BackfillWorld world;
  BackfillRow row = BackfillWorld::row("2026-11-01", "2026-11-05");
  row.parallel = 2;
  ASSERT_TRUE(world.begin(row));
  EXPECT_EQ(world.process.live.size(), 2u);
  EXPECT_EQ(world.times(), (Times{"2026-11-01T23:00", "2026-11-02T23:00"}));
  ASSERT_TRUE(world.end(2));
  EXPECT_EQ(world.process.live.size(), 2u);
  for (const RunNo run : {1, 3, 4}) ASSERT_TRUE(world.end(run));
  EXPECT_EQ(world.times(), (Times{"2026-11-01T23:00", "2026-11-02T23:00", "2026-11-03T23:00",
                                  "2026-11-04T23:00"}));
  EXPECT_EQ(world.backfill().state, BackfillState::kCompleted);
  EXPECT_EQ(world.backfill().started, 4u);
  const RunRow run = world.store().find_run(2).value();
  EXPECT_EQ(run.scheduled.trigger, "midnight");
  EXPECT_EQ(run.scheduled.interval_from, at("2026-11-01T23:00"));
  EXPECT_EQ(run.backfill, "1");
}

TEST(Backfiller, AFailedRunDoesNotStopItButShowsAtItsEnd) {
  BackfillWorld world;
  ASSERT_TRUE(world.begin(BackfillWorld::row("2026-11-01", "2026-11-03")));
  ASSERT_TRUE(world.end(1, AttemptState::kFailed));
  EXPECT_EQ(world.backfill().state, BackfillState::kRunning);
  ASSERT_TRUE(world.end(2));
  EXPECT_EQ(world.backfill().state, BackfillState::kError);
  EXPECT_EQ(world.steer(BackfillOp::kResume).error().code, ErrorCode::kConflict);
}

TEST(Backfiller, AStepWithoutATriggerAndTheNewestFirst) {
  BackfillWorld world;
  BackfillRow row = BackfillWorld::row("2026-11-01T06:00", "2026-11-02T06:00");
  row.trigger = "";
  row.every = kDay / 2;
  row.newest_first = true;
  row.parallel = 9;
  ASSERT_TRUE(world.begin(row));
  EXPECT_EQ(world.times(), (Times{"2026-11-01T18:00", "2026-11-01T06:00"}));
}

TEST(Backfiller, LeavesOutWhatEndedWell) {
  BackfillWorld world;
  ASSERT_TRUE(world.begin(BackfillWorld::row("2026-11-01", "2026-11-04")));
  ASSERT_TRUE(world.end(1, AttemptState::kFailed));
  ASSERT_TRUE(world.end(2));
  ASSERT_TRUE(world.end(3, AttemptState::kFailed));
  BackfillRow again = BackfillWorld::row("2026-11-01", "2026-11-04");
  again.id = "b2";
  again.only_missing = true;
  again.parallel = 5;
  EXPECT_EQ(world.ask(again).value(), 2);
  ASSERT_TRUE(world.settle());
  const BackfillRow second = world.store().find_backfill(2).value();
  EXPECT_EQ(second.started, 2u);
  EXPECT_EQ(second.skipped, 1u);
}

TEST(Backfiller, ARunThatCannotBeMadeIsCountedAndSaidWhy) {
  BackfillWorld world;
  world.bad_time = "2026-11-02T23:00:00.000Z\",\"interval";
  ASSERT_TRUE(world.begin(BackfillWorld::row("2026-11-01", "2026-11-04")));
  ASSERT_TRUE(world.end(1));
  ASSERT_TRUE(world.end(2));
  EXPECT_EQ(world.times(), (Times{"2026-11-01T23:00", "2026-11-03T23:00"}));
  EXPECT_EQ(world.backfill().refused, 1u);
  EXPECT_EQ(world.backfill().detail, "2026-11-02T23:00:00.000Z: input 'x' is missing");
  EXPECT_EQ(world.backfill().state, BackfillState::kError);
}

TEST(Backfiller, PausedItStartsNothingAndGoesOnWhereItWas) {
  BackfillWorld world;
  ASSERT_TRUE(world.begin(BackfillWorld::row("2026-11-01", "2026-11-04")));
  ASSERT_TRUE(world.steer(BackfillOp::kPause).has_value());
  ASSERT_TRUE(world.end(1));
  EXPECT_TRUE(world.process.live.empty());
  world.boot();
  ASSERT_TRUE(world.steer(BackfillOp::kTakeUp).has_value());
  ASSERT_TRUE(world.settle());
  EXPECT_TRUE(world.process.live.empty()) << "who takes it up leaves it paused";
  ASSERT_TRUE(world.steer(BackfillOp::kResume).has_value());
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.times().size(), 2u);
  EXPECT_EQ(world.backfill().state, BackfillState::kRunning);
}

TEST(Backfiller, CancelledItEndsItsRuns) {
  BackfillWorld world;
  BackfillRow row = BackfillWorld::row("2026-11-01", "2026-11-09");
  row.parallel = 2;
  ASSERT_TRUE(world.begin(row));
  ASSERT_TRUE(world.steer(BackfillOp::kCancel).has_value());
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.process.cancelled.size(), 2u);
  EXPECT_EQ(world.backfill().state, BackfillState::kCancelled);
  ASSERT_TRUE(world.end(1, AttemptState::kCancelled));
  EXPECT_EQ(world.store().find_run(1)->state, RunState::kCancelled);
  EXPECT_EQ(world.times().size(), 2u);
  EXPECT_TRUE(world.steer(BackfillOp::kCancel).has_value()) << "again is harmless";
}

TEST(Backfiller, AskingTwiceIsHarmless) {
  BackfillWorld world;
  ASSERT_TRUE(world.begin(BackfillWorld::row("2026-11-01", "2026-11-04")));
  ASSERT_TRUE(world.begin(BackfillWorld::row("2026-11-01", "2026-11-04")));
  world.boot();
  ASSERT_TRUE(world.begin(BackfillWorld::row("2026-11-01", "2026-11-04")));
  EXPECT_EQ(world.times().size(), 1u);
  EXPECT_EQ(world.store().list_backfills({})->size(), 1u);
  EXPECT_EQ(world.steer(BackfillOp::kTakeUp).value(), 1);
}

/// The owner is lost at random commits, before or after they are saved: in the end each time has
/// exactly one run.
TEST(Backfiller, CrashesLoseNoTimeAndDoubleNone) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    BackfillWorld world;
    BackfillRow row = BackfillWorld::row("2026-03-25", "2026-04-02");  // the clocks change
    row.parallel = 1 + static_cast<std::uint32_t>(random() % 4);
    row.newest_first = random() % 2 == 0;
    bool up = world.begin(row);
    for (int steps = 0; steps < 200; ++steps) {
      ASSERT_LT(steps, 199) << "it does not come to its end";
      if (!up || random() % 5 == 0) {
        world.boot();
        if (is_final(world.backfill().state)) break;
        ASSERT_TRUE(world.steer(BackfillOp::kTakeUp).has_value());
        up = world.settle();
        continue;
      }
      if (is_final(world.backfill().state)) break;
      if (random() % 4 == 0) world.store().fail_next_commit({ErrorCode::kUnavailable, "gone"});
      ASSERT_FALSE(world.process.live.empty());
      up = world.end(world.process.live.begin()->first);
    }
    Times times = world.times();
    std::ranges::sort(times);
    EXPECT_EQ(times, (Times{"2026-03-25T23:00", "2026-03-26T23:00", "2026-03-27T23:00",
                            "2026-03-28T23:00", "2026-03-29T22:00", "2026-03-30T22:00",
                            "2026-03-31T22:00", "2026-04-01T22:00"}))
        << "seed " << seed;
    EXPECT_EQ(world.backfill().state, BackfillState::kCompleted);
    EXPECT_EQ(world.backfill().started, 8u);
  }
}

}  // namespace
}  // namespace cordyna
