#include <gtest/gtest.h>

#include "process/data/pg_statements.hpp"
#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

TableName table_of(std::string_view text) {
  const StepResult<TableName> name = parse_table_name("to", text);
  return name.has_value() ? *name : TableName{"?", name.error().message};
}

TEST(TableNameTest, IsTakenAsItIsWritten) {
  EXPECT_EQ(table_of("listings"), (TableName{"", "listings"}));
  EXPECT_EQ(table_of("gold.Listings"), (TableName{"gold", "Listings"}));
  EXPECT_EQ(table_of(R"("we""ird"."a.b")"), (TableName{"we\"ird", "a.b"}));
  EXPECT_EQ(quote_table({"we\"ird", "a.b"}), R"("we""ird"."a.b")");
  EXPECT_EQ(shown_table({"gold", "Listings"}), "gold.Listings");
  EXPECT_EQ(shown_table({"we\"ird", "a.b"}), R"("we""ird"."a.b")");
  EXPECT_EQ(table_of("x; drop table y"), (TableName{"", "x; drop table y"}));
  EXPECT_EQ(quote_table(table_of("x; drop table y")), "\"x; drop table y\"");
}

TEST(TableNameTest, WhatIsNoneIsRefused) {
  for (const std::string& text :
       {std::string(""), std::string("."), std::string("a."), std::string(".b"),
        std::string("a.b.c"), std::string("\"a"), std::string("\"a\"b"), std::string("a\"b"),
        std::string(64, 'x'), std::string("gold.dyna_shares"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(parse_table_name("to", text).has_value()) << text;
  }
}

TEST(PgFaultTest, IsOfAKindByItsState) {
  const auto kind = [](std::string state) { return kind_of({.state = std::move(state)}); };
  for (const char* state :
       {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "08006"}) {
    EXPECT_EQ(kind(state), PgKind::kTransient) << state;
  }
  for (const char* state : {"28P01", "28000", "3D000", "42501"}) {
    EXPECT_EQ(kind(state), PgKind::kDenied) << state;
  }
  for (const char* state : {"22P02", "23505", "42P01", "42703"}) {
    EXPECT_EQ(kind(state), PgKind::kMisfit) << state;
  }
  EXPECT_EQ(kind("53100"), PgKind::kFull);
  EXPECT_EQ(kind("XX000"), PgKind::kOther);
  EXPECT_EQ(kind_of({.lost = true}), PgKind::kTransient);
}

TEST(PgFaultTest, ReadsWhatLibpqSaysOfAConnectionThatFailed) {
  const PgFault password = connect_fault(
      "connection to server at \"127.0.0.1\", port 5 failed: FATAL:  28P01: password "
      "authentication failed for user \"bob\"\nLOCATION:  auth_failed, auth.c:333\n");
  EXPECT_EQ(password.state, "28P01");
  EXPECT_EQ(password.message, "password authentication failed for user \"bob\"");
  const PgFault refused = connect_fault(
      "connection to server at \"127.0.0.1\", port 5 failed: Connection refused\n\tIs the server "
      "running on that host and accepting TCP/IP connections?\n");
  EXPECT_EQ(kind_of(refused), PgKind::kTransient);
  EXPECT_EQ(kind_of(connect_fault("… failed: server does not support SSL, but SSL was required")),
            PgKind::kDenied);
  EXPECT_EQ(kind_of(connect_fault("SSL SYSCALL error: EOF detected")), PgKind::kTransient);
  EXPECT_EQ(kind_of(lost_fault("SSL connection has been closed unexpectedly")), PgKind::kTransient);
}

TEST(PgFaultTest, IsTriedABoundedNumberOfTimes) {
  int tries = 0;
  while (pg_delay_ms(tries + 1) >= 0) ++tries;
  EXPECT_EQ(tries, 6);
}

struct Fit {
  const char* type;
  TableColumn column;
  bool fits;
};

TableColumn column(std::string base, std::int32_t modifier = -1) {
  return {.name = "c", .type = base, .base = base, .modifier = modifier};
}

constexpr std::int32_t numeric(std::int32_t precision, std::int32_t scale) {
  return (precision << 16 | scale) + 4;
}

TEST(PgTypesTest, OnlyTypesThatKeepEveryValueFit) {
  TableColumn colour = column("colour");
  colour.is_enum = true;
  for (const Fit& fit : {
           Fit{"INTEGER", column("int4"), true},
           Fit{"INTEGER", column("int8"), true},
           Fit{"INTEGER", column("int2"), false},
           Fit{"BIGINT", column("int4"), false},
           Fit{"BIGINT", column("numeric"), true},
           Fit{"BIGINT", column("numeric", numeric(10, 0)), false},
           Fit{"DECIMAL(10,2)", column("numeric", numeric(10, 2)), true},
           Fit{"DECIMAL(10,2)", column("numeric", numeric(10, 3)), false},
           Fit{"DECIMAL(10,2)", column("numeric", numeric(12, 1)), false},
           Fit{"DECIMAL(10,2)", column("float8"), false},
           Fit{"DOUBLE", column("numeric"), false},
           Fit{"VARCHAR", column("text"), true},
           Fit{"VARCHAR", column("int4"), false},
           Fit{"VARCHAR", colour, true},
           Fit{"INTEGER", colour, false},
           Fit{"TIMESTAMP", column("timestamptz"), false},
           Fit{"TIMESTAMP WITH TIME ZONE", column("timestamptz"), true},
           Fit{"TIMESTAMP_NS", column("timestamp"), false},
           Fit{"DATE", column("timestamp"), true},
           Fit{"INTEGER[]", column("jsonb"), true},
           Fit{"INTEGER[]", column("_int4"), false},
           Fit{"HUGEINT", column("numeric"), false},
           Fit{"BLOB", column("bytea"), true},
       }) {
    EXPECT_EQ(fits(fit.type, fit.column), fit.fits) << fit.type << " → " << fit.column.base;
  }
}

TEST(PgTypesTest, WhatDoesNotFitIsToldWithWhatWouldBeRight) {
  TableColumn must = column("text");
  must.name = "must";
  must.required = true;
  TableColumn computed = column("int4");
  computed.name = "computed";
  computed.generated = true;
  const std::vector<std::string> found =
      misfits({{"c", "VARCHAR"}, {"we\"ird", "DECIMAL(5,1)"}, {"computed", "INTEGER"}},
              {column("int4"), must, computed}, "gold.t", "\"gold\".\"t\"");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_TRUE(has(found[0], "column 'c' is VARCHAR in the data and int4 in gold.t"));
  EXPECT_TRUE(has(found[1], R"(ALTER TABLE "gold"."t" ADD COLUMN "we""ird" numeric(5,1))"));
  EXPECT_TRUE(has(found[2], "'computed' is computed by the table"));
  EXPECT_TRUE(has(found[3], "column 'must' of gold.t is NOT NULL without a default"));
}

TEST(PgTypesTest, ATypeThatPostgresDoesNotHaveIsRefusedWithAdvice) {
  const auto made = create_table_sql("t", {{"n", "HUGEINT"}}, {});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, TaskErrorCode::kTargetMisfit);
  EXPECT_TRUE(has(made.error().message, "cast it to BIGINT or DECIMAL(38,0) in a transform"));
  EXPECT_EQ(
      *create_table_sql("\"t\"", {{"id", "BIGINT"}, {"x\"y", "VARCHAR"}, {"l", "DATE[]"}}, {"id"}),
      R"(CREATE TABLE "t" ("id" bigint, "x""y" text, "l" jsonb, PRIMARY KEY ("id")))");
}

TEST(PgStatementsTest, AnUpsertWritesOnlyRowsThatChange) {
  EXPECT_EQ(upsert_sql("t", "s", {{"k", "BIGINT"}, {"a", "VARCHAR"}, {"j", "JSON"}}, {"k"},
                       {column("int8"), {.name = "j", .type = "json", .base = "json"}}),
            R"(INSERT INTO t AS dyna_old ("k", "a", "j") SELECT "k", "a", "j" FROM s )"
            R"(ON CONFLICT ("k") DO UPDATE SET "a" = EXCLUDED."a", "j" = EXCLUDED."j" )"
            R"(WHERE dyna_old."a" IS DISTINCT FROM EXCLUDED."a" OR )"
            R"(dyna_old."j"::text IS DISTINCT FROM EXCLUDED."j"::text)");
  EXPECT_EQ(upsert_sql("t", "s", {{"k", "BIGINT"}}, {"k"}, {}),
            R"(INSERT INTO t AS dyna_old ("k") SELECT "k" FROM s ON CONFLICT ("k") DO NOTHING)");
}

TEST(PgStatementsTest, SettingsOfAConnectionComeBeforeOurs) {
  Connection connection;
  connection.options = {{"search_path", "gold, o'x"}, {"timezone", "Europe/Rome"}};
  connection.statement_timeout_ms = 1500;
  const std::string sql = settings_sql(connection);
  EXPECT_TRUE(has(sql, "set_config('search_path', 'gold, o''x', true)"));
  EXPECT_TRUE(has(sql, "set_config('statement_timeout', '1500', true)"));
  EXPECT_LT(sql.find("Europe/Rome"), sql.find("'TimeZone', 'UTC'"));
}

}  // namespace
}  // namespace cordyna::data
