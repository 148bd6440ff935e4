#include "input/kafka/position.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

kafka::Facts facts(std::int64_t committed, std::int64_t low, std::int64_t high) {
  return {.partition = {"orders", 3}, .committed = committed, .low = low, .high = high};
}

TEST(KafkaPosition, ComesBackFromItsText) {
  KafkaPosition position{.member = "01-x", .marks = {}};
  EXPECT_EQ(parse_kafka_position(to_text(position)).value(), position);
  position.marks[{"orders", 0}] = {12, 1700000000000};
  position.marks[{"orders", 10}] = {0, -1};
  position.marks[{"a \"quoted\" one", 2}] = {9007199254740993, 5};
  EXPECT_EQ(parse_kafka_position(to_text(position)).value(), position);
  EXPECT_EQ(parse_kafka_position("").value(), KafkaPosition{});
}

TEST(KafkaPosition, OfAnotherInputIsRefused) {
  for (const char* text :
       {"x", "[]", R"({"system":"1","xid":"2","id":"3"})",
        R"({"member":"m","topics":{"o":{"x":[1,2]}}})",
        R"({"member":"m","topics":{"o":{"0":[-1,2]}}})",
        R"({"member":"m","topics":{"o":{"0":[1]}}})", R"({"member":"m","topics":{"o":[1]}})"}) {
    EXPECT_EQ(parse_kafka_position(text).error().code, ErrorCode::kCorrupt) << text;
  }
}

TEST(KafkaStart, WhatNobodyReadIsBegunAsIsWanted) {
  EXPECT_EQ(start_of(facts(-1, 5, 9), {}, false).offset, 5);
  const KafkaStart newest = start_of(facts(-1, 5, 9), {}, true);
  EXPECT_EQ(newest.offset, 9);
  EXPECT_EQ(newest.mark, (KafkaMark{9, -1}));
  EXPECT_TRUE(newest.gap.empty());
}

TEST(KafkaStart, WhoeverIsFurtherCounts) {
  const KafkaStart others = start_of(facts(8, 5, 9), KafkaMark{6, 100}, true);
  EXPECT_EQ(others.offset, 8);
  EXPECT_EQ(others.mark, (KafkaMark{8, -1}));
  EXPECT_FALSE(others.verify);
  const KafkaStart ours = start_of(facts(6, 5, 9), KafkaMark{8, 100}, true);
  EXPECT_EQ(ours.mark, (KafkaMark{8, 100}));
  EXPECT_EQ(ours.offset, 7);  // the record before is looked at once more
  EXPECT_TRUE(ours.verify);
}

TEST(KafkaStart, TheRecordBeforeIsNotLookedAtWhereThereIsNone) {
  const KafkaStart first = start_of(facts(-1, 5, 9), KafkaMark{5, 100}, false);
  EXPECT_EQ(first.offset, 5);
  EXPECT_FALSE(first.verify);
  EXPECT_TRUE(first.gap.empty());
  const KafkaStart end = start_of(facts(-1, 5, 9), KafkaMark{9, 100}, false);
  EXPECT_EQ(end.offset, 8);
  EXPECT_TRUE(end.gap.empty());
}

TEST(KafkaStart, WhatIsMissingIsSaid) {
  EXPECT_EQ(start_of(facts(-1, 5, 9), KafkaMark{2, 100}, false).gap,
            "orders/3 was read up to offset 2, and begins at 5 by now: 3 offsets were deleted "
            "before they were read");
  EXPECT_EQ(start_of(facts(-1, 0, 4), KafkaMark{9, 100}, false).gap,
            "orders/3 was read up to offset 9, and ends at 4: the topic was made anew, or lost "
            "records");
}

}  // namespace
}  // namespace cordyna::input
