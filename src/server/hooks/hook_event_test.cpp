#include "server/hooks/hook_event.hpp"

#include <gtest/gtest.h>

namespace cordyna::server {
namespace {

HttpRequest request(std::string body, const std::string& type, std::string query = "") {
  HttpRequest out;
  out.method = "POST";
  out.path = "/hooks/a/b/c";
  out.query = std::move(query);
  out.body = std::move(body);
  if (!type.empty()) out.headers.push_back({"Content-Type", type});
  return out;
}

std::string payload(const HttpRequest& of) {
  auto made = payload_of(of);
  if (const auto* refused = std::get_if<Problem>(&made)) {
    return std::string(refused->code) + ": " + refused->detail;
  }
  return std::get<std::string>(made);
}

TEST(HookEvent, JsonStaysAsItCame) {
  EXPECT_EQ(payload(request(R"({"b": 1,
 "a": [2.50]})",
                            "application/json")),
            R"({"data":{"b": 1,
 "a": [2.50]},"headers":{"content-type":"application/json"},"query":{}})");
  EXPECT_EQ(
      payload(request("[1]", "application/cloudevents+json; charset=utf-8", "x=1&y=a+b&x=2")),
      R"({"data":[1],"headers":{"content-type":"application/cloudevents+json; charset=utf-8"},)"
      R"("query":{"x":["1","2"],"y":"a b"}})");
}

TEST(HookEvent, FormsTextAndNothing) {
  EXPECT_EQ(payload(request("a=1&b=%C3%A4", "application/x-www-form-urlencoded")),
            R"({"data":{"a":"1","b":"ä"},"headers":{"content-type":)"
            R"("application/x-www-form-urlencoded"},"query":{}})");
  EXPECT_EQ(payload(request("say \"hi\"\n", "")),
            R"({"data":"say \"hi\"\n","headers":{},"query":{}})");
  EXPECT_EQ(payload(request("", "application/octet-stream")),
            R"({"data":null,"headers":{"content-type":"application/octet-stream"},"query":{}})");
}

TEST(HookEvent, WhatIsWrongIsSaid) {
  EXPECT_EQ(payload(request("{", "application/json")).substr(0, 25), "bad_request: the body is ");
  EXPECT_EQ(payload(request(R"({"a":1,"a":2})", "application/json")),
            "bad_request: the body has the key 'a' twice");
  EXPECT_EQ(payload(request(std::string(100, '[') + std::string(100, ']'), "application/json")),
            "bad_request: the body is nested deeper than 32 levels");
  EXPECT_EQ(payload(request("a=%zz", "application/x-www-form-urlencoded")),
            "bad_request: the form has a broken escape, or is no UTF-8");
  EXPECT_EQ(payload(request("\xff\xfe", "text/plain")), "bad_request: the body is no UTF-8");
  EXPECT_EQ(payload(request("x", "image/png")).substr(0, 16), "unsupported_type");
  EXPECT_EQ(payload(request("", "", "a=%")).substr(0, 11), "bad_request");
}

TEST(HookEvent, WhoOneIsDoesNotGoIntoAnEvent) {
  HttpRequest with = request("", "");
  with.headers = {{"Authorization", "Bearer x"},
                  {"COOKIE", "a=b"},
                  {"X-Kind", "one"},
                  {"x-kind", "two"},
                  {"X-Odd", "\xe4"},
                  {"Content-Length", "0"},
                  {"webhook-signature", "v1,x"},
                  {"webhook-id", "msg 1"}};
  EXPECT_EQ(payload(with),
            R"({"data":null,"headers":{"webhook-id":"msg 1","x-kind":["one","two"]},"query":{}})");
}

TEST(HookEvent, Ids) {
  EXPECT_TRUE(is_event_id("msg_1 ä"));
  EXPECT_TRUE(is_event_id(std::string(255, 'a')));
  EXPECT_FALSE(is_event_id(std::string(256, 'a')));
  EXPECT_FALSE(is_event_id(""));
  EXPECT_FALSE(is_event_id("a\nb"));
  EXPECT_FALSE(is_event_id("a\x7f"));
  EXPECT_FALSE(is_event_id("\xff"));
}

}  // namespace
}  // namespace cordyna::server
