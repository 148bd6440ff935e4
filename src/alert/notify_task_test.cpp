#include "alert/notify_task.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "template/test_task.hpp"

namespace cordyna::alert {
namespace {

constexpr const char* kNoteContext = R"({"inputs":{"n":17,"evil":"a\nBcc: x@example.com"}})";

AlertPlan some_plan() {
  AlertPlan plan;
  plan.channels = {{.name = "chat", .type = ChannelType::kSlack, .url = {.secret = "CHAT"}},
                   {.name = "hook",
                    .type = ChannelType::kWebhook,
                    .url = {.text = "http://h/"},
                    .headers = {{"Authorization", {.secret = "TOKEN"}}}}};
  plan.teams = {{.name = "data", .channels = {"chat", "hook"}}, {.name = "mute"}};
  return plan;
}

class NotifyTest : public testing::Test {
 protected:
  std::expected<Launch, TaskError> prepare(const std::string& params) {
    NotifyPreparer preparer("/usr/bin/dyna", secrets_, [](const std::string&) {
      return Result<TeamsOf>(TeamsOf{"/p/teams.yaml", some_plan()});
    });
    StartAttempt command = test::command_for(params, kNoteContext);
    auto flow = std::make_shared<Flow>(*command.flow);
    flow->ns = "acme";
    flow->id = "daily";
    flow->tasks[0].owner = "data";
    command.flow = flow;
    command.run_id = RunId{"0191-run"};
    command.key.attempt = ++attempt_;
    return preparer.prepare(command, test::paths_in("/tmp/.cordyna/runs/1/0-1"));
  }
  std::string error(const std::string& params) {
    const auto launch = prepare(params);
    return launch.has_value() ? "" : launch.error().message;
  }
  static NotifyTask task(const Launch& launch) { return *parse_notify(launch.files[0].content); }
  static NotifySecrets handed(const Launch& launch) {
    const auto found =
        std::ranges::find(launch.env, kNotifySecrets, &std::pair<std::string, std::string>::first);
    return *parse_notify_secrets(found == launch.env.end() ? "" : found->second);
  }

  test::MapSecrets secrets_{
      {{"CHAT", "http://chat/s3cret"}, {"TOKEN", "t0ken"}, {"SAY", "h1dden"}}};
  std::uint32_t attempt_ = 0;
};

TEST_F(NotifyTest, AMessageIsTheSameForAllAttempts) {
  const std::string params =
      R"({"channels":["hook","hook"],"subject":"{{ inputs.n }} today","message":"{{ inputs.n }} orders"})";
  const auto first = prepare(params);
  const auto second = prepare(params);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->argv[1], "notify-step");
  EXPECT_EQ(task(*first).id, task(*second).id);
  EXPECT_TRUE(task(*first).id.starts_with("note-0191-run-"));
  EXPECT_EQ(task(*first).channels, std::vector<std::string>{"hook"});
  const Note note = task(*first).note;
  EXPECT_EQ(note.title, "17 today");
  EXPECT_EQ(note.text, "17 orders");
  EXPECT_EQ(note.flow, "acme.daily");
  EXPECT_EQ(note.team, "data");
}

TEST_F(NotifyTest, SecretsAreInTheEnvironmentAlone) {
  const auto launch = prepare(R"({"team":"data","message":"say {{ secret('SAY') }}"})");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  for (const char* value : {"s3cret", "t0ken", "h1dden"}) {
    EXPECT_EQ(launch->files[0].content.find(value), std::string::npos) << value;
  }
  EXPECT_EQ(task(*launch).channels, (std::vector<std::string>{"chat", "hook"}));
  const NotifySecrets secrets = handed(*launch);
  EXPECT_EQ(secrets.note.text, "say h1dden");
  EXPECT_EQ(secrets.values.at("CHAT"), "http://chat/s3cret");
  EXPECT_EQ(secrets.values.at("TOKEN"), "t0ken");
  EXPECT_EQ(launch->masks.size(), 3U);
}

// A subject of two lines would be a header of the mail (S18).
TEST_F(NotifyTest, ASubjectIsOneLine) {
  const auto launch = prepare(R"({"channels":"hook","subject":"{{ inputs.evil }}","message":"x"})");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(task(*launch).note.title, "a Bcc: x@example.com");
}

TEST_F(NotifyTest, SaysWhatIsWrong) {
  EXPECT_EQ(error(R"({"channels":"pager","message":"x"})"),
            "channels: there is no channel 'pager' in /p/teams.yaml");
  EXPECT_EQ(error(R"({"team":"sales","message":"x"})"),
            "team: there is no team 'sales' in /p/teams.yaml");
  EXPECT_EQ(error(R"({"team":"mute","message":"x"})"),
            "team: the team 'mute' has no channels in /p/teams.yaml");
  EXPECT_NE(error(R"({"team":"data","message":"{{ inputs.none }}"})").find("undefined"),
            std::string::npos);
  EXPECT_NE(error(R"({"team":"data","message":")" + std::string(40'000, 'x') + "\"}")
                .find("and can have 32768"),
            std::string::npos);
}

}  // namespace
}  // namespace cordyna::alert
