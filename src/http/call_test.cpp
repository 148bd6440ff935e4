#include "http/call.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/server_fixture.hpp"

namespace cordyna::http {
namespace {

CallSpec spec_for(const TestServer& server, const std::string& target = "/a?key=hidden") {
  CallSpec spec;
  spec.request.method = "POST";
  spec.request.url = *parse_url(server.url(target));
  spec.request.headers = {{"Authorization", "Bearer t"}, {"Content-Type", "text/plain"}};
  spec.request.body = "hello";
  spec.client.environment = [](const char*) { return std::string(); };
  return spec;
}

Reply moved_to(const std::string& where, int status = 302) {
  return {answer(status, "", fmt::format("Location: {}\r\n", where))};
}

const std::string* sent(const SeenRequest& request, std::string_view name) {
  return find_header(request.headers, name);
}

/// Takes all, and knows what it was asked.
class Kept final : public BodyTaker {
 public:
  Result<> begin(const Response& head) override {
    status = head.status;
    return {};
  }
  Result<> take(std::string_view piece) override {
    body += piece;
    return {};
  }
  int status = 0;
  std::string body;
};

TEST(Call, BringsTheAnswerOfAnAcceptedStatus) {
  const TestServer server([](const SeenRequest&, int) { return Reply{answer(204, "")}; });
  const auto called = call(spec_for(server));
  ASSERT_TRUE(called.has_value()) << called.error().error.message;
  EXPECT_EQ(called->response.status, 204);
  EXPECT_EQ(server.seen().at(0).method, "POST");
  EXPECT_EQ(server.seen().at(0).body, "hello");
}

TEST(Call, WhatIsNotAcceptedFailsWithItsStatusAndWhatTheServerAsksFor) {
  const TestServer server([](const SeenRequest&, int number) {
    return Reply{answer(number == 0 ? 503 : 200, "busy", "Retry-After: 7\r\n")};
  });
  CallSpec spec = spec_for(server);
  auto called = call(spec);
  ASSERT_FALSE(called.has_value());
  EXPECT_EQ(called.error().status, 503);
  EXPECT_EQ(called.error().retry_after, 7'000);
  EXPECT_EQ(called.error().error.code, ErrorCode::kUnavailable);
  EXPECT_NE(called.error().error.message.find(server.url("/a") + ": the server answered 503"),
            std::string::npos);
  EXPECT_EQ(called.error().error.message.find("hidden"), std::string::npos);
  // A 200 is a refusal where another one was wanted.
  spec.accepted = {{404, 404}};
  called = call(spec);
  ASSERT_FALSE(called.has_value());
  EXPECT_EQ(called.error().status, 200);
}

TEST(Call, TheBodyOfAnAcceptedRefusalIsTakenWholeToo) {
  const std::string large(std::size_t{300} << 10, 'x');
  const TestServer server([&](const SeenRequest&, int) { return Reply{answer(404, large)}; });
  CallSpec spec = spec_for(server);
  Kept kept;
  spec.taker = &kept;
  EXPECT_FALSE(call(spec).has_value());
  EXPECT_EQ(kept.body, "");
  spec.accepted = {{404, 404}};
  ASSERT_TRUE(call(spec).has_value());
  EXPECT_EQ(kept.status, 404);
  EXPECT_EQ(kept.body, large);
}

TEST(Call, AnAcceptedAnswerThatIsCutIsNone) {
  const TestServer server([](const SeenRequest&, int) {
    return Reply{"HTTP/1.1 404 Gone\r\nContent-Length: 9\r\n\r\nabc"};
  });
  CallSpec spec = spec_for(server);
  Kept kept;
  spec.taker = &kept;
  spec.accepted = {{404, 404}};
  const auto called = call(spec);
  ASSERT_FALSE(called.has_value());
  EXPECT_EQ(called.error().error.code, ErrorCode::kUnavailable);
}

TEST(Call, RedirectsAreFollowedOnlyWhereItIsWanted) {
  const TestServer server([](const SeenRequest& request, int) {
    return request.target == "/b" ? Reply{answer(200, "there")} : moved_to("/b", 307);
  });
  CallSpec spec = spec_for(server);
  auto called = call(spec);
  ASSERT_FALSE(called.has_value());
  EXPECT_EQ(called.error().status, 307);
  EXPECT_EQ(called.error().error.code, ErrorCode::kInvalidArgument);
  spec.follows = true;
  called = call(spec);
  ASSERT_TRUE(called.has_value()) << called.error().error.message;
  EXPECT_EQ(called->url.shown(), server.url("/b"));
  EXPECT_EQ(server.seen().back().method, "POST");
  EXPECT_EQ(server.seen().back().body, "hello");
  EXPECT_NE(sent(server.seen().back(), "Authorization"), nullptr);
}

TEST(Call, APostThatMovedBecomesAGetWithoutItsBody) {
  const TestServer server([](const SeenRequest& request, int) {
    return request.target == "/b" ? Reply{answer(200, "")} : moved_to("/b", 303);
  });
  CallSpec spec = spec_for(server);
  spec.follows = true;
  ASSERT_TRUE(call(spec).has_value());
  const SeenRequest last = server.seen().back();
  EXPECT_EQ(last.method, "GET");
  EXPECT_EQ(last.body, "");
  EXPECT_EQ(sent(last, "Content-Type"), nullptr);
}

TEST(Call, AnotherOriginGetsNeitherHeadersNorBodyNorSignature) {
  const TestServer other([](const SeenRequest&, int) { return Reply{answer(200, "")}; });
  const TestServer server([&](const SeenRequest& request, int) {
    return moved_to(other.url("/b"), request.target == "/see" ? 303 : 308);
  });
  CallSpec spec = spec_for(server);
  spec.follows = true;
  spec.prepare = [](Request& request) { set_header(request.headers, "webhook-signature", "v1,x"); };
  const auto called = call(spec);
  ASSERT_FALSE(called.has_value());
  EXPECT_EQ(called.error().error.code, ErrorCode::kDenied);
  EXPECT_TRUE(other.seen().empty());
  spec.request.url = *parse_url(server.url("/see"));
  ASSERT_TRUE(call(spec).has_value());
  EXPECT_NE(sent(server.seen().back(), "webhook-signature"), nullptr);
  ASSERT_EQ(other.seen().size(), 1U);
  for (const char* name : {"Authorization", "webhook-signature"}) {
    EXPECT_EQ(sent(other.seen().front(), name), nullptr) << name;
  }
}

TEST(Call, RedirectsEndAndLeadNotWhereNobodyMayGo) {
  const TestServer server([](const SeenRequest& request, int) {
    if (request.target == "/meta") return moved_to("http://169.254.169.254/latest");
    return moved_to("/again");
  });
  CallSpec spec = spec_for(server, "/again");
  spec.follows = true;
  EXPECT_NE(call(spec).error().error.message.find("more than 5 redirects"), std::string::npos);
  EXPECT_EQ(server.seen().size(), 6U);
  spec.request.url = *parse_url(server.url("/meta"));
  spec.request.method = "GET";
  spec.request.body.clear();
  EXPECT_EQ(call(spec).error().error.code, ErrorCode::kDenied);
  spec.request.url = *parse_url(server.url("/x"));
  spec.client.reach = Reach::kPublic;
  EXPECT_EQ(call(spec).error().error.code, ErrorCode::kDenied);
}

TEST(Call, ALimitHoldsForAllOfIt) {
  const TestServer server([](const SeenRequest&, int) {
    return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Reply::End::kHang};
  });
  CallSpec spec = spec_for(server);
  spec.limit = 50;
  const auto called = call(spec);
  ASSERT_FALSE(called.has_value());
  EXPECT_EQ(called.error().error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(called.error().error.message, server.url("/a") + ": no whole answer within 50ms");
}

TEST(Call, WhoIsAskedToEndSaysSo) {
  const TestServer server([](const SeenRequest&, int) { return Reply{"", Reply::End::kHang}; });
  CallSpec spec = spec_for(server);
  const int fd = ::eventfd(1, EFD_CLOEXEC);
  spec.client.waits.cancel_fd = fd;
  spec.limit = 60'000;
  EXPECT_EQ(call(spec).error().error.code, ErrorCode::kCancelled);
  ::close(fd);
}

}  // namespace
}  // namespace cordyna::http
