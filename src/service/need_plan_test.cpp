#include "service/need_plan.hpp"

#include "service/need_fixture.hpp"

namespace cordyna {
namespace {

class ARunPlan : public NeedWorld {
 protected:
  std::string plan(const std::string& id) {
    return text_of(plan_run(store_, find_, *flows_.at(id), kNow).value());
  }
};

TEST_F(ARunPlan, HasWhatIsNeededBeforeWhatNeedsItAndEachOnce) {
  add("a", {});
  add("b", {{"a", 0}});
  add("c", {{"a", 0}, {"b", 0}});
  EXPECT_EQ(plan("c"), "a:runs b:runs c:runs");
}

TEST_F(ARunPlan, LeavesOutWhatIsFreshAndAllBeforeIt) {
  add("a", {});
  add("b", {{"a", 0}});
  add("c", {{"b", kWindow}});
  ran(1, "b", RunState::kCompleted, kNow - kWindow);
  EXPECT_EQ(plan("c"), "b:fresh c:runs");
}

TEST_F(ARunPlan, RunsAgainWhatIsOldOrHasFailed) {
  add("b", {});
  add("c", {{"b", kWindow}});
  ran(1, "b", RunState::kCompleted, kNow - kWindow - 1);
  ran(2, "b", RunState::kError, kNow - 1);
  EXPECT_EQ(plan("c"), "b:runs c:runs");
}

TEST_F(ARunPlan, JoinsWhatIsUnderWay) {
  add("b", {});
  add("c", {{"b", kWindow}});
  ran(1, "b", RunState::kRunning, 0);
  EXPECT_EQ(plan("c"), "b:joins c:runs");
}

TEST_F(ARunPlan, SaysWhatIsMissing) {
  add("c", {{"gone", kWindow}});
  EXPECT_EQ(plan("c"), "gone:missing c:runs");
}

TEST_F(ARunPlan, EndsInACircle) {
  add("a", {{"b", 0}});
  add("b", {{"a", 0}});
  EXPECT_EQ(plan("a"), "b:runs a:runs");
}

TEST_F(ARunPlan, IsMadeWithoutRecursion) {
  add("t0", {});
  for (int i = 1; i < 50'000; ++i) add("t" + std::to_string(i), {{"t" + std::to_string(i - 1), 0}});
  EXPECT_TRUE(plan("t49999").starts_with("t0:runs t1:runs"));
}

TEST_F(ARunPlan, KnowsNamespacesApart) {
  add("b", {});
  add("c", {{"b", kWindow}});
  ran(1, "b", RunState::kCompleted, kNow, "other");
  EXPECT_EQ(plan("c"), "b:runs c:runs");
}

}  // namespace
}  // namespace cordyna
