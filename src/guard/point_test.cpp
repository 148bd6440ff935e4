#include "guard/point.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace cordyna::guard {
namespace {

TEST(PointTest, ComesBackAsItWasWritten) {
  Point point;
  point.at = 1000;
  point.run = 7;
  point.verdict = PointVerdict::kTrip;
  point.metrics = {{"rows", 12}, {"nulls(a \"b\")", 1.5}};
  point.alarms = {"rows-"};
  point.seasonal = true;
  point.steps = "abc";
  const Point read =
      parse_point({"s", 1000, 7, "share", PointVerdict::kTrip, write_facts(point)}).value();
  EXPECT_EQ(read.metrics, point.metrics);
  EXPECT_EQ(read.alarms, point.alarms);
  EXPECT_TRUE(read.seasonal);
  EXPECT_EQ(read.steps, "abc");
  EXPECT_EQ(read.run, 7);
}

TEST(PointTest, WhatIsNoNumberIsLeftOut) {
  Point point;
  point.metrics = {{"rows", 1}, {"mean(x)", std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_EQ(write_facts(point), R"({"metrics":{"rows":1}})");
}

TEST(PointTest, DamageIsAnError) {
  const auto read = parse_point({"s", 1, 2, "p", PointVerdict::kOk, "[1"});
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
}

TEST(PointTest, ANewLevelBeginsWithTheFirstOfTheAlarmsInARow) {
  std::vector<Point> points(4);
  for (int i = 0; i < 4; ++i) {
    Point& one = points[static_cast<std::size_t>(i)];
    one.at = 1000 - i;
    one.run = 40 - i;
  }
  points[0].verdict = PointVerdict::kTrip;
  points[1].verdict = PointVerdict::kWarn;
  const PointRow row = accept_level("s", points).value();
  EXPECT_EQ(row.at, 999);
  EXPECT_EQ(row.run, 39);
  EXPECT_EQ(row.verdict, PointVerdict::kLevel);
  EXPECT_EQ(parse_point(row).value().until, 1000);
  points[0].verdict = PointVerdict::kOk;
  EXPECT_EQ(accept_level("s", points).error().code, ErrorCode::kConflict);
  EXPECT_EQ(accept_level("s", {}).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace cordyna::guard
