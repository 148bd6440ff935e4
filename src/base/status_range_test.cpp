#include "base/status_range.hpp"

#include <gtest/gtest.h>

namespace cordyna {
namespace {

TEST(StatusRange, IsOneStatusOrAllFromOneToAnother) {
  EXPECT_EQ(parse_status_range("204").value(), (StatusRange{204, 204}));
  EXPECT_EQ(parse_status_range(" 200 - 299 ").value(), (StatusRange{200, 299}));
  EXPECT_EQ(parse_status_ranges("200-299, 409").value(), (StatusRanges{{200, 299}, {409, 409}}));
}

TEST(StatusRange, WhatIsNoneIsRefusedAndNamed) {
  for (const char* text : {"", "2xx", "199", "600", "299-200", "200-", "-200", "200-299-300",
                           "+200", "200 299", "0x194", "99999999999"}) {
    const auto parsed = parse_status_range(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_NE(parsed.error().message.find(text), std::string::npos);
    EXPECT_FALSE(parse_status_ranges(std::string("204,") + text).has_value()) << text;
  }
}

TEST(StatusRange, HoldsBothEnds) {
  const StatusRanges ranges{{200, 299}, {304, 304}};
  for (const int status : {200, 250, 299, 304}) EXPECT_TRUE(holds(ranges, status)) << status;
  for (const int status : {199, 300, 303, 305, 500}) EXPECT_FALSE(holds(ranges, status)) << status;
  EXPECT_FALSE(holds({}, 200));
}

}  // namespace
}  // namespace cordyna
