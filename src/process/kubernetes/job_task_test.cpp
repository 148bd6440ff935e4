#include "process/kubernetes/job_task.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "template/test_task.hpp"

namespace cordyna::kubernetes {
namespace {

constexpr const char* kContext = R"({"inputs":{"who":"a; $(rm) 'b'","n":3}})";

std::expected<JobTask, TaskError> render(const std::string& params,
                                         std::vector<std::pair<std::string, std::string>> env = {},
                                         Resources resources = {}) {
  const test::MapSecrets secrets(
      std::map<std::string, std::string, std::less<>>{{"TOKEN", "t0ps3cret"}});
  StartAttempt command = test::command_for(params, kContext, std::move(env));
  command.run_id.value = "run-1";
  auto flow = std::make_shared<Flow>(*command.flow);
  flow->tasks[0].resources = resources;
  command.flow = std::move(flow);
  command.timeouts.complete = 60'000;
  return render_task(secrets, command);
}

std::string value_of(const JobTask& task, std::string_view name) {
  for (const EnvVar& one : task.spec.env) {
    if (one.name == name) return (one.secret ? "secret " : "plain ") + one.value;
  }
  return "none";
}

TEST(JobTaskTest, KeysAreRenderedAndValuesStayOneWord) {
  const auto task = render(
      R"({"image":"i:{{ inputs.n }}","entrypoint":["run"],"command":["{{ inputs.who }}","{{ inputs.n }}"],
    "pull":"missing","pull_secrets":["r"],"node_selector":{"disk":"ssd"},"job_labels":{"team":"x"},
    "namespace":"ns","context":"c","service_account":"sa","ttl":"90000ms","requests":{"cpu":0.5,"memory":"1MB"}})",
      {{"PLAIN", "{{ inputs.n }}"}, {"DB", "pw={{ secret('TOKEN') }}"}}, {2000, 2'000'000, 0, 0});
  ASSERT_TRUE(task.has_value()) << task.error().message;
  const JobSpec& spec = task->spec;
  EXPECT_EQ(spec.image, "i:3");
  EXPECT_EQ(spec.command, (std::vector<std::string>{"a; $(rm) 'b'", "3"}));
  EXPECT_EQ(spec.pull, "IfNotPresent");
  EXPECT_EQ(spec.limits.memory_bytes, 2'000'000U);
  EXPECT_EQ(spec.requests.cpu_millis, 500U);
  EXPECT_EQ(spec.requests.memory_bytes, 1'000'000U);
  EXPECT_EQ(spec.ttl, 90'000);
  EXPECT_TRUE(task->stays);
  EXPECT_EQ(spec.deadline, 60'000 + kDeadlineSlack);
  EXPECT_EQ(task->wanted.ns + task->wanted.context + task->wanted.account, "nscsa");
  EXPECT_EQ(value_of(*task, "PLAIN"), "plain 3");
  EXPECT_EQ(value_of(*task, "DB"), "secret pw=t0ps3cret");
  EXPECT_EQ(value_of(*task, "DYNA_ATTEMPT"), "plain run-1/work/1");
  EXPECT_EQ(value_of(*task, "DYNA_OUTPUTS"), "plain /dev/termination-log");
  EXPECT_EQ(task->masks, std::vector<std::string>{"t0ps3cret"});
}

TEST(JobTaskTest, AContainerThatWasPlacedInAClusterIsAJobThere) {
  const test::MapSecrets secrets({});
  StartAttempt command = test::command_for(
      R"({"image":"i:7","command":["work","{{ inputs.n }}"],"network":"bridge","read_only":false,
          "init":false,"tty":false,"pull":"missing"})",
      kContext, {{"PLAIN", "1"}});
  auto flow = std::make_shared<Flow>(*command.flow);
  flow->tasks[0].type = "container";
  flow->tasks[0].resources = {500, 64'000'000, 0, 0};
  command.flow = std::move(flow);
  command.place = std::make_shared<const PlaceSpec>(
      PlaceSpec{.name = "big", .type = PlaceType::kKubernetes, .context = "acme", .ns = "jobs"});
  const auto task = render_task(secrets, command);
  ASSERT_TRUE(task.has_value()) << task.error().message;
  EXPECT_EQ(task->wanted.context + "/" + task->wanted.ns, "acme/jobs");
  EXPECT_EQ(task->spec.image, "i:7");
  EXPECT_EQ(task->spec.command, (std::vector<std::string>{"work", "3"}));
  EXPECT_EQ(task->spec.pull, "IfNotPresent");
  EXPECT_EQ(task->spec.limits.cpu_millis, 500U);
  EXPECT_EQ(value_of(*task, "PLAIN"), "plain 1");
}

