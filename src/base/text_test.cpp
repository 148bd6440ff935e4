#include "base/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/words.hpp"

namespace cordyna {
namespace {

struct Escape {
  const char* name;
  std::string in;
  std::string out;
};

class PrintableTest : public testing::TestWithParam<Escape> {};

TEST_P(PrintableTest, NeverLetsTextActOnTheTerminal) {
  EXPECT_EQ(printable(GetParam().in), GetParam().out);
}

INSTANTIATE_TEST_SUITE_P(Table, PrintableTest,
                         testing::Values(Escape{"plain", "hello\tworld", "hello\tworld"},
                                         Escape{"ansi", "\x1b[31mred\x1b[0m",
                                                "\\x1b[31mred\\x1b[0m"},
                                         Escape{"osc", "\x1b]0;title\x07", "\\x1b]0;title\\x07"},
                                         Escape{"return", "50%\r100%", "50%\\r100%"},
                                         Escape{"newline", "a\nERROR forged", "a\\nERROR forged"},
                                         Escape{"nul", std::string("a\0b", 3), "a\\x00b"},
                                         Escape{"c1",
                                                "\xC2\x9B"
                                                "31m",
                                                "\\u009b31m"},
                                         Escape{"bidi",
                                                "abc\xE2\x80\xAE"
                                                "def",
                                                "abc\\u202edef"},
                                         Escape{"umlaut",
                                                "Gr\xC3\xB6\xC3\x9F"
                                                "e",
                                                "Gr\xC3\xB6\xC3\x9F"
                                                "e"},
                                         Escape{"invalid", "\xFF\xC3(", "\\xff\\xc3("},
                                         Escape{"overlong", "\xC0\xAF", "\\xc0\\xaf"},
                                         Escape{"surrogate", "\xED\xA0\x80", "\\xed\\xa0\\x80"},
                                         Escape{"cut", "x\xE2\x82", "x\\xe2\\x82"}),
                         [](const auto& row) { return row.param.name; });

std::string json(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

TEST(JsonTextTest, EscapesWhatJsonWantsAndReplacesBrokenBytes) {
  EXPECT_EQ(json("a\"b\\c\n"), "\"a\\\"b\\\\c\\n\"");
  EXPECT_EQ(json(std::string("\0\x1b", 2)), "\"\\u0000\\u001b\"");
  EXPECT_EQ(json("\xFF"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(json("\xE2\x80\xAE"), "\"\\u202e\"");
}

TEST(FitTest, CutsByColumnsNotBytes) {
  EXPECT_EQ(fit("hello", 5), "hello");
  EXPECT_EQ(fit("hello!", 5), "hell…");
  EXPECT_EQ(fit("日本語", 5), "日本…");
  EXPECT_EQ(fit("日本語", 6), "日本語");
  EXPECT_EQ(fit("hello", 0), "");
  EXPECT_EQ(display_width("e\xCC\x81"), 1U);
}

TEST(FitTest, PadFillsUp) {
  EXPECT_EQ(pad("ab", 4), "ab  ");
  EXPECT_EQ(pad("日本", 5), "日本 ");
}

TEST(WordsTest, AreTheSameInAnyAsciiCase) {
  EXPECT_TRUE(same_word("Content-Type", "content-TYPE"));
  EXPECT_TRUE(same_word("", ""));
  EXPECT_FALSE(same_word("etag", "etags"));
  EXPECT_FALSE(same_word("[", "{")) << "as far apart as A and a";
  EXPECT_FALSE(same_word("\xC3\x84", "\xC3\xA4")) << "A umlaut, a umlaut";
}

TEST(NumbersTest, AreGroupedAndCounted) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(counted(1, "error"), "1 error");
  EXPECT_EQ(counted(2, "error"), "2 errors");
}

}  // namespace
}  // namespace cordyna
