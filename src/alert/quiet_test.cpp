#include "alert/quiet.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace cordyna::alert {
namespace {

std::string freed(const QuietHours& quiet, const std::string& at) {
  return seconds_text(after_quiet(quiet, parse_timestamp(at).value()));
}

TEST(QuietTest, OutsideNothingWaits) {
  const QuietHours night{.from = 22 * 60, .to = 6 * 60};
  EXPECT_EQ(freed(night, "2026-11-30T12:00:00Z"), "2026-11-30T12:00:00Z");
  EXPECT_EQ(freed(night, "2026-11-30T06:00:00Z"), "2026-11-30T06:00:00Z");
  EXPECT_EQ(freed(night, "2026-11-30T21:59:59Z"), "2026-11-30T21:59:59Z");
}

TEST(QuietTest, OverMidnightTheyEndOnTheNextDay) {
  const QuietHours night{.from = 22 * 60, .to = 6 * 60};
  EXPECT_EQ(freed(night, "2026-11-30T22:00:00Z"), "2026-12-01T06:00:00Z");
  EXPECT_EQ(freed(night, "2026-12-01T05:59:59Z"), "2026-12-01T06:00:00Z");
}

TEST(QuietTest, DaysAreThoseOnWhichTheyBegin) {
  // Friday and Saturday nights; 2026-11-27 is a Friday.
  const QuietHours weekend{.from = 22 * 60, .to = 8 * 60, .days = 1U << 4 | 1U << 5};
  EXPECT_EQ(freed(weekend, "2026-11-27T23:00:00Z"), "2026-11-28T08:00:00Z");
  EXPECT_EQ(freed(weekend, "2026-11-29T07:00:00Z"), "2026-11-29T08:00:00Z");
  EXPECT_EQ(freed(weekend, "2026-11-29T23:00:00Z"), "2026-11-29T23:00:00Z");
}

TEST(QuietTest, WholeDaysInARowEndWithTheLast) {
  const QuietHours weekend{.from = 0, .to = 0, .days = 1U << 5 | 1U << 6};
  EXPECT_EQ(freed(weekend, "2026-11-28T00:00:00Z"), "2026-11-30T00:00:00Z");
}

TEST(QuietTest, TheClocksOfTheZoneCount) {
  const QuietHours night{.from = 22 * 60, .to = 7 * 60, .timezone = "Europe/Berlin"};
  EXPECT_EQ(freed(night, "2026-11-30T21:00:00Z"), "2026-12-01T06:00:00Z");
  EXPECT_EQ(freed(night, "2026-07-01T20:00:00Z"), "2026-07-02T05:00:00Z");
  EXPECT_EQ(freed(night, "2026-10-24T22:00:00Z"), "2026-10-25T06:00:00Z");  // clocks go back
}

TEST(QuietTest, AlwaysIsNotForEver) {
  const QuietHours always{.from = 0, .to = 0};
  EXPECT_LT(after_quiet(always, 0), Millis{9} * 86'400'000);
}

}  // namespace
}  // namespace cordyna::alert
