#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

class LoadTest : public StepTest {};

constexpr const char* kContract = R"({"columns": {"id": {"type": "int64", "required": true},
  "day": {"type": "date", "format": "%m/%d/%Y"}, "price": "int64", "note": "string"}})";

std::string load_params(const std::string& from, const std::string& contract,
                        const std::string& more = "") {
  return R"({"from": ")" + from + R"(", "contract": )" + contract + more + "}";
}

TEST_F(LoadTest, ReadsColumnsByNameAlsoWhereTheFileHasThemInAnotherOrder) {
  file("a.csv", "note,price,day,id\nhi,5,1/2/2024,7\n");
  ASSERT_EQ(run("load", "a", load_params("a.csv", kContract)), 0) << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":7,"day":"2024-01-02","price":5,"note":"hi"})"}));
  EXPECT_EQ(output("rows"), "1");
  EXPECT_EQ(output("rows_in"), "1");
  EXPECT_EQ(output("rejected"), "0");
  EXPECT_TRUE(has(output("schema"), R"({"name":"day","type":"DATE"})"));
}

TEST_F(LoadTest, ARenamedColumnIsAnErrorUnlessItsOldNameIsTold) {
  file("a.csv", "id,day,prices,note\n1,1/2/2024,5,x\n");
  EXPECT_EQ(run("load", "a", load_params("a.csv", kContract)), 1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
  EXPECT_TRUE(has(error_message(), "column 'price' is missing (it has 'prices'"));
  // With its name in the file, and the only new column there is.
  file("b.csv", "id,amount\n1,5\n");
  EXPECT_EQ(run("load", "a", load_params("b.csv", R"({"columns": {"id": "int64", "price": "int64"},
            "rename": {"Prix": "price"}})")),
            1);
  EXPECT_TRUE(has(error_message(),
                  "column 'price' ('Prix' in the file) is missing (it has 'amount'; if that is the "
                  "same, write rename: {amount: price})"));
  const std::string contract =
      R"({"columns": {"id": "int64", "price": "int64"}, "rename": {"prices": "price"},
          "drift": {"new": "ignore"}})";
  ASSERT_EQ(run("load", "a", load_params("a.csv", contract)), 0) << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":1,"price":5})"}));
}

TEST_F(LoadTest, NewColumnsWarnOrAreAddedOrFailAsTheContractSays) {
  file("a.csv", "id,extra\n1,x\n");
  ASSERT_EQ(run("load", "a", load_params("a.csv", R"({"columns": {"id": "int64"}})")), 0);
  EXPECT_EQ(report_.at("warnings").as_int64(), 1);
  EXPECT_TRUE(has(said_, "column 'extra' is new"));
  ASSERT_EQ(run("load", "b", load_params("a.csv", R"({"columns": {"id": "int64"},
            "drift": {"new": "add"}})")),
            0);
  EXPECT_EQ(rows("FROM {b}"), (Lines{R"({"id":1,"extra":"x"})"}));
  EXPECT_EQ(run("load", "c", load_params("a.csv", R"({"columns": {"id": "int64"},
            "drift": {"new": "fail"}})")),
            1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
}

TEST_F(LoadTest, IntegersAreStrict) {
  file("a.csv", "id\n1\n12.7\n1e3\n1_000\n0x10\n9223372036854775808\n-5\n+6\n 7 \n\"1,234\"\n");
  const std::string contract = R"({"columns": {"id": "int64"}})";
  ASSERT_EQ(run("load", "a", load_params("a.csv", contract, R"(, "rejects": {"max_percent": 90})")),
            0)
      << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":1})", R"({"id":-5})", R"({"id":6})", R"({"id":7})"}));
  EXPECT_EQ(output("rejected"), "6");
}

