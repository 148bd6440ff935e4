// The door: who is let in, and what must be right with a request.
#include "server/api/gate.hpp"

#include <gtest/gtest.h>

#include "server/auth/tokens.hpp"

namespace cordyna::server {
namespace {

class GateTest : public testing::Test {
 protected:
  GateTest() : gate_(settings(), identity_) {
    UserRow user;
    user.name = "ann";
    user.grants = {{"acme", Role::kAuthor}};
    identity_.changed({user},
                      {row(TokenKind::kPersonal, token_), row(TokenKind::kSession, session_)}, {});
  }
  static GateSettings settings() {
    GateSettings out;
    out.failures_burst = 3;
    out.failures_per_second = 1;
    out.origin = "http://dyna.example";
    return out;
  }
  static TokenRow row(TokenKind kind, const TokenParts& parts) {
    TokenRow out;
    out.id = parts.id;
    out.kind = kind;
    out.hash = hash_of(parts.secret);
    out.user = "ann";
    out.grants = {{"acme", Role::kAuthor}};
    return out;
  }
  [[nodiscard]] HttpRequest bearer(const std::string& method, const std::string& path,
                                   const std::string& body = {}) const {
    HttpRequest request{method, path,     {}, {{"Authorization", "Bearer " + token_.text()}},
                        body,   "1.2.3.4"};
    if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    return request;
  }
  /// 0: let in.
  int status(HttpRequest request, Millis now = 1000) {
    const auto admitted = gate_.admit(request, now);
    const auto* refused = std::get_if<Problem>(&admitted);
    return refused == nullptr ? 0 : refused->status;
  }

