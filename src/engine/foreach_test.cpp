// Loops: the tasks inside run once for each item, at most so many items at a time, and what has
// ended is a number in a counter.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/loop.hpp"
#include "engine/restart_fixture.hpp"

namespace cordyna::engine {
namespace {

TaskSpec each(std::string items, std::uint32_t parallel = 0, std::string id = "l") {
  TaskSpec spec = task(std::move(id));
  spec.type = "foreach";
  spec.kind = TaskKind::kEngine;
  spec.foreach = {std::move(items), parallel};
  return spec;
}

TaskSpec inside(std::string id, std::vector<TaskIndex> needs = {}, TaskIndex in = 0) {
  TaskSpec spec = task(std::move(id), std::move(needs));
  spec.inside = in;
  return spec;
}

TaskSpec says(std::string id, std::string message, TaskIndex in = 0) {
  TaskSpec spec = inside(std::move(id), {}, in);
  spec.type = "log";
  spec.kind = TaskKind::kEngine;
  spec.message = std::move(message);
  return spec;
}

class ForeachTest : public RestartTest {
 protected:
  void report_with(const std::string& path, const std::string& outputs) {
    AttemptReport report{{1, path, 1}, ReportKind::kEnded, {}};
    report.outcome.outputs = outputs;
    engine_.report(now_, report, out_);
  }
  const TaskRow& row(const std::string& path) {
    return *std::ranges::find(rows_.tasks, path, &TaskRow::path);
  }
  /// Of a foreach that fails before it begins.
  std::string refused(std::string items) {
    begin({each(std::move(items)), inside("l/x")});
    step();
    return row("l").error.has_value() ? row("l").error->message : "";
  }
};

TEST_F(ForeachTest, ItemsRunInOrderAsManyAtATimeAsThereAreSlots) {
  begin({each(R"(["a","b","c"])"), inside("l/x"), task("after", {0})});
  EXPECT_EQ(
      step(),
      "run=running l:completed l=started l[0]/x:dispatched l[1]/x:dispatched >l[0]/x >l[1]/x");
  EXPECT_NE(last_.starts[1].context.find(R"("item":"b","loop":{"index":2,"index0":1,"length":3})"),
            std::string::npos);
  EXPECT_EQ(last_.starts[1].task, 1U);
  report("l[1]/x", ReportKind::kEnded);
  EXPECT_EQ(step(), "l[1]/x:completed l[1]/x=completed l[2]/x:dispatched >l[2]/x");
  report("l[0]/x", ReportKind::kEnded);
  report("l[2]/x", ReportKind::kEnded);
  EXPECT_EQ(step(),
            "l[0]/x:completed l[0]/x=completed l[2]/x:completed l[2]/x=completed l=completed "
            "after:dispatched >after");
  EXPECT_EQ(row("l").outputs, R"({"items":3,"completed":3,"failed":0,"results":[]})");
}

TEST_F(ForeachTest, ParallelHoldsItemsBack) {
  begin({each(R"({"from":5,"to":1,"step":-2})", 1), says("l/x", "=hello")});
  EXPECT_EQ(step(),
            "run=running l:completed l=started l[0]/x:completed l[0]/x=completed l[1]/x:completed "
            "l[1]/x=completed l[2]/x:completed l[2]/x=completed l=completed run=completed");
}

TEST_F(ForeachTest, ResultsAreInTheOrderOfItems) {
  engine_ = Engine({3}, evaluator_);
  begin({each("[1,2,3]", 3), inside("l/x")});
  step();
  report_with("l[2]/x", R"({"n":3})");
  report_with("l[1]/x", "");
  report_with("l[0]/x", R"({"n":1})");
  step();
  EXPECT_EQ(row("l").outputs,
            R"({"items":3,"completed":3,"failed":0,"results":[{"x":{"n":1}},{},{"x":{"n":3}}]})");
}

TEST_F(ForeachTest, AFailedItemFailsTheForeachAfterTheOthersRan) {
  begin({each("[1,2,3]", 1), inside("l/x"), inside("l/y", {1}), task("after", {0})});
  step();
  report("l[0]/x", ReportKind::kEnded, AttemptState::kFailed);
  EXPECT_EQ(step(), "l[0]/x:failed l[0]/x=error l[0]/y=blocked l[1]/x:dispatched >l[1]/x");
  for (const std::string item : {"l[1]", "l[2]"}) {
    report(item + "/x", ReportKind::kEnded);
    step();
    report(item + "/y", ReportKind::kEnded);
    step();
  }
  EXPECT_EQ(row("l[0]/y").blocked_by, "l[0]/x");
  EXPECT_EQ(row("l").error->code, TaskErrorCode::kInsideFailed);
  EXPECT_EQ(row("l").error->message, "1 of 3 items did not complete, the first of them 'l[0]'");
  EXPECT_EQ(row("l").outputs, R"({"items":3,"completed":2,"failed":1,"results":[]})");
  EXPECT_EQ(row("after").blocked_by, "l");
  EXPECT_EQ(rows_.run.state, RunState::kError);
}

TEST_F(ForeachTest, AllowedFailureIsAWarning) {
  TaskSpec loop = each("[1]");
  loop.allow_failure = true;
  begin({loop, inside("l/x"), task("after", {0})});
  step();
  report("l[0]/x", ReportKind::kEnded, AttemptState::kFailed);
  EXPECT_EQ(step(), "l[0]/x:failed l[0]/x=error l=error after:dispatched >after");
  report("after", ReportKind::kEnded);
  EXPECT_EQ(step(), "after:completed after=completed run=warning");
}

TEST_F(ForeachTest, NoItemsAtAllCompleteAtOnce) {
  begin({each(" [ ] "), inside("l/x")});
  EXPECT_EQ(step(), "run=running l:completed l=started l=completed run=completed");
}

TEST_F(ForeachTest, WhatIsNoListIsRefused) {
  EXPECT_EQ(refused(R"("abc")"),
            "items: it gives a text, and wants a list, or from and to of a range");
  EXPECT_EQ(rows_.run.state, RunState::kError);
}

TEST(ItemsTest, AreBounded) {
  const auto message = [](std::string json) {
    const auto items = Items::parse(std::move(json));
    return items.has_value() ? std::to_string(items->size()) : items.error().message;
  };
  EXPECT_EQ(message(R"({"from":1,"to":1000000})"), "1000000");
  EXPECT_EQ(message(R"({"from":0,"to":1000000})"),
            "there are 1000001 items, and at most 1000000 are allowed");
  EXPECT_EQ(message(R"({"from":"3","to":1})"), "0");
  EXPECT_EQ(message(R"({"from":1,"to":5,"step":0})"), "the step of a range is not 0");
  EXPECT_EQ(message(R"({"from":1})"),
            "a range wants whole numbers in from and to, and in step, if there is one");
  EXPECT_EQ(message(R"({"from":1,"to":9223372036854775807})"),
            "a range wants whole numbers in from and to, and in step, if there is one");
  EXPECT_EQ(message(R"({"a":1})"),
            "it gives an object, and wants a list, or from and to of a range");
  EXPECT_EQ(message("{}"),
            "a range wants whole numbers in from and to, and in step, if there is one");
  EXPECT_EQ(message("7"), "it gives a number, and wants a list, or from and to of a range");
  EXPECT_EQ(message("null"), "it gives nothing, and wants a list, or from and to of a range");
}

TEST(ItemsTest, OfAListAreItsElementsWhateverIsInThem) {
  const auto items = Items::parse(R"([ "a,]\"b" , {"x":[1,2]},[[]], 3 ])");
  ASSERT_EQ(items->size(), 4U);
  EXPECT_EQ(items->at(0), R"("a,]\"b")");
  EXPECT_EQ(items->at(1), R"({"x":[1,2]})");
  EXPECT_EQ(items->at(2), "[[]]");
  EXPECT_EQ(items->at(3), "3");
}

