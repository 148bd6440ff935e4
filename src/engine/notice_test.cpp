// Who is told of what: with the rows of the end that it is about, and once.
#include <gtest/gtest.h>

#include "engine/restart_fixture.hpp"

namespace cordyna::engine {
namespace {

TaskSpec owned_by(std::string team, TaskSpec spec) {
  spec.owner = std::move(team);
  return spec;
}

class NoticeTest : public RestartTest {
 protected:
  /// "failed a:team < cause", each in a line.
  std::string notices() const {
    std::string text;
    for (const NoticeRow& row : last_.changes.notices) {
      text += std::string(to_string(row.kind)) + " " + row.path + ":" + row.team + " < " +
              row.cause + "\n";
    }
    return text;
  }
  void fail_with(const std::string& path, TaskErrorCode code, const std::string& owner = {}) {
    AttemptReport report{{1, path, 1}, ReportKind::kEnded, {}};
    report.outcome.state = AttemptState::kFailed;
    report.outcome.error = make_task_error(code, Phase::kRun, "it did not work");
    report.outcome.error->owner = owner;
    engine_.report(now_, report, out_);
  }
};

TEST_F(NoticeTest, AFailureIsToldToItsOwnerAndOnceToEachTeamThatWaits) {
  begin({owned_by("orders", task("a")), owned_by("billing", task("b", {0})),
         owned_by("billing", task("c", {1})), owned_by("orders", task("d", {0}))});
  step();
  EXPECT_EQ(notices(), "");
  fail_with("a", TaskErrorCode::kExitNonzero);
  step();
  // The flow's own team hears of each run that fails (R47).
  EXPECT_EQ(notices(),
            "failed a:orders < orders\nblocked b:billing < orders\nblocked :flow-team < orders\n");
  const NoticeRow& first = last_.changes.notices[0];
  EXPECT_EQ(first.id, "r/failed/a");
  EXPECT_EQ(first.code, "EXIT_NONZERO");
  EXPECT_EQ(first.text, "it did not work");
  EXPECT_EQ(first.run, 1);
  EXPECT_EQ(first.flow_id, "f");
  EXPECT_EQ(first.at, now_);
  EXPECT_EQ(last_.changes.notices[1].id, "r/blocked/billing");
  EXPECT_EQ(last_.changes.notices[1].text, "it is blocked by task 'a' of team orders");
}

// Also one that has failed itself, of something else.
TEST_F(NoticeTest, WhoHasFailedHearsWhatItWaitsForInVain) {
  begin({owned_by("orders", task("a")), owned_by("billing", task("b")),
         owned_by("billing", task("c", {0})), owned_by("flow-team", task("d", {1}))});
  step();
  fail_with("b", TaskErrorCode::kExitNonzero);
  step();
  EXPECT_EQ(notices(), "failed b:billing < billing\nblocked d:flow-team < billing\n");
  fail_with("a", TaskErrorCode::kExitNonzero);
  step();
  EXPECT_EQ(notices(), "failed a:orders < orders\nblocked c:billing < orders\n");
}

TEST_F(NoticeTest, WhatIsTriedAgainIsNoNewsYet) {
  begin({task("a")});
  flow_->tasks[0].retry.attempts = 2;
  step();
  fail_with("a", TaskErrorCode::kExitNonzero);
  step();
  EXPECT_EQ(notices(), "");
}

TEST_F(NoticeTest, WhatMayFailConcernsNobody) {
  TaskSpec allowed = task("a");
  allowed.allow_failure = true;
  begin({allowed, task("b", {0})});
  step();
  fail_with("a", TaskErrorCode::kExitNonzero);
  step();
  report("b", ReportKind::kEnded);
  EXPECT_EQ(step(), "b:completed b=completed run=warning");
  EXPECT_EQ(notices(), "");
}

// Who owns the run that failed was told by that run.
TEST_F(NoticeTest, ForTheFaultOfAnotherRunItsTeamIsNotToldAgain) {
  begin({owned_by("billing", task("need")), owned_by("audit", task("b", {0}))});
  step();
  fail_with("need", TaskErrorCode::kRunFailed, "orders");
  step();
  EXPECT_EQ(
      notices(),
      "blocked need:billing < orders\nblocked b:audit < orders\nblocked :flow-team < orders\n");
  EXPECT_EQ(last_.changes.notices[0].text, "it did not work");
}

TEST_F(NoticeTest, AfterARestartNothingIsToldAgain) {
  begin({owned_by("orders", task("a")), owned_by("billing", task("b", {0})),
         owned_by("flow-team", task("c"))});
  step();
  fail_with("a", TaskErrorCode::kRunFailed, "stock");
  step();
  EXPECT_EQ(notices(), "blocked a:orders < stock\nblocked b:billing < stock\n");
  restart();
  step();
  EXPECT_EQ(notices(), "");
  fail_with("c", TaskErrorCode::kExitNonzero);
  step();
  EXPECT_EQ(notices(), "failed c:flow-team < flow-team\n");
}

TEST_F(NoticeTest, ARunThatTakesTooLongIsItsFlowsTeams) {
  flow_ = std::make_shared<Flow>();
  begin({owned_by("orders", task("a"))});
  flow_->timeout = 1'000;
  engine_ = Engine({2}, evaluator_);
  ASSERT_TRUE(engine_.start_run(now_, {1, RunId{"r"}, flow_, "{}", "{}"}, out_).has_value());
  step();
  now_ += 2'000;
  step();
  report("a", ReportKind::kEnded, AttemptState::kCancelled);
  step();
  EXPECT_EQ(notices(), "failed :flow-team < flow-team\n");
  EXPECT_EQ(last_.changes.notices[0].code, "TIMEOUT_TOTAL");
}

}  // namespace
}  // namespace cordyna::engine
