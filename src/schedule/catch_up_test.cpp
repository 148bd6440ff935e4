#include "schedule/catch_up.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "base/calendar.hpp"
#include "base/test_draws.hpp"
#include "schedule/schedule_fixtures.hpp"

namespace cordyna::schedule {
namespace {

/// What the rules say, without any cleverness: all times one by one.
struct Reference {
  std::vector<Millis> skipped;
  std::vector<Tick> runs;
};

Reference expected(const Schedule& schedule, CatchUp policy, Millis window, Millis last,
                   Millis now) {
  std::vector<Tick> ticks;
  Millis from = schedule.previous(schedule.next(last).value_or(now + 1)).value_or(0);
  for (auto t = schedule.next(last); t.has_value() && *t <= now; t = schedule.next(*t)) {
    ticks.push_back({*t, from == 0 ? *t : from});
    from = *t;
  }
  Reference out;
  std::size_t caught_up = 0;
  for (std::size_t i = ticks.size(); i-- > 0;) {  // the newest first
    const Tick& tick = ticks[i];
    const bool on_time = tick.at >= now - kOnTime;
    const bool newest = i + 1 == ticks.size();
    const bool in_window = window == 0 || tick.at >= now - window;
    bool runs = on_time;
    if (!on_time && in_window && policy == CatchUp::kLatest) runs = newest;
    if (!on_time && in_window && policy == CatchUp::kAll) runs = ++caught_up <= kCatchUpMax;
    if (runs) {
      out.runs.push_back(tick);
    } else {
      out.skipped.push_back(tick.at);
    }
  }
  std::ranges::reverse(out.runs);
  std::ranges::reverse(out.skipped);
  return out;
}

/// A plan as the reference has it: all skipped times written out.
void expect_plan(const Schedule& schedule, const TickPlan& plan, const Reference& wanted) {
  EXPECT_EQ(plan.runs, wanted.runs);
  if (wanted.skipped.empty()) {
    EXPECT_TRUE(plan.skipped.empty());
    return;
  }
  ASSERT_EQ(plan.skipped.size(), 1U);
  const Skipped& skipped = plan.skipped.front();
  EXPECT_EQ(skipped.first, wanted.skipped.front());
  EXPECT_EQ(skipped.last, wanted.skipped.back());
  const auto count = static_cast<std::int64_t>(wanted.skipped.size());
  EXPECT_EQ(skipped.count, count > kCountMax ? 0 : count);
  EXPECT_FALSE(skipped.reason.empty());
  EXPECT_TRUE(plan.runs.empty() || schedule.next(skipped.last) == plan.runs.front().at);
}

TEST(CatchUp, WithinTheGraceATimeRunsWhateverThePolicy) {
  const Schedule schedule = make("0 2 * * *");
  const Millis due = at("2026-03-01T02:00");
  for (const CatchUp policy : {CatchUp::kAll, CatchUp::kLatest, CatchUp::kNone}) {
    EXPECT_TRUE(plan_ticks(schedule, policy, 0, due - kDay, due - 1).runs.empty());
    for (const Millis late : {Millis{0}, Millis{1}, kOnTime}) {
      const TickPlan plan = plan_ticks(schedule, policy, kSecond, due - kDay, due + late);
      EXPECT_EQ(plan.runs, (std::vector<Tick>{{due, due - kDay}}));
      EXPECT_TRUE(plan.skipped.empty());
    }
  }
}

TEST(CatchUp, AfterTheGraceThePolicyDecides) {
  const Schedule schedule = make("0 2 * * *");
  const Millis due = at("2026-03-10T02:00");
  const Millis now = due + kHour;
  const Millis last = due - 3 * kDay;

  const TickPlan all = plan_ticks(schedule, CatchUp::kAll, 0, last, now);
  EXPECT_EQ(all.runs.size(), 3U);
  EXPECT_TRUE(all.skipped.empty());

  const TickPlan latest = plan_ticks(schedule, CatchUp::kLatest, 0, last, now);
  EXPECT_EQ(latest.runs, (std::vector<Tick>{{due, due - kDay}}));
  EXPECT_EQ(latest.skipped,
            (std::vector<Skipped>{{due - 2 * kDay, due - kDay, 2, "catch_up: latest"}}));

  const TickPlan none = plan_ticks(schedule, CatchUp::kNone, 0, last, now);
  EXPECT_TRUE(none.runs.empty());
  EXPECT_EQ(none.skipped, (std::vector<Skipped>{{due - 2 * kDay, due, 3, "catch_up: none"}}));

  const TickPlan window = plan_ticks(schedule, CatchUp::kAll, 30 * kHour, last, now);
  EXPECT_EQ(window.runs.size(), 2U);
  ASSERT_EQ(window.skipped.size(), 1U);
  EXPECT_EQ(window.skipped[0].reason, "longer ago than the window of 1d06h");
}

TEST(CatchUp, AClockThatWasPutBackRepeatsNothing) {
  const Schedule schedule = make("*/5 * * * *");
  const Millis last = at("2026-03-10T02:00");
  for (const Millis back : {kSecond, kHour, 400 * kDay}) {
    const TickPlan plan = plan_ticks(schedule, CatchUp::kAll, 0, last, last - back);
    EXPECT_TRUE(plan.runs.empty());
    EXPECT_TRUE(plan.skipped.empty());
  }
}

TEST(CatchUp, AFloodIsBounded) {
  const Schedule schedule = make("* * * * * *");
  const Millis now = at("2026-03-10T02:00");
  const TickPlan plan = plan_ticks(schedule, CatchUp::kAll, 0, now - 400 * kDay, now);
  // Those on time run besides the newest thousand that were missed.
  EXPECT_EQ(plan.runs.size(), kCatchUpMax + 11);
  EXPECT_EQ(plan.runs.back().at, now);
  ASSERT_EQ(plan.skipped.size(), 1U);
  EXPECT_EQ(plan.skipped[0].count, 0);
  EXPECT_EQ(plan.skipped[0].first, now - 400 * kDay + kSecond);
  EXPECT_EQ(plan.skipped[0].last + kSecond, plan.runs.front().at);
}

constexpr std::array kCrons{"0 2 * * *",     "30 2 * * *",  "*/7 * * * *", "@hourly",
                            "15 1-3 * * 0",  "0 0 29 2 *",  "0 12 L * *",  "*/30 */6 * * *",
                            "0 9 * * MON#1", "5,45 1 * * *"};
constexpr std::array kZones{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                            "Asia/Kolkata"};

class CatchUpDraw {
 public:
  explicit CatchUpDraw(std::uint64_t seed) : draw_(seed) {}
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(draw_() % static_cast<std::uint64_t>(bound));
  }
  Schedule schedule() {
    const auto cron = static_cast<std::size_t>(below(std::ssize(kCrons)));
    return make(kCrons.at(cron), kZones.at(static_cast<std::size_t>(below(std::ssize(kZones)))));
  }
  CatchUp policy() { return static_cast<CatchUp>(below(3)); }
  Millis window() { return below(2) == 0 ? 0 : 1 + below(30 * kDay); }
  /// From a second to 400 days, each order of magnitude as likely.
  Millis gap() {
    static constexpr std::array kBounds{10 * kSecond, 10 * kMinute, 10 * kHour, 20 * kDay,
                                        400 * kDay};
    return kSecond + below(kBounds.at(static_cast<std::size_t>(below(std::ssize(kBounds)))));
  }
  /// Within some days of 2025 and 2026, mostly around changes of the clock.
  Millis start() { return at("2025-03-20") + below(620 * kDay); }

