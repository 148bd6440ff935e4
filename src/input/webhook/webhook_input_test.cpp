#include "cordyna/webhook.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "http/call.hpp"
#include "http/server_fixture.hpp"
#include "http/webhook.hpp"

namespace cordyna {
namespace {

constexpr std::string_view kEvent = R"({"location":"x"})";

/// Keeps what it gets, unless it is told an error.
class KeepingSink final : public EventSink {
 public:
  Result<> send(std::span<const Event> events, std::string /*position*/) override {
    const std::lock_guard lock(mutex_);
    if (wrong.has_value()) return fail(*wrong, "it is wrong");
    for (const Event& event : events) {
      if (event.data == "0") return fail(ErrorCode::kInvalidArgument, "'data' is nothing");
    }
    kept_.insert(kept_.end(), events.begin(), events.end());
    return {};
  }
  std::string position() const override { return {}; }
  [[nodiscard]] std::vector<Event> kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  std::optional<ErrorCode> wrong;  ///< set before anything is sent

 private:
  mutable std::mutex mutex_;
  std::vector<Event> kept_;
};

std::unique_ptr<Input> made(WebhookOptions options) {
  auto input = webhook_input("calls", std::move(options));
  EXPECT_TRUE(input.has_value()) << input.error().message;
  return *std::move(input);
}

/// An input that listens on a thread of its own.
class Listening {
 public:
  explicit Listening(WebhookOptions options = {.path = "/in"},
                     std::optional<ErrorCode> wrong = std::nullopt) {
    sink.wrong = wrong;
    options.on_listening = [this](std::uint16_t bound) { listens_.set_value(bound); };
    input_ = made(std::move(options));
    thread_ =
        std::jthread([this](const std::stop_token& stop) { ended = input_->handle(stop, sink); });
    port = listens_.get_future().get();
  }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }

  KeepingSink sink;
  Result<> ended;
  std::uint16_t port = 0;

 private:
  std::promise<std::uint16_t> listens_;
  std::unique_ptr<Input> input_;
  std::jthread thread_;
};

http::Request request_to(std::uint16_t port, std::string_view body = kEvent,
                         const std::string& host = "127.0.0.1") {
  http::Request request;
  request.method = "POST";
  request.url = http::parse_url("http://" + host + ":" + std::to_string(port) + "/in").value();
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body;
  return request;
}

int status_of(http::Request request) {
  http::CallSpec spec{.request = std::move(request)};
  spec.limit = 30'000;
  const auto called = http::call(spec);
  return called.has_value() ? called->response.status : called.error().status;
}

TEST(WebhookInput, WhoCallsIsAnsweredOnceTheEventIsKept) {
  Listening input;
  EXPECT_EQ(status_of(request_to(input.port, R"({"location":"a","operation":"insert","id":"1"})")),
            202);
  http::Request put = request_to(input.port, R"({"location":"b","trigger":"theirs"})");
  put.method = "PUT";
  EXPECT_EQ(status_of(put), 202);
  const std::vector<Event> kept = input.sink.kept();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].location, "a");
  EXPECT_EQ(kept[0].operation, Operation::kCreate);
  EXPECT_EQ(kept[1].location, "b");
  input.stop();
  EXPECT_TRUE(input.ended.has_value());
  EXPECT_EQ(status_of(request_to(input.port)), 0);  // nobody listens
}

TEST(WebhookInput, WhatIsWrongHasItsStatus) {
  Listening input;
  http::Request request = request_to(input.port);
  request.method = "GET";
  EXPECT_EQ(status_of(request), 405);
  request = request_to(input.port);
  request.url.target = "/other";
  EXPECT_EQ(status_of(request), 404);
  EXPECT_EQ(status_of(request_to(input.port, "{")), 400);
  EXPECT_EQ(status_of(request_to(input.port, R"({"location":"x","data":0})")), 400);  // of the sink
  EXPECT_EQ(status_of(request_to(input.port, std::string((1U << 20) + 1, ' '))), 413);
  // A page that a browser was led to.
  request = request_to(input.port);
  request.url.host = "127.0.0.1";
  request.headers = {{"Content-Type", "text/plain"}};
  EXPECT_EQ(status_of(request), 415);
  EXPECT_TRUE(input.sink.kept().empty());
  EXPECT_EQ(status_of(request_to(input.port)), 202);
}

