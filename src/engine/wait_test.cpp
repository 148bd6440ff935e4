// Tasks that wait: for a person, a time, a condition, a script.
#include <gtest/gtest.h>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {
namespace {

class WaitTest : public EngineTest {
 protected:
  static TaskSpec waiting(std::string id, Wait wait, Millis timeout = 0) {
    TaskSpec spec = task(std::move(id));
    const bool script = wait.what == WaitFor::kScript;
    const bool look = script || wait.what == WaitFor::kCondition;
    spec.type = look ? "wait_for" : "pause";
    spec.kind = script ? TaskKind::kProcess : TaskKind::kEngine;
    spec.wait = std::move(wait);
    spec.timeout = timeout;
    return spec;
  }
  TaskSpec person(Millis timeout = 0, bool go_on = false) {
    return waiting("p", {.what = WaitFor::kPerson, .go_on = go_on}, timeout);
  }
  std::string step() {
    const std::string text = EngineTest::step();
    keep();
    return text;
  }
  Result<> say(bool approve) { return engine_.decide(now_, 1, {"", approve, "ann", "fine"}, out_); }
  void ended(AttemptState end, std::uint32_t attempt = 1) {
    report("w", ReportKind::kEnded, end, attempt);
  }
  /// What the store has: the newest row of each.
  void keep() {
    for (const RunRow& row : last_.changes.runs) rows_.run = row;
    for (const TaskRow& row : last_.changes.tasks) put(rows_.tasks, row);
    for (const AttemptRow& row : last_.changes.attempts) put(rows_.attempts, row);
    for (const HoldRow& row : last_.changes.holds) put(rows_.holds, row);
    rows_.history_seq += static_cast<std::int64_t>(last_.changes.history.size());
  }
  template <class Row>
  static void put(std::vector<Row>& rows, const Row& row) {
    std::erase_if(rows, [&](const Row& other) { return other.path == row.path; });
    rows.push_back(row);
  }
  /// The owner dies, and the next one finds the rows.
  void restart() {
    engine_ = Engine({2}, evaluator_);
    ASSERT_TRUE(engine_.restore_run(now_, rows_, flow_, out_).has_value());
  }