TEST_F(ForeachTest, LoopsAndSwitchesNest) {
  TaskSpec choose = inside("l/s");
  choose.type = "switch";
  choose.kind = TaskKind::kEngine;
  choose.choice = {"=b", {"a", "b"}};
  TaskSpec other = says("l/s/o", "no", 1);
  TaskSpec inner = each(R"({"from":1,"to":2})", 2, "l/s/m");
  inner.inside = 1;
  inner.branch = 1;
  begin({each("[7,8]", 1), choose, other, inner, says("l/s/m/x", "=x", 3)});
  EXPECT_EQ(step(),
            "run=running l:completed l=started l[0]/s:completed l[0]/s=started l[0]/s/o=skipped "
            "l[0]/s/m:completed l[0]/s/m=started l[0]/s/m[0]/x:completed l[0]/s/m[0]/x=completed "
            "l[0]/s/m[1]/x:completed l[0]/s/m[1]/x=completed l[0]/s/m=completed l[0]/s=completed "
            "l[1]/s:completed l[1]/s=started l[1]/s/o=skipped l[1]/s/m:completed "
            "l[1]/s/m=started l[1]/s/m[0]/x:completed l[1]/s/m[0]/x=completed "
            "l[1]/s/m[1]/x:completed l[1]/s/m[1]/x=completed l[1]/s/m=completed l[1]/s=completed "
            "l=completed run=completed");
}

TEST_F(ForeachTest, AnInnerLoopKnowsItsParent) {
  TaskSpec inner = each("[5,6]", 1, "l/m");
  inner.inside = 0;
  begin({each(R"(["a"])"), inner, inside("l/m/x", {}, 1)});
  step();
  EXPECT_NE(
      last_.starts[0].context.find(R"("item":5,"loop":{"index":1,"index0":0,"length":2,"parent":)"
                                   R"({"item":"a","index":1,"index0":0,"length":1}})"),
      std::string::npos);
}

