#include "process/data/private_data.hpp"

#include <filesystem>
#include <fstream>
#include <set>

#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLoad = R"({"from": "in.csv", "contract": {"columns": {
    "id": "int64", "name": {"type": "string", "pii": true}, "town": "string"}}%})";

class PrivateMarkTest : public StepTest {
 protected:
  int load(const std::string& more) {
    file("in.csv", "id,name,town\n1,Ann,Kent\n2,Bob,Nowhere\n");
    std::string params = kLoad;
    params.replace(params.find('%'), 1, more);
    return run("load", "in", params);
  }
};

TEST_F(PrivateMarkTest, DataWithColumnsThatTellAboutPersonsIsMarked) {
  ASSERT_EQ(load(""), 0) << error_message();
  EXPECT_TRUE(fs::exists(mark()));
  EXPECT_EQ(content(mark()), "");
  ASSERT_EQ(run("check", "ok", R"({"of": "in", "rules": [{"name": "r", "sql": "id < 1"}]})"), 1);
  EXPECT_TRUE(fs::exists(mark())) << "also of a step that failed";
}

TEST_F(PrivateMarkTest, DataWithoutThemAndDataThatIsToBeKeptIsNot) {
  ASSERT_EQ(load(R"(, "keep_pii": true)"), 0) << error_message();
  EXPECT_FALSE(fs::exists(mark()));
  ASSERT_EQ(run("secure", "safe", R"({"of": "in", "columns": {"name": {"how": "hash"}}})"), 0)
      << error_message();
  EXPECT_FALSE(fs::exists(mark()));
  ASSERT_EQ(run("transform", "towns", R"({"sql": "SELECT town FROM safe"})"), 0) << error_message();
  EXPECT_FALSE(fs::exists(mark()));
}

TEST_F(PrivateMarkTest, OfAResultWithoutThemOnlyWhatWasSetAsideIsNamed) {
  ASSERT_EQ(load(""), 0) << error_message();
  ASSERT_EQ(run("standardize", "std",
                R"j({"of": "in", "drop": ["name"], "on_lost": "quarantine",
                     "set": {"town": "nullif(town, 'Nowhere')"}})j"),
            0)
      << error_message();
  EXPECT_EQ(output("rows"), "1");
  EXPECT_EQ(content(mark()), "std.quarantine.parquet\n");
}

class PrivateDataTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-private-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    layout_ = StateLayout(name);
  }
  void TearDown() override { fs::remove_all(layout_.folder()); }

  /// An attempt with data, and its mark.
  void attempt(RunNo run, const std::string& names) {
    const fs::path folder = layout_.attempt_folder(run, 0, 1);
    fs::create_directories(folder / attempt_file::kArtifacts);
    fs::create_directories(folder / attempt_file::kWork);
    for (const char* file :
         {"artifacts/in.parquet", "artifacts/in.rejects.parquet", "work/x", "report"}) {
      std::ofstream(folder / file) << "Ann";
    }
    fs::create_directories(layout_.private_folder(run));
    std::ofstream(layout_.private_mark(run, 0, 1)) << names;
  }
  [[nodiscard]] bool there(RunNo run, const std::string& file) const {
    return fs::exists(layout_.attempt_folder(run, 0, 1) + "/" + file);
  }
  static RunRow row(RunNo no, RunState state, const std::string& flow = "f") {
    RunRow run;
    run.no = no;
    run.flow_id = flow;
    run.state = state;
    return run;
  }

  StateLayout layout_{""};
};

TEST_F(PrivateDataTest, ARunThatEndedWellLeavesNothingOfIt) {
  attempt(1, "");
  PrivateData(layout_).run_ended(row(1, RunState::kCompleted));
  EXPECT_FALSE(there(1, "artifacts/in.parquet"));
  EXPECT_FALSE(there(1, "artifacts/in.rejects.parquet"));
  EXPECT_FALSE(there(1, "work/x"));
  EXPECT_TRUE(there(1, "report"));
  EXPECT_FALSE(fs::exists(layout_.private_folder(1)));
}

TEST_F(PrivateDataTest, OnlyWhatAMarkNamesGoes) {
  attempt(1, "in.rejects.parquet\n../report\n");
  PrivateData(layout_).run_ended(row(1, RunState::kWarning));
  EXPECT_TRUE(there(1, "artifacts/in.parquet"));
  EXPECT_FALSE(there(1, "artifacts/in.rejects.parquet"));
  EXPECT_TRUE(there(1, "report"));
}

