// Guards, as tasks and before shares, with real data; the rule itself is tested in guard/.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

class GuardTest : public StepTest {
 protected:
  /// Three rows; one price is missing.
  void load() {
    file("a.csv", "id,price\n1,10\n2,\n3,30\n");
    ASSERT_EQ(
        run("load", "sales",
            R"({"from": "a.csv", "contract": {"columns": {"id": "int64", "price": "int64"}}})"),
        0);
  }
  /// So many good runs before, each with these facts.
  void remember(int runs, const std::string& facts, bool approved = false) {
    json::array history;
    for (int i = 0; i < runs; ++i) {
      history.push_back(
          {{"at", 1'000'000 - i}, {"run", 50 - i}, {"verdict", "ok"}, {"facts", facts}});
    }
    guard_ = {{"series", "f/sales"}, {"steps", "s"},         {"at", 2'000'000},
              {"run", 51},           {"approved", approved}, {"history", std::move(history)}};
  }
  [[nodiscard]] std::string field(std::string_view name) const {
    const json::value* value = report_.if_contains(json::string_view(name.data(), name.size()));
    return value == nullptr ? "" : json::serialize(*value);
  }
  [[nodiscard]] bool shared() const { return std::filesystem::exists(flow_ + "/out.csv"); }
};

constexpr const char* kTen = R"j({"metrics":{"rows":10,"nulls(price)":0},"steps":"s"})j";
constexpr const char* kShare = R"({"of": "sales", "to": "out.csv", "guard": {"on_trip": "hold"}})";

TEST_F(GuardTest, AHeldShareSharesNothingAndSaysWhy) {
  load();
  remember(1, kTen);
  EXPECT_EQ(run("share", "out", kShare), 0);
  EXPECT_FALSE(shared());
  EXPECT_EQ(field("hold"),
            R"j("rows 3, expected 10 (the last good run, 50): -70.0 %; trips below 6")j");
  EXPECT_TRUE(has(field("measurement"), R"("series":"f/sales","verdict":"trip")"));
  EXPECT_TRUE(has(field("measurement"), R"("rows":3)"));
  EXPECT_TRUE(has(said_, "held: nothing was shared"));
}

TEST_F(GuardTest, ApprovedItShares) {
  load();
  remember(1, kTen, true);
  EXPECT_EQ(run("share", "out", kShare), 0);
  EXPECT_TRUE(shared());
  EXPECT_EQ(field("hold"), "");
  EXPECT_TRUE(has(field("measurement"), R"("verdict":"approved")"));
}

TEST_F(GuardTest, ByItselfItWarnsAndWithEightGoodRunsItHolds) {
  load();
  remember(7, kTen);
  EXPECT_EQ(run("share", "out", R"({"of": "sales", "to": "out.csv"})"), 0);
  EXPECT_TRUE(shared());
  EXPECT_EQ(field("warnings"), "1");
  remember(8, kTen);
  EXPECT_EQ(run("share", "out", R"({"of": "sales", "to": "out.csv"})"), 0);
  EXPECT_TRUE(has(field("hold"), "rows 3, expected 10"));
  EXPECT_TRUE(has(field("hold"), "nulls(price) 33.3 %, expected 0.0 %"));
}

TEST_F(GuardTest, OnTripFailIsAnErrorThatIsRemembered) {
  load();
  remember(1, kTen);
  EXPECT_EQ(
      run("share", "out", R"({"of": "sales", "to": "out.csv", "guard": {"on_trip": "fail"}})"), 1);
  EXPECT_EQ(error_code(), "GUARD_TRIPPED");
  EXPECT_FALSE(shared());
  EXPECT_TRUE(has(field("measurement"), R"("verdict":"trip")"));
}

TEST_F(GuardTest, SwitchedOffIsSaid) {
  load();
  remember(8, kTen);
  EXPECT_EQ(run("share", "out", R"({"of": "sales", "to": "out.csv", "guard": {"on_trip": "off"}})"),
            0);
  EXPECT_TRUE(shared());
  EXPECT_TRUE(has(said_, "guard: off"));
  EXPECT_EQ(field("measurement"), "");
}

TEST_F(GuardTest, AsATaskItPassesTheDataOn) {
  load();
  remember(0, kTen);
  ASSERT_EQ(run("guard", "g", R"j({"of": "sales", "watch": {"sum(price)": {"drop": "30%"},
              "mean(price)": {"rise": 50}, "distinct(id)": {"min": 3}, "nulls(price)": {"max": 40}}})j"),
            0);
  const std::string metrics = json::serialize(report_.at("outputs").at("guard").at("metrics"));
  for (const char* part :
       {R"j("sum(price)":4E1)j", R"j("mean(price)":2E1)j", R"j("distinct(id)":3E0)j"}) {
    EXPECT_TRUE(has(metrics, part));
  }
  EXPECT_EQ(rows("SELECT count(*) AS n FROM {g}"), Lines{R"({"n":3})"});
  EXPECT_EQ(rows("SELECT count(*) AS n FROM {sales}"), Lines{R"({"n":3})"});
}

TEST_F(GuardTest, MissingValuesOfANestedColumnAreWatchedToo) {
  load();
  ASSERT_EQ(
      run("transform", "lists", R"({"sql": "select case when id = 1 then [id] end l from sales"})"),
      0);
  remember(0, kTen);
  ASSERT_EQ(run("guard", "g", R"j({"of": "lists", "watch": {"nulls(l)": {"max": 50}}})j"), 0);
  EXPECT_TRUE(has(field("hold"), "nulls(l) 66.7 %: at most 50.0 % is allowed"));
}

TEST_F(GuardTest, ABoundHoldsWithoutAnyHistory) {
  load();
  remember(0, kTen);
  EXPECT_EQ(run("guard", "g", R"({"of": "sales", "watch": {"rows": {"min": 4}}})"), 0);
  EXPECT_EQ(field("hold"), R"("rows 3: at least 4 is allowed")");
  EXPECT_EQ(output("data"), "") << "what is held passes nothing on";
}

struct BadGuard {
  const char* name;
  const char* params;
  const char* part;
};
class BadGuardTest : public GuardTest, public testing::WithParamInterface<BadGuard> {};

TEST_P(BadGuardTest, SaysWhatIsWrong) {
  load();
  remember(0, kTen);
  EXPECT_EQ(run("guard", "g", GetParam().params), 1);
  EXPECT_EQ(error_code(), "INPUT_INVALID");
  EXPECT_TRUE(has(error_message(), GetParam().part));
}

INSTANTIATE_TEST_SUITE_P(
    Guards, BadGuardTest,
    testing::Values(
        BadGuard{"Column", R"j({"of": "sales", "watch": {"nulls(prise)": {"rise": 5}}})j",
                 "'sales' has no column 'prise'; did you mean 'price'?"},
        BadGuard{"Metric", R"j({"of": "sales", "watch": {"median(price)": {"rise": 5}}})j",
                 "'median(price)': rows, nulls(column)"},
        BadGuard{"Percent", R"({"of": "sales", "watch": {"rows": {"drop": "many"}}})",
                 "watch.rows.drop: a percentage above 0 is wanted (20, or 20%), not 'many'"},
        BadGuard{"Nothing", R"({"of": "sales", "watch": {"rows": {}}})",
                 "one of drop, rise, min or max is wanted"},
        BadGuard{"Word", R"({"of": "sales", "on_trip": "explode"})", "hold, fail, warn"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace cordyna::data
