#include "cordyna/http.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "cordyna/errors.hpp"
#include "cordyna/event.hpp"
#include "http/server_fixture.hpp"
#include "http/webhook.hpp"

namespace cordyna::event_http {
namespace {

using http::answer;
using http::Reply;
using http::SeenRequest;
using http::TestServer;

const Event kOrder{.location = "sales.orders",
                   .operation = Operation::kCreate,
                   .id = "7",
                   .trigger = "orders",
                   .data = R"({"k":"ä,\"b\""})",
                   .key = "k 7.1"};

HttpOptions options_for(const TestServer& server) {
  HttpOptions options;
  options.url = server.url("/hook?key=hidden");
  options.retry_wait = std::chrono::milliseconds(1);
  return options;
}

Result<ProcessStatus> send(const HttpOptions& options, const Event& event = kOrder,
                           std::stop_token stop = {}) {
  auto made = http_process("tell", options);
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return (*made)->run(std::move(stop), event);
}

std::string sent(const SeenRequest& request, std::string_view name) {
  const std::string* value = http::find_header(request.headers, name);
  return value == nullptr ? "(none)" : *value;
}

TEST(HttpProcess, AnEventIsPostedAsJsonUnderItsName) {
  const TestServer server([](const SeenRequest&, int) { return Reply{answer(202, "ok")}; });
  const auto status = send(options_for(server));
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_EQ(status->status, ExitStatus::kSuccess);
  ASSERT_EQ(status->logs.size(), 1U);
  EXPECT_TRUE(status->logs[0].starts_with("POST " + server.url("/hook") + ": 202 "))
      << status->logs[0];
  const SeenRequest request = server.seen().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/hook?key=hidden");
  EXPECT_EQ(request.body, to_json(kOrder));
  EXPECT_EQ(sent(request, "Content-Type"), "application/json");
  EXPECT_EQ(sent(request, "Idempotency-Key"), "orders/k%207%2E1");
  EXPECT_EQ(sent(request, "Connection"), "close");
  EXPECT_EQ(sent(request, "webhook-id"), "(none)");
}

TEST(HttpProcess, ASecretSignsWhatIsSent) {
  const TestServer server([](const SeenRequest&, int) { return Reply{answer(200, "")}; });
  HttpOptions options = options_for(server);
  options.secret = "whsec_Zm9vYmFy";
  options.headers = {{"idempotency-key", "mine"}, {"Content-Type", "application/x-event"}};
  ASSERT_TRUE(send(options).has_value());
  const SeenRequest request = server.seen().at(0);
  http::Request again;
  again.body = request.body;
  http::sign_webhook(again, "orders/k%207%2E1", std::stoll(sent(request, "webhook-timestamp")),
                     "foobar");
  EXPECT_EQ(sent(request, "webhook-signature"),
            *http::find_header(again.headers, "webhook-signature"));
  EXPECT_EQ(sent(request, "webhook-id"), "orders/k%207%2E1");
  EXPECT_EQ(sent(request, "Idempotency-Key"), "mine");
  EXPECT_EQ(sent(request, "Content-Type"), "application/x-event");
}

TEST(HttpProcess, WhatMayPassIsTriedAgainAsTheSameEvent) {
  const TestServer server([](const SeenRequest&, int number) {
    return number == 0   ? Reply{"", Reply::End::kReset}
           : number == 1 ? Reply{answer(503, "busy", "Retry-After: 0\r\n")}
                         : Reply{answer(200, "")};
  });
  const auto status = send(options_for(server));
  ASSERT_TRUE(status.has_value()) << status.error().message;
  ASSERT_EQ(server.seen().size(), 3U);
  for (const SeenRequest& request : server.seen()) {
    EXPECT_EQ(sent(request, "Idempotency-Key"), "orders/k%207%2E1");
    EXPECT_EQ(request.body, to_json(kOrder));
  }
  EXPECT_EQ(status->logs.size(), 3U);
}

TEST(HttpProcess, ARefusalNamesAddressAndStatusAndNothingBehindTheQuestionMark) {
  const std::pair<int, ErrorCode> rows[] = {{400, ErrorCode::kInvalidArgument},
                                            {302, ErrorCode::kInvalidArgument},
                                            {401, ErrorCode::kDenied},
                                            {404, ErrorCode::kNotFound},
                                            {500, ErrorCode::kUnavailable}};
  for (const auto& [code, error] : rows) {
    const TestServer server([&](const SeenRequest&, int) { return Reply{answer(code, "no")}; });
    HttpOptions options = options_for(server);
    options.attempts = 2;
    const auto status = send(options);
    ASSERT_FALSE(status.has_value()) << code;
    EXPECT_EQ(status.error().code, error) << code;
    const std::string& said = status.error().message;
    EXPECT_TRUE(said.starts_with("process 'tell': " + server.url("/hook") +
                                 ": the server answered " + std::to_string(code)))
        << said;
    EXPECT_EQ(said.find("hidden"), std::string::npos);
    const bool again = error == ErrorCode::kUnavailable;
    EXPECT_EQ(server.seen().size(), again ? 2U : 1U);
    const auto* detail = detail_of<ErrorDetail>(status.error());
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->logs.size(), again ? 1U : 0U);
  }
}

