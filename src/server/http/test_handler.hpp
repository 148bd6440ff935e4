/// For the tests: a handler that does what it is told, and a server with it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/http/http_server.hpp"
#include "server/http/test_client.hpp"

namespace cordyna::server {

class TestHandler final : public HttpHandler {
 public:
  using Handle = std::function<void(HttpRequest request, Respond respond)>;

  void begin(PostHome post) override { home = std::move(post); }
  std::size_t body_limit(const HttpRequest& head) const override { return limit(head); }
  void handle(HttpRequest request, Respond respond) override {
    on(std::move(request), std::move(respond));
  }
  HttpResponse problem(int status, std::string_view detail) const override {
    return {.status = status,
            .headers = {{"Content-Type", "application/problem+json"}},
            .body = "{\"detail\":\"" + std::string(detail) + "\"}"};
  }

  /// Says what it was asked.
  Handle on = [](HttpRequest request, Respond respond) {
    std::string text = request.method + " " + request.path;
    if (!request.query.empty()) text += "?" + request.query;
    if (!request.body.empty()) text += " " + request.body;
    respond({.headers = {{"Content-Type", "text/plain"}}, .body = std::move(text)});
  };
  PostHome home;
  std::function<std::size_t(const HttpRequest&)> limit = [](const HttpRequest&) {
    return std::size_t{1} << 20;
  };
};

/// Where handlers leave what another thread answers later.
class Kept {
 public:
  void put(Respond respond) {
    const std::scoped_lock lock(mutex_);
    kept_.push_back(std::move(respond));
  }
  [[nodiscard]] std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return kept_.size();
  }
  [[nodiscard]] Respond take() {
    const std::scoped_lock lock(mutex_);
    Respond respond = std::move(kept_.front());
    kept_.erase(kept_.begin());
    return respond;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Respond> kept_;  ///< under the mutex
};

class HttpServerTest : public testing::Test {
 protected:
  void start() {
    Result<std::unique_ptr<HttpServer>> server = HttpServer::start(settings_, handler_);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = std::move(*server);
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// One request on a connection of its own.
  [[nodiscard]] Reply ask(const std::string& bytes) const {
    TestClient client(port());
    client.send(bytes);
    return client.read_reply(bytes.starts_with("HEAD "));
  }
  /// Handlers answer only when told, through `kept_`.
  void keep() {
    handler_.on = [this](HttpRequest, Respond respond) { kept_.put(std::move(respond)); };
  }
  /// Waits until it is so.
  static void eventually(const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!is_so()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "it never became so";
      std::this_thread::yield();
    }
  }

  HttpSettings settings_;
  Kept kept_;
  TestHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

inline std::string get(const std::string& target, const std::string& headers = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}
/// Megabytes of it.
inline std::string long_text(std::size_t megabytes) {
  std::string text;
  text.resize(megabytes * 1'000'000, 'x');
  return text;
}
inline std::string post(const std::string& body, const std::string& headers = {}) {
  return "POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + headers + "\r\n" + body;
}
inline std::string post_chunked(const std::string& chunks, const std::string& headers = {}) {
  return "POST /p HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + headers +
         "\r\n" + chunks;
}

}  // namespace cordyna::server
