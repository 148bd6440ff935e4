#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "process/shell/script_step_file.hpp"
#include "process/shell/shell_params.hpp"
#include "process/shell/shell_preparer.hpp"
#include "template/test_task.hpp"

namespace cordyna {
namespace {

using Env = std::vector<std::pair<std::string, std::string>>;
using Words = std::vector<std::string>;

constexpr const char* kContext = R"~({"inputs":{"a":"one","nul":"a\u0000b"},"outputs":{}})~";

const test::MapSecrets& secrets() {
  static const test::MapSecrets values({{"TOKEN", "s3cr3t"}, {"PIN", "7"}, {"EMPTY", ""}});
  return values;
}

std::expected<Launch, TaskError> shell(const std::string& params, Env env = {}) {
  return ShellPreparer(secrets()).prepare(test::command_for(params, kContext, std::move(env)),
                                          test::paths_in("/state/1/0-1"));
}

TEST(ShellPreparerTest, BindsTheScript) {
  const auto launch = shell(R"~({"script":"echo '{{ inputs.a }}'"})~", {{"X", "<{{ inputs.a }}>"}});
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv, (Words{"/bin/sh", "-e", "-c", "echo ''\"${DYNA_V1}\"''", "dyna-script"}));
  EXPECT_EQ(launch->env, (Env{{"X", "<one>"}, {"DYNA_V1", "one"}}));
  EXPECT_EQ(launch->folder, "/tmp");
  EXPECT_TRUE(launch->files.empty());
  EXPECT_TRUE(launch->masks.empty());
}

TEST(ShellPreparerTest, SecretsAreMaskedOnceEach) {
  const auto launch = shell(
      R"~({"script":"echo {{ secret('TOKEN') }} {{ secret('EMPTY') }}{{ secret('PIN') | hash }}"})~",
      {{"X", "{{ secret('TOKEN') }}"}});
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->masks, (Words{"s3cr3t", "7"}));
  EXPECT_EQ(launch->argv[3].find("s3cr3t"), std::string::npos);
}

TEST(ShellPreparerTest, TakesAnInterpreter) {
  const auto list = shell(R"~({"script":"x","interpreter":["/usr/bin/env","bash","-eu"]})~");
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->argv, (Words{"/usr/bin/env", "bash", "-eu", "-c", "x", "dyna-script"}));
  const auto text = shell(R"~({"script":"x","interpreter":"bash  -e"})~");
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->argv, (Words{"bash", "-e", "-c", "x", "dyna-script"}));
}

TEST(ShellPreparerTest, OtherInterpretersRunAFile) {
  const auto launch = shell(R"~({"script":"%h = ({{a=>1}});","interpreter":"perl"})~");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv, (Words{"perl", "/state/1/0-1/script.pl"}));
  EXPECT_EQ(launch->env, (Env{{"DYNA_VALUES", "/state/1/0-1/values.json"}}));
  ASSERT_EQ(launch->files.size(), 2U);
  EXPECT_EQ(launch->files[0].name, "script.pl");
  EXPECT_EQ(launch->files[0].content, "%h = ({{a=>1}});");
  EXPECT_EQ(launch->files[1].name, "values.json");
  EXPECT_EQ(launch->files[1].content, kContext);
  EXPECT_TRUE(launch->files[1].told);
  const auto bound = shell(R"~({"script":"\nprint '{{ inputs.a }}'","interpreter":"perl"})~");
  ASSERT_FALSE(bound.has_value());
  EXPECT_NE(bound.error().message.find("script: line 2:"), std::string::npos)
      << bound.error().message;
}

TEST(ShellPreparerTest, LongScriptsRunFromAFile) {
  const std::string line(kInlineScriptMax, '#');
  const auto launch = shell(R"~({"script":"echo {{ inputs.a }} )~" + line + "\"}");
  ASSERT_TRUE(launch.has_value());
  EXPECT_EQ(launch->argv, (Words{"/bin/sh", "-e", "/state/1/0-1/script.sh"}));
  EXPECT_TRUE(launch->files[0].content.starts_with("echo \"${DYNA_V1}\" ##"));
}

TEST(ShellPreparerTest, AFileIsRunAsItStands) {
  const auto launch =
      shell(R"~({"file":{"name":"a/b.sh","text":"echo {{ inputs.a }}"},"interpreter":["bash"]})~");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv, (Words{"bash", "/state/1/0-1/script.sh"}));
  EXPECT_EQ(launch->files[0].content, "echo {{ inputs.a }}");
  EXPECT_EQ(launch->env, (Env{{"DYNA_VALUES", "/state/1/0-1/values.json"}}));
}

TEST(ShellPreparerTest, CompiledLanguagesAreRunByOurProgram) {
  const auto launch =
      ShellPreparer(secrets(), "/bin/dyna", "/state/programs")
          .prepare(
              test::command_for(R"~({"language":"c","compiler":["gcc","-O3"],"script":"{{ 1 }}"})~",
                                kContext, {{"X", "{{ inputs.a }}"}}),
              test::paths_in("/state/1/0-1"));
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv, (Words{"/bin/dyna", "script-step", "/state/1/0-1/step.json"}));
  EXPECT_EQ(launch->env, (Env{{"X", "one"}, {"DYNA_VALUES", "/state/1/0-1/values.json"}}));
  ASSERT_EQ(launch->files.size(), 3U);
  EXPECT_EQ(launch->files[0].content, "{{ 1 }}");
  const auto step = script::parse_script_step(launch->files[1].content);
  ASSERT_TRUE(step.has_value()) << step.error().message;
  const script::ScriptStep wanted{"c", launch->files[0].name, "script.c",       "the script",
                                  "",  {"gcc", "-O3"},        "/state/programs"};
  EXPECT_EQ(*step, wanted);
}

