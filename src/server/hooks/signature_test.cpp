#include "server/hooks/signature.hpp"

#include <gtest/gtest.h>

namespace cordyna::server {
namespace {

// The example of the specification.
constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t kAt = 1'614'265'330;
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr Millis kTolerance = 300'000;

http::Headers headers(std::string_view signature, std::int64_t at = kAt,
                      std::string_view id = kId) {
  return {{"Webhook-Id", std::string(id)},
          {"webhook-timestamp", std::to_string(at)},
          {"webhook-signature", std::string(signature)}};
}

Verdict check(const http::Headers& given, std::vector<std::string> secrets,
              std::string_view body = kBody, Millis now = kAt * 1000) {
  return check_signature(given, body, secrets, now, kTolerance);
}

TEST(Signature, TheExampleOfTheSpecificationIsRight) {
  EXPECT_EQ(sign(kId, kAt, kBody, kSecret), kSignature);
  EXPECT_EQ(check(headers(kSignature), {std::string(kSecret)}), Verdict::kRight);
}

TEST(Signature, OnlyTheBytesThatCameAreSigned) {
  const std::vector<std::string> secret{std::string(kSecret)};
  EXPECT_EQ(check(headers(kSignature), secret, R"({"test":2432232314})"), Verdict::kWrong);
  EXPECT_EQ(check(headers(kSignature, kAt + 1), secret), Verdict::kWrong);
  EXPECT_EQ(check(headers(kSignature, kAt, "msg_other"), secret), Verdict::kWrong);
}

TEST(Signature, ItsTimeMustBeNear) {
  const std::vector<std::string> secret{std::string(kSecret)};
  const Millis at = kAt * 1000;
  EXPECT_EQ(check(headers(kSignature), secret, kBody, at + kTolerance), Verdict::kRight);
  EXPECT_EQ(check(headers(kSignature), secret, kBody, at + kTolerance + 1), Verdict::kTooOld);
  EXPECT_EQ(check(headers(kSignature), secret, kBody, at - kTolerance), Verdict::kRight);
  EXPECT_EQ(check(headers(kSignature), secret, kBody, at - kTolerance - 1), Verdict::kTooOld);
}

TEST(Signature, OneOfSeveralIsEnough) {
  const std::string good(kSignature);
  const std::vector<std::string> rotated{"whsec_bmV3LXNlY3JldC1vZi0yNC1ieXRlcyE=",
                                         std::string(kSecret)};
  EXPECT_EQ(check(headers(good), rotated), Verdict::kRight);
  EXPECT_EQ(check(headers("v1,AAAA v1a,xyz " + good), rotated), Verdict::kRight);
  EXPECT_EQ(check(headers(good), {rotated[0]}), Verdict::kWrong);
}

TEST(Signature, OtherSchemesAndMalformedOnesNeverFit) {
  const std::vector<std::string> secret{std::string(kSecret)};
  const std::string mac(kSignature.substr(3));
  for (const std::string& bad :
       {std::string(), std::string("v1,"), std::string("v1"), "v2," + mac, "V1," + mac, mac,
        "v1, " + mac, "v1," + mac.substr(0, 40), "v1," + mac + "AAAA", "sha256=" + mac}) {
    EXPECT_EQ(check(headers(bad), secret), Verdict::kWrong) << bad;
  }
}

TEST(Signature, AnEmptyOrBrokenSecretFitsNothing) {
  for (const std::string& bad : {std::string(), std::string("whsec_"), std::string("whsec_?!")}) {
    EXPECT_EQ(check(headers(sign(kId, kAt, kBody, "")), {bad}), Verdict::kWrong) << bad;
    EXPECT_EQ(check(headers(kSignature), {bad}), Verdict::kWrong) << bad;
  }
  EXPECT_EQ(check(headers(sign(kId, kAt, kBody, "plain text")), {"plain text"}), Verdict::kRight);
}

TEST(Signature, EachHeaderMustBeThereOnce) {
  const std::vector<std::string> secret{std::string(kSecret)};
  for (std::size_t left_out = 0; left_out < 3; ++left_out) {
    http::Headers some = headers(kSignature);
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(left_out));
    EXPECT_EQ(check(some, secret), Verdict::kMissing) << left_out;
    http::Headers twice = headers(kSignature);
    twice.push_back(twice[left_out]);
    EXPECT_EQ(check(twice, secret), Verdict::kMissing) << left_out;
  }
  for (const char* bad : {"", "now", "1614265330.5", "-1", "99999999999999999999", " 1614265330"}) {
    http::Headers odd = headers(kSignature);
    odd[1].value = bad;
    EXPECT_EQ(check(odd, secret), Verdict::kMissing) << bad;
  }
}

TEST(Signature, SameTextCompares) {
  EXPECT_TRUE(same_text("abc", "abc"));
  EXPECT_FALSE(same_text("abc", "abd"));
  EXPECT_FALSE(same_text("abc", "abcd"));
  EXPECT_FALSE(same_text("", "a"));
}

}  // namespace
}  // namespace cordyna::server
