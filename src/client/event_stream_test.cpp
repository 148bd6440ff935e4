#include "client/event_stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cordyna::client {
namespace {

std::vector<Event> events_of(std::string_view text, std::size_t piece) {
  std::vector<Event> events;
  EventStream stream([&events](const Event& event) {
    events.push_back(event);
    return true;
  });
  for (std::size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE(stream.feed(text.substr(at, piece)).has_value());
  }
  return events;
}

TEST(EventStreamTest, PiecesMayEndAnywhere) {
  constexpr std::string_view kText =
      "retry: 1000\n\n"
      ": a comment\n"
      "id: 1\nevent: update\ndata: {\"a\":\ndata: 1}\n\n"
      "data:x\r\n\r\n"
      "id: 3\r\revent: end\rdata\r\r"
      "data: without an end";
  const std::vector<Event> expected{
      {"update", "{\"a\":\n1}", "1"}, {"message", "x", "1"}, {"end", "", "3"}};
  for (std::size_t piece = 1; piece <= kText.size(); ++piece) {
    EXPECT_EQ(events_of(kText, piece), expected) << "in pieces of " << piece;
  }
}

TEST(EventStreamTest, WhoeverWantsNoMoreGetsNoMore) {
  int count = 0;
  EventStream stream([&count](const Event&) { return ++count < 2; });
  ASSERT_TRUE(stream.feed("data: 1\n\ndata: 2\n\ndata: 3\n\n").has_value());
  EXPECT_EQ(count, 2);
  EXPECT_TRUE(stream.is_over());
}

TEST(EventStreamTest, AnEventWithoutAnEndIsRefused) {
  EventStream stream([](const Event&) { return true; });
  const std::string line = "data: " + std::string(EventStream::kEventBytesMax / 2, 'a') + "\n";
  ASSERT_TRUE(stream.feed(line).has_value());
  const auto fed = stream.feed(line);
  ASSERT_FALSE(fed.has_value());
  EXPECT_EQ(fed.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cordyna::client
