// What a contract does with single rows: wrong types, to_bool, refs, unique keys.
#include <fmt/format.h>

#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class ContractRows : public StepTest {
 protected:
  int load(const std::string& text, const std::string& contract, const std::string& id = "in") {
    file(id + ".csv", text);
    return run("load", id, fmt::format(R"({{"from": "{}.csv", "contract": {}}})", id, contract));
  }
  [[nodiscard]] Lines quarantined(const std::string& columns) const {
    return rows("SELECT " + columns + " FROM '" + output_text("quarantine_file") + "'");
  }
};

TEST_F(ContractRows, WithTypeQuarantineValuesOfTheWrongTypeAreSetAsideAsTheyWere) {
  const std::string contract = R"({"columns": {"id": {"type": "int64", "required": true},
    "n": {"type": "int32", "min": 0}, "s": "string"}, "drift": {"type": "quarantine"}})";
  ASSERT_EQ(load("id,n,s\n1,5,a\n2,5x,b\nx,y,c\n3,,d\n", contract), 0) << error_message();
  EXPECT_EQ(rows("FROM {in}"),
            (Lines{R"({"id":1,"n":5,"s":"a"})", R"({"id":3,"n":null,"s":"d"})"}));
  EXPECT_EQ(output("quarantined"), "2");
  EXPECT_EQ(output("rejected"), "0");
  EXPECT_EQ(quarantined("id, n, s, dyna_reasons, dyna_raw::VARCHAR AS raw"),
            (Lines{R"({"id":2,"n":null,"s":"b","dyna_reasons":["n.type"],"raw":"{n=5x}"})",
                   R"({"id":null,"n":null,"s":"c","dyna_reasons":["id.type","n.type"],)"
                   R"("raw":"{id=x, n=y}"})"}));
  EXPECT_TRUE(has(said_, "quarantined: n.type: 2 of 4 rows"));
  // A line that has no columns to set aside is a reject all the same.
  EXPECT_EQ(load("id,n,s\n1,5,a\n2,5x\n", contract, "short"), 1);
  EXPECT_EQ(error_code(), "TOO_MANY_REJECTS");
}

TEST_F(ContractRows, TypeQuarantineHoldsForJsonAndParquetToo) {
  file("a.jsonl", "{\"n\": 1}\n{\"n\": 1.5}\nnone\n");
  const std::string contract =
      R"({"columns": {"n": "int64"}, "drift": {"type": "quarantine"}, "rejects": {"max_percent": 50}})";
  ASSERT_EQ(run("load", "a", R"({"from": "a.jsonl", "contract": )" + contract + "}"), 0)
      << error_message();
  EXPECT_EQ(output("rows"), "1");
  EXPECT_EQ(output("quarantined"), "1");
  EXPECT_EQ(output("rejected"), "1");
  EXPECT_EQ(quarantined("dyna_raw['n'] AS raw"), (Lines{R"({"raw":"1.5"})"}));
  rows("COPY (FROM (VALUES ('1'), ('x')) t(n)) TO '" + flow_ + "/b.parquet' (FORMAT parquet)");
  ASSERT_EQ(run("load", "b", R"({"from": "b.parquet", "contract": )" + contract + "}"), 0)
      << error_message();
  EXPECT_EQ(rows("FROM {b}"), (Lines{R"({"n":1})"}));
  EXPECT_TRUE(has(said_, "warning: column 'n' is VARCHAR in the file, int64 in the contract"));
  EXPECT_EQ(quarantined("dyna_raw['n'] AS raw"), (Lines{R"({"raw":"x"})"}));
}

TEST_F(ContractRows, EachKindOfDriftTakesTheWordsThatMeanSomethingForIt) {
  const auto said_of = [this](const std::string& kind, const std::string& word) {
    const int code = load("n\n1\n", fmt::format(R"({{"columns": {{"n": "int64"}},
                                                   "drift": {{"{}": "{}"}}}})",
                                                kind, word));
    return code == 0 ? std::string() : error_message();
  };
  for (const char* kind : {"new", "missing", "type", "order", "delimiter", "format", "encoding"}) {
    for (const char* word : {"fail", "warn", "ignore"}) EXPECT_EQ(said_of(kind, word), "");
  }
  EXPECT_EQ(said_of("new", "add"), "");
  EXPECT_EQ(said_of("type", "quarantine"), "");
  EXPECT_EQ(said_of("missing", "quarantine"),
            "contract.drift.missing: one of fail, warn, ignore is wanted, not 'quarantine'");
  EXPECT_EQ(said_of("new", "quarantine"),
            "contract.drift.new: one of fail, warn, ignore, add is wanted, not 'quarantine'");
  EXPECT_EQ(said_of("type", "add"),
            "contract.drift.type: one of fail, warn, ignore, quarantine is wanted, not 'add'");
}

