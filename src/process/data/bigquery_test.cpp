#include "process/data/bigquery.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace cordyna::data {
namespace {

namespace json = boost::json;

Result<std::string> echo(std::string_view expression) {
  if (expression == " n ") return std::string("3");
  if (expression == " list ") return std::string("[1,2]");
  return json::serialize(json::value(std::string(expression)));
}

TEST(BigquerySqlTest, EachTemplateIsAParameter) {
  const auto bound = bind_bigquery(
      "SELECT `a b` FROM t -- it's\nWHERE x = {{ n }} AND y = {{ \"}}'\" }}# 'q\nAND z IN "
      "UNNEST(JSON_VALUE_ARRAY({{ list }}))",
      echo);
  ASSERT_TRUE(bound.has_value()) << bound.error().message;
  EXPECT_EQ(bound->sql,
            "SELECT `a b` FROM t -- it's\nWHERE x = @dyna_1 AND y = @dyna_2# 'q\nAND z IN "
            "UNNEST(JSON_VALUE_ARRAY(@dyna_3))");
  EXPECT_EQ(bound->values, R"([3," \"}}'\" ","[1,2]"])");
}

TEST(BigquerySqlTest, AQuoteBehindABackslashIsNoEnd) {
  for (const char* sql : {R"(SELECT 'it\'s {{ n }}')", R"(SELECT "{{ n }}")", "SELECT `{{ n }}`",
                          R"(SELECT '''a'b{{ n }}''')", R"(SELECT r'\' {{ n }}')",
                          "SELECT 1 -- {{ n }}", "/* {{ n }} */ SELECT 1"}) {
    const auto bound = bind_bigquery(sql, echo);
    ASSERT_FALSE(bound.has_value()) << sql;
    EXPECT_NE(bound.error().message.find("line 1: a template within"), std::string::npos) << sql;
  }
  EXPECT_TRUE(bind_bigquery(R"(SELECT 'it\'s', {{ n }})", echo).has_value());
  for (const char* sql : {"SELECT 'a", "SELECT {{ n", "{% if n %}SELECT 1{% endif %}"}) {
    EXPECT_FALSE(bind_bigquery(sql, echo).has_value()) << sql;
  }
}

BigqueryConnection connection() {
  return {.name = "w", .project = "my-project", .dataset = "gold", .key = "K"};
}

TEST(BigqueryTableTest, ANameIsOneTable) {
  for (const auto& [text, shown] : {std::pair<const char*, const char*>{"t", "my-project.gold.t"},
                                    {"silver.t$20250101", "my-project.silver.t$20250101"},
                                    {"other.silver.t", "other.silver.t"},
                                    {"example.com:p.silver.t", "example.com:p.silver.t"},
                                    {"silver.über tabelle", "my-project.silver.über tabelle"}}) {
    const auto table = parse_bigquery_table("to", text, connection());
    ASSERT_TRUE(table.has_value()) << text;
    EXPECT_EQ(google::shown_table(*table), shown);
  }
  for (const char* text : {"", ".", "a.", ".t", "t`; DROP TABLE x", "events_*", "a/b.t", "a b.c.t",
                           "t\n", "d.t;", "d.t'", "d.t\\", "p q.d.t"}) {
    EXPECT_FALSE(parse_bigquery_table("to", text, connection()).has_value()) << text;
  }
}

TEST(BigqueryTableTest, AConnectionIsChecked) {
  const auto parse = [](const char* text) {
    return parse_bigquery(json::parse(text).get_object());
  };
  EXPECT_TRUE(parse(R"({"project":"p","key":{"secret":"K"}})").has_value());
  EXPECT_TRUE(parse(R"({"project":"p","endpoint":"http://127.0.0.1:9050"})").has_value());
  for (const char* text :
       {R"({"key":{"secret":"K"}})", R"({"project":"p/../q","key":{"secret":"K"}})",
        R"({"project":"p"})", R"({"project":"p","endpoint":"http://example.org"})",
        R"({"project":"p","key":{"secret":"K"},"dataset":"a.b"})",
        R"({"project":"p","key":{"secret":"K"},"endpoint":"ftp://x"})"}) {
    const auto parsed = parse(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, TaskErrorCode::kInputInvalid);
  }
}

TEST(BigqueryTableTest, AJobHasTheSameIdEachTime) {
  const AttemptName attempt{"run", "task", 2};
  const std::string id = bigquery_job_id(attempt, 2, "w/gold.t");
  EXPECT_EQ(id, bigquery_job_id(attempt, 2, "w/gold.t"));
  EXPECT_NE(id, bigquery_job_id(attempt, 1, "w/gold.t"));
  EXPECT_NE(id, bigquery_job_id(attempt, 2, "w/gold.u"));
  EXPECT_NE(id, bigquery_job_id({"run", "other", 2}, 2, "w/gold.t"));
  EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos);
}

TEST(BigqueryRowsTest, EachTypeHasItsOwn) {
  const std::string sql = bigquery_rows_sql({{"a\"b", "INTEGER", false, {}},
                                             {"t", "TIMESTAMP", false, {}},
                                             {"b", "BYTES", false, {}},
                                             {"l", "INTEGER", true, {}},
                                             {"n", "BIGNUMERIC", false, {}}},
                                            "tmp/x.csv", 10, "tmp/x.parquet");
  for (const char* part : {"c0::BIGINT AS \"a\"\"b\"", "make_timestamp(c1::BIGINT) AT TIME ZONE",
                           "from_base64(c2)", "c3::JSON", "c4 AS \"n\""}) {
    EXPECT_NE(sql.find(part), std::string::npos) << part << " in " << sql;
  }
  EXPECT_EQ(loose_columns({{"n", "BIGNUMERIC", false, {}}, {"m", "NUMERIC", false, {}}}),
            (std::vector<std::string>{"n"}));
}

}  // namespace
}  // namespace cordyna::data
