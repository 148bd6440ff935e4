#include "engine/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {
namespace {

TEST_F(EngineTest, RunsAChainInOrder) {
  begin({task("a"), task("b", {0})});
  EXPECT_EQ(step(), "run=running a:dispatched >a");
  report("a", ReportKind::kStarted);
  EXPECT_EQ(step(), "a:started a=started");
  report("a", ReportKind::kEnded);
  EXPECT_EQ(step(), "a:completed a=completed b:dispatched >b");
  report("b", ReportKind::kEnded);
  EXPECT_EQ(step(), "b:completed b=completed run=completed");
  EXPECT_EQ(engine_.live_runs(), 0u);
}

TEST_F(EngineTest, KeepsToItsSlots) {
  begin({task("a"), task("b"), task("c")});
  EXPECT_EQ(step(), "run=running a:dispatched b:dispatched >a >b");
  report("b", ReportKind::kEnded);
  EXPECT_EQ(step(), "b:completed b=completed c:dispatched >c");
}

TEST_F(EngineTest, WhatAFailureDoesNotBlockStillRuns) {
  begin({task("a"), task("b", {0}), task("c", {1}), task("d")});
  step();
  report("a", ReportKind::kEnded, AttemptState::kFailed);
  EXPECT_EQ(step(), "a:failed a=error b=blocked c=blocked");
  EXPECT_EQ(last_.changes.tasks[2].blocked_by, "a") << "c names the root, not b";
  EXPECT_EQ(last_.changes.tasks[0].error->owner, "team") << "R4: never without an owner";
  report("d", ReportKind::kEnded);
  EXPECT_EQ(step(), "d:completed d=completed run=error");
}

TEST_F(EngineTest, ARepeatedOrUnknownReportChangesNothing) {
  begin({task("a"), task("b")});
  step();
  report("a", ReportKind::kEnded);
  step();
  report("a", ReportKind::kEnded, AttemptState::kFailed);
  report("a", ReportKind::kStarted);
  report("zz", ReportKind::kEnded);
  report("b", ReportKind::kEnded, AttemptState::kCompleted, 7);
  EXPECT_EQ(step(), "");
}

TEST_F(EngineTest, RetriesAfterItsDelayAndNotBefore) {
  auto a = task("a");
  a.retry = {.attempts = 2, .delay = 500};
  begin({a});
  step();
  report("a", ReportKind::kEnded, AttemptState::kFailed);
  EXPECT_EQ(step(), "a:failed");
  EXPECT_EQ(engine_.next_timer(), now_ + 500);
  now_ += 499;
  EXPECT_EQ(step(), "");
  now_ += 1;
  EXPECT_EQ(step(), "a:dispatched >a");
  report("a", ReportKind::kEnded, AttemptState::kFailed, 2);
  EXPECT_EQ(step(), "a:failed a=error run=error");
}

TEST_F(EngineTest, ATimedOutAttemptIsFollowedOnlyOnceItIsKnownDead) {
  auto a = task("a");
  a.timeouts.acknowledge = 10'000;
  a.retry.attempts = 2;
  begin({a});
  step();
  now_ += 9'999;
  EXPECT_EQ(step(), "");
  now_ += 1;
  EXPECT_EQ(step(), "a:failed !a");
  EXPECT_EQ(last_.changes.attempts[0].error->code, TaskErrorCode::kTimeoutAcknowledge);
  now_ += 60'000;
  EXPECT_EQ(step(), "") << "its death is not proven";
  report("a", ReportKind::kEnded, AttemptState::kCancelled);
  EXPECT_EQ(step(), "note a:dispatched >a");
}

TEST_F(EngineTest, AnAcknowledgementAndItsTimerAtOneInstantHaveOneWinner) {
  auto a = task("a");
  a.timeouts.acknowledge = 10'000;
  begin({a});
  step();
  now_ += 10'000;
  report("a", ReportKind::kAcknowledged);
  EXPECT_EQ(step(), "a:acknowledged a=queued") << "the message came first: no timeout";

  now_ = 2'000'000;
  Decision other;
  Engine second({1}, evaluator_);
  ASSERT_TRUE(second.start_run(now_, {2, RunId{"r2"}, flow_, "{}", "{}"}, other).has_value());
  second.advance(now_, other);
  now_ += 10'000;
  second.advance(now_, other);
  other.clear();
  second.report(now_, {{2, "a", 1}, ReportKind::kAcknowledged, {}}, other);
  EXPECT_TRUE(other.changes.empty()) << "the timer came first: the message is a no-op";
}

TEST_F(EngineTest, CancelEndsTheLiveAndTheWaitingButRunsFinally) {
  auto clean = task("clean");
  clean.section = Section::kFinally;
  begin({task("a"), task("b", {0}), clean});
  step();
  ASSERT_TRUE(engine_.cancel_run(now_, 1, out_).has_value());
  EXPECT_EQ(step(), "note b=cancelled !a");
  report("a", ReportKind::kEnded, AttemptState::kCancelled);
  EXPECT_EQ(step(), "a:cancelled a=cancelled clean:dispatched >clean");
  report("clean", ReportKind::kEnded);
  EXPECT_EQ(step(), "clean:completed clean=completed run=cancelled");
}

TEST_F(EngineTest, ErrorsRunOnlyAfterAnErrorAndKnowIt) {
  auto tell = task("tell");
  tell.section = Section::kErrors;
  begin({task("a"), tell});
  step();
  report("a", ReportKind::kEnded, AttemptState::kFailed);
  EXPECT_EQ(step(), "a:failed a=error tell:dispatched >tell");
  EXPECT_NE(last_.starts[0].context.find(R"("error":{"task":"a","code":"EXIT_NONZERO")"),
            std::string::npos);
}

TEST_F(EngineTest, ErrorsAreToldOfTheErrorThatCountsNotOfAnAllowedOne) {
  auto allowed = task("allowed");
  allowed.allow_failure = true;
  auto tell = task("tell");
  tell.section = Section::kErrors;
  begin({allowed, task("bad"), tell});
  step();
  report("allowed", ReportKind::kEnded, AttemptState::kFailed);
  report("bad", ReportKind::kEnded, AttemptState::kFailed);
  step();
  ASSERT_EQ(last_.starts.size(), 1u);
  EXPECT_NE(last_.starts[0].context.find(R"("error":{"task":"bad")"), std::string::npos);
}

TEST_F(EngineTest, AnAllowedFailureIsAWarning) {
  auto a = task("a");
  a.allow_failure = true;
  begin({a, task("b", {0})});
  step();
  report("a", ReportKind::kEnded, AttemptState::kFailed);
  EXPECT_EQ(step(), "a:failed a=error b:dispatched >b");
  report("b", ReportKind::kEnded);
  EXPECT_EQ(step(), "b:completed b=completed run=warning");
}

TEST_F(EngineTest, EngineTasksTakeNoSlotAndAreDoneInBoundedSteps) {
  std::vector<TaskSpec> tasks;
  for (int i = 0; i < 3000; ++i) {
    tasks.push_back(task("t" + std::to_string(i)));
    tasks.back().kind = TaskKind::kEngine;
    tasks.back().type = "log";
    tasks.back().message = "hello";
  }
  begin(std::move(tasks));
  step();
  EXPECT_EQ(last_.changes.tasks.size(), kSettleMax);
  EXPECT_EQ(last_.changes.history.back().detail, "hello");
  EXPECT_TRUE(engine_.has_work());
  step();
  EXPECT_NE(step().find("run=completed"), std::string::npos);
  EXPECT_FALSE(engine_.has_work());
}

TEST_F(EngineTest, WhyNamesTheExactBlockers) {
  begin({task("a"), task("b"), task("c"), task("d", {0})});
  step();
  report("a", ReportKind::kStarted);
  step();
  const auto why = engine_.why(1);
  ASSERT_EQ(why.size(), 4u);
  EXPECT_EQ(why[0].kind, BlockerKind::kRunning);
  EXPECT_EQ(why[2].kind, BlockerKind::kSlot);
  EXPECT_EQ(why[2].what, "2 of 2 slots are taken");
  EXPECT_EQ(why[3].kind, BlockerKind::kUpstream);
  EXPECT_EQ(why[3].what, "a");
  EXPECT_EQ(why[3].owner, "team");
}

TEST_F(EngineTest, RefusesARunThatIsThereAndOneThatIsNot) {
  begin({task("a")});
  step();
  EXPECT_EQ(engine_.start_run(now_, {1, RunId{"r"}, flow_, "{}", "{}"}, out_).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(engine_.cancel_run(now_, 9, out_).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace cordyna::engine