TEST_F(LoadTest, RejectsAreKeptWithLineRawTextAndReason) {
  // A quoted line break, a blank line, a short and a long line stand before the bad values.
  file("a.csv",
       "id|day|price|note\n1|1/2/2024|5|\"two\nlines\"\n\n2|1/2/2024|6\n3|1/2/2024|7|x|y\n"
       "4|13/45/2024|8|z\n5|1/2/2024|abc|\"q\n\nr\"\n6|1/2/2024|9|ok\n7|1/2/24|1|late\n");
  const std::string params = load_params("a.csv", kContract, R"(, "delimiter": "|")");
  EXPECT_EQ(run("load", "a", params), 1);
  EXPECT_EQ(error_code(), "TOO_MANY_REJECTS");
  EXPECT_TRUE(has(error_message(), "5 of 7 lines"));
  EXPECT_TRUE(has(error_message(), "line 5: missing columns: 3 instead of 4 ["));
  const std::string kept = output_text("rejects_file");
  const Lines told = rows("SELECT line, raw, reasons FROM '" + kept + "' ORDER BY line");
  ASSERT_EQ(told.size(), 5U);
  EXPECT_TRUE(has(told[0], R"({"line":5,"raw":"2|1/2/2024|6")"));
  EXPECT_TRUE(has(told[1], R"({"line":6,"raw":"3|1/2/2024|7|x|y","reasons":["too many)"));
  EXPECT_EQ(told[2], R"({"line":7,"raw":"4|13/45/2024|8|z","reasons":["day: '13/45/2024' is )"
                     R"(not a value of type date as %m/%d/%Y"]})");
  EXPECT_TRUE(has(told[3], R"({"line":8,"raw":"5|1/2/2024|abc|\"q)"));
  EXPECT_TRUE(has(told[4], R"({"line":12,"raw":"7|1/2/24|1|late")"));
}

TEST_F(LoadTest, AColumnThatHoldsSomethingElseOnMostLinesHasChanged) {
  file("a.csv", "id,price\n1,\"1,234\"\n2,\"12,345,678\"\n3,7\n");
  const std::string columns = R"({"columns": {"id": "int64", "price": "int64"})";
  EXPECT_EQ(run("load", "a", load_params("a.csv", columns + "}")), 1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
  EXPECT_TRUE(
      has(error_message(),
          "column 'price' is no longer int64: 2 of 3 lines have something else; the first: line "
          "2: price: '1,234' is not a value of type int64"));
  EXPECT_TRUE(has(error_message(), "whole(replace(price, ',', ''))"));
  EXPECT_EQ(run("load", "a", load_params("a.csv", columns + R"(, "drift": {"type": "warn"}})")), 1);
  EXPECT_EQ(error_code(), "TOO_MANY_REJECTS");
  file("b.csv", "id,price\n1,cheap\n2,dear\n");
  EXPECT_EQ(run("load", "a", load_params("b.csv", columns + "}")), 1);
  EXPECT_TRUE(has(error_message(), "write the new type into the contract"));
}

TEST_F(LoadTest, FewRejectsPassWithinThePercentAllowed) {
  std::string text = "id\n";
  for (int i = 0; i < 99; ++i) text += std::to_string(i) + "\n";
  file("a.csv", text + "x\n");
  const std::string contract = R"({"columns": {"id": "int64"}})";
  EXPECT_EQ(
      run("load", "a", load_params("a.csv", contract, R"(, "rejects": {"max_percent": 0.5})")), 1);
  EXPECT_EQ(run("load", "a", load_params("a.csv", contract, R"(, "rejects": {"max_percent": 1})")),
            0);
  EXPECT_EQ(output("rows"), "99");
  EXPECT_EQ(output("rejected"), "1");
}

TEST_F(LoadTest, InvalidUtf8IsARejectAndTheOtherLinesKeepTheirNumbers) {
  file("a.csv", "id,note\n1,\xff\xfe\n2,ok\nx,no\n");
  const std::string contract = R"({"columns": {"id": "int64", "note": "string"}})";
  EXPECT_EQ(run("load", "a", load_params("a.csv", contract)), 1);
  EXPECT_EQ(error_code(), "TOO_MANY_REJECTS");
  EXPECT_TRUE(has(error_message(), "line 2: invalid encoding"));
  EXPECT_TRUE(has(error_message(), "line 4: id: 'x' is not a value of type int64"));
}

TEST_F(LoadTest, NullTextsBecomeNull) {
  file("a.csv", "id,speed\n1,NA\n2,\n3,5\n");
  const std::string contract = R"({"columns": {"id": "int64", "speed": "int64"}})";
  EXPECT_EQ(run("load", "a", load_params("a.csv", contract)), 1);
  ASSERT_EQ(run("load", "a", load_params("a.csv", contract, R"(, "nulls": ["", "NA"])")), 0);
  EXPECT_EQ(rows("SELECT count(speed) AS n FROM {a}"), (Lines{R"({"n":1})"}));
  EXPECT_TRUE(has(output("null_rates"), "\"speed\":6.66"));
}

TEST_F(LoadTest, ContractRulesFailWithCountsAndSamples) {
  file("a.csv", "id,price,kind\n1,5,a\n1,500,b\n,7,c\n");
  const std::string contract = R"({"columns": {"id": {"type": "int64", "required": true},
    "price": {"type": "int64", "min": 6, "max": 100}, "kind": {"type": "string", "in": ["a", "b"],
    "match": "[a-z]"}}, "unique": ["id"], "rows": {"min": 10}})";
  EXPECT_EQ(run("load", "a", load_params("a.csv", contract)), 1);
  EXPECT_EQ(error_code(), "CHECK_FAILED");
  const std::string message = error_message();
  EXPECT_TRUE(has(message, "id.required: 1 of 3 rows, as {\"id\":null,\"price\":7"));
  EXPECT_TRUE(has(message, "price.min: 1 of 3 rows"));
  EXPECT_TRUE(has(message, "price.max: 1 of 3 rows"));
  EXPECT_TRUE(has(message, "kind.in: 1 of 3 rows"));
  EXPECT_TRUE(has(message, "unique(id): 1 of 3 rows, as {\"id\":1,\"times\":2}"));
  EXPECT_TRUE(has(message, "3 rows, at least 10 are wanted"));
  EXPECT_EQ(rows("SELECT len(dyna_reasons) AS n FROM '" + output_text("failed_file") + "'"),
            (Lines{R"({"n":1})", R"({"n":1})", R"({"n":2})"}));
  EXPECT_EQ(output("data"), "");
}