TEST(WebhookInput, WhereTheStateIsGoneItEndsAndSaysTryAgain) {
  Listening input({.path = "/in"}, ErrorCode::kUnavailable);
  EXPECT_EQ(status_of(request_to(input.port)), 503);
  input.stop();
  ASSERT_FALSE(input.ended.has_value());
  EXPECT_EQ(input.ended.error().code, ErrorCode::kUnavailable);
  Listening stopped({.path = "/in"}, ErrorCode::kCancelled);
  EXPECT_EQ(status_of(request_to(stopped.port)), 503);
  stopped.stop();
  EXPECT_TRUE(stopped.ended.has_value());
}

TEST(WebhookInput, OnlyWhoKnowsASecretIsLetIn) {
  Listening input({.path = "/in", .secrets = {"whsec_Zm9vYmFy", "the second"}});
  const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
  const auto status = [&](const std::string& id, std::int64_t at, std::string_view key) {
    http::Request request = request_to(input.port);
    http::sign_webhook(request, id, at, key);
    return status_of(request);
  };
  EXPECT_EQ(status_of(request_to(input.port)), 401);
  EXPECT_EQ(status("m1", now, "wrong"), 401);
  EXPECT_EQ(status("m2", now - 1000, "foobar"), 401);
  EXPECT_EQ(status("m3", now, "foobar"), 202);
  EXPECT_EQ(status("m4", now, "the second"), 202);
  const std::vector<Event> kept = input.sink.kept();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].key, "m3");
  EXPECT_EQ(kept[1].key, "m4");
}

TEST(WebhookInput, APageWhoseNameWasMadeToLeadHereDoesNotGetThrough) {
  Listening input;
  http::CallSpec spec{.request = request_to(input.port, kEvent, "stranger.example")};
  spec.limit = 30'000;
  // Said as to a proxy, the name comes along wherever the connection goes.
  const std::string here = "http://127.0.0.1:" + std::to_string(input.port);
  spec.client.environment = [&here](const char* name) {
    return std::string_view(name) == "http_proxy" ? here : std::string();
  };
  const auto called = http::call(spec);
  ASSERT_FALSE(called.has_value());
  EXPECT_EQ(called.error().status, 421);
  EXPECT_TRUE(input.sink.kept().empty());
}

TEST(WebhookInput, ItsConnectionsMayBeTls) {
  std::string folder = (std::filesystem::temp_directory_path() / "cordyna-webhook-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const http::TestIdentity identity("127.0.0.1");
  identity.save(folder + "/cert.pem");
  identity.save_key(folder + "/key.pem");
  Listening input({.path = "/in", .certificate = folder + "/cert.pem", .key = folder + "/key.pem"});
  http::CallSpec spec{.request = request_to(input.port)};
  spec.limit = 30'000;
  spec.client.ca_file = folder + "/cert.pem";
  EXPECT_FALSE(http::call(spec).has_value());  // no TLS
  spec.request.url.scheme = "https";
  const auto called = http::call(spec);
  ASSERT_TRUE(called.has_value()) << called.error().error.message;
  EXPECT_EQ(called->response.status, 202);
  EXPECT_EQ(input.sink.kept().size(), 1U);

  const auto lost =
      made({.path = "/in", .certificate = folder + "/none.pem", .key = folder + "/key.pem"});
  const auto ended = lost->handle({}, input.sink);
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, ErrorCode::kInvalidArgument);
  std::filesystem::remove_all(folder);
}