TEST_F(ForeachTest, ARestartGoesOnWhereItWas) {
  begin({each("[1,2,3,4]", 2), inside("l/x"), inside("l/y", {1})});
  step();
  report_with("l[0]/x", R"({"n":1})");
  step();
  report("l[0]/y", ReportKind::kEnded, AttemptState::kFailed);
  step();  // item 0 has ended, 1 and 2 run
  restart();
  step();
  ASSERT_EQ(last_.adoptions.size(), 2U);
  EXPECT_EQ(last_.adoptions[0].key.path, "l[1]/x");
  EXPECT_EQ(last_.adoptions[1].key.path, "l[2]/x");
  for (const std::string item : {"l[1]", "l[2]", "l[3]"}) {
    report(item + "/x", ReportKind::kEnded);
    step();
    restart();
    step();
    report(item + "/y", ReportKind::kEnded);
    step();
  }
  EXPECT_EQ(row("l").outputs,
            R"({"items":4,"completed":3,"failed":1,"results":[{"x":{"n":1}},{},{},{}]})");
  EXPECT_EQ(rows_.run.state, RunState::kError);
}

TEST_F(ForeachTest, WhatNobodyKnowsTheItemOfIsNotRun) {
  begin({each("[1,2,3]", 1), inside("l/x"), inside("l/y", {1})});
  step();
  flow_->tasks[0].foreach.items = "[1,2]";
  restart();
  EXPECT_EQ(step(), "l[0]/y=cancelled");
  report("l[0]/x", ReportKind::kEnded);
  EXPECT_EQ(step(), "l[0]/x:completed l[0]/x=completed l=error run=error");
}

TEST_F(ForeachTest, OtherItemsThanBeforeARestartEndIt) {
  begin({each("[1,2,3]", 1), inside("l/x")});
  step();
  flow_->tasks[0].foreach.items = "[1,2]";
  restart();
  step();
  report("l[0]/x", ReportKind::kEnded);
  EXPECT_EQ(step(), "l[0]/x:completed l[0]/x=completed l=error run=error");
  EXPECT_EQ(row("l").error->message, "its items are not those that it began with");
}

TEST_F(ForeachTest, ACancelEndsWhatRunsAndBeginsNoMore) {
  begin({each("[1,2,3]", 1), inside("l/x")});
  step();
  ASSERT_TRUE(engine_.cancel_run(now_, 1, out_).has_value());
  EXPECT_EQ(step(), "note l=cancelled !l[0]/x");
  restart();
  EXPECT_EQ(step(), "!l[0]/x");
  report("l[0]/x", ReportKind::kEnded, AttemptState::kCancelled);
  EXPECT_EQ(step(), "l[0]/x:cancelled l[0]/x=cancelled run=cancelled");
}

TEST_F(ForeachTest, OfAnItemThatHasEndedNothingIsHeld) {
  begin({each("[1,2]", 1), inside("l/x")});
  step();
  const auto said = [&](std::string path) {
    return engine_.decide(now_, 1, {std::move(path), true, "me", ""}, out_).error().code;
  };
  EXPECT_EQ(said("l[0]/x"), ErrorCode::kConflict);
  EXPECT_EQ(said("l[1]/x"), ErrorCode::kConflict);
  EXPECT_EQ(said("l[0]/y"), ErrorCode::kNotFound);
  EXPECT_EQ(said("m[0]/x"), ErrorCode::kNotFound);
}

TEST_F(ForeachTest, TooLargeResultsAreAnError) {
  begin({each("[1,2]", 1), inside("l/x")});
  step();
  const std::string large = "{\"n\":\"" + std::string(600'000, 'x') + "\"}";
  report_with("l[0]/x", large);
  step();
  report_with("l[1]/x", large);
  step();
  EXPECT_EQ(row("l").error->code, TaskErrorCode::kOutputInvalid);
}

TEST_F(ForeachTest, ManyItemsTakeSeveralSteps) {
  begin({each(R"({"from":1,"to":5000})"), says("l/x", "hello")});
  int steps = 0;
  do {
    step();
    EXPECT_LE(last_.changes.tasks.size(), kSettleMax);
    ++steps;
  } while (engine_.has_work());
  EXPECT_GT(steps, 5);
  EXPECT_EQ(rows_.run.state, RunState::kCompleted);
}

TEST_F(ForeachTest, WhyCountsItems) {
  begin({each("[1,2,3]", 1), inside("l/x")});
  step();
  const std::vector<Blocker> blockers = engine_.why(1, now_);
  ASSERT_EQ(blockers.size(), 2U);
  EXPECT_EQ(blockers[0].what, "0 of 3 items have ended");
  EXPECT_EQ(blockers[1].path, "l[0]/x");
}

}  // namespace
}  // namespace cordyna::engine
