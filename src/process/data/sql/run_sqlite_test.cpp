#include <gtest/gtest.h>

#include <algorithm>

#include "process/data/sql/run_fixture.hpp"

namespace cordyna::sql {
namespace {

class SqliteTest : public SqlRunTest {
 protected:
  void SetUp() override {
    SqlRunTest::SetUp();
    task_.kind = tmpl::SqlDialect::kSqlite;
    task_.database = root_ + "/x.db";
  }
  Done lite(const std::vector<std::string>& texts, std::vector<std::string> values = {}) {
    return run(run_sqlite, texts, std::move(values));
  }
};

TEST_F(SqliteTest, RowsHaveTheTypesOfTheirValues) {
  const Done done =
      lite({"create table t(a, b, c)", "insert into t values (1, 'x', x'00ff'), (2.5, null, '')",
            "select a, b, c, a > 1 as d from t"});
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.rows, R"([{"a":1,"b":"x","c":"\\x00ff","d":0},{"a":2.5,"b":null,"c":"","d":1}])");
  EXPECT_EQ(done.affected, 2);
  EXPECT_EQ(done.types, (std::vector<std::string>{"REAL", "TEXT", "TEXT", "INTEGER"}));
}

TEST_F(SqliteTest, ValuesAreParameters) {
  const std::string hostile = "a'; drop table t; --";
  ASSERT_EQ(lite({"create table t(a)"}).error, "");
  const Done done = lite({"insert into t values (?1), (?2), (?3), (?4), (?5) returning a"},
                         {"\"" + hostile + "\"", "7", "null", "true", "[1,\"x\"]"});
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.rows,
            R"([{"a":"a'; drop table t; --"},{"a":7},{"a":null},{"a":1},{"a":"[1,\"x\"]"}])");
  EXPECT_EQ(lite({"select count(*) n from t"}).rows, R"([{"n":5}])");
}

TEST_F(SqliteTest, AnErrorTakesAllBackAndNamesTheLine) {
  ASSERT_EQ(lite({"create table t(a integer primary key)"}).error, "");
  EXPECT_EQ(lite({"insert into t values (1)", "insert into t values (2),\n(1)"}).error,
            "SQL_FAILED: line 2 of the SQL: UNIQUE constraint failed: t.a");
  EXPECT_EQ(lite({"select 1", "select\n nope from t"}).error,
            "SQL_FAILED: line 3 of the SQL: no such column: nope");
  EXPECT_EQ(lite({"select count(*) n from t"}).rows, R"([{"n":0}])");
  task_.transaction = false;
  EXPECT_NE(lite({"insert into t values (1)", "insert into t values (1)"}).error, "");
  EXPECT_EQ(lite({"select count(*) n from t"}).rows, R"([{"n":1}])");
}

TEST_F(SqliteTest, WhatCannotBeKeptTakesAllBackToo) {
  ASSERT_EQ(lite({"create table t(a)"}).error, "");
  EXPECT_EQ(lite({"insert into t values (1)", "select 9e999 as big"}).error,
            "OUTPUT_INVALID: column 'big', row 1: inf is no number that JSON can hold; cast the "
            "column to text");
  EXPECT_EQ(lite({"select count(*) n from t"}).rows, R"([{"n":0}])");
}

TEST_F(SqliteTest, RefusesWhatNobodyFillsAndWhatItMayNot) {
  EXPECT_EQ(
      lite({"select :name"}).error,
      "SQL_FAILED: line 1 of the SQL: ':name' asks for a value that nobody gives; write {{ … }}");
  EXPECT_EQ(lite({"select (1; select 2"}).error.substr(0, 11), "SQL_FAILED:");
  EXPECT_EQ(lite({"select 1 as a, 2 as a"}).error,
            "OUTPUT_INVALID: the column 'a' is there twice; give one of them another name with AS");
  EXPECT_NE(lite({"select load_extension('x')"}).error.find("not authorized"), std::string::npos);
  ASSERT_EQ(lite({"create table t(a)"}).error, "");
  task_.read_only = true;
  EXPECT_EQ(lite({"insert into t values (1)"}).error,
            "ACCESS_DENIED: line 1 of the SQL: attempt to write a readonly database");
  task_.database = root_ + "/none.db";
  EXPECT_NE(lite({"select 1"}).error.find("unable to open database file"), std::string::npos);
}

TEST_F(SqliteTest, TooManyRowsBecomeAnArtifactAndNoneIsMissing) {
  const Done done = lite(
      {"with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000) select i, "
       "'a row that takes some bytes' t from n"});
  EXPECT_EQ(done.error, "");
  EXPECT_EQ(done.file, task_.artifacts + "/rows.jsonl");
  EXPECT_EQ(done.count, 40000);
  const std::string lines = content(done.file);
  EXPECT_EQ(std::ranges::count(lines, '\n'), 40000);
  EXPECT_TRUE(lines.starts_with(R"({"i":1,"t":"a row)")) << lines.substr(0, 80);
  EXPECT_TRUE(lines.ends_with("bytes\"}\n"));
}

}  // namespace
}  // namespace cordyna::sql
