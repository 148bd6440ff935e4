#include "cli/why_view.hpp"

#include <gtest/gtest.h>

namespace cordyna::cli {
namespace {

using engine::BlockerKind;

constexpr Millis kNow = 1'800'000'000'000;

RunWhy pending() {
  RunWhy why;
  why.run.no = 3;
  why.run.state = RunState::kPending;
  why.blockers = {{"", BlockerKind::kConcurrency,
                   "run 1 has begun, and the flow's concurrency is 1", kNow - 2000, 0, "team", 1}};
  return why;
}

TEST(WhyViewTest, ARunInTheWaySaysHowToGoOnOnlyWhenNobodyDrivesIt) {
  RunWhy why = pending();
  EXPECT_EQ(as_table(lines_of(why, kNow)),
            "TASK       WHY                                               SINCE  WHOSE\n"
            "(the run)  run 1 has begun, and the flow's concurrency is 1  2.0s   team\n");
  why.left = {1};
  EXPECT_EQ(
      lines_of(why, kNow).front().why,
      "run 1 has begun, and the flow's concurrency is 1; nobody drives it at the moment: dyna "
      "resume 1 or dyna cancel 1");
}

TEST(WhyViewTest, PoolsAndRatesSayWhatTheyWaitFor) {
  RunWhy why;
  why.blockers = {{"a", BlockerKind::kPool, "pool 'w' is full: 1 of 1 slots, held by 'x' of run 7",
                   kNow - 1000, 0, "team", 0, "w"},
                  {"b", BlockerKind::kRate, "pool 'r' has had its 2 starts per 1.0s", 0, kNow + 500,
                   "team", 0, "r"}};
  const std::vector<WhyLine> lines = lines_of(why, kNow);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].why, "waits for a slot: pool 'w' is full: 1 of 1 slots, held by 'x' of run 7");
  EXPECT_EQ(lines[0].since, "1.0s");
  EXPECT_EQ(lines[1].why, "pool 'r' has had its 2 starts per 1.0s; the next one in 500ms");
}

TEST(WhyViewTest, JsonNamesTheRunAndThePool) {
  RunWhy why = pending();
  why.left = {1};
  why.blockers.push_back({"a", BlockerKind::kRate, "w", 0, kNow, "team", 0, "r"});
  EXPECT_EQ(why_as_json(why),
            R"({"run":3,"state":"pending","tasks":[{"task":"","kind":"concurrency","what":)"
            R"("run 1 has begun, and the flow's concurrency is 1","run":1,"driven":false,)"
            R"("since":"2027-01-15T07:59:58.000Z","owner":"team"},{"task":"a","kind":"rate",)"
            R"("what":"w","pool":"r","until":"2027-01-15T08:00:00.000Z","owner":"team"}]})");
}

}  // namespace
}  // namespace cordyna::cli
