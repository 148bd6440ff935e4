#include "service/apply_plan.hpp"

#include <gtest/gtest.h>

namespace cordyna {
namespace {

FolderFlow file_of(const std::string& id, const std::string& hash) {
  auto flow = std::make_shared<Flow>();
  flow->ns = "acme";
  flow->id = id;
  flow->hash = hash;
  flow->folder = "/flows";
  return {"flows/" + id + ".yaml", std::move(flow), "canonical of " + hash, {}};
}

AppliedFlowRow row_of(const std::string& id, std::int64_t version, const std::string& hash) {
  AppliedFlowRow row;
  row.ns = "acme";
  row.flow_id = id;
  row.version = row.from = version;
  row.hash = hash;
  row.folder = "/flows";
  row.file = "/flows/" + id + ".yaml";
  return row;
}

FlowFolder folder_of(std::vector<FolderFlow> flows) {
  FlowFolder found;
  found.flows = std::move(flows);
  found.scopes = {"/flows"};
  return found;
}

std::string story(const ApplyPlan& plan) {
  std::string out;
  for (const PlannedFlow& one : plan.flows) out += line_of(one) + "\n";
  return out + totals_of(plan);
}

TEST(ApplyPlanTest, EachFlowHasItsFate) {
  AppliedFlowRow removed = row_of("back", 2, "h2");
  removed.removed_at = 5;
  const ApplyPlan plan = plan_apply(
      {row_of("same", 4, "h"), row_of("other", 1, "old"), row_of("gone", 3, "h"), removed},
      folder_of({file_of("same", "h"), file_of("other", "new"), file_of("new", "h"),
                 file_of("back", "h2")}),
      false);
  EXPECT_EQ(story(plan),
            "added      acme/back  version 2  /flows/back.yaml\n"
            "missing    acme/gone  version 3  /flows/gone.yaml  (no longer in the folder)\n"
            "added      acme/new  version 1  /flows/new.yaml\n"
            "changed    acme/other  version 1 -> 2  /flows/other.yaml\n"
            "unchanged  acme/same  version 4  /flows/same.yaml\n"
            "2 added, 1 changed, 1 unchanged, 1 no longer in the folder (--prune removes it)");
  EXPECT_TRUE(plan.changes_flows());
  EXPECT_EQ(plan.changes(),
            (std::vector<FlowChange>{
                {"acme", "back", 2, true, "canonical of h2", "/flows", "/flows/back.yaml"},
                {"acme", "new", 0, false, "canonical of h", "/flows", "/flows/new.yaml"},
                {"acme", "other", 1, false, "canonical of new", "/flows", "/flows/other.yaml"}}));
}

TEST(ApplyPlanTest, PruneRemovesOnlyWhatCameFromThere) {
  AppliedFlowRow elsewhere = row_of("elsewhere", 1, "h");
  elsewhere.file = "/flowsome/elsewhere.yaml";
  FlowFolder found = folder_of({});
  found.refused_files = {"/flows/broken.yaml"};
  const ApplyPlan plan =
      plan_apply({row_of("gone", 3, "h"), elsewhere, row_of("broken", 2, "h")}, found, true);
  EXPECT_EQ(story(plan), "removed    acme/gone  version 3  /flows/gone.yaml\n1 removed");
  EXPECT_EQ(plan.changes(), (std::vector<FlowChange>{{"acme", "gone", 3, false, "", "", ""}}));
}

TEST(ApplyPlanTest, AnotherFolderIsAChangeAndAnotherFileIsNoted) {
  AppliedFlowRow moved = row_of("a", 1, "h");
  moved.folder = "/before";
  AppliedFlowRow renamed = row_of("b", 1, "h");
  renamed.file = "/flows/old.yaml";
  const ApplyPlan plan =
      plan_apply({moved, renamed}, folder_of({file_of("a", "h"), file_of("b", "h")}), false);
  EXPECT_EQ(plan.count(FlowFate::kChanged), 1U);
  EXPECT_EQ(plan.count(FlowFate::kUnchanged), 1U);
  EXPECT_EQ(plan.changes().size(), 2U);
}

TEST(ApplyPlanTest, AnotherCommentIsNotedAndMakesNoVersion) {
  FolderFlow file = file_of("a", "h");
  file.text = "id: a  # ours\n";
  AppliedFlowRow row = row_of("a", 1, "h");
  row.source = source_of("id: a\n").hash;
  const ApplyPlan plan = plan_apply({row}, folder_of({file}), false);
  EXPECT_EQ(plan.count(FlowFate::kUnchanged), 1U);
  EXPECT_FALSE(plan.changes_flows());
  ASSERT_EQ(plan.changes().size(), 1U);
  EXPECT_EQ(plan.changes()[0].source, source_of(file.text));
  EXPECT_EQ(plan.changes()[0].source.text, file.text);
  row.source = source_of(file.text).hash;
  EXPECT_TRUE(plan_apply({row}, folder_of({file}), false).changes().empty());
}

TEST(ApplyPlanTest, NothingToDoIsNoChange) {
  const ApplyPlan plan = plan_apply({row_of("a", 1, "h")}, folder_of({file_of("a", "h")}), true);
  EXPECT_FALSE(plan.changes_flows());
  EXPECT_TRUE(plan.changes().empty());
  EXPECT_EQ(totals_of(ApplyPlan{}), "no flows");
}

}  // namespace
}  // namespace cordyna
