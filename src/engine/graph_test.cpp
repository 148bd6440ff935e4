#include "engine/graph.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordyna::engine {
namespace {

struct RuleCase {
  std::string name;
  TriggerRule rule;
  UpstreamCounts counts;
  Verdict expected;
};

class RuleTest : public testing::TestWithParam<RuleCase> {};

TEST_P(RuleTest, JudgesByHowTheUpstreamsEnded) {
  EXPECT_EQ(judge(GetParam().rule, GetParam().counts), GetParam().expected);
}

// Counts: completed, skipped, failed, waiting.
INSTANTIATE_TEST_SUITE_P(
    Rules, RuleTest,
    testing::Values(
        RuleCase{"NothingUpstreamRuns", TriggerRule::kAllCompleted, {}, Verdict::kRun},
        RuleCase{"AllCompletedWaits", TriggerRule::kAllCompleted, {1, 0, 0, 1}, Verdict::kWait},
        RuleCase{"AllCompletedRuns", TriggerRule::kAllCompleted, {2, 0, 0, 0}, Verdict::kRun},
        RuleCase{
            "AllCompletedTakesASkipped", TriggerRule::kAllCompleted, {1, 1, 0, 0}, Verdict::kRun},
        RuleCase{"AllSkippedSkips", TriggerRule::kAllCompleted, {0, 2, 0, 0}, Verdict::kSkip},
        RuleCase{"AFailureBlocksAtOnce", TriggerRule::kAllCompleted, {0, 0, 1, 5}, Verdict::kBlock},
        RuleCase{"AllDoneWaitsForTheLast", TriggerRule::kAllDone, {1, 0, 1, 1}, Verdict::kWait},
        RuleCase{"AllDoneRunsAfterFailures", TriggerRule::kAllDone, {0, 0, 2, 0}, Verdict::kRun},
        RuleCase{
            "AnyCompletedRunsAtTheFirst", TriggerRule::kAnyCompleted, {1, 0, 0, 9}, Verdict::kRun},
        RuleCase{"AnyCompletedBlocksWithoutOne",
                 TriggerRule::kAnyCompleted,
                 {0, 1, 1, 0},
                 Verdict::kBlock},
        RuleCase{"AnyCompletedSkipsIfAllWereSkipped",
                 TriggerRule::kAnyCompleted,
                 {0, 2, 0, 0},
                 Verdict::kSkip},
        RuleCase{"AnyErrorRunsAtTheFirst", TriggerRule::kAnyError, {0, 0, 1, 3}, Verdict::kRun},
        RuleCase{"AnyErrorSkipsWithoutOne", TriggerRule::kAnyError, {2, 0, 0, 0}, Verdict::kSkip},
        RuleCase{"AnyErrorOfNothingSkips", TriggerRule::kAnyError, {}, Verdict::kSkip},
        RuleCase{"AllErrorSkipsAtTheFirstCompleted",
                 TriggerRule::kAllError,
                 {1, 0, 0, 4},
                 Verdict::kSkip},
        RuleCase{"AllErrorWaits", TriggerRule::kAllError, {0, 0, 1, 1}, Verdict::kWait},
        RuleCase{"AllErrorRuns", TriggerRule::kAllError, {0, 0, 2, 0}, Verdict::kRun}),
    [](const auto& tested) { return tested.param.name; });

TEST(GraphTest, KnowsWhoNeedsWhom) {
  Flow flow;
  flow.tasks.resize(4);
  flow.tasks[1].needs = {0};
  flow.tasks[2].needs = {0};
  flow.tasks[3].needs = {1, 2};
  const Graph graph(flow);
  EXPECT_EQ(std::vector<TaskIndex>(graph.downstream(0).begin(), graph.downstream(0).end()),
            (std::vector<TaskIndex>{1, 2}));
  EXPECT_EQ(graph.downstream(1).size(), 1u);
  EXPECT_TRUE(graph.downstream(3).empty());
}

TEST(UpstreamEndTest, AnAllowedFailureCountsAsCompletedButForRulesAboutErrors) {
  EXPECT_EQ(upstream_end(TaskState::kError, true, TriggerRule::kAllCompleted),
            UpstreamEnd::kCompleted);
  EXPECT_EQ(upstream_end(TaskState::kError, true, TriggerRule::kAnyError), UpstreamEnd::kFailed);
  EXPECT_EQ(upstream_end(TaskState::kError, false, TriggerRule::kAllDone), UpstreamEnd::kFailed);
  EXPECT_EQ(upstream_end(TaskState::kBlocked, true, TriggerRule::kAllCompleted),
            UpstreamEnd::kFailed);
}

}  // namespace
}  // namespace cordyna::engine