TEST(ShellPreparerTest, AJavaProgramIsKnownByItsPublicType) {
  const char* params = R"~({"language":"java","compiler":["javac"],"file":{"name":"x/Any.java",)~"
                       R"~("text":"package a.b;\nclass Other {}\npublic class Sum {}"}})~";
  const auto launch =
      ShellPreparer(secrets(), "/bin/dyna", "/state/programs")
          .prepare(test::command_for(params, kContext), test::paths_in("/state/1/0-1"));
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  const auto step = script::parse_script_step(launch->files[1].content);
  ASSERT_TRUE(step.has_value());
  EXPECT_EQ(step->name, "Sum.java");
  EXPECT_EQ(step->main, "a.b.Sum");
  EXPECT_EQ(step->shown, "x/Any.java");
}

struct ErrorCase {
  const char* name;
  const char* params;
  Env env;
  TaskErrorCode code;
  const char* message;
};

class ShellErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ShellErrorTest, NamesTheKey) {
  const auto launch = shell(GetParam().params, GetParam().env);
  ASSERT_FALSE(launch.has_value());
  EXPECT_EQ(launch.error().code, GetParam().code);
  EXPECT_EQ(launch.error().phase, Phase::kPrepare);
  EXPECT_NE(launch.error().message.find(GetParam().message), std::string::npos)
      << launch.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ShellErrorTest,
    testing::Values(
        ErrorCase{"undefined",
                  R"~({"script":"echo {{ inputs.b }}"})~",
                  {},
                  TaskErrorCode::kTemplateFailed,
                  "script: line 1 of the script, {{ inputs.b }}"},
        ErrorCase{"secret",
                  R"~({"script":"echo {{ secret('NOPE') }}"})~",
                  {},
                  TaskErrorCode::kSecretMissing,
                  "secret 'NOPE' is not set"},
        ErrorCase{"env_undefined",
                  R"~({"script":"x"})~",
                  {{"X", "{{ inputs.q }}"}},
                  TaskErrorCode::kTemplateFailed,
                  "env.X: undefined name 'inputs.q'"},
        ErrorCase{"env_nul",
                  R"~({"script":"x"})~",
                  {{"X", "{{ inputs.nul }}"}},
                  TaskErrorCode::kTemplateFailed,
                  "env.X: the value holds a NUL byte"},
        ErrorCase{"env_secret",
                  R"~({"script":"x"})~",
                  {{"X", "{{ secret('NOPE') }}"}},
                  TaskErrorCode::kSecretMissing,
                  "env.X: secret 'NOPE' is not set"},
        ErrorCase{"env_of_a_secret",
                  R"~({"script":"echo {{ env('DYNA_SECRET_TOKEN') }}"})~",
                  {},
                  TaskErrorCode::kTemplateFailed,
                  "write secret('TOKEN')"},
        ErrorCase{"env_unset",
                  R"~({"script":"echo {{ env('DYNA_TEST_UNSET') }}"})~",
                  {},
                  TaskErrorCode::kTemplateFailed,
                  "is not set in the environment of dyna"},
        ErrorCase{"no_script", R"~({})~", {}, TaskErrorCode::kTemplateFailed, "params: script:"},
        ErrorCase{"interpreter",
                  R"~({"script":"x","interpreter":[]})~",
                  {},
                  TaskErrorCode::kTemplateFailed,
                  "interpreter: a program"},
        ErrorCase{"no_compiler",
                  R"~({"script":"x","language":"c"})~",
                  {},
                  TaskErrorCode::kTemplateFailed,
                  "compiler: a program"},
        ErrorCase{
            "file", R"~({"file":"x"})~", {}, TaskErrorCode::kTemplateFailed, "file: its name"}),
    [](const auto& row) { return row.param.name; });

TEST(ShellPreparerTest, ReadsTheOwnersEnvironment) {
  setenv("DYNA_TEST_SET", "from the owner", 1);
  const auto launch = shell(R"~({"script":"echo {{ env('DYNA_TEST_SET') }}"})~");
  unsetenv("DYNA_TEST_SET");
  ASSERT_TRUE(launch.has_value());
  EXPECT_EQ(launch->env, (Env{{"DYNA_V1", "from the owner"}}));
}

TEST(IsCompiledTest, LooksForTheKey) {
  EXPECT_TRUE(is_compiled(R"({"language":"c","script":"x"})"));
  EXPECT_FALSE(is_compiled(R"({"script":"\"language\""})"));
  EXPECT_FALSE(is_compiled(R"({"script":"x"})"));
}

TEST(IsShellTest, KnowsShellsByTheirName) {
  EXPECT_TRUE(is_shell({"/bin/sh", "-e"}));
  EXPECT_TRUE(is_shell({"bash"}));
  EXPECT_TRUE(is_shell({"/usr/bin/env", "bash"}));
  EXPECT_FALSE(is_shell({"/usr/bin/env", "python3"}));
  EXPECT_FALSE(is_shell({"python3"}));
  EXPECT_FALSE(is_shell({}));
}

}  // namespace
}  // namespace cordyna
