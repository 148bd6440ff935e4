#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class StandardizeTest : public StepTest {
 protected:
  void load(std::string_view lines) {
    file("in.jsonl", lines);
    ASSERT_EQ(run("load", "in", R"({"from": "in.jsonl"})"), 0) << error_message();
  }
  int standardize(const std::string& params) {
    return run("standardize", "std", R"({"of": "in", )" + params + "}");
  }
};

TEST_F(StandardizeTest, ExpressionsSeeTheRowAsItWas) {
  load(R"({"a": 1, "b": 10, "c": "x"})");
  ASSERT_EQ(standardize(R"("set": {"a": "b + 1", "b": "a + 1", "sum": "a + b"}, "rename":
                        {"c": "name"})"),
            0)
      << error_message();
  EXPECT_EQ(rows("FROM {std}"), (Lines{R"({"a":11,"b":2,"name":"x","sum":11})"}));
  EXPECT_TRUE(has(said_, "1 rows in, 1 out, 0 quarantined, 0 duplicates, 4 columns"));
}

TEST_F(StandardizeTest, AValueThatIsLostFailsTheStep) {
  load("{\"price\": \"12\"}\n{\"price\": \"12.7\"}\n{\"price\": null}\n");
  EXPECT_EQ(standardize(R"j("set": {"price": "whole(price)"})j"), 1);
  EXPECT_EQ(error_code(), "CHECK_FAILED");
  EXPECT_TRUE(has(error_message(),
                  "values of in were lost: cast:price: 1 of 3 rows, as "
                  "{\"price\":\"12.7\"}"));
  EXPECT_EQ(rows("SELECT price FROM '" + output_text("failed_file") + "'"),
            (Lines{R"({"price":"12.7"})"}));
}

TEST_F(StandardizeTest, OnLostSaysWhatBecomesOfIt) {
  load("{\"price\": \"12\"}\n{\"price\": \"?\"}\n");
  const std::string set = R"j("set": {"price": "whole(price)"}, "on_lost": )j";
  ASSERT_EQ(standardize(set + "\"warn\""), 0) << error_message();
  EXPECT_EQ(report_.at("warnings").as_int64(), 1);
  EXPECT_EQ(rows("FROM {std}"), (Lines{R"({"price":12})", R"({"price":null})"}));
  ASSERT_EQ(standardize(set + "\"ignore\""), 0);
  EXPECT_EQ(report_.at("warnings").as_int64(), 0);
  ASSERT_EQ(standardize(set + "\"quarantine\""), 0);
  EXPECT_EQ(rows("FROM {std}"), (Lines{R"({"price":12})"}));
  EXPECT_EQ(output("quarantined"), "1");
  EXPECT_EQ(rows("FROM '" + output_text("quarantine_file") + "'"),
            (Lines{R"({"price":"?","dyna_reasons":["cast:price"]})"}));
}

TEST_F(StandardizeTest, EqualRowsBecomeOneAndTheOrderStays) {
  load("{\"a\": 2}\n{\"a\": 1}\n{\"a\": 2}\n{\"a\": null}\n{\"a\": null}\n");
  ASSERT_EQ(standardize(R"("dedupe": "exact")"), 0) << error_message();
  EXPECT_EQ(rows("FROM {std}"), (Lines{R"({"a":2})", R"({"a":1})", R"({"a":null})"}));
  EXPECT_EQ(output("duplicates"), "2");
}

TEST_F(StandardizeTest, WrongNamesAreSaid) {
  load(R"({"price": 1, "b": 2})");
  EXPECT_EQ(standardize(R"("rename": {"prise": "p"})"), 1);
  EXPECT_EQ(error_code(), "INPUT_INVALID");
  EXPECT_TRUE(has(error_message(), "rename: 'in' has no column 'prise' (do you mean 'price'?)"));
  EXPECT_EQ(standardize(R"("drop": "x")"), 1);
  EXPECT_EQ(standardize(R"("rename": {"price": "B"})"), 1);
  EXPECT_TRUE(has(error_message(), "the result has two columns 'b'"));
  EXPECT_EQ(standardize(R"("set": {"c": "nosuch + 1"})"), 1);
  EXPECT_TRUE(has(error_message(), "set.c: Binder Error"));
  EXPECT_EQ(standardize(R"("set": {"c": "1); select (2"})"), 1);
  EXPECT_EQ(error_code(), "INPUT_INVALID");
}

TEST_F(StandardizeTest, FunctionsBringValuesIntoOneForm) {
  // Columns with the names of the functions' own arguments.
  load(
      R"({"x": " 12-34 ", "n": "ann  o'neil", "w": "12 Main Street, Apartment 4", "format": "É a"})");
  const auto value = [&](const std::string& sql) {
    EXPECT_EQ(standardize(R"("set": {"v": ")" + sql + "\"}"), 0) << error_message();
    return rows("SELECT v FROM {std}").at(0);
  };
  EXPECT_EQ(value("digits(x)"), R"({"v":"1234"})");
  EXPECT_EQ(value("pad(digits(x), 6)"), R"({"v":"001234"})");
  EXPECT_EQ(value("pad(digits(x), 2)"), R"({"v":"1234"})");
  EXPECT_EQ(value("title(n)"), R"({"v":"Ann O'neil"})");
  EXPECT_EQ(value("street(w)"), R"({"v":"12 MAIN ST APT 4"})");
  EXPECT_EQ(value("plain(format)"), R"({"v":"e a"})");
  EXPECT_EQ(value("squeeze('  ')"), R"({"v":null})");
  EXPECT_EQ(value("whole('1e3')"), R"({"v":null})");
  EXPECT_EQ(value("number('12.5')"), R"({"v":12.5})");
  EXPECT_EQ(value("yes_no('Y')"), R"({"v":true})");
  EXPECT_EQ(value("date_as('1/31/2024', '%m/%d/%Y')"), R"({"v":"2024-01-31"})");
  EXPECT_EQ(value("time_as('31.01.2024 07:05', '%d.%m.%Y %H:%M')"),
            R"({"v":"2024-01-31 07:05:00"})");
  EXPECT_EQ(value("ft2_to_m2(1000)"), R"({"v":92.9})");
  EXPECT_EQ(value("miles_to_km(26.2)"), R"({"v":42.165})");
}

}  // namespace
}  // namespace cordyna::data
