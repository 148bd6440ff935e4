#include "process/http/preparer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "process/http/step_file.hpp"
#include "template/test_task.hpp"

namespace cordyna::web {
namespace {

constexpr const char* kHttpContext =
    R"({"inputs":{"n":3,"word":"a b&c","host":"10.0.0.1","deep":{"a":[1,true]}},
        "outputs":{"find":{"url":"http://127.0.0.1/x"}},"vars":{"base":"https://api.example"}})";

class HttpPreparerTest : public testing::Test {
 protected:
  std::expected<Launch, TaskError> prepare(const std::string& params,
                                           const std::string& vars = "{}", int attempt = 1,
                                           Retry retry = {}) {
    HttpPreparer preparer("/usr/bin/dyna", secrets_);
    StartAttempt command = test::command_for(params, kHttpContext);
    auto flow = std::make_shared<Flow>(*command.flow);
    flow->vars = vars;
    flow->tasks[0].retry = std::move(retry);
    command.flow = flow;
    command.key.attempt = static_cast<std::uint32_t>(attempt);
    command.run_id = RunId{"0191-run"};
    return preparer.prepare(command, test::paths_in("/tmp/.cordyna/runs/1/0-1"));
  }

  static std::string secrets_text(const Launch& launch) {
    const auto found = std::ranges::find(launch.env, kSecretsVariable,
                                         &std::pair<std::string, std::string>::first);
    return found == launch.env.end() ? "" : found->second;
  }
  /// What goes out, as the process makes it.
  http::Request request(const std::string& params) {
    const auto launch = prepare(params);
    EXPECT_TRUE(launch.has_value()) << launch.error().message;
    if (!launch.has_value()) return {};
    return *request_of(*parse_step(launch->files[0].content),
                       *parse_secrets(secrets_text(*launch)));
  }
  HttpStep step(const std::string& params, const std::string& vars = "{}", int attempt = 1,
                Retry retry = {}) {
    const auto launch = prepare(params, vars, attempt, std::move(retry));
    EXPECT_TRUE(launch.has_value()) << launch.error().message;
    return launch.has_value() ? *parse_step(launch->files[0].content) : HttpStep{};
  }

  test::MapSecrets secrets_{
      {{"TOKEN", "t0p/s3cret"}, {"KEY", "whsec_Zm9vYmFy"}, {"BAD", "whsec_??"}, {"EMPTY", ""}}};
};

const std::string* header(const http::Request& request, std::string_view name) {
  return http::find_header(request.headers, name);
}

TEST_F(HttpPreparerTest, ValuesAreWhatTheirPlaceWants) {
  const http::Request made = request(
      R"({"url":"http://h/{{ inputs.word }}?n={{ inputs.n }}","headers":{"X-N":"{{ inputs.n }}"},
          "json":{"n":"{{ inputs.n }}","all":"{{ inputs.deep }}","text":"n is {{ inputs.n }}"}})");
  EXPECT_EQ(made.method, "POST");
  EXPECT_EQ(made.url.text(), "http://h/a%20b%26c?n=3");
  EXPECT_EQ(made.body, R"({"n":3,"all":{"a":[1,true]},"text":"n is 3"})");
  EXPECT_EQ(*header(made, "X-N"), "3");
  EXPECT_EQ(*header(made, "Content-Type"), "application/json");
}