TEST(WebhookInput, InputsOfAnAddressShareItAndEachHasItsPath) {
  // A port that was free a moment ago, at an address where nobody else listens.
  const std::string host = "127.88.0.9";
  const std::string listen = [&host] {
    const Listening first({.path = "/in", .listen = host + ":0"});
    return host + ":" + std::to_string(first.port);
  }();
  Listening orders({.path = "/in", .listen = listen});
  const auto taken = webhook_input("again", {.path = "/in", .listen = listen});
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_EQ(taken.error().message,
            "input 'again': another input has the path '/in' of this address");
  const auto tls = webhook_input(
      "tls", {.path = "/tls", .listen = listen, .certificate = "/c.pem", .key = "/k.pem"});
  ASSERT_FALSE(tls.has_value());
  EXPECT_EQ(tls.error().code, ErrorCode::kConflict);

  http::Request to_other = request_to(orders.port, kEvent, host);
  to_other.url.target = "/other";
  EXPECT_EQ(status_of(to_other), 404);
  {
    const auto waits = made({.path = "/other", .listen = listen});
    EXPECT_EQ(status_of(to_other), 503);  // it is there, and does not listen
  }
  EXPECT_EQ(status_of(to_other), 404);
  Listening other({.path = "/other", .listen = listen});
  EXPECT_EQ(other.port, orders.port);
  EXPECT_EQ(status_of(to_other), 202);
  orders.stop();
  EXPECT_EQ(status_of(to_other), 202);
  EXPECT_EQ(status_of(request_to(other.port, kEvent, host)), 503);
  EXPECT_EQ(other.sink.kept().size(), 2U);
}

TEST(WebhookInput, AnAddressThatIsInUseIsTriedAgainLater) {
  const Listening first;
  // Whose port the system chose is alone there.
  const auto input = made({.path = "/in", .listen = "127.0.0.1:" + std::to_string(first.port)});
  KeepingSink sink;
  const auto ended = input->handle({}, sink);
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, ErrorCode::kUnavailable);
}

struct BadOptions {
  const char* name;
  WebhookOptions options;
  const char* message;
};

class WebhookOptionsTest : public testing::TestWithParam<BadOptions> {};

TEST_P(WebhookOptionsTest, NameWhatIsWrong) {
  const auto input = webhook_input("calls", GetParam().options);
  ASSERT_FALSE(input.has_value());
  EXPECT_EQ(input.error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(
      input.error().message.starts_with(std::string("input 'calls': ") + GetParam().message))
      << input.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, WebhookOptionsTest,
    testing::Values(
        BadOptions{"no_path", {}, "path: it is missing"},
        BadOptions{"odd_path", {.path = "orders"}, "path: 'orders' is none"},
        BadOptions{"query", {.path = "/a?b"}, "path: '/a?b' is none"},
        BadOptions{"listen", {.path = "/a", .listen = "8080"}, "listen: '8080': an address with"},
        BadOptions{"plain",
                   {.path = "/a", .listen = "0.0.0.0:1", .secrets = {"x"}},
                   "certificate: 0.0.0.0 is reached from other machines"},
        BadOptions{"unsigned",
                   {.path = "/a", .listen = "[::]:1", .insecure_plaintext = true},
                   "secrets: :: is reached from other machines"},
        BadOptions{
            "half_tls", {.path = "/a", .certificate = "/c.pem"}, "certificate: TLS wants both"},
        BadOptions{"secret", {.path = "/a", .secrets = {"whsec_!"}}, "secrets: the secret of the"},
        BadOptions{
            "tolerance", {.path = "/a", .tolerance = std::chrono::seconds(0)}, "tolerance: "},
        BadOptions{"body", {.path = "/a", .body_bytes = kEventBytesMax + 1}, "body_bytes: 1 to "}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(WebhookInput, AConfigurationIsAnAddressAndAPath) {
  InputRegistry registry;
  ASSERT_TRUE(registry.add("webhook", make_webhook_input).has_value());
  EXPECT_TRUE(registry.make({"a", "webhook", "127.0.0.1:0/in", {}}).has_value());
  EXPECT_TRUE(registry.make({"b", "webhook", "http://[::1]:0/in/deeper", {}}).has_value());
  for (const char* text : {"", "/in", "127.0.0.1:1", "https://127.0.0.1:1/in", "10.0.0.1:1/in"}) {
    const auto input = registry.make({"c", "webhook", text, {}});
    ASSERT_FALSE(input.has_value()) << text;
    EXPECT_EQ(input.error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(input.error().message.starts_with("input 'c': ")) << input.error().message;
  }
}

}  // namespace
}  // namespace cordyna
