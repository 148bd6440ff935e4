#include <filesystem>
#include <string>

#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class CheckTest : public StepTest {
 protected:
  void SetUp() override {
    StepTest::SetUp();
    file("in.jsonl",
         "{\"id\":1,\"price\":5,\"s\":\"a\"}\n{\"id\":2,\"price\":null,\"s\":\"b\"}\n"
         "{\"id\":3,\"price\":-1,\"s\":\"c\"}\n{\"id\":4,\"price\":9.0,\"s\":\"d\"}\n");
    ASSERT_EQ(run("load", "in", R"({"from": "in.jsonl"})"), 0) << error_message();
  }
  int check(const std::string& rules) {
    return run("check", "ok", R"({"of": "in", "rules": [)" + rules + "]}");
  }
  /// Whether the rows are in the order of their n.
  [[nodiscard]] Lines in_order(const std::string& file) const {
    return rows("SELECT bool_and(n > before) AS ok FROM (SELECT n, lag(n) OVER () AS before FROM " +
                file + ")");
  }
  const Lines kYes{R"({"ok":true})"};
  [[nodiscard]] std::string path_of(const char* id) const {
    return boost::json::value_to<std::string>(upstream_.at(id).at("path"));
  }
};

TEST_F(CheckTest, ARowWithNullIsNeitherLostNorBad) {
  ASSERT_EQ(check(R"({"name": "positive", "sql": "price > 0", "severity": "quarantine"})"), 0);
  EXPECT_EQ(rows("SELECT id FROM {ok} ORDER BY id"),
            (Lines{R"({"id":1})", R"({"id":2})", R"({"id":4})"}));
  EXPECT_EQ(output("quarantined"), "1");
  EXPECT_EQ(output("rows_in"), "4");
  EXPECT_EQ(rows("FROM '" + output_text("quarantine_file") + "'"),
            (Lines{R"({"id":3,"price":-1.0,"s":"c","dyna_reasons":["positive"]})"}));
}

TEST_F(CheckTest, AFailedRuleNamesCountsAndSamplesAndKeepsTheRows) {
  EXPECT_EQ(check(R"({"name": "small", "sql": "price < 6"}, {"name": "id", "sql": "id > 0"})"), 1);
  EXPECT_EQ(error_code(), "CHECK_FAILED");
  EXPECT_TRUE(has(error_message(),
                  "1 of 2 rules do not hold for in: small: 1 of 4 rows, as "
                  "{\"id\":4,\"price\":9.0,\"s\":\"d\"}"));
  EXPECT_EQ(output("data"), "");
  EXPECT_EQ(rows("SELECT id FROM '" + output_text("failed_file") + "'"), (Lines{R"({"id":4})"}));
}

TEST_F(CheckTest, WarningsAreCountedAndTheDataPasses) {
  ASSERT_EQ(check(R"({"name": "small", "sql": "price < 6", "severity": "warn"})"), 0);
  EXPECT_EQ(report_.at("warnings").as_int64(), 1);
  EXPECT_EQ(output("rows"), "4");
  EXPECT_TRUE(has(said_, "warning: small: 1 of 4 rows"));
  EXPECT_EQ(output("checks"), R"([{"name":"small","severity":"warn","bad":1}])");
}

TEST_F(CheckTest, BoundsByNumberAndByShareLetSomePass) {
  EXPECT_EQ(check(R"({"name": "a", "sql": "id < 3", "max_bad": 2})"), 0);
  EXPECT_EQ(check(R"({"name": "a", "sql": "id < 3", "max_bad": 1})"), 1);
  EXPECT_EQ(check(R"({"name": "a", "sql": "id < 3", "max_bad_percent": 50})"), 0);
  EXPECT_EQ(check(R"({"name": "a", "sql": "id < 3", "max_bad_percent": 49})"), 1);
  EXPECT_EQ(check(R"({"name": "a", "sql": "id < 3", "severity": "quarantine", "max_bad": 1})"), 1);
}

TEST_F(CheckTest, ARuleThatIsNotSqlIsNamed) {
  EXPECT_EQ(check(R"({"name": "fine", "sql": "id > 0"}, {"name": "typo", "sql": "pricee > 0"})"),
            1);
  EXPECT_EQ(error_code(), "SQL_FAILED");
  EXPECT_TRUE(has(error_message(), "rule 'typo': Binder Error"));
  EXPECT_TRUE(has(error_message(), "pricee"));
}

