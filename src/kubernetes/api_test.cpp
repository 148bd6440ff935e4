#include "kubernetes/api.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>

#include "http/server_fixture.hpp"
#include "kubernetes/json_field.hpp"

namespace cordyna::kubernetes {
namespace {

using http::answer;
using http::Reply;
using http::SeenRequest;
using http::TestServer;

Access access_to(const TestServer& server) {
  Access access;
  access.context = "prod";
  access.server = server.url("");
  access.identity.token = "t0k";
  return access;
}

TEST(ApiTest, EachRefusalHasItsFault) {
  const std::pair<int, Fault> faults[] = {{400, Fault::kInvalid},   {401, Fault::kUnknown},
                                          {403, Fault::kForbidden}, {404, Fault::kNotFound},
                                          {409, Fault::kConflict},  {410, Fault::kGone},
                                          {422, Fault::kInvalid},   {429, Fault::kBusy},
                                          {500, Fault::kBroken},    {503, Fault::kBroken}};
  for (const auto& [status, fault] : faults) {
    TestServer server([status](const SeenRequest&, int) {
      return Reply{
          answer(status, R"({"kind":"Status","message":"its words"})", "Retry-After: 3\r\n")};
    });
    Credentials credentials(access_to(server));
    Api api(credentials);
    const auto job = api.get(jobs_of("ns"), "j");
    ASSERT_FALSE(job.has_value());
    EXPECT_EQ(job.error().fault, fault) << status;
    EXPECT_EQ(job.error().message, fmt::format("the cluster prod answered {}: its words", status));
    EXPECT_EQ(job.error().retry_after, 3'000);
    EXPECT_EQ(job.error().passes(), status == 429 || status >= 500);
  }
}

TEST(ApiTest, CallsAreWhatTheApiWants) {
  TestServer server([](const SeenRequest&, int) { return Reply{answer(200, "{}")}; });
  Credentials credentials(access_to(server));
  Api api(credentials);
  EXPECT_TRUE(api.create(jobs_of("a/b"), R"({"x":1})").has_value());
  EXPECT_TRUE(api.patch(jobs_of("ns"), "j", "{}").has_value());
  EXPECT_TRUE(api.remove(jobs_of("ns"), "j", "u1", Owned::kFirst).has_value());
  EXPECT_TRUE(api.remove(pods_of("ns"), "p", "", Owned::kLater, 0).has_value());
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "POST /apis/batch/v1/namespaces/a%2Fb/jobs");
  EXPECT_EQ(*http::find_header(seen[0].headers, "authorization"), "Bearer t0k");
  EXPECT_EQ(*http::find_header(seen[1].headers, "content-type"), "application/merge-patch+json");
  EXPECT_EQ(
      seen[2].body,
      R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground","preconditions":{"uid":"u1"}})");
  EXPECT_EQ(
      seen[3].body,
      R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background","gracePeriodSeconds":0})");
}

TEST(ApiTest, WhatIsGoneOrAnotherOneNeedsNotBeRemoved) {
  for (const int status : {404, 409}) {
    TestServer server([status](const SeenRequest&, int) { return Reply{answer(status, "{}")}; });
    Credentials credentials(access_to(server));
    EXPECT_TRUE(Api(credentials).remove(jobs_of("ns"), "j", "u", Owned::kLater).has_value());
  }
}

TEST(ApiTest, AListIsReadPageByPage) {
  TestServer server([](const SeenRequest&, int number) {
    return Reply{answer(
        200, number == 0 ? R"({"metadata":{"continue":"n&x"},"items":[{"a":1}]})"
                         : R"({"metadata":{"resourceVersion":"7"},"items":[{"a":2},{"a":3}]})")};
  });
  Credentials credentials(access_to(server));
  std::int64_t sum = 0;
  const auto version =
      Api(credentials).list(pods_of("ns", "l=v"), [&](const boost::json::value& one) {
        sum += number_at(one, {"a"}).value_or(0);
      });
  EXPECT_EQ(version.value(), "7");
  EXPECT_EQ(sum, 6);
  EXPECT_TRUE(server.seen()[1].target.ends_with("labelSelector=l%3Dv&continue=n%26x"));
}

TEST(ApiTest, AWatchTellsEachChangeAndGoesOnWhereItEnded) {
  const std::string changes =
      R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"8","name":"a"}}})"
      "\n"
      R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})"
      "\n"
      R"({"type":"DELETED","object":{"metadata":{"resourceVersion":"10","name":"a"}}})"
      "\n";
  TestServer server([&](const SeenRequest&, int number) {
    if (number == 0) return Reply{answer(200, changes)};
    return Reply{answer(200, R"({"type":"ERROR","object":{"code":410,"message":"too old"}})"
                             "\n")};
  });
  Credentials credentials(access_to(server));
  Api api(credentials);
  std::string version = "7";
  std::string told;
  const auto sink = [&](std::string_view type, const boost::json::value& object) {
    told += fmt::format("{} {},", type, text_at(object, {"metadata", "name"}));
  };
  EXPECT_TRUE(api.watch(jobs_of("ns"), version, sink).has_value());
  EXPECT_EQ(told, "ADDED a,DELETED a,");
  EXPECT_EQ(version, "10");
  EXPECT_EQ(api.watch(jobs_of("ns"), version, sink).error().fault, Fault::kGone);
  EXPECT_NE(server.seen()[1].target.find("resourceVersion=10&"), std::string::npos);
}