TEST_F(HttpPreparerTest, MethodTypeAndKeyFollowFromTheBody) {
  const http::Request get = request(R"({"url":"http://h"})");
  EXPECT_EQ(get.method, "GET");
  EXPECT_EQ(header(get, "Idempotency-Key"), nullptr);
  const http::Request form =
      request(R"({"url":"http://h","form":{"a b":"{{ inputs.word }}","c":1}})");
  EXPECT_EQ(form.method, "POST");
  EXPECT_EQ(form.body, "a%20b=a%20b%26c&c=1");
  EXPECT_EQ(*header(form, "Content-Type"), "application/x-www-form-urlencoded");
  const http::Request own = request(
      R"({"url":"http://h","body":"<a/>","method":"PUT","headers":{"content-type":"text/xml",
          "idempotency-key":"mine"}})");
  EXPECT_EQ(own.method, "PUT");
  EXPECT_EQ(*header(own, "Content-Type"), "text/xml");
  EXPECT_EQ(*header(own, "Idempotency-Key"), "mine");
  EXPECT_EQ(own.headers.size(), 2U);
  EXPECT_TRUE(step(R"({"url":"http://h"})").follows);
  EXPECT_FALSE(step(R"({"url":"http://h","body":"x"})").follows);
}

TEST_F(HttpPreparerTest, TheIdIsThatOfTheTaskInItsRunWhateverTheAttempt) {
  const std::string params = R"({"url":"http://h","body":"x"})";
  const std::string id = step(params).id;
  EXPECT_TRUE(id.starts_with("0191-run-")) << id;
  EXPECT_EQ(step(params, "{}", 2).id, id);
  EXPECT_EQ(*header(request(params), "Idempotency-Key"), id);
}

TEST_F(HttpPreparerTest, SecretsGoByTheEnvironmentAndNeverIntoTheFile) {
  const auto launch = prepare(
      R"({"url":"http://h/{{ secret('TOKEN') }}?a=1","headers":{"X-Key":"k {{ secret('TOKEN') }}"},
          "json":{"t":"{{ secret('TOKEN') }}"},"auth":{"user":"me","password":{"secret":"TOKEN"}},
          "sign":{"secret":"KEY"}})");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  for (const char* secret : {"t0p/s3cret", "t0p%2Fs3cret", "whsec_", "bWU6dDBwL3MzY3JldA=="}) {
    EXPECT_EQ(launch->files[0].content.find(secret), std::string::npos) << secret;
  }
  const auto secrets = parse_secrets(secrets_text(*launch));
  ASSERT_TRUE(secrets.has_value());
  EXPECT_EQ(secrets->sign, "whsec_Zm9vYmFy");
  const http::Request made = *request_of(*parse_step(launch->files[0].content), *secrets);
  EXPECT_EQ(made.url.target, "/t0p%2Fs3cret?a=1");
  EXPECT_EQ(made.body, R"({"t":"t0p/s3cret"})");
  EXPECT_EQ(*header(made, "X-Key"), "k t0p/s3cret");
  EXPECT_EQ(*header(made, "Authorization"), "Basic bWU6dDBwL3MzY3JldA==");
  for (const char* mask :
       {"t0p/s3cret", "t0p%2Fs3cret", "whsec_Zm9vYmFy", "bWU6dDBwL3MzY3JldA=="}) {
    EXPECT_EQ(std::ranges::count(launch->masks, mask), 1) << mask;
  }
  const http::Request token = request(R"({"url":"http://h","auth":{"token":{"secret":"TOKEN"}}})");
  EXPECT_EQ(*header(token, "Authorization"), "Bearer t0p/s3cret");
}

TEST_F(HttpPreparerTest, WhoseIdeaTheHostIsDecidesWhereItMayBe) {
  const auto by = [&](const std::string& url, const std::string& more = "",
                      const std::string& vars = "{}") {
    return step(R"({"url":")" + url + "\"" + more + "}", vars).host_by;
  };
  EXPECT_EQ(by("http://10.0.0.1/{{ inputs.word }}"), HostBy::kFlow);
  EXPECT_EQ(by("http://{{ inputs.host }}/"), HostBy::kValue);
  EXPECT_EQ(by("{{ outputs.find.url }}"), HostBy::kValue);
  EXPECT_EQ(by("http://h.{{ inputs.host }}/"), HostBy::kValue);
  EXPECT_EQ(by("http://10.0.0.1:8{{ inputs.n }}/"), HostBy::kValue);
  EXPECT_EQ(by("{{ vars.base }}/x"), HostBy::kFlow);
  EXPECT_EQ(by("{{ vars.base }}/x", "", R"({"base":"{{ inputs.host }}"})"), HostBy::kValue);
  EXPECT_EQ(by("http://{{ inputs.host }}/", R"(,"allow_private":true)"), HostBy::kAllowed);
  EXPECT_EQ(by("http://10.0.0.1/", R"(,"allow_private":true)"), HostBy::kFlow);
}

TEST_F(HttpPreparerTest, WhatCannotBeSentIsFoundBeforeAnythingStarts) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"url":"ftp://h/"})", "url: "},
      {R"({"url":"http://u:p@h/"})", "url: "},
      {R"({"url":"{{ inputs.word }}"})", "url: "},
      {R"({"url":"http://h","headers":{"X":"a\nb"}})", "headers.X"},
      {R"({"url":"http://h","headers":{"Host":"evil"}})", "headers.Host"},
      {R"({"url":"http://h","headers":{"transfer-encoding":"chunked"}})", "transfer-encoding"},
      {R"({"url":"http://h","headers":{"A":"1","a":"2"}})", "twice"},
      {R"({"url":"http://h","sign":{"secret":"BAD"}})", "sign: "},
      {R"({"url":"http://h","auth":{"user":"a:b","password":{"secret":"TOKEN"}}})", "auth: "},
      {R"({"url":"http://h","headers":{"authorization":"x"},"auth":{"token":{"secret":"TOKEN"}}})",
       "auth: "},
      {R"({"url":"http://h","transfer":{"timeout":"0ms"}})", "transfer.timeout"},
      {R"({"url":"http://h","accept_status":["20x"]})", "accept_status"}};
  for (const auto& [params, said] : rows) {
    const auto refused = prepare(params);
    ASSERT_FALSE(refused.has_value()) << params;
    EXPECT_EQ(refused.error().code, TaskErrorCode::kInputInvalid) << params;
    EXPECT_NE(refused.error().message.find(said), std::string::npos) << refused.error().message;
  }
  for (const char* name : {"NONE", "EMPTY"}) {
    const auto refused =
        prepare(R"({"url":"http://h","sign":{"secret":")" + std::string(name) + "\"}}");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, TaskErrorCode::kSecretMissing) << refused.error().message;
  }
  EXPECT_EQ(prepare(R"({"url":"http://h/{{ inputs.no }}"})").error().code,
            TaskErrorCode::kTemplateFailed);
  const std::string large = R"({"url":"http://h","body":"{{ secret('TOKEN') }})" +
                            std::string(kSecretsBytesMax, 'x') + "\"}";
  EXPECT_NE(prepare(large).error().message.find("can have"), std::string::npos);
}

TEST_F(HttpPreparerTest, ItIsToldWhetherAnotherAttemptMayFollow) {
  const std::string params = R"({"url":"http://h"})";
  EXPECT_FALSE(step(params).may_repeat);
  EXPECT_TRUE(step(params, "{}", 1, {.attempts = 2}).may_repeat);
  EXPECT_FALSE(step(params, "{}", 2, {.attempts = 2}).may_repeat);
  EXPECT_TRUE(step(params, "{}", 1, {.attempts = 2, .on = {"SOURCE_UNAVAILABLE"}}).may_repeat);
  EXPECT_FALSE(step(params, "{}", 1, {.attempts = 2, .on = {"LOST"}}).may_repeat);
}

TEST(HttpStepFile, ComesBackAsItWasAndOtherTextsAreCorrupt) {
  EXPECT_EQ(parse_step("{}").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(parse_step("no").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(parse_secrets("{\"a\":").error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(parse_secrets("")->empty());
  HttpStep step;
  step.method = "PUT";
  step.accepted = {{200, 299}, {404, 404}};
  step.host_by = HostBy::kAllowed;
  step.bytes_max = 7;
  step.limit = 8;
  const auto got = parse_step(to_json(step));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(to_json(*got), to_json(step));
}

}  // namespace
}  // namespace cordyna::web
