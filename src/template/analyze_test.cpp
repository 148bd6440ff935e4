#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

/// "offset:a.b offset:secret.X"
std::string references(std::string_view text) {
  std::string out;
  for (const Reference& reference : analyze(text).references) {
    if (!out.empty()) out += ' ';
    out += fmt::format("{}:{}", reference.offset, fmt::join(reference.path, "."));
  }
  return out;
}

std::string problems(std::string_view text) {
  std::string out;
  for (const Problem& problem : analyze(text).problems) {
    if (!out.empty()) out += " | ";
    out += fmt::format("{}:{}", problem.offset, problem.message);
  }
  return out;
}

struct ReferenceCase {
  const char* name;
  const char* text;
  const char* expected;
};

class ReferenceTest : public testing::TestWithParam<ReferenceCase> {};

TEST_P(ReferenceTest, GivesPathsWithOffsets) {
  EXPECT_EQ(references(GetParam().text), GetParam().expected);
  EXPECT_EQ(problems(GetParam().text), "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReferenceTest,
    testing::Values(
        ReferenceCase{"plain", "no template", ""},
        ReferenceCase{"attribute", "a {{ inputs.county }}", "5:inputs.county"},
        ReferenceCase{"two", "{{inputs.a}}{{ inputs.b }}", "2:inputs.a 15:inputs.b"},
        ReferenceCase{"item", "{{ outputs['x'].files['a.csv'] }}", "3:outputs.x.files.a.csv"},
        ReferenceCase{"number", "{{ inputs.list[0].name }}", "3:inputs.list"},
        ReferenceCase{"dynamic", "{{ outputs[inputs.n].y }}", "3:outputs 11:inputs.n"},
        ReferenceCase{"filter", "{{ inputs.day | date('%Y') }}", "3:inputs.day"},
        ReferenceCase{"default", "{{ inputs.x | default(inputs.y) }}", "3:inputs.x 22:inputs.y"},
        ReferenceCase{"secret", "{{ secret('TOKEN') }}", "3:secret.TOKEN"},
        ReferenceCase{"secret_of_input", "{{ secret(inputs.name) }}",
                      "3:secret.inputs.name 10:inputs.name"},
        ReferenceCase{"env", "{{ env(\"HOME\") ~ inputs.x }}", "3:env.HOME 17:inputs.x"},
        ReferenceCase{"function", "{{ hash(inputs, vars.v) }}", "8:inputs 16:vars.v"},
        ReferenceCase{"local", "{% for x in inputs.xs %}{{ x.y }}{{ loop.index }}{% endfor %}",
                      "12:inputs.xs"},
        ReferenceCase{"set", "{% set a = inputs.x %}{{ a.b }}", "11:inputs.x"},
        ReferenceCase{"condition", "{{ 'a' if inputs.n > 3 else vars.b }}",
                      "10:inputs.n 28:vars.b"},
        ReferenceCase{"test", "{{ inputs.x is defined }}", "3:inputs.x"},
        ReferenceCase{"map", "{{ {'k': inputs.v} | json }}", "9:inputs.v"},
        ReferenceCase{"list", "{{ [inputs.v, 3] | json }}", "4:inputs.v"},
        ReferenceCase{"slice", "{{ inputs.s[1:inputs.n] }}", "3:inputs.s 14:inputs.n"},
        ReferenceCase{"unknown_is_a_reference", "{{ nope }}", "3:nope"}),
    [](const auto& row) { return row.param.name; });

struct AnalyzedCase {
  const char* name;
  const char* text;
  const char* expected;
};

class ProblemTest : public testing::TestWithParam<AnalyzedCase> {};

TEST_P(ProblemTest, SaysWhatIsWrongAndWhere) {
  const std::string found = problems(GetParam().text);
  EXPECT_TRUE(found.find(GetParam().expected) != std::string::npos) << found;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ProblemTest,
    testing::Values(
        AnalyzedCase{"unclosed", "ab {{ inputs.x", "syntax error"},
        AnalyzedCase{"empty", "{{ }}", "3:syntax error"},
        AnalyzedCase{"filter", "{{ inputs.day | dat }}",
                     "16:unknown filter 'dat'; did you mean 'date'?"},
        AnalyzedCase{"function", "{{ hsh(1) }}", "unknown function 'hsh'; did you mean 'hash'?"},
        AnalyzedCase{"test", "{{ 1 is evn }}", "unknown test 'evn'; did you mean 'even'?"},
        AnalyzedCase{"method", "{{ inputs.x.upper() }}", "use a filter: {{ value | upper }}"},
        AnalyzedCase{"secret_of_data", "{{ secret(vars.name) }}",
                     "secret() takes one literal name: secret('NAME'), or an input of the type "
                     "secret"},
        AnalyzedCase{"secret_made_of_inputs", "{{ secret(inputs.a ~ inputs.b) }}",
                     "secret() takes one literal name"},
        AnalyzedCase{"secret_inside_an_input", "{{ secret(inputs.a.b) }}",
                     "secret() takes one literal name"},
        AnalyzedCase{"secret_of_any_input", "{{ secret(inputs[vars.x]) }}",
                     "secret() takes one literal name"},
        AnalyzedCase{"secret_of_a_local", "{% set inputs = vars %}{{ secret(inputs.a) }}",
                     "secret() takes one literal name"},
        AnalyzedCase{"env_of_data", "{{ env(inputs.name) }}",
                     "env() takes one literal name: env('NAME')"},
        AnalyzedCase{"no_namespace", "{% set n = namespace() %}", "unknown function 'namespace'"},
        AnalyzedCase{"no_include", "{% include 'x' %}", "syntax error"},
        AnalyzedCase{"no_macro", "{% macro m() %}{% endmacro %}", "syntax error"},
        AnalyzedCase{"open_block", "{% if inputs.x %}", "syntax error"}),
    [](const auto& row) { return row.param.name; });

TEST(AnalyzeTest, ReportsWhereRawStands) {
  EXPECT_EQ(analyze("a {{ inputs.x | raw }} {{ inputs.y|upper }}").raw_uses,
            std::vector<std::size_t>{16});
}

TEST(AnalyzeTest, DeepNestingEndsInAProblem) {
  const std::string deep = "{{ " + std::string(100000, '(') + " }}";
  EXPECT_NE(problems(deep), "");
  std::string blocks;
  for (int i = 0; i < 5000; ++i) blocks += "{% if 1 %}";
  EXPECT_NE(problems(blocks), "");
}

TEST(AnalyzeTest, TextThatIsNotUtf8IsTaken) {
  EXPECT_EQ(analyze("\xff\xfe {{ inputs.a }}").references.size(), 1U);
}

TEST(AnalyzeShellTest, SeesOnlyWhatTheShellWouldSee) {
  const Analysis analysis =
      analyze_shell("n=${#x}\n# {{ ignored }}\necho {{ inputs.a | raw }} '{{ outputs.b.c }}'\n");
  ASSERT_EQ(analysis.references.size(), 2U);
  EXPECT_EQ(analysis.references[0].path, (std::vector<std::string>{"inputs", "a"}));
  EXPECT_EQ(analysis.references[0].offset, 32U);
  EXPECT_EQ(analysis.references[1].path, (std::vector<std::string>{"outputs", "b", "c"}));
  EXPECT_EQ(analysis.raw_uses, std::vector<std::size_t>{43});
  EXPECT_TRUE(analysis.problems.empty());
}

TEST(AnalyzeShellTest, ReportsUnknownFilters) {
  const Analysis analysis = analyze_shell("echo {{ inputs.a | nope_at_all }}");
  ASSERT_EQ(analysis.problems.size(), 1U);
  EXPECT_EQ(analysis.problems[0].message, "unknown filter 'nope_at_all'");
  EXPECT_EQ(analysis.problems[0].offset, 19U);
}

}  // namespace
}  // namespace cordyna::tmpl
