#include "input/postgres/value_json.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

std::string scalar(std::uint32_t type, std::string_view text) {
  return json_of({type, 0}, text);
}
std::string array(std::uint32_t element, std::string_view text) {
  return json_of({1, element}, text);
}

TEST(PgValueJson, ScalarsAreAsToJsonHasThem) {
  EXPECT_EQ(scalar(16, "t"), "true");
  EXPECT_EQ(scalar(16, "f"), "false");
  EXPECT_EQ(scalar(20, "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(scalar(1700, "-0.10"), "-0.10");
  EXPECT_EQ(scalar(701, "1e+300"), "1e+300");
  EXPECT_EQ(scalar(701, "NaN"), R"("NaN")");
  EXPECT_EQ(scalar(701, "-Infinity"), R"("-Infinity")");
  EXPECT_EQ(scalar(3802, R"({"a": [1]})"), R"({"a": [1]})");
  EXPECT_EQ(scalar(25, "a \"b\"\n"), R"("a \"b\"\n")");
  EXPECT_EQ(scalar(17, R"(\x00ff)"), R"("\\x00ff")");
  EXPECT_EQ(scalar(26, "42"), R"("42")");
}

TEST(PgValueJson, TimesAreThoseOfIso8601) {
  EXPECT_EQ(scalar(1114, "2026-01-02 03:04:05.678"), R"("2026-01-02T03:04:05.678")");
  EXPECT_EQ(scalar(1184, "2026-01-02 03:04:05+00"), R"("2026-01-02T03:04:05+00:00")");
  EXPECT_EQ(scalar(1184, "2026-01-02 03:04:05.1-05:30"), R"("2026-01-02T03:04:05.1-05:30")");
  EXPECT_EQ(scalar(1184, "0044-03-15 12:00:00+00 BC"), R"("0044-03-15T12:00:00+00:00 BC")");
  EXPECT_EQ(scalar(1114, "0044-03-15 12:00:00 BC"), R"("0044-03-15T12:00:00 BC")");
  EXPECT_EQ(scalar(1114, "infinity"), R"("infinity")");
  EXPECT_EQ(scalar(1082, "0044-03-15 BC"), R"("0044-03-15 BC")");
}

TEST(PgValueJson, ArraysAreLists) {
  EXPECT_EQ(array(23, "{}"), "[]");
  EXPECT_EQ(array(23, "{1,NULL,-3}"), "[1,null,-3]");
  EXPECT_EQ(array(23, "[0:1]={1,2}"), "[1,2]");
  EXPECT_EQ(array(23, "{{1,2},{3,4}}"), "[[1,2],[3,4]]");
  EXPECT_EQ(array(25, R"({a,"b c","d \"e\" \\ f","NULL",NULL,"{}",""})"),
            R"(["a","b c","d \"e\" \\ f","NULL",null,"{}",""])");
  EXPECT_EQ(array(114, R"({"{\"a\": 1}"})"), R"([{"a": 1}])");
  EXPECT_EQ(array(603, "{(1,1),(0,0);(2,2),(1,1)}"), R"x(["(1,1),(0,0)","(2,2),(1,1)"])x");
}

TEST(PgValueJson, WhatIsNoArrayIsItsText) {
  for (const char* text : {"", "{", "{1", "1", "{1}}", R"({"a})", "[0:1]", "{{{{{{{1}}}}}}}"}) {
    const std::string json = array(23, text);
    EXPECT_TRUE(json.starts_with('"')) << text << " → " << json;
  }
}

}  // namespace
}  // namespace cordyna::input
