#include <gtest/gtest.h>

#include "redis/connection.hpp"

namespace cordyna::redis {
namespace {

TEST(Target, IsReadFromAnAddress) {
  const auto all = parse_target("rediss://ts-a@redis1:7000/3");
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->user, "ts-a");
  EXPECT_EQ(all->host, "redis1");
  EXPECT_EQ(all->port, 7000);
  EXPECT_EQ(all->database, 3U);
  EXPECT_TRUE(all->tls);
  EXPECT_EQ(all->text(), "redis1:7000");
  const auto least = parse_target("redis://[::1]");
  ASSERT_TRUE(least.has_value());
  EXPECT_EQ(least->text(), "[::1]:6379");
  EXPECT_FALSE(least->tls);
  EXPECT_TRUE(parse_target("redis://h:1/").has_value());
}

TEST(Target, WhatIsNoneIsRefusedWithoutBeingQuoted) {
  for (const char* wrong : {"", "http://h", "redis://", "redis://u:s3cret@h", "redis://h:0",
                            "redis://h:x", "redis://h:70000", "redis://h/x", "redis://@h"}) {
    const auto read = parse_target(wrong);
    ASSERT_FALSE(read.has_value()) << wrong;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(read.error().message.contains("s3cret"));
  }
}

}  // namespace
}  // namespace cordyna::redis
