#include "input/delivery.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cordyna::input {
namespace {

/// Refuses events whose data is "bad", and, once it is told so, all.
class PickySink final : public EventSink {
 public:
  Result<> send(std::span<const Event> events, std::string position) override {
    if (broken) return fail(ErrorCode::kUnavailable, "gone");
    for (const Event& event : events) {
      if (event.data == "bad") return fail(ErrorCode::kInvalidArgument, "it is bad");
    }
    for (const Event& event : events) story += event.data + " ";
    story += "@" + position + " ";
    return {};
  }
  std::string position() const override { return {}; }
  std::string story;
  bool broken = false;
};

Event event_with(std::string data) {
  return {.location = "x", .data = std::move(data)};
}

Result<> delivered(EventSink& sink, const std::vector<Event>& events) {
  return deliver(
      sink, events, [](std::size_t i) { return std::to_string(i); },
      [](std::size_t i, std::string_view why) {
        return event_with("instead of " + std::to_string(i) + ": " + std::string(why));
      });
}

TEST(Delivery, AllGoTogetherWithThePositionOfTheLast) {
  PickySink sink;
  EXPECT_TRUE(delivered(sink, {event_with("a"), event_with("b")}).has_value());
  EXPECT_TRUE(delivered(sink, {}).has_value());
  EXPECT_EQ(sink.story, "a b @1 ");
}

TEST(Delivery, OneThatIsRefusedHoldsUpNoOther) {
  PickySink sink;
  EXPECT_TRUE(delivered(sink, {event_with("a"), event_with("bad"), event_with("c")}).has_value());
  EXPECT_EQ(sink.story, "a @0 instead of 1: it is bad @1 c @2 ");
}

TEST(Delivery, WhatIsNoFaultOfAnEventEndsIt) {
  PickySink sink;
  sink.broken = true;
  EXPECT_EQ(delivered(sink, {event_with("bad")}).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace cordyna::input
