#include "input/poll/json_slice.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

std::string at(std::string_view json, std::string_view path) {
  return std::string(json_at(json, *parse_json_path(path)).value_or("-"));
}

TEST(JsonSlice, IsWhatWasWrittenThere) {
  const std::string_view json =
      " {\"a\" : {\"b\":[ 1.50 , {\"c\":\"x]},\\\"\"}, null ]},\"n.m/o~\":7,\"a2\":\"ä\\u00e4\" "
      "}\n";
  EXPECT_EQ(at(json, "a.b.0"), "1.50");
  EXPECT_EQ(at(json, "a.b.1"), R"({"c":"x]},\""})");
  EXPECT_EQ(at(json, "a.b.1.c"), R"("x]},\"")");
  EXPECT_EQ(at(json, "a.b.2"), "null");
  EXPECT_EQ(at(json, "a.b"), "[ 1.50 , {\"c\":\"x]},\\\"\"}, null ]");
  EXPECT_EQ(at(json, "/n.m~1o~0"), "7");
  EXPECT_EQ(json_plain(at(json, "a2")), "ää");
  for (const char* none : {"b", "a.c", "a.b.3", "a.b.x", "a2.b"}) EXPECT_EQ(at(json, none), "-");
  EXPECT_EQ(at("[]", ""), "[]");
  EXPECT_EQ(json_names(json), "a, n.m/o~, a2");
}

TEST(JsonSlice, OfTwinsTheLastCountsAndNamesMayBeEscaped) {
  EXPECT_EQ(at(R"({"a":1,"\u0061":2})", "a"), "2");
}

TEST(JsonSlice, ListsHaveTheirItems) {
  EXPECT_EQ(json_items("[1, [2,3] ,\"a,b\",{}]"),
            (std::vector<std::string_view>{"1", "[2,3]", "\"a,b\"", "{}"}));
  EXPECT_TRUE(json_items(" [ ] ").empty());
  EXPECT_TRUE(json_items("{}").empty());
}

TEST(JsonSlice, PathsWithEmptyNamesAreRefused) {
  for (const char* broken : {".", "a.", ".a", "a..b", "/", "//a", "/a/"}) {
    EXPECT_FALSE(parse_json_path(broken).has_value()) << broken;
  }
}

}  // namespace
}  // namespace cordyna::input
