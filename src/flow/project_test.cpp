#include "flow/project_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

class ProjectTest : public testing::Test {
 protected:
  ProjectTest() {
    std::string name = testing::TempDir() + "/projectXXXXXX";
    folder_ = std::filesystem::canonical(::mkdtemp(name.data())).string();
  }
  ~ProjectTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  /// The findings of a flow, each "line:column: message".
  std::vector<std::string> findings(std::string_view flow) {
    parsed_ = parse(flow, folder_ + "/flow.yaml", folder_);
    std::vector<std::string> all;
    all.reserve(parsed_.diagnostics.size());
    for (const Diagnostic& found : parsed_.diagnostics) {
      all.push_back(std::filesystem::path(format(found)).filename().string());
    }
    return all;
  }

  std::string folder_;
  Parsed parsed_;
};

using Lines = std::vector<std::string>;

TEST_F(ProjectTest, DeclaresPoolsThatTasksName) {
  write("cordyna.yaml",
        "# what we have\npools:\n  warehouse: {slots: 4, rate: {count: 100, per: 1m}, description: "
        "The one.}\n  api: {rate: {count: 5, per: 1s}}\n");
  const auto project = load_project(folder_);
  ASSERT_TRUE(project.has_value()) << project.error().message;
  ASSERT_EQ(project->pools.size(), 2U);
  EXPECT_EQ(project->pools[0], (PoolSpec{"api", "", 0, {5, 1000}}));
  EXPECT_EQ(project->pools[1], (PoolSpec{"warehouse", "The one.", 4, {100, 60'000}}));
  EXPECT_EQ(findings("id: f\npool: api\ntasks:\n"
                     "  - {id: a, type: shell, script: x, pool: warehouse}\n"
                     "  - {id: b, type: shell, script: x}\n"
                     "  - {id: c, type: log, message: x}\n"),
            Lines{});
  ASSERT_NE(parsed_.flow, nullptr);
  EXPECT_EQ(parsed_.flow->tasks[0].pool, "warehouse");
  EXPECT_EQ(parsed_.flow->tasks[1].pool, "api");
  EXPECT_EQ(parsed_.flow->tasks[2].pool, "");
  // A stored version is what it was, also where the pool is no longer declared.
  write("cordyna.yaml", "");
  const auto stored = from_canonical(parsed_.canonical, folder_);
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ((*stored)->tasks[0].pool, "warehouse");
  EXPECT_EQ((*stored)->hash, parsed_.flow->hash);
}

TEST_F(ProjectTest, WithoutContentItOnlyMarksTheFolder) {
  EXPECT_TRUE(load_project(folder_)->file.empty());
  for (const char* text : {"", "\n", "# a comment\n  # and another"}) {
    write("cordyna.yaml", text);
    const auto project = load_project(folder_);
    ASSERT_TRUE(project.has_value()) << project.error().message;
    EXPECT_EQ(project->file, folder_ + "/cordyna.yaml");
    EXPECT_TRUE(project->pools.empty());
  }
}

TEST_F(ProjectTest, SaysWhatIsWrongAndWhere) {
  write("cordyna.yaml",
        "pols: {}\npools:\n  a: {}\n  b: {slots: 0}\n  C: {slots: 1}\n  d: {slot: 1}\n"
        "  e: {rate: {count: 3}}\n  f: {rate: {count: 3, per: 8d}}\n");
  EXPECT_EQ(
      findings("id: f\ntasks: [{id: a, type: shell, script: x, pool: whatever}]\n"),
      (Lines{
          // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): each line goes on in the next
          "cordyna.yaml:1:1: error: unknown key 'pols' of cordyna.yaml (unknown_key); did you "
          "mean 'pools'?",
          "cordyna.yaml:3:3: error: pool 'a' has neither 'slots' nor 'rate' (missing_key); it "
          "wants one of them",
          "cordyna.yaml:4:14: error: 'slots' is from 1 to 10000, not 0 (bad_value)",
          "cordyna.yaml:5:3: error: 'C' is not an id (bad_id); ids are up to 128 of a-z, 0-9, "
          "'.', '_' and '-', and begin with a letter or digit",
          "cordyna.yaml:6:7: error: unknown key 'slot' in 'd' (unknown_key); did you mean "
          "'slots'?",
          "cordyna.yaml:7:13: error: 'rate' has no 'per' (missing_key); it is required",
          "cordyna.yaml:8:29: error: 'per' is at most 7d00h, not '8d' (bad_value)",
      }));
  const auto project = load_project(folder_);
  ASSERT_FALSE(project.has_value());
  EXPECT_EQ(project.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(project.error().message.find("cordyna.yaml:7:13"), std::string::npos);
}

TEST_F(ProjectTest, APoolThatIsNotDeclaredIsAnError) {
  EXPECT_EQ(findings("id: f\ntasks: [{id: a, type: shell, script: x, pool: w}]\n"),
            Lines{"flow.yaml:2:47: error: the project's cordyna.yaml declares no pool 'w'; declare "
                  "it there: pools: {w: {slots: 4}} (unknown_pool)"});
  write("cordyna.yaml", "pools: {warehouse: {slots: 1}, api: {slots: 1}}");
  write("defaults.yaml", "pool: warehose\n");
  EXPECT_EQ(findings("id: f\npool: zzz\ntasks:\n  - {id: a, type: shell, script: x, pool: aip}\n"
                     "  - {id: b, type: log, message: x, pool: api}\n"),
            (Lines{
                "flow.yaml:2:7: error: the project's cordyna.yaml declares no pool 'zzz'; it "
                "declares api or warehouse (unknown_pool)",
                "flow.yaml:4:43: error: the project's cordyna.yaml declares no pool 'aip'; did "
                "you mean 'api'? (unknown_pool)",
                "flow.yaml:5:42: error: the engine does this by itself, without a slot "
                "(bad_value); leave 'pool' out",
                "defaults.yaml:1:7: error: the project's cordyna.yaml declares no pool "
                "'warehose'; did you mean 'warehouse'? (unknown_pool)",
            }));
}

TEST_F(ProjectTest, ConcurrencyIsANumberOrWhatItIsInFull) {
  const std::string tasks = "\ntasks: [{id: a, type: log, message: x}]\n";
  EXPECT_EQ(findings("id: f\nconcurrency: 2" + tasks), Lines{});
  EXPECT_EQ(parsed_.flow->concurrency, (Concurrency{.limit = 2}));
  EXPECT_EQ(findings("id: f\ninputs: [{id: c}]\nconcurrency: {limit: 1, key: \"{{ inputs.c }} {{ "
                     "trigger.id }}\", when_full: cancel}" +
                     tasks),
            Lines{});
  EXPECT_EQ(parsed_.flow->concurrency,
            (Concurrency{1, "{{ inputs.c }} {{ trigger.id }}", WhenFull::kCancel}));
  const auto stored = from_canonical(parsed_.canonical, folder_);
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
  EXPECT_EQ((*stored)->concurrency, parsed_.flow->concurrency);
  EXPECT_EQ((*stored)->hash, parsed_.flow->hash);
}

TEST_F(ProjectTest, ConcurrencySaysWhatIsWrong) {
  const std::string tasks = "\ntasks: [{id: a, type: log, message: x}]\n";
  EXPECT_EQ(findings("id: f\nconcurrency: 0" + tasks),
            Lines{"flow.yaml:2:14: error: 'concurrency' is from 1 to 10000, not 0 (bad_value)"});
  EXPECT_EQ(findings("id: f\nconcurrency: {key: \"{{ outputs.a.x }}\", when_full: drop}" + tasks),
            (Lines{"flow.yaml:2:14: error: 'concurrency' has no 'limit' (missing_key); it is "
                   "required",
                   "flow.yaml:2:24: error: 'outputs' is not known in 'concurrency.key' "
                   "(undefined_name); known are inputs, run, flow, vars, labels or trigger",
                   "flow.yaml:2:52: error: 'when_full' is queue, skip or cancel, not 'drop' "
                   "(bad_value)"}));
}

}  // namespace
}  // namespace cordyna::flow
