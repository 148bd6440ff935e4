#include "input/kafka/records.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

kafka::Record some_record(std::optional<std::string> value) {
  return {.partition = {"orders", 2},
          .offset = 41,
          .at = 1700000000123,
          .key = "k1",
          .value = std::move(value)};
}

TEST(KafkaRecord, AsJsonKeepsEachDigit) {
  const Event event =
      event_of(some_record(R"({"n": 12345678901234567890.10})"), KafkaFormat::kJson);
  EXPECT_EQ(event.location, "orders");
  EXPECT_EQ(event.operation, Operation::kCreate);
  EXPECT_EQ(event.id, "k1");
  EXPECT_EQ(event.key, "k:orders/2/41@1700000000123");
  EXPECT_EQ(event.at.time_since_epoch().count(), 1700000000123);
  EXPECT_EQ(event.data, R"({"partition":2,"offset":41,"key":"k1","headers":{},)"
                        R"("value":{"n": 12345678901234567890.10}})");
}

TEST(KafkaRecord, AsTextAndAsBytes) {
  EXPECT_NE(
      event_of(some_record("a \"b\"\n"), KafkaFormat::kText).data.find(R"("value":"a \"b\"\n"})"),
      std::string::npos);
  for (const auto& [bytes, letters] : {std::pair<std::string, std::string>{"", ""},
                                       {"f", "Zg=="},
                                       {"fo", "Zm8="},
                                       {"foo", "Zm9v"},
                                       {std::string("\0\xff\xfe", 3), "AP/+"}}) {
    EXPECT_NE(event_of(some_record(bytes), KafkaFormat::kBytes)
                  .data.find(R"("value":")" + letters + R"("})"),
              std::string::npos)
        << letters;
  }
}

TEST(KafkaRecord, WithoutAValueIsADelete) {
  for (const KafkaFormat format : {KafkaFormat::kJson, KafkaFormat::kText, KafkaFormat::kBytes}) {
    const Event event = event_of(some_record(std::nullopt), format);
    EXPECT_EQ(event.operation, Operation::kDelete);
    EXPECT_NE(event.data.find(R"("value":null})"), std::string::npos);
  }
}

TEST(KafkaRecord, WhatIsNoJsonIsToldWithItsBytes) {
  for (const std::string value :
       {"", "{", "{} {}", R"(1},"problem":{)", "NaN", "'a'", "\"\xff\"", "\xef\xbb\xbf{}"}) {
    const Event event = event_of(some_record(value), KafkaFormat::kJson);
    EXPECT_NE(event.data.find(R"("problem":"its value is no)"), std::string::npos)
        << value << " → " << event.data;
    EXPECT_NE(event.data.find(R"("base64":")"), std::string::npos) << value;
    EXPECT_EQ(event.data.find(R"("value")"), std::string::npos) << value;
  }
  const std::string deep(200, '[');
  EXPECT_NE(
      event_of(some_record(deep + std::string(200, ']')), KafkaFormat::kJson).data.find("problem"),
      std::string::npos);
}

TEST(KafkaRecord, KeysAndHeadersOfBytesAreToldApartFromText) {
  kafka::Record record = some_record("1");
  record.key = "\xff";
  record.headers = {{"a", "x"}, {"b", "1"}, {"a", "\xfe"}, {"c", std::nullopt}};
  const Event event = event_of(record, KafkaFormat::kJson);
  EXPECT_EQ(event.id, "");
  EXPECT_NE(event.data.find(R"("key":{"base64":"/w=="})"), std::string::npos);
  EXPECT_NE(event.data.find(R"("headers":{"a":["x",{"base64":"/g=="}],"b":"1","c":null})"),
            std::string::npos)
      << event.data;
  record.key = std::nullopt;
  EXPECT_NE(event_of(record, KafkaFormat::kJson).data.find(R"("key":null)"), std::string::npos);
}

TEST(KafkaRecord, TheLongestTopicStillHasAKey) {
  kafka::Record record = some_record("1");
  record.partition.topic = std::string(249, 't');
  record.offset = 9'223'372'036'854'775'806;
  const std::string one = event_of(record, KafkaFormat::kJson).key;
  record.partition.topic.back() = 'u';
  const std::string other = event_of(record, KafkaFormat::kJson).key;
  EXPECT_LE(one.size(), kEventKeyMax);
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace cordyna::input
