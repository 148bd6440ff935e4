#include "schedule/cron.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/calendar.hpp"

namespace cordyna::schedule {
namespace {

std::string shown(std::optional<LocalSeconds> at) {
  if (!at.has_value()) return "never";
  const CivilTime t = civil_time(*at);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02u:%02u:%02u", t.year, t.month, t.day, t.hour,
                t.minute, t.second);
  return text;
}

/// The first times from 2026-01-01 00:00, a Thursday, on.
std::string first(std::string_view text, int n = 1, CivilTime from = {2026, 1, 1, 0, 0, 0}) {
  const Result<Cron> cron = Cron::parse(text);
  if (!cron.has_value()) return cron.error().message;
  std::string out;
  LocalSeconds at = local_seconds(from);
  for (int i = 0; i < n; ++i) {
    const auto next = cron->next(at);
    out += (i == 0 ? "" : ", ") + shown(next);
    if (!next.has_value()) break;
    at = *next + 1;
  }
  return out;
}

TEST(Cron, FieldsAreListsRangesStepsAndNames) {
  EXPECT_EQ(first("0 2 * * *", 2), "2026-01-01 02:00:00, 2026-01-02 02:00:00");
  EXPECT_EQ(first("*/20 0 1 * *", 4),
            "2026-01-01 00:00:00, 2026-01-01 00:20:00, 2026-01-01 00:40:00, 2026-02-01 00:00:00");
  EXPECT_EQ(first("5/25 3-4 * * *", 4),
            "2026-01-01 03:05:00, 2026-01-01 03:30:00, 2026-01-01 03:55:00, 2026-01-01 04:05:00");
  EXPECT_EQ(first("0 0 * feb,Apr SUN", 2), "2026-02-01 00:00:00, 2026-02-08 00:00:00");
  EXPECT_EQ(first("0 0 ? * mon-wed", 2), "2026-01-05 00:00:00, 2026-01-06 00:00:00");
  EXPECT_EQ(first("30 15 10 1 1 *", 2), "2026-01-01 10:15:30, 2027-01-01 10:15:30");
  EXPECT_EQ(first("0 0 * * 7"), first("0 0 * * 0"));
  EXPECT_EQ(first("0 0 * * 5-7", 3),
            "2026-01-02 00:00:00, 2026-01-03 00:00:00, 2026-01-04 00:00:00");
  EXPECT_EQ(first("@yearly", 1, {2026, 1, 1, 0, 0, 1}), "2027-01-01 00:00:00");
  EXPECT_EQ(first("@hourly", 1, {2026, 1, 1, 0, 0, 1}), "2026-01-01 01:00:00");
  EXPECT_EQ(first("59 59 23 31 12 *"), "2026-12-31 23:59:59");
}

TEST(Cron, EitherDayIsEnoughUnlessOneIsEvery) {
  EXPECT_EQ(first("0 0 13 * fri", 3),
            "2026-01-02 00:00:00, 2026-01-09 00:00:00, 2026-01-13 00:00:00");
  EXPECT_EQ(first("0 0 */2 * fri", 2), "2026-01-09 00:00:00, 2026-01-23 00:00:00");
  EXPECT_EQ(first("0 0 13 * *"), "2026-01-13 00:00:00");
}

TEST(Cron, LastDaysWorkingDaysAndNthDays) {
  EXPECT_EQ(first("0 0 l * *", 3, {2028, 1, 1, 0, 0, 0}),
            "2028-01-31 00:00:00, 2028-02-29 00:00:00, 2028-03-31 00:00:00");
  EXPECT_EQ(first("0 0 L-2 2 *"), "2026-02-26 00:00:00");
  EXPECT_EQ(first("0 0 LW * *", 2), "2026-01-30 00:00:00, 2026-02-27 00:00:00");
  EXPECT_EQ(first("0 0 15W 2 *"), "2026-02-16 00:00:00") << "the 15th is a Sunday";
  EXPECT_EQ(first("0 0 1W 8 *"), "2026-08-03 00:00:00") << "not back into July";
  EXPECT_EQ(first("0 0 31W 5 *"), "2026-05-29 00:00:00") << "not on into June";
  EXPECT_EQ(first("0 0 31W * *", 3),
            "2026-01-30 00:00:00, 2026-03-31 00:00:00, 2026-05-29 00:00:00");
  EXPECT_EQ(first("0 9 * * mon#2", 2), "2026-01-12 09:00:00, 2026-02-09 09:00:00");
  EXPECT_EQ(first("0 9 * * 5L", 2), "2026-01-30 09:00:00, 2026-02-27 09:00:00");
  EXPECT_EQ(first("0 0 * * thu#5", 2), "2026-01-29 00:00:00, 2026-04-30 00:00:00");
}

TEST(Cron, LeapDaysAreFoundYearsAhead) {
  EXPECT_EQ(first("0 0 29 2 *", 2), "2028-02-29 00:00:00, 2032-02-29 00:00:00");
  EXPECT_EQ(first("0 0 29 2 *", 1, {2096, 3, 1, 0, 0, 0}), "2104-02-29 00:00:00");
}

TEST(Cron, WhatIsWrongIsNamedWithWhatIsRight) {
  EXPECT_EQ(first("0 24 * * *"), "hour '24': 0 to 23 is wanted");
  EXPECT_EQ(first("* * * *"),
            "4 fields; 5 are wanted (minute, hour, day of month, month, day of week), or 6 with "
            "seconds in front");
  EXPECT_EQ(first("0 0 * foo *"), "month 'foo': 1 to 12, or jan to dec, is wanted");
  EXPECT_EQ(first("*/0 * * * *"), "minute '*/0': a step of 1 to 59 is wanted");
  EXPECT_EQ(
      first("0 0 * * fri-mon"),
      "day of week 'fri-mon': a range goes upwards; two ranges, parted by a comma, go around");
  EXPECT_EQ(first("0 0 1, * *"), "day of month '1,': a value is missing between commas");
  EXPECT_EQ(first("0 0 30 2 *"), "no day is ever day of month '30' of month '2'");
  EXPECT_EQ(first("0 0 L-x * *"), "day of month 'l-x': l, l-1 to l-30, or lw is wanted");
  EXPECT_EQ(first("0 0 * * mon#6"),
            "day of week 'mon#6': behind # the first to the fifth is wanted: 1 to 5");
  EXPECT_EQ(
      first("@often"),
      "'@often' is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly");
  EXPECT_EQ(first("99999999999999999999 * * * *"),
            "minute '99999999999999999999': 0 to 59 is wanted");
  EXPECT_EQ(first("-1 * * * *"), "minute '-1': 0 to 59 is wanted");
}

}  // namespace
}  // namespace cordyna::schedule