TEST(HttpProcess, OtherStatusesCanBeASuccess) {
  const TestServer server([](const SeenRequest&, int) { return Reply{answer(409, "twice")}; });
  HttpOptions options = options_for(server);
  EXPECT_FALSE(send(options).has_value());
  options.accept_status = "200-299,409";
  EXPECT_TRUE(send(options).has_value());
}

TEST(HttpProcess, AServerThatWantsToBeLeftAloneForLongIsNotWaitedFor) {
  const TestServer server(
      [](const SeenRequest&, int) { return Reply{answer(429, "", "Retry-After: 900\r\n")}; });
  const auto status = send(options_for(server));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(status.error().message.find("left alone for 15m"), std::string::npos);
  EXPECT_EQ(server.seen().size(), 1U);
}

TEST(HttpProcess, WhoIsTooSlowIsNotWaitedFor) {
  const TestServer server([](const SeenRequest&, int) { return Reply{"", Reply::End::kHang}; });
  HttpOptions options = options_for(server);
  options.timeout = std::chrono::milliseconds(50);
  options.attempts = 1;
  const auto status = send(options);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(status.error().message.find("within 50ms"), std::string::npos)
      << status.error().message;
}

TEST(HttpProcess, AStopEndsCallsAndWaits) {
  std::stop_source stop;
  const TestServer hanging([&](const SeenRequest&, int) {
    stop.request_stop();
    return Reply{"", Reply::End::kHang};
  });
  EXPECT_EQ(send(options_for(hanging), kOrder, stop.get_token()).error().code,
            ErrorCode::kCancelled);
  std::stop_source later;
  const TestServer busy([&](const SeenRequest&, int) {
    later.request_stop();
    return Reply{answer(503, "", "Retry-After: 299\r\n")};
  });
  EXPECT_EQ(send(options_for(busy), kOrder, later.get_token()).error().code, ErrorCode::kCancelled);
}

TEST(HttpProcess, TlsIsTrustedByItsFileAndOtherwiseNot) {
  const http::TestIdentity identity("localhost");
  const std::string file =
      (std::filesystem::temp_directory_path() / ("cordyna-ca-" + std::to_string(getpid())))
          .string();
  identity.save(file);
  const TestServer server([](const SeenRequest&, int) { return Reply{answer(200, "")}; },
                          &identity);
  HttpOptions options;
  options.url = server.url("/", "localhost");
  const auto refused = send(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kUntrusted);
  EXPECT_TRUE(server.seen().empty());
  options.ca_file = file;
  const auto status = send(options);
  EXPECT_TRUE(status.has_value()) << status.error().message;
  std::filesystem::remove(file);
}

TEST(HttpProcess, WrongOptionsAreNamed) {
  const auto refused = [](const auto& change) {
    HttpOptions options;
    options.url = "https://h/a?key=hidden";
    change(options);
    const auto made = http_process("tell", options);
    if (made.has_value()) return std::string("it was made");
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(made.error().message.find("hidden"), std::string::npos);
    return made.error().message.substr(0, made.error().message.find(": ", 16));
  };
  using Options = HttpOptions;
  EXPECT_EQ(refused([](Options& o) { o.url = ""; }), "process 'tell': missing \"url\"");
  EXPECT_EQ(refused([](Options& o) { o.url = "ftp://h/?hidden"; }), "process 'tell': url");
  EXPECT_EQ(refused([](Options& o) { o.method = "post now"; }), "process 'tell': method");
  EXPECT_EQ(refused([](Options& o) { o.headers = {{"A b", "hidden"}}; }),
            "process 'tell': headers.A b");
  EXPECT_EQ(refused([](Options& o) { o.headers = {{"Host", "h"}}; }),
            "process 'tell': headers.Host");
  EXPECT_EQ(refused([](Options& o) { o.secret = "whsec_hidden?"; }), "process 'tell': secret");
  EXPECT_EQ(refused([](Options& o) { o.accept_status = "20x"; }), "process 'tell': accept_status");
  EXPECT_EQ(refused([](Options& o) { o.timeout = {}; }), "process 'tell': timeout");
  EXPECT_EQ(refused([](Options& o) { o.attempts = 0; }), "process 'tell': attempts");
  EXPECT_EQ(refused([](Options&) {}), "it was made");
}

}  // namespace
}  // namespace cordyna::event_http
