#include "kafka/settings.hpp"

#include <gtest/gtest.h>

namespace cordyna::kafka {
namespace {

ConsumerPlan some_plan() {
  return {.brokers = "a:9092", .group = "g", .member = "m", .more = {}};
}

TEST(KafkaSettings, UsersChangeWhatIsTheirs) {
  ConsumerPlan plan = some_plan();
  plan.more = {{"security.protocol", "ssl"}, {"session.timeout.ms", "30000"}};
  const auto settings = settings_of(plan);
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->at("bootstrap.servers"), "a:9092");
  EXPECT_EQ(settings->at("group.id"), "g");
  EXPECT_EQ(settings->at("group.instance.id"), "m");
  EXPECT_EQ(settings->at("security.protocol"), "ssl");
  EXPECT_EQ(settings->at("ssl.endpoint.identification.algorithm"), "https");
  EXPECT_EQ(settings->at("session.timeout.ms"), "30000");
  EXPECT_EQ(settings->at("enable.auto.commit"), "false");
  EXPECT_EQ(settings->at("auto.offset.reset"), "error");
}

TEST(KafkaSettings, WhatThePromisesStandOnIsRefused) {
  for (const char* name : {"enable.auto.commit", "auto.offset.reset", "group.id",
                           "bootstrap.servers", "plugin.library.paths"}) {
    ConsumerPlan plan = some_plan();
    plan.more = {{name, "x"}};
    const auto settings = settings_of(plan);
    ASSERT_FALSE(settings.has_value()) << name;
    EXPECT_EQ(settings.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(settings.error().message.find(name), std::string::npos) << settings.error().message;
  }
}

TEST(KafkaSettings, WithoutBrokersOrGroupNothingIsRead) {
  ConsumerPlan nowhere = some_plan();
  nowhere.brokers.clear();
  EXPECT_EQ(settings_of(nowhere).error().code, ErrorCode::kInvalidArgument);
  ConsumerPlan nobody = some_plan();
  nobody.group.clear();
  EXPECT_EQ(settings_of(nobody).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cordyna::kafka
