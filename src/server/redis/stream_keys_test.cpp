#include "server/redis/stream_keys.hpp"

#include <gtest/gtest.h>

namespace cordyna::server {
namespace {

TEST(StreamKeys, NameWhatIsOfOneSocket) {
  const StreamKeys keys("p");
  const Knock who{"orders", "etl-1", "5ca1ab1e0001"};
  EXPECT_EQ(keys.events(who), "p:ev:orders:etl-1:5ca1ab1e0001");
  EXPECT_EQ(keys.commands(who), "p:cmd:orders:etl-1:5ca1ab1e0001");
  const auto back = keys.of_member(keys.member(who));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(keys.events(*back), keys.events(who));
  EXPECT_FALSE(keys.of_member("orders").has_value());
  EXPECT_FALSE(keys.of_member("orders:5ca1ab1e0001").has_value());
}

TEST(StreamKeys, AKnockIsOfWhomItsChannelNames) {
  const StreamKeys keys("p");
  const auto who = keys.of_knock("p:hello:orders:etl", "5ca1ab1e");
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->team, "orders");
  EXPECT_EQ(who->server, "etl");
  EXPECT_EQ(who->session, "5ca1ab1e");
  EXPECT_FALSE(keys.of_knock("q:hello:orders:etl", "5ca1ab1e").has_value());
  EXPECT_FALSE(keys.of_knock("p:hello:orders", "5ca1ab1e").has_value());
  EXPECT_FALSE(keys.of_knock("p:hello:orders:etl", "short").has_value());
  EXPECT_FALSE(keys.of_knock("p:hello:orders:etl:x", "5ca1ab1e").has_value());
  EXPECT_FALSE(keys.of_knock("p:hello:orders:etl", "5ca1ab1e:a:b").has_value());
  EXPECT_FALSE(keys.of_knock("p:hello:orders:e*", "5ca1ab1e").has_value());
}

TEST(EntryIds, HaveATimeAndANextOne) {
  EXPECT_EQ(entry_millis("1796088650527-3"), 1'796'088'650'527U);
  EXPECT_FALSE(entry_millis("1796088650527").has_value());
  EXPECT_FALSE(entry_millis("x-1").has_value());
  EXPECT_EQ(after_entry("5-3"), "5-4");
  EXPECT_EQ(after_entry("5-18446744073709551615"), "6-0");
  EXPECT_EQ(after_entry("18446744073709551615-18446744073709551615"),
            "18446744073709551615-18446744073709551615");
}

}  // namespace
}  // namespace cordyna::server
