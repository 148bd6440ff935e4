// What a step may and may not do, and what surrounds it.
#include <cstdlib>
#include <filesystem>

#include "process/data/child.hpp"
#include "process/data/duckdb.hpp"
#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class SandboxTest : public StepTest {
 protected:
  void SetUp() override {
    StepTest::SetUp();
    file("x.csv", "id\n1\n2\n");
    ASSERT_EQ(run("load", "x", R"({"from": "x.csv"})"), 0);
  }
  int transform(const std::string& sql, const std::string& more = "") {
    boost::json::object params{{"sql", sql}};
    std::string text = boost::json::serialize(params);
    text.pop_back();
    return run("transform", "t", text + more + "}");
  }
};

TEST_F(SandboxTest, ATransformReadsItsUpstreamByName) {
  ASSERT_EQ(transform("with d as (select id * 2 as id from x) select * from d order by id;"), 0)
      << error_message();
  EXPECT_EQ(rows("FROM {t}"), (Lines{R"({"id":2})", R"({"id":4})"}));
  EXPECT_EQ(output("schema"), R"([{"name":"id","type":"BIGINT"}])");
}

TEST_F(SandboxTest, OtherFilesAreOutOfReach) {
  const std::string secret = file("secret.csv", "a\n1\n");
  EXPECT_EQ(transform("select * from '" + secret + "'"), 1);
  EXPECT_EQ(error_code(), "SQL_FAILED");
  EXPECT_TRUE(has(error_message(), "Permission Error"));
  EXPECT_EQ(transform("select * from read_text('/etc/passwd')"), 1);
  EXPECT_EQ(transform("select * from glob('/*')"), 1);
}

TEST_F(SandboxTest, TheEnvironmentCannotBeRead) {
  EXPECT_EQ(transform("select getenv('HOME') as v"), 1);
  EXPECT_TRUE(has(error_message(), "getenv is disabled"));
}

TEST_F(SandboxTest, ABrokenStatementStopsTheStep) {
  EXPECT_EQ(transform("select nosuch from x"), 1);
  EXPECT_EQ(error_code(), "SQL_FAILED");
  EXPECT_TRUE(has(error_message(), "nosuch"));
  EXPECT_EQ(error_message().find("LINE 1"), std::string::npos);
  EXPECT_EQ(output("data"), "");
}

TEST_F(SandboxTest, MemoryIsBoundedAndSpillsToTheWorkFolder) {
  const std::string sql =
      "select count(*) as n from (select distinct hash(i) as h, i from range(3000000) t(i))";
  ASSERT_EQ(transform(sql, R"(, "memory": "100MB", "threads": 1)"), 0) << error_message();
  EXPECT_EQ(rows("FROM {t}"), (Lines{R"({"n":3000000})"}));
  EXPECT_EQ(transform("select list(i) as l from range(50000000) t(i)", R"(, "memory": "64MB")"), 1);
  EXPECT_EQ(error_code(), "OUT_OF_MEMORY");
  EXPECT_TRUE(has(error_message(), "Out of Memory Error"));
}

TEST_F(SandboxTest, SumsStayExactInParquet) {
  // Parquet has no 128-bit integer: DuckDB would write a sum as a rounded double.
  ASSERT_EQ(transform("select sum(id) + 9007199254740990 as s, 'nan'::double as d from x"), 0)
      << error_message();
  EXPECT_EQ(output("schema"), R"([{"name":"s","type":"BIGINT"},{"name":"d","type":"DOUBLE"}])");
  EXPECT_EQ(rows("SELECT s FROM {t}"), (Lines{R"({"s":9007199254740993})"}));
  EXPECT_EQ(transform("select sum(9223372036854775807::hugeint) as h from x"), 1);
  EXPECT_TRUE(has(error_message(), "INT64"));
}

TEST_F(SandboxTest, UserSettingsOfDuckdbAreIgnored) {
  // Its own home is the work folder, and -no-init keeps it from looking at all.
  const char* home = std::getenv("HOME");
  const std::string before = home == nullptr ? "" : home;
  file("home/.duckdbrc", "select broken;\n");
  setenv("HOME", (flow_ + "/home").c_str(), 1);
  EXPECT_EQ(transform("select 1 as a"), 0) << error_message();
  setenv("HOME", before.c_str(), 1);
}

TEST_F(SandboxTest, AMissingProgramIsNamedWithWhatToDo) {
  const std::string before = duckdb_for_tests();
  setenv("DYNA_DUCKDB", "/nowhere/duckdb", 1);
  EXPECT_EQ(transform("select 1 as a"), 1);
  EXPECT_EQ(error_code(), "TOOL_MISSING");
  EXPECT_TRUE(has(error_message(), "DYNA_DUCKDB names /nowhere/duckdb"));
  setenv("DYNA_DUCKDB", before.c_str(), 1);
}

TEST_F(SandboxTest, AProgramThatCannotRunIsNamed) {
  const std::string before = duckdb_for_tests();
  const std::string fake = file("fake", "no program");
  std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
  setenv("DYNA_DUCKDB", fake.c_str(), 1);
  EXPECT_EQ(transform("select 1 as a"), 1);
  EXPECT_EQ(error_code(), "TOOL_MISSING");
  EXPECT_TRUE(has(error_message(), "Exec format error"));
  setenv("DYNA_DUCKDB", before.c_str(), 1);
}

TEST_F(SandboxTest, DataOfUpstreamThatIsGoneIsNamed) {
  std::filesystem::remove(std::string(upstream_["x"].at("path").as_string()));
  EXPECT_EQ(transform("select * from x"), 1);
  EXPECT_EQ(error_code(), "SOURCE_UNAVAILABLE");
  EXPECT_TRUE(has(error_message(), "the data of 'x'"));
}

TEST(ChildTest, OutputErrorsAndCodesComeBack) {
  const EndSignals signals;
  const auto end =
      run_child({{"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, {}, "/", 0}, signals);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->out, "out\n");
  EXPECT_EQ(end->err, "err\n");
  EXPECT_EQ(end->exit_code, 3);
  const auto killed = run_child({{"/bin/sh", "-c", "kill -9 $$"}, {}, "/", 0}, signals);
  ASSERT_TRUE(killed.has_value());
  EXPECT_EQ(killed->signal, 9);
  EXPECT_FALSE(run_child({{"/nowhere"}, {}, "/", 0}, signals).has_value());
  EXPECT_FALSE(run_child({{"/bin/sh"}, {}, "/nowhere", 0}, signals).has_value());
}

}  // namespace
}  // namespace cordyna::data
