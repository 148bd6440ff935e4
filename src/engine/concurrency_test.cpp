#include <fmt/format.h>

#include <map>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {
namespace {

/// Runs of one flow with a task that takes a slot. The cases read as "number=state" and ">number"
/// of what was started, "!number" of what was cancelled.
class ConcurrencyTest : public EngineTest {
 protected:
  ConcurrencyTest() : EngineTest({100}) { make({.limit = 1}); }

  void make(Concurrency limit) {
    auto flow = std::make_shared<Flow>();
    flow->id = "f";
    flow->owner = "flow-team";
    flow->concurrency = std::move(limit);
    flow->tasks = {task("a")};
    flow_ = std::move(flow);
  }
  Result<> start(RunNo no, std::string inputs = "{}") {
    return engine_.start_run(
        now_, {no, RunId{fmt::format("r{}", no)}, flow_, "{}", std::move(inputs)}, out_);
  }
  void end(RunNo no, AttemptState state = AttemptState::kCompleted) {
    AttemptReport report{{no, "a", 1}, ReportKind::kEnded, {}};
    report.outcome.state = state;
    engine_.report(now_, report, out_);
  }
  std::string step() {
    std::string text;
    do {
      engine_.advance(now_, out_);
    } while (engine_.has_work());
    const auto add = [&](std::string word) { text += (text.empty() ? "" : " ") + word; };
    for (const HistoryRow& row : out_.changes.history) {
      if (row.run_state) add(fmt::format("{}={}", row.run, to_string(*row.run_state)));
      if (row.run_state && !row.detail.empty()) details_[row.run] = row.detail;
    }
    for (const CancelAttempt& cancel : out_.cancels) add(fmt::format("!{}", cancel.key.run));
    for (const StartAttempt& begun : out_.starts) add(fmt::format(">{}", begun.key.run));
    for (const RunRow& row : out_.changes.runs) rows_[row.no] = row;
    last_ = std::exchange(out_, {});
    return text;
  }

