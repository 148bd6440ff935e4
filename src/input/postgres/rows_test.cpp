#include "input/postgres/rows.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

OutboxRow row(std::optional<std::string> key, std::optional<std::string> body = {},
              std::optional<std::string> bytes = {}, std::string op = "c") {
  return {"745",    "12",           "1767323045006", std::move(op),   "public",
          "orders", std::move(key), std::move(body), std::move(bytes)};
}

TEST(OutboxRowTest, BecomesAnEvent) {
  const auto event = event_of(row(R"({"id" : 7})"), "73", false).value();
  EXPECT_EQ(event.event.location, "public.orders");
  EXPECT_EQ(event.event.operation, Operation::kCreate);
  EXPECT_EQ(event.event.id, "7");
  EXPECT_EQ(event.event.data, R"({"key":{"id" : 7}})");
  EXPECT_EQ(event.event.key, "pg:73:745:12");
  EXPECT_EQ(event.event.at.time_since_epoch().count(), 1767323045006);
  EXPECT_EQ(event.position, (OutboxPosition{"73", 745, 12}));
}

TEST(OutboxRowTest, KeysOfAllKinds) {
  const auto id = [](std::optional<std::string> key) {
    return event_of(row(std::move(key)), "73", false).value().event.id;
  };
  EXPECT_EQ(id(R"({"id" : "a-1"})"), "a-1");
  EXPECT_EQ(id(R"({"a" : 1, "b" : "x"})"), R"([1,"x"])");
  EXPECT_EQ(id({}), "");
  EXPECT_EQ(id(R"({"id" : ")" + std::string(2000, 'x') + "\"}"), "")
      << "what is too long stands in the data";
  EXPECT_EQ(event_of(row({}, {}, {}, "t"), "73", false).value().event.data, R"({"key":null})");
  EXPECT_EQ(event_of(row({}, {}, {}, "t"), "73", false).value().event.operation,
            Operation::kDelete);
}

TEST(OutboxRowTest, WholeRowsAndThoseThatAreTooLarge) {
  const auto whole = event_of(row(R"({"id" : 7})", R"({"id":7,"n":1.50})", "19"), "73", true);
  EXPECT_EQ(whole->event.data, R"({"key":{"id" : 7},"row":{"id":7,"n":1.50}})");
  const auto large = event_of(row(R"({"id" : 7})", {}, "99000000"), "73", true);
  EXPECT_EQ(large->event.data,
            R"({"key":{"id" : 7},"problem":"the row has 99000000 bytes as JSON, too many for an )"
            R"(event"})");
  EXPECT_EQ(problem_of(whole->event, whole->key_json, "no \"JSON\"").data,
            R"({"key":{"id" : 7},"problem":"no \"JSON\""})");
}

TEST(OutboxRowTest, WhatNoneOfOursWroteIsRefused) {
  EXPECT_EQ(event_of(row("{}", {}, {}, "x"), "73", false).error().code, ErrorCode::kCorrupt);
  OutboxRow without = row("{}");
  without[0].reset();
  EXPECT_EQ(event_of(without, "73", false).error().code, ErrorCode::kCorrupt);
  without[0] = "-1";
  EXPECT_EQ(event_of(without, "73", false).error().code, ErrorCode::kCorrupt);
}

TEST(OutboxPositionTest, ComesBackAsItWas) {
  const OutboxPosition position{"7300000000000000001", 18446744073709551615U, 12};
  EXPECT_EQ(parse_position(to_text(position)).value(), position);
  EXPECT_EQ(parse_position("").value(), OutboxPosition{});
  for (const char* bad : {"12", "{}", R"({"system":"1","xid":"x","id":"1"})", "{"}) {
    EXPECT_EQ(parse_position(bad).error().code, ErrorCode::kCorrupt) << bad;
  }
}

}  // namespace
}  // namespace cordyna::input
