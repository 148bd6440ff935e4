#include "cerebro/gatherer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cordyna {
namespace {

EventRow event_of(EventNo no, Millis at, const std::string& trigger = "t") {
  EventRow row;
  row.no = no;
  row.flow_id = "f";
  row.trigger = trigger;
  row.event_id = std::to_string(no);
  row.at = at;
  row.payload = "{}";
  return row;
}

std::string numbers(const std::vector<EventRow>& events) {
  std::string out;
  for (const EventRow& event : events) out += fmt::format("{} ", event.no);
  return out;
}

constexpr GatherSpec kBatch{.max = 3, .within = 100};
constexpr GatherSpec kQuiet{.max = 4, .debounce = 100};

TEST(Gatherer, ABatchIsDueAfterItsFirst) {
  Gatherer gatherer;
  EXPECT_EQ(gatherer.next(), std::nullopt);
  EXPECT_TRUE(gatherer.add(1000, event_of(1, 1000), kBatch).empty());
  EXPECT_TRUE(gatherer.add(1050, event_of(2, 1050), kBatch).empty());
  EXPECT_EQ(gatherer.next(), 1100);
  EXPECT_TRUE(gatherer.take_due(1099).empty());
  EXPECT_EQ(numbers(gatherer.take_due(1100)), "1 2 ");
  EXPECT_TRUE(gatherer.empty());
  EXPECT_EQ(gatherer.next(), std::nullopt);
}

TEST(Gatherer, AWholeBatchIsGivenAtOnce) {
  Gatherer gatherer;
  EXPECT_TRUE(gatherer.add(1000, event_of(1, 1000), kBatch).empty());
  EXPECT_TRUE(gatherer.add(1000, event_of(2, 1000, "other"), kBatch).empty());
  EXPECT_TRUE(gatherer.add(1000, event_of(3, 1000), kBatch).empty());
  EXPECT_EQ(numbers(gatherer.add(1000, event_of(4, 1000), kBatch)), "1 3 4 ");
  EXPECT_EQ(numbers(gatherer.take_due(1100)), "2 ");
  EXPECT_TRUE(gatherer.take_due(9999).empty());
}

TEST(Gatherer, ADebounceIsDueAfterItsLastAndKeepsThatPayloadAlone) {
  Gatherer gatherer;
  EXPECT_TRUE(gatherer.add(1000, event_of(1, 1000), kQuiet).empty());
  EXPECT_TRUE(gatherer.add(1099, event_of(2, 1099), kQuiet).empty());
  EXPECT_EQ(gatherer.next(), 1199);
  const std::vector<EventRow> due = gatherer.take_due(1199);
  ASSERT_EQ(numbers(due), "1 2 ");
  EXPECT_EQ(due[0].payload, "");
  EXPECT_EQ(due[1].payload, "{}");
}

TEST(Gatherer, WhatIsLargeDoesNotWait) {
  Gatherer gatherer;
  EventRow large = event_of(1, 1000);
  large.payload = std::string(kGatheredBytes, ' ');
  EXPECT_EQ(numbers(gatherer.add(1000, large, kBatch)), "1 ");
  EXPECT_TRUE(gatherer.empty());
  // Of many triggers each has little, and all together too much.
  large.payload.resize(kGatheredBytes - 1);
  std::size_t given = 0;
  for (int i = 0; i < 40; ++i) {
    large.trigger = std::to_string(i);
    given += gatherer.add(1000, large, kBatch).size();
  }
  EXPECT_GE(given, 20U);
}

TEST(Gatherer, AClockThatWasPutBackHoldsNobodyUp) {
  Gatherer gatherer;
  EXPECT_TRUE(gatherer.add(500, event_of(1, 1'000'000), kBatch).empty());
  EXPECT_EQ(gatherer.next(), 600);
  gatherer.clear();
  EXPECT_EQ(gatherer.next(), std::nullopt);
}

}  // namespace
}  // namespace cordyna