  RunSnapshot rows_;
};

TEST_F(WaitTest, APausePausesTheRunUntilSomebodyApproves) {
  TaskSpec p = person();
  p.message = "publish?";
  begin({p, task("b", {0})});
  EXPECT_EQ(step(), "run=running p:completed run=paused");
  EXPECT_EQ(last_.changes.holds[0].reason, "publish?");
  EXPECT_FALSE(engine_.next_timer().has_value());
  restart();
  EXPECT_EQ(step(), "");
  ASSERT_TRUE(say(true).has_value());
  EXPECT_EQ(step(), "run=running p=completed b:dispatched >b") << "without another attempt";
  EXPECT_EQ(last_.changes.tasks[0].outputs, R"({"approved":true,"by":"ann","note":"fine"})");
}

InputSpec asked(std::string id, InputType type, bool required) {
  InputSpec input;
  input.id = std::move(id);
  input.type = type;
  input.required = required;
  return input;
}

TEST_F(WaitTest, WhatIsAskedForBecomesOutputs) {
  TaskSpec p = person();
  p.inputs = {asked("amount", InputType::kInt, true), asked("why", InputType::kString, false)};
  begin({p});
  step();
  const std::string wants = "waits for approval (give amount (int), why (string, may be left out))";
  EXPECT_EQ(engine_.why(1)[0].what, wants);
  const auto nothing = engine_.decide(now_, 1, {"p", true, "ann", ""}, out_);
  ASSERT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(nothing.error().message,
            "task 'p' of run 1 asks for amount (int), why (string, may be left out)");
  EXPECT_EQ(step(), "") << "nothing is changed";
  restart();
  const engine::HoldDecision decision{"", true, "ann", "", R"({"amount":5,"why":null})"};
  ASSERT_TRUE(engine_.decide(now_, 1, decision, out_).has_value());
  EXPECT_EQ(step(), "run=running p=completed run=completed");
  EXPECT_EQ(last_.changes.tasks[0].outputs,
            R"({"approved":true,"by":"ann","note":"","amount":5,"why":null})");
}

TEST_F(WaitTest, APauseThatAsksForNothingTakesNothing) {
  begin({person()});
  step();
  const auto said = engine_.decide(now_, 1, {"p", true, "ann", "", R"({"amount":5})"}, out_);
  ASSERT_FALSE(said.has_value());
  EXPECT_EQ(said.error().message, "task 'p' of run 1 asks for no inputs");
}

TEST_F(WaitTest, AskedInVainItHasTheDefaults) {
  TaskSpec p = person(5000, true);
  p.inputs = {asked("amount", InputType::kInt, false), asked("why", InputType::kString, false)};
  p.inputs[0].default_value = "3";
  begin({p});
  step();
  now_ += 5000;
  EXPECT_EQ(step(), "p=completed run=completed");
  EXPECT_EQ(last_.changes.tasks[0].outputs,
            R"({"approved":false,"by":"","note":"","amount":3,"why":null})");
}

TEST_F(WaitTest, RejectedItEndsInErrorAndBlocks) {
  begin({person(), task("b", {0})});
  step();
  ASSERT_TRUE(say(false).has_value());
  EXPECT_EQ(step(), "run=running p=error b=blocked run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kHoldRejected);
}

TEST_F(WaitTest, NobodyDecidedInTimeIsAnErrorAlsoAfterARestart) {
  begin({person(5000)});
  EXPECT_EQ(step(), "run=running p:completed") << "it will move by itself: not paused";
  EXPECT_EQ(engine_.why(1)[0].kind, BlockerKind::kPaused);
  EXPECT_EQ(engine_.why(1)[0].until, now_ + 5000);
  now_ += 4999;
  restart();
  EXPECT_EQ(step(), "");
  now_ += 1;
  EXPECT_EQ(step(), "p=error run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kTimeoutTotal);
  EXPECT_EQ(last_.changes.tasks[0].error->message, "nobody decided within 5.0s");
}

TEST_F(WaitTest, OrItGoesOn) {
  begin({person(5000, true)});
  step();
  now_ += 7000;
  EXPECT_EQ(step(), "p=completed run=completed");
  EXPECT_EQ(last_.changes.tasks[0].outputs, R"({"approved":false,"by":"","note":""})");
}

TEST_F(WaitTest, APauseForATimeTakesATimerAndNothingElse) {
  begin({waiting("w", {.what = WaitFor::kTime, .time = 60'000}), task("b", {0})});
  EXPECT_EQ(step(), "run=running w:completed");
  EXPECT_EQ(engine_.next_timer(), now_ + 60'000);
  EXPECT_EQ(engine_.why(1)[0].kind, BlockerKind::kTime);
  EXPECT_EQ(engine_.why(1)[0].until, now_ + 60'000);
  now_ += 20'000;
  restart();
  EXPECT_EQ(step(), "");
  EXPECT_EQ(engine_.next_timer(), now_ + 40'000) << "the time does not begin again";
  now_ += 40'000;
  EXPECT_EQ(step(), "w=completed b:dispatched >b");
}

TEST_F(WaitTest, TimeThatRanOutWhileNobodyWasThereIsOverAtOnce) {
  begin({waiting("w", {.what = WaitFor::kTime, .time = 60'000})});
  step();
  now_ += 90'000;
  restart();
  EXPECT_EQ(step(), "w=completed run=completed");
}

TEST_F(WaitTest, ACancelEndsAWait) {
  begin({waiting("w", {.what = WaitFor::kTime, .time = 60'000})});
  step();
  ASSERT_TRUE(engine_.cancel_run(now_, 1, out_).has_value());
  EXPECT_EQ(step(), "note w=cancelled run=cancelled");
  EXPECT_FALSE(engine_.next_timer().has_value());
}

TEST_F(WaitTest, AConditionIsLookedAtWithoutARowForEachLook) {
  const Millis begun = now_;
  begin({waiting("w", {.what = WaitFor::kCondition,
                       .time = 1000,
                       .until = "at " + format_timestamp(now_ + 2500)})});
  EXPECT_EQ(step(), "run=running w:completed");
  now_ += 1000;
  EXPECT_EQ(step(), "");
  EXPECT_TRUE(last_.changes.empty());
  EXPECT_EQ(engine_.next_timer(), begun + 2000);
  EXPECT_EQ(engine_.why(1, now_)[0].kind, BlockerKind::kCondition);
  EXPECT_EQ(engine_.why(1, now_)[0].until, begun + 2000);
  now_ += 300;
  restart();
  EXPECT_EQ(engine_.why(1, now_)[0].until, begun + 2000) << "known from the rows alone";
  EXPECT_EQ(step(), "");
  now_ = begun + 2000;
  EXPECT_EQ(step(), "");
  now_ = begun + 3000;
  EXPECT_EQ(step(), "w=completed run=completed");
}

TEST_F(WaitTest, AConditionThatHoldsIsNotWaitedFor) {
  begin({waiting("w", {.what = WaitFor::kCondition, .time = 1000, .until = "true"})});
  EXPECT_EQ(step(), "run=running w:completed w=completed run=completed");
}

TEST_F(WaitTest, AConditionThatCannotBeReadIsAnError) {
  begin({waiting("w", {.what = WaitFor::kCondition, .time = 1000, .until = "wrong"})});
  EXPECT_EQ(step(), "run=running w:failed w=error run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kConditionFailed);
}

TEST_F(WaitTest, AMessageThatCannotBeRenderedIsAnError) {
  TaskSpec p = person();
  p.message = "{bad}";
  begin({p});
  EXPECT_EQ(step(), "run=running p:failed p=error run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kTemplateFailed);
}

TEST_F(WaitTest, WhatNeverHoldsTimesOut) {
  begin({waiting("w", {.what = WaitFor::kCondition, .time = 1000, .until = "false"}, 2500)});
  step();
  now_ += 2499;
  step();
  now_ += 1;
  EXPECT_EQ(step(), "w=error run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kTimeoutTotal);
}

TEST_F(WaitTest, AScriptLooksAgainAfterItsIntervalAndHasNoSlotMeanwhile) {
  begin({waiting("w", {.what = WaitFor::kScript, .time = 1000})});
  EXPECT_EQ(step(), "run=running w:dispatched >w");
  for (std::uint32_t look = 1; look <= 5; ++look) {
    ended(AttemptState::kFailed, look);
    EXPECT_EQ(step(), "w:failed");
    EXPECT_EQ(last_.changes.history[0].detail, "not yet: EXIT_NONZERO: exit code 1");
    EXPECT_EQ(engine_.why(1)[0].kind, BlockerKind::kCondition);
    EXPECT_EQ(engine_.why(1)[0].until, now_ + 1000);
    now_ += 999;
    EXPECT_EQ(step(), "");
    now_ += 1;
    EXPECT_EQ(step(), "w:dispatched >w") << "retry.attempts is 1, and does not count here";
  }
  ended(AttemptState::kCompleted, 6);
  EXPECT_EQ(step(), "w:completed w=completed run=completed");
}

TEST_F(WaitTest, AScriptThatCannotBeStartedIsAnError) {
  begin({waiting("w", {.what = WaitFor::kScript, .time = 1000})});
  step();
  AttemptReport report{{1, "w", 1}, ReportKind::kEnded, {}};
  report.outcome.state = AttemptState::kFailed;
  report.outcome.error =
      make_task_error(TaskErrorCode::kSpawnFailed, Phase::kPrepare, "no such program");
  engine_.report(now_, report, out_);
  EXPECT_EQ(step(), "w:failed w=error run=error");
}

TEST_F(WaitTest, TheTimeOfAScriptIsUpBetweenTwoLooks) {
  begin({waiting("w", {.what = WaitFor::kScript, .time = 1000}, 700)});
  step();
  ended(AttemptState::kFailed);
  step();
  now_ += 700;
  EXPECT_EQ(step(), "w=error run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kTimeoutTotal);
}

TEST_F(WaitTest, AWaitIsNoReasonToCallARunPaused) {
  begin({person(), waiting("w", {.what = WaitFor::kTime, .time = 1000})});
  EXPECT_EQ(step(), "run=running p:completed w:completed");
  now_ += 1000;
  EXPECT_EQ(step(), "w=completed run=paused");
}

}  // namespace
}  // namespace cordyna::engine
