#include "event_container/event_lock.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>

namespace cordyna::event_container {
namespace {

TEST(EventLock, IsOnesAloneUntilItGoes) {
  const std::string name = "/d.sock test " + std::to_string(::getpid());
  {
    auto first = EventLock::take(name);
    ASSERT_TRUE(first.has_value()) << first.error().message;
    const EventLock moved = *std::move(first);
    EXPECT_EQ(EventLock::take(name).error().code, ErrorCode::kConflict);
    EXPECT_TRUE(EventLock::take(name + " other").has_value());
  }
  EXPECT_TRUE(EventLock::take(name).has_value());
}

}  // namespace
}  // namespace cordyna::event_container
