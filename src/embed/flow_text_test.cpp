#include "embed/flow_text.hpp"

#include <gtest/gtest.h>

namespace cordyna::embed {
namespace {

TEST(FlowText, ComesBackAsTheFlowOfTheInput) {
  const std::string text =
      flow_text("in", {{"b", {}}, {"a", {}}, {"c", {"a", "b"}}}, {.attempts = 3, .wait = 1000});
  const auto flow = flow_of_text(text).value();
  EXPECT_EQ(flow->ns, "inputs");
  EXPECT_EQ(flow->id, "in");
  ASSERT_EQ(flow->triggers.size(), 1U);
  EXPECT_EQ(flow->triggers[0].id, "events");
  ASSERT_EQ(flow->tasks.size(), 3U);
  EXPECT_EQ(flow->tasks[1].id, "a");
  EXPECT_EQ(flow->tasks[1].needs, std::vector<TaskIndex>{});
  EXPECT_EQ(flow->tasks[2].needs, (std::vector<TaskIndex>{0, 1})) << "ascending";
  EXPECT_EQ(flow->tasks[2].refs, flow->tasks[2].needs);
  EXPECT_EQ(before_of(flow->tasks[2]), (std::vector<std::string>{"a", "b"})) << "by the links";
  EXPECT_EQ(before_of(flow->tasks[0]), std::vector<std::string>{});
  EXPECT_EQ(flow->tasks[2].retry.attempts, 3U);
  EXPECT_EQ(flow->tasks[2].retry.delay, 1000);
}

TEST(FlowText, OfAnotherShapeHasAnotherHash) {
  const auto hash = [](const std::string& text) { return flow_of_text(text).value()->hash; };
  const std::string text = flow_text("in", {{"a", {}}}, {.attempts = 3, .wait = 1000});
  EXPECT_EQ(hash(text), hash(text));
  EXPECT_EQ(hash(text).size(), 32U);
  EXPECT_NE(hash(text), hash(flow_text("in2", {{"a", {}}}, {.attempts = 3, .wait = 1000})));
  EXPECT_NE(hash(text), hash(flow_text("in", {{"b", {}}}, {.attempts = 3, .wait = 1000})));
  EXPECT_NE(hash(text), hash(flow_text("in", {{"a", {}}}, {.attempts = 4, .wait = 1000})));
}

TEST(FlowText, ThatIsNotOursIsCorrupt) {
  for (const char* text : {"", "{}", "id: x", R"({"input":"in","processes":[{"id":"a"}]})",
                           R"({"input":"in","processes":[{"id":"a","after":["b"]}]})"}) {
    const auto flow = flow_of_text(text);
    ASSERT_FALSE(flow.has_value()) << text;
    EXPECT_EQ(flow.error().code, ErrorCode::kCorrupt);
  }
}

TEST(Tries, WaitTwiceAsLongEachTimeAndAnHourAtMost) {
  const Tries tries{.attempts = 100, .wait = 1000};
  EXPECT_EQ(wait_after(tries, 1), 1000);
  EXPECT_EQ(wait_after(tries, 2), 2000);
  EXPECT_EQ(wait_after(tries, 3), 4000);
  EXPECT_EQ(wait_after(tries, 60), 3'600'000);
}

}  // namespace
}  // namespace cordyna::embed
