#include <gtest/gtest.h>

#include <algorithm>

#include "plugin/preparer.hpp"
#include "plugin/step_file.hpp"
#include "shape/schema.hpp"
#include "template/test_task.hpp"

namespace cordyna::plugin {
namespace {

constexpr const char* kContext = R"({"inputs":{"n":3,"word":"; rm -rf $(x) {{ 7*7 }}"}})";

class PluginPreparerTest : public testing::Test {
 protected:
  std::expected<Launch, TaskError> prepare(const std::string& params) {
    PluginPreparer preparer("/usr/bin/dyna", secrets_, [](const auto&, const std::string& type) {
      return type == "acme/say"
                 ? Result<PluginProgram>(PluginProgram{type, {"/p/say.py", "-v"}, "/p"})
                 : Result<PluginProgram>(fail(ErrorCode::kNotFound, "declares no plugin"));
    });
    StartAttempt command = test::command_for(params, kContext);
    auto flow = std::make_shared<Flow>(*command.flow);
    flow->tasks[0].type = type_;
    flow->tasks[0].contract.own_inputs = shape::schema_when_needed(schema_);
    command.flow = flow;
    return preparer.prepare(command, test::paths_in("/tmp/.cordyna/runs/1/0-1"));
  }
  static std::string variable(const Launch& launch, std::string_view name) {
    const auto found =
        std::ranges::find(launch.env, name, &std::pair<std::string, std::string>::first);
    return found == launch.env.end() ? "" : found->second;
  }

  std::string type_ = "acme/say";
  std::string schema_ = "{}";
  test::MapSecrets secrets_{{{"TOKEN", "t0p\"s3cret"}}};
};

TEST_F(PluginPreparerTest, ValuesAreJsonAndNeverProgramText) {
  const auto launch = prepare(R"({"declared":{"version":"2","output_schema":"{}"},
      "inputs":{"n":"{{ inputs.n }}","text":"n is {{ inputs.n }}","evil":"{{ inputs.word }}"}})");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv, (std::vector<std::string>{"/usr/bin/dyna", "plugin-step",
                                                    "/tmp/.cordyna/runs/1/0-1/plugin.json"}));
  EXPECT_TRUE(launch->ends_its_own);
  const PluginStep step = *parse_step(launch->files[0].content);
  EXPECT_EQ(step.argv, (std::vector<std::string>{"/p/say.py", "-v"}));
  EXPECT_EQ(step.inputs, R"({"n":3,"text":"n is 3","evil":"; rm -rf $(x) {{ 7*7 }}"})");
  EXPECT_EQ(step.version, "2");
  EXPECT_EQ(step.output_schema, "{}");
  EXPECT_EQ(step.acknowledge, kPluginAcknowledge);
  EXPECT_EQ(variable(*launch, kSecretsVariable), "");
}

TEST_F(PluginPreparerTest, SecretsAreInNoFileAndNoArgument) {
  const auto launch = prepare(R"({"inputs":{"token":"{{ secret('TOKEN') }}"}})");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(parse_step(launch->files[0].content)->inputs, R"({"token":"***"})");
  EXPECT_EQ(parse_secrets(variable(*launch, kSecretsVariable))->inputs,
            R"({"token":"t0p\"s3cret"})");
  EXPECT_EQ(launch->masks, std::vector<std::string>{"t0p\"s3cret"});
}

TEST_F(PluginPreparerTest, WhatTheProgramDoesNotTakeIsRefusedBeforeItBegins) {
  schema_ = R"({"properties":{"n":{"maximum":2}},"required":["city"]})";
  const auto launch = prepare(R"({"inputs":{"n":"{{ inputs.n }}"}})");
  ASSERT_FALSE(launch.has_value());
  EXPECT_EQ(launch.error().code, TaskErrorCode::kInputInvalid);
  EXPECT_NE(launch.error().message.find("#/inputs/n"), std::string::npos);
  EXPECT_NE(launch.error().message.find("#/inputs/city"), std::string::npos);
}

TEST_F(PluginPreparerTest, ATypeThatTheProjectLostIsAMissingTool) {
  type_ = "acme/gone";
  const auto launch = prepare("{}");
  ASSERT_FALSE(launch.has_value());
  EXPECT_EQ(launch.error().code, TaskErrorCode::kToolMissing);
}

}  // namespace
}  // namespace cordyna::plugin
