#include <gtest/gtest.h>

#include "input/redis/entries.hpp"

namespace cordyna::input {
namespace {

using redis::Reply;

constexpr Millis kNow = 1'796'088'650'527;

Reply text(std::string of) {
  return {.kind = Reply::Kind::kText, .text = std::move(of)};
}
Reply list(std::vector<Reply> of) {
  return {.kind = Reply::Kind::kList, .list = std::move(of)};
}
StreamEntry entry(std::vector<std::pair<std::string, std::string>> fields) {
  return {.id = {1'796'088'650'000, 7}, .fields = std::move(fields)};
}
std::string data(std::vector<std::pair<std::string, std::string>> fields,
                 RedisFormat format = RedisFormat::kText) {
  return event_of("s", entry(std::move(fields)), 0, format, kNow).data;
}

TEST(RedisEntries, AreReadFromAnAnswer) {
  const auto read = entries_of(list(
      {list({text("1-2"), list({text("a"), text("b")})}), list({text("3-0"), Reply()}), Reply()}));
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].id, (EntryId{1, 2}));
  EXPECT_EQ((*read)[0].fields.size(), 1U);
  EXPECT_TRUE((*read)[1].is_deleted);
  EXPECT_FALSE(entries_of(list({text("1-2")})).has_value());
  EXPECT_FALSE(entries_of(list({list({text("x"), Reply()})})).has_value());
}

TEST(RedisEntries, WhateverIsInAFieldIsData) {
  EXPECT_EQ(data({{"a", "x\r\n\"}"}, {"b", "12"}}),
            R"({"id":"1796088650000-7","fields":{"a":"x\r\n\"}","b":"12"}})");
  EXPECT_EQ(data({{"a", "1"}, {"a", "2"}}), R"({"id":"1796088650000-7","fields":{"a":["1","2"]}})");
  EXPECT_EQ(data({{"a", "\xff"}, {"\xfe", "v"}}),
            R"({"id":"1796088650000-7","fields":{"a":{"base64":"/w=="}},)"
            R"("binary":[{"name":{"base64":"/g=="},"value":"v"}]})");
  EXPECT_EQ(data({{"a", "1.50"}, {"b", "{\"c\":[]}"}, {"d", "no"}}, RedisFormat::kJson),
            R"({"id":"1796088650000-7","fields":{"a":1.50,"b":{"c":[]},"d":"no"}})");
}

TEST(RedisEntries, AreKnownByStreamAndId) {
  const Event event = event_of("orders", entry({}), 0, RedisFormat::kText, kNow);
  EXPECT_EQ(event.location, "orders");
  EXPECT_EQ(event.id, "1796088650000-7");
  EXPECT_EQ(event.key, "r:orders/0/1796088650000-7");
  EXPECT_EQ(event.at.time_since_epoch().count(), 1'796'088'650'000);
  EXPECT_NE(event_of("orders", entry({}), 1, RedisFormat::kText, kNow).key, event.key);
  const std::string is_long(300, 'x');
  EXPECT_LE(event_of(is_long, entry({}), 0, RedisFormat::kText, kNow).key.size(), kEventKeyMax);
  EXPECT_TRUE(event_of("a\nb", entry({}), 0, RedisFormat::kText, kNow).key.starts_with("r~"));
  StreamEntry early = entry({});
  early.id = {1, 1};
  EXPECT_EQ(event_of("s", early, 0, RedisFormat::kText, kNow).at.time_since_epoch().count(), kNow);
  early.is_deleted = true;
  EXPECT_NE(event_of("s", early, 0, RedisFormat::kText, kNow).data.find("was deleted"),
            std::string::npos);
}

TEST(RedisPosition, ComesBackFromItsText) {
  RedisPosition position{"me", {{"a", {{1, 2}, 3, 4}}, {"\xff\n", {}}}};
  const auto back = parse_redis_position(to_text(position));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, position);
  EXPECT_EQ(parse_redis_position("").value(), RedisPosition());
  for (const char* broken : {"{", R"({"consumer":1,"streams":{}})",
                             R"({"consumer":"a","streams":{"YQ==":["x",0,0]}})"}) {
    EXPECT_EQ(parse_redis_position(broken).error().code, ErrorCode::kCorrupt) << broken;
  }
  EXPECT_FALSE(parse_entry_id("1").has_value());
  EXPECT_FALSE(parse_entry_id("1-x").has_value());
  EXPECT_LT((EntryId{1, 9}), (EntryId{2, 0}));
}

}  // namespace
}  // namespace cordyna::input
