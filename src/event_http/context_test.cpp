#include "event_http/context.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace cordyna::event_http {
namespace {

ProcessConfig config(std::map<std::string, std::string> context) {
  return {"tell", "http", std::move(context)};
}

TEST(HttpContext, EveryKeyHasItsPlace) {
  const auto options = options_of(config({{"url", "https://h/a"},
                                          {"method", "PUT"},
                                          {"header.X-A", "1"},
                                          {"headers", R"({"X-A":"0","X-B":"2"})"},
                                          {"secret", "whsec_Zm9v"},
                                          {"accept_status", "200-299,409"},
                                          {"timeout", "5s"},
                                          {"connect_timeout", "2s"},
                                          {"retry_wait", "10ms"},
                                          {"attempts", "7"},
                                          {"follow_redirects", "true"},
                                          {"ca_file", "/ca.pem"}}));
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->url, "https://h/a");
  EXPECT_EQ(options->method, "PUT");
  EXPECT_EQ(options->headers, (std::map<std::string, std::string>{{"X-A", "1"}, {"X-B", "2"}}));
  EXPECT_EQ(options->secret, "whsec_Zm9v");
  EXPECT_EQ(options->accept_status, "200-299,409");
  EXPECT_EQ(options->timeout, std::chrono::seconds(5));
  EXPECT_EQ(options->connect_timeout, std::chrono::seconds(2));
  EXPECT_EQ(options->retry_wait, std::chrono::milliseconds(10));
  EXPECT_EQ(options->attempts, 7);
  EXPECT_TRUE(options->follow_redirects);
  EXPECT_EQ(options->ca_file, "/ca.pem");
}

TEST(HttpContext, WhatIsWrongIsNamedWithoutWhatMayBeASecret) {
  const std::pair<const char*, const char*> rows[] = {
      {"attempts", "many"},  {"follow_redirects", "yes"},
      {"timeout", "5"},      {"headers", R"({"A":1,"B":"s3cret"})"},
      {"headers", "s3cret"}, {"uri", "x"}};
  for (const auto& [key, value] : rows) {
    const auto options = options_of(config({{"url", "https://h"}, {key, value}}));
    ASSERT_FALSE(options.has_value()) << key;
    EXPECT_EQ(options.error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(options.error().message.starts_with(std::string("process 'tell': ") + key))
        << options.error().message;
    EXPECT_EQ(options.error().message.find("s3cret"), std::string::npos);
  }
}

TEST(HttpContext, ARegistryMakesIt) {
  ProcessRegistry registry;
  ASSERT_TRUE(registry.add("http", make_http_process).has_value());
  EXPECT_TRUE(registry.make(config({{"url", "https://h/a"}})).has_value());
  const auto missing = registry.make(config({{"method", "PUT"}}));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(missing.error().message.find("process 'tell': missing \"url\""), std::string::npos);
}

}  // namespace
}  // namespace cordyna::event_http