TEST_F(LoadTest, JsonLinesKeepLineNumbersOfWhatIsNoObject) {
  file("a.jsonl",
       "{\"id\": 1, \"s\": \"x\"}\n\nnot json\n[1]\n{\"id\": 1.5}\n{\"id\": 2, \"s\": null}\n");
  const std::string contract = R"({"columns": {"id": "int64", "s": "string"}})";
  EXPECT_EQ(run("load", "a", load_params("a.jsonl", contract)), 1);
  EXPECT_EQ(error_code(), "TOO_MANY_REJECTS");
  EXPECT_TRUE(has(error_message(), "3 of 5 lines"));
  EXPECT_TRUE(has(error_message(), "line 3: not a JSON object [not json]"));
  EXPECT_TRUE(has(error_message(), "line 5: id: '1.5' is not a value of type int64"));
  ASSERT_EQ(
      run("load", "a", load_params("a.jsonl", contract, R"(, "rejects": {"max_percent": 60})")), 0)
      << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":1,"s":"x"})", R"({"id":2,"s":null})"}));
}

TEST_F(LoadTest, ParquetColumnsOfAnotherKindAreDrift) {
  const std::string path = flow_ + "/a.parquet";
  ASSERT_EQ(rows("COPY (SELECT 1 AS id, '5' AS price, 1.5::DECIMAL(9,4) AS d) TO '" + path +
                 "' (FORMAT parquet)"),
            (Lines{}));
  const std::string strict = R"({"columns": {"id": "int64", "price": "int64"}})";
  EXPECT_EQ(run("load", "a", load_params("a.parquet", strict)), 1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
  EXPECT_TRUE(has(error_message(), "column 'price' is VARCHAR in the file, int64"));
  const std::string kind = R"~({"columns": {"id": "int64", "price": "int64",
    "d": "decimal(5,1)"}, "drift": {"type": "warn"}})~";
  ASSERT_EQ(run("load", "a", load_params("a.parquet", kind)), 0) << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":1,"price":5,"d":"1.5"})"}));
}

TEST_F(LoadTest, WithoutAContractCsvAndJsonAreTypedByAllTheirRows) {
  std::string text = "id,v\n";
  for (int i = 0; i < 30000; ++i) text += std::to_string(i) + ",1\n";
  file("a.csv", text + "30000,late text\n");
  ASSERT_EQ(run("load", "a", R"({"from": "a.csv"})"), 0) << error_message();
  EXPECT_EQ(output("rows"), "30001");
  EXPECT_TRUE(has(output("schema"), R"({"name":"v","type":"VARCHAR"})"));
  file("b.jsonl", "{\"id\": 1}\nbad\n{\"id\": 2, \"t\": \"2024-01-02\"}\n");
  EXPECT_EQ(run("load", "b", R"({"from": "b.jsonl"})"), 1);
  EXPECT_EQ(error_code(), "TOO_MANY_REJECTS");
  ASSERT_EQ(run("load", "b", R"({"from": "b.jsonl", "rejects": {"max_percent": 50}})"), 0)
      << error_message();
  EXPECT_TRUE(has(output("schema"), R"({"name":"t","type":"DATE"})"));
}