TEST_F(CheckTest, ARuleThatBreaksOnARowIsNamed) {
  EXPECT_EQ(check(R"({"name": "fine", "sql": "id > 0"}, {"name": "cast", "sql": "s::int > 0"})"),
            1);
  EXPECT_EQ(error_code(), "SQL_FAILED");
  EXPECT_TRUE(has(error_message(), "rule 'cast': Conversion Error"));
}

TEST_F(CheckTest, ACommentAtTheEndOfARuleSwallowsNothing) {
  EXPECT_EQ(check(R"({"name": "a", "sql": "id > 0 -- always"}, {"name": "b", "sql": "id > 1",
            "max_bad": 1})"),
            0)
      << error_message();
  EXPECT_EQ(output("rows"), "4");
}

TEST_F(CheckTest, ARuleMayAskTheWholeTableByItsName) {
  EXPECT_EQ(check(R"({"name": "n", "sql": "(select count(*) from \"in\") between 1 and 4"})"), 0)
      << error_message();
  EXPECT_EQ(check(R"({"name": "n", "sql": "(select count(*) from \"in\") > 4"})"), 1);
}

TEST_F(CheckTest, WhereNothingIsSetAsideTheDataIsTheVeryFile) {
  ASSERT_EQ(check(R"({"name": "all", "sql": "id > 0", "severity": "quarantine"})"), 0);
  EXPECT_TRUE(std::filesystem::equivalent(path_of("in"), path_of("ok")));
  EXPECT_EQ(output("rows"), "4");
  EXPECT_TRUE(has(output("null_rates"), R"("price":2.5E-1)"));
  ASSERT_EQ(check(R"({"name": "some", "sql": "id > 1", "severity": "quarantine"})"), 0);
  EXPECT_FALSE(std::filesystem::equivalent(path_of("in"), path_of("ok")));
  EXPECT_EQ(output("rows"), "3");
}

TEST_F(CheckTest, RowsStayInOrderAlsoWhereMostAreSetAside) {
  std::string csv = "n\n";
  for (int n = 0; n < 300'000; ++n) csv += std::to_string(n) + "\n";
  file("n.csv", csv);
  ASSERT_EQ(run("load", "in", R"({"from": "n.csv"})"), 0) << error_message();
  ASSERT_EQ(check(R"({"name": "r", "sql": "n % 8 > 0", "severity": "quarantine"})"), 0);
  EXPECT_EQ(output("rows"), "262500");
  EXPECT_EQ(in_order("{ok}"), kYes);
  ASSERT_EQ(check(R"({"name": "r", "sql": "n % 10 = 0", "severity": "quarantine"})"), 0);
  EXPECT_EQ(output("rows"), "30000");
  EXPECT_EQ(in_order("{ok}"), kYes);
  EXPECT_EQ(in_order("'" + output_text("quarantine_file") + "'"), kYes);
}

TEST_F(CheckTest, AColumnMayHaveTheNameOfDuckdbsRowNumber) {
  file("f.csv", "FILE_row_number,x\n7,1\n7,2\n7,3\n");
  ASSERT_EQ(run("load", "in", R"({"from": "f.csv"})"), 0) << error_message();
  ASSERT_EQ(check(R"({"name": "r", "sql": "x <> 2", "severity": "quarantine"})"), 0)
      << error_message();
  EXPECT_EQ(rows("FROM {ok}"),
            (Lines{R"({"FILE_row_number":7,"x":1})", R"({"FILE_row_number":7,"x":3})"}));
  EXPECT_EQ(rows("FROM '" + output_text("quarantine_file") + "'"),
            (Lines{R"({"FILE_row_number":7,"x":2,"dyna_reasons":["r"]})"}));
}

TEST_F(CheckTest, SecondStatementsAndShellCommandsAreRefused) {
  EXPECT_EQ(check(R"({"name": "n", "sql": "id > 0) from \"in\";\n.shell touch x\nselect (1"})"), 1);
  EXPECT_EQ(error_code(), "INPUT_INVALID");
  EXPECT_TRUE(has(error_message(), "rules[0].sql"));
}

}  // namespace
}  // namespace cordyna::data
