#include "flow/case_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFlow = R"(id: orders
inputs: [{id: county, default: story}]
triggers:
  - {id: nightly, type: schedule, cron: "0 2 * * *"}
tasks:
  - {id: raw, type: load, from: "data/{{ inputs.county }}.csv"}
  - {id: sum, type: transform, sql: "select count(*) as c from raw"}
  - {id: tell, type: shell, script: "true", needs: sum, retry: {attempts: 3}}
  - {id: ask, type: pause, needs: tell}
  - {id: note, type: log, message: done, needs: ask}
)";

/// A folder with the flow above and a file of tests.
class CaseTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("case_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    write("orders.yaml", kFlow);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  CaseFile read(const std::string& text) {
    write("orders.test.yaml", text);
    auto found = read_case_file((folder_ / "orders.test.yaml").string());
    EXPECT_TRUE(found.has_value());
    return std::move(*found);
  }

  /// "line:column message" of each error.
  std::vector<std::string> errors(const std::string& text) {
    std::vector<std::string> out;
    for (const Diagnostic& one : read(text).diagnostics) {
      out.push_back(std::to_string(one.line) + ":" + std::to_string(one.column) + " " +
                    one.message);
    }
    return out;
  }

  fs::path folder_;
};

TEST_F(CaseTest, ReadsAllThatATestSays) {
  write("raw.csv", "id\n1\n");
  const CaseFile file = read(R"(tests:
  - id: all of it
    inputs: {county: king}
    at: 2026-03-29T01:59:00Z
    secrets: {TOKEN: fake}
    run: none
    slots: 2
    timeout: 90s
    fixtures:
      raw: {data: raw.csv}
      sum: {data: [{c: 3}]}
      tell: {error: EXIT_NONZERO, message: "503", exit_code: 75, attempts: 2, after: 5m}
      ask: {reject: {by: ann, note: no}, after: 1h}
    expect:
      state: error
      tasks: {raw: completed, ask: {state: error, attempts: 1, held: false, ended_after: 70m}}
      order: [raw, sum]
      rows: {sum: [{c: 3}], raw: 1}
      duration: 70m
)");
  ASSERT_TRUE(file.good);
  ASSERT_EQ(file.cases.size(), 1u);
  const FlowCase& test = file.cases.front();
  EXPECT_EQ(test.id, "all of it");
  EXPECT_EQ(test.inputs, (GivenInputs{{"county", "king"}}));
  EXPECT_EQ(format_timestamp(test.at), "2026-03-29T01:59:00.000Z");
  EXPECT_EQ(test.real, RunReal::kNone);
  EXPECT_EQ(test.timeout, 90'000);
  ASSERT_EQ(test.fixtures.size(), 4u);
  EXPECT_TRUE(test.fixtures[0].attempts[0].file.ends_with("/raw.csv"));
  EXPECT_EQ(test.fixtures[1].attempts[0].rows, (std::vector<std::string>{R"({"c":3})"}));
  ASSERT_EQ(test.fixtures[2].attempts.size(), 3u);
  EXPECT_EQ(test.fixtures[2].attempts[1].error->exit_code, 75);
  EXPECT_EQ(test.fixtures[2].attempts[2].kind, FixtureKind::kCompletes);
  EXPECT_TRUE(test.fixtures[3].attempts.empty());
  EXPECT_EQ(test.fixtures[3].decision->after, 3'600'000);
  EXPECT_EQ(test.expect.state, RunState::kError);
  EXPECT_EQ(test.expect.tasks[1].ended_after, 4'200'000);
  EXPECT_EQ(test.expect.rows[1].count, 1);
}

TEST_F(CaseTest, ATriggerSaysForWhichTimeTheRunStands) {
  const CaseFile file = read(R"(tests:
  - {id: nightly, trigger: nightly, at: 2026-03-29T05:00:00Z, expect: {}}
)");
  ASSERT_TRUE(file.good);
  EXPECT_EQ(format_timestamp(file.cases[0].scheduled.at), "2026-03-29T02:00:00.000Z");
  EXPECT_EQ(format_timestamp(file.cases[0].scheduled.interval_from), "2026-03-28T02:00:00.000Z");
}

TEST_F(CaseTest, SaysAllThatIsWrongAtItsPlace) {
  EXPECT_EQ(
      errors(R"(test: []
tests:
  - id: a
    fixture: {}
    at: tomorrow
    inputs: {conty: x}
    fixtures:
      rww: {}
      tell: {error: EXIT_NONZER}
      note: {}
      ask: {outputs: {}}
    expect: {state: complete, rows: {tell: 3}, tasks: {"raw[0]": error}}
  - {id: a}
)"),
      (std::vector<std::string>{
          "1:1 unknown key 'test' of a file of tests; did you mean 'tests'?",
          "4:5 unknown key 'fixture' of 'test'; did you mean 'fixtures'?",
          ("5:9 'at' is a time after 1970, such as 2026-03-29 or 2026-03-29T01:59:00Z, not "
           "'tomorrow'"),
          "6:14 unknown input 'conty'; did you mean 'county'?",
          "8:7 flow 'orders' has no task 'rww'; did you mean 'raw'?",
          ("9:21 'error' is a code of task errors, such as EXIT_NONZERO, not 'EXIT_NONZER'; "
           "did you mean 'EXIT_NONZERO'?"),
          ("10:7 'note' (log) is done by the engine itself, by the virtual clock; it has no "
           "fixture"),
          "11:12 'ask' is a pause: its fixture is approve: {} or reject: {}, with by and note",
          ("12:21 'state' is completed, warning, error, cancelled, paused or running, not "
           "'complete'; did you mean 'completed'?"),
          ("12:38 'tell' (shell) gives no rows; they are those of load, check, standardize, "
           "secure, merge, transform and guard"),
          "12:56 flow 'orders' has no task 'raw[0]'; it has raw, sum, tell, ask or note",
          "13:5 'test' has no 'expect'; it is required",
          "13:10 there is a test 'a' already",
      }));
}

TEST_F(CaseTest, AFixtureEndsInOneWay) {
  EXPECT_EQ(errors(R"(tests:
  - id: a
    fixtures:
      raw: {data: none.csv, error: LOST}
      sum: {data: none.csv}
      tell: [{attempts: 2}, {error: LOST, outputs: {a: 1}}, {error: LOST, exit_code: 3}]
    expect: {}
  - {id: b, fixtures: {raw: [{data: [{a: 1}]}, {data: [{a: 2}]}]}, expect: {}}
)"),
            (std::vector<std::string>{
                "4:12 'raw' ends in one way: 'error' or 'data', not both",
                "5:19 'data' wants a file, but " + (folder_ / "none.csv").string() +
                    " does not exist; a relative path is from " + folder_.string(),
                "6:25 'attempts' stands beside 'error' only",
                "6:52 it fails each time, and has no 'outputs'; 'attempts' says how often it fails",
                "6:86 'exit_code' stands beside EXIT_NONZERO only",
                "8:29 'raw' has several tables; one stands in for it",
            }));
}

TEST_F(CaseTest, AFlowWithErrorsIsSaidOnceWithThem) {
  write("orders.yaml", "id: orders\ntasks:\n  - {id: a, type: log}\n");
  const CaseFile file = read("tests:\n  - {id: a, expect: {}}\n");
  EXPECT_FALSE(file.good);
  ASSERT_EQ(file.diagnostics.size(), 2u);
  EXPECT_TRUE(file.diagnostics[0].file.ends_with("orders.yaml"));
  EXPECT_TRUE(file.diagnostics[1].message.ends_with("orders.yaml has errors"));
}

TEST(CaseSchemaTest, SchemaAndReferenceNameTheKeys) {
  EXPECT_NE(case_json_schema().find(R"("fixtures")"), std::string::npos);
  EXPECT_NE(case_reference_as_markdown().find("| `expect.tasks.*.blocked_by` |"),
            std::string::npos);
}

}  // namespace
}  // namespace cordyna::flow
