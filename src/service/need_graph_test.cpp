#include "service/need_graph.hpp"

#include "service/need_fixture.hpp"

namespace cordyna {
namespace {

class ANeedGraph : public NeedWorld {
 protected:
  std::string plan(const std::string& id) {
    return text_of(graph_.plan(store_, find_, *flows_.at(id), kNow).value());
  }

  void committed(const ChangeSet& changes) override { graph_.on_commit(changes); }

  /// A flow is applied, with what `add` gave it.
  void apply(const std::string& id) {
    ChangeSet changes;
    AppliedFlowRow row;
    row.ns = "n";
    row.flow_id = id;
    changes.applied.push_back(row);
    graph_.on_commit(changes);
  }

  NeedGraph graph_;
};

TEST_F(ANeedGraph, ReadsEachFlowOnce) {
  add("a", {});
  add("b", {{"a", 0}});
  add("c", {{"b", kWindow}, {"a", 0}});
  EXPECT_EQ(plan("c"), "a:runs b:runs c:runs");
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(plan("c"), "a:runs b:runs c:runs");
  EXPECT_EQ(asked_, 2);
}

TEST_F(ANeedGraph, ReadsAgainWhatWasApplied) {
  add("a", {});
  add("b", {});
  add("c", {{"b", kWindow}, {"later", 0}});
  EXPECT_EQ(plan("c"), "b:runs later:missing c:runs");
  add("b", {{"a", 0}});
  apply("b");
  add("later", {});
  apply("later");
  EXPECT_EQ(plan("c"), "a:runs b:runs later:runs c:runs");
}

TEST_F(ANeedGraph, HearsOfRunsThatBeginAndEnd) {
  add("b", {});
  add("c", {{"b", kWindow}});
  EXPECT_EQ(plan("c"), "b:runs c:runs");
  ran(1, "b", RunState::kRunning, 0);
  EXPECT_EQ(plan("c"), "b:joins c:runs");
  ran(2, "b", RunState::kCompleted, kNow - 1);
  EXPECT_EQ(plan("c"), "b:fresh c:runs");
}

TEST_F(ANeedGraph, ForgetsRunsThatAreRemoved) {
  add("b", {});
  add("c", {{"b", kWindow}});
  ran(1, "b", RunState::kCompleted, kNow - 1);
  ran(2, "b", RunState::kError, kNow);  // the newest run is never removed
  EXPECT_EQ(plan("c"), "b:fresh c:runs");
  ChangeSet changes;
  changes.removed_runs = {1};
  ASSERT_TRUE(store_.commit(changes).has_value());
  graph_.on_commit(changes);
  EXPECT_EQ(plan("c"), "b:runs c:runs");
}

TEST_F(ANeedGraph, ReadsAllAgainAfterMoreChangesThanItRemembers) {
  add("b", {});
  add("c", {{"b", kWindow}});
  EXPECT_EQ(plan("c"), "b:runs c:runs");
  ran(1, "b", RunState::kRunning, 0);
  ChangeSet changes;
  changes.gone_runs.assign(100'001, 9);
  graph_.on_commit(changes);
  EXPECT_EQ(plan("c"), "b:joins c:runs");
}

}  // namespace
}  // namespace cordyna
