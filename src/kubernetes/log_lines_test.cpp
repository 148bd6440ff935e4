#include "kubernetes/log_lines.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace cordyna::kubernetes {
namespace {

std::vector<std::string> read(LogPosition& position, const std::vector<std::string>& lines) {
  LogReading reading(position);
  std::vector<std::string> told;
  for (const std::string& line : lines) {
    const auto fresh = reading.take(line);
    if (fresh.has_value()) told.emplace_back(fresh->text);
  }
  return told;
}

TEST(LogLinesTest, ALineIsToldOnceHoweverOftenItIsRead) {
  LogPosition position;
  const std::vector<std::string> lines{"2026-12-01T10:00:00.100000000Z a",
                                       "2026-12-01T10:00:00.5Z b",
                                       "2026-12-01T10:00:00.500000000Z b", "2026-12-01T10:00:02Z "};
  EXPECT_EQ(LogReading(position).since(), "");
  EXPECT_EQ(read(position, {lines[0], lines[1]}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(LogReading(position).since(), "2026-12-01T10:00:00Z");
  EXPECT_EQ(read(position, lines), (std::vector<std::string>{"b", ""}));
  EXPECT_EQ(read(position, {lines[3]}), std::vector<std::string>{});
}

TEST(LogLinesTest, ATimeIsThatOfTheLineInAnyZone) {
  LogPosition position;
  LogReading reading(position);
  EXPECT_EQ(reading.take("2026-12-01T12:00:00.25+02:00 x")->at, 1'796'119'200'250);
}

TEST(LogLinesTest, ALineWithoutATimeGoesWithTheOneBefore) {
  LogPosition position;
  EXPECT_EQ(read(position, {"2026-12-01T10:00:00Z a", "no time here"}),
            (std::vector<std::string>{"a", "no time here"}));
  EXPECT_EQ(position.same, 2U);
}

}  // namespace
}  // namespace cordyna::kubernetes
