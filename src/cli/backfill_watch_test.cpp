#include "cli/backfill_watch.hpp"

#include <gtest/gtest.h>

#include "store/memory/memory_store.hpp"

namespace cordyna::cli {
namespace {

constexpr Millis kBegin = 1'767'247'200'000;  // 2026-01-01T06:00:00Z

/// A backfill of one time, whose run has ended before anybody looked.
class BackfillWatchTest : public testing::Test {
 protected:
  BackfillWatchTest() {
    BackfillRow row;
    row.no = 1;
    row.id = "b";
    row.flow_id = "f";
    row.begin = kBegin;
    row.end = kBegin + 1000;
    row.every = 1000;
    row.total = row.started = 1;
    RunRow run;
    run.no = 7;
    run.id = RunId{"r"};
    run.flow_id = "f";
    run.state = RunState::kCompleted;
    run.created_at = run.started_at = kBegin;
    run.ended_at = kBegin + 5;
    run.scheduled = {"", kBegin, kBegin};
    run.backfill = "1";
    ChangeSet changes;
    changes.backfills.push_back(row);
    changes.runs.push_back(run);
    EXPECT_TRUE(store_.commit(changes).has_value());
  }

  MemoryStore store_;
};

TEST_F(BackfillWatchTest, WhoBeganItHearsOfARunThatEndedBeforeTheFirstLook) {
  BackfillWatch watch(store_, 1, true, BackfillWatch::From::kBegin);
  const auto lines = watch.look();
  ASSERT_TRUE(lines.has_value());
  EXPECT_EQ(*lines, (std::vector<std::string>{
                        R"({"backfill":1,"run":7,"scheduled_for":"2026-01-01T06:00:00.000Z",)"
                        R"("state":"completed","duration_ms":5})"}));
  EXPECT_EQ(watch.counts().well, 1U);
  EXPECT_TRUE(watch.look().value().empty());
}

TEST_F(BackfillWatchTest, WhoJoinsItHearsOnlyOfWhatComes) {
  BackfillWatch watch(store_, 1, true, BackfillWatch::From::kNow);
  EXPECT_TRUE(watch.look().value().empty());
  EXPECT_EQ(watch.counts().well, 1U);
}

}  // namespace
}  // namespace cordyna::cli
