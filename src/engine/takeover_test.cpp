#include "engine/takeover.hpp"

#include <gtest/gtest.h>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {
namespace {

using Paths = std::vector<std::string>;

TaskRow row(const std::string& path, TaskState state, std::string outputs = {}) {
  TaskRow row;
  row.run = 1;
  row.path = path;
  row.state = state;
  row.attempt = state == TaskState::kSkipped ? 0 : 2;
  row.outputs = std::move(outputs);
  row.from = state;
  return row;
}

/// a → b → c, with d beside them; b failed.
Flow chain() {
  Flow flow;
  flow.id = "f";
  flow.tasks = {task("load"), task("clean", {0}), task("share", {1}), task("note")};
  TaskSpec last = task("tidy");
  last.section = Section::kFinally;
  flow.tasks.push_back(std::move(last));
  return flow;
}

std::vector<TaskRow> failed_at_clean() {
  return {row("load", TaskState::kCompleted), row("clean", TaskState::kError),
          row("share", TaskState::kBlocked), row("note", TaskState::kSkipped),
          row("tidy", TaskState::kCompleted)};
}

Paths again(const Flow& flow, const std::vector<TaskRow>& rows, const TakeoverWish& wish) {
  return plan_takeover(flow, rows, wish).value().again;
}

TEST(TakeoverTest, WhatCompletedOrWasSkippedIsTakenOver) {
  const Takeover plan = plan_takeover(chain(), failed_at_clean(), {}).value();
  EXPECT_EQ(plan.taken, (Paths{"load", "note"}));
  EXPECT_EQ(plan.again, (Paths{"clean", "share"}));
}

TEST(TakeoverTest, FromATaskOnRunsAllThatComesAfterIt) {
  std::vector<TaskRow> rows = failed_at_clean();
  rows[1].state = rows[2].state = TaskState::kCompleted;
  EXPECT_EQ(again(chain(), rows, {}), Paths{});
  EXPECT_EQ(again(chain(), rows, {.from = "clean", .all = true}), (Paths{"clean", "share"}));
  EXPECT_EQ(again(chain(), rows, {.all = true}), (Paths{"load", "clean", "share", "note"}));
}

TEST(TakeoverTest, AnUnknownTaskAndOneThatAlwaysRunsAreErrors) {
  const auto unknown = plan_takeover(chain(), failed_at_clean(), {.from = "clea"});
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(unknown.error().message, "flow 'f' has no task 'clea'; did you mean 'clean'?");
  const auto tidy = plan_takeover(chain(), failed_at_clean(), {.from = "tidy"});
  EXPECT_EQ(tidy.error().message, "task 'tidy' stands in finally, whose tasks run in every rerun");
}

TEST(TakeoverTest, WhoseDataIsGoneRunsAgainWhereItWillBeRead) {
  Flow flow = chain();
  EXPECT_EQ(again(flow, failed_at_clean(), {.gone = {"load"}}), (Paths{"load", "clean", "share"}));
  EXPECT_EQ(again(flow, failed_at_clean(), {.gone = {"note"}}), (Paths{"clean", "share"}));
  flow.tasks[4].refs = {3};  // finally runs again, and reads it
  EXPECT_EQ(again(flow, failed_at_clean(), {.gone = {"note"}}), (Paths{"clean", "share", "note"}));
}

TEST(TakeoverTest, ASkippedTaskAfterOneThatRunsAgainIsJudgedAnew) {
  Flow flow = chain();
  flow.tasks[3].needs = {1};
  EXPECT_EQ(again(flow, failed_at_clean(), {}), (Paths{"clean", "share", "note"}));
}

/// choose → (choose/a, choose/b), and after.
Flow with_switch() {
  Flow flow;
  flow.id = "f";
  flow.tasks = {task("choose"), task("choose/a"), task("choose/b"), task("after", {0})};
  flow.tasks[0].choice = {"{{ x }}", {"a", "b"}};
  flow.tasks[1].inside = flow.tasks[2].inside = 0;
  flow.tasks[2].branch = 1;
  return flow;
}

TEST(TakeoverTest, ASwitchIsTakenOverAsAWholeOrNotAtAll) {
  std::vector<TaskRow> rows{row("choose", TaskState::kCompleted),
                            row("choose/a", TaskState::kCompleted),
                            row("choose/b", TaskState::kSkipped), row("after", TaskState::kError)};
  EXPECT_EQ(again(with_switch(), rows, {}), Paths{"after"});
  rows[1].state = TaskState::kError;
  EXPECT_EQ(again(with_switch(), rows, {}), (Paths{"choose", "choose/a", "choose/b", "after"}));
}

TEST(TakeoverTest, OnlyRowsThatCompletedAreTaken) {
  EXPECT_EQ(rows_taken(chain(), failed_at_clean(), {"note", "load"}).value(),
            (std::vector{row("note", TaskState::kSkipped), row("load", TaskState::kCompleted)}));
  EXPECT_EQ(rows_taken(chain(), failed_at_clean(), {"clean"}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(rows_taken(chain(), failed_at_clean(), {"load", "load"}).error().code,
            ErrorCode::kConflict);
}

TEST(TakeoverTest, WhatIsAnotherInTheVersionRunsAgainWithAllThatComesAfterIt) {
  std::vector<TaskRow> rows = failed_at_clean();
  rows[1].state = rows[2].state = TaskState::kCompleted;
  EXPECT_EQ(again(chain(), rows, {.changed = {"clean"}}), (Paths{"clean", "share"}));
  EXPECT_EQ(again(chain(), rows, {.changed = {"tidy", "of another version"}}), Paths{});
  // A task that the run did not have, before one that completed.
  rows.erase(rows.begin());
  EXPECT_EQ(again(chain(), rows, {.changed = {"load"}}), (Paths{"load", "clean", "share"}));
}

TEST(TakeoverTest, ARowOfATaskThatTheVersionHasNoMoreIsNotTaken) {
  std::vector<TaskRow> rows = failed_at_clean();
  rows.push_back(row("old", TaskState::kCompleted));
  EXPECT_EQ(plan_takeover(chain(), rows, {}).value().taken, (Paths{"load", "note"}));
  EXPECT_EQ(rows_taken(chain(), rows, {"old"}).error().message,
            "flow 'f' has no task 'old' that could be taken over");
}

class RerunTest : public EngineTest {
 protected:
  void rerun(const Flow& flow, std::vector<TaskRow> taken) {
    flow_ = std::make_shared<Flow>(flow);
    RunStart start{2, RunId{"r2"}, flow_, "{}", "{}", {"nightly", 500, 400}, 1, std::move(taken)};
    ASSERT_TRUE(engine_.start_run(now_, std::move(start), out_).has_value());
  }
  void ended(const std::string& path) {
    engine_.report(now_, {{2, path, 1}, ReportKind::kEnded, {}}, out_);
  }
};

TEST_F(RerunTest, GoesOnWhereTheOtherFailed) {
  rerun(chain(),
        {row("load", TaskState::kCompleted, R"({"n":7})"), row("note", TaskState::kSkipped)});
  EXPECT_EQ(step(), "run=running load=completed note=skipped clean:dispatched >clean");
  EXPECT_NE(last_.starts[0].context.find(R"("outputs":{"load":{"n":7}})"), std::string::npos);
  const RunRow& run = last_.changes.runs[0];
  EXPECT_EQ(run.rerun_of, 1);
  EXPECT_EQ(run.scheduled, (Scheduled{"nightly", 500, 400}));
  EXPECT_EQ(last_.changes.history[1].detail, "taken over from run 1");
  const TaskRow& load = last_.changes.tasks[0];
  EXPECT_EQ(load.run, 2);
  EXPECT_EQ(load.attempt, 0u);
  EXPECT_EQ(load.from, std::nullopt);
  ended("clean");
  EXPECT_EQ(step(), "clean:completed clean=completed share:dispatched >share");
  ended("share");
  EXPECT_EQ(step(), "share:completed share=completed tidy:dispatched >tidy");
  ended("tidy");
  EXPECT_EQ(step(), "tidy:completed tidy=completed run=completed");
}

TEST_F(RerunTest, WithNothingLeftToDoItEnds) {
  Flow flow;
  flow.id = "f";
  flow.tasks = {task("load")};
  rerun(flow, {row("load", TaskState::kCompleted)});
  EXPECT_EQ(step(), "run=running load=completed run=completed");
}

TEST_F(RerunTest, ATakenSwitchStaysAsItWas) {
  rerun(with_switch(),
        {row("choose", TaskState::kCompleted, R"({"case":"a","value":"a"})"),
         row("choose/a", TaskState::kCompleted), row("choose/b", TaskState::kSkipped)});
  EXPECT_EQ(step(),
            "run=running choose=completed choose/a=completed choose/b=skipped "
            "after:dispatched >after");
}

}  // namespace
}  // namespace cordyna::engine
