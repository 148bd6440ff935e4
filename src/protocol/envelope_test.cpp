#include "protocol/envelope.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cordyna::protocol {
namespace {

constexpr std::string_view kStartedText =
    R"({"specversion":"1.0","id":"m1","source":"urn:cordyna:ts:team-a/etl",)"
    R"("type":"cordyna.task.started.v1","time":"2026-11-21T07:50:00.123Z",)"
    R"("subject":"run/8F3K/load/2","session":"s1","seq":"417","more":1,)"
    R"("data":{"attempt":"run/8F3K/load/2","fence":{"epoch":3,"token":"t"},)"
    R"("where":{"host":"h","rack":7},"later":true}})";

Message good(std::string_view text, Direction from = Direction::kToCerebro) {
  auto read = read_messages(text, from);
  EXPECT_EQ(read.size(), 1U);
  const auto* bad = std::get_if<BadMessage>(read.data());
  EXPECT_EQ(bad, nullptr) << bad->code << ' ' << bad->flaws.front().at << ' '
                          << bad->flaws.front().detail;
  return std::get<Message>(read.front());
}

/// "code at: detail" of the first flaw; empty: it is a message.
std::string flaw_of_message(std::string_view text, Direction from = Direction::kToCerebro) {
  const auto read = read_messages(text, from);
  const auto* bad = std::get_if<BadMessage>(read.data());
  return bad == nullptr
             ? ""
             : bad->code + " " + bad->flaws.front().at + ": " + bad->flaws.front().detail;
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(Envelope, AMessageIsReadAndWhatNobodyKnowsIsIgnored) {
  const Message read = good(kStartedText);
  EXPECT_EQ(read.spec->kind, MessageKind::kStarted);
  EXPECT_EQ(read.head.id, "m1");
  EXPECT_EQ(read.head.source, "urn:cordyna:ts:team-a/etl");
  EXPECT_EQ(read.head.subject, "run/8F3K/load/2");
  EXPECT_EQ(read.head.session, "s1");
  EXPECT_EQ(read.head.seq, 417U);
  EXPECT_EQ(read.head.time, 1'795'247'400'123);
  EXPECT_EQ(read.data.text("attempt"), "run/8F3K/load/2");
  EXPECT_EQ(read.data.object("fence").number("epoch"), 3);
  EXPECT_EQ(read.data.object("where").text("host"), "h");
}

TEST(Envelope, WhatIsWrittenIsReadAgain) {
  const Head head{.id = "m \"2\"",
                  .source = "urn:cordyna:cerebro",
                  .subject = "run/1/a/1",
                  .session = "s",
                  .seq = 9,
                  .trace_parent = "00-a-b-01",
                  .time = 1'700'000'000'000};
  const std::string text = write_message(MessageKind::kFenced, head, R"({"attempt":"run/1/a/1"})");
  const Message read = good(text, Direction::kToServer);
  EXPECT_EQ(read.spec->kind, MessageKind::kFenced);
  EXPECT_EQ(read.head.id, head.id);
  EXPECT_EQ(read.head.seq, 9U);
  EXPECT_EQ(read.head.time, head.time);
  EXPECT_EQ(read.head.trace_parent, head.trace_parent);
  // Without what it need not have.
  const std::string small = write_message(MessageKind::kReady, {.id = "m", .source = "s"}, "{}");
  EXPECT_EQ(small, R"({"specversion":"1.0","id":"m","source":"s","type":"cordyna.server.ready.v1",)"
                   R"("datacontenttype":"application/json","data":{}})");
  EXPECT_EQ(good(small).head.seq, 0U);
}

TEST(Envelope, OfAListEachIsReadByItself) {
  const std::string text(kStartedText);
  const auto read = read_messages(
      "[" + text + ",3," + with(text, "started", "walked") + "," + with(text, "m1", "m2") + "]",
      Direction::kToCerebro);
  ASSERT_EQ(read.size(), 4U);
  EXPECT_EQ(std::get<Message>(read[0]).head.id, "m1");
  EXPECT_EQ(std::get<BadMessage>(read[1]).flaws[0].at, "#/1");
  EXPECT_EQ(std::get<BadMessage>(read[2]).code, "unknown_type");
  EXPECT_EQ(std::get<BadMessage>(read[2]).id, "m1");
  EXPECT_EQ(std::get<Message>(read[3]).head.id, "m2");
  EXPECT_TRUE(read_messages("[]", Direction::kToCerebro).empty());
}

TEST(Envelope, WhatIsWrongIsSaidWithItsPlace) {
  const std::string text(kStartedText);
  const auto flaw = [&text](std::string_view from, std::string_view to) {
    return flaw_of_message(with(text, from, to));
  };
  EXPECT_EQ(flaw(R"("specversion":"1.0")", R"("specversion":"0.3")"),
            "malformed #/specversion: must be one of 1.0, but is a string");
  EXPECT_EQ(flaw(R"("id":"m1",)", ""), "malformed #/id: is missing");
  EXPECT_EQ(flaw(R"("id":"m1")", R"("id":"")"), "malformed #/id: is empty");
  EXPECT_EQ(flaw(R"("m1")", '"' + std::string(129, 'x') + '"'),
            "malformed #/id: must be a string of at most 128 bytes, but is a string");
  for (const char* seq : {"0", "-1", "1.5", "99999999999999999999", "x", " 1"}) {
    EXPECT_EQ(flaw("\"417\"", '"' + std::string(seq) + '"').substr(0, 16), "malformed #/seq:")
        << seq;
  }
  EXPECT_EQ(flaw("2026-11-21T07:50:00.123Z", "yesterday").substr(0, 17), "malformed #/time:");
  EXPECT_EQ(flaw("cordyna.task.started.v1", "cordyna.task.invoke.v1"),
            "wrong_direction #/type: only cerebro sends this");
  EXPECT_EQ(flaw_of_message(text, Direction::kToServer),
            "wrong_direction #/type: only a task server sends this");
  EXPECT_EQ(flaw(R"("attempt":"run/8F3K/load/2",)", ""), "invalid #/data/attempt: is missing");
  EXPECT_EQ(flaw(R"("epoch":3)", R"("epoch":0)").substr(0, 29), "invalid #/data/fence/epoch: m");
  EXPECT_EQ(flaw_of_message("{").substr(0, 23), "malformed #: is no JSON");
  EXPECT_EQ(flaw_of_message("7"), "malformed #: must be an object");
}

TEST(Envelope, ItsSizeIsBounded) {
  const std::string text(kStartedText);
  const std::string large =
      with(text, R"("later":true)", R"("later":")" + std::string(kMessageMax, 'x') + '"');
  EXPECT_EQ(flaw_of_message(large), "too_large #: has more than 262144 bytes");
  EXPECT_EQ(flaw_of_message('[' + std::string(kListMax, ' ') + ']'),
            "too_large #: has more than 1048576 bytes");
  std::string many = "[{}";
  for (std::size_t i = 0; i < kBatchMax; ++i) many += ",{}";
  EXPECT_EQ(flaw_of_message(many + "]"), "too_large #: has more than 1000 messages");
  EXPECT_EQ(flaw_of_message(std::string(100'000, '[')),
            "malformed #: is nested deeper than 32 levels");
}

TEST(Envelope, AProblemTellsTheSenderWhatItWas) {
  const auto read =
      read_messages(with(std::string(kStartedText), "started", "walked"), Direction::kToCerebro);
  const std::string data = problem_data(std::get<BadMessage>(read.front()), false);
  const Message told = good(write_message(MessageKind::kProblem, {.id = "p", .source = "c"}, data),
                            Direction::kToServer);
  EXPECT_EQ(told.data.text("of"), "m1");
  EXPECT_EQ(told.data.text("code"), "unknown_type");
  EXPECT_EQ(told.data.text("path"), "#/type");
  EXPECT_FALSE(told.data.flag("fatal"));
}

TEST(MessageTable, EachTypeAndShapeIsKnownByItsName) {
  std::set<std::string_view> types;
  std::set<std::string_view> names;
  for (const shape::ObjectSpec* spec : message_objects()) {
    EXPECT_TRUE(names.insert(spec->name).second) << spec->name;
  }
  for (const MessageSpec& message : messages()) {
    EXPECT_TRUE(types.insert(message.type).second) << message.type;
    EXPECT_EQ(find_message(message.type), &message);
    EXPECT_EQ(&message_spec(message.kind), &message);
    EXPECT_TRUE(names.contains(message.data->name)) << message.type;
    EXPECT_FALSE(message.text.empty());
    EXPECT_LE(message.level, kLevelMax);
  }
  for (const shape::ObjectSpec* spec : message_objects()) {
    for (const shape::Field& field : spec->fields) {
      EXPECT_TRUE(field.ref.empty() || names.contains(field.ref)) << spec->name << field.name;
      EXPECT_EQ(field.type == shape::ValueType::kRef, field.text.empty())
          << spec->name << '.' << field.name;
    }
  }
}

}  // namespace
}  // namespace cordyna::protocol
