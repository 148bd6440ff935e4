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

TEST_F(NoticeTest, WhatIsTriedAgainIsToldOnceAndIsNoFailure) {
  begin({task("a"), task("b")});
  flow_->tasks[0].retry = {.attempts = 3, .delay = 10};
  flow_->tasks[1].retry = {.attempts = 3, .delay = 10};
  flow_->tasks[1].allow_failure = true;  // concerns nobody
  step();
  fail_with("a", TaskErrorCode::kExitNonzero);
  fail_with("b", TaskErrorCode::kExitNonzero);
  step();
  EXPECT_EQ(notices(), "retrying a:team < team\n");
  EXPECT_EQ(last_.changes.notices[0].id, "r/retrying/a");
  EXPECT_EQ(last_.changes.notices[0].code, "EXIT_NONZERO");
  EXPECT_EQ(last_.changes.notices[0].text, "attempt 1 of 3 failed: it did not work");
  now_ += 1'000;
  EXPECT_EQ(step(), "a:dispatched b:dispatched >a >b");
  report("a", ReportKind::kEnded, AttemptState::kFailed, 2);
  step();
  EXPECT_EQ(notices(), "");
  now_ += 1'000;
  step();
  report("a", ReportKind::kEnded, AttemptState::kFailed, 3);
  step();
  EXPECT_EQ(notices(), "failed a:team < team\n");
}

TEST_F(NoticeTest, EachTimeThatATaskIsHeldIsTold) {
  begin({owned_by("orders", task("a"))});
  step();
  AttemptReport held{{1, "a", 1}, ReportKind::kEnded, {}};
  held.outcome.state = AttemptState::kCompleted;
  held.outcome.hold = "rows: 4, at least 100 expected";
  engine_.report(now_, held, out_);
  step();
  EXPECT_EQ(notices(), "held a:orders < orders\n");
  EXPECT_EQ(last_.changes.notices[0].id, "r/held/a/1");
  EXPECT_EQ(last_.changes.notices[0].text, held.outcome.hold);
  EXPECT_EQ(step(), "");
  EXPECT_EQ(notices(), "");
  HoldDecision approve;
  approve.path = "a";
  approve.approve = true;
  approve.by = "eva";
  ASSERT_TRUE(engine_.decide(now_, 1, approve, out_).has_value());
  step();
  held.key.attempt = 2;
  engine_.report(now_, held, out_);
  step();
  EXPECT_EQ(notices(), "held a:orders < orders\n");
  EXPECT_EQ(last_.changes.notices[0].id, "r/held/a/2");
}

// Its owner hears of its end by itself, however often it was told that it is late or held.
TEST_F(NoticeTest, ALateRunIsToldOnceAndGoesOn) {
  flow_ = std::make_shared<Flow>();
  flow_->id = "f";
  flow_->owner = "flow-team";
  flow_->late_after = 60'000;
  flow_->tasks = {owned_by("orders", task("a"))};
  ASSERT_TRUE(engine_.start_run(now_, {1, RunId{"r"}, flow_, "{}", "{}"}, out_).has_value());
  step();
  now_ += 59'999;
  step();
  EXPECT_EQ(notices(), "");
  now_ += 1;
  EXPECT_EQ(step(), "");
  EXPECT_EQ(notices(), "late :flow-team < flow-team\n");
  EXPECT_EQ(last_.changes.notices[0].id, "r/late");
  EXPECT_EQ(last_.changes.notices[0].text, "it has not ended 1m00s after it was made");
  EXPECT_FALSE(engine_.next_timer() == now_);
  now_ += 60'000;
  fail_with("a", TaskErrorCode::kExitNonzero);
  step();
  EXPECT_EQ(notices(), "failed a:orders < orders\nblocked :flow-team < orders\n");
}

TEST_F(NoticeTest, ARunThatEndsInTimeLeavesNothingBehind) {
  flow_ = std::make_shared<Flow>();
  flow_->owner = "flow-team";
  flow_->late_after = flow_->stuck_after = 60'000;
  flow_->tasks = {task("a"), task("b"), task("c")};
  flow_->tasks[0].timeouts = flow_->tasks[1].timeouts = flow_->tasks[2].timeouts = {0, 0, 0};
  ASSERT_TRUE(engine_.start_run(now_, {1, RunId{"r"}, flow_, "{}", "{}"}, out_).has_value());
  step();
  for (const char* path : {"a", "b"}) {
    report(path, ReportKind::kStarted);
    report(path, ReportKind::kEnded);
  }
  step();
  report("c", ReportKind::kEnded);
  EXPECT_EQ(step(), "c:completed c=completed run=completed");
  EXPECT_FALSE(engine_.next_timer().has_value());
}

TEST_F(NoticeTest, ARunThatWaitsForItsTurnIsLateToo) {
  flow_ = std::make_shared<Flow>();
  flow_->id = "f";
  flow_->owner = "flow-team";
  flow_->late_after = 60'000;
  flow_->concurrency.limit = 1;
  flow_->tasks = {task("a")};
  ASSERT_TRUE(engine_.start_run(now_, {1, RunId{"r"}, flow_, "{}", "{}"}, out_).has_value());
  now_ += 1'000;
  ASSERT_TRUE(engine_.start_run(now_, {2, RunId{"s"}, flow_, "{}", "{}"}, out_).has_value());
  step();
  now_ += 60'000;
  step();
  ASSERT_EQ(last_.changes.notices.size(), 2U);
  EXPECT_EQ(last_.changes.notices[1].id, "s/late");
  EXPECT_EQ(last_.changes.notices[1].text, "it has not begun 1m00s after it was made");
  ASSERT_TRUE(engine_.cancel_run(now_, 2, out_).has_value());
  step();
  EXPECT_EQ(notices(), "");
}

TEST_F(NoticeTest, ATaskThatNobodyBeginsIsStuck) {
  flow_ = std::make_shared<Flow>();
  flow_->id = "f";
  flow_->owner = "flow-team";
  flow_->stuck_after = 5'000;
  flow_->tasks = {owned_by("orders", task("a")), owned_by("orders", task("b")),
                  owned_by("billing", task("c")), owned_by("billing", task("d", {2}))};
  ASSERT_TRUE(engine_.start_run(now_, {1, RunId{"r"}, flow_, "{}", "{}"}, out_).has_value());
  step();
  report("a", ReportKind::kStarted);
  step();
  now_ += 5'000;
  step();  // b was handed out and has not started; c has no slot; what comes before d is not done
  EXPECT_EQ(notices(), "stuck b:orders < orders\nstuck c:billing < billing\n");
  EXPECT_EQ(last_.changes.notices[0].text,
            "it may run, and has not begun within 5.0s: it was handed out, and nobody has "
            "acknowledged it");
  EXPECT_EQ(last_.changes.notices[1].text,
            "it may run, and has not begun within 5.0s: 2 of 2 slots are taken");
  report("a", ReportKind::kEnded);
  step();
  now_ += 1;
  report("c", ReportKind::kStarted);
  report("c", ReportKind::kEnded);
  EXPECT_EQ(step(), "c:started c=started c:completed c=completed d:dispatched >d");
  now_ += 4'999;
  step();
  EXPECT_EQ(notices(), "");
  now_ += 1;
  step();
  EXPECT_EQ(notices(), "stuck d:billing < billing\n");
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
