// What DuckDB and CSV do that nobody expects: one test for each, in the order of the list in
// docs/reliability.md.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "process/data/child.hpp"
#include "process/data/compile.hpp"
#include "process/data/duckdb.hpp"
#include "process/data/hmac_pads.hpp"
#include "process/data/runner.hpp"
#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class TrapTest : public StepTest {
 protected:
  int load(const std::string& text, const std::string& columns, const std::string& more = "") {
    file("a.csv", text);
    return run(
        "load", "a",
        fmt::format(R"({{"from": "a.csv", "contract": {{"columns": {}}}{}}})", columns, more));
  }
  /// Runs a script as steps do.
  ScriptEnd script(const std::string& sql) {
    Step step;
    step.paths.work = root_ + "/work";
    step.limits.memory_bytes = std::uint64_t{256} << 20;
    step.limits.threads = 1;
    std::filesystem::create_directories(step.paths.work);
    const EndSignals signals;
    Duckdb duckdb(duckdb_for_tests(), step, signals);
    const StepResult<ScriptEnd> end = duckdb.run(sql, {});
    EXPECT_TRUE(end.has_value()) << end.error().message;
    EXPECT_GT(duckdb.memory_peak_bytes(), std::uint64_t{10} << 20);
    return end.value_or(ScriptEnd{});
  }
};

TEST_F(TrapTest, T01ColumnsOfACsvAreFoundByNameNotByPlace) {
  const std::string columns = R"({"x": "int64", "y": "int64"})";
  ASSERT_EQ(load("y,x\n1,2\n", columns), 0) << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"x":2,"y":1})"}));
  EXPECT_EQ(load("x,z\n1,2\n", columns), 1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
}

TEST_F(TrapTest, T02RowsAndRejectsAreCountedWithEveryColumnRead) {
  // A count over the file itself would not cast y, and see three rows and no reject.
  ASSERT_EQ(load("x,y\n1,1\n2,bad\n3,worse\n", R"({"x": "int64", "y": "int64"})",
                 R"(, "rejects": {"max_percent": 70})"),
            0)
      << error_message();
  EXPECT_EQ(output("rows_in"), "3");
  EXPECT_EQ(output("rows"), "1");
  EXPECT_EQ(output("rejected"), "2");
}

TEST_F(TrapTest, T03AScriptEndsAtItsFirstError) {
  const ScriptEnd end =
      script("SELECT 'first' AS dyna;\nSELECT error('broken') AS dyna;\nSELECT 'late' AS dyna;\n");
  EXPECT_TRUE(end.failed);
  EXPECT_EQ(end.lines, (Lines{R"({"dyna":"first"})"}));
}

TEST_F(TrapTest, T04NumbersThatComeAsTextOrAsNanAreUnderstood) {
  const std::vector<Fact> facts =
      parse_facts({R"({"dyna":"loaded","n":"170141183460469231"})", R"({"dyna":"out","n":NaN})"});
  ASSERT_EQ(facts.size(), 1U);
  EXPECT_EQ(facts[0].n, 170141183460469231);
  ASSERT_EQ(load("x\n9223372036854775807\n-1\n", R"({"x": "int64"})"), 0);
  ASSERT_EQ(run("transform", "t", R"({"sql": "select sum(x) as s, 'nan'::double as n from a"})"), 0)
      << error_message();
  EXPECT_EQ(rows("SELECT s FROM {t}"), (Lines{R"({"s":9223372036854775806})"}));
  EXPECT_EQ(output("rows"), "1");
}

