#include <fmt/format.h>
#include <gtest/gtest.h>

#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

constexpr const char* kSqlContext = R"({"inputs":{"s":"it's","n":3,"neg":-3,"z":null,"l":[1,"x"],
    "i":"a\"b","b":"a]b","d":"2026-11-30","e":"\\' or 1"}})";

/// "line:text <value> …| line:text", or the error.
std::string statements_of(std::string_view sql, SqlDialect dialect = SqlDialect::kPostgres) {
  const auto statements = bind_sql_values(sql, dialect, kSqlContext, {});
  if (!statements.has_value()) return statements.error().message;
  std::string out;
  for (const SqlStatement& one : *statements) {
    out += fmt::format("{}{}:{}", out.empty() ? "" : " | ", one.line, one.text);
    for (const std::string& value : one.values) out += fmt::format(" <{}>", value);
  }
  return out;
}

struct ValuesCase {
  const char* name;
  const char* sql;
  const char* expected;
  SqlDialect dialect = SqlDialect::kPostgres;
};

class SqlValuesTest : public testing::TestWithParam<ValuesCase> {};

TEST_P(SqlValuesTest, StandApart) {
  EXPECT_EQ(statements_of(GetParam().sql, GetParam().dialect), GetParam().expected);
}

constexpr auto kLite = SqlDialect::kSqlite;
constexpr auto kDuck = SqlDialect::kDuckdb;

INSTANTIATE_TEST_SUITE_P(
    Table, SqlValuesTest,
    testing::Values(
        ValuesCase{"plain", "select {{ inputs.s }}, {{ inputs.n }}",
                   "1:select $1, $2 <\"it's\"> <3>"},
        ValuesCase{"negative", "x -{{ inputs.neg }}", "1:x -$1 <-3>"},
        ValuesCase{"null_list", "({{ inputs.z }}, {{ inputs.l }})", "1:(NULL, $1) <[1,\"x\"]>"},
        ValuesCase{
            "null_test",
            "({{ inputs.s }} IS  null or a = {{ inputs.s }}) and {{ inputs.n }} is\nnot null",
            "1:(CAST($1 AS text) IS  null or a = $2) and CAST($3 AS text) is\nnot null <\"it's\"> "
            "<\"it's\"> <3>"},
        ValuesCase{"no_null_test", "{{ inputs.s }} is distinct from a, '{{ inputs.s }}' is null",
                   "1:$1 is distinct from a, CAST($2 AS text) is null <\"it's\"> <\"it's\">"},
        ValuesCase{"digit_behind", "select {{ inputs.n }}0", "1:select $1 0 <3>"},
        ValuesCase{"word_before", "select x{{ inputs.n }}{{ inputs.n }}",
                   "1:select x $1 $2 <3> <3>"},
        ValuesCase{"whole_string", "like '%{{ inputs.s }}''%'", "1:like $1 <\"%it's'%\">"},
        ValuesCase{"typed_string", "d > date '{{ inputs.d }}' and 1=1",
                   "1:d > CAST($1 AS date) and 1=1 <\"2026-11-30\">"},
        ValuesCase{"untouched_string", "select 'a;b' ; select 2", "1:select 'a;b' | 1:select 2"},
        ValuesCase{"identifier", "select \"{{ inputs.i }}\"", "1:select \"a\"\"b\""},
        ValuesCase{"escape_string", "E'{{ inputs.e }}'", "1:E'\\\\'' or 1'"},
        ValuesCase{"lines", "-- one;\nselect 1;\n\n/* ; */ select\n 2;;\n-- end",
                   "2:-- one;\nselect 1 | 4:/* ; */ select\n 2"},
        ValuesCase{"dollar_body", "do $x$ begin; end; $x$; select 1",
                   "1:do $x$ begin; end; $x$ | 1:select 1"},
        ValuesCase{
            "atomic_body",
            "create or replace function f() returns int begin atomic select case when true "
            "then 1 end; select 2; end; select 3",
            "1:create or replace function f() returns int begin atomic select case when true "
            "then 1 end; select 2; end | 1:select 3"},
        ValuesCase{"rule", "create rule r as on insert to t do (delete from a; delete from b); x",
                   "1:create rule r as on insert to t do (delete from a; delete from b) | 1:x"},
        ValuesCase{"begin_is_no_body", "begin; select 1; end", "1:begin | 1:select 1 | 1:end"},
        ValuesCase{"json_operator", "select j ->> {{ inputs.s }} ? 'a'",
                   "1:select j ->> $1 ? 'a' <\"it's\">"},
        ValuesCase{"own_placeholder", "select\n $1",
                   "line 2 of the SQL: '$1' asks for a value that nobody gives; write {{ … }}"},
        ValuesCase{"dollar_in_name", "select a$1", "1:select a$1"},
        ValuesCase{"lite", "select {{ inputs.n }}, '{{ inputs.s }}'",
                   "1:select ?1, ?2 <3> <\"it's\">", kLite},
        ValuesCase{"lite_quotes", "select [it's], `it's`, {{ inputs.n }}",
                   "1:select [it's], `it's`, ?1 <3>", kLite},
        ValuesCase{"lite_in_names", "select [{{ inputs.s }}], `{{ inputs.i }}`",
                   "1:select [it's], `a\"b`", kLite},
        ValuesCase{"lite_bracket", "select [{{ inputs.b }}]",
                   "line 1 of the SQL, {{ inputs.b }}: the value holds a ']', which ends the name",
                   kLite},
        ValuesCase{"lite_placeholder", "select ?",
                   "line 1 of the SQL: '?' asks for a value that nobody gives; write {{ … }}",
                   kLite},
        ValuesCase{"lite_trigger",
                   "create trigger t after insert on a begin delete from b; delete from c; end; x",
                   "1:create trigger t after insert on a begin delete from b; delete from c; end | "
                   "1:x",
                   kLite},
        ValuesCase{"lite_comment", "/* /* */ select {{ inputs.n }}", "1:/* /* */ select ?1 <3>",
                   kLite},
        ValuesCase{"duck", "select {{ inputs.s }}, '%{{ inputs.s }}'; x",
                   "1:select 'it''s', '%it''s' | 1:x", kDuck}),
    [](const auto& row) { return row.param.name; });

TEST(SqlValuesTest, NothingButCommentsIsNoStatement) {
  EXPECT_EQ(statements_of("-- {{ inputs.nope }}\n;;/* ; */"), "");
}

TEST(SqlValuesTest, RefusesWhatCannotBeBound) {
  EXPECT_NE(statements_of("{% if x %}1{% endif %}").find("statements ("), std::string::npos);
  EXPECT_NE(statements_of("select\n$a$ {{ inputs.n }} $a$").find("line 2"), std::string::npos);
  EXPECT_NE(statements_of("select {{ inputs.w }}").find("undefined name 'inputs.w'"),
            std::string::npos);
}

}  // namespace
}  // namespace cordyna::tmpl
