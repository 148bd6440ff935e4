#include "input/poll/cursor.hpp"

#include <gtest/gtest.h>

#include "input/poll/position.hpp"

namespace cordyna::input {
namespace {

PollCursor number(std::string text) {
  return {true, std::move(text)};
}
PollCursor text(std::string of) {
  return {false, std::move(of)};
}

TEST(PollCursor, IsOrderedByItsValue) {
  const std::vector<PollCursor> rising = {
      number("-100"),
      number("-9"),
      number("-0.5"),
      number("0"),
      number("9"),
      number("10"),
      number("10.25"),
      number("9007199254740993"),
      number("9007199254740994"),
      number("123456789012345678901234567890"),
      text("2026-01-01T00:00:00+01:00"),
      text("2026-01-01T00:00:00Z"),
      text("2026-01-01T00:00:00.000001Z"),
      text("2026-01-01T00:00:00.5Z"),
      text("2026-01-01T00:00:01Z"),
  };
  for (std::size_t i = 0; i < rising.size(); ++i) {
    for (std::size_t j = 0; j < rising.size(); ++j) {
      EXPECT_EQ(order(rising[i], rising[j]), std::weak_order(i, j))
          << rising[i].text << " " << rising[j].text;
    }
  }
}

TEST(PollCursor, OfOneValueInTwoSpellingsIsTheSame) {
  EXPECT_EQ(order(number("1.50"), number("1.5")), std::weak_ordering::equivalent);
  EXPECT_EQ(order(number("-0"), number("0")), std::weak_ordering::equivalent);
  EXPECT_EQ(order(text("2026-01-01T00:00:00Z"), text("2026-01-01T01:00:00+01:00")),
            std::weak_ordering::equivalent);
  EXPECT_EQ(order(text("b"), text("a")), std::weak_ordering::greater);
}

TEST(PollPosition, ComesBackFromItsText) {
  PollPosition position{"id-1", 12, "cursor a.b", true, number("123456789012345678901"), "", ""};
  for (int round = 0; round < 2; ++round) {
    const auto back = parse_poll_position(to_text(position));
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, position);
    position.cursor = text("\"quoted\"\n");
    position.tag = "If-None-Match: \"x\"";
    position.tag_of = "ab";
  }
  EXPECT_EQ(parse_poll_position("").value(), PollPosition());
  for (const char* broken : {"{", "[]", R"({"id":"a"})", R"({"id":"","events":1,"begun":true})"}) {
    EXPECT_EQ(parse_poll_position(broken).error().code, ErrorCode::kCorrupt) << broken;
  }
}

}  // namespace
}  // namespace cordyna::input
