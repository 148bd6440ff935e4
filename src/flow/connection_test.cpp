#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWarehouse =
    "type: postgres\nhost: db.example.org\ndatabase: gold\nuser: dyna\n"
    "password: {secret: PG_PASSWORD}\n";

class ConnectionFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "connection-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = fs::canonical(pattern);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories(fs::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name) << text;
  }

  [[nodiscard]] Parsed parsed(const std::string& task) const {
    write("sub/flow.yaml",
          "id: f\ninputs: [{id: t, default: x}]\ntasks:\n"
          "  - {id: a, type: load, from: x.csv}\n  - " +
              task + "\n");
    auto found = parse_file(folder_ + "/sub/flow.yaml");
    EXPECT_TRUE(found.has_value());
    return std::move(*found);
  }
  /// The findings, without the folder in them.
  [[nodiscard]] std::string findings(const std::string& task) const {
    std::string out;
    for (const Diagnostic& found : parsed(task).diagnostics) {
      out += (out.empty() ? "" : " | ") +
             fmt::format("{}: {}", fs::path(found.file).filename().string(), found.message);
    }
    for (std::size_t at = out.find(folder_); at != std::string::npos; at = out.find(folder_)) {
      out.replace(at, folder_.size(), "ROOT");
    }
    return out;
  }
  [[nodiscard]] std::string share(const std::string& rest) const {
    return findings("{id: s, type: share, of: a, " + rest + "}");
  }
  [[nodiscard]] std::string params(const std::string& task) const {
    const Parsed found = parsed(task);
    return found.flow == nullptr ? found.diagnostics.front().message
                                 : found.flow->tasks.back().params;
  }

  std::string folder_;
};

TEST_F(ConnectionFile, IsTakenIntoTheFlowWithTheNameOfItsSecretOnly) {
  write("sub/connections/warehouse.yaml", kWarehouse);
  const std::string connection =
      R"({"database":"gold","host":"db.example.org","name":"warehouse",)"
      R"("password":{"secret":"PG_PASSWORD"},"type":"postgres","user":"dyna"})";
  EXPECT_EQ(params("{id: s, type: share, of: a, to: warehouse/gold.t}"),
            R"({"of":"a","to":[{"connection":)" + connection + R"(,"to":"gold.t"}]})");
  EXPECT_EQ(params("{id: s, type: load, connection: warehouse, table: gold.t}"),
            R"({"connection":)" + connection + R"(,"header":true,"table":"gold.t"})");
}

TEST_F(ConnectionFile, ARunThatIsResumedNeedsNoFile) {
  write("sub/connections/warehouse.yaml", kWarehouse);
  const Parsed first = parsed(
      "{id: s, type: share, of: a, mode: append, to: [x.csv, {to: warehouse/t, key: [id]}]}");
  ASSERT_EQ(first.flow, nullptr);  // append is not for files
  const Parsed found = parsed(
      "{id: s, type: share, of: a, to: [x.csv, {to: warehouse/t, key: [id], mode: upsert}]}");
  ASSERT_NE(found.flow, nullptr);
  fs::remove_all(folder_ + "/sub/connections");
  const auto again = from_canonical(found.canonical, folder_ + "/sub");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ((*again)->tasks.back().params, found.flow->tasks.back().params);
  EXPECT_EQ((*again)->hash, found.flow->hash);
}

TEST_F(ConnectionFile, LiesBesideTheNearestProjectFileElseBesideTheFlow) {
  EXPECT_EQ(share("to: warehouse/gold.t"),
            "flow.yaml: 'warehouse/gold.t' has no ending of a file (.parquet, .csv, .json, "
            ".jsonl), so it names a table of the connection 'warehouse', and "
            "ROOT/sub/connections/warehouse.yaml does not exist");
  write("connections/warehouse.yaml", kWarehouse);
  EXPECT_NE(share("to: warehouse/gold.t"), "");
  write("cordyna.yaml", "");
  EXPECT_EQ(share("to: warehouse/gold.t"), "");
}

