#include "flowtest/fixture_tasks.hpp"

#include "flowtest/case_run_fixture.hpp"

namespace cordyna::flowtest {
namespace {

constexpr const char* kTablesFlow = R"(id: tables
tasks:
  - id: raw
    type: load
    from: https://example.invalid/raw.csv
    delimiter: ';'
    headers: {Accept: text/csv}
    contract: {columns: {id: int64}, rows: {min: 1000}}
  - {id: ok, type: check, of: raw, rules: [{name: all, sql: id > 0}]}
  - {id: out, type: share, of: ok, to: out.csv, guard: off}
)";

class FixtureTasksTest : public CaseRunFixture {
 protected:
  /// The params of each task as the real side sees them.
  std::vector<std::string> changed(const std::string& fixtures) {
    file_ = read(kTablesFlow, "tests:\n  - {id: a, expect: {}, fixtures: " + fixtures + "}\n");
    const auto flow = with_data_fixtures(
        file_.flow, file_.cases.at(0), [](TaskIndex task, const std::vector<std::string>& rows) {
          return Result<std::string>("/tmp/" + std::to_string(task) + "-" + rows.front());
        });
    std::vector<std::string> out;
    for (const TaskSpec& task : (*flow)->tasks) out.push_back(task.type + " " + task.params);
    return out;
  }
  bool real(const std::string& test) {
    file_ = read(kTablesFlow, "tests:\n  - {id: a, expect: {}, " + test + "}\n");
    return needs_real(*file_.flow, file_.cases.at(0));
  }
};

TEST_F(FixtureTasksTest, ALoadKeepsHowItReadsAndItsContractButForTheNumberOfRows) {
  std::ofstream(folder_ / "raw.csv") << "id\n1\n";
  const std::vector<std::string> tasks = changed("{raw: {data: raw.csv}}");
  const std::string file = (std::filesystem::canonical(folder_) / "raw.csv").string();
  EXPECT_TRUE(
      tasks[0].starts_with(R"(load {"delimiter":";","header":true,"contract":{"columns":)"));
  EXPECT_TRUE(tasks[0].ends_with(R"(,"from":")" + file + "\"}"));
  EXPECT_EQ(tasks[0].find("rows"), std::string::npos);
  EXPECT_EQ(tasks[0].find("headers"), std::string::npos);
}

TEST_F(FixtureTasksTest, RowsStandInForAnyStep) {
  const std::vector<std::string> tasks = changed("{ok: {data: [{id: 1}]}}");
  EXPECT_EQ(tasks[1], R"(load {"format":"json","header":true,"from":"/tmp/1-{\"id\":1}"})");
}

TEST_F(FixtureTasksTest, OnlyWhatMayRunForRealWantsAState) {
  EXPECT_TRUE(real("run: data"));
  EXPECT_FALSE(real("run: none"));
  EXPECT_FALSE(real("fixtures: {raw: {}, ok: {}}"));
  EXPECT_TRUE(real("fixtures: {raw: {}, ok: {}, out: {real: true}}"));
  EXPECT_TRUE(real("fixtures: {raw: {}, ok: {data: [{id: 1}]}}"));
  EXPECT_TRUE(real("run: all, fixtures: {raw: {}, ok: {}}"));
}

}  // namespace
}  // namespace cordyna::flowtest
