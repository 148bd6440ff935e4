#include "redis/reply.hpp"

#include <gtest/gtest.h>

#include "redis/connection.hpp"

namespace cordyna::redis {
namespace {

TEST(RedisFault, IsOfTheKindThatItsWordSays) {
  const std::tuple<const char*, const char*, ErrorCode> rows[] = {
      {"NOGROUP No such key 's'", "NOGROUP", ErrorCode::kUnavailable},
      {"NOAUTH Authentication required.", "NOAUTH", ErrorCode::kDenied},
      {"WRONGPASS invalid username-password pair", "WRONGPASS", ErrorCode::kDenied},
      {"NOPERM this user has no permissions", "NOPERM", ErrorCode::kDenied},
      {"READONLY You can't write against a read only replica.", "READONLY",
       ErrorCode::kUnavailable},
      {"WRONGTYPE Operation against a key", "WRONGTYPE", ErrorCode::kInvalidArgument},
      {"LOADING Redis is loading", "LOADING", ErrorCode::kUnavailable},
      {"OOM", "OOM", ErrorCode::kUnavailable},
  };
  for (const auto& [text, word, code] : rows) {
    const Fault fault = fault_of(text);
    EXPECT_EQ(fault.word, word);
    EXPECT_EQ(fault.error.code, code) << text;
    EXPECT_EQ(fault.error.message, text);
  }
  EXPECT_EQ(fault_of("ERR a\nb").error.message, "ERR a\\nb");
  EXPECT_NE(fault_of("MOVED 1 h:1").error.message.find("cluster"), std::string::npos);
}

TEST(RedisReply, FindsAValueByItsName) {
  Reply info{.kind = Reply::Kind::kList};
  for (const char* text : {"name", "g", "lag", "7"}) {
    info.list.push_back({.kind = Reply::Kind::kText, .text = text});
  }
  EXPECT_EQ(info.find("lag")->text, "7");
  EXPECT_EQ(info.find("g"), nullptr);
}

TEST(RedisConnection, ToNobodySaysWhere) {
  Target target;
  target.host = "/nowhere/redis.sock";
  const auto opened = Connection::open(target);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().error.code, ErrorCode::kUnavailable);
  EXPECT_NE(opened.error().error.message.find("/nowhere/redis.sock"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::redis
