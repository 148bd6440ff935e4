// Ending attempts before they end themselves: cancel, deadline, what a task leaves running.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "process/local/local_test_support.hpp"

namespace cordyna::local_test {
namespace {

LocalSettings short_grace(Millis grace = 200) {
  LocalSettings settings;
  settings.kill_grace = grace;
  return settings;
}

TEST(LocalCancelTest, ATaskMayEndKindly) {
  const TestState state;
  const local::Fd ready = state.make_fifo("ready");
  TestOwner owner(state);
  owner.process().start(make_start("trap 'echo bye; exit 0' TERM; echo up > " +
                                   state.path("ready") + "; while :; do sleep 0.05; done"));
  EXPECT_EQ(read_line(ready), "up");
  owner.process().cancel(make_cancel());
  EXPECT_EQ(owner.reports().wait_ended("t0").state, AttemptState::kCancelled);
  EXPECT_NE(read_text(state.folder(0) + "/log").find(" bye\n"), std::string::npos);
}

// R20.
TEST(LocalCancelTest, AStubbornTreeIsEndedWhole) {
  const TestState state;
  const local::Fd ready = state.make_fifo("ready");
  const std::string self = "echo $$ > " + state.path("ready");
  const std::string stubborn = "trap \"\" TERM HUP; " + self + "; while :; do sleep 1000; done";
  TestOwner owner(state, {}, short_grace());
  owner.process().start(make_start("trap '' TERM; " + self +  //
                                   "; setsid sh -c '" + stubborn + "' & (sh -c '" + stubborn +
                                   "' & ) ; (env -i /usr/bin/setsid /bin/sh -c '" + stubborn +
                                   "' & ) ; sh -c 'kill -STOP $$' & while :; do sleep 1000; done"));
  std::vector<pid_t> pids;
  pids.reserve(4);
  for (int i = 0; i < 4; ++i) {
    pids.push_back(static_cast<pid_t>(std::atoi(read_line(ready).c_str())));
  }
  owner.process().cancel(make_cancel());
  EXPECT_EQ(owner.reports().wait_ended("t0").state, AttemptState::kCancelled);
  for (const pid_t pid : pids) EXPECT_TRUE(is_gone(pid)) << pid;
}

TEST(LocalCancelTest, ASecondCancelDoesNotWaitForTheGrace) {
  const TestState state;
  const local::Fd ready = state.make_fifo("ready");
  TestOwner owner(state, {}, short_grace(3'600'000));
  owner.process().start(make_start("trap '' TERM; echo up > " + state.path("ready") +
                                   "; while :; do sleep 1000; done"));
  EXPECT_EQ(read_line(ready), "up");
  owner.process().cancel(make_cancel());
  owner.process().cancel(make_cancel());
  EXPECT_EQ(owner.reports().wait_ended("t0").state, AttemptState::kCancelled);
}

TEST(LocalCancelTest, AStoppedGuardianIsEndedItself) {
  const TestState state;
  TestOwner owner(state, {}, short_grace(0));
  owner.process().start(make_start("sleep 1000"));
  owner.reports().wait_started("t0");
  kill(guardian_pid(state.folder(0)), SIGSTOP);
  owner.process().cancel(make_cancel());
  EXPECT_EQ(owner.reports().wait_ended("t0").state, AttemptState::kCancelled);
}

TEST(LocalCancelTest, AnAdoptedTaskIsCancelled) {
  const TestState state;
  OwnerChild first(state, 2, "sleep 1000");
  first.kill_now();
  TestOwner owner(state, {}, short_grace());
  owner.process().adopt(make_start("true", 0));
  owner.reports().wait_started("t0");
  owner.process().cancel(make_cancel(0));
  owner.process().cancel(make_cancel(1));  // not adopted before
  EXPECT_EQ(owner.reports().wait_ended("t0").state, AttemptState::kCancelled);
  EXPECT_EQ(owner.reports().wait_ended("t1").state, AttemptState::kCancelled);
}

TEST(LocalCancelTest, ATaskThatNeverBeganIsCancelledForGood) {
  const TestState state;
  TestOwner owner(state);
  owner.process().cancel(make_cancel());
  EXPECT_EQ(owner.reports().wait_ended("t0").state, AttemptState::kCancelled);
  // A command that was on its way meets a closed gate.
  TestOwner late(state);
  late.process().start(make_start("touch " + state.path("ran")));
  EXPECT_EQ(late.reports().wait_ended("t0").state, AttemptState::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(state.path("ran")));
}

TEST(LocalCancelTest, AResultThatWasThereIsKept) {
  const TestState state;
  TestOwner owner(state);
  ASSERT_EQ(owner.run("exit 5").error->exit_code, 5);
  TestOwner second(state);
  second.process().cancel(make_cancel());
  EXPECT_EQ(second.reports().wait_ended("t0").error->exit_code, 5);
}

TEST(LocalCancelTest, TheDeadlineEndsATask) {
  const TestState state;
  TestOwner owner(state, {}, short_grace());
  StartAttempt command = make_start("trap '' TERM; while :; do sleep 0.1; done");
  command.timeouts.complete = 200;
  owner.process().start(command);
  EXPECT_EQ(owner.reports().wait_ended("t0").error->code, TaskErrorCode::kTimeoutComplete);
}

TEST(LocalCancelTest, WhatATaskLeavesRunningEndsWithIt) {
  const TestState state;
  const local::Fd ready = state.make_fifo("ready");
  TestOwner owner(state, {}, short_grace());
  // It holds the output pipes open, and would for long.
  const Outcome outcome = owner.run(
      "(setsid sh -c 'echo $$ > " + state.path("ready") +
      "; trap \"\" TERM; while :; do sleep 1000; done' &) ; read x < " + state.path("ready") +
      "; echo $x > " + state.path("ready") + "; echo a=1 > $DYNA_OUTPUTS");
  EXPECT_EQ(outcome.outputs, R"({"a":"1"})");
  EXPECT_TRUE(is_gone(static_cast<pid_t>(std::atoi(read_line(ready).c_str()))));
}

}  // namespace
}  // namespace cordyna::local_test
