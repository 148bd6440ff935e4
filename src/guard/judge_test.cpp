#include "guard/judge.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "guard/backtest.hpp"

namespace cordyna::guard {
namespace {

constexpr Millis kDay = 86'400'000;
constexpr Millis kMonday = 20'412 * kDay;  // 2025-11-20 is a Thursday; see weekday()

Point point(Millis at, RunNo run, double rows) {
  Point out;
  out.at = at;
  out.run = run;
  out.metrics["rows"] = rows;
  out.steps = "same";
  return out;
}

/// Runs an hour apart, newest first: no season in them.
std::vector<Point> hourly(const std::vector<double>& newest_first) {
  std::vector<Point> out;
  RunNo run = 100;
  for (const double rows : newest_first) {
    out.push_back(point(kMonday - (101 - run) * 3'600'000, run, rows));
    --run;
  }
  return out;
}

Policy hold_rows(OnTrip on_trip = OnTrip::kAuto) {
  Policy policy;
  policy.watch = usual_watch({});
  policy.on_trip = on_trip;
  return policy;
}

TEST(JudgeTest, WithoutHistoryAnythingIsFine) {
  const Judgement judgement = judge(point(kMonday, 1, 5), {}, hold_rows(), "s");
  EXPECT_EQ(judgement.level, Level::kOk);
  EXPECT_EQ(judgement.verdict(), PointVerdict::kOk);
  EXPECT_TRUE(judgement.reason.empty());
}

TEST(JudgeTest, WithOneGoodRunALossOf40PercentTripsAndLessDoesNot) {
  const auto history = hourly({1000});
  const Policy policy = hold_rows(OnTrip::kHold);
  EXPECT_EQ(judge(point(kMonday, 101, 601), history, policy, "s").level, Level::kOk);
  const Judgement judgement = judge(point(kMonday, 101, 600), history, policy, "s");
  EXPECT_EQ(judgement.level, Level::kTrip);
  EXPECT_TRUE(judgement.holds);
  EXPECT_EQ(judgement.reason,
            "rows 600, expected 1,000 (the last good run, 100): -40.0 %; trips below 600");
  EXPECT_FALSE(judge(point(kMonday, 101, 600), history, hold_rows(), "s").holds)
      << "one good run is not enough to hold by itself";
}

TEST(JudgeTest, WithEightGoodRunsALossOf20PercentIsHeldAnd10PercentWarned) {
  const auto history = hourly({1000, 1002, 998, 1001, 999, 1000, 1003, 997});
  const Judgement trip = judge(point(kMonday, 101, 750), history, hold_rows(), "s");
  EXPECT_EQ(trip.level, Level::kTrip);
  EXPECT_TRUE(trip.holds);
  const Judgement warn = judge(point(kMonday, 101, 890), history, hold_rows(), "s");
  EXPECT_EQ(warn.level, Level::kWarn);
  EXPECT_FALSE(warn.holds);
  EXPECT_EQ(warn.verdict(), PointVerdict::kWarn);
  EXPECT_EQ(judge(point(kMonday, 101, 920), history, hold_rows(), "s").level, Level::kOk);
  EXPECT_EQ(judge(point(kMonday, 101, 9000), history, hold_rows(), "s").level, Level::kOk)
      << "more rows are not a loss";
}

TEST(JudgeTest, ANoisySeriesNeedsMoreThanItsUsualSpread) {
  const auto history = hourly({500, 1500, 700, 1300, 900, 1100, 600, 1400, 1000});
  EXPECT_EQ(judge(point(kMonday, 101, 500), history, hold_rows(), "s").level, Level::kOk);
}

TEST(JudgeTest, ADailySeriesIsComparedWithItsWeekday) {
  std::vector<Point> history;
  for (int day = 1; day <= 42; ++day) {
    const Millis at = kMonday - day * kDay;
    history.push_back(point(at, 100 - day, day % 7 == 0 || day % 7 == 1 ? 200 : 1000));
  }
  EXPECT_EQ(judge(point(kMonday, 101, 205), history, hold_rows(), "s").level, Level::kOk)
      << "as on this day of every week";
  const Judgement judgement =
      judge(point(kMonday - 43 * kDay + 45 * kDay, 101, 205), history, hold_rows(), "s");
  EXPECT_EQ(judgement.level, Level::kTrip);
  EXPECT_NE(judgement.reason.find("the median of 6 "), std::string::npos) << judgement.reason;
}

TEST(JudgeTest, ADailySeriesHoldsByItselfOnlyAfterFourWeeks) {
  std::vector<Point> history;
  for (int day = 1; day <= 20; ++day)
    history.push_back(point(kMonday - day * kDay, 100 - day, 1000));
  const Judgement early = judge(point(kMonday, 101, 700), history, hold_rows(), "s");
  EXPECT_EQ(early.level, Level::kTrip);
  EXPECT_FALSE(early.holds) << "it may be the first weekend";
  EXPECT_TRUE(judge(point(kMonday, 101, 700), history, hold_rows(OnTrip::kHold), "s").holds);
  for (int day = 21; day <= 28; ++day)
    history.push_back(point(kMonday - day * kDay, 100 - day, 1000));
  EXPECT_TRUE(judge(point(kMonday, 101, 700), history, hold_rows(), "s").holds);
}

TEST(JudgeTest, AlarmsLeaveTheHistoryUntilAPersonPutsThemBack) {
  auto history = hourly({400, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000});
  history[0].verdict = PointVerdict::kTrip;
  history[0].alarms = {"rows-"};
  const Judgement judgement = judge(point(kMonday, 101, 1000), history, hold_rows(), "s");
  EXPECT_EQ(judgement.good, 8u);
  history[0].verdict = PointVerdict::kApproved;
  EXPECT_EQ(judge(point(kMonday, 101, 1000), history, hold_rows(), "s").good, 9u);
}

TEST(JudgeTest, TheThirdAlarmInARowAsksForANewLevelWhichThenHolds) {
  std::vector<double> rows(12, 1000);
  auto history = hourly(rows);
  for (std::size_t i = 0; i < 2; ++i) {
    history[i].metrics["rows"] = 500;
    history[i].verdict = PointVerdict::kTrip;
    history[i].alarms = {"rows-"};
  }
  const Judgement asks = judge(point(kMonday, 101, 500), history, hold_rows(), "f/x");
  EXPECT_NE(asks.reason.find("3 in a row"), std::string::npos) << asks.reason;
  EXPECT_NE(asks.reason.find("dyna guard accept f/x"), std::string::npos);

  const PointRow level = accept_level("f/x", history).value();
  history.insert(history.begin() + 1, parse_point(level).value());
  EXPECT_EQ(judge(point(kMonday, 101, 500), history, hold_rows(), "f/x").level, Level::kOk);
  EXPECT_EQ(judge(point(kMonday, 101, 1000), history, hold_rows(), "f/x").level, Level::kOk);
  EXPECT_EQ(judge(point(kMonday, 101, 250), history, hold_rows(), "f/x").level, Level::kTrip);
}

TEST(JudgeTest, NullRatesRiseByPercentagePoints) {
  auto history = hourly(std::vector<double>(10, 1000));
  for (Point& one : history) one.metrics["nulls(price)"] = 2;
  Point now = point(kMonday, 101, 1000);
  Policy policy;
  policy.watch = usual_watch({"price"});
  now.metrics["nulls(price)"] = 16;
  EXPECT_EQ(judge(now, history, policy, "s").level, Level::kWarn);
  now.metrics["nulls(price)"] = 17.5;
  const Judgement judgement = judge(now, history, policy, "s");
  EXPECT_EQ(judgement.level, Level::kTrip);
  EXPECT_EQ(judgement.alarms, std::vector<std::string>{"nulls(price)+"});
  EXPECT_NE(judgement.reason.find("+15.5 percentage points"), std::string::npos)
      << judgement.reason;
}

TEST(JudgeTest, OfWideDataTheFirstColumnsAreWatched) {
  const std::vector<Watch> watch = usual_watch(std::vector<std::string>(10'000, "c"));
  EXPECT_EQ(watch.size(), 1 + kUsualColumnsMax);
}

TEST(JudgeTest, BoundsHoldWhateverTheHistorySays) {
  Policy policy;
  policy.watch = {{"rows", {}, {}, 10, 20}};
  EXPECT_TRUE(judge(point(kMonday, 1, 9), {}, policy, "s").holds);
  const Judgement above = judge(point(kMonday, 1, 21), {}, policy, "s");
  EXPECT_EQ(above.reason, "rows 21: at most 20 is allowed");
  EXPECT_EQ(judge(point(kMonday, 1, 20), {}, policy, "s").level, Level::kOk);
}

TEST(JudgeTest, AChangeOfTheFlowsOwnStepsIsSaidInsteadOfHeld) {
  auto history = hourly(std::vector<double>(10, 1000));
  for (Point& one : history) one.steps = "other";
  const Judgement judgement =
      judge(point(kMonday, 101, 100), history, hold_rows(OnTrip::kHold), "s");
  EXPECT_EQ(judgement.level, Level::kTrip);
  EXPECT_FALSE(judgement.holds);
  EXPECT_NE(judgement.reason.find("steps changed since run 100"), std::string::npos);
}

TEST(JudgeTest, OnTripFailFailsAndWarnWarns) {
  const auto history = hourly(std::vector<double>(10, 1000));
  const Judgement fails = judge(point(kMonday, 101, 1), history, hold_rows(OnTrip::kFail), "s");
  EXPECT_TRUE(fails.fails);
  EXPECT_FALSE(fails.holds);
  const Judgement warns = judge(point(kMonday, 101, 1), history, hold_rows(OnTrip::kWarn), "s");
  EXPECT_FALSE(warns.fails || warns.holds);
}

TEST(NumberTextTest, GroupsWhatIsLargeAndShortensWhatIsSmall) {
  EXPECT_EQ(number_text(21613), "21,613");
  EXPECT_EQ(number_text(17276.8), "17,276.8");
  EXPECT_EQ(number_text(-1234567), "-1,234,567");
  EXPECT_EQ(number_text(999), "999");
  EXPECT_EQ(number_text(0.12345), "0.1235");
  EXPECT_EQ(number_text(3e17), "3e+17");
}

TEST(BacktestTest, FindsInjectedLossesAndCountsItsOwnAlarms) {
  std::vector<Point> points;
  points.reserve(100);
  for (int day = 0; day < 100; ++day) points.push_back(point(kMonday + day * kDay, day + 1, 1000));
  points[80].metrics["rows"] = 500;
  BacktestSettings settings;
  settings.policy = hold_rows();
  settings.skip = 56;
  settings.losses = {5, 15, 30};
  const BacktestResult result = backtest(points, settings);
  EXPECT_EQ(result.judged, 44u);
  ASSERT_EQ(result.alarms.size(), 1u);
  EXPECT_EQ(result.alarms[0].run, 81);
  EXPECT_EQ(result.tripped, 1u);
  EXPECT_EQ(result.losses[0].warned, 1u) << "only the day that alarms anyway";
  EXPECT_EQ(result.losses[1].warned, 44u);
  EXPECT_EQ(result.losses[1].tripped, 1u);
  EXPECT_EQ(result.losses[2].tripped, 44u);
}

}  // namespace
}  // namespace cordyna::guard
