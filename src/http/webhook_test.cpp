#include "http/webhook.hpp"

#include <gtest/gtest.h>

#include "http/digest.hpp"

namespace cordyna::http {
namespace {

// The example of the specification.
constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t kAt = 1'614'265'330;
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr Millis kTolerance = 300'000;

TEST(Webhook, IsSignedAsTheStandardSays) {
  Request request;
  request.body = kBody;
  const auto key = webhook_key(kSecret);
  ASSERT_TRUE(key.has_value());
  sign_webhook(request, std::string(kId), kAt, *key);
  EXPECT_EQ(*find_header(request.headers, "webhook-id"), kId);
  EXPECT_EQ(*find_header(request.headers, "webhook-timestamp"), "1614265330");
  EXPECT_EQ(*find_header(request.headers, "webhook-signature"), kSignature);
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

/// "v1,…" of the example's id, time and body.
std::string sign(std::string_view key) {
  Request request;
  request.body = kBody;
  sign_webhook(request, std::string(kId), kAt, key);
  return *find_header(request.headers, kWebhookSignature);
}

Headers headers(std::string_view signature, std::int64_t at = kAt, std::string_view id = kId) {
  return {{"Webhook-Id", std::string(id)},
          {"webhook-timestamp", std::to_string(at)},
          {"webhook-signature", std::string(signature)}};
}

WebhookVerdict check(const Headers& given, std::vector<std::string> secrets,
                     std::string_view body = kBody, Millis now = kAt * 1000) {
  return check_webhook(given, body, secrets, now, kTolerance);
}

TEST(WebhookCheck, TheExampleOfTheSpecificationIsRight) {
  EXPECT_EQ(check(headers(kSignature), {std::string(kSecret)}), WebhookVerdict::kRight);
}

TEST(WebhookCheck, OnlyTheBytesThatCameAreSigned) {
  const std::vector<std::string> secret{std::string(kSecret)};
  EXPECT_EQ(check(headers(kSignature), secret, R"({"test":2432232314})"), WebhookVerdict::kWrong);
  EXPECT_EQ(check(headers(kSignature, kAt + 1), secret), WebhookVerdict::kWrong);
  EXPECT_EQ(check(headers(kSignature, kAt, "msg_other"), secret), WebhookVerdict::kWrong);
}

TEST(WebhookCheck, ItsTimeMustBeNear) {
  const std::vector<std::string> secret{std::string(kSecret)};
  const Millis at = kAt * 1000;
  EXPECT_EQ(check(headers(kSignature), secret, kBody, at + kTolerance), WebhookVerdict::kRight);
  EXPECT_EQ(check(headers(kSignature), secret, kBody, at + kTolerance + 1),
            WebhookVerdict::kTooOld);
  EXPECT_EQ(check(headers(kSignature), secret, kBody, at - kTolerance), WebhookVerdict::kRight);
  EXPECT_EQ(check(headers(kSignature), secret, kBody, at - kTolerance - 1),
            WebhookVerdict::kTooOld);
}

TEST(WebhookCheck, OneOfSeveralIsEnough) {
  const std::string good(kSignature);
  const std::vector<std::string> rotated{"whsec_bmV3LXNlY3JldC1vZi0yNC1ieXRlcyE=",
                                         std::string(kSecret)};
  EXPECT_EQ(check(headers(good), rotated), WebhookVerdict::kRight);
  EXPECT_EQ(check(headers("v1,AAAA v1a,xyz " + good), rotated), WebhookVerdict::kRight);
  EXPECT_EQ(check(headers(good), {rotated[0]}), WebhookVerdict::kWrong);
}

TEST(WebhookCheck, OtherSchemesAndMalformedOnesNeverFit) {
  const std::vector<std::string> secret{std::string(kSecret)};
  const std::string mac(kSignature.substr(3));
  for (const std::string& bad :
       {std::string(), std::string("v1,"), std::string("v1"), "v2," + mac, "V1," + mac, mac,
        "v1, " + mac, "v1," + mac.substr(0, 40), "v1," + mac + "AAAA", "sha256=" + mac}) {
    EXPECT_EQ(check(headers(bad), secret), WebhookVerdict::kWrong) << bad;
  }
}

TEST(WebhookCheck, AnEmptyOrBrokenSecretFitsNothing) {
  for (const std::string& bad : {std::string(), std::string("whsec_"), std::string("whsec_?!")}) {
    EXPECT_EQ(check(headers(sign("")), {bad}), WebhookVerdict::kWrong) << bad;
    EXPECT_EQ(check(headers(kSignature), {bad}), WebhookVerdict::kWrong) << bad;
  }
  EXPECT_EQ(check(headers(sign("plain text")), {"plain text"}), WebhookVerdict::kRight);
}

TEST(WebhookCheck, EachHeaderMustBeThereOnce) {
  const std::vector<std::string> secret{std::string(kSecret)};
  for (std::size_t left_out = 0; left_out < 3; ++left_out) {
    Headers some = headers(kSignature);
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(left_out));
    EXPECT_EQ(check(some, secret), WebhookVerdict::kMissing) << left_out;
    Headers twice = headers(kSignature);
    twice.push_back(twice[left_out]);
    EXPECT_EQ(check(twice, secret), WebhookVerdict::kMissing) << left_out;
  }
  for (const char* bad : {"", "now", "1614265330.5", "-1", "99999999999999999999", " 1614265330"}) {
    Headers odd = headers(kSignature);
    odd[1].value = bad;
    EXPECT_EQ(check(odd, secret), WebhookVerdict::kMissing) << bad;
  }
}

TEST(Digest, TextsAreComparedWhole) {
  EXPECT_TRUE(same_text("abc", "abc"));
  EXPECT_FALSE(same_text("abc", "abd"));
  EXPECT_FALSE(same_text("abc", "abcd"));
  EXPECT_FALSE(same_text("", "a"));
}

}  // namespace
}  // namespace cordyna::http