  std::map<RunNo, std::string> details_;
  std::map<RunNo, RunRow> rows_;
};

TEST_F(ConcurrencyTest, RunsAreAdmittedInOrderOfArrival) {
  ASSERT_TRUE(start(1).has_value());
  ASSERT_TRUE(start(2).has_value());
  ASSERT_TRUE(start(3).has_value());
  EXPECT_EQ(step(), "1=running 2=pending 3=pending >1");
  EXPECT_EQ(details_[2],
            "waits: run 1 is in its way, and the flow's concurrency is 1 run at a time");
  EXPECT_EQ(rows_[2].started_at, 0);
  end(1);
  EXPECT_EQ(step(), "1=completed 2=running >2");
  end(2, AttemptState::kFailed);
  EXPECT_EQ(step(), "2=error 3=running >3");
  ASSERT_TRUE(start(4).has_value());
  EXPECT_EQ(step(), "4=pending");
  end(3);
  EXPECT_EQ(step(), "3=completed 4=running >4");
}

TEST_F(ConcurrencyTest, TheTimeLimitCountsFromTheBeginning) {
  flow_->timeout = 1000;
  ASSERT_TRUE(start(1).has_value());
  ASSERT_TRUE(start(2).has_value());
  (void)step();
  EXPECT_EQ(rows_[2].deadline_at, 0);
  now_ += 900;
  end(1);
  EXPECT_EQ(step(), "1=completed 2=running >2");
  EXPECT_EQ(rows_[2].deadline_at, now_ + 1000);
  EXPECT_EQ(rows_[2].started_at, now_);
  now_ += 999;
  EXPECT_EQ(step(), "");
  now_ += 1;
  EXPECT_EQ(step(), "!2");
}

TEST_F(ConcurrencyTest, RunsWithDifferentKeysDoNotCountAgainstEachOther) {
  make({.limit = 1, .key = "{inputs}"});
  ASSERT_TRUE(start(1, R"({"c":1})").has_value());
  ASSERT_TRUE(start(2, R"({"c":2})").has_value());
  ASSERT_TRUE(start(3, R"({"c":1})").has_value());
  EXPECT_EQ(step(), "1=running 2=running 3=pending >1 >2");
  EXPECT_EQ(rows_[3].concurrency_key, R"({"c":1})");
  end(2);
  EXPECT_EQ(step(), "2=completed");
  end(1);
  EXPECT_EQ(step(), "1=completed 3=running >3");
}

TEST_F(ConcurrencyTest, AKeyThatCannotBeRenderedRefusesTheRun) {
  make({.limit = 1, .key = "{bad}"});
  const auto refused = start(1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().message, "'concurrency.key' cannot be rendered: undefined name 'bad'");
  EXPECT_TRUE(out_.changes.empty());
  EXPECT_FALSE(engine_.has_run(1));
}

TEST_F(ConcurrencyTest, ASkippedRunEndsAtOnceAndSaysWhatWasInItsWay) {
  make({.limit = 2, .when_full = WhenFull::kSkip});
  for (RunNo no = 1; no <= 3; ++no) ASSERT_TRUE(start(no).has_value());
  EXPECT_EQ(step(), "1=running 2=running 3=cancelled >1 >2");
  EXPECT_EQ(details_[3],
            "skipped: 2 runs are in its way, the first is 1, and the flow's concurrency is 2 runs "
            "at a time");
  EXPECT_EQ(rows_[3].ended_at, now_);
  EXPECT_EQ(last_.ended, std::vector<RunNo>{3});
  EXPECT_FALSE(engine_.has_run(3));
  end(1);
  (void)step();
  ASSERT_TRUE(start(4).has_value());
  EXPECT_EQ(step(), "4=running >4");
}

TEST_F(ConcurrencyTest, CancelEndsTheOldestAndWaitsForTheirEnd) {
  make({.limit = 2, .when_full = WhenFull::kCancel});
  for (RunNo no = 1; no <= 3; ++no) ASSERT_TRUE(start(no).has_value());
  // The first had not handed anything out: its task ended with it, and nothing need be waited for.
  EXPECT_EQ(step(), "1=running 2=running 3=pending 1=cancelled 3=running >2 >3");
}

TEST_F(ConcurrencyTest, CancelWaitsUntilTheAttemptIsKnownToBeDead) {
  make({.limit = 1, .when_full = WhenFull::kCancel});
  ASSERT_TRUE(start(1).has_value());
  EXPECT_EQ(step(), "1=running >1");
  ASSERT_TRUE(start(2).has_value());
  EXPECT_EQ(step(), "2=pending !1");
  ASSERT_TRUE(start(3).has_value());
  // The one that waits has not begun, and does not any more; the first is cancelled once.
  EXPECT_EQ(step(), "3=pending 2=cancelled");
  EXPECT_EQ(details_[2], "run 3 came, which cancels those before it");
  end(1, AttemptState::kCancelled);
  EXPECT_EQ(step(), "1=cancelled 3=running >3");
}

TEST_F(ConcurrencyTest, APendingRunIsCancelledByAPersonAndNobodyWaitsForIt) {
  for (RunNo no = 1; no <= 3; ++no) ASSERT_TRUE(start(no).has_value());
  (void)step();
  ASSERT_TRUE(engine_.cancel_run(now_, 2, out_).has_value());
  EXPECT_EQ(step(), "2=cancelled");
  EXPECT_EQ(details_[2], "cancelled before it began");
  EXPECT_TRUE(rows_[2].cancel_requested);
  end(1);
  EXPECT_EQ(step(), "1=completed 3=running >3");
  EXPECT_EQ(engine_.cancel_run(now_, 2, out_).error().code, ErrorCode::kNotFound);
}

TEST_F(ConcurrencyTest, APendingRunHasNoTaskToDecideAbout) {
  ASSERT_TRUE(start(1).has_value());
  ASSERT_TRUE(start(2).has_value());
  const auto refused = engine_.decide(now_, 2, {"a", true, "ann", ""}, out_);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(refused.error().message, "run 2 has not begun: no task of it is held");
}

TEST_F(ConcurrencyTest, ARunThatNobodyHasTakenUpCounts) {
  RunRow left;
  left.no = 1;
  left.flow_id = "f";
  left.state = RunState::kPaused;
  engine_.know(now_, {.runs = {left}});
  ASSERT_TRUE(start(2).has_value());
  EXPECT_EQ(step(), "2=pending");
  const auto why = engine_.why(2, now_);
  ASSERT_EQ(why.size(), 1U);
  EXPECT_EQ(why[0].kind, BlockerKind::kConcurrency);
  EXPECT_EQ(why[0].run, 1);
  EXPECT_EQ(why[0].what, "run 1 has begun, and the flow's concurrency is 1 run at a time");
  EXPECT_EQ(why[0].owner, "flow-team");
  EXPECT_EQ(why[0].since, now_);
  EXPECT_TRUE(engine_.absent(2).take_up.empty());
  EXPECT_TRUE(engine_.absent(2).cancel.empty());
}

TEST_F(ConcurrencyTest, APendingRunThatIsNotHereIsNotPassedOver) {
  RunRow left;
  left.no = 1;
  left.flow_id = "f";
  engine_.know(now_, {.runs = {left}});
  ASSERT_TRUE(start(2).has_value());
  EXPECT_EQ(step(), "2=pending");
  EXPECT_EQ(engine_.absent(2).take_up, std::vector<RunNo>{1});
  RunSnapshot rows;
  rows.run = left;
  rows.run.from = RunState::kPending;
  rows.history_seq = 1;
  ASSERT_TRUE(engine_.restore_run(now_, rows, flow_, out_).has_value());
  EXPECT_EQ(step(), "1=running >1");
  end(1);
  EXPECT_EQ(step(), "1=completed 2=running >2");
}

TEST_F(ConcurrencyTest, CancelNamesTheRunsThatAreNotHere) {
  make({.limit = 1, .when_full = WhenFull::kCancel});
  RunRow left;
  left.no = 1;
  left.flow_id = "f";
  left.state = RunState::kRunning;
  engine_.know(now_, {.runs = {left}});
  ASSERT_TRUE(start(2).has_value());
  EXPECT_EQ(engine_.absent(2).cancel, std::vector<RunNo>{1});
}

TEST_F(ConcurrencyTest, AQueuedRerunHasWhatItTookOver) {
  ASSERT_TRUE(start(1).has_value());
  TaskRow done;
  done.path = "a";
  done.state = TaskState::kCompleted;
  done.outputs = R"({"n":1})";
  RunStart again{2, RunId{"r2"}, flow_, "{}", "{}", {}, 1, {done}};
  ASSERT_TRUE(engine_.start_run(now_, std::move(again), out_).has_value());
  EXPECT_EQ(step(), "1=running 2=pending >1");
  ASSERT_EQ(last_.changes.tasks.size(), 2U);
  const TaskRow taken = last_.changes.tasks.front();
  EXPECT_EQ(taken.run, 2);
  EXPECT_EQ(taken.outputs, R"({"n":1})");

  // As after a restart: from its rows alone.
  RunSnapshot rows{rows_[2], {taken}, {}, {}, 2};
  rows.run.from = rows.run.state;
  engine_ = Engine({100}, evaluator_);
  ASSERT_TRUE(engine_.restore_run(now_, rows, flow_, out_).has_value());
  EXPECT_EQ(step(), "2=running 2=completed");
}

TEST_F(ConcurrencyTest, WithoutALimitNothingWaits) {
  make({});
  for (RunNo no = 1; no <= 3; ++no) ASSERT_TRUE(start(no).has_value());
  EXPECT_EQ(step(), "1=running 2=running 3=running >1 >2 >3");
}

}  // namespace
}  // namespace cordyna::engine
