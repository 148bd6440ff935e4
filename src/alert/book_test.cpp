#include "alert/book.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "base/test_draws.hpp"

namespace cordyna::alert {
namespace {

constexpr Millis kStart = 1'764'500'000'000;
constexpr Millis kSecond = 1000;
constexpr Millis kMinute = 60 * kSecond;
constexpr Millis kHour = 60 * kMinute;

AlertPlan plan_of(std::vector<AlertRule> rules = {}) {
  AlertPlan plan;
  plan.channels = {{.name = "boss"}, {.name = "data"}, {.name = "infra"}};
  plan.teams = {{.name = "data", .channels = {"data"}}, {.name = "infra", .channels = {"infra"}}};
  plan.rules = std::move(rules);
  return plan;
}

NoticeRow failure(std::int64_t no, Millis at, std::int64_t run, const std::string& flow = "orders",
                  const std::string& team = "data") {
  NoticeRow notice;
  notice.no = no;
  notice.id = fmt::format("{}/failed/load", run);
  notice.at = at;
  notice.team = notice.cause = team;
  notice.ns = "etl";
  notice.flow_id = flow;
  notice.run = run;
  notice.path = "load";
  notice.code = "EXIT_NONZERO";
  notice.text = "it ended with exit code 1";
  return notice;
}

/// A receiver that takes all that is due, until nothing is by itself.
class Receiver {
 public:
  explicit Receiver(AlertPlan plan) { book.set_plan(std::move(plan)); }

  /// Time goes on up to `at`, and what is due goes out.
  void until(Millis at) {
    for (auto next = book.next(); next.has_value() && *next <= at; next = book.next()) {
      const Millis now = std::max(*next, now_);
      now_ = now;
      (void)book.advance(now);
      for (const Message& message : book.to_send(now)) {
        got.push_back(message);
        book.sent(message.id);
      }
    }
    now_ = std::max(at, now_);
  }

  AlertBook book;
  std::vector<Message> got;

