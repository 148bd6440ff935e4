// What the end of a run reads from the store and from the logs.
#include "cli/summary.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/cli_fixtures.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna::cli {
namespace {

using namespace testing_support;

class SummaryLoadTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/summary_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    layout_ = std::make_unique<StateLayout>(name);
  }
  void TearDown() override { std::filesystem::remove_all(layout_->folder()); }

  void add_task(const std::string& path, TaskState state, const std::string& blocked_by = {},
                const std::string& outputs = {}) {
    TaskRow task;
    task.run = 7;
    task.path = path;
    task.state = state;
    task.attempt = state == TaskState::kBlocked ? 0 : 1;
    task.blocked_by = blocked_by;
    task.outputs = outputs;
    if (state == TaskState::kError) {
      task.error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit code 1");
      task.error->owner = "team";
    }
    changes_.tasks.push_back(task);
  }
  RunSummary load(RunState state, const FollowedRun& run) {
    RunRow row;
    row.no = 7;
    row.id = run.id;
    row.flow_id = "homes";
    row.flow_hash = "hash";
    row.folder = "/";
    row.inputs = "{}";
    row.state = state;
    changes_.flows.push_back({"hash", "homes", "", "{}"});
    changes_.runs.push_back(row);
    EXPECT_TRUE(store_.commit(changes_).has_value());
    auto summary = load_summary(store_, *layout_, run);
    EXPECT_TRUE(summary.has_value());
    return summary.has_value() ? std::move(*summary) : RunSummary{};
  }
  static FollowedRun run(std::shared_ptr<const Flow> flow) {
    return {7, RunId{"01a1fdf1-297b-7406-8fa9-d3d429eb9043"}, std::move(flow)};
  }

  std::unique_ptr<StateLayout> layout_;
  MemoryStore store_;
  ChangeSet changes_;
};

TEST_F(SummaryLoadTest, FailedTasksComeWithTheirLastWordsAndAllTheyBlocked) {
  add_task("load", TaskState::kError);
  add_task("merge", TaskState::kBlocked, "load");
  add_task("share", TaskState::kBlocked, "merge");  // by way of merge
  add_task("beside", TaskState::kCompleted);
  const std::string folder = layout_->attempt_folder(7, 0, 1);
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/log") << "o 1 fine\ne 2 no such \x1b[31mtable\n";
  const auto flow = make_flow({{"load", "shell"}, {"merge", "shell"}, {"share", "shell"}});
  const RunSummary summary = load(RunState::kError, run(flow));
  ASSERT_EQ(summary.failed.size(), 1U);
  const FailedTask& failed = summary.failed.front();
  EXPECT_EQ(failed.path, "load");
  EXPECT_EQ(failed.error.owner, "team");
  EXPECT_EQ(failed.blocked, (std::vector<std::string>{"merge", "share"}));
  EXPECT_EQ(failed.blocked_count, 2U);
  EXPECT_EQ(failed.last_lines, std::vector<std::string>{"no such \\x1b[31mtable"});
}

TEST_F(SummaryLoadTest, OnlyTheEndOfALongLogIsRead) {
  add_task("load", TaskState::kError);
  const std::string folder = layout_->attempt_folder(7, 0, 1);
  std::filesystem::create_directories(folder);
  std::ofstream log(folder + "/log");
  for (int i = 0; i < 20'000; ++i) log << "e 1 line " << i << "\n";
  log.close();
  const RunSummary summary = load(RunState::kError, run(make_flow({{"load", "shell"}})));
  ASSERT_EQ(summary.failed.size(), 1U);
  EXPECT_EQ(summary.failed[0].last_lines.size(), 8U);
  EXPECT_EQ(summary.failed[0].last_lines.back(), "line 19999");
}

TEST_F(SummaryLoadTest, SharesSayWhereTheyLie) {
  add_task("share", TaskState::kCompleted, "", R"({"targets":["/out/a.csv","/out/a.parquet"]})");
  add_task("other", TaskState::kCompleted, "", R"({"targets":["/not/shared"]})");
  const RunSummary summary =
      load(RunState::kCompleted, run(make_flow({{"share", "share"}, {"other", "shell"}})));
  EXPECT_EQ(summary.shared, (std::vector<std::string>{"/out/a.csv", "/out/a.parquet"}));
}

TEST_F(SummaryLoadTest, ManyFailuresAreCountedNotListed) {
  for (int i = 0; i < 500; ++i) add_task("t" + std::to_string(i), TaskState::kError);
  const RunSummary summary = load(RunState::kError, run(nullptr));
  EXPECT_EQ(summary.failed.size(), 20U);
  EXPECT_EQ(summary.failed_count, 500U);
  const std::string text = format_summary(summary, Palette(false));
  EXPECT_NE(text.find("… 480 more failed: dyna why 7"), std::string::npos) << text;
}

TEST_F(SummaryLoadTest, AsJsonItIsOneObject) {
  add_task("load", TaskState::kError);
  const std::string json = summary_as_json(load(RunState::kError, run(nullptr)));
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_NE(json.find(R"("failed":[{"task":"load","attempt":1,"blocked_count":0,"error":{"code":)"),
            std::string::npos)
      << json;
}

}  // namespace
}  // namespace cordyna::cli
