#include "conformance/judges.hpp"

#include <gtest/gtest.h>

#include <variant>

#include "protocol/envelope.hpp"

namespace cordyna::conformance {
namespace {

using protocol::MessageKind;

constexpr auto kSource = "urn:cordyna:ts:team/one";

/// A record that is written message by message.
class Story {
 public:
  Story& sent(MessageKind kind, const std::string& data) {
    return add(Sort::kSent, kind, {"c" + std::to_string(record_.size()), "urn:cordyna:cerebro"},
               data);
  }
  Story& welcome(const std::string& session = "s1") {
    seq_ = 0;
    session_ = session;
    ++link_;
    return sent(MessageKind::kWelcome,
                R"({"protocol":1,"session":")" + session +
                    R"(","epoch":1,"heartbeat_s":1,"lease_s":3,"message_max":1000,)"
                    R"("want_declaration":false})");
  }
  Story& invoke(const std::string& attempt) {
    return sent(MessageKind::kInvoke,
                R"({"attempt":")" + attempt +
                    R"(","run":"r","task":"t","fence":{"epoch":1,"token":"f"},"revision":1,)"
                    R"("idempotency_key":"k","inputs":{},"upstream":[],)"
                    R"("trigger":{"kind":"manual"},)"
                    R"("deadlines":{"acknowledge":1,"start":1,"complete":1}})");
  }
  Story& receipt(const std::string& id) {
    return sent(MessageKind::kReceipt, R"({"ids":[")" + id + R"("]})");
  }
  Story& said(MessageKind kind, const std::string& id, const std::string& attempt,
              const std::string& more = {}) {
    std::string data = R"({"attempt":")" + attempt + R"(","fence":{"epoch":1,"token":"f"})";
    if (kind == MessageKind::kCancelled) data += R"(,"was_running":true)";
    if (kind == MessageKind::kRejected) data += R"(,"code":"no_slot","message":"full")";
    if (kind == MessageKind::kLog) data += R"(,"offset":0,"lines":[])";
    return add(Sort::kCame, kind, {id, kSource, attempt, session_, ++seq_}, data + more + "}");
  }
  Entry& last() { return record_.back(); }
  [[nodiscard]] const Record& record() const { return record_; }

 private:
  Story& add(Sort sort, MessageKind kind, const protocol::Head& head, const std::string& data) {
    const auto read = protocol::read_messages(
        protocol::write_message(kind, head, data),
        sort == Sort::kSent ? protocol::Direction::kToServer : protocol::Direction::kToCerebro);
    const auto* message = std::get_if<protocol::Message>(&read.front());
    EXPECT_NE(message, nullptr) << data;
    if (message == nullptr) return *this;
    record_.push_back({.sort = sort,
                       .index = record_.size(),
                       .link = link_,
                       .kind = kind,
                       .head = message->head,
                       .data = message->data,
                       .text = {}});
    return *this;
  }

  Record record_;
  std::string session_;
  std::uint64_t seq_ = 0;
  std::size_t link_ = 0;
};

Story usual() {
  Story story;
  story.welcome().invoke("a");
  story.said(MessageKind::kQueued, "1", "a").said(MessageKind::kStarted, "2", "a");
  return story;
}

std::string seen(const std::optional<Finding>& found) {
  return found.has_value() ? found->seen : "nothing";
}

TEST(JudgesTest, WhatIsRightBreaksNothing) {
  Story story = usual();
  story.said(MessageKind::kCompleted, "3", "a");
  story.welcome("s2").said(MessageKind::kQueued, "1", "a").said(MessageKind::kCompleted, "3", "a");
  for (const Judge judge :
       {judge_messages, judge_source, judge_seq, judge_ids, judge_order, judge_fence}) {
    EXPECT_EQ(judge(story.record(), kSource), std::nullopt);
  }
}

TEST(JudgesTest, WhatIsNoMessageIsToldAsItIs) {
  Record record{{.sort = Sort::kBad, .text = "is no JSON"}};
  EXPECT_EQ(seen(judge_messages(record, kSource)), "is no JSON");
}

TEST(JudgesTest, SourceAndSubject) {
  Story story = usual();
  EXPECT_EQ(judge_source(story.record(), "urn:cordyna:ts:team/two")->right,
            "source is \"urn:cordyna:ts:team/two\"");
  story.last().head.subject = "b";
  EXPECT_EQ(seen(judge_source(story.record(), kSource)), "task.started of a with subject \"b\"");
}

TEST(JudgesTest, SeqHasNoGapsAndBeginsAnew) {
  Story story = usual();
  story.last().head.seq = 3;
  EXPECT_EQ(seen(judge_seq(story.record(), kSource)), "task.started with seq 3 after 1");
  Story other = usual();
  other.welcome("s2").said(MessageKind::kQueued, "1", "a");
  other.last().head.seq = 3;
  EXPECT_EQ(seen(judge_seq(other.record(), kSource)), "task.queued with seq 3 after 0");
  other.last().head.session = "s1";
  EXPECT_EQ(seen(judge_seq(other.record(), kSource)), "task.queued with session \"s1\"");
}

TEST(JudgesTest, WhatIsSentAgainKeepsItsId) {
  Story story = usual();
  story.said(MessageKind::kCompleted, "3", "a").said(MessageKind::kCompleted, "4", "a");
  EXPECT_EQ(seen(judge_ids(story.record(), kSource)), "task.completed of a has the ids 3 and 4");
  Story receipted = usual();
  receipted.said(MessageKind::kCompleted, "3", "a").receipt("3");
  receipted.said(MessageKind::kCompleted, "4", "a");
  EXPECT_EQ(judge_ids(receipted.record(), kSource), std::nullopt);
}

TEST(JudgesTest, AnIdIsOfOneMessage) {
  Story story = usual();
  story.said(MessageKind::kCompleted, "1", "a");
  EXPECT_EQ(seen(judge_ids(story.record(), kSource)),
            "id 1 is of task.queued and of task.completed");
}

TEST(JudgesTest, AnAttemptGoesForward) {
  Story back = usual();
  back.said(MessageKind::kQueued, "3", "a");
  EXPECT_EQ(seen(judge_order(back.record(), kSource)), "task.queued of a after task.started");
  Story late = usual();
  late.said(MessageKind::kCompleted, "3", "a").said(MessageKind::kLog, "4", "a");
  EXPECT_EQ(seen(judge_order(late.record(), kSource)), "task.log of a after task.completed");
  Story rejected;
  rejected.welcome().said(MessageKind::kRejected, "1", "a").said(MessageKind::kQueued, "2", "a");
  EXPECT_EQ(judge_order(rejected.record(), kSource), std::nullopt);
}

TEST(JudgesTest, TheFenceIsThatOfTheInvoke) {
  Story story;
  story.welcome().invoke("b").said(MessageKind::kQueued, "1", "b");
  EXPECT_EQ(judge_fence(story.record(), kSource), std::nullopt);
  Story other;
  other.welcome().sent(MessageKind::kInvoke,
                       R"({"attempt":"b","run":"r","task":"t","fence":{"epoch":2,"token":"g"},)"
                       R"("revision":1,"idempotency_key":"k","inputs":{},"upstream":[],)"
                       R"("trigger":{"kind":"manual"},)"
                       R"("deadlines":{"acknowledge":1,"start":1,"complete":1}})");
  other.said(MessageKind::kQueued, "1", "b");
  EXPECT_EQ(seen(judge_fence(other.record(), kSource)), "task.queued of b with the fence 1:f");
}

}  // namespace
}  // namespace cordyna::conformance
