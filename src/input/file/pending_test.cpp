#include "input/file/pending.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

using Paths = std::vector<std::string>;

Found file(std::int64_t size, std::uint64_t links = 1) {
  return {FoundKind::kFile, {.size = size, .links = links}};
}

TEST(PendingFiles, WhatIsHeardOfWaitsUntilNothingMoreIs) {
  Pending pending(2'000);
  EXPECT_EQ(pending.next(), std::nullopt);
  pending.touch("a", Touch::kWritten, 1'000);
  pending.touch("a", Touch::kClosed, 1'500);
  EXPECT_EQ(pending.next(), 3'500);
  EXPECT_EQ(pending.due(3'499, 9), Paths{});
  EXPECT_EQ(pending.due(3'500, 9), Paths{"a"});
  EXPECT_TRUE(pending.has_settled("a", file(1), 3'500));
  pending.drop("a");
  EXPECT_EQ(pending.size(), 0U);
}

TEST(PendingFiles, WhoWritesSlowlyIsWaitedForButNotForEver) {
  Pending pending(2'000);
  pending.touch("a", Touch::kWritten, 0);
  EXPECT_FALSE(pending.has_settled("a", file(1), 2'000));
  EXPECT_EQ(pending.next(), 30'000);
  EXPECT_TRUE(pending.has_settled("a", file(1), 30'000));
  pending.touch("b", Touch::kWritten, 0);
  EXPECT_TRUE(pending.has_settled("b", file(1, 2), 2'000)) << "a link, which nobody opened";
  EXPECT_TRUE(pending.has_settled("b", Found(), 2'000));
}

TEST(PendingFiles, ARenamedOneCountsAtOnceUnlessItIsWrittenTo) {
  Pending pending(2'000);
  pending.touch("a", Touch::kMoved, 10);
  EXPECT_EQ(pending.due(10, 9), Paths{"a"});
  EXPECT_TRUE(pending.has_settled("a", file(1), 10));
  pending.touch("a", Touch::kWritten, 20);
  EXPECT_EQ(pending.next(), 2'020);
}

TEST(PendingFiles, WhatAScanFoundMustLookTheSameForSoLong) {
  Pending pending(2'000);
  pending.find("a", file(1), 0);
  pending.find("a", file(7), 500);
  EXPECT_FALSE(pending.has_settled("a", file(2), 2'000));
  EXPECT_EQ(pending.next(), 4'000);
  EXPECT_TRUE(pending.has_settled("a", file(2), 4'000));
}

TEST(PendingFiles, AfterADoubtAllAreLookedAtTwice) {
  Pending pending(2'000);
  pending.touch("a", Touch::kMoved, 0);
  pending.doubt(5);
  EXPECT_EQ(pending.due(5, 9), Paths{"a"});
  EXPECT_FALSE(pending.has_settled("a", file(1), 5));
  EXPECT_TRUE(pending.has_settled("a", file(1), 2'005));
}

TEST(PendingFiles, TheyAreDueInTheirOrderAndByPages) {
  Pending pending(10);
  for (const char* path : {"c", "a", "b"}) pending.find(path, Found(), 0);
  pending.find("first", Found(), -1);
  pending.put_off("a", 50);
  EXPECT_EQ(pending.due(10, 2), (Paths{"first", "b"}));
  EXPECT_EQ(pending.due(100, 9), (Paths{"first", "b", "c", "a"}));
}

}  // namespace
}  // namespace cordyna::input