TEST_F(PrivateDataTest, ARunThatFailedKeepsItUntilTheNextRunOfTheFlowHasEnded) {
  attempt(1, "");
  attempt(2, "");
  PrivateData data(layout_);
  data.run_ended(row(1, RunState::kError));
  data.run_ended(row(3, RunState::kCompleted, "another"));
  EXPECT_TRUE(there(1, "artifacts/in.parquet"));
  data.run_ended(row(2, RunState::kCancelled));
  EXPECT_FALSE(there(1, "artifacts/in.parquet"));
  EXPECT_TRUE(there(2, "artifacts/in.parquet"));
  data.run_ended(row(4, RunState::kCompleted));
  EXPECT_FALSE(there(2, "artifacts/in.parquet"));
}

/// Knows only which runs a rerun reads.
class ReadRuns final : public StoreReader {
 public:
  Result<std::vector<RunRow>> list_runs(const RunFilter&) override { return std::vector<RunRow>(); }
  Result<RunRow> find_run(const RunId&) override { return none(); }
  Result<RunRow> find_run(RunNo) override { return none(); }
  Result<RunSnapshot> load_run(RunNo) override { return none(); }
  Result<std::vector<AttemptRow>> list_attempts(RunNo) override { return none(); }
  Result<std::vector<HistoryRow>> list_history(RunNo, std::int64_t, std::uint32_t) override {
    return none();
  }
  Result<FlowVersionRow> find_flow(std::string_view) override { return none(); }
  Result<std::vector<PointRow>> list_points(const PointFilter&) override { return none(); }
  Result<std::vector<SeriesInfo>> list_series() override { return none(); }
  Result<std::vector<TickRow>> list_ticks(const TickFilter&) override { return none(); }
  Result<BackfillRow> find_backfill(BackfillNo) override { return none(); }
  Result<std::vector<BackfillRow>> list_backfills(const BackfillFilter&) override { return none(); }
  Result<bool> is_done(const TimeKey&) override { return none(); }
  Result<std::vector<Millis>> list_pool_starts(std::string_view, Millis, std::uint32_t) override {
    return none();
  }
  Result<AppliedFlowRow> find_applied(std::string_view, std::string_view) override {
    return none();
  }
  Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter&) override { return none(); }
  Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter&) override {
    return none();
  }
  Result<std::vector<HashRuns>> count_runs(std::string_view, std::string_view) override {
    return none();
  }
  Result<bool> is_read_by_rerun(RunNo no) override { return read.contains(no); }

  std::set<RunNo> read;

 private:
  static std::unexpected<Error> none() { return fail(ErrorCode::kNotFound, "not here"); }
};

TEST_F(PrivateDataTest, WhatARerunReadsStaysUntilItHasEnded) {
  attempt(1, "");
  ReadRuns reader;
  PrivateData data(layout_, [&reader]() -> Result<StoreReader*> { return &reader; });
  data.run_ended(row(1, RunState::kError));
  reader.read = {1};
  data.run_ended(row(2, RunState::kCompleted));
  EXPECT_TRUE(there(1, "artifacts/in.parquet")) << "another run of the flow ended meanwhile";
  RunRow rerun = row(3, RunState::kCompleted);
  rerun.rerun_of = 1;
  reader.read.clear();
  data.run_ended(rerun);
  EXPECT_FALSE(there(1, "artifacts/in.parquet"));
  EXPECT_FALSE(fs::exists(layout_.private_folder(1)));
}

TEST_F(PrivateDataTest, OneThatEndedWellWaitsForItsRerunToo) {
  attempt(1, "");
  ReadRuns reader;
  reader.read = {1};
  PrivateData data(layout_, [&reader]() -> Result<StoreReader*> { return &reader; });
  data.run_ended(row(1, RunState::kCompleted));
  EXPECT_TRUE(there(1, "artifacts/in.parquet"));
  RunRow rerun = row(2, RunState::kError);
  rerun.rerun_of = 1;
  reader.read.clear();
  data.run_ended(rerun);
  EXPECT_FALSE(there(1, "artifacts/in.parquet"));
}

TEST_F(PrivateDataTest, WhatIsNotKnownIsKept) {
  attempt(1, "");
  PrivateData data(
      layout_, []() -> Result<StoreReader*> { return fail(ErrorCode::kUnavailable, "no store"); });
  data.run_ended(row(1, RunState::kCompleted));
  EXPECT_TRUE(there(1, "artifacts/in.parquet"));
}

}  // namespace
}  // namespace cordyna::data
