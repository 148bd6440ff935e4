#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp

#include <filesystem>

#include "input/poll/poll_fixture.hpp"
#include "input/poll/sql_query.hpp"

namespace cordyna::input {
namespace {

class SqlitePoll : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "poll-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    options_.sqlite = folder_ + "/shop.db";
    options_.query = "SELECT * FROM orders -- all of them";
    options_.poll.cursor = "changed";
    options_.poll.key = {"id"};
    options_.poll.every = std::chrono::milliseconds(10);
    run("PRAGMA journal_mode=wal; CREATE TABLE orders (id, changed, item)");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void run(const std::string& sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ + "/shop.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  /// What it ends with; of one that goes on until so many calls of the sink, "".
  std::string poll(int sends = 1) {
    auto input = sql_poll_input("rows", options_);
    if (!input.has_value()) return input.error().message;
    KeptSink sink(kept_);
    const auto ended = poll_until(**input, sink, sends);
    return ended.has_value() ? "" : ended.error().message;
  }

  std::string folder_;
  SqlPoll options_;
  Kept kept_;
};

TEST_F(SqlitePoll, RowsComeWithTheirTypesAndOnce) {
  run(R"(INSERT INTO orders VALUES (1, 5, 'tea "x"'), ('b', 6.5, NULL), (3, 6.5, x'01ff'),)"
      "(4, NULL, 'never')");
  EXPECT_EQ(poll(), "");
  EXPECT_EQ(poll(), "");
  run("INSERT INTO orders VALUES (5, 6.5, 'late'), (6, 7, 1e300), (0, 6, 'too late')");
  EXPECT_EQ(poll(), "");
  EXPECT_EQ(
      told_of(kept_, true),
      (std::vector<std::string>{R"(1 {"row":{"id":1,"changed":5,"item":"tea \"x\""},"cursor":5})",
                                R"(b {"row":{"id":"b","changed":6.5,"item":null},"cursor":6.5})",
                                R"(3 {"row":{"id":3,"changed":6.5,"item":"\\x01ff"},"cursor":6.5})",
                                R"(5 {"row":{"id":5,"changed":6.5,"item":"late"},"cursor":6.5})",
                                R"(6 {"row":{"id":6,"changed":7,"item":1e+300},"cursor":7})"}));
  EXPECT_EQ(kept_.events[0].location, options_.sqlite);
}

TEST_F(SqlitePoll, ManyRowsOfOneCursorComeInPages) {
  options_.rows = 7;
  run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "
      "INSERT INTO orders SELECT i, 'x', 'a' FROM n");
  EXPECT_EQ(poll(6), "");
  EXPECT_EQ(kept_.events.size(), 40U);
  EXPECT_EQ(kept_.marks.size(), 40U);
  run("INSERT INTO orders VALUES (41, 'x', 'b'), (42, 'y', 'c')");
  EXPECT_EQ(poll(), "");
  EXPECT_EQ(kept_.events.size(), 42U);
  EXPECT_EQ(kept_.marks.size(), 1U);
}

TEST_F(SqlitePoll, OfTheLatestOnlyWhatComesLaterIsNew) {
  options_.poll.start = PollStart::kLatest;
  run("INSERT INTO orders VALUES (1, 5, 'a'), (2, 5, 'b'), (3, 4, 'c')");
  EXPECT_EQ(poll(), "");
  run("INSERT INTO orders VALUES (4, 5, 'd')");
  EXPECT_EQ(poll(), "");
  EXPECT_EQ(told_of(kept_), std::vector<std::string>{"4"});
}

TEST_F(SqlitePoll, CollationsAndSeveralKeysDoNotMixUpRows) {
  run("DROP TABLE orders; CREATE TABLE orders (id, changed TEXT COLLATE NOCASE, item)");
  options_.poll.key = {"id", "item"};
  run("INSERT INTO orders VALUES (1, 'A', 'x'), (1, 'A', 'y'), (2, 'a', 'x')");
  EXPECT_EQ(poll(), "");
  EXPECT_EQ(poll(), "");
  EXPECT_EQ(told_of(kept_), (std::vector<std::string>{R"([1,"x"])", R"([1,"y"])", R"([2,"x"])"}));
}

TEST_F(SqlitePoll, WhatIsWrongIsSaid) {
  const auto wrong = [&](const std::string& query, const std::string& cursor) {
    options_.query = query;
    options_.poll.cursor = cursor;
    return poll();
  };
  run("INSERT INTO orders VALUES (1, 5, 'a'), (2, x'00', 'b')");
  EXPECT_NE(wrong("SELECT * FROM orders", "change").find("no column 'change'; it has: id, changed"),
            std::string::npos);
  EXPECT_NE(wrong("SELECT * FROM orders", "changed").find("holds bytes (BLOB)"), std::string::npos);
  EXPECT_NE(wrong("DELETE FROM orders", "changed").find("syntax error"), std::string::npos);
  EXPECT_NE(wrong("SELECT 1 AS id) SELECT (2", "changed").find("syntax error"), std::string::npos);
  EXPECT_NE(wrong(" ; ", "changed").find("one SELECT is wanted"), std::string::npos);
  EXPECT_NE(wrong("SELECT * FROM orders", "").find("cursor: a column"), std::string::npos);
  options_.sqlite = folder_ + "/none.db";
  EXPECT_NE(wrong("SELECT 1 AS id, 1 AS c", "c").find("none.db: unable to open"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/none.db"));
  options_.sqlite = "shop.db";
  EXPECT_NE(wrong("SELECT 1 AS id, 1 AS c", "c").find("absolute path"), std::string::npos);
  EXPECT_TRUE(kept_.events.empty());
}

TEST_F(SqlitePoll, AQueryThatTakesTooLongIsEnded) {
  options_.poll.timeout = std::chrono::milliseconds(50);
  options_.query =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
      "SELECT count(*) AS id, 1 AS changed FROM n";
  EXPECT_NE(poll().find("longer than its timeout"), std::string::npos);
}

TEST(PollSql, QuotesNamesAndBindsValues) {
  PgPollQuery query{"SELECT 1", "a\"b", pg_cursor_type(1184), {"k"}, 100};
  const std::string sql = pg_poll_sql(query, SqlWanted::kFrom, 5);
  EXPECT_NE(sql.find("cordyna_q.\"a\"\"b\" >= $1"), std::string::npos) << sql;
  EXPECT_NE(sql.find("isfinite(cordyna_q.\"a\"\"b\")"), std::string::npos) << sql;
  EXPECT_EQ(pg_cursor_type(114), nullptr) << "json";
  EXPECT_EQ(plain_query(" SELECT 1 ;\n; ").value(), " SELECT 1");
}

}  // namespace
}  // namespace cordyna::input