TEST(JobTaskTest, ValuesOfAScriptNeverBecomeItsText) {
  const auto task =
      render(R"({"image":"i","script":"echo {{ inputs.who }} {{ secret('TOKEN') }}"})");
  ASSERT_TRUE(task.has_value()) << task.error().message;
  EXPECT_EQ(task->spec.entrypoint, (std::vector<std::string>{"/bin/sh", "-e"}));
  EXPECT_EQ(task->spec.command,
            (std::vector<std::string>{"-c", "echo \"${DYNA_V1}\" \"${DYNA_V2}\"", "dyna-script"}));
  EXPECT_EQ(value_of(*task, "DYNA_V1"), "plain a; $(rm) 'b'");
  EXPECT_EQ(value_of(*task, "DYNA_V2"), "secret t0ps3cret");
}

TEST(JobTaskTest, WithoutATtlItGoesWhenItsEndIsKnown) {
  const auto task = render(R"({"image":"i"})");
  ASSERT_TRUE(task.has_value()) << task.error().message;
  EXPECT_FALSE(task->stays);
  EXPECT_EQ(task->spec.ttl, kTtlDefault);
}

struct BadTask {
  std::string params;
  TaskErrorCode code;
  std::string says;
};

TEST(JobTaskTest, WrongValuesAreRefusedBeforeAClusterIsAsked) {
  using C = TaskErrorCode;
  const BadTask bad_ones[] = {
      {R"({"image":""})", C::kInputInvalid, "image: it is empty"},
      {R"({"image":"i","command":["{{ secret('TOKEN') }}"]})", C::kTemplateFailed,
       "env and script"},
      {R"({"image":"i","pull":"sometimes"})", C::kInputInvalid, "pull: 'sometimes'"},
      {R"({"image":"i","script":"x","command":["y"]})", C::kTemplateFailed, "stands instead of"},
      {R"({"image":"i","interpreter":["bash"]})", C::kTemplateFailed, "there is none"},
      {R"({"image":"i","job_labels":{"cordyna.io/owner":"x"}})", C::kInputInvalid, "belongs to"},
      {R"({"image":"i","job_labels":{"batch.kubernetes.io/job-name":"x"}})", C::kInputInvalid,
       "belongs to"},
      {R"({"image":"i","requests":{"cpu":4}})", C::kInputInvalid, "more than `resources` allows"},
      {R"({"image":"{{ inputs.missing }}"})", C::kTemplateFailed, "missing"},
      {R"({"image":["i"]})", C::kInputInvalid, "a text is wanted"},
  };
  for (const BadTask& bad : bad_ones) {
    const auto task = render(bad.params, {}, {2000, 0, 0, 0});
    ASSERT_FALSE(task.has_value()) << bad.params;
    EXPECT_EQ(task.error().code, bad.code) << bad.params << task.error().message;
    EXPECT_NE(task.error().message.find(bad.says), std::string::npos) << task.error().message;
  }
  EXPECT_EQ(render(R"({"image":"i"})", {}, {0, 0, 0, 1000}).error().code, C::kInputInvalid);
  EXPECT_EQ(render(R"({"image":"i"})", {{"X", "{{ secret('NONE') }}"}}).error().code,
            C::kSecretMissing);
}

}  // namespace
}  // namespace cordyna::kubernetes