TEST_F(ConnectionFile, AFileAndATableAreToldApart) {
  write("sub/connections/warehouse.yaml", kWarehouse);
  EXPECT_EQ(share("to: out/x.csv"), "");
  EXPECT_EQ(share("to: ./warehouse/gold.csv"), "");
  EXPECT_EQ(share("to: {connection: warehouse, to: gold.csv}"), "");
  EXPECT_EQ(share("to: warehouse/gold.csv"),
            "flow.yaml: 'warehouse/gold.csv' may be a file or a table of the connection "
            "'warehouse'; write './warehouse/gold.csv' for the file, {connection: warehouse, to: "
            "gold.csv} for the table");
  EXPECT_EQ(share("to: 'warehouse/gold.{{ inputs.t }}'"), "");
  EXPECT_EQ(share("to: '{{ inputs.t }}'"), "");
  EXPECT_EQ(share("to: x/y/z"),
            "flow.yaml: 'to' ends in .parquet, .csv, .json or .jsonl, or is CONNECTION/TABLE, not "
            "'x/y/z'");
}

TEST_F(ConnectionFile, WhatIsWrongInItIsToldAtItsPlace) {
  const auto told = [&](std::string_view text) {
    write("sub/connections/warehouse.yaml", text);
    return share("to: warehouse/t");
  };
  EXPECT_EQ(
      told("type: oracle\n"),
      "warehouse.yaml: a connection of type postgres or bigquery is wanted here, not 'oracle'");
  EXPECT_EQ(told("type: postgres\npasword: x\n"),
            "warehouse.yaml: unknown key 'pasword' in 'connection'; did you mean 'password'?");
  EXPECT_EQ(told("type: postgres\nport: 99999\n"),
            "warehouse.yaml: 'port' is from 1 to 65535, not 99999");
  EXPECT_EQ(told("type: postgres\nname: other\n"),
            "warehouse.yaml: a connection has the name of its file, 'warehouse'; leave 'name' out");
  EXPECT_EQ(told("type: postgres\noptions: {'a;b': c}\n"),
            "warehouse.yaml: 'a;b' is no name of a setting; those have letters, digits, '_' and "
            "'.'");
}

TEST_F(ConnectionFile, APasswordThatWasWrittenDownIsNotRepeated) {
  write("sub/connections/warehouse.yaml", "type: postgres\npassword: hunter2\n");
  const std::string told = share("to: warehouse/t");
  EXPECT_EQ(told,
            "warehouse.yaml: a password does not stand in a file: write password: {secret: NAME}, "
            "and give the value as DYNA_SECRET_NAME");
}

TEST_F(ConnectionFile, ModesAndKeysAreChecked) {
  write("sub/connections/warehouse.yaml", kWarehouse);
  EXPECT_EQ(share("mode: upsert, to: warehouse/t"),
            "flow.yaml: mode upsert has no 'key': the columns that tell which row is which");
  EXPECT_EQ(share("mode: upsert, key: id, to: warehouse/t"), "");
  EXPECT_EQ(share("key: id, to: [{to: warehouse/t, mode: upsert}]"), "");
  EXPECT_EQ(share("mode: apend, to: warehouse/t"),
            "flow.yaml: 'mode' is replace, append or upsert, not 'apend'; did you mean 'append'?");
  EXPECT_EQ(share("mode: append, to: [x.csv]"),
            "flow.yaml: mode append is for tables, and the file 'x.csv' is always replaced; write "
            "{to: …, mode: append} for the table alone");
}

