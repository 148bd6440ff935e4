#include "http/webhook.hpp"

#include <gtest/gtest.h>

namespace cordyna::http {
namespace {

TEST(Webhook, IsSignedAsTheStandardSays) {
  Request request;
  request.body = R"({"test": 2432232314})";
  const auto key = webhook_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key.has_value());
  sign_webhook(request, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330, *key);
  EXPECT_EQ(*find_header(request.headers, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
  EXPECT_EQ(*find_header(request.headers, "webhook-timestamp"), "1614265330");
  EXPECT_EQ(*find_header(request.headers, "webhook-signature"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  // Once more: replaced, not added.
  sign_webhook(request, "b", 7, *key);
  EXPECT_EQ(request.headers.size(), 3U);
}

TEST(Webhook, AKeyIsBase64BehindItsPrefixOrTheBytesThemselves) {
  EXPECT_EQ(webhook_key("plain words").value(), "plain words");
  EXPECT_EQ(webhook_key("whsec_Zm9v").value(), "foo");
  for (const char* secret : {"", "whsec_", "whsec_no base64", "whsec_Zm9"}) {
    const auto key = webhook_key(secret);
    ASSERT_FALSE(key.has_value()) << secret;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(key.error().message.find("no base64"), std::string::npos);
  }
}

TEST(Webhook, AnIdHasNoDotAndNothingThatAHeaderCannotHold) {
  EXPECT_EQ(message_id("orders/a-1:2"), "orders/a-1:2");
  EXPECT_EQ(message_id("a.b c\r\nü"), "a%2Eb%20c%0D%0A%C3%BC");
}

}  // namespace
}  // namespace cordyna::http
