#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "google/caller.hpp"
#include "http/server_fixture.hpp"

namespace cordyna::google {
namespace {

namespace json = boost::json;
using http::answer;
using http::Reply;
using http::SeenRequest;
using http::TestServer;

std::string key_json(const std::string& token_uri, const std::string& pem) {
  return json::serialize(json::object{{"client_email", "dyna@p.iam.gserviceaccount.com"},
                                      {"private_key", pem},
                                      {"private_key_id", "k1"},
                                      {"token_uri", token_uri}});
}

http::TryOptions quick(int attempts = 2) {
  http::TryOptions tries;
  tries.attempts = attempts;
  tries.delay = 1;
  return tries;
}

http::Request get(const TestServer& server, const std::string& target) {
  http::Request request;
  request.url = *http::parse_url(server.url(target));
  return request;
}

/// Gives "t0", "t1", …; every other path wants the newest of them.
class TokenServer {
 public:
  explicit TokenServer(int good_from = 0)
      : server([this, good_from](const SeenRequest& request, int) {
          if (request.target == "/token") {
            return Reply{
                answer(200, fmt::format(R"({{"access_token":"t{}","expires_in":3600}})", given++))};
          }
          const std::string* who = http::find_header(request.headers, "Authorization");
          const bool good =
              who != nullptr && *who == fmt::format("Bearer t{}", given - 1) && given > good_from;
          return Reply{good ? answer(200, "{}") : answer(401, "{}")};
        }) {}
  int given = 0;
  TestServer server;
};

TEST(TokenTest, OneServesManyCalls) {
  TokenServer tokens;
  const auto account =
      parse_service_account(key_json(tokens.server.url("/token"), http::rsa_key_for_tests()));
  ASSERT_TRUE(account.has_value()) << account.error().message;
  Caller caller(*account, "scope", quick());
  EXPECT_TRUE(caller.call(get(tokens.server, "/a"), "a").has_value());
  EXPECT_TRUE(caller.call(get(tokens.server, "/b"), "b").has_value());
  const auto seen = tokens.server.seen();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_TRUE(seen[0].body.starts_with(
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
}

TEST(TokenTest, OneThatIsRefusedIsRenewedOnce) {
  TokenServer tokens(1);
  const auto account =
      parse_service_account(key_json(tokens.server.url("/token"), http::rsa_key_for_tests()));
  Caller caller(*account, "scope", quick());
  EXPECT_TRUE(caller.call(get(tokens.server, "/a"), "a").has_value());
  TokenServer never(99);
  const auto other =
      parse_service_account(key_json(never.server.url("/token"), http::rsa_key_for_tests()));
  Caller refused(*other, "scope", quick());
  const auto answered = refused.call(get(never.server, "/a"), "a");
  ASSERT_FALSE(answered.has_value());
  EXPECT_EQ(answered.error().code, ErrorCode::kDenied);
  EXPECT_EQ(never.server.seen().size(), 4U);
}

TEST(TokenTest, AWithdrawnAccountIsDenied) {
  const TestServer server(
      [](const SeenRequest&, int) { return Reply{answer(400, R"({"error":"invalid_grant"})")}; });
  const auto account =
      parse_service_account(key_json(server.url("/token"), http::rsa_key_for_tests()));
  Caller caller(*account, "scope", quick());
  const auto answered = caller.call(get(server, "/a"), "a");
  ASSERT_FALSE(answered.has_value());
  EXPECT_EQ(answered.error().code, ErrorCode::kDenied);
  EXPECT_NE(answered.error().message.find("invalid_grant"), std::string::npos);
  EXPECT_EQ(server.seen().size(), 1U);
}

TEST(TokenTest, AKeyThatIsNoneIsToldWithoutQuotingIt) {
  const std::string pem = http::rsa_key_for_tests();
  for (const auto& [text, told] : {std::pair<std::string, const char*>{"s3cret", "no JSON object"},
                                   {R"({"client_email":"s3cret"})", "has no 'private_key'"},
                                   {key_json("http://example.org/s3cret", pem), "no https://"},
                                   {key_json("file:///s3cret", pem), "no https://"}}) {
    const auto account = parse_service_account(text);
    ASSERT_FALSE(account.has_value()) << text;
    EXPECT_NE(account.error().message.find(told), std::string::npos) << account.error().message;
    EXPECT_EQ(account.error().message.find("s3cret"), std::string::npos);
  }
  const auto account = parse_service_account(key_json("https://a/token", "s3cret"));
  ASSERT_TRUE(account.has_value());
  const auto assertion = make_assertion(*account, "scope", 0);
  ASSERT_FALSE(assertion.has_value());
  EXPECT_EQ(
      assertion.error().message,
      "the service account's key: it holds no private key of RSA in PEM, without a passphrase");
}

TEST(CallerTest, TellsWhatGoogleSaid) {
  const TestServer server([](const SeenRequest&, int) {
    return Reply{answer(404, R"({"error":{"code":404,"message":"No such bucket",)"
                             R"("errors":[{"reason":"notFound"}]}})")};
  });
  Caller caller({}, "", quick());
  const auto answered = caller.call(get(server, "/a"), "gs://b/a");
  ASSERT_FALSE(answered.has_value());
  EXPECT_EQ(answered.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(answered.error().message,
            "gs://b/a: the server answered 404 (notFound: No such bucket)");
}

TEST(CallerTest, ALimitOfRateIsAskedAgain) {
  const TestServer server([](const SeenRequest&, int number) {
    return Reply{number == 0 ? answer(403, R"({"error":{"code":403,"message":"slow",)"
                                           R"("errors":[{"reason":"rateLimitExceeded"}]}})")
                             : answer(200, "{}")};
  });
  Caller caller({}, "", quick());
  EXPECT_TRUE(caller.call(get(server, "/a"), "a").has_value());
  EXPECT_EQ(server.seen().size(), 2U);
}

TEST(CallerTest, DoesNotFollowARedirect) {
  const TestServer server([](const SeenRequest&, int) {
    return Reply{answer(302, "", "Location: http://example.org/\r\n")};
  });
  Caller caller({}, "", quick());
  const auto answered = caller.call(get(server, "/a"), "a");
  ASSERT_FALSE(answered.has_value());
  EXPECT_EQ(answered.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cordyna::google