TEST_F(ContractRows, ToBoolKnowsItsTextsAndNoOthers) {
  const std::string contract = R"({"columns": {"w": {"type": "string", "in": ["Y", "N"],
    "to_bool": {"Y": true, "N": false}}, "n": {"type": "int64", "required": true}}})";
  ASSERT_EQ(load("w,n\nY,1\n N ,2\n,3\n", contract), 0) << error_message();
  EXPECT_EQ(rows("FROM {in}"),
            (Lines{R"({"w":true,"n":1})", R"({"w":false,"n":2})", R"({"w":null,"n":3})"}));
  EXPECT_TRUE(has(output("schema"), R"({"name":"w","type":"BOOLEAN"})"));
  EXPECT_EQ(load("w,n\nY,1\nyes,2\n", contract), 1);
  EXPECT_EQ(error_code(), "TOO_MANY_REJECTS");
  EXPECT_TRUE(has(error_message(), "line 3: w: 'yes' is not a value of type bool (N, Y)") ||
              has(error_message(), "line 3: w: 'yes' is not a value of type bool (Y, N)"));
  rows("COPY (FROM (VALUES (1), (0)) t(w)) TO '" + flow_ + "/b.parquet' (FORMAT parquet)");
  ASSERT_EQ(run("load", "b", R"({"from": "b.parquet", "contract": {"columns": {"w":
            {"type": "bool", "to_bool": {"1": true, "0": false}}}}})"),
            0)
      << error_message();
  EXPECT_EQ(rows("FROM {b}"), (Lines{R"({"w":true})", R"({"w":false})"}));
}

TEST_F(ContractRows, ARefIsAValueThatTheOtherTaskHas) {
  ASSERT_EQ(load("code,name\n98001,a\n98002,b\n,c\n",
                 R"({"columns": {"code": "string", "name": "string"}})", "zips"),
            0);
  const auto contract = [](const std::string& on_fail) {
    return R"({"columns": {"id": "int64", "zip": {"type": "string", "refs": "zips.code")" +
           (on_fail.empty() ? "" : R"(, "on_fail": ")" + on_fail + "\"") + "}}}";
  };
  ASSERT_EQ(load("id,zip\n1,98001\n2,\n3,98002\n", contract("")), 0) << error_message();
  const std::string bad = "id,zip\n1,98001\n2,\n3,99999\n";
  EXPECT_EQ(load(bad, contract("")), 1);
  EXPECT_EQ(error_code(), "CHECK_FAILED");
  EXPECT_TRUE(has(error_message(), R"(zip.refs: 1 of 3 rows, as {"id":3,"zip":"99999"})"));
  ASSERT_EQ(load(bad, contract("warn")), 0) << error_message();
  EXPECT_EQ(output("rows"), "3");
  EXPECT_EQ(report_.at("warnings").as_int64(), 1);
  ASSERT_EQ(load(bad, contract("quarantine")), 0) << error_message();
  EXPECT_EQ(rows("SELECT id FROM {in} ORDER BY id"), (Lines{R"({"id":1})", R"({"id":2})"}));
  EXPECT_EQ(quarantined("id, dyna_reasons"), (Lines{R"({"id":3,"dyna_reasons":["zip.refs"]})"}));
}

TEST_F(ContractRows, RowsKeepTheirOrderBesideARef) {
  ASSERT_EQ(load("code\n0\n1\n", R"({"columns": {"code": "int64"}})", "bits"), 0);
  std::string text = "n,bit\n";
  for (int n = 0; n < 300'000; ++n) text += fmt::format("{},{}\n", n, n % 2);
  ASSERT_EQ(load(text, R"({"columns": {"n": "int64", "bit": "int64"}})", "plain"), 0);
  const auto from = boost::json::value_to<std::string>(upstream_.at("plain").at("path"));
  ASSERT_EQ(run("load", "all",
                fmt::format(R"({{"from": "{}", "contract": {{"columns": {{"n": "int64",
                "bit": {{"type": "int64", "refs": "bits.code"}}}}}}}})",
                            from)),
            0)
      << error_message();
  EXPECT_EQ(rows("SELECT count(*) AS rows, bool_and(n = place) AS ok FROM "
                 "(SELECT n, row_number() OVER () - 1 AS place FROM {all})"),
            (Lines{R"({"rows":300000,"ok":true})"}));
}