  TokenParts token_ = make_token();
  TokenParts session_ = make_token();
  Identity identity_;
  Gate gate_;
};

TEST_F(GateTest, WithoutATokenOnlyPublicRoutesOpen) {
  for (const char* path : {"/livez", "/", "/ui", "/ui/", "/ui/runs/7", "/assets/a.js"}) {
    EXPECT_EQ(status({"GET", path, {}, {}, {}, "1.2.3.4"}), 0) << path;
  }
  for (const char* path : {"/api/v1/runs", "/api/v1/nothing", "/ui//", "/ui/runs/", "/ui/a/b/c/d",
                           "/livez/", "/api/v1/runs/livez", "/LIVEZ", "//livez", "/livez%2f",
                           "/api/v1/runs/..%2f..%2flivez", "/livez;a", "/metrics"}) {
    EXPECT_EQ(status({"GET", path, {}, {}, {}, "1.2.3.4"}), 401) << path;
    HttpRequest tricked{"GET", path,
                        {},    {{"X-Original-URL", "/livez"}, {"X-HTTP-Method-Override", "GET"}},
                        {},    "1.2.3.4"};
    EXPECT_EQ(status(tricked), 401) << path;
  }
}

TEST_F(GateTest, OnlyARealTokenIsOne) {
  HttpRequest request = bearer("GET", "/api/v1/runs");
  EXPECT_EQ(status(request), 0);
  request.headers[0].value = "bearer " + token_.text();
  EXPECT_EQ(status(request), 0) << "the scheme's case does not matter";
  int n = 0;
  for (const std::string& bad :
       {std::string("Bearer nothing"), std::string("Bearer"), std::string(),
        "Basic " + token_.text(), token_.text(), "Bearer " + token_.text() + "x"}) {
    request.headers[0].value = bad;
    request.address = std::to_string(n++);
    EXPECT_EQ(status(request), 401) << bad;
  }
  HttpRequest query{"GET", "/api/v1/runs", "token=" + token_.text(), {}, {}, "1.2.3.4"};
  EXPECT_EQ(status(query), 401) << "no token in an address";
}

TEST_F(GateTest, TheRoleCountsWhereThePathPoints) {
  EXPECT_EQ(status(bearer("GET", "/api/v1/flows/acme.x/daily")), 0);
  EXPECT_EQ(status(bearer("GET", "/api/v1/flows/other/daily")), 404)
      << "no word of whether it is there";
  EXPECT_EQ(status(bearer("GET", "/api/v1/flows/_/daily")), 404);
  EXPECT_EQ(status(bearer("DELETE", "/api/v1/flows/acme/daily")), 0);
  EXPECT_EQ(status(bearer("DELETE", "/api/v1/flows/other/daily")), 404);
  EXPECT_EQ(status(bearer("GET", "/api/v1/audit")), 403);
  EXPECT_EQ(status(bearer("GET", "/api/v1/secrets")), 403)
      << "an author of a namespace, not of all";
  EXPECT_EQ(status(bearer("GET", "/api/v1/nothing")), 404);
  EXPECT_EQ(status(bearer("PATCH", "/api/v1/runs")), 405);
  EXPECT_EQ(status(bearer("GET", "/api/v1//runs")), 400);
}

TEST_F(GateTest, TheShapeOfARequestIsChecked) {
  EXPECT_EQ(status(bearer("POST", "/api/v1/flows/acme/daily/runs", "{}")), 0);
  EXPECT_EQ(status(bearer("POST", "/api/v1/flows/acme/daily/runs", R"({"owner":"me"})")), 400);
  EXPECT_EQ(status(bearer("POST", "/api/v1/flows/acme/daily/runs")), 415);
  HttpRequest request = bearer("POST", "/api/v1/flows/acme/daily/runs", "{}");
  for (const auto& [type, wanted] :
       std::vector<std::pair<std::string, int>>{{"application/json; charset=utf-8", 0},
                                                {"Application/JSON", 0},
                                                {"application/json; charset=utf-7", 415},
                                                {"multipart/form-data; boundary=x", 415},
                                                {"text/plain", 415},
                                                {"application/json;x=1", 415}}) {
    request.headers.back().value = type;
    EXPECT_EQ(status(request), wanted) << type;
  }
  EXPECT_EQ(status(bearer("GET", "/api/v1/runs", "{}")), 400) << "a body where none is taken";
  for (const auto& [query, wanted] :
       std::vector<std::pair<std::string, int>>{{"limit=5&state=error", 0},
                                                {"limit=0", 400},
                                                {"limit=501", 400},
                                                {"limit=x", 400},
                                                {"limit=1&limit=2", 400},
                                                {"state=odd", 400},
                                                {"what=1", 400},
                                                {"unfinished=yes", 400},
                                                {"a=%", 400},
                                                {"limit=99999999999999999999", 400}}) {
    HttpRequest list = bearer("GET", "/api/v1/runs");
    list.query = query;
    EXPECT_EQ(status(list), wanted) << query;
  }
}

TEST_F(GateTest, ASessionsWritesNeedItsOriginAndCsrfToken) {
  const std::string cookie = std::string(kSessionCookie) + "=" + session_.text();
  HttpRequest read{"GET", "/api/v1/runs", {}, {{"Cookie", "a=b; " + cookie}}, {}, "1.2.3.4"};
  EXPECT_EQ(status(read), 0);
  read.headers.push_back({"Origin", "http://evil.example"});
  EXPECT_EQ(status(read), 403);
  read.headers.back().value = "null";
  EXPECT_EQ(status(read), 403);
  HttpRequest write{"POST", "/api/v1/flows/acme/daily/runs",
                    {},     {{"Cookie", cookie}, {"Content-Type", "application/json"}},
                    "{}",   "1.2.3.4"};
  EXPECT_EQ(status(write), 403);
  write.headers.push_back({"Origin", "http://dyna.example"});
  EXPECT_EQ(status(write), 403);
  write.headers.push_back({std::string(kCsrfHeader), csrf_token_of(token_.text())});
  EXPECT_EQ(status(write), 403) << "the token of something else";
  write.headers.back().value = csrf_token_of(session_.text());
  EXPECT_EQ(status(write), 0);
  write.headers.erase(write.headers.begin() + 2);
  EXPECT_EQ(status(write), 403) << "without an origin";
}

TEST_F(GateTest, WhoFailsTooOftenWaits) {
  HttpRequest bad = bearer("GET", "/api/v1/runs");
  bad.headers[0].value = "Bearer nothing";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status(bad), 401);
  EXPECT_EQ(status(bad), 429);
  EXPECT_EQ(status(bearer("GET", "/api/v1/runs")), 0) << "a good token is let in all the same";
  HttpRequest other = bad;
  other.address = "5.6.7.8";
  EXPECT_EQ(status(other), 401) << "others are not affected";
  EXPECT_EQ(status(bad, 2100), 401) << "a second later one more is looked at";
}

// S36
TEST_F(GateTest, ACallerBeginsSoManyRunsADay) {
  GateSettings some = settings();
  some.runs_per_day = 24;
  Gate gate(some, identity_);
  Caller ann;
  ann.actor = "token:a";
  Caller bob;
  bob.actor = "token:b";
  constexpr Millis kHour = 3'600'000;
  EXPECT_FALSE(gate.refuse_runs(ann, 20, kHour).has_value());
  const auto refused = gate.refuse_runs(ann, 5, kHour);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(refused->retry_after, 3600) << "one is forgotten in an hour";
  EXPECT_FALSE(gate.refuse_runs(bob, 24, kHour).has_value());
  EXPECT_FALSE(gate.refuse_runs(ann, 4, kHour).has_value()) << "what was refused does not count";
  EXPECT_TRUE(gate.refuse_runs(ann, 1, kHour).has_value());
  EXPECT_FALSE(gate.refuse_runs(ann, 2, 3 * kHour).has_value());
  EXPECT_TRUE(gate.refuse_runs(ann, 25, 100 * kHour).has_value()) << "more than there may ever be";
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(gate_.refuse_runs(ann, 1000, kHour).has_value());
}

TEST_F(GateTest, WhatIsForgivenCountsForNothing) {
  HttpRequest bad = bearer("GET", "/api/v1/runs");
  bad.headers[0].value = "Bearer nothing";
  for (int i = 0; i < 10; ++i) {
    gate_.failed(bad.address, 1000);
    gate_.forgive(bad.address);
  }
  gate_.forgive(bad.address);  // never less than nothing
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status(bad), 401);
  EXPECT_EQ(status(bad), 429);
}

}  // namespace
}  // namespace cordyna::server
