#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <random>

#include "base/test_draws.hpp"
#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

std::string code_of(const Parsed& parsed) {
  return parsed.diagnostics.empty() ? "" : parsed.diagnostics.front().code;
}

struct Timed {
  std::string code;
  double seconds = 0;
};

/// Of this program's work: what else the machine does meanwhile tells nothing.
double seconds_since(std::clock_t begin) {
  return static_cast<double>(std::clock() - begin) / static_cast<double>(CLOCKS_PER_SEC);
}

Timed timed(const std::string& text) {
  const std::clock_t begin = std::clock();
  const Parsed parsed = parse(text, "flow.yaml", "/");
  return {code_of(parsed), seconds_since(begin)};
}

std::string repeat(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

// The bounds on time are generous: a sanitizer is slow, and a bomb takes minutes or all memory.
TEST(Limits, DeepNestingStopsAtOnce) {
  for (const std::string& text : {repeat("[", 100'000), repeat("{a: ", 100'000),
                                  repeat("- ", 100'000), "id: " + repeat("[", 100'000)}) {
    const Timed result = timed(text);
    EXPECT_EQ(result.code, "too_deep") << text.substr(0, 10);
    EXPECT_LT(result.seconds, 1);
  }
}

TEST(Limits, NestingUpToTheLimitIsRead) {
  const std::string base = "id: f\ntasks: [{id: a, type: log, message: x}]\nvars: {v: ";
  EXPECT_EQ(timed(base + repeat("[", 60) + repeat("]", 60) + "}\n").code, "");
  EXPECT_EQ(timed(base + repeat("[", 63) + repeat("]", 63) + "}\n").code, "too_deep");
}

TEST(Limits, AliasBombsStopAtOnce) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i,
                        i - 1);
  }
  const Timed result = timed(text);
  EXPECT_EQ(result.code, "too_many_aliases");
  EXPECT_LT(result.seconds, 1);
}

TEST(Limits, ManyCopiesOfALongTextStopToo) {
  const std::string text =
      "a: &a " + std::string(100'000, 'x') + "\nb: [" + repeat("*a, ", 50'000) + "]\n";
  const Timed result = timed(text);
  EXPECT_EQ(result.code, "too_many_aliases");
  EXPECT_LT(result.seconds, 1);
}

TEST(Limits, AliasesCannotNestDeeperThanBrackets) {
  std::string text = "a0: &a0 " + repeat("[", 40) + repeat("]", 40) + "\n";
  text += "a1: &a1 " + repeat("[", 40) + "*a0" + repeat("]", 40) + "\n";
  EXPECT_EQ(timed(text).code, "too_deep");
}

TEST(Limits, TooLargeAFileIsRefused) {
  const Timed result = timed(std::string(kFlowBytesMax + 1, '#'));
  EXPECT_EQ(result.code, "too_large");
  const auto parsed = parse_file("/dev/null/x");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code, ErrorCode::kNotFound);
}

TEST(Limits, AFlowOfManyTasksIsReadInReasonableTime) {
  std::string text = "id: f\ntasks:\n";
  const std::uint64_t tasks = test::draws(25'000, 100'000);
  for (std::uint64_t i = 0; i < tasks; ++i)
    text += fmt::format("  - {{id: t{}, type: shell, script: 'true'", i) +
            (i == 0 ? "}\n" : fmt::format(", needs: t{}}}\n", i - 1));
  const std::clock_t begin = std::clock();
  const Parsed parsed = parse(text, "flow.yaml", "/");
  const double took = seconds_since(begin);
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  EXPECT_EQ(parsed.flow->tasks.size(), tasks);
  EXPECT_EQ(parsed.flow->tasks.back().needs,
            std::vector<TaskIndex>{static_cast<TaskIndex>(tasks - 2)});
  EXPECT_LT(took, 20);  // 100,000 take about 0.5 s in a release build
  RecordProperty("seconds", fmt::format("{}", took));
}

TEST(Limits, ACircleOfManyTasksIsFoundAndShownInPart) {
  std::string text = "id: f\ntasks:\n";
  for (int i = 0; i < 5'000; ++i) {
    text += fmt::format("  - {{id: t{}, type: log, message: x, needs: t{}}}\n", i, (i + 1) % 5'000);
  }
  const Parsed parsed = parse(text, "flow.yaml", "/");
  ASSERT_EQ(parsed.diagnostics.size(), 1U);
  EXPECT_EQ(parsed.diagnostics[0].code, "cycle");
  EXPECT_LT(parsed.diagnostics[0].message.size(), 400U);
}

TEST(Limits, BytesByChanceNeverBreakTheParser) {
  const std::string base =
      "id: f\ninputs: [{id: x}]\ntasks:\n  - id: a\n    type: shell\n    script: |\n      echo {{ "
      "inputs.x }}\n  - {id: b, type: transform, sql: \"select * from a\", needs: [a]}\n";
  std::mt19937_64 random(7);
  static constexpr std::string_view kBytes = "{}[]:,-&*!|>'\"%@`# \n\tab{{}}\x80\xff\x01";
  for (int round = 0; round < 3'000; ++round) {
    std::string text = base;
    for (std::uint64_t edits = random() % 6 + 1; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, random() % 10);
      } else {
        text.insert(at, 1, kBytes[random() % kBytes.size()]);
      }
      if (text.empty()) text = base;
    }
    const Parsed parsed = parse(text, "flow.yaml", "/");
    EXPECT_EQ(parsed.flow == nullptr,
              !parsed.diagnostics.empty() && parsed.diagnostics.back().severity == Severity::kError)
        << text;
    if (parsed.flow == nullptr) continue;
    const auto back = from_canonical(parsed.canonical, "/");
    ASSERT_TRUE(back.has_value()) << text << back.error().message;
    EXPECT_EQ((*back)->hash, parsed.flow->hash) << text;
  }
}

}  // namespace
}  // namespace cordyna::flow