TEST_F(ContractRows, ARefThatCannotBeComparedSaysWhy) {
  ASSERT_EQ(load("code\n98001\n", R"({"columns": {"code": "int64"}})", "zips"), 0);
  const auto message = [this](const std::string& refs) {
    load("zip\n98001\n", R"({"columns": {"zip": {"type": "string", "refs": ")" + refs + R"("}}})");
    return error_message();
  };
  EXPECT_TRUE(has(message("zips.cod"),
                  "contract.columns.zip.refs: 'zips' has no column 'cod'; its "
                  "columns: code"));
  EXPECT_TRUE(has(message("zips.code"), "'zips.code' is BIGINT, and this column is string"));
  EXPECT_TRUE(has(message("counties.code"), "'counties.code' names no task that left data"));
}

TEST_F(ContractRows, UniqueKeysFailWarnOrSetAllTheirRowsAside) {
  const std::string text = "id,day\n1,a\n2,a\n1,a\n,b\n,b\n3,c\n";
  const auto contract = [](const std::string& on_fail) {
    return R"({"columns": {"id": "int64", "day": "string"}, "unique": [{"columns": ["id", "day"])" +
           (on_fail.empty() ? "" : R"(, "on_fail": ")" + on_fail + "\"") + "}]}";
  };
  EXPECT_EQ(load(text, contract("")), 1);
  EXPECT_EQ(error_code(), "CHECK_FAILED");
  EXPECT_TRUE(has(error_message(), "unique(id, day): 2 of 6 rows"));
  ASSERT_EQ(load(text, contract("warn")), 0) << error_message();
  EXPECT_TRUE(has(said_, "warning: unique(id, day): 2 of 6 rows"));
  EXPECT_EQ(output("rows"), "6");
  ASSERT_EQ(load(text, contract("quarantine")), 0) << error_message();
  EXPECT_EQ(rows("FROM {in}"), (Lines{R"({"id":2,"day":"a"})", R"({"id":3,"day":"c"})"}));
  EXPECT_EQ(output("quarantined"), "4");
  EXPECT_TRUE(has(said_, "quarantined: unique(id, day): 4 of 6 rows"));
  EXPECT_TRUE(
      has(output("checks"), R"j({"name":"unique(id, day)","severity":"quarantine","bad":4})j"));
}

TEST_F(ContractRows, AUniqueColumnFollowsItsOnFail) {
  const std::string both = R"({"columns": {"id": {"type": "int64", "unique": true, "min": 2,
    "on_fail": "quarantine"}}, "drift": {"type": "quarantine"}})";
  ASSERT_EQ(load("id\n1\n1\n2\nx\n3\n3\n", both), 0) << error_message();
  EXPECT_EQ(rows("FROM {in}"), (Lines{R"({"id":2})"}));
  EXPECT_EQ(quarantined("id, dyna_reasons"),
            (Lines{R"({"id":null,"dyna_reasons":["id.type"]})",
                   R"j({"id":1,"dyna_reasons":["id.min","unique(id)"]})j",
                   R"j({"id":1,"dyna_reasons":["id.min","unique(id)"]})j",
                   R"j({"id":3,"dyna_reasons":["unique(id)"]})j",
                   R"j({"id":3,"dyna_reasons":["unique(id)"]})j"}));
  EXPECT_EQ(load("id\n1\n1\n", R"({"columns": {"id": {"type": "int64", "unique": true}}})"), 1);
  EXPECT_TRUE(has(error_message(), "unique(id): 1 of 2 rows"));
}

TEST_F(ContractRows, RejectsMayBeAllowedInTheContractAndTheTaskGoesFirst) {
  const std::string contract = R"({"columns": {"id": "int64"}, "rejects": {"max_percent": 50}})";
  ASSERT_EQ(load("id\n1\nx\n", contract), 0) << error_message();
  EXPECT_EQ(output("rejected"), "1");
  EXPECT_EQ(
      run("load", "in",
          R"({"from": "in.csv", "rejects": {"max_percent": 1}, "contract": )" + contract + "}"),
      1);
}

TEST_F(ContractRows, FreshnessIsReadAsFlowsHaveIt) {
  const std::string columns = R"({"columns": {"day": "date"}, "freshness": {"column": "day", )";
  EXPECT_EQ(load("day\n2024-01-02\n", columns + R"("max_age": "172800000ms"}})"), 1);
  EXPECT_TRUE(has(error_message(), "at most 48.0 h are allowed"));
  EXPECT_EQ(load("day\n2024-01-02\n", columns + R"("max_age": "2 days"}})"), 1);
  EXPECT_TRUE(has(error_message(), "max_age: a duration is wanted, not '2 days'"));
}

}  // namespace
}  // namespace cordyna::data
