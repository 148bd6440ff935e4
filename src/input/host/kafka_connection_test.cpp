#include "input/host/kafka_connection.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

TEST(KafkaConnection, TlsAndPasswordBecomeSettings) {
  KafkaOptions options;
  const auto done = connect_kafka(
      R"({"type":"kafka","brokers":["a:9092","b"],"tls":true,"ca_file":"ca.pem","user":"u",)"
      R"("password":{"secret":"P"}})",
      "hunter2", options);
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(options.brokers, "a:9092,b");
  const std::map<std::string, std::string> wanted{
      {"security.protocol", "sasl_ssl"},
      {"sasl.mechanism", "SCRAM-SHA-512"},
      {"sasl.username", "u"},
      {"sasl.password", "hunter2"},
      {"ssl.ca.location", "ca.pem"},
  };
  EXPECT_EQ(options.settings, wanted);
}

TEST(KafkaConnection, WithoutTheseItIsPlain) {
  KafkaOptions options;
  ASSERT_TRUE(connect_kafka(R"({"brokers":["a"]})", "", options).has_value());
  EXPECT_EQ(options.settings,
            (std::map<std::string, std::string>{{"security.protocol", "plaintext"}}));
  KafkaOptions known;
  ASSERT_TRUE(
      connect_kafka(R"({"brokers":["a"],"user":"u","mechanism":"scram-sha-256"})", "p", known)
          .has_value());
  EXPECT_EQ(known.settings["security.protocol"], "sasl_plaintext");
  EXPECT_EQ(known.settings["sasl.mechanism"], "SCRAM-SHA-256");
}

TEST(KafkaConnection, AnotherConnectionIsRefused) {
  for (const char* text : {"", "[]", R"({"type":"postgres"})", R"({"brokers":"a"})"}) {
    KafkaOptions options;
    EXPECT_EQ(connect_kafka(text, "", options).error().code, ErrorCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace cordyna::input
