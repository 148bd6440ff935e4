#include "cerebro/ticker.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "cerebro/loop.hpp"
#include "cerebro/one_log_fixture.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "schedule/catch_up.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

constexpr Millis kSecond = 1000;
constexpr Millis kMinute = 60 * kSecond;
constexpr Millis kHour = 60 * kMinute;
constexpr Millis kDay = 24 * kHour;
const Millis kStart = parse_timestamp("2026-03-27T12:00:00.5").value();

KeptTrigger trigger(const std::string& cron, CatchUp catch_up, const std::string& flow_id = "f") {
  auto flow = one_log(flow_id, "h-" + flow_id);
  TriggerSpec spec;
  spec.id = "t";
  spec.cron = cron;
  spec.timezone = "Europe/Berlin";
  spec.catch_up = catch_up;
  flow->triggers.push_back(std::move(spec));
  return {std::move(flow), "{}", 0};
}

/// A state and its owners, one after another; time goes as the test says.
class TickWorld {
 public:
  TickWorld() { boot(); }

  /// A new owner of the state, which keeps nothing yet.
  void boot() {
    if (loop_ != nullptr) store_ = store_->fork_owner();
    TickPorts ports;
    ports.inputs = [this](const Flow&, const TriggerSpec&,
                          std::string_view context) -> Result<std::string> {
      contexts.emplace_back(context);
      if (broken_inputs) return fail(ErrorCode::kInvalidArgument, "input 'x' is missing");
      return std::string("{}");
    };
    ports.make_id = [this](Millis at) { return RunId{fmt::format("run-{}-{}", at, ++ids_)}; };
    loop_ = std::make_unique<Loop>(engine::Limits{2}, *store_, evaluator_,
                                   FlowLoader([](std::string_view, std::string_view) {
                                     return Result<std::shared_ptr<const Flow>>(nullptr);
                                   }),
                                   std::move(ports));
  }

  Result<> keep(std::vector<KeptTrigger> triggers) {
    TRY(loop_->apply(now, KeepSignal{std::move(triggers), now}));
    return loop_->step(now);
  }

  /// Sleeps as cerebro does, up to a time; each wake-up is late by `lateness`.
  void sleep_until(Millis until, Millis lateness = 0) {
    while (true) {
      const auto next = loop_->next_tick();
      if (!next.has_value() || *next > until) break;
      now = std::max(now, std::min(*next + lateness, until));
      do {
        ASSERT_TRUE(loop_->step(now).has_value());
      } while (loop_->has_work());
    }
    now = until;
  }

