// Switches: one case runs, the others are skipped, and the switch ends when all inside of it have.
#include <gtest/gtest.h>

#include "engine/restart_fixture.hpp"

namespace cordyna::engine {
namespace {

TaskSpec choose(std::string value, std::vector<std::string> cases = {"a", "b"}) {
  TaskSpec spec = task("s");
  spec.type = "switch";
  spec.kind = TaskKind::kEngine;
  spec.choice = {std::move(value), std::move(cases)};
  return spec;
}

TaskSpec inside(std::string id, std::uint32_t branch, std::vector<TaskIndex> needs = {}) {
  TaskSpec spec = task(std::move(id), std::move(needs));
  spec.inside = 0;
  spec.branch = branch;
  return spec;
}

using SwitchTest = RestartTest;

TEST_F(SwitchTest, OneCaseRunsAndTheOthersAreSkipped) {
  begin({choose("=b"), inside("s/x", 0), inside("s/y", 1), task("after", {0})});
  EXPECT_EQ(step(), "run=running s:completed s=started s/x=skipped s/y:dispatched >s/y");
  EXPECT_EQ(rows_.tasks[0].outputs, R"({"case":"b","value":"b"})");
  report("s/y", ReportKind::kEnded);
  EXPECT_EQ(step(), "s/y:completed s/y=completed s=completed after:dispatched >after");
  EXPECT_EQ(last_.changes.tasks[1].outputs, R"({"case":"b","value":"b"})");
}

TEST_F(SwitchTest, TheDefaultTakesWhatNoCaseDoes) {
  begin({choose("=zz", {"a", "default"}), inside("s/x", 0), inside("s/y", 1)});
  EXPECT_EQ(step(), "run=running s:completed s=started s/x=skipped s/y:dispatched >s/y");
  EXPECT_EQ(rows_.tasks[0].outputs, R"({"case":"default","value":"zz"})");
}

TEST_F(SwitchTest, AnEmptyCaseIsOverAtOnce) {
  begin({choose("=zz", {"a", "default"}), inside("s/x", 0)});
  EXPECT_EQ(step(), "run=running s:completed s=started s/x=skipped s=completed run=completed");
}

TEST_F(SwitchTest, AValueWithoutACaseIsAnErrorAndBlocksWhatIsInside) {
  begin({choose("=zz"), inside("s/x", 0), inside("s/y", 1, {1})});
  EXPECT_EQ(step(), "run=running s:failed s=error s/x=blocked s/y=blocked run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kInputInvalid);
  EXPECT_NE(last_.changes.tasks[0].error->message.find("there is a, b"), std::string::npos);
  EXPECT_EQ(last_.changes.tasks[2].blocked_by, "s");
}

TEST_F(SwitchTest, AValueThatCannotBeRenderedIsAnError) {
  begin({choose("{bad}"), inside("s/x", 0)});
  EXPECT_EQ(step(), "run=running s:failed s=error s/x=blocked run=error");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kTemplateFailed);
}

TEST_F(SwitchTest, AFailureInsideIsOneOfTheSwitchAndTheRootIsNamed) {
  begin({choose("=a"), inside("s/x", 0), inside("s/y", 0, {1}), task("after", {0})});
  step();
  report("s/x", ReportKind::kEnded, AttemptState::kFailed);
  EXPECT_EQ(step(), "s/x:failed s/x=error s/y=blocked s=error after=blocked run=error");
  EXPECT_EQ(rows_.tasks[0].path, "s/x");
  for (const TaskRow& row : rows_.tasks) {
    if (row.path == "after") {
      EXPECT_EQ(row.blocked_by, "s/x");
    } else if (row.path == "s") {
      EXPECT_EQ(row.error->code, TaskErrorCode::kInsideFailed);
    }
  }
}

TEST_F(SwitchTest, ASwitchThatMayFailMakesAWarningOfWhatFailsInside) {
  TaskSpec s = choose("=a");
  s.allow_failure = true;
  begin({s, inside("s/x", 0), task("after", {0})});
  step();
  report("s/x", ReportKind::kEnded, AttemptState::kFailed);
  EXPECT_EQ(step(), "s/x:failed s/x=error s=error after:dispatched >after");
  report("after", ReportKind::kEnded);
  EXPECT_EQ(step(), "after:completed after=completed run=warning");
}

TEST_F(SwitchTest, ASkippedSwitchSkipsAllInside) {
  TaskSpec s = choose("=a");
  s.run_if = "false";
  begin({s, inside("s/x", 0), inside("s/y", 1), task("after", {0})});
  EXPECT_EQ(step(), "run=running s=skipped s/x=skipped s/y=skipped after=skipped run=completed");
}

TEST_F(SwitchTest, NothingInsideBeginsBeforeTheChoice) {
  TaskSpec s = choose("=a");
  s.needs = {2};
  TaskSpec x = inside("s/x", 0);
  begin({s, x, task("first")});
  EXPECT_EQ(step(), "run=running first:dispatched >first");
  const auto why = engine_.why(1);
  ASSERT_EQ(why.size(), 3u);
  EXPECT_EQ(why[1].path, "s/x");
  EXPECT_EQ(why[1].kind, BlockerKind::kUpstream);
  EXPECT_EQ(why[1].what, "s");
  report("first", ReportKind::kEnded);
  EXPECT_EQ(step(), "first:completed first=completed s:completed s=started s/x:dispatched >s/x");
}

TEST_F(SwitchTest, AfterARestartTheChoiceStands) {
  begin({choose("=b"), inside("s/x", 0), inside("s/y", 1), inside("s/z", 1, {2})});
  step();
  restart();
  EXPECT_EQ(step(), "");
  EXPECT_EQ(engine_.why(1)[0].what, "case 'b'");
  report("s/y", ReportKind::kEnded);
  EXPECT_EQ(step(), "s/y:completed s/y=completed s/z:dispatched >s/z");
  restart();
  report("s/z", ReportKind::kEnded);
  EXPECT_EQ(step(), "s/z:completed s/z=completed s=completed run=completed");
}

TEST_F(SwitchTest, ASwitchStandsInASwitch) {
  TaskSpec inner = inside("s/t", 0);
  inner.type = "switch";
  inner.kind = TaskKind::kEngine;
  inner.choice = {"=q", {"p", "q"}};
  TaskSpec p = inside("s/t/p", 0);
  TaskSpec q = inside("s/t/q", 1);
  p.inside = q.inside = 1;
  begin({choose("=a"), inner, p, q, inside("s/x", 1)});
  EXPECT_EQ(step(),
            "run=running s:completed s=started s/t:completed s/t=started s/t/p=skipped "
            "s/x=skipped s/t/q:dispatched >s/t/q");
  report("s/t/q", ReportKind::kEnded);
  EXPECT_EQ(step(), "s/t/q:completed s/t/q=completed s/t=completed s=completed run=completed");
}

TEST_F(SwitchTest, ACancelEndsTheSwitchAndAllInside) {
  begin({choose("=a"), inside("s/x", 0), inside("s/y", 0, {1})});
  step();
  ASSERT_TRUE(engine_.cancel_run(now_, 1, out_).has_value());
  EXPECT_EQ(step(), "note s=cancelled s/y=cancelled !s/x");
  report("s/x", ReportKind::kEnded, AttemptState::kCancelled);
  EXPECT_EQ(step(), "s/x:cancelled s/x=cancelled run=cancelled");
}

TEST_F(SwitchTest, APersonIsAskedInsideToo) {
  TaskSpec ask = inside("s/ask", 0);
  ask.type = "pause";
  ask.kind = TaskKind::kEngine;
  ask.wait.what = WaitFor::kPerson;
  begin({choose("=a"), ask});
  EXPECT_EQ(step(), "run=running s:completed s=started s/ask:completed run=paused");
  ASSERT_TRUE(engine_.decide(now_, 1, {"s/ask", true, "ann", ""}, out_).has_value());
  EXPECT_EQ(step(), "run=running s/ask=completed s=completed run=completed");
}

TEST_F(SwitchTest, InsideATaskIsNamedByItsIdAndFromElsewhereByItsPath) {
  begin({choose("=a"), inside("s/x", 0), inside("s/y", 0, {1}), task("after", {1})});
  step();
  AttemptReport x{{1, "s/x", 1}, ReportKind::kEnded, {}};
  x.outcome.outputs = R"({"n":1})";
  engine_.report(now_, x, out_);
  step();
  ASSERT_EQ(last_.starts.size(), 2u);
  EXPECT_NE(last_.starts[0].context.find(R"("s/x":{"n":1},"x":{"n":1})"), std::string::npos);
  EXPECT_EQ(last_.starts[1].context.find(R"("x":{"n":1})"), std::string::npos)
      << last_.starts[1].context;
}

}  // namespace
}  // namespace cordyna::engine
