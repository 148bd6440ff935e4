#include "git/sync_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "service/flow_folder.hpp"

namespace cordyna::git {
namespace {

const std::string kOld(40, 'a');
const std::string kNew(40, 'b');
constexpr const char* kRoot = "/state/git/acme/current";

TreeFlow tree_flow(const std::string& path, const std::string& id, const std::string& text,
                   const std::string& ns = "acme") {
  return {path, ns, id, "h:" + text, "{" + text + "}", text};
}

std::string mark(const std::string& text) {
  return text_mark(source_of(text).hash);
}

class SyncPlanTest : public testing::Test {
 protected:
  SyncPlan plan() { return plan_sync({&follow_, kNew, kRoot, discard_}, {tree_, {}}, present_); }

  /// A flow that came by the branch.
  AppliedFlowRow& has(const std::string& id, const std::string& path, const std::string& text) {
    AppliedFlowRow row{"acme", id, 1, "h:" + text, kRoot, to_string(GitPlace{kOld, path})};
    row.source = source_of(text).hash;
    return present_.emplace_back(row);
  }
  /// One that was changed here, from `before` to `text`.
  AppliedFlowRow& edited(const std::string& id, const std::string& path, const std::string& before,
                         const std::string& text) {
    AppliedFlowRow& row = has(id, path, text);
    row.version = 2;
    row.file = to_string(GitPlace{kOld, path, true, before.empty() ? "" : mark(before)});
    return row;
  }
  static std::vector<std::string> names(const SyncPlan& plan) {
    std::vector<std::string> out;
    out.reserve(plan.changes.size());
    for (const FlowChange& change : plan.changes) {
      out.push_back((change.canonical.empty() ? "-" : "+") + change.flow_id);
    }
    return out;
  }

