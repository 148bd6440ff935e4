#include "server/http/http_server.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <condition_variable>
#include <set>

#include "server/http/test_handler.hpp"

namespace cordyna::server {
namespace {

TEST_F(HttpServerTest, AConnectionIsUsedAgain) {
  start();
  TestClient client(port());
  for (int i = 0; i < 3; ++i) {
    client.send(get("/a?b=" + std::to_string(i)));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "GET /a?b=" + std::to_string(i));
    EXPECT_EQ(reply.header("Content-Length"), "10");
    EXPECT_EQ(reply.header("Connection"), "");
    EXPECT_EQ(reply.header("Date").size(), 29U);
  }
  client.send(post("hello", "Connection: x, Close\r\n"));
  const Reply last = client.read_reply();
  EXPECT_EQ(last.body, "POST /p hello");
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_TRUE(client.is_closed());
  const HttpCounts counts = server_->counts();
  EXPECT_EQ(counts.connections, 1U);
  EXPECT_EQ(counts.requests, 4U);
  client.close();
  eventually([this] { return server_->counts().open == 0; });
}

TEST_F(HttpServerTest, TheHandlerSeesTheRequest) {
  HttpRequest seen;
  handler_.on = [&seen](HttpRequest request, Respond respond) {
    seen = std::move(request);
    respond({});
  };
  start();
  EXPECT_EQ(
      ask(post_chunked("2\r\nab\r\n0\r\nX-Trailer: 1\r\n\r\n", "X-A: 1\r\nx-a:  2 \r\n")).status,
      200);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/p");
  EXPECT_EQ(seen.query, "");
  EXPECT_EQ(seen.body, "ab");
  EXPECT_EQ(seen.address, "127.0.0.1");
  ASSERT_EQ(seen.headers.size(), 4U);  // the trailer is none
  EXPECT_EQ(seen.headers[3].name, "x-a");
  EXPECT_EQ(seen.headers[3].value, "2");
}

TEST_F(HttpServerTest, Http10IsClosed) {
  start();
  for (const char* headers : {"", "Host: localhost\r\n", "Connection: keep-alive\r\n"}) {
    TestClient client(port());
    client.send("GET /x HTTP/1.0\r\n" + std::string(headers) + "\r\n");
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.body, "GET /x");
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(client.is_closed());
  }
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
  start();
  TestClient client(port());
  client.send("HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/y"));
  EXPECT_EQ(client.read_reply(true).header("Content-Length"), "7");
  EXPECT_EQ(client.read_reply().body, "GET /y");
  EXPECT_EQ(ask("HEAD * HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 400);
}

TEST_F(HttpServerTest, LongTextIsCompressed) {
  handler_.on = [](HttpRequest, Respond respond) {
    respond({.headers = {{"Content-Type", "application/json"}}, .body = std::string(100'000, 'x')});
  };
  start();
  const Reply zipped = ask(get("/", "Accept-Encoding: gzip;q=0.8, br\r\n"));
  EXPECT_EQ(zipped.header("Content-Encoding"), "gzip");
  EXPECT_EQ(zipped.header("Vary"), "Accept-Encoding");
  EXPECT_LT(zipped.body.size(), 1000U);
  EXPECT_TRUE(zipped.whole);
  const Reply plain = ask(get("/", "Accept-Encoding: gzip;q=0\r\n"));
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  EXPECT_EQ(plain.body.size(), 100'000U);
}

TEST_F(HttpServerTest, ALargeAnswerIsWhole) {
  const std::string body = long_text(20);
  handler_.on = [&body](HttpRequest, Respond respond) { respond({.body = body}); };
  start();
  TestClient client(port());
  client.send(get("/1") + get("/2"));
  EXPECT_EQ(client.read_reply().body, body);
  EXPECT_EQ(client.read_reply().body, body);
}

TEST_F(HttpServerTest, ContinueIsSaidWhenTheHeadIsFine) {
  start();
  TestClient client(port());
  const std::string request = post("hello", "Expect: 100-Continue\r\n");
  for (int i = 0; i < 2; ++i) {
    client.send(request.substr(0, request.size() - 5));
    EXPECT_EQ(client.read_reply().status, 100);
    client.send("hello");
    EXPECT_EQ(client.read_reply().body, "POST /p hello");
  }
  // The body came along, or there is none: nobody waits.
  client.send(request + get("/", "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.read_reply().body, "POST /p hello");
  EXPECT_EQ(client.read_reply().body, "GET /");
}

TEST_F(HttpServerTest, ContinueIsNotSaidToABodyThatIsTooLarge) {
  handler_.limit = [](const HttpRequest&) { return std::size_t{4}; };
  start();
  TestClient client(port());
  const std::string request = post("hello", "Expect: 100-continue\r\n");
  client.send(request.substr(0, request.size() - 5));
  EXPECT_EQ(client.read_reply().status, 413);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrderOneAtATime) {
  keep();
  start();
  TestClient client(port());
  client.send(get("/0") + post("x") + get("/2"));
  for (int i = 0; i < 3; ++i) {
    eventually([this] { return kept_.size() == 1; });
    kept_.take()({.body = std::to_string(i)});
    EXPECT_EQ(client.read_reply().body, std::to_string(i));
  }
}

TEST_F(HttpServerTest, TenThousandPipelinedRequests) {
  start();
  TestClient client(port());
  std::thread sender([&client] {
    std::string many;
    for (int i = 0; i < 10'000; ++i) many += get("/" + std::to_string(i));
    client.send(many);
  });
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(client.read_reply().body, "GET /" + std::to_string(i));
  }
  sender.join();
}

TEST_F(HttpServerTest, AClientIsNotReadFarAhead) {
  keep();
  start();
  TestClient client(port());
  std::string many;
  while (many.size() < 1'000'000) many += get("/");
  // The socket's buffers fill, and then nothing is taken any more.
  std::size_t sent = 0;
  pollfd one{client.fd(), POLLOUT, 0};
  while (sent < 64'000'000 && poll(&one, 1, 300) == 1) {
    const ssize_t n = ::send(client.fd(), many.data(), many.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
  EXPECT_LT(sent, 64'000'000U);
  EXPECT_EQ(kept_.size(), 1U);
}

TEST_F(HttpServerTest, TwoHundredConnections) {
  keep();
  start();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<TestClient>(port()));
    clients.back()->send(get("/" + std::to_string(i)));
  }
  eventually([this] { return kept_.size() == 200; });
  EXPECT_EQ(server_->counts().open, 200U);
  std::thread answers([this] {
    for (int i = 0; i < 200; ++i) kept_.take()({.body = std::to_string(i)});
  });
  std::set<std::string> bodies;
  for (const auto& client : clients) bodies.insert(client->read_reply().body);
  answers.join();
  EXPECT_EQ(bodies.size(), 200U);
}

TEST_F(HttpServerTest, TheEndOfTheClientIsSeenWhileTheConnectionEnds) {
  keep();
  start();
  TestClient client(port());
  client.send(get("/", "Connection: close\r\n"));
  eventually([this] { return kept_.size() == 1; });
  kept_.take()({.body = "last"});
  EXPECT_EQ(client.read_reply().body, "last");
  client.close();
  // Long before write_wait, though the read that waits for this end is not the one that finishes.
  eventually([this] { return server_->counts().open == 0; });
}

TEST_F(HttpServerTest, DrainEndsWhatIsIdleAndWaitsForAnswers) {
  keep();
  start();
  TestClient busy(port());
  busy.send(get("/") + get("/never"));
  TestClient slow(port());
  const std::string request = post("hello", "Expect: 100-continue\r\n");
  slow.send(request.substr(0, request.size() - 5));
  EXPECT_EQ(slow.read_reply().status, 100);  // now it is known to be at work
  eventually([this] { return kept_.size() == 1; });
  TestClient idle(port());
  eventually([this] { return server_->counts().open == 3; });
  server_->drain();
  EXPECT_TRUE(idle.is_closed());
  TestClient late(port());
  late.send(get("/"));
  EXPECT_EQ(late.read_reply().status, 0);
  kept_.take()({.body = "done"});
  const Reply reply = busy.read_reply();
  EXPECT_EQ(reply.body, "done");
  EXPECT_EQ(reply.header("Connection"), "close");
  EXPECT_TRUE(busy.is_closed());
  slow.send("hello");
  eventually([this] { return kept_.size() == 1; });
  kept_.take()({.body = "done"});
  EXPECT_EQ(slow.read_reply().header("Connection"), "close");
  for (TestClient* client : {&busy, &idle, &slow}) client->close();
  eventually([this] { return server_->counts().open == 0; });
}

TEST_F(HttpServerTest, AnIpv4ClientOfAnIpv6ServerHasItsOwnAddress) {
  settings_.address = "::";
  handler_.on = [](HttpRequest request, Respond respond) { respond({.body = request.address}); };
  Result<std::unique_ptr<HttpServer>> server = HttpServer::start(settings_, handler_);
  if (!server.has_value()) GTEST_SKIP() << server.error().message;
  server_ = std::move(*server);
  EXPECT_EQ(ask(get("/")).body, "127.0.0.1");
}

TEST_F(HttpServerTest, WhoeverComesBeforeItServesWaits) {
  Result<std::unique_ptr<HttpServer>> server = HttpServer::listen(settings_, handler_);
  ASSERT_TRUE(server.has_value()) << server.error().message;
  server_ = std::move(*server);
  std::string known = "nothing";
  handler_.on = [&known](HttpRequest, Respond respond) { respond({.body = known}); };
  TestClient early(port());
  early.send(get("/"));
  known = std::to_string(port());
  server_->serve();
  EXPECT_EQ(early.read_reply().body, known);
}

TEST_F(HttpServerTest, OneThatNeverServesEnds) {
  Result<std::unique_ptr<HttpServer>> server = HttpServer::listen(settings_, handler_);
  ASSERT_TRUE(server.has_value()) << server.error().message;
  TestClient early((*server)->port());
  server->reset();
  EXPECT_TRUE(early.is_closed());
}

TEST_F(HttpServerTest, WhatCannotBeListenedOnIsSaid) {
  const auto error_of = [this](const std::string& address, std::uint16_t port) {
    HttpSettings settings;
    settings.address = address;
    settings.port = port;
    const auto server = HttpServer::start(settings, handler_);
    return server.has_value() ? Error{ErrorCode::kInternal, "it listens"} : server.error();
  };
  start();
  EXPECT_EQ(error_of("localhost", 0).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of("", 0).message, "'' is no IP address to listen on");
  EXPECT_EQ(error_of("192.0.2.1", 0).code, ErrorCode::kUnavailable);
  const Error taken = error_of("127.0.0.1", port());
  EXPECT_EQ(taken.code, ErrorCode::kUnavailable);
  EXPECT_EQ(taken.message, "cannot listen on 127.0.0.1 port " + std::to_string(port()) +
                               ": Address already in use");
}

TEST_F(HttpServerTest, WithoutDescriptorsItWaits) {
  start();
  TestClient client(port(), {.connect = false});
  const int lowest = dup(0);
  ASSERT_GE(lowest, 0);
  close(lowest);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{static_cast<rlim_t>(lowest), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  client.connect();
  client.send(get("/"));
  pollfd one{client.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&one, 1, 50), 0);
  EXPECT_EQ(server_->counts().connections, 0U);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(client.read_reply().body, "GET /");
}

}  // namespace
}  // namespace cordyna::server
