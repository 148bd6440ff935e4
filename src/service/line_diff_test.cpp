#include "service/line_diff.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace cordyna {
namespace {

std::string diff(std::string_view before, std::string_view after) {
  std::string out;
  for (const std::string& line : unified_diff(before, after)) out += line + "\n";
  return out;
}

TEST(LineDiffTest, EqualTextsDifferInNothing) {
  EXPECT_EQ(diff("", ""), "");
  EXPECT_EQ(diff("a\nb\n", "a\nb\n"), "");
}

TEST(LineDiffTest, AChangedLineStandsBetweenThreeOfContext) {
  EXPECT_EQ(diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(LineDiffTest, AllIsAddedOrRemoved) {
  EXPECT_EQ(diff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(diff("a\nb\n", ""), "@@ -1,2 +0,0 @@\n-a\n-b\n");
}

TEST(LineDiffTest, ChangesFarApartAreTwoHunks) {
  std::string before;
  for (int i = 1; i <= 20; ++i) before += fmt::format("{}\n", i);
  std::string after = before;
  after.replace(after.find("2\n"), 2, "two\n");
  after += "end\n";
  EXPECT_EQ(diff(before, after),
            "@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -18,3 +18,4 @@\n 18\n 19\n 20\n+end\n");
}

/// What a diff says the texts were.
std::pair<std::string, std::string> sides(const std::vector<std::string>& lines) {
  std::pair<std::string, std::string> found;
  for (const std::string& line : lines) {
    if (line.starts_with("@@")) continue;
    if (line[0] != '+') found.first += line.substr(1) + "\n";
    if (line[0] != '-') found.second += line.substr(1) + "\n";
  }
  return found;
}

TEST(LineDiffTest, BothTextsCanBeReadFromIt) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string before;
    std::string after;
    // Few lines, so that all are context.
    for (std::uint64_t i = random() % 5; i > 0; --i) before += fmt::format("{}\n", random() % 3);
    for (std::uint64_t i = random() % 5; i > 0; --i) after += fmt::format("{}\n", random() % 3);
    if (before == after) continue;
    const auto [a, b] = sides(unified_diff(before, after));
    ASSERT_EQ(a, before) << "round " << round;
    ASSERT_EQ(b, after) << "round " << round;
  }
}

TEST(LineDiffTest, WhatDiffersTooMuchIsShownWhole) {
  std::string before;
  std::string after;
  for (int i = 0; i < 3000; ++i) {
    before += fmt::format("a{}\n", i);
    after += fmt::format("b{}\n", i);
  }
  const auto lines = unified_diff(before, after);
  EXPECT_EQ(lines.front(), "@@ -1,3000 +1,3000 @@");
  EXPECT_EQ(lines.size(), 6001U);
}

}  // namespace
}  // namespace cordyna
