#include "base/durations.hpp"

#include <gtest/gtest.h>

namespace cordyna {
namespace {

struct Good {
  std::string text;
  Millis expected;
};

TEST(Duration, ReadsUnitsCombinationsAndIso) {
  const Good rows[] = {
      {"250ms", 250},
      {"10s", 10'000},
      {"5m", 300'000},
      {"2h", 7'200'000},
      {"1d", 86'400'000},
      {"1h30m", 5'400'000},
      {"1m30s500ms", 90'500},
      {"0s", 0},
      {"PT10M", 600'000},
      {"P1DT2H", 93'600'000},
      {"PT0.5S", 500},
      {"PT1.25S", 1250},
      {"P2W", 1'209'600'000},
      {"PT1H30M", 5'400'000},
      {"36500d", 3'153'600'000'000},
  };
  for (const Good& row : rows) {
    const auto parsed = parse_duration(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, row.expected) << row.text;
  }
}

TEST(Duration, RefusesWhatIsNone) {
  const std::string rows[] = {"",
                              "10",
                              "s",
                              "-5s",
                              "1.5h",
                              "5 m",
                              "5min",
                              "1m2h",
                              "1m1m",
                              "P",
                              "PT",
                              "P1Y",
                              "P1M",
                              "PT1D",
                              "P1DT",
                              "PT.5S",
                              "PT1.5M",
                              "36501d",
                              "99999999999999999999s",
                              "36500d1ms",
                              "PT99999999999999999H",
                              "+5s",
                              "5S",
                              "ten"};
  for (const std::string& row : rows) {
    const auto parsed = parse_duration(row);
    ASSERT_FALSE(parsed.has_value()) << row;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(parsed.error().message.find("'" + row + "'"), std::string::npos);
  }
}

TEST(Duration, SaysWhatWouldBeRight) {
  EXPECT_NE(parse_duration("10").error().message.find("no unit"), std::string::npos);
  EXPECT_NE(parse_duration("P1M").error().message.find("write days"), std::string::npos);
  EXPECT_NE(parse_duration("-1s").error().message.find("negative"), std::string::npos);
}

TEST(Duration, EqualOnesHaveOneCanonicalForm) {
  EXPECT_EQ(canonical_duration(*parse_duration("90m")),
            canonical_duration(*parse_duration("PT1H30M")));
  EXPECT_EQ(*parse_duration(canonical_duration(5'400'000)), 5'400'000);
}

TEST(Size, ReadsDecimalAndBinaryUnits) {
  EXPECT_EQ(*parse_size("256MB"), 256'000'000U);
  EXPECT_EQ(*parse_size("1GB"), 1'000'000'000U);
  EXPECT_EQ(*parse_size("512KiB"), 524'288U);
  EXPECT_EQ(*parse_size("100B"), 100U);
}

TEST(Size, RefusesWhatIsNone) {
  for (const std::string row : {"", "256", "MB", "-1MB", "1.5GB", "1 GB", "1gb", "9999999999TB"}) {
    EXPECT_FALSE(parse_size(row).has_value()) << row;
  }
}

}  // namespace
}  // namespace cordyna
