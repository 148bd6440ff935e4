// Attempts that go over their `resources`, with control groups and without.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "process/local/cgroup.hpp"
#include "process/local/local_test_support.hpp"

namespace cordyna::local_test {
namespace {

constexpr std::uint64_t kLimit = 64'000'000;

// A python that fills twice the limit, page by page.
constexpr const char* kGlutton =
    "exec python3 -c \"b = []\nfor i in range(128): b.append(bytearray(b'x') * 1000000)\"";

StartAttempt bounded(const std::string& script, const Resources& resources) {
  StartAttempt start = make_start(script);
  Flow flow = *start.flow;
  flow.tasks[0].resources = resources;
  start.flow = std::make_shared<const Flow>(std::move(flow));
  return start;
}

Outcome run_bounded(const TestState& state, const std::string& script, const Resources& resources,
                    bool groups) {
  LocalSettings settings;
  settings.use_groups = groups;
  TestOwner owner(state, {}, settings);
  owner.process().start(bounded(script, resources));
  return owner.reports().wait_ended("t0");
}

bool has_memory_groups() {
  return local::describe_groups().memory_grouped;
}

/// Of one guardian: other programs may have some of their own.
int groups_left(pid_t guardian) {
  int count = 0;
  const std::string folder = local::find_groups().memory.folder;
  if (folder.empty()) return 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    const bool ours = name.find("-" + std::to_string(guardian) + "-") != std::string::npos;
    if (name.starts_with("cordyna-") && ours) ++count;
  }
  return count;
}

TEST(LocalLimitsTest, MemoryOfAGroup) {
  if (!has_memory_groups()) GTEST_SKIP() << local::describe_groups().memory;
  const TestState state;
  const Outcome outcome = run_bounded(state, kGlutton, {0, kLimit, 0, 0}, true);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kOutOfMemory);
  EXPECT_TRUE(outcome.error->message.starts_with("out of memory: used 64 MB of 64 MB"))
      << outcome.error->message;
  EXPECT_TRUE(outcome.error->retryable);
}

// The kernel ends one process; a shell that goes on without it must not end well.
TEST(LocalLimitsTest, ATaskThatGoesOnWithoutItsProcessIsEndedToo) {
  if (!has_memory_groups()) GTEST_SKIP() << local::describe_groups().memory;
  const TestState state;
  const std::string glutton(kGlutton);
  const Outcome outcome =
      run_bounded(state, "(" + glutton + ") || true; exec sleep 1000", {0, kLimit, 0, 0}, true);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kOutOfMemory);
}

TEST(LocalLimitsTest, WithinItsLimitsATaskCompletesAndNoGroupStays) {
  const TestState state;
  const Resources resources{500, kLimit, 1'000'000'000, 600'000};
  EXPECT_EQ(run_bounded(state, "echo $PPID > " + state.path("guardian"), resources, true).state,
            AttemptState::kCompleted);
  const int guardian = std::atoi(read_text(state.path("guardian")).c_str());
  EXPECT_GT(guardian, 0);
  EXPECT_EQ(groups_left(guardian), 0);
}

TEST(LocalLimitsTest, ACancelledTaskLeavesNoGroup) {
  const TestState state;
  const local::Fd ready = state.make_fifo("ready");
  LocalSettings settings;
  settings.kill_grace = 200;
  TestOwner owner(state, {}, settings);
  owner.process().start(bounded("trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo $$ > " +
                                    state.path("ready") + "; while :; do sleep 1000; done' & ); " +
                                    "while :; do sleep 1000; done",
                                {500, kLimit, 0, 0}));
  const auto pid = static_cast<pid_t>(std::atoi(read_line(ready).c_str()));
  const pid_t guardian = guardian_pid(state.folder(0));
  owner.process().cancel(make_cancel());
  EXPECT_EQ(owner.reports().wait_ended("t0").state, AttemptState::kCancelled);
  EXPECT_TRUE(is_gone(pid));
  EXPECT_EQ(groups_left(guardian), 0);
}

TEST(LocalLimitsTest, AGroupOfAKilledGuardianIsRemoved) {
  const TestState state;
  const local::Fd ready = state.make_fifo("ready");
  TestOwner owner(state);
  owner.process().start(
      bounded("echo up > " + state.path("ready") + "; exec sleep 1000", {500, kLimit, 0, 0}));
  EXPECT_EQ(read_line(ready), "up");
  const pid_t guardian = guardian_pid(state.folder(0));
  ASSERT_EQ(kill(guardian, SIGKILL), 0);
  EXPECT_EQ(owner.reports().wait_ended("t0").error->code, TaskErrorCode::kLost);
  owner.leave();
  state.wait_unused();
  EXPECT_EQ(groups_left(guardian), 0);
}

TEST(LocalLimitsTest, MemoryWithoutGroups) {
  const TestState state;
  const Outcome outcome = run_bounded(state, kGlutton, {0, kLimit, 0, 0}, false);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kOutOfMemory);
  EXPECT_EQ(outcome.error->message,
            "out of memory: a process wanted more than its 64 MB: MemoryError");
}

TEST(LocalLimitsTest, AnotherFailureIsNotBlamedOnMemory) {
  const TestState state;
  const Outcome outcome = run_bounded(state, "echo wrong >&2; exit 3", {0, kLimit, 0, 0}, false);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kExitNonzero);
  EXPECT_EQ(outcome.error->exit_code, 3);
}

TEST(LocalLimitsTest, CpuTime) {
  const TestState state;
  const Outcome outcome = run_bounded(state, "while :; do :; done", {0, 0, 0, 1000}, false);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kTimeoutComplete);
  EXPECT_EQ(outcome.error->message, "out of CPU time: a process used all of its 1.0s");
}

TEST(LocalLimitsTest, FileSize) {
  const TestState state;
  const Outcome outcome = run_bounded(state, "head -c 3000000 /dev/zero > " + state.path("large"),
                                      {0, 0, 2'000'000, 0}, true);
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, TaskErrorCode::kNoSpace) << outcome.error->message;
  EXPECT_TRUE(outcome.error->message.starts_with("a file grew larger than its 2 MB"))
      << outcome.error->message;
  EXPECT_LE(std::filesystem::file_size(state.path("large")), 2'000'000U);
}

}  // namespace
}  // namespace cordyna::local_test
