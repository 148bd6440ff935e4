#include "input/host/poll_options.hpp"

#include <gtest/gtest.h>

#include "input/host/flow_input.hpp"
#include "input/host/redis_options.hpp"

namespace cordyna::input {
namespace {

class OneSecret final : public Secrets {
 public:
  Result<std::string> find(std::string_view name) const override {
    if (name == "API") return std::string("s3cret");
    return fail(ErrorCode::kNotFound, std::string(name));
  }
};

TEST(PollOptionsOfAFlow, OfAWebService) {
  TriggerSpec spec;
  spec.type = TriggerType::kPoll;
  spec.poll.url = "https://api.example/orders";
  spec.poll.posts = true;
  spec.poll.headers = R"({"X-A":"1"})";
  spec.poll.auth = R"({"header":"X-Key","token":{"secret":"API"}})";
  spec.poll.cursor = "at";
  spec.poll.send = R"({"query":"since"})";
  spec.poll.only_new = true;
  spec.poll.every = 5'000;
  const auto made = http_poll_of(spec, OneSecret());
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->method, "POST");
  EXPECT_EQ(made->headers, (std::map<std::string, std::string>{{"X-A", "1"}}));
  EXPECT_EQ(made->token, "s3cret");
  EXPECT_EQ(made->token_header, "X-Key");
  EXPECT_EQ(made->send, (PollSend{"since", "", ""}));
  EXPECT_EQ(made->poll.start, PollStart::kLatest);
  EXPECT_EQ(made->poll.every, std::chrono::seconds(5));
  EXPECT_TRUE(make_flow_input({"acme", "f", "t"}, spec, OneSecret()).has_value());
  spec.poll.auth = R"({"token":{"secret":"NONE"}})";
  EXPECT_EQ(http_poll_of(spec, OneSecret()).error().code, ErrorCode::kNotFound);
}

TEST(PollOptionsOfAFlow, OfADatabaseWhoseFileIsFromTheFlowsFolder) {
  TriggerSpec spec;
  spec.type = TriggerType::kPoll;
  spec.listen.connection = R"({"database":"../shop.db","lock_timeout":"3000ms","type":"sqlite"})";
  spec.poll.query = "SELECT 1 AS id";
  spec.poll.cursor = "id";
  spec = with_absolute_folders(spec, "/flows/a");
  const auto made = sql_poll_of(spec);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->sqlite, "/flows/shop.db");
  EXPECT_EQ(made->lock_timeout, std::chrono::seconds(3));
  EXPECT_TRUE(make_flow_input({"acme", "f", "t"}, spec, OneSecret()).has_value());
  spec.listen.connection = R"({"database":"shop","host":"db","type":"postgres"})";
  EXPECT_EQ(with_absolute_folders(spec, "/x").listen.connection, spec.listen.connection);
  EXPECT_TRUE(make_flow_input({"acme", "f", "t"}, spec, OneSecret()).has_value());
}

TEST(RedisOptionsOfAFlow, HaveWhatTheConnectionSays) {
  TriggerSpec spec;
  spec.type = TriggerType::kRedis;
  spec.listen.connection =
      R"({"ca_file":"ca.pem","database":3,"host":"h","password":{"secret":"API"},"port":7000,)"
      R"("tls":true,"type":"redis","user":"u"})";
  spec.redis.streams = {"a", "b"};
  spec.redis.only_new = true;
  const auto made = redis_options_of(spec, "s3cret");
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->host, "h");
  EXPECT_EQ(made->port, 7'000);
  EXPECT_EQ(made->database, 3U);
  EXPECT_TRUE(made->tls);
  EXPECT_EQ(made->ca_file, "ca.pem");
  EXPECT_EQ(made->user, "u");
  EXPECT_EQ(made->password, "s3cret");
  EXPECT_EQ(made->streams, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(made->start, RedisStartAt::kLatest);
  EXPECT_EQ(made->claim_after, std::chrono::minutes(5));
  EXPECT_TRUE(make_flow_input({"acme", "f", "t"}, spec, OneSecret()).has_value());
  spec.listen.connection = R"({"type":"postgres"})";
  EXPECT_EQ(redis_options_of(spec, "").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cordyna::input
