// SQL text, CSV headers, column types: the pure parts.
#include <gtest/gtest.h>

#include "process/data/column_type.hpp"
#include "process/data/csv_header.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

TEST(SqlTextTest, QuotesAreDoubled) {
  EXPECT_EQ(quote_text("it's"), "'it''s'");
  EXPECT_EQ(quote_text(R"(a\'b)"), R"('a\''b')");
  EXPECT_EQ(quote_name(R"(a"b)"), R"("a""b")");
  EXPECT_EQ(quote_names({"a", "b c"}), R"("a", "b c")");
  EXPECT_EQ(text_list({"a", "'"}), "['a', '''']");
}

struct FragmentCase {
  const char* name;
  const char* sql;
  const char* problem;  ///< empty: accepted
};

class FragmentTest : public testing::TestWithParam<FragmentCase> {};

TEST_P(FragmentTest, StaysInsideItsParentheses) {
  const Result<> checked = check_fragment(GetParam().sql);
  if (GetParam().problem[0] == '\0') {
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
    return;
  }
  ASSERT_FALSE(checked.has_value());
  EXPECT_NE(checked.error().message.find(GetParam().problem), std::string::npos)
      << checked.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, FragmentTest,
    testing::Values(FragmentCase{"Plain", "a > 1 and (b or c)", ""},
                    FragmentCase{"SemicolonAtTheEnd", "select 1;\n", ""},
                    FragmentCase{"SemicolonInText", "a = ';'", ""},
                    FragmentCase{"SemicolonInName", R"("a;b" > 1)", ""},
                    FragmentCase{"SemicolonInComment", "a -- ; and )\n > 1", ""},
                    FragmentCase{"SemicolonInBlock", "a /* ; /* nested */ ) */ > 1", ""},
                    FragmentCase{"SemicolonInDollars", "a = $$;)$$ or a = $x$;$$)$x$", ""},
                    FragmentCase{"EscapeText", R"(a = E'\';' )", ""},
                    FragmentCase{"PlainTextEndsAtItsQuote", R"(a = '\' ; b = ')", "';'"},
                    FragmentCase{"Parameter", "a = $1", ""},
                    FragmentCase{"TwoStatements", "select 1; .shell id", "';'"},
                    FragmentCase{"ClosesOurs", "a) from x; copy t to 'y", "')' closes"},
                    FragmentCase{"NeverClosed", "(a", "'(' is never closed"},
                    FragmentCase{"OpenText", "a = 'x", "' is never closed"},
                    FragmentCase{"OpenName", "a = \"x", "\" is never closed"},
                    FragmentCase{"OpenComment", "a /* x", "comment"},
                    FragmentCase{"OpenDollars", "a = $$x", "dollar"},
                    FragmentCase{"Empty", " \n;", "empty"}),
    [](const auto& test) { return test.param.name; });

TEST(CsvHeaderTest, NamesAreParsedAsCsvParsesThem) {
  const auto header =
      parse_csv_header("\xef\xbb\xbf id | \"a\"\"b|c\"|\"two\nlines\"\r\n1|2|3", "|", "\"");
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->names, (std::vector<std::string>{"id", "a\"b|c", "two\nlines"}));
  EXPECT_EQ(header->lines, 2U);
}

TEST(CsvHeaderTest, WithoutAQuoteQuotesAreText) {
  const auto header = parse_csv_header("\"a\"\t'b'", "\t", "");
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->names, (std::vector<std::string>{"\"a\"", "'b'"}));
}

TEST(CsvHeaderTest, EmptyAndUnclosedAreErrors) {
  EXPECT_FALSE(parse_csv_header("\n\n", ",", "\"").has_value());
  EXPECT_FALSE(parse_csv_header("a,\"b", ",", "\"").has_value());
}

TEST(ColumnTypeTest, TypesAreReadAndWritten) {
  for (const char* text :
       {"string", "int32", "int64", "double", "date", "timestamp", "bool", "decimal(4,2)"}) {
    const Result<ColumnType> type = parse_type(text);
    ASSERT_TRUE(type.has_value()) << text;
    EXPECT_EQ(to_string(*type), text);
  }
  EXPECT_EQ(sql_type(*parse_type("decimal(4, 2)")), "DECIMAL(4,2)");
  for (const char* text :
       {"int", "decimal", "decimal(0,0)", "decimal(39,1)", "decimal(2,3)", "decimal(a,b)", ""}) {
    EXPECT_FALSE(parse_type(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace cordyna::data
