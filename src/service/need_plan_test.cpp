#include "service/need_plan.hpp"

#include <gtest/gtest.h>

#include <map>

#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

constexpr Millis kWindow = 3'600'000;
constexpr Millis kNow = 1'000 * kWindow;

class ARunPlan : public ::testing::Test {
 protected:
  void add(const std::string& id, const std::vector<std::pair<std::string, Millis>>& needs) {
    auto flow = std::make_shared<Flow>();
    flow->ns = "n";
    flow->id = id;
    flow->hash = id;
    flow->owner = "team-" + id;
    for (const auto& [name, within] : needs) {
      TaskSpec task;
      task.id = "flow:n/" + name;
      task.kind = TaskKind::kRun;
      task.subflow.ns = "n";
      task.subflow.id = name;
      task.subflow.within = within;
      flow->tasks.push_back(std::move(task));
    }
    flows_[id] = std::move(flow);
  }

  void ran(RunNo no, const std::string& id, RunState state, Millis ended_at) {
    ChangeSet changes;
    changes.flows.push_back({id, id, "n", "{}"});
    RunRow run;
    run.no = no;
    run.id = RunId{"00000000-0000-7000-8000-00000000000" + std::to_string(no)};
    run.flow_id = id;
    run.ns = "n";
    run.flow_hash = id;
    run.inputs = "{}";
    run.state = state;
    run.created_at = run.started_at = 1;
    run.ended_at = ended_at;
    changes.runs.push_back(run);
    HistoryRow history;
    history.run = no;
    history.seq = 1;
    history.at = 1;
    history.run_state = state;
    changes.history.push_back(history);
    ASSERT_TRUE(store_.commit(changes).has_value());
  }

  std::string plan(const std::string& id) {
    const FlowOf find = [this](std::string_view,
                               std::string_view name) -> Result<std::shared_ptr<const Flow>> {
      const auto found = flows_.find(std::string(name));
      if (found == flows_.end()) return fail(ErrorCode::kNotFound, "no such flow");
      return found->second;
    };
    std::string told;
    const auto planned = plan_run(store_, find, flows_.at(id), kNow).value();
    for (const PlannedRun& one : planned) {
      told +=
          (told.empty() ? "" : " ") + one.flow.substr(2) + ":" + std::string(to_string(one.fate));
    }
    return told;
  }

  MemoryStore store_;
  std::map<std::string, std::shared_ptr<const Flow>> flows_;
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

}  // namespace
}  // namespace cordyna
