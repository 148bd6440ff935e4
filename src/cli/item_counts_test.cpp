#include "cli/item_counts.hpp"

#include <gtest/gtest.h>

namespace cordyna::cli {
namespace {

class ItemCountsTest : public testing::Test {
 protected:
  ItemCountsTest() {
    const auto add = [&](std::string id, TaskIndex inside, std::string items) {
      TaskSpec spec;
      spec.id = std::move(id);
      spec.inside = inside;
      spec.foreach.items = std::move(items);
      flow_->tasks.push_back(spec);
    };
    add("l", kNoTask, "[]");
    add("l/x", 0, "");
    add("l/m", 0, "[]");
    add("l/m/y", 2, "");
    add("other", kNoTask, "");
    counts_ = ItemCounts(flow_);
  }
  std::string take(std::string path, TaskState state, std::string detail = "") {
    Update update;
    update.task = std::move(path);
    update.task_state = state;
    update.detail = std::move(detail);
    const ItemCounts::Loop* loop = counts_.take(update);
    return loop == nullptr ? "" : ItemCounts::text(*loop);
  }

  std::shared_ptr<Flow> flow_ = std::make_shared<Flow>();
  ItemCounts counts_;
};

TEST_F(ItemCountsTest, AnItemHasEndedWhenAllOfItsTasksHave) {
  EXPECT_EQ(take("other", TaskState::kCompleted), "");
  EXPECT_EQ(take("l", TaskState::kStarted, "1200 items"), "0/1,200 items");
  EXPECT_EQ(take("l[7]/x", TaskState::kStarted), "0/1,200 items");
  EXPECT_EQ(take("l[7]/x", TaskState::kError), "0/1,200 items, 1 failed");
  EXPECT_EQ(take("l[7]/m", TaskState::kStarted, "2 items"), "0/1,200 items, 1 failed");
  EXPECT_EQ(take("l[7]/m[0]/y", TaskState::kCompleted), "0/1,200 items, 1 failed");
  EXPECT_EQ(take("l[7]/m", TaskState::kCompleted), "1/1,200 items, 1 failed");
  EXPECT_EQ(take("l", TaskState::kError), "1/1,200 items, 1 failed");
  EXPECT_EQ(take("l", TaskState::kError), "");
}

TEST_F(ItemCountsTest, ManyAreCountedThroughAllLoopsAround) {
  take("l", TaskState::kStarted, "10 items");
  take("l[0]/m", TaskState::kStarted, "6 items");
  EXPECT_FALSE(counts_.too_many("l[0]/x"));
  EXPECT_TRUE(counts_.too_many("l[0]/m[3]/y"));
  EXPECT_FALSE(counts_.too_many("other"));
}

}  // namespace
}  // namespace cordyna::cli