  using Names = std::vector<std::string>;
  GitFollow follow_{.ns = "acme", .url = "https://h/a", .folder = "flows"};
  std::vector<TreeFlow> tree_;
  std::vector<AppliedFlowRow> present_;
  bool discard_ = false;
};

TEST_F(SyncPlanTest, WhatIsNewIsAddedWithWhereItCameFrom) {
  tree_ = {tree_flow("flows/deep/a.yaml", "a", "1")};
  const SyncPlan made = plan();
  EXPECT_EQ(made.flaws, std::vector<GitFlaw>());
  ASSERT_EQ(made.changes.size(), 1U);
  EXPECT_EQ(made.changes[0], (FlowChange{"acme", "a", 0, false, "{1}", std::string(kRoot) + "/deep",
                                         "git:" + kNew + ":flows/deep/a.yaml", source_of("1")}));
  EXPECT_EQ(totals_of(made), "1 added");
}

TEST_F(SyncPlanTest, WhatIsTheSameIsLeftAloneAndKeepsItsCommit) {
  has("same", "flows/same.yaml", "1");
  has("moved", "flows/old.yaml", "2");
  has("other", "flows/other.yaml", "3");
  tree_ = {tree_flow("flows/same.yaml", "same", "1"), tree_flow("flows/new.yaml", "moved", "2"),
           tree_flow("flows/other.yaml", "other", "4")};
  const SyncPlan made = plan();
  EXPECT_EQ(names(made), (Names{"+moved", "+other"}));
  EXPECT_EQ(totals_of(made), "1 changed") << "another file name is noted, and is no version";
  EXPECT_EQ(made.changes[1].from, 1);
}

TEST_F(SyncPlanTest, WhatIsGoneIsRemovedUnlessItStays) {
  has("gone", "flows/gone.yaml", "1");
  present_.push_back({"acme", "by-hand", 1, "h", "/flows", "/flows/by-hand.yaml"});
  present_.push_back({"other", "theirs", 1, "h", kRoot, to_string(GitPlace{kOld, "x.yaml"})});
  tree_ = {tree_flow("flows/a.yaml", "a", "1")};
  EXPECT_EQ(names(plan()), (Names{"+a", "-gone"}));
  follow_.prune = false;
  EXPECT_EQ(names(plan()), Names{"+a"});
}

TEST_F(SyncPlanTest, AFlowThatComesBackOrWasThereByHandIsTakenOver) {
  has("back", "flows/back.yaml", "1").removed_at = 5;
  present_.push_back({"acme", "hand", 3, "h:2", "/flows", "/flows/hand.yaml"});
  tree_ = {tree_flow("flows/back.yaml", "back", "1"), tree_flow("flows/hand.yaml", "hand", "2")};
  const SyncPlan made = plan();
  EXPECT_EQ(names(made), (Names{"+back", "+hand"}));
  EXPECT_TRUE(made.changes[0].was_removed);
  EXPECT_EQ(made.changes[1].from, 3);
}

TEST_F(SyncPlanTest, OneFlawAndNothingChanges) {
  has("gone", "flows/gone.yaml", "1");
  tree_ = {tree_flow("flows/a.yaml", "a", "1"), tree_flow("flows/b.yaml", "b", "2", "other")};
  SyncPlan made = plan();
  EXPECT_TRUE(made.changes.empty());
  ASSERT_EQ(made.flaws.size(), 1U);
  EXPECT_EQ(to_string(made.flaws[0]),
            "flows/b.yaml: flow 'other/b' is not of namespace acme, which follows this branch; "
            "write namespace: acme, or one below it");
  tree_ = {tree_flow("flows/a.yaml", "a", "1"), tree_flow("flows/b.yaml", "a", "2")};
  made = plan();
  ASSERT_EQ(made.flaws.size(), 1U);
  EXPECT_NE(made.flaws[0].message.find("is in flows/a.yaml already"), std::string::npos);
  const TreeFlows broken{{tree_flow("flows/a.yaml", "a", "1")}, {{"flows/c.yaml", 3, 1, "no"}}};
  made = plan_sync({&follow_, kNew, kRoot, false}, broken, present_);
  EXPECT_TRUE(made.changes.empty());
  EXPECT_EQ(made.flaws, broken.flaws);
}

TEST_F(SyncPlanTest, AnEmptyFolderRemovesNoMoreThanOneFlow) {
  has("one", "flows/one.yaml", "1");
  EXPECT_EQ(names(plan()), Names{"-one"});
  has("two", "flows/two.yaml", "2");
  const SyncPlan made = plan();
  EXPECT_TRUE(made.changes.empty());
  ASSERT_EQ(made.flaws.size(), 1U);
  EXPECT_NE(made.flaws[0].message.find("no flow in its folder flows any more"), std::string::npos);
}

TEST_F(SyncPlanTest, WhatWasChangedHereStaysWhileTheBranchDoesNotMove) {
  edited("a", "flows/a.yaml", "1", "2");
  edited("fresh", "flows/fresh.yaml", "", "3");
  edited("out", "flows/out.yaml", "5", "5").removed_at = 7;
  tree_ = {tree_flow("flows/a.yaml", "a", "1"), tree_flow("flows/out.yaml", "out", "5")};
  const SyncPlan made = plan();
  EXPECT_EQ(names(made), Names());
  EXPECT_EQ(made.flaws, std::vector<GitFlaw>());
  EXPECT_EQ(made.edits,
            (std::vector<PendingEdit>{{"acme", "a", "flows/a.yaml", source_of("2").hash},
                                      {"acme", "fresh", "flows/fresh.yaml", source_of("3").hash},
                                      {"acme", "out", "flows/out.yaml", ""}}));
}

TEST_F(SyncPlanTest, WhatTheBranchHasByNowIsNoEditAnyMore) {
  edited("a", "flows/a.yaml", "1", "2");
  edited("out", "flows/out.yaml", "5", "5").removed_at = 7;
  tree_ = {tree_flow("flows/a.yaml", "a", "2")};
  const SyncPlan made = plan();
  EXPECT_TRUE(made.edits.empty());
  EXPECT_EQ(names(made), (Names{"+a", "-out"}));
  EXPECT_EQ(made.changes[0].file, to_string(GitPlace{kNew, "flows/a.yaml"}));
  EXPECT_EQ(made.changes[1].file, to_string(GitPlace{kNew, "flows/out.yaml"}));
  EXPECT_EQ(totals_of(made), "nothing new");
}

struct BothChanged {
  const char* name;
  const char* before;  // of the branch, when it was changed here
  bool removed;        // here
  const char* now;     // in the branch; null: no such file
  const char* path;    // where the branch has the flow now
};

class BothChangedTest : public SyncPlanTest, public testing::WithParamInterface<BothChanged> {};

TEST_P(BothChangedTest, IsAFlawUnlessTheEditIsDiscarded) {
  AppliedFlowRow& row = edited("a", "flows/a.yaml", GetParam().before, "2");
  if (GetParam().removed) row.removed_at = 7;
  tree_ = {tree_flow("flows/z.yaml", "z", "z")};
  if (GetParam().now != nullptr) tree_.push_back(tree_flow(GetParam().path, "a", GetParam().now));
  SyncPlan made = plan();
  ASSERT_EQ(made.flaws.size(), 1U);
  EXPECT_NE(made.flaws[0].message.find("was changed here and in the branch"), std::string::npos);
  EXPECT_TRUE(made.changes.empty());
  discard_ = true;
  made = plan();
  EXPECT_TRUE(made.flaws.empty());
  EXPECT_TRUE(made.edits.empty());
  const Names all = names(made);
  EXPECT_EQ(std::ranges::count(all, GetParam().now != nullptr ? "+a" : "-a"), 1);
}

INSTANTIATE_TEST_SUITE_P(All, BothChangedTest,
                         testing::Values(BothChanged{"changed", "1", false, "3", "flows/a.yaml"},
                                         BothChanged{"gone", "1", false, nullptr, ""},
                                         BothChanged{"moved", "1", false, "1", "flows/b.yaml"},
                                         BothChanged{"new_in_both", "", false, "3", "flows/a.yaml"},
                                         BothChanged{"removed_here", "1", true, "3",
                                                     "flows/a.yaml"}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(FolderOfTest, IsThatOfThePathBelowTheFollowedFolder) {
  GitFollow follow{.ns = "acme", .url = "https://h/a"};
  EXPECT_EQ(folder_of(follow, "/r", "a.yaml"), "/r");
  EXPECT_EQ(folder_of(follow, "/r", "x/y/a.yaml"), "/r/x/y");
  follow.folder = "flows";
  EXPECT_EQ(folder_of(follow, "/r", "flows/a.yaml"), "/r");
  EXPECT_EQ(folder_of(follow, "/r", "flows/x/a.yaml"), "/r/x");
}

}  // namespace
}  // namespace cordyna::git
