// Tasks that wait for a person.
#include <gtest/gtest.h>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {
namespace {

class HoldTest : public EngineTest {
 protected:
  void ask(const std::string& path, std::uint32_t attempt = 1) {
    AttemptReport report{{1, path, attempt}, ReportKind::kEnded, {}};
    report.outcome.hold = "rows: 3, expected 10";
    report.outcome.measurement = Measurement{"f/x", PointVerdict::kTrip, "{}"};
    engine_.report(now_, report, out_);
  }
  Result<> say(bool approve, std::string path = {}) {
    return engine_.decide(now_, 1, {std::move(path), approve, "ann", "a holiday"}, out_);
  }
  /// a, held, then b.
  void hold_first_of_two() {
    begin({task("a"), task("b", {0})});
    step();
    ask("a");
  }
};

TEST_F(HoldTest, AHeldTaskPausesItsRunAndBlocksNobody) {
  hold_first_of_two();
  EXPECT_EQ(step(), "a:completed run=paused");
  ASSERT_EQ(last_.changes.holds.size(), 1u);
  EXPECT_EQ(last_.changes.holds[0].reason, "rows: 3, expected 10");
  ASSERT_EQ(last_.changes.points.size(), 1u);
  EXPECT_EQ(last_.changes.points[0].verdict, PointVerdict::kTrip);
  EXPECT_EQ(engine_.live_runs(), 1u);
  ASSERT_FALSE(engine_.why(1).empty());
  EXPECT_EQ(engine_.why(1)[0].kind, BlockerKind::kPaused);
  EXPECT_EQ(engine_.why(1)[0].what, "rows: 3, expected 10");
}

TEST_F(HoldTest, ApprovedItGetsAnotherAttemptThatKnows) {
  hold_first_of_two();
  step();
  ASSERT_TRUE(say(true).has_value());
  EXPECT_EQ(step(), "run=running note a:dispatched >a");
  EXPECT_TRUE(last_.starts[0].approved);
  EXPECT_EQ(last_.starts[0].key.attempt, 2u);
  EXPECT_EQ(last_.changes.holds[0].by, "ann");
  report("a", ReportKind::kEnded, AttemptState::kCompleted, 2);
  EXPECT_EQ(step(), "a:completed a=completed b:dispatched >b");
}

TEST_F(HoldTest, RejectedItEndsInErrorAndBlocks) {
  hold_first_of_two();
  step();
  ASSERT_TRUE(say(false).has_value());
  EXPECT_EQ(step(), "run=running a=error b=blocked run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kHoldRejected);
  EXPECT_NE(last_.changes.tasks[0].error->message.find("ann: a holiday"), std::string::npos);
}

TEST_F(HoldTest, TheRunGoesOnAsLongAsSomethingElseMoves) {
  begin({task("a"), task("b")});
  step();
  ask("a");
  EXPECT_EQ(step(), "a:completed");
  report("b", ReportKind::kEnded);
  EXPECT_EQ(step(), "b:completed b=completed run=paused");
}

TEST_F(HoldTest, TheSameWordAgainIsHarmlessAndAnotherOneIsRefused) {
  hold_first_of_two();
  step();
  ASSERT_TRUE(say(true).has_value());
  step();
  EXPECT_TRUE(say(true, "a").has_value());
  EXPECT_EQ(say(false, "a").error().code, ErrorCode::kConflict);
  EXPECT_EQ(say(true).error().code, ErrorCode::kConflict) << "nothing is held any more";
  EXPECT_EQ(say(true, "zz").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(step(), "");
}

TEST_F(HoldTest, AmongSeveralOneMustBeNamed) {
  begin({task("a"), task("b")});
  step();
  ask("a");
  ask("b");
  EXPECT_EQ(step(), "a:completed b:completed run=paused");
  const auto refused = say(true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("a, b"), std::string::npos);
  ASSERT_TRUE(say(true, "b").has_value());
  EXPECT_EQ(step(), "run=running note b:dispatched >b");
}

TEST_F(HoldTest, TheAttemptThatAskedIsNoneOfTheRetries) {
  auto a = task("a");
  a.retry = {.attempts = 2, .delay = 500};
  begin({a});
  step();
  ask("a");
  step();
  ASSERT_TRUE(say(true).has_value());
  step();
  report("a", ReportKind::kEnded, AttemptState::kFailed, 2);
  EXPECT_EQ(step(), "a:failed");
  now_ += 500;
  EXPECT_EQ(step(), "a:dispatched >a");
  report("a", ReportKind::kEnded, AttemptState::kFailed, 3);
  EXPECT_EQ(step(), "a:failed a=error run=error");
}

TEST_F(HoldTest, APersonsTimeIsNotTheTasks) {
  auto a = task("a");
  a.timeout = 1000;
  begin({a});
  step();
  now_ += 900;
  ask("a");
  step();
  now_ += 3'600'000;
  EXPECT_EQ(step(), "") << "the limit does not run meanwhile";
  ASSERT_TRUE(say(true).has_value());
  EXPECT_EQ(step(), "run=running note a:dispatched >a");
  now_ += 999;
  EXPECT_EQ(step(), "");
  now_ += 1;
  EXPECT_EQ(step(), "a:failed a=error !a");
}

TEST_F(HoldTest, CancelEndsWhatIsHeld) {
  hold_first_of_two();
  step();
  ASSERT_TRUE(engine_.cancel_run(now_, 1, out_).has_value());
  EXPECT_EQ(step(), "run=running a=cancelled b=cancelled run=cancelled");
}

TEST_F(HoldTest, WhatACancelSweptIsNotHeldAfterARestart) {
  auto last = task("last");
  last.section = Section::kFinally;
  begin({task("a"), last});
  RunSnapshot snapshot;
  snapshot.run.no = 1;
  snapshot.run.id = RunId{"r"};
  snapshot.run.state = RunState::kRunning;
  snapshot.run.cancel_requested = true;
  TaskRow swept;
  swept.run = 1;
  swept.path = "a";
  swept.state = TaskState::kCancelled;
  swept.attempt = 1;
  snapshot.tasks = {swept};
  HoldRow hold;
  hold.run = 1;
  hold.path = "a";
  hold.attempt = 1;
  snapshot.holds = {hold};
  Engine next({2}, evaluator_);
  ASSERT_TRUE(next.restore_run(now_, snapshot, flow_, out_).has_value());
  for (const bool approve : {false, true}) {
    const auto said = next.decide(now_, 1, {"a", approve, "ann", ""}, out_);
    ASSERT_FALSE(said.has_value());
    EXPECT_EQ(said.error().code, ErrorCode::kConflict);
  }
  EXPECT_EQ(next.decide(now_, 1, {"", true, "ann", ""}, out_).error().message,
            "no task of run 1 is held");
}

TEST_F(HoldTest, NobodyIsAskedInARunThatIsCancelled) {
  begin({task("a")});
  step();
  ASSERT_TRUE(engine_.cancel_run(now_, 1, out_).has_value());
  step();
  ask("a");
  EXPECT_EQ(step(), "a:completed a=cancelled run=cancelled");
}

}  // namespace
}  // namespace cordyna::engine
