#include "process/data/sql/preparer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "process/data/sql/task.hpp"
#include "template/test_task.hpp"

namespace cordyna::sql {
namespace {

constexpr const char* kSqlContext =
    R"({"inputs":{"n":3,"name":"a'; drop table t; --","up":"../x.csv"}})";
constexpr const char* kServer =
    R"({"type":"postgres","name":"db","host":"h","password":{"secret":"PASSWORD"}})";
constexpr const char* kFile = R"({"type":"sqlite","name":"db","database":"data/x.db"})";

class SqlPreparerTest : public testing::Test {
 protected:
  std::expected<Launch, TaskError> prepare(std::string_view connection, std::string_view sql,
                                           std::string_view more = "") {
    SqlPreparer preparer("/usr/bin/dyna", secrets_);
    const std::string params =
        fmt::format(R"({{"connection":{},"sql":"{}"{}}})", connection, sql, more);
    return preparer.prepare(test::command_for(params, kSqlContext),
                            test::paths_in("/tmp/.cordyna/runs/1/0-1"));
  }
  std::string error(std::string_view connection, std::string_view sql, std::string_view more = "") {
    const auto launch = prepare(connection, sql, more);
    return launch.has_value() ? "" : launch.error().message;
  }
  static std::string variable(const Launch& launch) {
    const auto found = std::ranges::find(launch.env, kSecretsVariable,
                                         &std::pair<std::string, std::string>::first);
    return found == launch.env.end() ? "" : found->second;
  }

  test::MapSecrets secrets_{{{"PASSWORD", "t0ps3cret"}, {"KEY", "k3y-value"}}};
};

TEST_F(SqlPreparerTest, ValuesStandBesideTheText) {
  const auto launch = prepare(kFile, "insert into t values ({{ inputs.name }}, {{ inputs.n }})");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv[1], "sql-step");
  EXPECT_TRUE(variable(*launch).empty());
  const auto task = parse_task(launch->files[0].content);
  ASSERT_TRUE(task.has_value()) << task.error().message;
  ASSERT_EQ(task->statements.size(), 1U);
  EXPECT_EQ(task->statements[0].text, "insert into t values (?1, ?2)");
  EXPECT_EQ(task->statements[0].values[0], "\"a'; drop table t; --\"");
  EXPECT_EQ(task->database, launch->folder + "/data/x.db");
  EXPECT_TRUE(task->transaction);
}

TEST_F(SqlPreparerTest, SecretsAreInTheEnvironmentAlone) {
  const auto launch = prepare(kServer, "select {{ secret('KEY') }}, {{ secret('PASSWORD') }}");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->files[0].content.find("t0ps3cret"), std::string::npos);
  EXPECT_EQ(launch->files[0].content.find("k3y-value"), std::string::npos);
  EXPECT_EQ(launch->masks.size(), 2U);
  const auto secrets = parse_secrets(variable(*launch));
  ASSERT_TRUE(secrets.has_value());
  EXPECT_EQ(secrets->password, "t0ps3cret");
  ASSERT_EQ(secrets->statements.size(), 1U);
  EXPECT_EQ(secrets->statements[0].values[1], "\"t0ps3cret\"");
  EXPECT_EQ(secrets->hide("is k3y-value"), "is ***");
}

// The password is known before the statement asks for it: it must stay out of the file all the
// same.
TEST_F(SqlPreparerTest, AStatementWithThePasswordAloneStaysOffTheDisk) {
  const auto launch = prepare(kServer, "alter role r password {{ secret('PASSWORD') }}");
  ASSERT_TRUE(launch.has_value());
  EXPECT_EQ(launch->files[0].content.find("t0ps3cret"), std::string::npos);
}

TEST_F(SqlPreparerTest, SaysWhatIsWrong) {
  EXPECT_EQ(error(kFile, "-- nothing"), "sql: there is no statement in it");
  EXPECT_EQ(
      error(kFile, "select 1; commit"),
      "sql: line 1 begins or ends a transaction, and the task is one by itself; leave it out, "
      "or set transaction: false");
  EXPECT_EQ(error(kFile, "savepoint a; rollback to a"), "");
  EXPECT_EQ(error(kFile, "begin; select 1; end", R"(,"transaction":false)"), "");
  EXPECT_NE(error(kFile, "select {{ inputs.none }}").find("undefined name"), std::string::npos);
  EXPECT_EQ(error(kFile, "select 1", R"(,"save_as":"{{ inputs.up }}")"),
            "save_as: '../x.csv' is no name within the task's artifacts");
  EXPECT_EQ(error(kFile, "select 1", R"(,"save_as":"a.xlsx")"),
            "save_as: 'a.xlsx' ends in none of .parquet, .csv and .jsonl");
}

}  // namespace
}  // namespace cordyna::sql
