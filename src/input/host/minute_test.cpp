#include "input/host/minute.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

constexpr Millis kNow = 1'700'000'000'000;

TEST(LastMinute, CountsWhatIsNoOlderThanAMinute) {
  LastMinute minute;
  EXPECT_EQ(minute.total(kNow), 0);
  minute.add(3, kNow);
  minute.add(4, kNow + 900);
  minute.add(5, kNow + 30'000);
  EXPECT_EQ(minute.total(kNow + 30'000), 12);
  EXPECT_EQ(minute.total(kNow + 59'999), 12);
  EXPECT_EQ(minute.total(kNow + 60'000), 5);
  EXPECT_EQ(minute.total(kNow + 90'000), 0);
}

TEST(LastMinute, ManyMinutesTakeNoMoreRoom) {
  LastMinute minute;
  for (Millis at = kNow; at < kNow + 600'000; at += 250) minute.add(1, at);
  EXPECT_EQ(minute.total(kNow + 599'999), 240);
}

TEST(LastMinute, AClockThatGoesBackCountsWhatIsNew) {
  LastMinute minute;
  minute.add(7, kNow);
  EXPECT_EQ(minute.total(kNow - 3'600'000), 0);
  minute.add(2, kNow - 3'600'000);
  EXPECT_EQ(minute.total(kNow - 3'600'000), 2);
}

}  // namespace
}  // namespace cordyna::input