TEST_F(LoadTest, MissingFilesFoldersAndEmptyFilesAreNamed) {
  EXPECT_EQ(run("load", "a", R"({"from": "none.csv"})"), 1);
  EXPECT_EQ(error_code(), "SOURCE_UNAVAILABLE");
  EXPECT_TRUE(has(error_message(), "none.csv: No such file"));
  std::filesystem::create_directories(flow_ + "/dir.csv");
  EXPECT_EQ(run("load", "a", R"({"from": "dir.csv"})"), 1);
  EXPECT_TRUE(has(error_message(), "is a folder"));
  file("empty.csv", "");
  EXPECT_EQ(run("load", "a", R"({"from": "empty.csv"})"), 1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
}

/// Runs `command` around the real DuckDB, in a shell, with its own arguments as "$@".
class MeddledTest : public StepTest {
 protected:
  void meddle(const std::string& command) {
    real_ = duckdb_for_tests();
    const std::string fake = file("fake-duckdb", "#!/bin/sh\n" + command + "\n");
    std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
    setenv("DYNA_DUCKDB", fake.c_str(), 1);
  }
  void TearDown() override {
    setenv("DYNA_DUCKDB", real_.c_str(), 1);
    StepTest::TearDown();
  }
  std::string real_;
};

TEST_F(MeddledTest, AFileThatChangesWhileItIsReadIsRefused) {
  const std::string source = file("a.csv", "id\n1\n2\n");
  meddle("'" + duckdb_for_tests() + "' \"$@\"; code=$?; echo 3 >> '" + source + "'; exit $code");
  EXPECT_EQ(run("load", "a", load_params("a.csv", R"({"columns": {"id": "int64"}})")), 1);
  EXPECT_EQ(error_code(), "SOURCE_UNAVAILABLE");
  EXPECT_TRUE(has(error_message(), "a.csv changed while it was read"));
  EXPECT_EQ(output("data"), "");
}

TEST_F(MeddledTest, AFileThatVanishesHalfwayIsNamed) {
  const std::string source = file("a.csv", "id\n1\n2\n");
  meddle("rm -f '" + source + "'; exec '" + duckdb_for_tests() + "' \"$@\"");
  EXPECT_EQ(run("load", "a", load_params("a.csv", R"({"columns": {"id": "int64"}})")), 1);
  EXPECT_EQ(error_code(), "SOURCE_UNAVAILABLE");
  EXPECT_TRUE(has(error_message(), "a.csv: No such file"));
}

TEST_F(MeddledTest, AKilledDuckdbIsNotASuccess) {
  file("a.csv", "id\n1\n");
  meddle("kill -9 $$");
  EXPECT_EQ(run("load", "a", load_params("a.csv", R"({"columns": {"id": "int64"}})")), 1);
  EXPECT_EQ(error_code(), "OUT_OF_MEMORY");
}

TEST_F(MeddledTest, NoiseOnTheOutputOfDuckdbIsPassedOver) {
  file("a.csv", "id\n1\n");
  meddle("echo 'WARNING: something is deprecated'; echo '{not json'; exec '" + duckdb_for_tests() +
         "' \"$@\"");
  ASSERT_EQ(run("load", "a", load_params("a.csv", R"({"columns": {"id": "int64"}})")), 0);
  EXPECT_EQ(output("rows"), "1");
}

TEST_F(LoadTest, AnotherDelimiterIsToldOrTaken) {
  file("a.csv", "id;price\n1;5\n");
  const std::string columns = R"({"columns": {"id": "int64", "price": "int64"})";
  EXPECT_EQ(run("load", "a", load_params("a.csv", columns + "}")), 1);
  EXPECT_TRUE(has(error_message(), "is delimited by ';', not by ','"));
  ASSERT_EQ(
      run("load", "a", load_params("a.csv", columns + R"(, "drift": {"delimiter": "warn"}})")), 0);
  EXPECT_EQ(output("rows"), "1");
}

TEST_F(LoadTest, AnotherFormatOrEncodingIsToldOrTaken) {
  const std::string columns = R"({"columns": {"id": "int64", "s": "string"})";
  const std::string warn = columns + R"(, "drift": {"format": "warn", "encoding": "warn"}})";
  file("json.csv", "{\"id\": 1, \"s\": \"x\"}\n");
  EXPECT_EQ(run("load", "a", load_params("json.csv", columns + "}")), 1);
  EXPECT_TRUE(has(error_message(), "json.csv: it is JSON lines, not CSV"));
  ASSERT_EQ(run("load", "a", load_params("json.csv", warn)), 0) << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":1,"s":"x"})"}));

  file("packed.csv.gz", "id,s\n1,x\n");
  EXPECT_EQ(run("load", "a", load_params("packed.csv.gz", columns + "}")), 1);
  EXPECT_TRUE(has(error_message(), "its compression is none, not gzip"));
  EXPECT_EQ(run("load", "a", load_params("packed.csv.gz", warn)), 0) << error_message();

  file("latin.csv", "id,s\n1,caf\xe9\n");
  EXPECT_EQ(run("load", "a", load_params("latin.csv", columns + "}")), 1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
  EXPECT_TRUE(has(error_message(), "it is not written in UTF-8: 1 of 1 lines are not"));
  EXPECT_TRUE(has(error_message(), "write encoding: latin-1 in the task"));
  ASSERT_EQ(run("load", "a", load_params("latin.csv", warn)), 0) << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{"{\"id\":1,\"s\":\"caf\xc3\xa9\"}"}));

  std::string wide = "\xff\xfe";
  for (const char c : std::string_view("id,s\n1,x\n")) wide += {c, '\0'};
  file("wide.csv", wide);
  EXPECT_EQ(run("load", "a", load_params("wide.csv", columns + "}")), 1);
  EXPECT_TRUE(has(error_message(), "UTF-16"));
  ASSERT_EQ(run("load", "a", load_params("wide.csv", warn)), 0) << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":1,"s":"x"})"}));
}

