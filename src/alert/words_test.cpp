#include "alert/words.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace cordyna::alert {
namespace {

namespace json = boost::json;

Incident incident() {
  Incident one;
  one.key = "failed etl/orders load";
  one.channel = "data";
  one.team = "data";
  one.cause = "infra";
  one.ns = "etl";
  one.flow_id = "orders";
  one.path = "load";
  one.code = "EXIT_NONZERO";
  one.text = "psql: <no> & \x1b[31mred";
  one.first_at = 1'764'500'000'000;
  one.last_at = 1'764'500'060'000;
  one.first_run = 4;
  one.last_run = 1003;
  one.count = 1000;
  one.told = 1000;
  one.group = "alert-1-1764500000000";
  return one;
}

Message message(MessageType type = MessageType::kFailing) {
  Message out{.id = "alert-1-1764500000000", .channel = "data", .type = type};
  out.at = 1'764'500'060'000;
  out.incidents = {incident()};
  out.incidents_in_all = 1;
  out.notices = 1000;
  return out;
}

TEST(WordsTest, AMessageSaysWhatWhoseHowOftenAndWhereToLook) {
  const Words words = words_of(message(), "https://dyna.example/ui");
  EXPECT_EQ(words.title, "data: etl/orders#load failed 1,000 times");
  EXPECT_EQ(
      words.text,
      "- etl/orders#load failed 1,000 times: EXIT_NONZERO: psql: <no> & \\x1b[31mred (team data, "
      "caused by team infra, since 2025-11-30T10:53:20Z, runs 4 to 1003)\n"
      "  https://dyna.example/ui/runs/1003");
}

TEST(WordsTest, WhatIsOfAMomentHasWordsOfItsOwn) {
  Message held = message();
  held.incidents[0].kind = NoticeKind::kHeld;
  held.incidents[0].count = 1;
  EXPECT_EQ(words_of(held, "").title, "data: etl/orders#load waits for a person");
  EXPECT_EQ(json::parse(pagerduty_bodies(held, "", "key").at(0)).at("payload").at("severity"),
            "warning");
  Message many = held;
  many.incidents.push_back(held.incidents[0]);
  many.incidents_in_all = 30;
  EXPECT_EQ(words_of(many, "").title, "data: 30 tasks wait for a person");
  many.incidents[1].kind = NoticeKind::kLate;
  EXPECT_EQ(words_of(many, "").title, "data: 30 things want to be looked at");
  many.incidents[1].kind = NoticeKind::kFailed;
  EXPECT_EQ(words_of(many, "").title, "data: 30 things went wrong");
  held.type = MessageType::kRecovered;
  held.incidents[0].well_at = 1'764'500'120'000;
  EXPECT_EQ(words_of(held, "").title, "data: etl/orders#load does not wait any more");
  EXPECT_EQ(words_of(held, "").text,
            "- etl/orders#load does not wait any more, since 2025-11-30T10:55:20Z; it waits for a "
            "person since 2025-11-30T10:53:20Z");
}

TEST(WordsTest, OneTimeIsNotCountedAndItsOwnTeamIsNamedOnce) {
  Message once = message();
  once.incidents[0].count = 1;
  once.incidents[0].cause = "data";
  const Words words = words_of(once, "");
  EXPECT_EQ(words.title, "data: etl/orders#load failed");
  EXPECT_TRUE(words.text.ends_with("(team data, since 2025-11-30T10:53:20Z, run 1003)"))
      << words.text;
}

TEST(WordsTest, RecoveriesEscalationsAndManyAreTold) {
  Message well = message(MessageType::kRecovered);
  well.incidents[0].well_at = 1'764'500'120'000;
  EXPECT_EQ(words_of(well, "").title, "data: etl/orders#load is well again");
  EXPECT_EQ(words_of(message(MessageType::kEscalated), "").title,
            "data: not well yet: etl/orders#load failed 1,000 times");
  Message many = message();
  many.incidents_in_all = 25;
  EXPECT_EQ(words_of(many, "").title, "data: 25 things went wrong");
  EXPECT_TRUE(words_of(many, "").text.ends_with("\n… and 24 more"));
}

TEST(WordsTest, ALostServerIsCalledByItsName) {
  Message lost = message();
  lost.incidents[0].kind = NoticeKind::kLost;
  lost.incidents[0].key = "lost server/data/loader";
  lost.incidents[0].last_run = 0;
  lost.incidents[0].count = 1;
  EXPECT_EQ(words_of(lost, "").title, "data: task server data/loader is lost");
  EXPECT_TRUE(words_of(lost, "http://x/ui").text.ends_with("http://x/ui/network"));
}

TEST(WordsTest, SlackGetsNoSignsOfItsOwn) {
  const json::value body = json::parse(slack_body(words_of(message(), "")));
  const std::string text(body.at("text").as_string());
  EXPECT_NE(text.find("psql: &lt;no&gt; &amp; "), std::string::npos) << text;
  EXPECT_EQ(text.find('<'), std::string::npos);
}

TEST(WordsTest, AWebhookGetsAllOfIt) {
  const json::value body = json::parse(webhook_body(message(), "https://dyna.example/ui"));
  EXPECT_EQ(body.at("id").as_string(), "alert-1-1764500000000");
  EXPECT_EQ(body.at("type").as_string(), "failing");
  const json::value& one = body.at("incidents").at(0);
  EXPECT_EQ(one.at("flow").as_string(), "orders");
  EXPECT_EQ(one.at("team").as_string(), "data");
  EXPECT_EQ(one.at("cause").as_string(), "infra");
  EXPECT_EQ(one.at("count").as_int64(), 1000);
  EXPECT_EQ(one.at("url").as_string(), "https://dyna.example/ui/runs/1003");
}

TEST(WordsTest, PagerDutyOpensAndClosesTheSameThing) {
  const auto opened = pagerduty_bodies(message(), "https://dyna.example/ui", "k");
  ASSERT_EQ(opened.size(), 1u);
  const json::value open = json::parse(opened[0]);
  EXPECT_EQ(open.at("routing_key").as_string(), "k");
  EXPECT_EQ(open.at("event_action").as_string(), "trigger");
  EXPECT_EQ(open.at("payload").at("severity").as_string(), "error");
  Message well = message(MessageType::kRecovered);
  well.groups = {"alert-1-1764500000000"};
  const auto closed = pagerduty_bodies(well, "", "k");
  ASSERT_EQ(closed.size(), 1u);
  const json::value close = json::parse(closed[0]);
  EXPECT_EQ(close.at("event_action").as_string(), "resolve");
  EXPECT_EQ(close.at("dedup_key"), open.at("dedup_key"));
  well.groups.clear();  // something else that was told with it is not well
  EXPECT_TRUE(pagerduty_bodies(well, "", "k").empty());
}

TEST(WordsTest, WhatIsNoTextBreaksNothing) {
  Message odd = message();
  odd.incidents[0].text = "bytes \xff\xfe";
  EXPECT_NO_THROW((void)json::parse(webhook_body(odd, "")));
  EXPECT_NO_THROW((void)json::parse(slack_body(words_of(odd, ""))));
}

TEST(WordsTest, ANoteSaysWhoSaysIt) {
  const Message said{
      .id = "note-1",
      .channel = "hook",
      .type = MessageType::kNote,
      .note = {.text = "17 orders\n<came> in", .flow = "acme.daily", .task = "tell", .run = 12}};
  const Words words = words_of(said, "");
  EXPECT_EQ(words.title, "17 orders");
  EXPECT_EQ(words.text, "17 orders\n<came> in\n(acme.daily#tell, run 12)");
  const json::value hook = json::parse(webhook_body(said, ""));
  EXPECT_EQ(hook.at("type"), "note");
  EXPECT_EQ(hook.at("flow"), "acme.daily");
  EXPECT_EQ(hook.at("run"), 12);
  EXPECT_EQ(hook.as_object().if_contains("incidents"), nullptr);
  const auto pages = pagerduty_bodies(said, "", "KEY");
  ASSERT_EQ(pages.size(), 1U);
  const json::value page = json::parse(pages[0]);
  EXPECT_EQ(page.at("payload").at("severity"), "info");
  EXPECT_EQ(page.at("dedup_key"), "cordyna/note-1");
}

}  // namespace
}  // namespace cordyna::alert
