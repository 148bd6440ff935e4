#include <gtest/gtest.h>

#include "cordyna/kafka.hpp"

namespace cordyna {
namespace {

KafkaOptions some_options() {
  KafkaOptions options;
  options.brokers = "localhost:9092";
  options.topics = {"orders"};
  return options;
}

std::string refusal(const KafkaOptions& options) {
  const auto made = kafka_input("orders", options);
  if (made.has_value()) return {};
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  return made.error().message;
}

TEST(KafkaInput, WhatItCannotListenToIsRefused) {
  EXPECT_EQ(refusal(some_options()), "");
  KafkaOptions options = some_options();
  options.topics = {};
  EXPECT_EQ(refusal(options), "input 'orders': no topic is named");
  options.topics = {std::string(250, 't')};
  EXPECT_EQ(refusal(options),
            "input 'orders': the name of a topic has 1 to 249 characters, not 250");
  options = some_options();
  options.brokers = "";
  EXPECT_EQ(refusal(options), "a Kafka input has no brokers: give at least one as HOST:PORT");
  options = some_options();
  options.operations = {Operation::kUpdate};
  EXPECT_EQ(refusal(options),
            "input 'orders': the operations of records are create and delete; not update");
  options = some_options();
  options.settings = {{"group.id", "x"}};
  EXPECT_EQ(refusal(options),
            "the setting 'group.id' of Kafka cannot be changed: the group is given beside it");
}

TEST(KafkaInput, AConnectionStringNamesBrokersAndTopics) {
  EXPECT_TRUE(
      make_kafka_input({.name = "o", .type = "kafka", .connection_string = "a:1,b:2/orders,x"})
          .has_value());
  for (const char* text : {"", "a:1", "a:1/"}) {
    const auto made = make_kafka_input({.name = "o", .type = "kafka", .connection_string = text});
    ASSERT_FALSE(made.has_value()) << text;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace cordyna