TEST(ApiTest, AnswersThatMakeNoSenseAreErrors) {
  for (const char* body : {"no JSON\n", "{}\n", "[1]\n"}) {
    TestServer server([body](const SeenRequest&, int) { return Reply{answer(200, body)}; });
    Credentials credentials(access_to(server));
    Api api(credentials);
    std::string version = "7";
    EXPECT_FALSE(api.watch(jobs_of("ns"), version, [](auto, auto&) {}).has_value()) << body;
    EXPECT_FALSE(api.list(jobs_of("ns"), [](auto&) {}).has_value()) << body;
  }
}

TEST(ApiTest, OutputComesLineByLineUntilItIsEnough) {
  TestServer server([](const SeenRequest&, int) { return Reply{answer(200, "a\nb\nc")}; });
  Credentials credentials(access_to(server));
  Api api(credentials);
  std::string told;
  EXPECT_TRUE(api.output("ns", "p", "task", "2026-12-01T10:00:00Z",
                         [&](std::string_view line) {
                           told += line;
                           return true;
                         })
                  .has_value());
  EXPECT_EQ(told, "abc");
  EXPECT_TRUE(
      api.output("ns", "p", "task", "", [](std::string_view) { return false; }).has_value());
  EXPECT_EQ(server.seen()[0].target,
            "/api/v1/namespaces/ns/pods/p/"
            "log?container=task&timestamps=true&sinceTime=2026-12-01T10%3A00%3A00Z");
}

TEST(ApiTest, AClusterThatIsAwayIsNoRefusal) {
  Access access;
  access.context = "prod";
  access.server = "http://127.0.0.1:1";
  Credentials credentials(access);
  const auto job = Api(credentials).get(jobs_of("ns"), "j");
  EXPECT_EQ(job.error().fault, Fault::kAway);
  EXPECT_TRUE(job.error().message.starts_with("the cluster prod: ")) << job.error().message;
}

TEST(ApiTest, ACertificateThatItsCaDidNotSignIsNotTrusted) {
  const http::TestIdentity identity("127.0.0.1");
  TestServer server([](const SeenRequest&, int) { return Reply{answer(200, "{}")}; }, &identity);
  Credentials credentials(access_to(server));
  EXPECT_EQ(Api(credentials).get(jobs_of("ns"), "j").error().fault, Fault::kUntrusted);
  EXPECT_TRUE(server.seen().empty());
}

TEST(ApiTest, ACallEndsWhenItIsTo) {
  TestServer server(
      [](const SeenRequest&, int) { return Reply{"HTTP/1.1 200 OK\r\n", Reply::End::kHang}; });
  Credentials credentials(access_to(server));
  const int end = ::eventfd(1, EFD_CLOEXEC);
  Api api(credentials, end);
  EXPECT_EQ(api.get(jobs_of("ns"), "j").error().fault, Fault::kCancelled);
  ::close(end);
}

}  // namespace
}  // namespace cordyna::kubernetes
