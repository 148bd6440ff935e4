#include "schedule/span.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/test_draws.hpp"
#include "schedule/schedule_fixtures.hpp"

namespace cordyna::schedule {
namespace {

std::vector<Tick> forwards(const Span& span, Millis from) {
  std::vector<Tick> found;
  for (auto tick = span.after(from); tick.has_value(); tick = span.after(tick->at)) {
    found.push_back(*tick);
  }
  return found;
}

std::vector<Tick> backwards(const Span& span, Millis from) {
  std::vector<Tick> found;
  for (auto tick = span.before(from); tick.has_value(); tick = span.before(tick->at)) {
    found.push_back(*tick);
  }
  std::ranges::reverse(found);
  return found;
}

TEST(SpanTest, TheBeginCountsAndTheEndDoesNot) {
  const Span span(make("0 0 * * *"), at("2026-11-01"), at("2026-11-03"));
  const std::vector<Tick> expected{{at("2026-11-01"), at("2026-10-31")},
                                   {at("2026-11-02"), at("2026-11-01")}};
  EXPECT_EQ(span.all(9), expected);
  EXPECT_EQ(span.all(1).size(), 2u) << "one more than asked for says that there are more";
  EXPECT_EQ(forwards(span, at("2026-10-01")), expected);
  EXPECT_EQ(backwards(span, at("2027-01-01")), expected);
}

TEST(SpanTest, AStepGoesFromTheBeginOn) {
  const Span span(kDay, at("2026-11-01T06:00"), at("2026-11-03T06:00"));
  const std::vector<Tick> expected{{at("2026-11-01T06:00"), at("2026-10-31T06:00")},
                                   {at("2026-11-02T06:00"), at("2026-11-01T06:00")}};
  EXPECT_EQ(span.all(9), expected);
  EXPECT_EQ(forwards(span, at("2026-11-01T06:00") - 1), expected);
  EXPECT_EQ(backwards(span, at("2026-11-03T06:00")), expected);
}

TEST(SpanTest, ADayThatIsNotThereHasNoTime) {
  EXPECT_TRUE(Span(make("0 0 29 2 *"), at("2026-01-01"), at("2027-01-01")).all(9).empty());
  // 02:30 is passed over on this day; the trigger shifts it.
  const Span span(make("30 2 * * *", "Europe/Berlin"), at("2026-03-29"), at("2026-03-30"));
  EXPECT_EQ(span.all(9), (std::vector<Tick>{{at("2026-03-29T01:00"), at("2026-03-28T01:30")}}));
}

/// Exactly the times that the schedule has, whichever way one goes and wherever one begins again.
TEST(SpanTest, HasTheTimesOfTheScheduleAndNoOther) {
  std::mt19937_64 random(7);
  const std::vector<std::string> crons{"0 0 * * *",    "30 2 * * *", "*/7 * * * *", "0 */5 * * *",
                                       "0 12 * * 1-5", "0 0 L * *",  "15 10 1 * *", "@hourly"};
  const std::vector<std::string> zones{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"};
  for (std::uint64_t round = 0; round < test::draws(80, 800); ++round) {
    const std::string& cron = crons[random() % crons.size()];
    const std::string& zone = zones[random() % zones.size()];
    const Schedule schedule = make(cron, zone);
    const Millis begin = at("2026-01-01") + static_cast<Millis>(random() % (300 * 24)) * kHour;
    const Millis end =
        begin + 1 + static_cast<Millis>(random() % static_cast<std::uint64_t>(20 * kDay));
    std::vector<Tick> expected;
    Millis from = schedule.previous(begin).value();
    for (auto t = schedule.next(begin - 1); t.has_value() && *t < end && expected.size() < 400;
         t = schedule.next(*t)) {
      expected.push_back({*t, from});
      from = *t;
    }
    if (expected.size() == 400) continue;
    const Span span(schedule, begin, end);
    SCOPED_TRACE(fmt::format("{} in {} from {}", cron, zone, format_timestamp(begin)));
    ASSERT_EQ(span.all(1000), expected);
    ASSERT_EQ(forwards(span, begin - 1), expected);
    ASSERT_EQ(backwards(span, end), expected);
  }
}

}  // namespace
}  // namespace cordyna::schedule
