// What happens to attempts when somebody dies: the owner, the fork server, a guardian, the host.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include "process/local/attempt_folder.hpp"
#include "process/local/local_test_support.hpp"

namespace cordyna::local_test {
namespace {

constexpr int kMany = 100;

/// Waits at the gate; counts itself; ends with a code of its own.
std::string gate_script(const TestState& state) {
  return "read x < " + state.path("gate") + "; n=${DYNA_TASK#t}; echo ran >> " +
         state.path("count") + "; echo out $n; echo n=$n > $DYNA_OUTPUTS; exit $((n % 3))";
}

void expect_gate_results(const TestState& state, TestOwner& owner) {
  for (int i = 0; i < kMany; ++i) {
    const Outcome outcome = owner.reports().wait_ended("t" + std::to_string(i));
    if (i % 3 == 0) {
      EXPECT_EQ(outcome.outputs, "{\"n\":\"" + std::to_string(i) + "\"}");
    } else {
      ASSERT_TRUE(outcome.error.has_value()) << i;
      EXPECT_EQ(outcome.error->exit_code, i % 3) << outcome.error->message;
    }
    const std::string log = read_text(state.folder(static_cast<TaskIndex>(i)) + "/log");
    EXPECT_TRUE(log.ends_with(" out " + std::to_string(i) + "\n")) << log;
  }
  EXPECT_EQ(owner.reports().ends(), kMany);
  EXPECT_EQ(read_text(state.path("count")).size(), kMany * std::string("ran\n").size());
}

void adopt_all(const TestState& state, TestOwner& owner) {
  for (int i = 0; i < kMany; ++i) {
    owner.process().adopt(make_start(gate_script(state), static_cast<TaskIndex>(i)));
  }
}

// R38.
TEST(LocalAdoptTest, AHundredShellsOutliveTheirOwner) {
  const TestState state;
  const local::Fd gate = state.make_fifo("gate");
  OwnerChild first(state, kMany, gate_script(state));
  first.kill_now();
  TestOwner owner(state);
  adopt_all(state, owner);
  for (int i = 0; i < kMany; ++i) owner.reports().wait_started("t" + std::to_string(i));
  release(gate, kMany);
  expect_gate_results(state, owner);
}

TEST(LocalAdoptTest, WhatEndsWithoutAnOwnerIsFoundLater) {
  const TestState state;
  const local::Fd gate = state.make_fifo("gate");
  std::vector<local::ProcessId> guardians;
  {
    OwnerChild first(state, kMany, gate_script(state));
    for (TaskIndex i = 0; i < kMany; ++i) {
      guardians.push_back(local::process_info(guardian_pid(state.folder(i)))->id);
    }
  }
  release(gate, kMany);
  for (const local::ProcessId& id : guardians) EXPECT_TRUE(wait_gone(id));
  TestOwner owner(state);
  adopt_all(state, owner);
  expect_gate_results(state, owner);
}

TEST(LocalAdoptTest, AHundredShellsOutliveTheForkServer) {
  const TestState state;
  const local::Fd gate = state.make_fifo("gate");
  TestOwner owner(state);
  for (TaskIndex i = 0; i < kMany - 1; ++i) {
    owner.process().start(make_start(gate_script(state), i));
  }
  for (int i = 0; i < kMany - 1; ++i) owner.reports().wait_started("t" + std::to_string(i));
  std::vector<local::ProcessId> guardians;
  guardians.reserve(kMany);
  for (TaskIndex i = 0; i < kMany - 1; ++i) {
    guardians.push_back(local::process_info(guardian_pid(state.folder(i)))->id);
  }
  const pid_t guardian = guardians[0].pid;
  const auto server = local::process_info(local::process_info(guardian)->parent);
  ASSERT_TRUE(server.has_value());
  kill(server->id.pid, SIGKILL);
  ASSERT_TRUE(wait_gone(server->id));
  // The next one is started by a new server.
  owner.process().start(make_start(gate_script(state), kMany - 1));
  owner.reports().wait_started("t" + std::to_string(kMany - 1));
  release(gate, kMany);
  expect_gate_results(state, owner);
  owner.leave();
  for (const local::ProcessId& id : guardians) EXPECT_TRUE(wait_gone(id));
}

TEST(LocalAdoptTest, OneThatNeverBeganIsStarted) {
  const TestState state;
  TestOwner owner(state);
  owner.process().adopt(make_start("echo a=1 > $DYNA_OUTPUTS"));
  EXPECT_EQ(owner.reports().wait_ended("t0").outputs, R"({"a":"1"})");
}

/// A tree that resists: ignores signals, leaves sessions, forgets its environment.
std::string stubborn_tree(const TestState& state) {
  const std::string ready = state.path("ready");
  return "trap '' TERM INT HUP; echo $$ > " + ready +
         "; (trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > " + ready +
         "; while :; do sleep 1000; done' & ) ;"
         "env -i /usr/bin/setsid /bin/sh -c 'trap \"\" TERM; echo $$ > " +
         ready + "; while :; do /bin/sleep 1000; done' & while :; do sleep 1000; done";
}

std::vector<pid_t> read_pids(const local::Fd& ready, int count) {
  std::vector<pid_t> pids;
  pids.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    pids.push_back(static_cast<pid_t>(std::atoi(read_line(ready).c_str())));
  }
  return pids;
}

// R39.
TEST(LocalAdoptTest, AKilledGuardianIsNoticedAndItsTreeEnded) {
  const TestState state;
  const local::Fd ready = state.make_fifo("ready");
  TestOwner owner(state);
  owner.process().start(make_start(stubborn_tree(state)));
  const std::vector<pid_t> pids = read_pids(ready, 3);
  const auto begin = std::chrono::steady_clock::now();
  kill(guardian_pid(state.folder(0)), SIGKILL);
  const Outcome outcome = owner.reports().wait_ended("t0");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kLost);
  EXPECT_EQ(outcome.error->message, "executor vanished (its guardian was killed)");
  EXPECT_TRUE(outcome.error->retryable);
  for (const pid_t pid : pids) EXPECT_TRUE(wait_gone({pid, 0}) || is_gone(pid)) << pid;
}

