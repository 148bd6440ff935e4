#include "server/tasks/hearing.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

namespace cordyna::server {
namespace {

using network::LinkNo;

/// A list of so many messages; what they are does not matter here.
std::string list_of(int count) {
  std::string out = "[";
  for (int at = 0; at < count; ++at) out += at > 0 ? ",{}" : "{}";
  return out + "]";
}

class HearingTest : public ::testing::Test {
 protected:
  void say(const std::string& caller, LinkNo link, int count) {
    hearing_.say(caller, {link, list_of(count), [this, link] { done_.push_back(link); }});
  }
  void hear(Hearing& hearing) {
    hearing.hear(
        now_, [this](LinkNo link, const auto& piece) { heard_.emplace_back(link, piece.size()); },
        [this](LinkNo link) { closed_.push_back(link); });
  }
  void hear() { hear(hearing_); }
  [[nodiscard]] std::size_t heard_of(LinkNo link) const {
    std::size_t sum = 0;
    for (const auto& [no, count] : heard_) sum += no == link ? count : 0;
    return sum;
  }

  Hearing hearing_{0};
  Millis now_ = 1'000;
  std::vector<std::pair<LinkNo, std::size_t>> heard_;
  std::vector<LinkNo> done_;
  std::vector<LinkNo> closed_;
};

TEST_F(HearingTest, NobodyHasSaidAnything) {
  hear();
  EXPECT_TRUE(heard_.empty());
  EXPECT_EQ(hearing_.next(now_), std::nullopt);
}

// S36: however much one says, another waits for no more than a piece of it.
TEST_F(HearingTest, CallersAreHeardInTurnAPieceAtATime) {
  for (int frame = 0; frame < 3; ++frame) say("loud", 1, 1000);
  say("loud", 2, 1000);  // another session of it
  say("quiet", 3, 1);
  hear();
  EXPECT_EQ(heard_of(1), 50U);
  EXPECT_EQ(heard_of(2), 0U);
  EXPECT_EQ(heard_of(3), 1U);
  EXPECT_EQ(done_, (std::vector<LinkNo>{3}));
  EXPECT_EQ(hearing_.next(now_), now_);
  for (int turn = 0; turn < 79; ++turn) hear();
  EXPECT_EQ(heard_of(1), 3000U);
  EXPECT_EQ(heard_of(2), 1000U);
  EXPECT_EQ(done_, (std::vector<LinkNo>{3, 1, 1, 1, 2}));
  EXPECT_EQ(hearing_.next(now_), std::nullopt);
}

TEST_F(HearingTest, WhatIsMoreThanAllowedWaits) {
  Hearing hearing(1000);
  hearing.say("loud", {1, list_of(1000), {}});
  for (int turn = 0; turn < 10; ++turn) hear(hearing);
  EXPECT_EQ(heard_of(1), 100U);  // a tenth of what it may say in a second
  EXPECT_EQ(hearing.waiting(), (std::vector<LinkNo>{1}));
  EXPECT_EQ(hearing.next(now_), now_ + 1);
  const Millis begun = now_;
  while (heard_of(1) < 1000) {
    now_ = *hearing.next(now_);
    hear(hearing);
  }
  EXPECT_GE(now_ - begun, 850);  // the last piece begins when there is room for one message
  EXPECT_LE(now_ - begun, 950);
  EXPECT_EQ(hearing.next(now_), std::nullopt);
  EXPECT_TRUE(hearing.waiting().empty());
}

TEST_F(HearingTest, OneThatIsOverItsRateKeepsNobodyElseWaiting) {
  Hearing hearing(10);
  hearing.say("loud", {1, list_of(50), {}});
  hearing.say("loud", {1, list_of(50), {}});
  hear(hearing);
  hearing.say("quiet", {2, list_of(2), {}});
  EXPECT_EQ(hearing.next(now_), now_);
  hear(hearing);
  EXPECT_EQ(heard_of(1), 50U);
  EXPECT_EQ(heard_of(2), 2U);
  EXPECT_GT(hearing.next(now_).value_or(0), now_ + 3'900);
}

TEST_F(HearingTest, AnEndComesAfterWhatWasSaidBefore) {
  say("a", 1, 60);
  hearing_.say("a", {1});
  hear();
  EXPECT_TRUE(closed_.empty());
  EXPECT_EQ(hearing_.waiting(), (std::vector<LinkNo>{1}));
  hear();
  hear();
  EXPECT_EQ(heard_of(1), 60U);
  EXPECT_EQ(closed_, (std::vector<LinkNo>{1}));
}

TEST_F(HearingTest, WhatIsNoListIsTakenAsOne) {
  hearing_.say("a", {1, "", {}});
  hearing_.say("a", {1, "[]", [this] { done_.push_back(1); }});
  hear();
  EXPECT_EQ(heard_, (std::vector<std::pair<LinkNo, std::size_t>>{{1, 1}}));  // a BadMessage
  hear();
  EXPECT_EQ(done_, (std::vector<LinkNo>{1}));
  EXPECT_TRUE(closed_.empty());
}

}  // namespace
}  // namespace cordyna::server
