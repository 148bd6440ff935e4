#include <fmt/format.h>

#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class ContractTest : public StepTest {
 protected:
  /// Loads two columns, n of type int64 and s, with more keys of n, and of the contract.
  int load(std::string_view lines, const std::string& column, const std::string& more = "") {
    file("in.csv", "n,s\n" + std::string(lines));
    return run("load", "in",
               R"({"from": "in.csv", "contract": {"columns": {"n": {"type": "int64")" +
                   (column.empty() ? "" : ", " + column) + R"(}, "s": "string"})" +
                   (more.empty() ? "" : ", " + more) + "}}");
  }
};

TEST_F(ContractTest, ARangeHoldsBothEnds) {
  EXPECT_EQ(load("1,a\n5,b\n", R"("range": [1, 5])"), 0) << error_message();
  EXPECT_EQ(load("1,a\n6,b\n", R"("range": [1, 5])"), 1);
  EXPECT_EQ(error_code(), "CHECK_FAILED");
  EXPECT_TRUE(has(error_message(), "n.range: 1 of 2 rows, as {\"n\":6,\"s\":\"b\"}"));
  EXPECT_EQ(load("1,a\n", R"("range": [1])"), 1);
  EXPECT_TRUE(has(error_message(), "contract.columns.n: range is not a list of two values"));
}

TEST_F(ContractTest, BadRowsOfAColumnMayGoIntoQuarantine) {
  ASSERT_EQ(load("1,a\n-2,b\n-3,c\n", R"("min": 0, "on_fail": "quarantine")"), 0)
      << error_message();
  EXPECT_EQ(rows("FROM {in}"), (Lines{R"({"n":1,"s":"a"})"}));
  EXPECT_EQ(output("quarantined"), "2");
  EXPECT_EQ(
      rows("SELECT n, dyna_reasons FROM '" + output_text("quarantine_file") + "' ORDER BY n"),
      (Lines{R"({"n":-3,"dyna_reasons":["n.min"]})", R"({"n":-2,"dyna_reasons":["n.min"]})"}));
  EXPECT_TRUE(has(said_, "quarantined: n.min: 2 of 3 rows"));
}

TEST_F(ContractTest, OrOnlyWarn) {
  ASSERT_EQ(load("1,a\n-2,b\n", R"("min": 0, "on_fail": "warn")"), 0) << error_message();
  EXPECT_EQ(report_.at("warnings").as_int64(), 1);
  EXPECT_EQ(output("rows"), "2");
}

TEST_F(ContractTest, AFailedRuleBesideAQuarantineStillFails) {
  EXPECT_EQ(load("-1,\n", R"("min": 0, "on_fail": "quarantine")", R"("rows": {"min": 1})"), 1);
  EXPECT_TRUE(has(error_message(), "0 rows, at least 1 are wanted"));
}

TEST_F(ContractTest, OldDataIsNotFresh) {
  const auto load_day = [&](std::string_view day, std::int64_t max_age) {
    file("in.csv", fmt::format("day\n2020-01-01\n{}\n", day));
    return run("load", "in",
               fmt::format(R"({{"from": "in.csv", "nulls": ["-"], "contract": {{"columns": {{"day":
                           "date"}}, "freshness": {{"column": "day", "max_age": "{}ms"}}}}}})",
                           max_age));
  };
  constexpr std::int64_t kDay = 86'400'000;
  EXPECT_EQ(load_day("2020-01-03", 2 * kDay), 1);
  EXPECT_EQ(error_code(), "CHECK_FAILED");
  EXPECT_TRUE(has(error_message(), "freshness: the latest day is 2020-01-03, "));
  EXPECT_TRUE(has(error_message(), "at most 48.0 h are allowed"));
  EXPECT_EQ(load_day("9999-01-01", 2 * kDay), 0) << error_message();
  file("in.csv", "day\n-\n");
  EXPECT_EQ(run("load", "in", R"({"from": "in.csv", "nulls": ["-"], "contract": {"columns": {"day":
                "date"}, "freshness": {"column": "day", "max_age": 1000}}})"),
            1);
  EXPECT_TRUE(has(error_message(), "freshness: day has no value"));
}

}  // namespace
}  // namespace cordyna::data
