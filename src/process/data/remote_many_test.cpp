#include <fmt/format.h>

#include <cstdlib>
#include <map>

#include "http/server_fixture.hpp"
#include "process/data/remote.hpp"
#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

using http::answer;
using http::Reply;
using http::SeenRequest;
using http::TestServer;

/// A bucket `lake` of S3 that knows lists and objects.
class Bucket {
 public:
  std::map<std::string, std::string> objects;
  TestServer server{[this](const SeenRequest& request, int) {
    if (request.target.starts_with("/lake/?")) return Reply{answer(200, listed())};
    const auto found = objects.find(request.target.substr(6));
    const std::string* match = http::find_header(request.headers, "If-Match");
    if (found == objects.end()) return Reply{answer(404, "")};
    const std::string etag = fmt::format("\"{}\"", found->second.size());
    if (match != nullptr && *match != etag) return Reply{answer(412, "")};
    return Reply{answer(200, found->second, "ETag: " + etag + "\r\n")};
  }};
  std::size_t added = 0;  ///< to the sizes in the list, as if objects had changed since

 private:
  [[nodiscard]] std::string listed() const {
    std::string out = "<ListBucketResult>";
    for (const auto& [key, content] : objects) {
      out += fmt::format(
          "<Contents><Key>{}</Key><ETag>&quot;{}&quot;</ETag><Size>{}</Size></Contents>", key,
          content.size() + added, content.size());
    }
    return out + "</ListBucketResult>";
  }
};

class ManyTest : public StepTest {
 protected:
  int load(const std::string& prefix, const std::string& files, const std::string& more = "") {
    return run("load", "x",
               fmt::format(R"({{"from": "s3://lake/{}", "files": "{}", "transfer": {{"delay":)"
                           R"( "1ms", "attempts": 2}}, "s3": {{"endpoint": "{}", "anonymous": )"
                           R"(true}}{}}})",
                           prefix, files, bucket_.server.url(""), more));
  }
  Bucket bucket_;
};

TEST_F(ManyTest, CsvIsJoinedUnderOneHeaderInTheOrderOfNames) {
  bucket_.objects = {{"day/2.csv", "\xef\xbb\xbfid,name\n3,\"C\nD\"\n"},
                     {"day/1.csv", "id,name\n1,Ann\n2,Bob"},
                     {"day/3.csv", "id,name\n"},
                     {"day/note.txt", "no"},
                     {"other.csv", "x\n1\n"}};
  ASSERT_EQ(load("day/", "*.csv"), 0) << error_message();
  EXPECT_EQ(
      rows("SELECT * FROM {x}"),
      (Lines{R"({"id":1,"name":"Ann"})", R"({"id":2,"name":"Bob"})", R"({"id":3,"name":"C\nD"})"}));
  EXPECT_TRUE(has(said_, "s3://lake/day/1.csv: lines 2 to 3"));
  EXPECT_TRUE(has(said_, "s3://lake/day/2.csv: lines 4 to 5"));
  EXPECT_TRUE(has(said_, "s3://lake/day/3.csv: no lines"));
  EXPECT_TRUE(has(output("source"), R"("objects":3)"));
}

TEST_F(ManyTest, ARejectHasTheLineThatTheLogTells) {
  bucket_.objects = {{"1.csv", "id\n1\n2\n"}, {"2.csv", "id\n3\nfour\n"}};
  EXPECT_EQ(load("", "?.csv", R"(, "contract": {"columns": {"id": "int64"}})"), 1);
  EXPECT_TRUE(has(error_message(), "line 5: id: 'four' is not a value of type int64"));
  EXPECT_TRUE(has(said_, "s3://lake/2.csv: lines 4 to 5"));
}

