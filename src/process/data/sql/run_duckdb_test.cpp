#include <gtest/gtest.h>

#include "process/data/sql/run_fixture.hpp"

namespace cordyna::sql {
namespace {

class DuckdbTest : public SqlRunTest {
 protected:
  void SetUp() override {
    SqlRunTest::SetUp();
    task_.kind = tmpl::SqlDialect::kDuckdb;
    task_.database = root_ + "/x.duckdb";
  }
  Done duck(const std::vector<std::string>& texts) { return run(run_duckdb, texts); }
};

TEST_F(DuckdbTest, RowsAreTyped) {
  const Done done =
      duck({"create table t(a integer, d decimal(10,2), s varchar)",
            "insert into t values (1, 1.50, 'it''s'), (2, null, '')",
            "select a, d, s, sum(a) over () as h, [a, null] as l, {'k': s} as o, true as b, "
            "'\\xAA'::blob as x, timestamp '2026-11-30 17:13:00' as ts from t order by a"});
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(
      done.rows,
      R"([{"a":1,"d":1.5,"s":"it's","h":3,"l":[1,null],"o":{"k":"it's"},"b":true,"x":"\\xaa",)"
      R"("ts":"2026-11-30T17:13:00"},{"a":2,"d":null,"s":"","h":3,"l":[2,null],"o":{"k":""},)"
      R"("b":true,"x":"\\xaa","ts":"2026-11-30T17:13:00"}])");
  EXPECT_EQ(done.affected, 2);
  EXPECT_EQ(done.types[3], "HUGEINT");
}

TEST_F(DuckdbTest, ADatabaseStaysAndAnErrorTakesAllBack) {
  ASSERT_EQ(duck({"create table t(a integer)", "insert into t values (1)"}).error, "");
  const Done wrong = duck({"insert into t values (2)", "insert into nope values (1)"});
  EXPECT_TRUE(wrong.error.starts_with("SQL_FAILED: line 2 of the SQL: Catalog Error"))
      << wrong.error;
  EXPECT_EQ(duck({"select count(*) n from t"}).rows, R"([{"n":1}])");
  EXPECT_EQ(duck({"update t set a = 5", "delete from t where a = 5"}).affected, 2);
  EXPECT_TRUE(duck({"select nope from t"}).error.starts_with("SQL_FAILED: line 1 of the SQL"));
}

TEST_F(DuckdbTest, WhatJsonCannotHoldSaysSo) {
  EXPECT_EQ(duck({"select 170141183460469231731687303715884105727::hugeint as big"}).error,
            "OUTPUT_INVALID: column 'big', row 1: 170141183460469231731687303715884105727 is no "
            "number that JSON can hold; cast the column to text");
  EXPECT_EQ(duck({"select 'nan'::double as x"}).error.substr(0, 15), "OUTPUT_INVALID:");
}

TEST_F(DuckdbTest, SavesParquetWithItsTypes) {
  task_.save_as = "out/rows.parquet";
  const Done done =
      duck({"select 1::smallint a, 12.34::decimal(10,2) d, sum(x)::hugeint h from "
            "range(5) t(x)"});
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.count, 1);
  task_.save_as.clear();
  task_.database.clear();
  EXPECT_EQ(
      duck({"select a, d, h, typeof(h) t from '" + task_.artifacts + "/out/rows.parquet'"}).rows,
      R"x([{"a":1,"d":12.34,"h":10,"t":"DECIMAL(38,0)"}])x");
  task_.save_as = "x.csv";
  EXPECT_EQ(duck({"create table t(a integer)"}).error,
            "SQL_FAILED: save_as wants a SELECT as the last statement");
}

// 100 MB of them: more than what is kept of a program's output.
TEST_F(DuckdbTest, RowsOfAnotherThanTheLastStatementAreNobodys) {
  const Done done = duck({"select repeat('x', 1000000) from range(100)", "select 7 as n"});
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.rows, R"([{"n":7}])");
}

TEST_F(DuckdbTest, CommandsOfItsShellAreRefused) {
  EXPECT_NE(duck({".shell touch " + root_ + "/canary"}).error.find("begins with '.'"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(root_ + "/canary"));
}

TEST_F(DuckdbTest, ReadOnlyWritesNothing) {
  ASSERT_EQ(duck({"create table t(a integer)"}).error, "");
  task_.read_only = true;
  EXPECT_NE(duck({"insert into t values (1)"}).error.find("read-only"), std::string::npos);
  EXPECT_EQ(duck({"select count(*) n from t"}).rows, R"([{"n":0}])");
}

}  // namespace
}  // namespace cordyna::sql