TEST_F(LoadTest, CompressedFilesAreRead) {
  const std::string from = "FROM (VALUES (1, 'x')) t(id, s)) TO '" + flow_;
  rows("COPY (" + from + "/a.csv.gz' (FORMAT csv, COMPRESSION gzip)");
  rows("COPY (" + from + "/a.csv.zst' (FORMAT csv, COMPRESSION zstd)");
  rows("COPY (" + from + "/a.jsonl.gz' (FORMAT json, COMPRESSION gzip)");
  for (const char* name : {"a.csv.gz", "a.csv.zst", "a.jsonl.gz"}) {
    ASSERT_EQ(run("load", "a", load_params(name, R"({"columns": {"id": "int64"},
              "drift": {"new": "ignore"}})")),
              0)
        << name << ": " << error_message();
    EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":1})"})) << name;
  }
}

TEST_F(LoadTest, FileNamesAreNoPatterns) {
  file("d[a]*/x?.csv", "id\n1\n");
  file("da/x1.csv", "id\n2\n");
  ASSERT_EQ(run("load", "a", load_params("d[a]*/x?.csv", R"({"columns": {"id": "int64"}})")), 0)
      << error_message();
  EXPECT_EQ(rows("FROM {a}"), (Lines{R"({"id":1})"}));
}

TEST_F(LoadTest, AnUncleanRowAtTheEndOfALongFileLosesNothing) {
  std::string csv = "id,day,price,note\n";
  for (int n = 0; n < 200'000; ++n) csv += std::to_string(n) + ",1/2/2024,5,x\n";
  file("a.csv", csv + "200000, 1/3/2024 , 6 ,y\n200001,1/2/2024,6.5,z\n");
  ASSERT_EQ(run("load", "a", load_params("a.csv", kContract, R"(, "rejects": {"max_percent": 1})")),
            0)
      << error_message();
  EXPECT_EQ(output("rows"), "200001");
  EXPECT_EQ(output("rejected"), "1");
  EXPECT_TRUE(has(said_, "rejected: line 200003: price: '6.5' is not a value of type int64"));
  EXPECT_EQ(
      rows("SELECT count(*) AS n, bool_and(id = place) AS ok, max(day) AS day, max(price) AS p "
           "FROM (SELECT *, row_number() OVER () - 1 AS place FROM {a})"),
      (Lines{R"({"n":200001,"ok":true,"day":"2024-01-03","p":6})"}));
}

TEST_F(LoadTest, ACleanFileWithAKeyTwiceIsJudgedAsItsSeveritySays) {
  file("a.csv", "id,x\n1,a\n2,b\n1,c\n");
  const auto with_key = [](const std::string& severity) {
    return R"({"columns": {"id": "int64", "x": "string"},
               "unique": [{"columns": ["id"], "on_fail": ")" +
           severity + R"("}]})";
  };
  EXPECT_EQ(run("load", "a", load_params("a.csv", with_key("fail"))), 1);
  EXPECT_TRUE(has(error_message(), "1 of 3 rows"));
  ASSERT_EQ(run("load", "a", load_params("a.csv", with_key("warn"))), 0) << error_message();
  EXPECT_EQ(output("rows"), "3");
  ASSERT_EQ(run("load", "a", load_params("a.csv", with_key("quarantine"))), 0) << error_message();
  EXPECT_EQ(rows("SELECT x FROM {a}"), (Lines{R"({"x":"b"})"}));
}

}  // namespace
}  // namespace cordyna::data