 private:
  std::mt19937_64 draw_;
};

TEST(CatchUpProperty, AnyGapIsDealtWithAsTheRulesSay) {
  for (std::uint64_t seed = 1; seed <= test::draws(60, 600); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    CatchUpDraw draw(seed);
    const Schedule schedule = draw.schedule();
    const CatchUp policy = draw.policy();
    const Millis window = draw.window();
    const Millis last = draw.start();
    const Millis now = last + draw.gap();
    expect_plan(schedule, plan_ticks(schedule, policy, window, last, now),
                expected(schedule, policy, window, last, now));
    if (testing::Test::HasFailure()) return;
  }
}

/// The newest time that a plan deals with.
Millis dealt_with(const TickPlan& plan, Millis last) {
  if (!plan.runs.empty()) return plan.runs.back().at;
  return plan.skipped.empty() ? last : plan.skipped.back().last;
}

// Whoever looks at the clock, and how often: no time is left out, and none comes twice.
TEST(CatchUpProperty, EveryTimeIsDealtWithOnceWhoeverComesAndGoes) {
  for (std::uint64_t seed = 1; seed <= test::draws(30, 300); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    CatchUpDraw draw(seed);
    const Schedule schedule = draw.schedule();
    const CatchUp policy = draw.policy();
    Millis last = draw.start();
    Millis now = last;
    Millis next = schedule.next(last).value();
    for (int step = 0; step < 30 && now < at("2100-01-01"); ++step) {
      const bool there = draw.below(3) > 0;  // wakes up for the next time
      now = there ? std::max(now, *schedule.next(last)) + draw.below(kOnTime) : now + draw.gap();
      const TickPlan plan = plan_ticks(schedule, policy, draw.window(), last, now);
      for (const Skipped& skipped : plan.skipped) {
        EXPECT_EQ(skipped.first, next);
        next = schedule.next(skipped.last).value();
      }
      for (const Tick& tick : plan.runs) {
        EXPECT_EQ(tick.at, next);
        next = schedule.next(tick.at).value();
      }
      last = dealt_with(plan, last);
      EXPECT_GT(next, now) << "a time was left out";
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(Delay, IsDrawnFromTheNamesAndStaysWithinTheJitter) {
  TriggerSpec trigger;
  trigger.id = "nightly";
  EXPECT_EQ(delay_of(trigger, "team", "sales"), 0);
  trigger.jitter = 10 * kMinute;
  Millis least = trigger.jitter;
  Millis most = 0;
  for (int i = 0; i < 1000; ++i) {
    const Millis delay = delay_of(trigger, "team", fmt::format("flow{}", i));
    EXPECT_EQ(delay, delay_of(trigger, "team", fmt::format("flow{}", i)));
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, 0);
  EXPECT_LE(most, trigger.jitter);
  EXPECT_GT(most - least, 9 * kMinute);  // spread over nearly all of it
}

TEST(Previous, IsTheTimeBefore) {
  for (const char* cron : kCrons) {
    for (const char* zone : kZones) {
      const Schedule schedule = make(cron, zone);
      Millis before = schedule.next(at("2025-03-29")).value();
      for (int i = 0; i < 40; ++i) {
        const auto time = schedule.next(before);
        if (!time.has_value()) break;
        EXPECT_EQ(schedule.previous(*time), before) << cron << " " << zone;
        EXPECT_EQ(schedule.previous(*time + 1), *time) << cron << " " << zone;
        before = *time;
      }
    }
  }
}

TEST(Previous, IsNothingWhereNothingWas) {
  TriggerSpec trigger;
  trigger.cron = "0 0 1 1 *";
  for (int year = 1960; year < 2030; ++year) {
    trigger.holidays.push_back(local_seconds({year, 1, 1}) / 86'400);
  }
  EXPECT_EQ(Schedule::of(trigger).value().previous(at("2020-06-01")), std::nullopt);
}

}  // namespace
}  // namespace cordyna::schedule
