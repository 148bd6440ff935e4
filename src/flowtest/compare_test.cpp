#include "flowtest/compare.hpp"

#include <gtest/gtest.h>

namespace cordyna::flowtest {
namespace {

using Differences = std::vector<Difference>;

TEST(CompareTest, WhatIsNotNamedIsNotCompared) {
  EXPECT_EQ(compare(R"({"a":1})", R"({"a":1,"b":2})"), Differences{});
  EXPECT_EQ(compare(R"({"a":{"b":1}})", R"({"a":{"b":1,"c":3},"d":0})"), Differences{});
}

TEST(CompareTest, NamesEachPlaceThatDiffers) {
  EXPECT_EQ(compare(R"({"a":{"b":[1,2]},"c":"x","d":null})", R"({"a":{"b":[1,3]},"c":7})"),
            (Differences{{"a.b[1]", "2", "3"}, {"c", "\"x\"", "7"}, {"d", "null", "nothing"}}));
}

TEST(CompareTest, ListsHaveTheSameLength) {
  EXPECT_EQ(compare("[1,2]", "[1]"), (Differences{{"", "[1,2]", "[1]"}}));
}

TEST(CompareTest, NumbersAreComparedByValue) {
  EXPECT_EQ(compare("12", "12.0"), Differences{});
  EXPECT_EQ(compare("0.3", "0.30000000000000004"), Differences{});
  EXPECT_EQ(compare("9007199254740993", "9007199254740992").size(), 1u);
  EXPECT_EQ(compare("1", "\"1\"").size(), 1u);
}

TEST(CompareTest, NumbersAreShownAsPeopleWriteThem) {
  EXPECT_EQ(compare("{\"a\":1}", R"({"a":[1.45E2,{"b":0.5}]})"),
            (Differences{{"a", "1", R"([145,{"b":0.5}])"}}));
}

TEST(CompareTest, NoOutputsAreAnEmptyMap) {
  EXPECT_EQ(compare("{}", ""), Differences{});
  EXPECT_EQ(compare(R"({"a":1})", ""), (Differences{{"a", "1", "nothing"}}));
}

TEST(CompareRowsTest, OrderDoesNotMatterAndEachRowCountsOnce) {
  const RowDifferences same =
      compare_rows({R"({"a":2})", R"({"a":1})"}, {R"({"a":1,"b":5})", R"({"a":2,"b":6})"});
  EXPECT_TRUE(same.missing.empty());
  EXPECT_TRUE(same.unexpected.empty());
  const RowDifferences twice =
      compare_rows({R"({"a":1})", R"({"a":1})"}, {R"({"a":1,"b":5})", R"({"a":3,"b":6})"});
  EXPECT_EQ(twice.missing, (std::vector<std::string>{R"({"a":1})"}));
  EXPECT_EQ(twice.unexpected, (std::vector<std::string>{R"({"a":3})"}));
}

TEST(CompareRowsTest, ANumberFitsADecimalWhichComesAsText) {
  const RowDifferences same = compare_rows({R"({"a":2.5})"}, {R"({"a":"2.50"})"});
  EXPECT_TRUE(same.missing.empty());
  const RowDifferences other = compare_rows({R"({"a":2.5})"}, {R"({"a":"2.5x","b":1.45E2})"});
  EXPECT_EQ(other.unexpected, (std::vector<std::string>{R"({"a":"2.5x"})"}));
}

TEST(ShortenedTest, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("abc"), "abc");
  std::string text(299, 'a');
  EXPECT_EQ(shortened(text + "öö"), text + "…");
}

}  // namespace
}  // namespace cordyna::flowtest