TEST(LocalAdoptTest, AGuardianKilledWithoutAnOwnerIsFoundLost) {
  const TestState state;
  const local::Fd ready = state.make_fifo("ready");
  OwnerChild first(state, 1, stubborn_tree(state));
  const std::vector<pid_t> pids = read_pids(ready, 3);
  first.kill_now();
  kill(guardian_pid(state.folder(0)), SIGKILL);
  TestOwner owner(state);
  owner.process().adopt(make_start("true"));
  EXPECT_EQ(owner.reports().wait_ended("t0").error->code, TaskErrorCode::kLost);
  for (const pid_t pid : pids) {
    const auto info = local::process_info(pid);
    EXPECT_TRUE(!info.has_value() || wait_gone(info->id)) << pid;
  }
}

// R41.
TEST(LocalAdoptTest, NothingRunsAfterARestartOfTheHost) {
  const TestState state;
  TestOwner owner(state);
  std::filesystem::create_directories(state.folder(0));
  const local::ProcessId self = local::process_info(getpid())->id;
  write_text(state.folder(0) + "/guardian", local::guardian_text(self, "boot-before-this"));
  owner.process().adopt(make_start("true"));
  EXPECT_EQ(owner.reports().wait_ended("t0").error->message,
            "executor vanished (the host was restarted)");
}

// R40.
TEST(LocalAdoptTest, AStrangerWithTheSameNumberIsNeverSignalled) {
  const TestState state;
  const pid_t stranger = fork();
  if (stranger == 0) {
    setsid();  // even its session has the number
    while (true) pause();
  }
  const local::ProcessId id = local::process_info(stranger)->id;
  TestOwner owner(state);
  for (TaskIndex task = 0; task < 2; ++task) {
    std::filesystem::create_directories(state.folder(task));
    write_text(state.folder(task) + "/guardian",
               local::guardian_text({id.pid, id.start + task}, local::boot_id()));
  }
  owner.process().adopt(make_start("true", 0));
  owner.process().cancel(make_cancel(1));
  EXPECT_EQ(owner.reports().wait_ended("t0").error->code, TaskErrorCode::kLost);
  EXPECT_EQ(owner.reports().wait_ended("t1").state, AttemptState::kCancelled);
  EXPECT_FALSE(is_gone(stranger));
  kill(stranger, SIGKILL);
  waitpid(stranger, nullptr, 0);
}

TEST(LocalAdoptTest, TheDeadlineHoldsWithoutAnOwner) {
  const TestState state;
  OwnerChild first(state, 1, "echo waiting >&2; sleep 1000", 300);
  const auto guardian = local::process_info(guardian_pid(state.folder(0)));
  first.kill_now();
  EXPECT_TRUE(!guardian.has_value() || wait_gone(guardian->id));
  TestOwner owner(state);
  owner.process().adopt(make_start("true"));
  const Outcome outcome = owner.reports().wait_ended("t0");
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kTimeoutComplete);
  EXPECT_TRUE(outcome.error->message.ends_with(": waiting")) << outcome.error->message;
}

TEST(LocalAdoptTest, AnOwnerThatLeavesIsFollowedByTheNext) {
  const TestState state;
  const local::Fd gate = state.make_fifo("gate");
  const std::string script = "read x < " + state.path("gate") + "; echo a=1 > $DYNA_OUTPUTS";
  TestOwner first(state);
  first.process().start(make_start(script));
  first.reports().wait_started("t0");
  first.leave();
  TestOwner second(state);
  second.process().adopt(make_start(script));
  second.reports().wait_started("t0");
  release(gate);
  EXPECT_EQ(second.reports().wait_ended("t0").outputs, R"({"a":"1"})");
  EXPECT_EQ(first.reports().ends(), 0);
}

}  // namespace
}  // namespace cordyna::local_test
