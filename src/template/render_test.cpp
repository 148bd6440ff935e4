#include <gtest/gtest.h>

#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

constexpr const char* kRenderContext = R"({
  "inputs": {"county": "story", "day": "2026-11-21", "at": "2026-11-21T07:50:04.123Z", "n": 3,
             "f": 0.1, "b": true, "none": null, "list": [1, "a"], "map": {"z": 1, "a": [true]},
             "evil": "{{7*7}} ${x} {% raw %}", "big": 18446744073709551615, "wait": "1h30m"},
  "outputs": {"x": {"files": {"a.csv": "/tmp/a.csv"}}}, "vars": {}})";

Lookup render_lookup() {
  return {[](std::string_view name) -> Result<std::string> {
            if (name == "TOKEN") return std::string("s3cr3t");
            if (name == "BYTES") return std::string("\xff\x80z");
            return fail(ErrorCode::kUnavailable, "secret '" + std::string(name) + "' is not set");
          },
          [](std::string_view name) -> Result<std::string> {
            if (name == "HOME") return std::string("/home/ann");
            return fail(ErrorCode::kNotFound, "variable '" + std::string(name) + "' is not set");
          }};
}

struct RenderCase {
  const char* name;
  const char* text;
  const char* expected;
};

class RenderTest : public testing::TestWithParam<RenderCase> {};

