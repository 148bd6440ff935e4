#include "cli/guard_plot.hpp"

#include <gtest/gtest.h>

namespace cordyna::cli {
namespace {

constexpr Millis kDay = 86'400'000;

TEST(GuardPlotTest, NothingIsDrawnOfNothing) {
  EXPECT_EQ(plot({}, 80, Palette(false)), "");
}

TEST(GuardPlotTest, DrawsEachRunWithItsVerdictAndWhereItWouldTrip) {
  std::vector<PlotPoint> points;
  points.reserve(22);
  for (int i = 0; i < 22; ++i) points.push_back({i * kDay, 1000, PointVerdict::kOk, 800.0});
  points.back() = {22 * kDay, 100, PointVerdict::kTrip, 800.0};
  const std::string drawn = plot(points, 80, Palette(false));
  EXPECT_EQ(drawn,
            "1,000 ┤ •••••••••••••••••••••\n"
            "      │\n"
            "      │ ······················\n"
            "  700 ┤\n"
            "      │\n"
            "      │\n"
            "  400 ┤\n"
            "      │\n"
            "      │\n"
            "  100 ┤                      ✗\n"
            "      └───────────────────────\n"
            "        1970-01-01  1970-01-23\n")
      << drawn;
}

TEST(GuardPlotTest, OnANarrowTerminalTheNewestAreLeft) {
  std::vector<PlotPoint> points;
  points.reserve(50);
  for (int i = 0; i < 50; ++i) points.push_back({i * kDay, 10.0 + i, PointVerdict::kOk, {}});
  const std::string drawn = plot(points, 20, Palette(false));
  for (std::size_t at = 0; at < drawn.size();) {
    const std::size_t end = drawn.find('\n', at);
    if (drawn.find("1970", at) > end) {
      EXPECT_LE(end - at, 3u * 20) << "bytes of at most three for each column";
    }
    at = end + 1;
  }
  EXPECT_NE(drawn.find("59 ┤"), std::string::npos) << drawn;
  EXPECT_EQ(drawn.find("10 ┤"), std::string::npos) << drawn;
}

}  // namespace
}  // namespace cordyna::cli
