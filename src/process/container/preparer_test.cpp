#include "process/container/preparer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "process/container/step_file.hpp"
#include "template/test_task.hpp"

namespace cordyna::container {
namespace {

using test::command_for;
using test::MapSecrets;

class ContainerPreparerTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"DOCKER_HOST", "DYNA_CONTAINER_MOUNTS", "DYNA_CONTAINER_NETWORKS"}) {
      unsetenv(name);
    }
  }
  void TearDown() override { SetUp(); }

  std::expected<Launch, TaskError> prepare(
      const std::string& params, std::vector<std::pair<std::string, std::string>> env = {}) {
    ContainerPreparer preparer("/usr/bin/dyna", "/tmp/.cordyna", secrets_);
    return preparer.prepare(command_for(params, kContext, std::move(env)),
                            test::paths_in("/tmp/.cordyna/runs/1/0-1"));
  }
  static std::string value_of(const Launch& launch, std::string_view name) {
    const auto found =
        std::ranges::find(launch.env, name, &std::pair<std::string, std::string>::first);
    return found == launch.env.end() ? "(none)" : found->second;
  }

  static constexpr const char* kContext =
      R"({"inputs":{"tag":"1.2","words":"a; rm -rf /","count":3}})";
  MapSecrets secrets_{{{"TOKEN", "t0ps3cret"}}};
};

TEST_F(ContainerPreparerTest, KeysAreRenderedAndValuesStayOneWord) {
  const auto launch = prepare(
      R"({"image":"app:{{ inputs.tag }}","command":["say","{{ inputs.words }}","{{ inputs.count }}"]})");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv, (std::vector<std::string>{"/usr/bin/dyna", "container-step",
                                                    "/tmp/.cordyna/runs/1/0-1/container.json"}));
  EXPECT_TRUE(launch->holds_resources);
  ASSERT_EQ(launch->files.size(), 1U);
  const auto step = parse_step_file(launch->files[0].content);
  ASSERT_TRUE(step.has_value()) << step.error().message;
  const auto allowed = allowed_task(*step);
  ASSERT_TRUE(allowed.has_value()) << allowed.error().message;
  EXPECT_EQ(allowed->task.spec.image, "app:1.2");
  EXPECT_EQ(allowed->task.spec.command, (std::vector<std::string>{"say", "a; rm -rf /", "3"}));
  EXPECT_EQ(allowed->socket, "/var/run/docker.sock");
}

TEST_F(ContainerPreparerTest, SecretsGoByTheEnvironmentAndNeverIntoTheFile) {
  const auto launch =
      prepare(R"({"image":"app","auth":{"username":"me","password":"{{ secret('TOKEN') }}"}})",
              {{"KEY", "{{ secret('TOKEN') }}"}});
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->files[0].content.find("t0ps3cret"), std::string::npos);
  EXPECT_EQ(value_of(*launch, "DYNA_CONTAINER_ENV_KEY"), "t0ps3cret");
  EXPECT_EQ(value_of(*launch, "DYNA_CONTAINER_AUTH"),
            R"({"username":"me","password":"t0ps3cret"})");
  EXPECT_EQ(launch->masks, std::vector<std::string>{"t0ps3cret"});

  for (const char* params : {R"({"image":"app","command":["{{ secret('TOKEN') }}"]})",
                             R"({"image":"app:{{ secret('TOKEN') }}"})"}) {
    const auto refused = prepare(params);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, TaskErrorCode::kTemplateFailed);
    EXPECT_NE(refused.error().message.find("may stand only in env and auth"), std::string::npos);
    EXPECT_EQ(refused.error().message.find("t0ps3cret"), std::string::npos);
  }
  const auto missing = prepare(R"({"image":"app"})", {{"KEY", "{{ secret('OTHER') }}"}});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, TaskErrorCode::kSecretMissing);
}

TEST_F(ContainerPreparerTest, WhatIsWrongOrNotAllowedIsFoundBeforeAnythingStarts) {
  const auto wrong = prepare(R"({"image":"{{ inputs.tag }} "})");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, TaskErrorCode::kInputInvalid);
  const std::string host = R"({"image":"app","network":"host"})";
  const auto denied = prepare(host);
  ASSERT_FALSE(denied.has_value());
  EXPECT_EQ(denied.error().code, TaskErrorCode::kAccessDenied);
  EXPECT_EQ(denied.error().phase, Phase::kPrepare);
  setenv("DYNA_CONTAINER_NETWORKS", "host", 1);
  const auto allowed = prepare(host);
  ASSERT_TRUE(allowed.has_value());
  // The process judges anew, by the same policy.
  EXPECT_EQ(value_of(*allowed, "DYNA_CONTAINER_NETWORKS"), "host");
  setenv("DOCKER_HOST", "tcp://10.0.0.1:2375", 1);
  EXPECT_EQ(prepare(R"({"image":"app"})").error().code, TaskErrorCode::kInputInvalid);
}

TEST(StepFile, ComesBackAsItWas) {
  const StepFile step{R"({"image":"a"})", "/f", "/f/.cordyna", {500, 64'000'000, 7, 2'500}};
  const auto got = parse_step_file(to_json(step));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->params, step.params);
  EXPECT_EQ(got->resources, step.resources);
  EXPECT_EQ(got->state_folder, "/f/.cordyna");
  EXPECT_EQ(parse_step_file("{}").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(parse_step_file("no").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace cordyna::container