 private:
  Millis now_ = 0;
};

TEST(AlertBookTest, AFailureIsToldOnceAfterAWhileAndItsRecoveryToo) {
  Receiver data(plan_of());
  data.book.note(failure(1, kStart, 7));
  EXPECT_EQ(data.book.next(), kStart + 30 * kSecond);
  data.until(kStart + 29 * kSecond);
  EXPECT_TRUE(data.got.empty());
  data.until(kStart + 30 * kSecond);
  ASSERT_EQ(data.got.size(), 1u);
  EXPECT_EQ(data.got[0].channel, "data");
  EXPECT_EQ(data.got[0].type, MessageType::kFailing);
  ASSERT_EQ(data.got[0].incidents.size(), 1u);
  EXPECT_EQ(data.got[0].incidents[0].last_run, 7);
  EXPECT_EQ(data.got[0].notices, 1);
  EXPECT_FALSE(data.book.next().has_value());  // no work while nothing happens
  data.book.ended_well("etl", "orders", 8, kStart + kHour);
  EXPECT_EQ(data.book.incidents().at(0).well_at, kStart + kHour);
  data.until(kStart + 2 * kHour);
  ASSERT_EQ(data.got.size(), 2u);
  EXPECT_EQ(data.got[1].type, MessageType::kRecovered);
  EXPECT_EQ(data.got[1].groups, std::vector<std::string>{data.got[0].id});
  EXPECT_TRUE(data.book.incidents().empty());
}

TEST(AlertBookTest, ARunThatWasThereBeforeTheFailureIsNoRecovery) {
  Receiver data(plan_of());
  data.book.note(failure(1, kStart, 7));
  data.book.ended_well("etl", "orders", 6, kStart + kSecond);
  data.book.ended_well("etl", "others", 9, kStart + kSecond);
  data.book.ended_well("", "orders", 9, kStart + kSecond);
  EXPECT_EQ(data.book.incidents().at(0).well_at, 0);
}

NoticeRow moment(NoticeKind kind, std::int64_t no, Millis at, std::int64_t run,
                 const std::string& path = "load") {
  NoticeRow notice = failure(no, at, run);
  notice.kind = kind;
  notice.path = path;
  notice.code.clear();
  return notice;
}

TEST(AlertBookTest, WhatIsHeldIsToldUntilSomebodyHasDecided) {
  Receiver data(plan_of({{.escalate_after = kHour, .escalate_to = {"boss"}}}));
  data.book.note(moment(NoticeKind::kHeld, 1, kStart, 7, "each[0]/ask"));
  data.book.note(moment(NoticeKind::kHeld, 2, kStart, 7, "each[1]/ask"));
  data.until(kStart + kMinute);
  ASSERT_EQ(data.got.size(), 1u);
  EXPECT_EQ(data.got[0].incidents_in_all, 2);
  EXPECT_EQ(data.got[0].incidents.at(1).path, "each[1]/ask");
  data.book.moved_on(7, "each[0]/ask", kStart + 2 * kMinute);
  data.book.ended_well("etl", "orders", 8, kStart + 2 * kMinute);  // is no word on this run
  data.until(kStart + 2 * kHour);
  ASSERT_EQ(data.got.size(), 3u);
  EXPECT_EQ(data.got[1].type, MessageType::kRecovered);
  EXPECT_EQ(data.got[1].incidents.at(0).path, "each[0]/ask");
  EXPECT_EQ(data.got[2].type, MessageType::kEscalated);
  EXPECT_EQ(data.got[2].incidents.at(0).path, "each[1]/ask");
  data.book.ended(7, kStart + 3 * kHour);
  data.until(kStart + 4 * kHour);
  EXPECT_TRUE(data.book.incidents().empty());
}

TEST(AlertBookTest, WhatIsDecidedSoonIsNotToldOnItsOwn) {
  Receiver data(plan_of({{.recovered = false}}));
  data.book.note(moment(NoticeKind::kHeld, 1, kStart, 7));
  data.book.moved_on(7, "load", kStart + kSecond);
  data.until(kStart + kHour);
  ASSERT_EQ(data.got.size(), 1u);
  EXPECT_EQ(data.got[0].incidents.at(0).well_at, kStart + kSecond);
  EXPECT_TRUE(data.book.incidents().empty());
}

TEST(AlertBookTest, ALateRunAndAStuckTaskAreOverWithTheRun) {
  Receiver data(plan_of());
  data.book.note(moment(NoticeKind::kLate, 1, kStart, 7, ""));
  data.book.note(moment(NoticeKind::kStuck, 2, kStart, 7, "each[4]/get"));
  data.book.note(moment(NoticeKind::kLate, 3, kStart, 8, ""));
  data.until(kStart + kMinute);
  ASSERT_EQ(data.got.size(), 1u);
  EXPECT_EQ(data.got[0].incidents_in_all, 3);
  data.book.moved_on(7, "each[9]/get", kStart + kHour);  // one of its items has begun
  EXPECT_NE(data.book.incidents().at(1).well_at, 0);
  data.book.ended(7, kStart + kHour);
  EXPECT_NE(data.book.incidents().at(0).well_at, 0);
  EXPECT_EQ(data.book.incidents().at(2).well_at, 0);
}

TEST(AlertBookTest, WhatIsTriedAgainIsToldOnlyToWhoAsksAndBecomesItsFailure) {
  Receiver data(plan_of({{.kinds = {NoticeKind::kRetrying}, .channels = {{"infra"}}}}));
  Receiver nobody(plan_of({{.teams = {"data"}, .channels = {{"boss"}}}}));
  nobody.book.note(moment(NoticeKind::kRetrying, 1, kStart, 7));
  EXPECT_TRUE(nobody.book.incidents().empty());
  data.book.note(moment(NoticeKind::kRetrying, 1, kStart, 7));
  data.until(kStart + kMinute);
  ASSERT_EQ(data.got.size(), 1u);
  EXPECT_EQ(data.got[0].channel, "infra");
  data.book.note(failure(2, kStart + kHour, 7));
  data.book.ended(7, kStart + kHour);
  ASSERT_EQ(data.book.incidents().size(), 2u);  // the team's own channel, and who heard before
  for (const Incident& one : data.book.incidents()) {
    EXPECT_EQ(one.kind, NoticeKind::kFailed);
    EXPECT_EQ(one.well_at, 0);
  }
  data.book.note(moment(NoticeKind::kRetrying, 3, kStart + 2 * kHour, 8));
  EXPECT_EQ(data.book.incidents().at(0).kind, NoticeKind::kFailed);  // that it fails is known
}

TEST(AlertBookTest, WhatWentWellAtLastIsOverWithItsRun) {
  Receiver data(plan_of({{.kinds = {NoticeKind::kRetrying}}}));
  data.book.note(moment(NoticeKind::kRetrying, 1, kStart, 7));
  data.until(kStart + kMinute);
  data.book.ended(7, kStart + kHour);
  data.until(kStart + 2 * kHour);
  ASSERT_EQ(data.got.size(), 2u);
  EXPECT_EQ(data.got[1].type, MessageType::kRecovered);
}

TEST(AlertBookTest, AStormOfOneCauseIsOneMessageWithACountAndOneRecovery) {
  Receiver data(plan_of({{.wait = kMinute}}));
  for (int i = 0; i < 1000; ++i) {
    const Millis at = kStart + i * kMinute / 1000;
    data.until(at);
    data.book.note(failure(i + 1, at, i + 1));
  }
  data.until(kStart + kHour);
  ASSERT_EQ(data.got.size(), 1u);
  EXPECT_EQ(data.got[0].incidents_in_all, 1);
  EXPECT_EQ(data.got[0].notices, 1000);
  EXPECT_EQ(data.got[0].incidents[0].count, 1000);
  EXPECT_EQ(data.got[0].incidents[0].first_run, 1);
  EXPECT_EQ(data.got[0].incidents[0].last_run, 1000);
  data.book.ended_well("etl", "orders", 1001, kStart + kHour);
  data.until(kStart + 9 * kHour);
  ASSERT_EQ(data.got.size(), 2u);
  EXPECT_EQ(data.got[1].type, MessageType::kRecovered);
  EXPECT_EQ(data.got[1].incidents[0].count, 1000);
}

TEST(AlertBookTest, AStormLongerThanTheWaitIsToldAgainOnlyWithItsRepeatOrRecovery) {
  Receiver data(plan_of());
  for (int i = 0; i < 1000; ++i) {
    const Millis at = kStart + i * kMinute / 1000;
    data.until(at);
    data.book.note(failure(i + 1, at, i + 1));
  }
  data.book.ended_well("etl", "orders", 1001, kStart + kMinute);
  data.until(kStart + 9 * kHour);
  ASSERT_EQ(data.got.size(), 2u);
  EXPECT_EQ(data.got[0].notices + data.got[1].notices, 1000);
  EXPECT_EQ(data.got[1].type, MessageType::kRecovered);
}

TEST(AlertBookTest, ManyCausesAtOnceAreOneMessageThatShowsSome) {
  Receiver data(plan_of());
  for (int i = 0; i < 100; ++i) {
    data.book.note(failure(i + 1, kStart + i * 100, i + 1, fmt::format("flow-{}", i)));
  }
  data.until(kStart + kHour);
  ASSERT_EQ(data.got.size(), 1u);
  EXPECT_EQ(data.got[0].incidents_in_all, 100);
  EXPECT_EQ(data.got[0].incidents.size(), kIncidentsShown);
  EXPECT_EQ(data.got[0].notices, 100);
}

TEST(AlertBookTest, EachTeamHearsOfItsOwnAndUnknownOwnersGoToTheDefault) {
  AlertPlan plan = plan_of();
  plan.fallback = {"boss"};
  Receiver all(std::move(plan));
  all.book.note(failure(1, kStart, 1, "a", "data"));
  all.book.note(failure(2, kStart, 2, "b", "infra"));
  all.book.note(failure(3, kStart, 3, "c", "strangers"));
  all.until(kStart + kHour);
  std::map<std::string, std::string> heard;
  for (const Message& one : all.got) heard[one.channel] += one.incidents.at(0).flow_id;
  EXPECT_EQ(heard,
            (std::map<std::string, std::string>{{"boss", "c"}, {"data", "a"}, {"infra", "b"}}));
}

TEST(AlertBookTest, TheFirstRuleThatFitsDecides) {
  Receiver all(plan_of({{.namespaces = {"etl.raw"}, .channels = std::vector<std::string>{}},
                        {.kinds = {NoticeKind::kFailed},
                         .namespaces = {"etl"},
                         .channels = std::vector<std::string>{"boss"}}}));
  NoticeRow raw = failure(1, kStart, 1);
  raw.ns = "etl.raw.deep";
  all.book.note(raw);
  NoticeRow like = failure(2, kStart, 2);
  like.ns = "etlx";
  all.book.note(like);
  all.book.note(failure(3, kStart, 3));
  all.until(kStart + kHour);
  ASSERT_EQ(all.got.size(), 2u);
  EXPECT_EQ(all.got[0].channel, "boss");
  EXPECT_EQ(all.got[0].incidents[0].last_run, 3);
  EXPECT_EQ(all.got[1].channel, "data");
  EXPECT_EQ(all.got[1].incidents[0].last_run, 2);
}

TEST(AlertBookTest, WhatFlapsIsNotToldAgainAndAgain) {
  Receiver data(plan_of());
  data.book.note(failure(1, kStart, 1));
  data.until(kStart + kMinute);
  ASSERT_EQ(data.got.size(), 1u);
  for (int i = 0; i < 10; ++i) {  // well for ten seconds, and not any more
    const Millis at = kStart + kMinute + i * 20 * kSecond;
    data.book.ended_well("etl", "orders", 2 * i + 2, at);
    data.until(at + 10 * kSecond);
    data.book.note(failure(i + 2, at + 10 * kSecond, 2 * i + 3));
  }
  data.until(kStart + kHour);
  EXPECT_EQ(data.got.size(), 1u);
  data.until(kStart + 5 * kHour);  // but what has failed since is, after `repeat`
  ASSERT_EQ(data.got.size(), 2u);
  EXPECT_EQ(data.got[1].notices, 10);
}

TEST(AlertBookTest, WhatIsWellBeforeItWasToldIsToldAllTheSame) {
  Receiver data(plan_of());
  data.book.note(failure(1, kStart, 1));
  data.book.ended_well("etl", "orders", 2, kStart + kSecond);
  data.until(kStart + kHour);
  ASSERT_EQ(data.got.size(), 1u);
  EXPECT_EQ(data.got[0].type, MessageType::kFailing);
  EXPECT_EQ(data.got[0].incidents[0].well_at, kStart + kSecond);
  EXPECT_TRUE(data.book.incidents().empty());
}

TEST(AlertBookTest, InQuietHoursNothingIsToldButAllAfterThem) {
  // 2025-11-30 is a Sunday; kStart is 10:53:20 in UTC.
  QuietHours quiet{.from = 10 * 60, .to = 12 * 60};
  Receiver data(plan_of({{.quiet = quiet}}));
  data.book.note(failure(1, kStart, 1));
  const Millis noon = kStart - kStart % (24 * kHour) + 12 * kHour;
  data.until(noon - 1);
  EXPECT_TRUE(data.got.empty());
  data.until(noon);
  EXPECT_EQ(data.got.size(), 1u);
}

TEST(AlertBookTest, WhatIsNotWellInTimeIsToldToOthers) {
  Receiver all(plan_of({{.escalate_after = kHour, .escalate_to = {"boss"}}}));
  all.book.note(failure(1, kStart, 1, "a"));
  all.book.note(failure(2, kStart, 2, "b"));
  all.until(kStart + 10 * kMinute);
  all.book.ended_well("etl", "b", 3, kStart + 10 * kMinute);
  all.until(kStart + 3 * kHour);
  ASSERT_EQ(all.got.size(), 3u);  // failing, recovered, escalated
  EXPECT_EQ(all.got[2].type, MessageType::kEscalated);
  EXPECT_EQ(all.got[2].channel, "boss");
  ASSERT_EQ(all.got[2].incidents.size(), 1u);
  EXPECT_EQ(all.got[2].incidents[0].flow_id, "a");
}

TEST(AlertBookTest, WhatSomebodyIsAtIsNotToldAgainNorToOthersUntilItIsWell) {
  Receiver all(plan_of({{.escalate_after = kHour, .escalate_to = {"boss"}}}));
  all.book.note(failure(1, kStart, 1));
  all.until(kStart + kMinute);
  ASSERT_EQ(all.got.size(), 1u);
  const std::string id = id_of(all.book.incidents().at(0));
  EXPECT_EQ(all.book.acknowledge("0123456789abcdef", "kim", kStart).error().code,
            ErrorCode::kNotFound);
  ASSERT_TRUE(all.book.acknowledge(id, "kim", kStart + kMinute));
  ASSERT_TRUE(all.book.acknowledge(id, "lee", kStart + 2 * kMinute));  // who was first stays
  EXPECT_EQ(all.book.incidents().at(0).acknowledged_by, "kim");
  EXPECT_EQ(all.book.incidents().at(0).acknowledged_at, kStart + kMinute);
  all.book.note(failure(2, kStart + 5 * kHour, 2));
  all.until(kStart + 90 * kHour);
  EXPECT_EQ(all.got.size(), 1u);
  EXPECT_FALSE(all.book.next().has_value());  // no work while somebody is at it
  all.book.ended_well("etl", "orders", 3, kStart + 91 * kHour);
  all.until(kStart + 92 * kHour);
  ASSERT_EQ(all.got.size(), 2u);
  EXPECT_EQ(all.got[1].type, MessageType::kRecovered);
  EXPECT_EQ(all.got[1].notices, 1);  // the one that nobody was told of so far
  EXPECT_TRUE(all.book.incidents().empty());
}

TEST(AlertBookTest, WhatGoesWrongAnewIsToldAlthoughSomebodyWasAtIt) {
  Receiver data(plan_of({{.wait = kMinute}}));
  data.book.note(failure(1, kStart, 1));
  data.until(kStart + 2 * kMinute);
  const std::string id = id_of(data.book.incidents().at(0));
  ASSERT_TRUE(data.book.acknowledge(id, "kim", kStart + 2 * kMinute));
  data.book.ended_well("etl", "orders", 2, kStart + 3 * kMinute);
  EXPECT_EQ(data.book.acknowledge(id, "lee", kStart).error().code, ErrorCode::kNotFound);
  data.book.note(failure(2, kStart + 3 * kMinute, 3));  // before its recovery was told
  EXPECT_EQ(data.book.incidents().at(0).acknowledged_by, "");
  data.until(kStart + 48 * kHour);
  ASSERT_EQ(data.got.size(), 2u);
  EXPECT_EQ(data.got[1].type, MessageType::kFailing);
}

TEST(AlertBookTest, WhatSomebodyIsAtBeforeItWasToldIsToldToNobody) {
  Receiver all(plan_of({{.wait = kHour}}));
  all.book.note(failure(1, kStart, 1));
  ASSERT_TRUE(all.book.acknowledge(id_of(all.book.incidents().at(0)), "kim", kStart + kMinute));
  all.until(kStart + 2 * kHour);
  all.book.ended_well("etl", "orders", 2, kStart + 3 * kHour);
  all.until(kStart + 9 * kHour);
  EXPECT_TRUE(all.got.empty());
  (void)all.book.advance(kStart + 9 * kHour);
  EXPECT_TRUE(all.book.incidents().empty());
}

TEST(AlertBookTest, ItHoldsForAllChannelsOfTheCauseAndForNoOther) {
  AlertPlan plan = plan_of();
  plan.teams[0].channels = {"data", "boss"};
  Receiver all(std::move(plan));
  all.book.note(failure(1, kStart, 1));
  all.book.note(failure(2, kStart, 1, "bills"));
  ASSERT_TRUE(all.book.acknowledge(id_of(all.book.incidents().at(0)), "kim", kStart));
  ASSERT_EQ(all.book.incidents().size(), 4u);
  for (const Incident& one : all.book.incidents()) {
    EXPECT_EQ(one.acknowledged_by, one.flow_id == "orders" ? "kim" : "") << one.channel;
  }
}

TEST(AlertBookTest, ALostServerIsWellWhenItIsHeardOf) {
  Receiver data(plan_of());
  NoticeRow lost;
  lost.no = 1;
  lost.id = "server/data/loader/1764500000000";
  lost.at = kStart;
  lost.kind = NoticeKind::kLost;
  lost.team = lost.cause = lost.ns = "data";
  lost.text = "nothing is heard of it";
  data.book.note(lost);
  data.until(kStart + kMinute);
  data.book.server_back("data/other", kStart + kMinute);
  data.until(kStart + kHour);
  EXPECT_EQ(data.got.size(), 1u);
  data.book.server_back("data/loader", kStart + kHour);
  data.until(kStart + 2 * kHour);
  ASSERT_EQ(data.got.size(), 2u);
  EXPECT_EQ(data.got[1].type, MessageType::kRecovered);
}

TEST(AlertBookTest, AMessageThatFailsIsTriedAgainWithTheSameIdAndHoldsUpItsChannelAlone) {
  AlertBook book;
  book.set_plan(plan_of());
  book.note(failure(1, kStart, 1));
  book.note(failure(2, kStart, 2, "b", "infra"));
  Millis now = kStart + kMinute;
  EXPECT_TRUE(book.advance(now));
  ASSERT_EQ(book.to_send(now).size(), 2u);
  const std::string id = book.to_send(now)[0].id;
  book.sent(book.to_send(now)[1].id);
  std::vector<Millis> waits;
  for (int i = 0; i < 12; ++i) {
    book.failed(id, now, "no");
    EXPECT_TRUE(book.to_send(now).empty());
    waits.push_back(*book.next() - now);
    now = *book.next();
    ASSERT_EQ(book.to_send(now).size(), 1u);
    EXPECT_EQ(book.to_send(now)[0].id, id);
    EXPECT_EQ(book.to_send(now)[0].problem, "no");
  }
  EXPECT_EQ(waits.front(), kSecond);
  EXPECT_EQ(waits[3], 8 * kSecond);
  EXPECT_EQ(waits.back(), 5 * kMinute);
  book.failed(id, now, "later", 20 * kSecond);
  EXPECT_EQ(*book.next(), now + 20 * kSecond);
  EXPECT_EQ(book.given_up(), 0);
  (void)book.advance(now + 4 * 24 * kHour);
  EXPECT_TRUE(book.waiting().empty());
  EXPECT_EQ(book.given_up(), 1);
}

TEST(AlertBookTest, OfAChannelThatIsGoneNothingStays) {
  AlertBook book;
  book.set_plan(plan_of());
  book.note(failure(1, kStart, 1));
  (void)book.advance(kStart + kHour);
  AlertPlan other = plan_of();
  other.channels = {{.name = "infra"}};
  other.teams = {};
  book.set_plan(other);
  EXPECT_TRUE(book.incidents().empty());
  EXPECT_TRUE(book.waiting().empty());
  EXPECT_FALSE(book.next().has_value());
}

TEST(AlertBookTest, APlanThatIsGoneForAMomentLosesNothing) {
  AlertBook book;
  book.set_plan(plan_of());
  book.note(failure(1, kStart, 1));
  EXPECT_TRUE(book.advance(kStart + kMinute));
  book.set_plan({});
  EXPECT_FALSE(book.advance(kStart + kHour));
  EXPECT_TRUE(book.to_send(kStart + kHour).empty());
  EXPECT_FALSE(book.next().has_value());
  book.set_plan(plan_of());
  EXPECT_EQ(book.to_send(kStart + kHour).size(), 1u);
  EXPECT_EQ(book.incidents().size(), 1u);
}

TEST(AlertBookTest, ItsTextGivesItBackAndGarbageGivesAnError) {
  AlertBook book;
  book.set_plan(plan_of({{.escalate_after = kMinute, .escalate_to = {"boss"}}}));
  book.note(failure(1, kStart, 1));
  book.note(failure(2, kStart, 2, "b"));
  (void)book.advance(kStart + kMinute);
  (void)book.advance(kStart + 3 * kMinute);
  ASSERT_TRUE(book.acknowledge(id_of(book.incidents().at(1)), "token kim", kStart + kHour));
  book.failed(book.waiting()[0].id, kStart + kHour, "why \"not\"");
  const auto again = AlertBook::load(book.text());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->incidents(), book.incidents());
  EXPECT_EQ(again->waiting(), book.waiting());
  EXPECT_EQ(again->cursor(), 2);
  EXPECT_EQ(again->text(), book.text());
  for (const char* bad : {"", "{", "[]", "{}", R"({"incidents":[],"waiting":[3]})",
                          R"({"incidents":{},"waiting":[]})"}) {
    EXPECT_EQ(AlertBook::load(bad).error().code, ErrorCode::kCorrupt) << bad;
  }
}

/// An owner that dies anywhere between saving, sending and saving again, and a receiver that may be
/// away: by a seed.
class CrashingWorld {
 public:
  explicit CrashingWorld(unsigned seed) : random_(seed) { reload(); }

