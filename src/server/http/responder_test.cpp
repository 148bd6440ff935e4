// Answers from other threads, too late, twice, or never.
#include "server/http/responder.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "server/http/test_handler.hpp"

namespace cordyna::server {
namespace {

class ResponderTest : public HttpServerTest {};

TEST_F(ResponderTest, AnotherThreadAnswers) {
  std::vector<std::jthread> threads;
  handler_.on = [&threads](HttpRequest request, Respond respond) {
    threads.emplace_back(
        [path = request.path, respond = std::move(respond)]() mutable { respond({.body = path}); });
  };
  start();
  TestClient client(port());
  for (int i = 0; i < 50; ++i) {
    client.send(get("/" + std::to_string(i)));
    EXPECT_EQ(client.read_reply().body, "/" + std::to_string(i));
  }
  server_.reset();
}

TEST_F(ResponderTest, WhatIsSentHomeRunsOnTheServersThreadAndAnswersThere) {
  std::vector<std::jthread> threads;
  handler_.on = [&](HttpRequest, Respond respond) {
    const auto own = std::this_thread::get_id();
    threads.emplace_back([this, own, respond = std::move(respond)]() mutable {
      handler_.home([own, respond = std::move(respond)]() mutable {
        respond({.body = own == std::this_thread::get_id() ? "home" : "elsewhere"});
      });
    });
  };
  start();
  TestClient client(port());
  client.send(get("/") + get("/") + get("/"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_reply().body, "home");
  threads.clear();
  server_.reset();
  bool ran = false;
  handler_.home([&ran] { ran = true; });  // the server has gone
  EXPECT_FALSE(ran);
}

TEST_F(ResponderTest, ADroppedRequestIs500AndTheConnectionGoesOn) {
  handler_.on = [](HttpRequest, Respond) {};
  start();
  TestClient client(port());
  for (int i = 0; i < 2; ++i) {
    client.send(get("/"));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "{\"detail\":\"the request was dropped without an answer\"}");
  }
  keep();
  client.send(get("/"));
  eventually([this] { return kept_.size() == 1; });
  std::thread([this] { static_cast<void>(kept_.take()); }).join();
  EXPECT_EQ(client.read_reply().status, 500);
}

TEST_F(ResponderTest, AFailureOfHeadHasNoBody) {
  handler_.on = [](HttpRequest request, Respond respond) {
    if (request.path == "/throw") throw std::runtime_error("a bug");
    if (request.path == "/status") return respond({.status = 1});
    if (request.path == "/next") respond({.body = "next"});
  };
  start();
  TestClient client(port());
  for (const char* path : {"/throw", "/status", "/drop"}) {
    client.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                get("/next"));
    EXPECT_EQ(client.read_reply(true).status, 500);
    EXPECT_EQ(client.read_reply().body, "next");
  }
}

TEST_F(ResponderTest, TheFirstAnswerCounts) {
  handler_.on = [](HttpRequest request, Respond respond) {
    respond({.body = "first"});
    respond({.body = "second"});
    if (request.path == "/throw") throw std::runtime_error("late");
  };
  start();
  TestClient client(port());
  client.send(get("/") + get("/throw") + get("/"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_reply().body, "first");
}

TEST_F(ResponderTest, AnExceptionIs500) {
  handler_.on = [this](HttpRequest request, Respond respond) {
    if (request.path == "/fine") return respond({.body = "fine"});
    if (request.path == "/keep") kept_.put(std::move(respond));
    throw std::runtime_error("a bug");
  };
  start();
  TestClient client(port());
  client.send(get("/bug") + get("/keep") + get("/fine"));
  EXPECT_EQ(client.read_reply().status, 500);
  EXPECT_EQ(client.read_reply().status, 500);
  EXPECT_EQ(client.read_reply().body, "fine");
  kept_.take()({.body = "too late"});
  client.send(get("/fine"));
  EXPECT_EQ(client.read_reply().body, "fine");
}

TEST_F(ResponderTest, AnExceptionOfBodyLimitIs500AndTheEnd) {
  handler_.limit = [](const HttpRequest&) -> std::size_t { throw std::runtime_error("a bug"); };
  start();
  TestClient client(port());
  client.send(post("hello"));
  EXPECT_EQ(client.read_reply().status, 500);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ResponderTest, AnAnswerThatCannotBeSentIs500) {
  handler_.on = [](HttpRequest request, Respond respond) {
    if (request.path == "/status") return respond({.status = 99});
    respond({.headers = {{"Location", "/a\r\nSet-Cookie: b=c"}}, .body = "never"});
  };
  start();
  TestClient client(port());
  for (const char* path : {"/status", "/header"}) {
    client.send(get(path));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.header("Set-Cookie"), "");
  }
}

TEST_F(ResponderTest, AnAnswerToAClientThatHasGoneIsDropped) {
  keep();
  start();
  for (const bool half : {false, true}) {
    TestClient client(port());
    client.send(get("/"));
    eventually([this] { return kept_.size() == 1; });
    half ? client.end_sending() : client.close();
    eventually([this] { return server_->counts().open == 0; });
    kept_.take()({.body = "nobody"});
  }
  handler_.on = TestHandler().on;
  EXPECT_EQ(ask(get("/")).status, 200);
}

TEST_F(ResponderTest, AnAnswerAfterTheServerHasGoneGoesNowhere) {
  keep();
  start();
  TestClient client(port());
  TestClient other(port());
  client.send(get("/"));
  other.send(get("/"));
  eventually([this] { return kept_.size() == 2; });
  server_.reset();
  kept_.take()({.body = "nobody"});
  static_cast<void>(kept_.take());  // dropped
  EXPECT_EQ(client.read_reply().status, 0);
}

TEST_F(ResponderTest, TheServerGoesWhileThreadsAnswer) {
  keep();
  for (int round = 0; round < 20; ++round) {
    start();
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 8; ++i) {
      clients.push_back(std::make_unique<TestClient>(port()));
      clients.back()->send(get("/"));
    }
    eventually([this] { return kept_.size() == 8; });
    std::jthread answers([this] {
      while (kept_.size() > 0) kept_.take()({.body = "x"});
    });
    server_.reset();
  }
}

}  // namespace
}  // namespace cordyna::server
