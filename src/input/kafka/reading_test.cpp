#include "input/kafka/reading.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cordyna::input {
namespace {

/// Keeps the positions that it is sent.
class Sink final : public EventSink {
 public:
  Result<> send(std::span<const Event> /*events*/, std::string position) override {
    if (full) return fail(ErrorCode::kNoSpace, "full");
    positions.push_back(std::move(position));
    return {};
  }
  std::string position() const override { return {}; }
  std::vector<std::string> positions;
  bool full = false;
};

const kafka::Partition kOrders{"orders", 0};

kafka::Facts bounds(std::int64_t low, std::int64_t high, std::int64_t committed = -1) {
  return {.partition = kOrders, .committed = committed, .low = low, .high = high};
}

kafka::Record record_at(std::int64_t offset, std::int64_t at) {
  return {.partition = kOrders, .offset = offset, .at = at};
}

std::vector<std::int64_t> begin(Reading& reading, const kafka::Facts& given) {
  return reading.begin(std::span(&given, 1)).value();
}

KafkaPosition at(std::int64_t next, std::int64_t time) {
  return {.member = "m", .marks = {{kOrders, {next, time}}}};
}

TEST(KafkaReading, WhereItBeginsIsKeptBeforeAnyRecord) {
  Sink sink;
  Reading reading({.member = "m", .marks = {}}, true, false, sink);
  EXPECT_EQ(begin(reading, bounds(2, 7)), std::vector<std::int64_t>{7});
  ASSERT_EQ(sink.positions.size(), 1U);
  EXPECT_EQ(parse_kafka_position(sink.positions[0]).value(), at(7, -1));
  EXPECT_EQ(reading.changes().size(), 1U);
  EXPECT_TRUE(reading.changes().empty());
  // A partition that is added is not one of "the newest alone".
  const kafka::Facts added{.partition = {"orders", 1}, .low = 0, .high = 4};
  EXPECT_EQ(begin(reading, added), std::vector<std::int64_t>{0});
}

TEST(KafkaReading, WithoutAPlaceForItNothingBegins) {
  Sink sink;
  sink.full = true;
  Reading reading(at(3, 30), false, false, sink);
  const kafka::Facts given = bounds(0, 7);
  EXPECT_EQ(reading.begin(std::span(&given, 1)).error().code, ErrorCode::kNoSpace);
  EXPECT_FALSE(reading.take(record_at(3, 40)).value());
}

TEST(KafkaReading, EachRecordIsTakenOnce) {
  Sink sink;
  Reading reading(at(3, 30), false, false, sink);
  EXPECT_EQ(begin(reading, bounds(0, 7)), std::vector<std::int64_t>{2});
  EXPECT_FALSE(reading.take(record_at(2, 30)).value());  // the one before
  EXPECT_TRUE(reading.take(record_at(3, 40)).value());
  EXPECT_FALSE(reading.take(record_at(3, 40)).value());
  EXPECT_TRUE(reading.take(record_at(6, 50)).value());  // compaction leaves holes
  EXPECT_EQ(reading.position(), at(7, 50));
}

TEST(KafkaReading, WhatIsAnotherMembersByNowIsNotTaken) {
  Sink sink;
  Reading reading(at(3, 30), false, false, sink);
  begin(reading, bounds(0, 7));
  EXPECT_TRUE(reading.take(record_at(3, 40)).value());
  reading.end(std::array{kOrders});
  EXPECT_FALSE(reading.take(record_at(4, 50)).value());
  EXPECT_EQ(reading.position(), at(4, 40));
  // It comes back, and the other one was further.
  EXPECT_EQ(begin(reading, bounds(0, 9, 6)), std::vector<std::int64_t>{6});
  EXPECT_FALSE(reading.take(record_at(5, 50)).value());
  EXPECT_TRUE(reading.take(record_at(6, 60)).value());
}

TEST(KafkaReading, ATopicThatWasMadeAnewIsFoundByTheTimeOfItsRecord) {
  Sink sink;
  Reading reading(at(3, 30), false, false, sink);
  begin(reading, bounds(0, 7));
  const auto taken = reading.take(record_at(2, 31));
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_NE(taken.error().message.find("over_gaps"), std::string::npos);
  // Whoever wants to go on reads it from its beginning the next time.
  Reading bold(at(3, 30), false, true, sink);
  begin(bold, bounds(0, 7));
  EXPECT_EQ(bold.take(record_at(2, 31)).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(parse_kafka_position(sink.positions.back()).value(), at(0, kBegunAnew));
  // What the group committed of the topic before is nothing to this one.
  Reading next(at(0, kBegunAnew), false, true, sink);
  EXPECT_EQ(begin(next, bounds(0, 7, 3)), std::vector<std::int64_t>{0});
  EXPECT_TRUE(next.take(record_at(0, 31)).value());
  EXPECT_EQ(next.position(), at(1, 31));
}

TEST(KafkaReading, AGapStopsUnlessItIsWantedToGoOn) {
  Sink sink;
  const kafka::Facts given = bounds(5, 9);
  Reading careful(at(3, 30), false, false, sink);
  EXPECT_EQ(careful.begin(std::span(&given, 1)).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(sink.positions.empty());
  Reading bold(at(3, 30), false, true, sink);
  EXPECT_EQ(begin(bold, given), std::vector<std::int64_t>{5});
  EXPECT_EQ(bold.position(), at(5, kBegunAnew));
  EXPECT_TRUE(bold.take(record_at(5, 60)).value());
}

}  // namespace
}  // namespace cordyna::input