TEST_F(ManyTest, AnotherHeaderIsAnotherSchema) {
  bucket_.objects = {{"1.csv", "id,name\n1,Ann\n"}, {"2.csv", "name,id\nBob,2\n"}};
  EXPECT_EQ(load("", "*.csv"), 1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
  EXPECT_EQ(error_message(),
            "s3://lake/2.csv does not begin with the header that s3://lake/1.csv has");
}

TEST_F(ManyTest, LinesEndTheSameWayInAllOfThem) {
  bucket_.objects = {{"1.csv", "id\r\n1\r\n2"}, {"2.csv", "id\r\n3\r\n"}};
  ASSERT_EQ(load("", "*.csv"), 0) << error_message();
  EXPECT_EQ(rows("SELECT sum(id)::INT AS n FROM {x}"), (Lines{R"({"n":6})"}));
  bucket_.objects["2.csv"] = "id\n3\n";
  EXPECT_EQ(load("", "*.csv"), 1);
  EXPECT_EQ(error_message(),
            "the lines of s3://lake/2.csv end with LF, those of s3://lake/1.csv with CR LF");
}

TEST_F(ManyTest, JsonLinesAreJoined) {
  bucket_.objects = {{"a/1.jsonl", R"({"id":1})"}, {"a/2.jsonl", "{\"id\":2}\n"}};
  ASSERT_EQ(load("a/", "*.jsonl"), 0) << error_message();
  EXPECT_EQ(rows("SELECT * FROM {x}"), (Lines{R"({"id":1})", R"({"id":2})"}));
}

TEST_F(ManyTest, ParquetIsJoinedWhereTheColumnsAreTheSame) {
  const auto parquet = [this](const std::string& sql) {
    rows(fmt::format("COPY ({}) TO '{}/p.parquet' (FORMAT parquet)", sql, flow_));
    return content(flow_ + "/p.parquet");
  };
  bucket_.objects = {{"1.parquet", parquet("SELECT 1 AS id, 'Ann' AS name")},
                     {"2.parquet", parquet("SELECT 2 AS id, 'Bob' AS name")}};
  ASSERT_EQ(load("", "*.parquet"), 0) << error_message();
  EXPECT_EQ(rows("SELECT * FROM {x} ORDER BY id"),
            (Lines{R"({"id":1,"name":"Ann"})", R"({"id":2,"name":"Bob"})"}));
  bucket_.objects["2.parquet"] = parquet("SELECT 2 AS id, 'Bob' AS name, 3 AS more");
  EXPECT_EQ(load("", "*.parquet"), 1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
  EXPECT_TRUE(has(error_message(), "s3://lake/2.parquet has other columns than"));
}

TEST_F(ManyTest, WhatChangedSinceTheListIsNotMixedIn) {
  bucket_.objects = {{"1.csv", "id\n1\n"}};
  bucket_.added = 1;
  EXPECT_EQ(load("", "*.csv"), 1);
  EXPECT_EQ(error_code(), "SOURCE_UNAVAILABLE");
  EXPECT_EQ(error_message(), "s3://lake/1.csv changed while it was read");
}

TEST_F(ManyTest, NoneAtAllIsAnError) {
  bucket_.objects = {{"1.txt", "x"}};
  EXPECT_EQ(load("", "*.csv"), 1);
  EXPECT_EQ(error_code(), "REMOTE_NOT_FOUND");
  EXPECT_EQ(error_message(), "s3://lake/*.csv: no object has such a name");
}

TEST_F(ManyTest, TogetherTheyAreWithinTheLimit) {
  bucket_.objects = {{"1.csv", "id\n1\n"}, {"2.csv", "id\n2\n"}};
  EXPECT_EQ(run("load", "x",
                fmt::format(R"({{"from": "s3://lake/", "files": "*.csv", "transfer": {{"max_size":)"
                            R"( 9}}, "s3": {{"endpoint": "{}", "anonymous": true}}}})",
                            bucket_.server.url(""))),
            1);
  EXPECT_EQ(error_code(), "REMOTE_REFUSED");
  EXPECT_TRUE(has(error_message(), "are larger than 9 bytes, the limit"));
}

TEST_F(ManyTest, APatternIsOneAndStandsForItself) {
  bucket_.objects = {{"[x].csv", "id\n1\n"}};
  EXPECT_EQ(load("", "[x.csv"), 1);
  EXPECT_EQ(error_code(), "INPUT_INVALID");
  EXPECT_EQ(load("*", ".csv"), 1);  // a star in `from` is a star
  EXPECT_EQ(error_code(), "REMOTE_NOT_FOUND");
}

}  // namespace
}  // namespace cordyna::data
