#include "input/webhook/body.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

server::HttpRequest request(std::string body, http::Headers headers = {}) {
  if (http::find_header(headers, "Content-Type") == nullptr) {
    headers.push_back({"Content-Type", "application/json"});
  }
  return {.method = "POST",
          .path = "/orders",
          .query = "a=1",
          .headers = std::move(headers),
          .body = std::move(body),
          .address = "127.0.0.1"};
}

TEST(WebhookBody, AnEventComesAsItWasSent) {
  const Event sent{.location = "sales.orders",
                   .operation = Operation::kUpdate,
                   .id = "7",
                   .trigger = "theirs",
                   .at = EventTime(std::chrono::milliseconds(1'700'000'000'123)),
                   .data = R"({"n":1.50})",
                   .key = "k7"};
  EXPECT_EQ(event_of(request(to_json(sent)), WebhookFormat::kEvent, false), sent);
}

TEST(WebhookBody, TheKeyIsTheOneOfTheRequestAndOnlyWhatIsProvenCounts) {
  const std::string body = R"({"location":"x","key":"own"})";
  const auto key = [&body](http::Headers headers, bool is_signed) {
    return event_of(request(body, std::move(headers)), WebhookFormat::kEvent, is_signed)->key;
  };
  EXPECT_EQ(key({}, false), "own");
  EXPECT_EQ(key({{"Idempotency-Key", "i"}}, false), "i");
  EXPECT_EQ(key({{"idempotency-key", "i"}, {"Webhook-Id", "w"}}, false), "w");
  EXPECT_EQ(key({{"Idempotency-Key", "i"}, {"webhook-id", "w"}}, true), "w");
  EXPECT_EQ(key({{"Idempotency-Key", ""}}, false), "own");
}

TEST(WebhookBody, AKeyThatIsTooLongIsItsDigest) {
  const auto event =
      event_of(request(R"({"location":"x"})", {{"webhook-id", std::string(251, 'k')}}),
               WebhookFormat::kEvent, false);
  EXPECT_TRUE(event->key.starts_with("sha256:")) << event->key;
  EXPECT_EQ(event->key.size(), 71U);
}

TEST(WebhookBody, AnythingElseIsDataWithWhatCameBesides) {
  const auto event = event_of(
      request("{\"b\": [2.50]}\n", {{"X-Kind", "push"},
                                    {"x-kind", "again"},
                                    {"Authorization", "no"},
                                    {"Content-Type", "application/cloudevents+json; charset=utf-8"},
                                    {"webhook-id", "w"}}),
      WebhookFormat::kBody, false);
  ASSERT_TRUE(event.has_value()) << event.error().detail;
  EXPECT_EQ(event->location, "/orders");
  EXPECT_EQ(event->operation, Operation::kCreate);
  EXPECT_EQ(event->key, "w");
  EXPECT_EQ(
      event->data,
      "{\"body\":{\"b\": [2.50]}\n,\"headers\":{\"content-type\":"
      "\"application/cloudevents+json; charset=utf-8\",\"webhook-id\":\"w\",\"x-kind\":\"push, "
      "again\"},\"query\":\"a=1\"}");
}

TEST(WebhookBody, WhatIsNoneSaysWhy) {
  const auto refusal = [](const server::HttpRequest& sent, WebhookFormat format) {
    const auto event = event_of(sent, format, false);
    return event.has_value() ? std::string("taken")
                             : std::to_string(event.error().status) + " " + event.error().detail;
  };
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "", "json+json"}) {
    EXPECT_EQ(refusal(request("{}", {{"Content-Type", type}}), WebhookFormat::kBody).substr(0, 3),
              "415")
        << type;
  }
  EXPECT_EQ(refusal(request("\"\xff\""), WebhookFormat::kBody), "400 the body is no UTF-8");
  // Nothing that ends its place in the event, and goes on as more of it.
  for (const char* body : {"", "{", "1,\"body\":2", "1}", "{} {}"}) {
    EXPECT_EQ(refusal(request(body), WebhookFormat::kBody).substr(0, 24),
              "400 the body is no JSON:")
        << body;
  }
  EXPECT_EQ(refusal(request("{}"), WebhookFormat::kEvent), "400 event: 'location' is missing");
  EXPECT_EQ(refusal(request("[1]"), WebhookFormat::kEvent).substr(0, 11), "400 event: ");
}

}  // namespace
}  // namespace cordyna::input
