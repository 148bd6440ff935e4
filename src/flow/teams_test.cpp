#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "flow/teams_file.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

class TeamsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/teams.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = fs::canonical(name);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<Teams> read(const std::string& text) {
    std::ofstream(folder_ / "teams.yaml") << text;
    return load_teams(teams_path(folder_));
  }
  std::string problems(const std::string& text) {
    const auto found = read(text);
    return found.has_value() ? "" : found.error().message;
  }

  fs::path folder_;
};

TEST_F(TeamsTest, LiesBesideTheProjectsFileAndMayBeMissing) {
  std::ofstream(folder_ / "cordyna.yaml") << "";
  fs::create_directories(folder_ / "flows" / "deep");
  EXPECT_EQ(teams_path(folder_ / "flows" / "deep"), (folder_ / "teams.yaml").string());
  const auto none = load_teams(teams_path(folder_));
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->is_there);
  EXPECT_EQ(none->plan, AlertPlan{});
  for (const char* text : {"", "\n# nobody yet\n", "teams: {}\n"}) {
    EXPECT_EQ(problems(text), "") << text;
    EXPECT_EQ(read(text).value().plan, AlertPlan{}) << text;
  }
}

TEST_F(TeamsTest, ReadsAllOfIt) {
  const auto found = read(R"(teams:
  data: {description: Loads orders, contacts: data@example.com, channels: [oncall, mail]}
  infra: {}
channels:
  oncall: {type: slack, url: {secret: SLACK}}
  hook: {type: webhook, url: "https://x.example/in", key: {secret: SIGN}, headers: {X-Team: a, Authorization: {secret: TOKEN}}}
  pager: {type: pagerduty, key: {secret: PAGER}}
  mail: {type: email}
email: {host: mail.example.com, from: "Cordyna <c@example.com>", user: c, password: {secret: SMTP}, ca_file: certs/ca.pem}
rules:
  - {when: lost, teams: [data], namespaces: etl, channels: [pager], wait: 0s, repeat: 1h, recovered: false}
  - {quiet: {from: "22:00", to: "06:30", days: [fri, sat], timezone: Europe/Berlin}, escalate: {after: 90m, channels: pager}}
  - {channels: []}
default: hook
)");
  ASSERT_TRUE(found.has_value()) << found.error().message;
  const AlertPlan& plan = found->plan;
  ASSERT_EQ(plan.teams.size(), 2u);
  EXPECT_EQ(*plan.team("data"),
            (TeamSpec{"data", "Loads orders", {"data@example.com"}, {"oncall", "mail"}}));
  ASSERT_EQ(plan.channels.size(), 4u);
  EXPECT_EQ(plan.channel("oncall")->url, (MaybeSecret{.secret = "SLACK"}));
  EXPECT_EQ(plan.channel("hook")->url, (MaybeSecret{.text = "https://x.example/in"}));
  EXPECT_EQ(plan.channel("hook")->headers.at("Authorization"), (MaybeSecret{.secret = "TOKEN"}));
  EXPECT_EQ(plan.channel("hook")->headers.at("X-Team"), (MaybeSecret{.text = "a"}));
  EXPECT_EQ(plan.channel("nobody"), nullptr);
  ASSERT_TRUE(plan.mail.has_value());
  EXPECT_EQ(plan.mail->port, 587);
  EXPECT_EQ(plan.mail->ca_file, (folder_ / "certs" / "ca.pem").string());
  ASSERT_EQ(plan.rules.size(), 3u);
  AlertRule first;
  first.kinds = {NoticeKind::kLost};
  first.teams = {"data"};
  first.namespaces = {"etl"};
  first.channels = {{"pager"}};
  first.wait = 0;
  first.repeat = 3'600'000;
  first.recovered = false;
  EXPECT_EQ(plan.rules[0], first);
  AlertRule second;
  second.quiet = QuietHours{22 * 60, 6 * 60 + 30, 1U << 4 | 1U << 5, "Europe/Berlin"};
  second.escalate_after = 90 * 60'000;
  second.escalate_to = {"pager"};
  EXPECT_EQ(plan.rules[1], second);
  EXPECT_EQ(plan.rules[2].channels, std::vector<std::string>());
  EXPECT_EQ(plan.fallback, std::vector<std::string>{"hook"});
}

TEST_F(TeamsTest, SaysAllThatIsWrongAndWhere) {
  const std::string told = problems(R"(teams:
  data: {channels: [oncal]}
channels:
  oncall: {type: slack}
  mail: {type: email, url: https://x.example}
  pager: {type: pagerduty}
  hook: {type: webhook, url: ftp://x.example, to: [a@b]}
rules:
  - {quiet: {from: "25:00", to: "6", timezone: Europe/Berlim}}
)");
  for (const char* part :
       {"teams.yaml:2:21: error: there is no channel 'oncal'",
        "teams.yaml:4:3: error: channel 'oncall' of type slack wants 'url'",
        "a channel of type email has no 'url'", "'url' begins with https:// or http://",
        "a channel of type webhook has no 'to'", "'from' is a time of the day",
        "'to' is a time of the day", "did you mean 'Europe/Berlin'",
        "channel 'pager' of type pagerduty wants 'key'"}) {
    EXPECT_NE(told.find(part), std::string::npos) << part << "\nin:\n" << told;
  }
}

TEST_F(TeamsTest, KeysThatItDoesNotKnowAreNamedWithWhatIsLikeThem) {
  EXPECT_NE(problems("rules: [{chanels: []}]\n").find("did you mean 'channels'"),
            std::string::npos);
  EXPECT_NE(problems("teams: [data]\n").find("'teams' wants a map"), std::string::npos);
}

TEST_F(TeamsTest, WhatIsSecretDoesNotStandInTheFileAndPlainMailStaysHere) {
  EXPECT_NE(problems("channels: {p: {type: pagerduty, key: R0UTINGKEY}}\n")
                .find("write key: {secret: NAME}"),
            std::string::npos);
  EXPECT_EQ(problems("channels: {p: {type: pagerduty, key: R0UTINGKEY}}\n").find("R0UTING"),
            std::string::npos);
  EXPECT_NE(problems("email: {host: mail.example.com, tls: none, from: a@b.c}\n")
                .find("'none' is for a server on this machine"),
            std::string::npos);
  EXPECT_EQ(problems("email: {host: localhost, tls: none, from: a@b.c}\n"), "");
  EXPECT_NE(problems("email: {host: localhost, from: a@b.c, user: u}\n")
                .find("'user' and 'password' go together"),
            std::string::npos);
  EXPECT_NE(problems("channels: {m: {type: email}}\n").find("'email' names no server"),
            std::string::npos);
}

TEST_F(TeamsTest, ItsSchemaAndReferenceKnowItsKeys) {
  EXPECT_NE(teams_json_schema().find(R"("escalate")"), std::string::npos);
  EXPECT_NE(teams_reference_as_markdown().find("escalate"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::flow