TEST_F(TrapTest, T05AKilledCopyLeavesNoPartOfAFileWhereItBelongs) {
  ASSERT_EQ(load("x\n1\n", R"({"x": "int64"})"), 0);
  const std::string old = file("out/a.csv", "old\n");
  const std::string real = duckdb_for_tests();
  const std::string fake = file("fake",
                                "#!/bin/sh\nfor f in out/*; do echo part > \"$f\"; done\n"
                                "echo part > out/0\nkill -9 $$\n");
  std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
  setenv("DYNA_DUCKDB", fake.c_str(), 1);
  EXPECT_EQ(run("share", "s", R"({"of": "a", "to": "out/a.csv"})"), 1);
  setenv("DYNA_DUCKDB", real.c_str(), 1);
  EXPECT_EQ(content(old), "old\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(flow_ + "/out"), {}), 1);
}

TEST_F(TrapTest, T06DuckdbWritesIntoAPipeNeverIntoAFileOfOurs) {
  const EndSignals signals;
  const auto end = run_child({{"/bin/sh", "-c", "test -p /dev/stdout && test -p /dev/stderr"},
                              {{"PATH", "/usr/bin:/bin"}},
                              root_,
                              0},
                             signals);
  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(end->exit_code, 0);
}

TEST_F(TrapTest, T07ANullIsNeitherLostNorBad) {
  ASSERT_EQ(load("x\n5\nnull\n", R"({"x": {"type": "int64", "min": 1, "on_fail": "quarantine"}})",
                 R"(, "nulls": ["null"])"),
            0)
      << error_message();
  EXPECT_EQ(output("rows"), "2");
  EXPECT_EQ(output("quarantined"), "0");
}

TEST_F(TrapTest, T08CastsRoundNothingAndPadCutsNothing) {
  EXPECT_EQ(load("x\n12.7\n1e3\n", R"({"x": "int32"})"), 1);
  EXPECT_TRUE(has(error_message(), "2 of 2 lines"));
  ASSERT_EQ(load("x\n123456\n12\n", R"({"x": "string"})"), 0);
  ASSERT_EQ(run("standardize", "s", R"j({"of": "a", "set": {"x": "pad(x, 4)"}})j"), 0)
      << error_message();
  EXPECT_EQ(rows("FROM {s}"), (Lines{R"({"x":"123456"})", R"({"x":"0012"})"}));
}

TEST_F(TrapTest, T09TextsThatMeanNoValueAreNamed) {
  const std::string columns = R"({"speed": "int64"})";
  EXPECT_EQ(load("speed\n1\nNA\n", columns), 1);
  ASSERT_EQ(load("speed\n1\nNA\n", columns, R"(, "nulls": ["", "NA"])"), 0) << error_message();
  EXPECT_EQ(rows("SELECT speed FROM {a}"), (Lines{R"({"speed":1})", R"({"speed":null})"}));
}

TEST_F(TrapTest, T10MemoryAndThreadsAreAlwaysSet) {
  const ScriptEnd end = script(
      "SELECT current_setting('memory_limit') AS m, current_setting('threads')::INTEGER AS t;\n");
  EXPECT_EQ(end.lines, (Lines{R"({"m":"256.0 MiB","t":1})"}));
}

TEST_F(TrapTest, T11LambdasAreWrittenAsDuckdbWillGoOnReadingThem) {
  LoadParams params;
  params.from = "/a.csv";
  params.contract.emplace();
  params.contract->columns.push_back({"x", ColumnType{TypeName::kInt64, 0, 0}, "", false, {}});
  params.contract->drift.type = Drift::kQuarantine;
  const std::string sql = compile_load(params, expected_source(params)) +
                          compile_check_rest({}, 1) +
                          compile_check({"a", {{"r", "x > 1", Severity::kQuarantine, 0, {}}}}, {});
  EXPECT_TRUE(has(sql, "lambda v:"));
  EXPECT_EQ(sql.find("->"), std::string::npos) << sql;
}

TEST_F(TrapTest, T12HmacIsMadeOfTwoHashesAndAZipIsNoGzip) {
  const HmacPads pads = hmac_pads("key");
  const ScriptEnd end = script(fmt::format(
      "SELECT sha256(unhex('{}') || unhex(sha256(unhex('{}') || encode('The quick brown fox jumps "
      "over the lazy dog')))) AS h;\n",
      pads.outer, pads.inner));
  EXPECT_EQ(end.lines,
            (Lines{R"({"h":"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"})"}));
  file("z.csv.gz", std::string("PK\x03\x04", 4) + "zipped");
  EXPECT_EQ(run("load", "z", R"({"from": "z.csv.gz", "contract": {"columns": {"x": "int64"}}})"),
            1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED") << error_message();
}

}  // namespace
}  // namespace cordyna::data
