#include <gtest/gtest.h>

#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

using Env = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kContext =
    R"~({"inputs":{"a":"one","b":"$(x)","n":3,"t":true,"m":{"k":[1]},"nul":"a\u0000b","z":null}})~";

Lookup lookup() {
  const auto secret = [](std::string_view name) -> Result<std::string> {
    if (name == "TOKEN") return std::string("s3cr3t");
    return fail(ErrorCode::kNotFound, "secret is not set");
  };
  return {secret, {}};
}

TEST(BindShellTest, ScriptsWithoutTemplatesStayAsTheyAre) {
  const auto bound = bind_shell("echo ${#x} '{ }' # {{ x }}\n", kContext, lookup());
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(bound->text, "echo ${#x} '{ }' # {{ x }}\n");
  EXPECT_TRUE(bound->env.empty());
}

TEST(BindShellTest, BindsEachPlaceInItsWay) {
  const auto bound = bind_shell(
      "echo {{ inputs.a }} \"{{inputs.a}}\" '-{{ inputs.b }}-' $'{{ inputs.b }}' $(({{ inputs.n "
      "}}))",
      kContext, lookup());
  ASSERT_TRUE(bound.has_value()) << bound.error().message;
  EXPECT_EQ(bound->text,
            "echo \"${DYNA_V1}\" \"${DYNA_V1}\" '-'\"${DYNA_V2}\"'-' $''\"${DYNA_V2}\"$'' "
            "$((${DYNA_V3}))");
  EXPECT_EQ(bound->env, (Env{{"DYNA_V1", "one"}, {"DYNA_V2", "$(x)"}, {"DYNA_V3", "3"}}));
}

TEST(BindShellTest, ValuesThatAreNotStringsAreJson) {
  const auto bound =
      bind_shell("{{ inputs.n }} {{ inputs.t }} {{ inputs.m }} {{ inputs.z }}", kContext, lookup());
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(bound->env, (Env{{"DYNA_V1", "3"},
                             {"DYNA_V2", "true"},
                             {"DYNA_V3", R"({"k":[1]})"},
                             {"DYNA_V4", "null"}}));
}

TEST(BindShellTest, RawStandsThereItself) {
  const auto bound = bind_shell("echo '{{ inputs.b | raw }}' {# note #}.", kContext, lookup());
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(bound->text, "echo '$(x)' .");
  EXPECT_TRUE(bound->env.empty());
}

TEST(BindShellTest, SecretsAreBoundToo) {
  const auto bound = bind_shell("curl -H {{ 'Bearer ' ~ secret('TOKEN') }}", kContext, lookup());
  ASSERT_TRUE(bound.has_value());
  EXPECT_EQ(bound->env, (Env{{"DYNA_V1", "Bearer s3cr3t"}}));
}

TEST(BindShellTest, ErrorsNameLineAndExpression) {
  const auto bound = bind_shell("echo\necho {{ inputs.q }}", kContext, lookup());
  ASSERT_FALSE(bound.has_value());
  EXPECT_TRUE(bound.error().message.starts_with(
      "line 2 of the script, {{ inputs.q }}: undefined name 'inputs.q'; inputs has: a, b, m, n"))
      << bound.error().message;
}

TEST(BindShellTest, ErrorsOfTheLookupKeepTheirCode) {
  const auto bound = bind_shell("echo {{ secret('NOPE') }}", kContext, lookup());
  ASSERT_FALSE(bound.has_value());
  EXPECT_EQ(bound.error().code, ErrorCode::kNotFound);
}

TEST(BindShellTest, RefusesValuesThatNoEnvironmentHolds) {
  const auto nul = bind_shell("echo {{ inputs.nul }}", kContext, lookup());
  ASSERT_FALSE(nul.has_value());
  EXPECT_NE(nul.error().message.find("NUL byte"), std::string::npos);
  const auto large = bind_shell("echo {{ 'x' * 131072 }}", kContext, lookup());
  ASSERT_FALSE(large.has_value());
  EXPECT_NE(large.error().message.find("131063"), std::string::npos) << large.error().message;
  EXPECT_TRUE(bind_shell("echo {{ 'x' * 131063 }}", kContext, lookup()).has_value());
}

TEST(BindShellTest, ArithmeticTakesWholeNumbersOnly) {
  for (const char* script :
       {"$(( {{ inputs.b }} ))", "[[ {{ inputs.b }} -eq 1 ]]", "${a[{{ inputs.b }}]}",
        "let x={{ inputs.b }}", "$(( {{ inputs.a }} ))", "$(( {{ '' }} ))", "$(( {{ '1+1' }} ))"}) {
    const auto bound = bind_shell(script, kContext, lookup());
    ASSERT_FALSE(bound.has_value()) << script;
    EXPECT_NE(bound.error().message.find("only a whole number is safe"), std::string::npos);
  }
  EXPECT_TRUE(bind_shell("$(( {{ -3 }} + {{ '12' }} ))", kContext, lookup()).has_value());
}

TEST(BindShellTest, WithoutContextItOnlyChecks) {
  EXPECT_TRUE(bind_shell("echo {{ inputs.anything }}", "", {}).has_value());
  EXPECT_FALSE(bind_shell("echo {% if %}", "", {}).has_value());
}

}  // namespace
}  // namespace cordyna::tmpl