  void live(int steps) {
    for (int i = 0; i < steps; ++i) {
      now_ += static_cast<Millis>(random_() % (2 * kMinute));
      if (chance(60)) fail();
      step(chance(50));
    }
  }
  /// The receiver is back, for longer than `repeat`.
  void settle(int steps) {
    for (int i = 0; i < steps; ++i) {
      now_ = std::max(now_ + kSecond, book_.next().value_or(now_));
      step(true);
    }
  }

  std::map<std::string, std::int64_t> failures;  ///< by key
  std::map<std::string, std::int64_t> arrived;   ///< so many of them are in messages that came
  bool same_id_same_message = true;

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }
  void reload() {
    book_ = saved_.empty() ? AlertBook() : AlertBook::load(saved_).value();
    book_.set_plan(plan_of());
  }
  void fail() {
    const auto no = static_cast<std::int64_t>(notices_.size()) + 1;
    const std::string flow = fmt::format("flow-{}", random_() % 5);
    notices_.push_back(failure(no, now_, no, flow));
    ++failures[fmt::format("failed etl/{} load", flow)];
  }
  void receive(const Message& message) {
    const auto [known, fresh] = messages_.emplace(message.id, message.incidents);
    same_id_same_message = same_id_same_message && known->second == message.incidents;
    for (const Incident& one : message.incidents) {
      arrived[one.key] = std::max(arrived[one.key], one.count);
    }
  }
  void step(bool receiver_is_there) {
    for (const NoticeRow& one : notices_) book_.note(one);
    if (book_.advance(now_)) saved_ = book_.text();
    if (chance(10)) return reload();  // before anything was sent
    for (const Message& message : book_.to_send(now_)) {
      if (receiver_is_there) receive(message);
      if (receiver_is_there && chance(20)) return reload();  // it arrived, and nobody knows
      if (receiver_is_there) book_.sent(message.id);
      if (!receiver_is_there) book_.failed(message.id, now_, "away");
    }
    saved_ = book_.text();
    if (chance(10)) reload();
  }

  std::mt19937_64 random_;
  Millis now_ = kStart;
  AlertBook book_;
  std::string saved_;
  std::vector<NoticeRow> notices_;
  std::map<std::string, std::vector<Incident>> messages_;
};

/// R47: each failure is in a message that arrived after it, and one id has one content.
TEST(AlertBookTest, WhateverCrashesEachFailureArrives) {
  for (unsigned seed = 1; seed <= test::draws(60, 600); ++seed) {
    CrashingWorld world(seed);
    world.live(60);
    world.settle(200);
    EXPECT_FALSE(world.failures.empty());
    EXPECT_EQ(world.arrived, world.failures) << "seed " << seed;
    EXPECT_TRUE(world.same_id_same_message) << "seed " << seed;
  }
}

}  // namespace
}  // namespace cordyna::alert
