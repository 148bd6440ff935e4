#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>

#include "template/template.hpp"
#include "template/test_program.hpp"

namespace cordyna::tmpl {
namespace {

std::string context_with(const std::string& value) {
  return boost::json::serialize(boost::json::object{{"inputs", {{"v", value}}}});
}

struct SqlCase {
  const char* name;
  const char* sql;
  const char* expected;
};

class BindSqlTest : public testing::TestWithParam<SqlCase> {};

TEST_P(BindSqlTest, WritesLiterals) {
  const auto result = bind_sql(GetParam().sql, R"({"inputs":{"s":"it's","i":"a\"b","n":3,"neg":-3,
      "f":0.5,"t":true,"z":null,"l":[1,"x'"],"e":"\\' or 1"}})",
                               {});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(*result, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BindSqlTest,
    testing::Values(
        SqlCase{"string", "select {{ inputs.s }}", "select 'it''s'"},
        SqlCase{"number", "x = {{ inputs.n }} + {{ inputs.f }}", "x = 3 + 0.5"},
        SqlCase{"negative", "x -{{ inputs.neg }}", "x -(-3)"},
        SqlCase{"bool_null", "{{ inputs.t }}, {{ inputs.z }}", "TRUE, NULL"},
        SqlCase{"list", "{{ inputs.l }}", "'[1,\"x''\"]'"},
        SqlCase{"in_string", "like '%{{ inputs.s }}%'", "like '%it''s%'"},
        SqlCase{"number_in_string", "'{{ inputs.n }}'", "'3'"},
        SqlCase{"in_identifier", "\"{{ inputs.i }}\"", "\"a\"\"b\""},
        SqlCase{"escape_string", "E'{{ inputs.e }}'", "E'\\\\'' or 1'"},
        SqlCase{"like_is_no_escape_string", "x LIKE'{{ inputs.e }}'", "x LIKE'\\'' or 1'"},
        SqlCase{"behind_doubled_quote", "'a''{{ inputs.s }}'", "'a''it''s'"},
        SqlCase{"raw", "select * from {{ 'a.b' | raw }}", "select * from a.b"},
        SqlCase{"line_comment", "1 -- it's {{ inputs.nope }}\n+ {{ inputs.n }}",
                "1 -- it's {{ inputs.nope }}\n+ 3"},
        SqlCase{"block_comment", "/* ' /* {{ x }} */ */ {{ inputs.n }}", "/* ' /* {{ x }} */ */ 3"},
        SqlCase{"jinja_comment", "1{# gone ' #} + {{ inputs.n }}", "1 + 3"},
        SqlCase{"dollar", "$$ it's $$ || {{ inputs.s }}", "$$ it's $$ || 'it''s'"},
        SqlCase{"parameter", "$1 {{ inputs.n }}", "$1 3"},
        SqlCase{"braces", "{'a': {{ inputs.n }}}", "{'a': 3}"},
        SqlCase{"untouched", "select '{' || x", "select '{' || x"}),
    [](const auto& row) { return row.param.name; });

TEST(BindSqlTest, RefusesWhatCannotBeBound) {
  const std::array<std::pair<const char*, const char*>, 5> cases = {{
      {"{% if x %}1{% endif %}", "line 1 of the SQL: statements"},
      {"select\n$a$ {{ inputs.v }} $a$", "line 2 of the SQL: a template cannot stand inside $a$"},
      {"{# x", "'{#' has no '#}'"},
      {"select {{ inputs.w }}", "line 1 of the SQL, {{ inputs.w }}: undefined name 'inputs.w'"},
      {"select {{ inputs.v", "line 1 of the SQL: "},
  }};
  for (const auto& [sql, expected] : cases) {
    const auto result = bind_sql(sql, context_with("x"), {});
    ASSERT_FALSE(result.has_value()) << sql;
    EXPECT_NE(result.error().message.find(expected), std::string::npos) << result.error().message;
  }
}

TEST(AnalyzeSqlTest, SeesWhatIsBound) {
  const Analysis analysis =
      analyze_sql("-- {{ no }}\nselect {{ inputs.a }}, '{{ inputs.b | nope_at_all }}' {% if %}");
  ASSERT_EQ(analysis.references.size(), 2U);
  EXPECT_EQ(analysis.references[0].offset, 22U);
  EXPECT_EQ(analysis.references[1].path, (std::vector<std::string>{"inputs", "b"}));
  ASSERT_EQ(analysis.problems.size(), 2U);
  EXPECT_EQ(analysis.problems[0].message, "unknown filter 'nope_at_all'");
  EXPECT_EQ(analysis.problems[1].offset, 66U);
}

// DuckDB's program would drop it before the end of a line.
TEST(BindSqlTest, ACarriageReturnIsAnEscape) {
  const std::string context = context_with("a\\'\r\n");
  EXPECT_EQ(*bind_sql("{{ inputs.v }}, '<{{ inputs.v }}''>'", context, {}),
            "E'a\\\\''\\r\n', E'<a\\\\''\\r\n''>'");
  EXPECT_EQ(*bind_sql("\"{{ inputs.v }}\" '\r\n'", context, {}), "\"a\\'\r\n\" '\r\n'");
}

TEST(BindSqlTest, RefusesNul) {
  EXPECT_FALSE(bind_sql("{{ inputs.v }}", R"({"inputs":{"v":"a\u0000b"}})", {}).has_value());
  EXPECT_FALSE(bind_sql("'{{ inputs.v }}'", R"({"inputs":{"v":"a\u0000b"}})", {}).has_value());
}

TEST(BindSqlTest, HostileValuesComeBackFromADatabase) {
  const std::string sqlite = test::find_program("sqlite3");
  if (sqlite.empty()) GTEST_SKIP() << "sqlite3 is not installed";
  for (const std::string& value : test::hostile_values("/nonexistent/canary")) {
    if (value.find('\r') != std::string::npos) continue;  // E'…' is none of SQLite's
    const auto sql = bind_sql(
        "create table t(x); select hex({{ inputs.v }}) || '.' || hex('{{ inputs.v }}');"
        "select count(*) from t;",
        context_with(value), {});
    ASSERT_TRUE(sql.has_value()) << sql.error().message;
    std::string hex;
    for (const char c : value) {
      std::array<char, 3> digits{};
      std::snprintf(digits.data(), digits.size(), "%02X", static_cast<unsigned char>(c));
      hex += digits.data();
    }
    const test::Ran ran = test::run_program({sqlite, "-batch", ":memory:", *sql}, {});
    EXPECT_EQ(ran.out, hex + "." + hex + "\n0\n") << *sql;
  }
}

}  // namespace
}  // namespace cordyna::tmpl
