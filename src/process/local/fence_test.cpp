#include "process/local/fence.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <future>

#include "process/local/files.hpp"
#include "process/local/local_test_support.hpp"

namespace cordyna::local {
namespace {

class FenceTest : public testing::Test {
 protected:
  [[nodiscard]] const std::string& folder() const { return state_.layout().folder(); }

  local_test::TestState state_;
  const Fd state_folder_ = open_folder(AT_FDCWD, folder().c_str());
  const Fd fence_ = open_fence(state_folder_.get());
};

TEST_F(FenceTest, EachOwnerRaisesIt) {
  EXPECT_EQ(raise_fence(folder()).value(), 1U);
  EXPECT_EQ(raise_fence(folder()).value(), 2U);
}

TEST_F(FenceTest, OnlyTheLatestOwnersOrdersPass) {
  const std::uint64_t first = raise_fence(folder()).value();
  EXPECT_EQ(lock_fence(fence_, first), 0);
  unlock_fence(fence_);
  const std::uint64_t second = raise_fence(folder()).value();
  EXPECT_EQ(lock_fence(fence_, first), ESTALE);
  EXPECT_EQ(lock_fence(fence_, second), 0);
  unlock_fence(fence_);
}

TEST_F(FenceTest, ItIsNotRaisedWhileAnAttemptBegins) {
  ASSERT_EQ(lock_fence(fence_, 0), 0);
  auto raised = std::async(std::launch::async, [this] { return raise_fence(folder()); });
  const Fd other = open_fence(state_folder_.get());
  EXPECT_EQ(lock_fence(other, 0), 0);  // several may begin at once, and the number still stands
  unlock_fence(other);
  unlock_fence(fence_);
  EXPECT_EQ(raised.get().value(), 1U);
}

TEST_F(FenceTest, WhatCannotBeRaisedSaysWhy) {
  const auto missing = raise_fence(folder() + "/missing");
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().message.find("missing/fence: No such file"), std::string::npos)
      << missing.error().message;
}

}  // namespace
}  // namespace cordyna::local
