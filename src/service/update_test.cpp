#include "service/update.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "service/update_fixture.hpp"

namespace cordyna {
namespace {

using namespace testing_support;

std::string json(const Update& update) {
  std::string out;
  append_json(out, update);
  return out;
}

TEST(UpdateTest, GoesOverTheSocketAndBack) {
  Update sent = task_update(kNoon + 123, 42, "load \"x\"", TaskState::kError, "line\nbreak", 3);
  sent.attempt_state = AttemptState::kFailed;
  sent.error = std::make_shared<TaskError>(
      TaskError{TaskErrorCode::kExitNonzero, "exit code 3", Phase::kRun, true, "team", 3});
  const auto got = parse_update(json(sent));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(json(*got), json(sent));
  EXPECT_EQ(got->at, sent.at);
  EXPECT_EQ(got->task, sent.task);
  EXPECT_EQ(got->detail, sent.detail);
  ASSERT_NE(got->error, nullptr);
  EXPECT_EQ(*got->error, *sent.error);
}

TEST(UpdateTest, OfARunHasNoTask) {
  const auto got = parse_update(json(run_update(kNoon, 1, RunState::kWarning)));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->run_state, RunState::kWarning);
  EXPECT_FALSE(got->task_state.has_value());
  EXPECT_EQ(got->run, 7);
}

TEST(UpdateTest, WhatIsNoObjectIsRefused) {
  for (const char* text : {"", "[]", "{", "nul", "{\"at\":}"}) {
    const auto got = parse_update(text);
    ASSERT_FALSE(got.has_value()) << text;
    EXPECT_EQ(got.error().code, ErrorCode::kCorrupt);
  }
}

TEST(UpdateTest, WrongTypesOfKnownKeysAreAsIfNotThere) {
  const auto got = parse_update(R"({"at":5,"run":"x","task":"a","state":7,"error":[]})");
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->at, 0);
  EXPECT_EQ(got->run, 0);
  EXPECT_FALSE(got->task_state.has_value());
  EXPECT_EQ(got->error, nullptr);
}

TEST(UpdateTest, AnAttemptThatFailedWithoutTheTaskIsBetweenAttempts) {
  Update update = task_update(kNoon, 1, "a", TaskState::kError);
  update.attempt_state = AttemptState::kFailed;
  EXPECT_FALSE(is_between_attempts(update));
  update.task_state.reset();
  EXPECT_TRUE(is_between_attempts(update));
}

}  // namespace
}  // namespace cordyna