TEST_P(RenderTest, GivesTheText) {
  const auto result = render(GetParam().text, kRenderContext, render_lookup());
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(*result, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Values, RenderTest,
    testing::Values(RenderCase{"plain", "a $x % { } text\n", "a $x % { } text\n"},
                    RenderCase{"attribute", "data/{{ inputs.county }}.csv\n", "data/story.csv\n"},
                    RenderCase{"number", "{{ inputs.n }} {{ inputs.n + 1 }} {{ inputs.big }}",
                               "3 4 18446744073709551615"},
                    RenderCase{"fraction", "{{ inputs.f }} {{ 1.0 }} {{ 1 / 3 }}",
                               "0.1 1.0 0.3333333333333333"},
                    RenderCase{"bool_and_null", "{{ inputs.b }} {{ inputs.none }}", "true null"},
                    RenderCase{"containers", "{{ inputs.list }} {{ inputs.map }}",
                               R"([1,"a"] {"z":1,"a":[true]})"},
                    RenderCase{"never_again", "{{ inputs.evil }}", "{{7*7}} ${x} {% raw %}"},
                    RenderCase{"statements", "{% for x in inputs.list %}<{{ x }}>{% endfor %}",
                               "<1><a>"},
                    RenderCase{"comment", "a{# inputs.nope #}b", "ab"},
                    RenderCase{"fallback", "{{ inputs.nope | default('x') }}", "x"},
                    RenderCase{"item", "{{ outputs.x.files['a.csv'] }}", "/tmp/a.csv"},
                    RenderCase{"secret", "Bearer {{ secret('TOKEN') }}", "Bearer s3cr3t"},
                    RenderCase{"secret_of_bytes", "<{{ secret('BYTES') }}>", "<\xff\x80z>"},
                    RenderCase{"env", "{{ env('HOME') }}", "/home/ann"},
                    RenderCase{"env_unset", "{{ env('NOPE') | default('none') }}", "none"},
                    RenderCase{"no_escaping", "{{ '<a href=\"x\">&' }}", "<a href=\"x\">&"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Filters, RenderTest,
    testing::Values(
        RenderCase{"date_default", "{{ inputs.at | date }}", "2026-11-21"},
        RenderCase{"date", "{{ inputs.day | date('%Y%m%d %a %d. %B %j %G-W%V') }}",
                   "20261121 Sat 21. November 325 2026-W47"},
        RenderCase{"datetime", "{{ inputs.at | date('%H:%M:%S.%L %I %p %s') }}",
                   "07:50:04.123 07 AM 1795247404"},
        RenderCase{"date_shift",
                   "{{ inputs.day | date(days=-21) }} {{ inputs.at | date('%F %R', hours=20) }}",
                   "2026-10-31 2026-11-22 03:50"},
        RenderCase{
            "date_shift_text",
            "{{ inputs.day | date(shift='-1d') }} {{ inputs.at | date('%F %T.%L', shift='-200ms') "
            "}} {{ inputs.at | date('%F %R', shift='+20h30m') }}",
            "2026-11-20 2026-11-21 07:50:03.923 2026-11-22 04:20"},
        RenderCase{"date_offset", "{{ '2026-01-01 00:30+02:00' | date('%F %z %s') }}",
                   "2026-01-01 +0200 1767220200"},
        RenderCase{"json", "{{ inputs.map | json }}", R"({"z":1,"a":[true]})"},
        RenderCase{"json_text", "{{ '</a>\"\\n\\u0001' | json }}", R"("</a>\"\n\u0001")"},
        RenderCase{"yaml", "{{ inputs.map | yaml }}", "z: 1\na:\n  - true\n"},
        RenderCase{"yaml_strings", "{{ ['yes', 'a: b', 'plain', '1'] | yaml }}",
                   "- \"yes\"\n- \"a: b\"\n- plain\n- \"1\"\n"},
        RenderCase{"hash", "{{ 'abc' | hash }}",
                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        RenderCase{"hash_order", "{{ hash({'a': 1, 'b': 2}) == hash({'b': 2, 'a': 1}) }}", "true"},
        RenderCase{"slug", "{{ '  Größe & Łódź: Teil_2!' | slug }}", "grosse-lodz-teil-2"},
        RenderCase{"duration", "{{ inputs.wait | duration }} {{ 'PT10M' | duration }}", "5400 600"},
        RenderCase{"duration_ms", "{{ '250ms' | duration }} {{ 'P1DT2H' | duration }}",
                   "0.25 93600"},
        RenderCase{"duration_part", "{{ 'PT0.5S' | duration }} {{ 'P1DT1.25S' | duration }}",
                   "0.5 86401.25"},
        RenderCase{"raw", "{{ inputs.county | raw }}", "story"},
        RenderCase{"jinja", "{{ inputs.county | upper | replace('S', 'X') }}", "XTORY"}),
    [](const auto& row) { return row.param.name; });

struct ErrorCase {
  const char* name;
  const char* text;
  const char* expected;
};

class RenderErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(RenderErrorTest, NamesWhatIsWrong) {
  const auto result = render(GetParam().text, kRenderContext, render_lookup());
  ASSERT_FALSE(result.has_value()) << *result;
  EXPECT_TRUE(result.error().message.find(GetParam().expected) != std::string::npos)
      << result.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RenderErrorTest,
    testing::Values(
        ErrorCase{"undefined", "ab {{ inputs.conty }}",
                  "undefined name 'inputs.conty'; inputs has: at, b, big, county, day, evil, f, "
                  "list, map, n, none, wait (at byte 6 of the template)"},
        ErrorCase{"undefined_root", "{{ input.x }}",
                  "undefined name 'input'; there are: inputs, outputs, vars"},
        ErrorCase{"undefined_in_empty", "{{ vars.v }}", "undefined name 'vars.v'; vars is empty"},
        ErrorCase{"undefined_of_string", "{{ inputs.day.year }}",
                  "undefined name 'inputs.day.year'; inputs.day is a string and has no names"},
        ErrorCase{"undefined_filtered", "{{ inputs.county }}{{ inputs.dy | date }}",
                  "undefined name 'inputs.dy'"},
        ErrorCase{"undefined_deep", "{{ outputs.y.z.w }}", "undefined name 'outputs.y'"},
        ErrorCase{"undefined_condition", "{% if inputs.q %}{% endif %}", "'inputs.q'"},
        ErrorCase{"undefined_in_list", "{{ [inputs.q] | json }}", "'inputs.q'"},
        ErrorCase{"secret_missing", "{{ secret('NOPE') }}", "secret 'NOPE' is not set"},
        ErrorCase{"env_missing", "{{ env('NOPE') }}", "variable 'NOPE' is not set"},
        ErrorCase{"filter", "{{ inputs.n | nope }}", "filter nope is unknown"},
        ErrorCase{"syntax", "{{ inputs. }}", "syntax error"},
        ErrorCase{"date", "{{ '31.12.2026' | date }}", "takes an ISO date"},
        ErrorCase{"date_no_such_day", "{{ '2026-02-30' | date }}", "not '2026-02-30'"},
        ErrorCase{"date_conversion", "{{ inputs.day | date('%Q') }}", "does not know '%Q'"},
        ErrorCase{"date_of_number", "{{ inputs.n | date }}", "takes a string, not a number"},
        ErrorCase{"date_lone_percent", "{{ inputs.day | date('%') }}", "ends in a lone '%'"},
        ErrorCase{"date_shift_unit", "{{ inputs.day | date(shift='1 day') }}",
                  "takes a shift such as -1d, 12h or -1h30m, not '1 day'"},
        ErrorCase{"date_shift_far", "{{ inputs.day | date(shift='-9999999d') }}", "that far"},
        ErrorCase{"date_shift_year", "{{ '0000-01-01' | date(shift='-1ms') }}", "the year -1"},
        ErrorCase{"date_shift_least", "{{ inputs.day | date(days=-9223372036854775807 - 1) }}",
                  "that far"},
        ErrorCase{"date_keyword", "{{ inputs.day | date(shif='1d') }}", "shif"},
        ErrorCase{"slug_of_list", "{{ inputs.list | slug }}", "takes a string, not a sequence"},
        ErrorCase{"duration_of_bool", "{{ true | duration }}", "takes a string, not a bool"},
        ErrorCase{"duration_part_of_minute", "{{ 'PT1.5M' | duration }}", "not 'PT1.5M'"},
        ErrorCase{"duration_empty_part", "{{ 'PT1.S' | duration }}", "not 'PT1.S'"},
        ErrorCase{"yaml_undefined", "{{ inputs.q | yaml }}", "'inputs.q'"},
        ErrorCase{"hash_undefined", "{{ inputs.q | hash }}", "'inputs.q'"},
        ErrorCase{"duration", "{{ '5 minutes' | duration }}", "not '5 minutes'"},
        ErrorCase{"duration_overflow", "{{ '99999999999999999d' | duration }}", "'duration' takes"},
        ErrorCase{"type", "{{ inputs.county + 1 }}", "tried to use + operator"},
        ErrorCase{"endless",
                  "{% for a in range(9000) %}{% for b in range(9000) %}{{ b }}{% endfor %}"
                  "{% endfor %}",
                  "stopped after 1000000 steps"},
        ErrorCase{"huge", "{% for a in range(9000) %}{{ 'x' * 10000 }}{% endfor %}",
                  "larger than 16 MiB"}),
    [](const auto& row) { return row.param.name; });

TEST(RenderTest, ErrorsOfTheLookupKeepTheirCode) {
  const auto result = render("{{ secret('NOPE') }}", kRenderContext, render_lookup());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
}

TEST(RenderTest, AContextThatIsNotAnObjectIsRefused) {
  EXPECT_FALSE(render("{{ x }}", "[1]", render_lookup()).has_value());
  EXPECT_FALSE(render("{{ x }}", "{", render_lookup()).has_value());
}

TEST(RenderTest, BytesThatAreNotUtf8ComeBack) {
  const std::string context = "{\"inputs\":{\"v\":\"a\xff\xc3(\xf4\x8f\xba\x80\"}}";
  EXPECT_EQ(render("<{{ inputs.v }}>", context, render_lookup()), "<a\xff\xc3(\xf4\x8f\xba\x80>");
}

TEST(RenderTest, WithoutTemplateNothingIsEvaluated) {
  EXPECT_EQ(render("plain", "not even JSON", {}), "plain");
}

TEST(EvaluateTest, GivesJson) {
  EXPECT_EQ(evaluate("inputs.n > 2", kRenderContext, render_lookup()), "true");
  EXPECT_EQ(evaluate("inputs.list", kRenderContext, render_lookup()), R"([1,"a"])");
  EXPECT_EQ(evaluate("inputs.county", kRenderContext, render_lookup()), R"("story")");
  EXPECT_FALSE(evaluate("inputs.q", kRenderContext, render_lookup()).has_value());
  EXPECT_FALSE(evaluate("1 +", kRenderContext, render_lookup()).has_value());
}

TEST(RenderJsonTest, KeepsTypesOfSingleExpressions) {
  const auto result = render_json(
      R"({"b":"{{ inputs.n }}","a":["{{ inputs.list }}","n={{ inputs.n }}"," {{ 1 }}"],"k":7,)"
      R"("s":"{{ inputs.evil }}","none":"{{- inputs.none -}}"})",
      kRenderContext, render_lookup());
  EXPECT_EQ(result, R"({"b":3,"a":[[1,"a"],"n=3"," 1"],"k":7,)"
                    R"("s":"{{7*7}} ${x} {% raw %}","none":null})");
}

TEST(RenderJsonTest, TwoExpressionsAreText) {
  EXPECT_EQ(render_json(R"({"a":"{{ inputs.n }}{{ inputs.n }}","b":"{{ '}}' }}"})", kRenderContext,
                        render_lookup()),
            R"({"a":"33","b":"}}"})");
}

TEST(RenderJsonTest, ErrorsNameTheKey) {
  const auto result =
      render_json(R"({"rules":[{"sql":"{{ inputs.q }}"}]})", kRenderContext, render_lookup());
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().message.starts_with("rules[0].sql: undefined name 'inputs.q'"))
      << result.error().message;
}

TEST(EvaluatorTest, HidesSecretsAndEnvironment) {
  const TemplateEvaluator evaluator;
  EXPECT_EQ(evaluator.render("{{ secret('A') }}/{{ env('B') }}/{{ inputs.n }}", kRenderContext),
            "***/***/3");
}

TEST(EvaluatorTest, KeepsTheTypesOfAJsonValue) {
  const TemplateEvaluator evaluator;
  EXPECT_EQ(evaluator.render_json(
                R"({"a":"{{ inputs.n }}","b":"n={{ inputs.n }}","c":"{{ secret('X') }}"})",
                kRenderContext),
            R"({"a":3,"b":"n=3","c":"***"})");
}

TEST(EvaluatorTest, ConditionsAreTrueOrFalse) {
  const TemplateEvaluator evaluator;
  EXPECT_EQ(evaluator.condition("{{ inputs.n > 2 }}", kRenderContext), true);
  EXPECT_EQ(evaluator.condition(" false\n", kRenderContext), false);
  EXPECT_EQ(evaluator.condition("{% if inputs.b %}true{% else %}false{% endif %}", kRenderContext),
            true);
  const auto other = evaluator.condition("{{ inputs.county }}", kRenderContext);
  ASSERT_FALSE(other.has_value());
  EXPECT_NE(other.error().message.find("gives 'story', which is neither true nor false"),
            std::string::npos);
  EXPECT_FALSE(evaluator.condition("inputs.n > 2", kRenderContext).has_value());
}

TEST(AnalyzeTest, OffsetsOfTextThatIsNotUtf8AreItsOwn) {
  const std::string text = "\xff\xfe{{ nope( }} {{ 1 | wrong }}";
  const Analysis analysis = analyze(text);
  ASSERT_FALSE(analysis.problems.empty());
  for (const Problem& problem : analysis.problems) EXPECT_LE(problem.offset, text.size());
  const Analysis fine = analyze("\xff{{ inputs.x }}");
  ASSERT_EQ(fine.references.size(), 1U);
  EXPECT_EQ(fine.references[0].offset, 4U);
}

TEST(HasTemplateTest, LooksForTheThreeMarks) {
  EXPECT_TRUE(has_template("a {{ x"));
  EXPECT_TRUE(has_template("{%"));
  EXPECT_TRUE(has_template("x{{"));
  EXPECT_TRUE(has_template("{#"));
  EXPECT_FALSE(has_template("{ { } ${x} {"));
  EXPECT_FALSE(has_template(""));
}

}  // namespace
}  // namespace cordyna::tmpl
