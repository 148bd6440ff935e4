#include "template/shell_scanner.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cordyna::tmpl {
namespace {

/// One letter for each slot: b(are), d(ouble), s(ingle), a(nsi); "#" behind it where only numbers
/// may stand, "!" for raw.
std::string places(std::string_view script) {
  std::string out;
  for (const Slot& slot : scan_shell(script).slots) {
    out += "bdsa"[static_cast<std::size_t>(slot.place)];
    if (slot.number) out += '#';
    if (slot.is_raw) out += '!';
  }
  return out;
}

struct PlaceCase {
  const char* name;
  const char* script;
  const char* expected;
};

class PlaceTest : public testing::TestWithParam<PlaceCase> {};

TEST_P(PlaceTest, KnowsTheQuotingAround) {
  EXPECT_EQ(places(GetParam().script), GetParam().expected);
  for (const Problem& problem : scan_shell(GetParam().script).problems) {
    ADD_FAILURE() << problem.offset << ": " << problem.message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Posix, PlaceTest,
    testing::Values(
        PlaceCase{"bare", "echo {{ x }} a{{ x }}b", "bb"},
        PlaceCase{"quotes", "echo \"{{ x }}\" '{{ x }}' {{ x }}", "dsb"},
        PlaceCase{"quotes_in_quotes", "echo \"it's {{ x }}\" 'say \"{{ x }}'", "ds"},
        PlaceCase{"escaped_quote", "echo \\' {{ x }} \"\\\" {{ x }}\"", "bd"},
        PlaceCase{"quotes_in_the_expression", "echo \"{{ x | date(\"%Y '\") }}\" {{ x }}", "db"},
        PlaceCase{"braces_in_the_expression", "echo {{ {'a': {'b': 1}} | json }} {{ x }}", "bb"},
        PlaceCase{"substitution", "echo $(echo {{ x }} ')' '{{ x }}') {{ x }}", "bsb"},
        PlaceCase{"substitution_in_quotes", "echo \"$(echo {{ x }} \"{{ x }}\") {{ x }}\"", "bdd"},
        PlaceCase{"backtick", "echo `echo {{ x }} '{{ x }}'` \"`echo {{ x }}` {{ x }}\"", "bsbd"},
        PlaceCase{
            "case_in_substitution",
            "x=$(case {{ x }} in a) echo {{ x }};; (b) echo ')';; esac; echo {{ x }}) {{ x }}",
            "bbbb"},
        PlaceCase{"subshell", "(cd a; echo {{ x }}) && { echo '{{ x }}'; }", "bs"},
        PlaceCase{"default_value", "echo ${a:-{{ x }}} \"${a:-{{ x }}}\" {{ x }}", "bdb"},
        PlaceCase{"pattern", "echo \"${a#{{ x }}}\" ${a%%{{ x }}}", "bb"},
        PlaceCase{"length_is_no_comment", "echo ${#a} ${#} $# {{ x }} # {{ y }}", "b"},
        PlaceCase{"comment", "# it's \"{{ x }}\necho {{ x }} a#b {{ x }}", "bb"},
        PlaceCase{"arithmetic", "echo $(( {{ x }} + (a * 2) )) {{ x }}", "d#b"},
        PlaceCase{"arithmetic_in_quotes", "echo \"$((1+{{ x }})) {{ x }}\"", "d#d"},
        PlaceCase{"two_subshells", "echo $((echo {{ x }}); (echo {{ x }})) {{ x }}", "bbb"},
        PlaceCase{"heredoc", "cat <<EOF && echo {{ x }}\nit's \"{{ x }}\nEOF\necho {{ x }}", "bdb"},
        PlaceCase{"heredoc_tabs", "cat <<-EOF\n\ta {{ x }}\n\tEOF\necho '{{ x }}'", "ds"},
        PlaceCase{"two_heredocs", "cat <<A <<B\n{{ x }}'\nA\n\"{{ x }}\nB\necho {{ x }}", "ddb"},
        PlaceCase{"heredoc_substitution", "cat <<EOF\n$(echo {{ x }} 'EOF')\nEOF\necho {{ x }}",
                  "bb"},
        PlaceCase{"quoted_heredoc", "cat <<'EOF'\nit's ${x} { {\nEOF\necho {{ x }}", "b"},
        PlaceCase{"quoted_heredoc_remark", "cat <<\\EOF\n${#x}\nEOF\necho {{ x }}", "b"},
        PlaceCase{"heredoc_in_substitution", "x=$(cat <<EOF\n)' {{ x }}\nEOF\n) echo {{ x }}",
                  "db"},
        PlaceCase{"continuation", "echo a\\\n# {{ x }}", "b"},
        PlaceCase{"raw", "{{ x | raw }} {{ x | raw | upper }} '{{ x|upper|raw }}'", "b!bs!"},
        PlaceCase{"remark", "echo {# gone ' #} {{ x }}", "b"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Bash, PlaceTest,
    testing::Values(
        PlaceCase{"ansi", "echo $'a\\'{{ x }}' {{ x }} $\"{{ x }}\"", "abd"},
        PlaceCase{"here_string", "cat <<< {{ x }} <<<\"{{ x }}\"", "bd"},
        PlaceCase{"process", "diff <(echo {{ x }}) >(cat '{{ x }}') {{ x }}", "bsb"},
        PlaceCase{"tests", "[[ {{ x }} == a && -n {{ x }} ]] && echo {{ x }}", "bbb"},
        PlaceCase{"number_tests", "[[ {{ x }} -eq 1 || 2 -lt \"{{ x }}\" || a == {{ x }} ]]",
                  "b#d#b"},
        PlaceCase{"number_test_of_command", "if [[ $(echo {{ x }}) -gt {{ x }} ]]; then :; fi",
                  "bb#"},
        PlaceCase{"old_test", "[ {{ x }} -eq 1 ]", "b"},
        PlaceCase{"arithmetic_command", "(( i = {{ x }} )); echo {{ x }}", "d#b"},
        PlaceCase{"arithmetic_for", "for ((i=0; i<{{ x }}; i++)); do echo {{ x }}; done", "d#b"},
        PlaceCase{"old_arithmetic", "echo $[ {{ x }} ] {{ x }}", "d#b"},
        PlaceCase{"let", "let a={{ x }} 'b={{ x }}'; echo {{ x }}", "b#s#b"},
        PlaceCase{"declare", "declare -i n={{ x }}; declare m={{ x }}", "b#b"},
        PlaceCase{"subscript", "echo ${a[{{ x }}]} \"${a[{{ x }}]:-{{ x }}}\"", "d#d#d"},
        PlaceCase{"subscript_set", "a[{{ x }}]=1; echo f[{{ x }}].txt", "b#b"},
        PlaceCase{"substring", "echo ${a:{{ x }}:{{ x }}} ${a: -1} {{ x }}", "d#d#b"},
        PlaceCase{"replace", "echo \"${a/{{ x }}/{{ x }}}\"", "bb"},
        PlaceCase{"array", "a=({{ x }} '{{ x }}'); echo {{ x }}", "bsb"}),
    [](const auto& row) { return row.param.name; });

struct ProblemCase {
  const char* name;
  const char* script;
  std::size_t offset;
  const char* expected;
};

class ShellProblemTest : public testing::TestWithParam<ProblemCase> {};

TEST_P(ShellProblemTest, SaysWhereAndWhy) {
  const std::vector<Problem> problems = check_shell(GetParam().script);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].offset, GetParam().offset);
  EXPECT_NE(problems[0].message.find(GetParam().expected), std::string::npos)
      << problems[0].message;
  EXPECT_FALSE(bind_shell(GetParam().script, "{\"x\":1}", {}).has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Table, ShellProblemTest,
    testing::Values(
        ProblemCase{"quoted_heredoc", "cat <<'EOF'\na {{ x }}\nEOF\n", 14,
                    "write <<EOF without quotes"},
        ProblemCase{"statement", "{% if x %}", 0, "statements ({% … %}) cannot stand in a script"},
        ProblemCase{"backslash", "echo \\{{ x }}", 5, "a backslash before '{{'"},
        ProblemCase{"backslash_in_quotes", "echo \"\\{{ x }}\"", 6, "a backslash before '{{'"},
        ProblemCase{"dollar", "echo ${{ x }}", 5, "write {{ … }} without the '$'"},
        ProblemCase{"trim", "echo {{- x }}", 5, "trim white space"},
        ProblemCase{"unclosed", "echo '{{ x", 6, "for the characters '{{' themselves"},
        ProblemCase{"syntax", "echo {{ x. }}", 11, "syntax error"},
        ProblemCase{"remark", "echo {# x", 5, "has no '#}'"},
        ProblemCase{"heredoc_word", "cat <<{{\n", 6, "end word of a heredoc"}),
    [](const auto& row) { return row.param.name; });

TEST(ShellScannerTest, EndsOnAnyInput) {
  const std::string pieces[] = {"'", "\"",      "`",     "$(",  "${", "$((", ")",
                                "}", "{{ x }}", "{{",    "<<E", "\n", "E\n", "\\",
                                "#", "[[",      "case ", "$'",  "{#", "]"};
  std::uint32_t state = 33;
  for (int round = 0; round < 3000; ++round) {
    std::string script;
    for (int i = 0; i < 24; ++i) {
      state = state * 1664525U + 1013904223U;
      script += pieces[(state >> 16U) % std::size(pieces)];
    }
    std::size_t last = 0;
    for (const Slot& slot : scan_shell(script).slots) {
      EXPECT_GE(slot.offset, last);
      last = slot.offset + slot.size;
    }
    EXPECT_LE(last, script.size());
  }
}

TEST(ShellScannerTest, DeepNestingIsAProblem) {
  std::string script = "{{ x }}";
  for (int i = 0; i < 100000; ++i) script += "$(";
  EXPECT_FALSE(check_shell(script).empty());
}

}  // namespace
}  // namespace cordyna::tmpl
