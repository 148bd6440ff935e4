#include "engine/retry.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cordyna::engine {
namespace {

TaskError exit_error(int code) {
  TaskError error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit");
  error.exit_code = code;
  return error;
}

TEST(RetryTest, TheFirstAttemptIsCounted) {
  const Retry retry{.attempts = 3};
  EXPECT_TRUE(should_retry(retry, 1, exit_error(1)));
  EXPECT_TRUE(should_retry(retry, 2, exit_error(1)));
  EXPECT_FALSE(should_retry(retry, 3, exit_error(1)));
  EXPECT_FALSE(should_retry(Retry{}, 1, exit_error(1)));
}

TEST(RetryTest, OnNamesExitCodesKindsAndCodes) {
  const auto lost = make_task_error(TaskErrorCode::kLost, Phase::kInfra, "lost");
  const auto check = make_task_error(TaskErrorCode::kCheckFailed, Phase::kRun, "check");
  EXPECT_TRUE(should_retry({.attempts = 2, .on = {"75"}}, 1, exit_error(75)));
  EXPECT_FALSE(should_retry({.attempts = 2, .on = {"75"}}, 1, exit_error(7)));
  EXPECT_TRUE(should_retry({.attempts = 2, .on = {"lost"}}, 1, lost));
  EXPECT_FALSE(should_retry({.attempts = 2, .on = {"timeout"}}, 1, lost));
  EXPECT_TRUE(should_retry({.attempts = 2, .on = {"CHECK_FAILED"}}, 1, check));
  EXPECT_FALSE(should_retry({.attempts = 2}, 1, check))
      << "not retryable, and nobody said otherwise";
}

TEST(RetryTest, TheWholeTimeIsNeverRetried) {
  const auto total = make_task_error(TaskErrorCode::kTimeoutTotal, Phase::kRun, "over");
  EXPECT_FALSE(should_retry({.attempts = 9, .on = {"timeout"}}, 1, total));
}

TEST(RetryTest, ExponentialDelaysDoubleUpToTheBound) {
  const Retry retry{
      .attempts = 9, .delay = 1000, .backoff = Backoff::kExponential, .max_delay = 5000};
  EXPECT_EQ(retry_delay(retry, 1, "s"), 1000);
  EXPECT_EQ(retry_delay(retry, 2, "s"), 2000);
  EXPECT_EQ(retry_delay(retry, 3, "s"), 4000);
  EXPECT_EQ(retry_delay(retry, 4, "s"), 5000);
  EXPECT_EQ(retry_delay(retry, 4'000'000'000, "s"), 5000);
}

TEST(RetryTest, AnEndlessExponentStaysANumber) {
  const Retry retry{
      .attempts = 100, .delay = 1'000'000'000, .backoff = Backoff::kExponential, .jitter = true};
  EXPECT_GT(retry_delay(retry, 90, "s"), 0);
}

TEST(RetryTest, JitterAddsUpToHalfAndDependsOnTheSeedAlone) {
  const Retry retry{.attempts = 2, .delay = 1000, .jitter = true};
  std::set<Millis> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string seed = "run" + std::to_string(i);
    const Millis delay = retry_delay(retry, 1, seed);
    EXPECT_GE(delay, 1000);
    EXPECT_LE(delay, 1500);
    EXPECT_EQ(delay, retry_delay(retry, 1, seed));
    seen.insert(delay);
  }
  EXPECT_GT(seen.size(), 100u);
}

TEST(RetryTest, RandomDelaysLieBetweenDelayAndBound) {
  const Retry retry{.attempts = 2, .delay = 100, .backoff = Backoff::kRandom, .max_delay = 400};
  for (std::uint32_t i = 1; i < 100; ++i) {
    EXPECT_GE(retry_delay(retry, i, "x"), 100);
    EXPECT_LE(retry_delay(retry, i, "x"), 400);
  }
}

}  // namespace
}  // namespace cordyna::engine
