// Clients that send too much, too slowly, too often, or do not take what they asked for.
#include <gtest/gtest.h>

#include "server/http/test_handler.hpp"

namespace cordyna::server {
namespace {

class HttpLimitsTest : public HttpServerTest {};

TEST_F(HttpLimitsTest, AHeadMayBeSoLong) {
  settings_.limits.head_bytes = 1000;
  start();
  const std::string empty = get("/", "A: \r\n");
  const auto of_size = [&](std::size_t bytes) {
    return get("/", "A: " + std::string(bytes - empty.size(), 'x') + "\r\n");
  };
  EXPECT_EQ(ask(of_size(1000)).status, 200);
  EXPECT_EQ(ask(of_size(1001)).status, 431);
  EXPECT_EQ(ask("GET /" + std::string(1'000'000, 'x')).status, 431);
  EXPECT_EQ(ask(std::string(1'000'000, 'x')).status, 431);
  EXPECT_EQ(server_->counts().requests, 4U);
}

TEST_F(HttpLimitsTest, AHeadOfTheFullSizeFits) {
  start();
  const std::string head = get("/", "A: " + std::string(16'000, 'x') + "\r\n");
  TestClient client(port());
  client.send(head + head + post(std::string(100'000, 'y')));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_reply().status, 200);
}

TEST_F(HttpLimitsTest, ThereMayBeSoManyHeaders) {
  settings_.limits.headers = 10;
  start();
  const auto with = [](int more) {
    std::string headers;
    for (int i = 0; i < more; ++i) headers += "A: b\r\n";
    return get("/", headers);
  };
  EXPECT_EQ(ask(with(9)).status, 200);
  EXPECT_EQ(ask(with(10)).status, 431);
}

TEST_F(HttpLimitsTest, ABodyMayBeSoLong) {
  handler_.limit = [](const HttpRequest& head) {
    return head.path == "/p" ? std::size_t{10} : std::size_t{0};
  };
  start();
  EXPECT_EQ(ask(post("0123456789")).status, 200);
  EXPECT_EQ(ask(post("0123456789a")).status, 413);
  EXPECT_EQ(ask(post_chunked("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n")).status, 200);
  EXPECT_EQ(ask(post_chunked("5\r\n01234\r\n6\r\n")).status, 413);
  EXPECT_EQ(ask(post_chunked("b\r\n")).status, 413);
  EXPECT_EQ(ask(get("/", "Content-Length: 1\r\n")).status, 413);
  EXPECT_EQ(ask(get("/", "Content-Length: 0\r\n")).status, 200);
}

TEST_F(HttpLimitsTest, TheUsualLimitOfBodies) {
  settings_.limits.body_bytes = 3;
  handler_.limit = [](const HttpRequest&) { return HttpHandler::kUsualBody; };
  start();
  EXPECT_EQ(ask(post("abc")).status, 200);
  EXPECT_EQ(ask(post("abcd")).status, 413);
}

TEST_F(HttpLimitsTest, WhoSendsTooMuchCanReadWhy) {
  start();
  TestClient client(port());
  // Sent to the end before the first look at the answer, as simple clients do.
  client.send(post(long_text(30)));
  EXPECT_EQ(client.read_reply().status, 413);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpLimitsTest, AHeadMayTakeSoLong) {
  settings_.limits.head_wait = 50;
  start();
  TestClient client(port());
  client.send(get("/"));
  EXPECT_EQ(client.read_reply().status, 200);
  // One byte after the other does not put the end off.
  const std::string head = get("/", "A: " + std::string(10'000, 'x'));
  std::size_t sent = 0;
  pollfd one{client.fd(), POLLIN, 0};
  while (sent < head.size() && poll(&one, 1, 5) == 0) client.send(head.substr(sent++, 1));
  EXPECT_LT(sent, head.size());
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server_->counts().requests, 2U);
}

TEST_F(HttpLimitsTest, ABodyMayTakeSoLong) {
  settings_.limits.body_wait = 50;
  start();
  for (const std::string& begun : {post("hello").substr(0, post("hello").size() - 1),
                                   post_chunked("5\r\nhel"), post_chunked("5\r\nhello\r\n0\r\nA:"),
                                   post("a", "Expect: 100-continue\r\n").substr(0, 78)}) {
    TestClient client(port());
    client.send(begun);
    Reply reply = client.read_reply();
    if (reply.status == 100) reply = client.read_reply();
    EXPECT_EQ(reply.status, 408) << begun;
    EXPECT_TRUE(client.is_closed());
  }
}

TEST_F(HttpLimitsTest, AnIdleConnectionIsClosedWithoutAWord) {
  settings_.limits.idle_wait = 50;
  start();
  TestClient silent(port());
  EXPECT_TRUE(silent.is_closed());
  TestClient client(port());
  client.send(get("/"));
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server_->counts().requests, 1U);
}

TEST_F(HttpLimitsTest, TheHandlerMayTakeAsLongAsItLikes) {
  settings_.limits = {.head_wait = 20, .body_wait = 20, .idle_wait = 20, .write_wait = 20};
  keep();
  start();
  TestClient client(port());
  client.send(post("x"));
  eventually([this] { return kept_.size() == 1; });
  TestClient other(port());
  EXPECT_TRUE(other.is_closed());  // it began to wait later, and has waited too long
  kept_.take()({.body = "late"});
  EXPECT_EQ(client.read_reply().body, "late");
}

TEST_F(HttpLimitsTest, WhoDoesNotReadIsThrownOut) {
  settings_.limits.write_wait = 50;
  handler_.on = [](HttpRequest, Respond respond) { respond({.body = long_text(50)}); };
  start();
  TestClient client(port(), {.receive_bytes = 4096});
  client.send(get("/"));
  EXPECT_TRUE(client.is_reset());
  eventually([this] { return server_->counts().open == 0; });
}

TEST_F(HttpLimitsTest, TooManyConnectionsGet503) {
  settings_.limits.connections = 2;
  start();
  TestClient first(port());
  TestClient second(port());
  for (TestClient* client : {&first, &second}) {
    client->send(get("/"));
    EXPECT_EQ(client->read_reply().status, 200);
  }
  for (const bool asks : {false, true}) {
    TestClient third(port());
    if (asks) third.send(get("/"));
    const Reply reply = third.read_reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(third.is_closed());
  }
  first.close();
  eventually([this] { return server_->counts().open == 1; });
  EXPECT_EQ(ask(get("/")).status, 200);
  second.send(get("/"));
  EXPECT_EQ(second.read_reply().status, 200);
}

TEST_F(HttpLimitsTest, ManyTooManyAreClosedAtOnce) {
  settings_.limits.connections = 0;
  start();
  std::vector<std::unique_ptr<TestClient>> clients;
  clients.reserve(150);
  for (int i = 0; i < 150; ++i) clients.push_back(std::make_unique<TestClient>(port()));
  int told = 0;
  for (const auto& client : clients) {
    const int status = client->read_reply().status;
    EXPECT_TRUE(status == 503 || status == 0) << status;
    told += status == 503 ? 1 : 0;
  }
  EXPECT_GE(told, 1);
}

}  // namespace
}  // namespace cordyna::server