  std::vector<TickRow> ticks(const std::string& flow_id = "f") {
    TickFilter filter{"", flow_id, "t", 0, 100'000};
    std::vector<TickRow> rows = store_->list_ticks(filter).value();
    std::ranges::reverse(rows);
    return rows;
  }

  /// "begun, skip 3, run, run": what became of the times, in order.
  std::string story(const std::string& flow_id = "f") {
    std::string out;
    for (const TickRow& row : ticks(flow_id)) {
      out += out.empty() ? "" : ", ";
      out += to_string(row.state);
      if (row.state == TickState::kSkipped) out += fmt::format(" {}", row.count);
    }
    return out;
  }

  MemoryStore& store() { return *store_; }
  Loop& loop() { return *loop_; }

  Millis now = kStart;
  bool broken_inputs = false;
  std::vector<std::string> contexts;

 private:
  PlainEvaluator evaluator_;
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
  std::unique_ptr<Loop> loop_;
  int ids_ = 0;
};

TEST(Ticker, EachTickIsARowWithItsRun) {
  TickWorld world;
  ASSERT_TRUE(world.keep({trigger("0 * * * *", CatchUp::kNone)}).has_value());
  world.sleep_until(kStart + 3 * kHour, 40);

  const std::vector<TickRow> ticks = world.ticks();
  ASSERT_EQ(world.story(), "begun, run, run, run");
  EXPECT_EQ(ticks[0].scheduled_for, kStart);
  const Millis first = kStart - 500 + kHour;
  EXPECT_EQ(ticks[1].scheduled_for, first);
  EXPECT_EQ(ticks[1].at, first + 40);
  const RunRow run = world.store().find_run(ticks[2].run).value();
  EXPECT_EQ(run.scheduled, (Scheduled{"t", first + kHour, first}));
  EXPECT_EQ(run.created_at, first + kHour + 40);
  EXPECT_EQ(run.state, RunState::kCompleted);
  EXPECT_NE(world.contexts[1].find(R"("scheduled_for":"2026-03-27T14:00:00.000Z","interval":{)"
                                   R"("start":"2026-03-27T13:00:00.000Z","end":"2026-03-27T14)"),
            std::string::npos)
      << world.contexts[1];
}

TEST(Ticker, BetweenTicksNothingIsToDo) {
  TickWorld world;
  ASSERT_TRUE(world.keep({trigger("0 2 * * *", CatchUp::kAll)}).has_value());
  EXPECT_FALSE(world.loop().has_work());
  // 02:00 in Berlin, the next day
  EXPECT_EQ(world.loop().next_tick(), parse_timestamp("2026-03-28T01:00:00"));
}

TEST(Ticker, WhoWasAwayCatchesUpAsDeclared) {
  for (const auto& [policy, story] :
       std::map<CatchUp, std::string>{{CatchUp::kAll, "begun, run, run, run, run, run"},
                                      {CatchUp::kLatest, "begun, run, skipped 3, run"},
                                      {CatchUp::kNone, "begun, run, skipped 4"}}) {
    TickWorld world;
    ASSERT_TRUE(world.keep({trigger("0 * * * *", policy)}).has_value());
    world.sleep_until(kStart + kHour);
    world.boot();
    world.now += 4 * kHour + kMinute;
    ASSERT_TRUE(world.keep({trigger("0 * * * *", policy)}).has_value());
    world.sleep_until(world.now + kMinute);
    EXPECT_EQ(world.story(), story);
  }
}

/// How a trigger comes to be away, and back.
enum class Away { kRestart, kDisabled, kFailover };

std::vector<TickRow> after_being_away(Away away, CatchUp policy, Millis gap) {
  TickWorld world;
  const KeptTrigger kept = trigger("*/20 2-4 * * *", policy);
  EXPECT_TRUE(world.keep({kept}).has_value());
  world.sleep_until(kStart + kDay);
  if (away == Away::kDisabled) {
    EXPECT_TRUE(world.keep({}).has_value());
    world.sleep_until(world.now + gap);
  } else {
    world.now += gap;
    world.boot();
    if (away == Away::kFailover) world.boot();  // the first one died before it kept anything
  }
  EXPECT_TRUE(world.keep({kept}).has_value());
  world.sleep_until(world.now + kDay);
  return world.ticks();
}

TEST(Ticker, RestartReenableAndFailoverGiveTheSameTicks) {
  for (const Millis gap : {kSecond, kMinute, kHour, 13 * kHour, 3 * kDay, 30 * kDay, 400 * kDay}) {
    for (const CatchUp policy : {CatchUp::kAll, CatchUp::kLatest, CatchUp::kNone}) {
      const std::vector<TickRow> restarted = after_being_away(Away::kRestart, policy, gap);
      EXPECT_GT(restarted.size(), 1U);
      EXPECT_EQ(restarted, after_being_away(Away::kDisabled, policy, gap));
      EXPECT_EQ(restarted, after_being_away(Away::kFailover, policy, gap));
    }
  }
}

TEST(Ticker, AClockPutBackRepeatsNothingAndForwardIsAGap) {
  TickWorld world;
  ASSERT_TRUE(world.keep({trigger("0 * * * *", CatchUp::kLatest)}).has_value());
  world.sleep_until(kStart + 2 * kHour);
  world.now -= kHour;
  world.sleep_until(kStart + 2 * kHour);
  EXPECT_EQ(world.story(), "begun, run, run");

  world.now += kDay;
  ASSERT_TRUE(world.loop().step(world.now).has_value());
  EXPECT_EQ(world.story(), "begun, run, run, skipped 23, run");
}

TEST(Ticker, ARunThatCannotBeMadeIsATickInErrorAndTheNextOneRuns) {
  TickWorld world;
  world.broken_inputs = true;
  ASSERT_TRUE(world
                  .keep({trigger("0 * * * *", CatchUp::kAll),
                         trigger("30 * * * *", CatchUp::kAll, "other")})
                  .has_value());
  world.sleep_until(kStart + kHour);
  EXPECT_EQ(world.story(), "begun, error");
  EXPECT_EQ(world.ticks()[1].detail, "input 'x' is missing");
  world.broken_inputs = false;
  world.sleep_until(kStart + 2 * kHour);
  EXPECT_EQ(world.story(), "begun, error, run");
  EXPECT_EQ(world.story("other"), "begun, error, run");
}

TEST(Ticker, ALargeCatchUpGoesInSteps) {
  TickWorld world;
  std::vector<KeptTrigger> kept;
  kept.reserve(4);
  for (int i = 0; i < 4; ++i) {
    kept.push_back(trigger("* * * * *", CatchUp::kAll, fmt::format("f{}", i)));
  }
  ASSERT_TRUE(world.keep(kept).has_value());
  world.now += 2 * kDay + 30 * kSecond;
  ASSERT_TRUE(world.loop().step(world.now).has_value());
  EXPECT_TRUE(world.loop().has_work());
  world.sleep_until(world.now);
  for (int i = 0; i < 4; ++i) {
    const std::vector<TickRow> ticks = world.ticks(fmt::format("f{}", i));
    ASSERT_EQ(ticks.size(), 1002U);
    EXPECT_EQ(ticks[1].state, TickState::kSkipped);
    EXPECT_EQ(ticks[1].count, 2 * 24 * 60 - 1000);
  }
}

TEST(Ticker, AScheduleThatCannotBeReadLeavesThoseBefore) {
  TickWorld world;
  ASSERT_TRUE(world.keep({trigger("0 * * * *", CatchUp::kAll)}).has_value());
  const Result<> kept = world.keep({trigger("0 * * *", CatchUp::kAll, "other")});
  ASSERT_FALSE(kept.has_value());
  EXPECT_EQ(kept.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(kept.error().message.find("trigger 't' of flow 'other'"), std::string::npos);
  world.sleep_until(kStart + kHour);
  EXPECT_EQ(world.story(), "begun, run");
}

/// Each time of the schedule is in one row, each run in one row, and each run stands for its time.
void expect_each_time_once(TickWorld& world, const KeptTrigger& kept) {
  const auto schedule = schedule::Schedule::of(kept.flow->triggers[0]).value();
  const std::vector<TickRow> ticks = world.ticks();
  ASSERT_FALSE(ticks.empty());
  Millis last = ticks.front().scheduled_for;
  std::map<RunNo, int> runs;
  for (const TickRow& tick : ticks) {
    if (tick.state == TickState::kBegun) continue;
    EXPECT_EQ(schedule.next(last), tick.first);
    last = tick.scheduled_for;
    if (tick.state != TickState::kRun) continue;
    EXPECT_EQ(++runs[tick.run], 1);
    EXPECT_EQ(world.store().find_run(tick.run).value().scheduled.at, tick.scheduled_for);
  }
  EXPECT_GT(schedule.next(last), world.now) << "a time was left out";
  RunFilter all;
  all.limit = 1'000'000;
  EXPECT_EQ(world.store().list_runs(all).value().size(), runs.size());
}

// The owner dies before and after commits, is away from a second to 400 days, and wakes up late.
TEST(TickerWorlds, ACrashNeitherLosesNorDoublesARun) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("replay: seed {}", seed));
    std::mt19937_64 draw(seed);
    const auto below = [&draw](Millis bound) {
      return static_cast<Millis>(draw() % static_cast<std::uint64_t>(bound));
    };
    const std::array crons{"*/10 * * * *", "30 2 * * *", "0 */3 * * *", "15 9 * * 1-5"};
    const KeptTrigger kept =
        trigger(crons.at(draw() % crons.size()), static_cast<CatchUp>(draw() % 3));
    TickWorld world;
    for (int life = 0; life < 4; ++life) {
      ASSERT_TRUE(world.keep({kept}).has_value() || life > 0);
      world.sleep_until(world.now + below(2 * kDay), below(2 * schedule::kOnTime));
      world.now = std::max(world.now, world.loop().next_tick().value_or(world.now)) + below(100);
      const bool before_commit = draw() % 2 == 0;
      if (before_commit) world.store().fail_next_commit({ErrorCode::kUnavailable, "died"});
      (void)world.loop().step(world.now);
      world.boot();  // what the owner before had decided and not saved is gone
      const std::array gaps{kMinute, kHour, kDay, 4 * kDay};
      world.now += kSecond + below(seed % 50 == 0 ? 400 * kDay : gaps.at(draw() % gaps.size()));
    }
    ASSERT_TRUE(world.keep({kept}).has_value());
    world.sleep_until(world.now + kHour);
    expect_each_time_once(world, kept);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace cordyna
