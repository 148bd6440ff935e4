#include "step/step_process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace cordyna::step {
namespace {

/// A folder with a report in it, told to this process by its variable.
class StepProcessTest : public ::testing::Test {
 protected:
  StepProcessTest() {
    std::string made = (std::filesystem::temp_directory_path() / "step-XXXXXX").string();
    folder = ::mkdtemp(made.data());
    ::setenv("DYNA_REPORT", report().c_str(), 1);
  }
  ~StepProcessTest() override {
    ::unsetenv("DYNA_REPORT");
    std::filesystem::remove_all(folder);
  }
  [[nodiscard]] std::string report() const { return folder + "/report"; }

  std::string folder;
};

TEST_F(StepProcessTest, AnErrorIsToldInTheReportAndInTheLog) {
  const TaskError error =
      make_task_error(TaskErrorCode::kSourceUnavailable, Phase::kRun, "it is \"away\"");
  testing::internal::CaptureStderr();
  EXPECT_EQ(report_error(error), 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "it is \"away\"\n");
  EXPECT_EQ(read_whole(report()).value_or(""),
            "{\"error\":{\"code\":\"SOURCE_UNAVAILABLE\",\"phase\":\"run\",\"retryable\":true,"
            "\"message\":\"it is \\\"away\\\"\"}}\n");
}

TEST_F(StepProcessTest, WhatMayHoldASecretStandsInTheLogAlone) {
  testing::internal::CaptureStderr();
  (void)report_error(make_task_error(TaskErrorCode::kInternal, Phase::kInfra, "key k3y"),
                     Message::kInLog);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "key k3y\n");
  EXPECT_EQ(read_whole(report()).value_or("").find("k3y"), std::string::npos);
}

TEST_F(StepProcessTest, WithoutAReportNothingIsWrittenAndAFullOneIsAnError) {
  ::unsetenv("DYNA_REPORT");
  EXPECT_TRUE(write_report("{}"));
  EXPECT_FALSE(std::filesystem::exists(report()));
  ::setenv("DYNA_REPORT", "/dev/full", 1);
  EXPECT_EQ(write_report("{}").error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(read_whole(folder + "/none").error().code, ErrorCode::kNotFound);
}

TEST_F(StepProcessTest, SignalsMakeTheDescriptorReadableAndEndNothing) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const int end = end_descriptor({SIGUSR1});
    pollfd ready{end, POLLIN, 0};
    const bool quiet = ::poll(&ready, 1, 0) == 0;
    ::raise(SIGTERM);
    ::raise(SIGUSR1);
    ::_exit(quiet && ::poll(&ready, 1, 0) == 1 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace cordyna::step