TEST_F(ConnectionFile, ALoadHasOneSource) {
  write("sub/connections/warehouse.yaml", kWarehouse);
  const auto load = [&](const std::string& rest) {
    return findings("{id: l, type: load" + rest + "}");
  };
  EXPECT_EQ(load(", connection: warehouse, sql: 'select 1 as a'"), "");
  EXPECT_EQ(load(""),
            "flow.yaml: task 'l' has no 'from'; it is required, or 'connection' with 'table' or "
            "'sql'");
  EXPECT_EQ(load(", connection: warehouse"),
            "flow.yaml: 'connection' wants one of 'table' and 'sql' beside it");
  EXPECT_EQ(load(", connection: warehouse, table: t, sql: 'select 1'"),
            "flow.yaml: 'connection' wants one of 'table' and 'sql' beside it");
  EXPECT_EQ(load(", from: x.csv, table: t"), "flow.yaml: 'table' wants 'connection' beside it");
  EXPECT_EQ(load(", connection: nowhere, table: t"),
            "flow.yaml: there is no connection 'nowhere': ROOT/sub/connections/nowhere.yaml does "
            "not exist");
  EXPECT_EQ(load(", connection: warehouse, table: t, delimiter: ';'"),
            "flow.yaml: 'delimiter' is for files, and this load has a connection; leave it out");
}

TEST_F(ConnectionFile, AStoreHasAConnectionOrItsKeys) {
  write("sub/connections/lake.yaml",
        "type: s3\nendpoint: https://minio\naccess_key: {secret: A}\nsecret_key: {secret: S}\n");
  write("sub/connections/google.yaml", "type: gcs\nkey: {secret: G}\n");
  const std::string load = "{id: l, type: load, from: 's3://b/in/', files: '*.csv', s3: lake}";
  EXPECT_EQ(
      params(load),
      R"({"files":"*.csv","from":"s3://b/in/","header":true,"s3":{"access_key":{"secret":)"
      R"("A"},"anonymous":false,"endpoint":"https://minio","name":"lake","secret_key":{"secret":"S"},)"
      R"("type":"s3"}})");
  const Parsed found = parsed(load);
  fs::remove(folder_ + "/sub/connections/lake.yaml");
  const auto again = from_canonical(found.canonical, folder_ + "/sub");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ((*again)->tasks.back().params, found.flow->tasks.back().params);
  EXPECT_EQ(share("to: 'gs://b/x.csv', gcs: google"), "");
  EXPECT_EQ(share("to: 's3://b/x.csv', s3: {endpoint: 'https://x', path_style: true}"), "");
  EXPECT_EQ(share("to: 's3://b/x.csv', s3: google"),
            "google.yaml: this is a connection of type 'gcs'; one of type 's3' is wanted here");
}

TEST_F(ConnectionFile, AKeyThatStandsInTheFileIsToldAndNotRepeated) {
  write("sub/connections/lake.yaml", "type: s3\naccess_key: A\nsecret_key: s3cret\n");
  const std::string told = share("to: 's3://b/x.csv', s3: lake");
  EXPECT_NE(told.find("a key does not stand in a file: write secret_key: {secret: NAME}"),
            std::string::npos)
      << told;
  EXPECT_EQ(told.find("s3cret"), std::string::npos);
}

TEST_F(ConnectionFile, TablesAreOfPostgresOrBigquery) {
  write("sub/connections/dwh.yaml",
        "type: bigquery\nproject: p\ndataset: gold\nkey: {secret: G}\n");
  EXPECT_EQ(share("to: dwh/gold.t"), "");
  EXPECT_EQ(findings("{id: l, type: load, connection: dwh, sql: 'SELECT * FROM `p.d.t`'}"), "");
  EXPECT_EQ(findings("{id: q, type: sql, connection: dwh, sql: 'select 1'}"),
            "dwh.yaml: a connection of type postgres, sqlite or duckdb is wanted here, not "
            "'bigquery'");
  write("sub/connections/queue.yaml", "type: kafka\nbrokers: x\n");
  EXPECT_EQ(share("to: queue/t"),
            "queue.yaml: a connection of type postgres or bigquery is wanted here, not 'kafka'");
}

/// Its names are those of the server, not of tasks.
TEST_F(ConnectionFile, SqlOfALoadNamesNoTasks) {
  write("sub/connections/warehouse.yaml", kWarehouse);
  const Parsed found = parsed("{id: l, type: load, connection: warehouse, sql: 'select * from a'}");
  ASSERT_NE(found.flow, nullptr);
  EXPECT_TRUE(found.flow->tasks.back().needs.empty());
}

}  // namespace
}  // namespace cordyna::flow
