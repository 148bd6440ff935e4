#include "schedule/schedule.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/calendar.hpp"

namespace cordyna::schedule {
namespace {

struct Case {
  const char* cron;
  const char* zone = "Europe/Berlin";
  OnGap on_gap = OnGap::kShift;
  OnOverlap on_overlap = OnOverlap::kOnce;
};

/// The next `n` times after `from` (UTC), as "29 00:30 29 01:30": day and time in UTC.
std::string times(const Case& one, const CivilTime& from, int n,
                  std::vector<std::int64_t> holidays = {}) {
  const Result<Cron> cron = Cron::parse(one.cron);
  const Result<Zone> zone = Zone::find(one.zone);
  if (!cron.has_value() || !zone.has_value()) return "wrong";
  const Schedule schedule({*cron, *zone, one.on_gap, one.on_overlap, std::move(holidays)});
  std::string out;
  Millis at = local_seconds(from) * 1000;
  for (int i = 0; i < n; ++i) {
    const auto next = schedule.next(at);
    if (!next.has_value()) return out + "never";
    const CivilTime t = civil_time(*next / 1000);
    char text[32];
    std::snprintf(text, sizeof text, "%s%02u %02u:%02u", i == 0 ? "" : ", ", t.day, t.hour,
                  t.minute);
    out += text;
    at = *next;
  }
  return out;
}

// Clocks in Berlin: 2026-03-29 02:00 becomes 03:00 (01:00 UTC), 2026-10-25 03:00 becomes 02:00.
constexpr CivilTime kSpring{2026, 3, 28, 12, 0, 0};
constexpr CivilTime kAutumn{2026, 10, 24, 12, 0, 0};

TEST(Schedule, ATimeThatIsPassedOverIsShiftedOrSkipped) {
  EXPECT_EQ(times({"30 2 * * *"}, kSpring, 2), "29 01:00, 30 00:30");
  EXPECT_EQ(times({"0,30 2 * * *"}, kSpring, 2), "29 01:00, 30 00:00");
  EXPECT_EQ(times({"30 2,3 * * *"}, kSpring, 3), "29 01:00, 29 01:30, 30 00:30");
  EXPECT_EQ(times({"0 2,3 * * *"}, kSpring, 2), "29 01:00, 30 00:00") << "3:00 is that instant";
  EXPECT_EQ(times({"30 2 * * *", "Europe/Berlin", OnGap::kSkip}, kSpring, 1), "30 00:30");
}

TEST(Schedule, ATimeThatComesTwiceIsDueOnceOrTwice) {
  EXPECT_EQ(times({"30 2 * * *"}, kAutumn, 2), "25 00:30, 26 01:30");
  EXPECT_EQ(times({"30 2 * * *", "Europe/Berlin", OnGap::kShift, OnOverlap::kBoth}, kAutumn, 3),
            "25 00:30, 25 01:30, 26 01:30");
  EXPECT_EQ(times({"0 2,3 * * *"}, kAutumn, 3), "25 00:00, 25 02:00, 26 01:00");
}

TEST(Schedule, ATimeThatComesTwiceIsNotPassedOverForOneAYearLater) {
  EXPECT_EQ(times({"30 2 25 10 *", "Europe/Berlin", OnGap::kShift, OnOverlap::kBoth}, kAutumn, 3),
            "25 00:30, 25 01:30, 25 00:30");
  EXPECT_EQ(times({"*/30 2 25 10 *"}, kAutumn, 5),
            "25 00:00, 25 00:30, 25 01:00, 25 01:30, 25 00:00");
  // In Cairo 24:00 becomes 23:00 (21:00 UTC on the 31st), so that the 31st comes again.
  EXPECT_EQ(times({"52 * * 10 4", "Africa/Cairo"}, {2024, 10, 31, 19, 0, 0}, 3),
            "31 19:52, 31 20:52, 31 21:52");
}

TEST(Schedule, EveryNthGoesByTheTimeThatPasses) {
  EXPECT_EQ(times({"*/30 * * * *"}, {2026, 3, 29, 0, 15, 0}, 3), "29 00:30, 29 01:00, 29 01:30");
  EXPECT_EQ(times({"*/30 * * * *"}, {2026, 10, 25, 0, 15, 0}, 4),
            "25 00:30, 25 01:00, 25 01:30, 25 02:00");
  EXPECT_EQ(times({"*/30 2 * * *"}, kSpring, 1), "30 00:00");
  EXPECT_EQ(times({"15 * * * *"}, {2026, 10, 25, 0, 0, 0}, 3), "25 00:15, 25 01:15, 25 02:15");
}

TEST(Schedule, OtherZonesAndWholeDaysThatAreMissing) {
  EXPECT_EQ(times({"0 2 * * *", "UTC"}, kSpring, 1), "29 02:00");
  EXPECT_EQ(times({"0 0 * * *", "Asia/Kolkata"}, {2026, 1, 1, 0, 0, 0}, 1), "01 18:30");
  // Samoa left out 2011-12-30.
  EXPECT_EQ(times({"0 12 * * *", "Pacific/Apia"}, {2011, 12, 29, 0, 0, 0}, 3),
            "29 22:00, 30 10:00, 30 22:00");
  // Lord Howe puts its clocks by half an hour.
  EXPECT_EQ(times({"15 2 * * *", "Australia/Lord_Howe"}, {2026, 10, 3, 12, 0, 0}, 1), "03 15:30");
  EXPECT_EQ(times({"0 0 29 2 *"}, kSpring, 1), "28 23:00") << "2028";
}

TEST(Schedule, NothingIsDueOnAHoliday) {
  const std::int64_t day = local_seconds({2026, 3, 29, 0, 0, 0}) / 86'400;
  EXPECT_EQ(times({"30 2 * * *"}, kSpring, 1, {day}), "30 00:30");
  EXPECT_EQ(times({"0 */8 * * *"}, kSpring, 2, {day}), "28 15:00, 29 22:00");
}

TEST(Zone, UnknownOnesAreNamedWithWhatIsLikeThem) {
  const Result<Zone> zone = Zone::find("Europe/Berlinn");
  ASSERT_FALSE(zone.has_value());
  EXPECT_EQ(zone.error().message,
            "'Europe/Berlinn' is no time zone; one is like Europe/Berlin or UTC; did you mean "
            "'Europe/Berlin'?");
  EXPECT_FALSE(Zone::find("").has_value());
  EXPECT_FALSE(Zone::find("../../etc/passwd").has_value());
}

}  // namespace
}  // namespace cordyna::schedule
