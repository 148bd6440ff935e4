#include "protocol/declaration.hpp"

#include <gtest/gtest.h>

#include "protocol/messages.hpp"

namespace cordyna::protocol {
namespace {

constexpr std::string_view kSmall =
    R"({"id":"load","description":"Loads orders.","owner":{"team":"a","contacts":["a@x.example"]}})";

std::variant<Declaration, std::vector<shape::Flaw>> declared(std::string_view task) {
  static constexpr shape::ObjectSpec kAnything{"Anything", "", {}};
  const auto body = shape::read_body(task, kAnything, {}, shape::Unknown::kIgnored);
  return read_declaration(std::get<shape::JsonBody>(body), "a");
}

Declaration taken(std::string_view task) {
  auto read = declared(task);
  const auto* flaws = std::get_if<std::vector<shape::Flaw>>(&read);
  EXPECT_EQ(flaws, nullptr) << flaws->front().at << ": " << flaws->front().detail;
  return std::get<Declaration>(std::move(read));
}

/// `more` behind the small one's keys.
std::string small_and(std::string_view more) {
  return std::string(kSmall.substr(0, kSmall.size() - 1)) + "," + std::string(more) + "}";
}

/// The places of all flaws, with commas between.
std::string places(std::string_view task) {
  const auto read = declared(task);
  std::string out;
  if (const auto* flaws = std::get_if<std::vector<shape::Flaw>>(&read)) {
    for (const shape::Flaw& flaw : *flaws) out += (out.empty() ? "" : ",") + flaw.at;
  }
  return out;
}

TEST(DeclarationTest, LittleIsWantedAndTheRestIsAsOfFlows) {
  const Declaration made = taken(kSmall);
  EXPECT_EQ(made.id, "load");
  EXPECT_EQ(made.team, "a");
  EXPECT_EQ(made.contacts, std::vector<std::string>{"a@x.example"});
  EXPECT_EQ(made.timeouts, (Timeouts{10'000, 600'000, 1'800'000}));
  EXPECT_EQ(made.retry, Retry{});
  EXPECT_EQ(made.catch_up, CatchUp::kLatest);
  EXPECT_EQ(made.overlap, Overlap::kForbid);
  EXPECT_TRUE(made.cancellable);
  EXPECT_TRUE(made.needs.empty());
}

TEST(DeclarationTest, AllOfItIsRead) {
  const Declaration made = taken(small_and(
      R"("version":"2","needs":[{"task":"clean"},{"task":"b/rates","within":"6h","optional":true}],
         "cron":"*/30 * * * * *","timezone":"Europe/Berlin","catch_up":"all",
         "timeouts":{"acknowledge":"5s","start":"PT1M","complete":"2h","max_extend":"1h"},
         "retry":{"attempts":3,"delay":"1m","backoff":"exponential","max_delay":"1h","jitter":true,"on":["LOST"]},
         "overlap":"replace","cancellable":false,"slot_class":"gpu","priority":7,
         "input_schema":{"type":"object"},"labels":{"tier":"gold"},"runbook_url":"https://x.example/r")"));
  EXPECT_EQ(made.version, "2");
  EXPECT_EQ(made.needs,
            (std::vector<TaskNeed>{{"a", "clean", -1, false}, {"b", "rates", 21'600'000, true}}));
  EXPECT_EQ(made.cron, "*/30 * * * * *");
  EXPECT_EQ(made.timezone, "Europe/Berlin");
  EXPECT_EQ(made.catch_up, CatchUp::kAll);
  EXPECT_EQ(made.timeouts, (Timeouts{5'000, 60'000, 7'200'000}));
  EXPECT_EQ(made.max_extend, 3'600'000);
  EXPECT_EQ(made.retry, (Retry{3, 60'000, Backoff::kExponential, 3'600'000, true, {"LOST"}}));
  EXPECT_EQ(made.overlap, Overlap::kReplace);
  EXPECT_FALSE(made.cancellable);
  EXPECT_EQ(made.slot_class, "gpu");
  EXPECT_EQ(made.priority, 7U);
  EXPECT_EQ(made.input_schema, R"({"type":"object"})");
  EXPECT_EQ(made.labels.at("tier"), "gold");
  EXPECT_EQ(made.runbook_url, "https://x.example/r");
}

TEST(DeclarationTest, WithoutOwnerOrDescriptionItIsRefused) {
  EXPECT_EQ(places(R"({"id":"load"})"), "#/description,#/owner");
  EXPECT_EQ(places(R"({"id":"load","description":" ","owner":{"team":"a","contacts":[]}})"),
            "#/description,#/owner/contacts");
  EXPECT_EQ(places(R"({"id":"load","description":"x","owner":{"team":"a","contacts":[" "]}})"),
            "#/owner/contacts");
  // Nobody declares for another team.
  EXPECT_EQ(places(R"({"id":"load","description":"x","owner":{"team":"b","contacts":["b"]}})"),
            "#/owner/team");
}

TEST(DeclarationTest, WhatNobodyKnowsIsATypingError) {
  EXPECT_EQ(places(small_and(R"("need":[])")), "#/need");
  EXPECT_EQ(places(small_and(R"("retry":{"attemps":3})")), "#/retry/attemps");
  EXPECT_EQ(places(small_and(R"("overlap":"maybe","priority":-1)")), "#/overlap,#/priority");
}

TEST(DeclarationTest, AllThatIsWrongIsToldAtOnce) {
  EXPECT_EQ(
      places(small_and(
          R"("needs":[{"task":"load"},{"task":"b/B"},{"task":"c"},{"task":"a/c"},{"task":"d","within":"soon"}],
                                "cron":"61 * * * *","timezone":"Mars/Base",
                                "timeouts":{"acknowledge":"0s","start":"x"},"labels":{"n":1})")),
      "#/needs/0/task,#/needs/1/task,#/needs/3/task,#/needs/4/within,#/cron,#/timezone,"
      "#/timeouts/start,#/timeouts/acknowledge,#/labels/n");
  EXPECT_EQ(places(small_and(R"("timezone":"UTC","catch_up":"all")")), "#/timezone,#/catch_up");
  EXPECT_EQ(places(R"({"id":"Load It","description":"x","owner":{"team":"a","contacts":["a"]}})"),
            "#/id");
}

TEST(DeclarationTest, WhatIsNoSchemaIsRefusedAtItsPlace) {
  EXPECT_EQ(places(small_and(R"("input_schema":{"properties":{"a/b":{"type":"text"}}},)"
                             R"("output_schema":{"items":{"$ref":"https://x.example/s.json"}})")),
            "#/input_schema/properties/a~1b/type,#/output_schema/items/$ref");
  EXPECT_EQ(places(small_and(R"("input_schema":"object")")), "#/input_schema");
}

}  // namespace
}  // namespace cordyna::protocol
