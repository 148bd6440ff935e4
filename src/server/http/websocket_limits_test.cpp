// Bounds, waits, and the ends that nobody asked for.
#include <gtest/gtest.h>

#include "server/http/test_websocket.hpp"

namespace cordyna::server {
namespace {

TEST_F(WebSocketTest, TheNextMessageWaitsForDone) {
  std::mutex mutex;
  std::vector<WebSocketPeer::Done> waiting;  // under the mutex
  std::atomic<int> came = 0;
  std::atomic<int> done = 0;
  peer_->on_text = [&](const std::string&, WebSocketPeer::Done one) {
    EXPECT_EQ(came++, done);
    const std::scoped_lock lock(mutex);
    waiting.push_back(std::move(one));
  };
  start();
  WebSocketClient client(port());
  client.open(text_frame("1") + text_frame("2") + text_frame("3"));
  for (int i = 1; i <= 3; ++i) {
    eventually([&] {
      const std::scoped_lock lock(mutex);
      return !waiting.empty();
    });
    ++done;
    WebSocketPeer::Done one;
    {
      const std::scoped_lock lock(mutex);
      one = std::move(waiting.back());
      waiting.pop_back();
    }
    if (i == 2) continue;  // dropped: as if called
    one();
  }
  EXPECT_EQ(came, 3);
}

TEST_F(WebSocketTest, DoneAndSendAfterAllHasGone) {
  std::promise<WebSocketPeer::Done> kept;
  peer_->on_text = [&kept](const std::string&, WebSocketPeer::Done done) {
    kept.set_value(std::move(done));
  };
  start();
  WebSocketClient client(port());
  client.open(text_frame("x"));
  WebSocketPeer::Done done = kept.get_future().get();
  const auto socket = peer_->socket();
  server_.reset();
  EXPECT_TRUE(peer_->is_closed());
  done();
  EXPECT_FALSE(socket->send("x"));
  socket->close(CloseCode::kNormal, "");
  EXPECT_EQ(socket->queued_bytes(), 0U);
}

TEST_F(WebSocketTest, ASlowReaderIsCutByTheBound) {
  limits_.queue_bytes = 500'000;
  start();
  WebSocketClient client(port(), {.receive_bytes = 4096});
  client.open();
  const auto socket = peer_->socket();
  const std::string text(100'000, 'x');
  std::size_t sent = 0;
  while (socket->send(text)) {
    EXPECT_LE(socket->queued_bytes(), limits_.queue_bytes);
    ASSERT_LT(++sent, 1000U);
  }
  EXPECT_FALSE(socket->send("x"));
  eventually([this] { return peer_->is_closed(); });
  EXPECT_TRUE(client.is_reset());
  eventually([this] { return server_->counts().open == 0; });
}

TEST_F(WebSocketTest, AMessageLargerThanTheBoundIsTooMuch) {
  limits_.queue_bytes = 1000;
  start();
  WebSocketClient client(port());
  client.open();
  EXPECT_FALSE(peer_->socket()->send(std::string(1001, 'x')));
  eventually([this] { return peer_->is_closed(); });
}

TEST_F(WebSocketTest, AClientThatTakesNothingIsCut) {
  settings_.limits.write_wait = 100;
  limits_.queue_bytes = std::size_t{64} << 20;
  start();
  WebSocketClient client(port(), {.receive_bytes = 4096});
  client.open();
  EXPECT_TRUE(peer_->socket()->send(long_text(30)));
  eventually([this] { return peer_->is_closed(); });
  EXPECT_TRUE(client.is_reset());
}

TEST_F(WebSocketTest, AClientThatNeverAnswersACloseIsCut) {
  settings_.limits.write_wait = 100;
  start();
  WebSocketClient client(port());
  client.open();
  peer_->socket()->close(CloseCode::kNormal, "");
  EXPECT_EQ(client.read_close(), 1000);
  EXPECT_FALSE(client.read_frame().has_value());
  eventually([this] { return peer_->is_closed(); });
}

TEST_F(WebSocketTest, WhoAnswersPingsStays) {
  settings_.limits.quiet = 30;
  start();
  WebSocketClient client(port());
  client.open();
  for (int i = 0; i < 8; ++i) {
    const auto ping = client.read_frame();
    ASSERT_TRUE(ping.has_value());
    ASSERT_EQ(ping->op, Op::kPing);
    client.send_frame({.op = Op::kPong, .payload = ping->payload});
  }
  EXPECT_FALSE(peer_->is_closed());
}

TEST_F(WebSocketTest, WhoIsSilentIsPingedAndThenCut) {
  settings_.limits.quiet = 30;
  start();
  WebSocketClient client(port());
  client.open();
  int pings = 0;
  while (const auto frame = client.read_frame()) {
    EXPECT_EQ(frame->op, Op::kPing);
    ++pings;
  }
  EXPECT_EQ(pings, 2);
  eventually([this] { return peer_->is_closed(); });
}

TEST_F(WebSocketTest, SilenceSaysNothingWhileThePeerIsNotDone) {
  settings_.limits.quiet = 20;
  std::promise<WebSocketPeer::Done> kept;
  peer_->on_text = [&kept](const std::string&, WebSocketPeer::Done done) {
    kept.set_value(std::move(done));
  };
  start();
  WebSocketClient client(port());
  client.open(text_frame("x"));
  WebSocketPeer::Done done = kept.get_future().get();
  for (int i = 0; i < 8; ++i) {
    const auto ping = client.read_frame();
    ASSERT_TRUE(ping.has_value());
    EXPECT_EQ(ping->op, Op::kPing);
  }
  EXPECT_FALSE(peer_->is_closed());
  done();
  EXPECT_EQ(client.read_close(), 0);
}

TEST_F(WebSocketTest, ItCountsAsAConnection) {
  settings_.limits.connections = 1;
  start();
  WebSocketClient client(port());
  client.open(text_frame("x"));
  EXPECT_EQ(client.read_text(), "x");
  EXPECT_EQ(ask(get("/")).status, 503);
  client.close();
  eventually([this] { return server_->counts().open == 0; });
  EXPECT_EQ(ask(get("/")).status, 200);
}

TEST_F(WebSocketTest, DrainClosesWith1001AfterWhatWasSent) {
  start();
  WebSocketClient client(port());
  client.open();
  EXPECT_TRUE(peer_->socket()->send("last"));
  server_->drain();
  EXPECT_EQ(client.read_text(), "last");
  EXPECT_EQ(client.read_close(), 1001);
  client.send_frame(close_frame(1001));
  EXPECT_TRUE(client.is_closed());
  client.close();
  eventually([this] { return server_->counts().open == 0; });
  EXPECT_TRUE(peer_->is_closed());
}

TEST_F(WebSocketTest, NoneBeginsWhileTheServerDrains) {
  keep();
  start();
  WebSocketClient client(port());
  client.send(upgrade());
  eventually([this] { return kept_.size() == 1; });
  server_->drain();
  kept_.take()({.websocket = WebSocketStart{.peer = peer_}});
  EXPECT_EQ(client.read_reply().status, 503);
  server_.reset();
  EXPECT_FALSE(peer_->is_opened());
  EXPECT_FALSE(peer_->is_closed());
}

TEST_F(WebSocketTest, TheServerGoesWithOpenOnes) {
  std::vector<std::shared_ptr<TestPeer>> peers;
  std::vector<std::unique_ptr<WebSocketClient>> clients;
  start();
  for (int i = 0; i < 20; ++i) {
    peers.push_back(peer_ = std::make_shared<TestPeer>());
    clients.push_back(std::make_unique<WebSocketClient>(port()));
    clients.back()->open();
    const auto socket = peer_->socket();
    if (i % 4 == 1) static_cast<void>(socket->send(long_text(1)));
    if (i % 4 == 2) socket->close(CloseCode::kNormal, "");
    if (i % 4 == 3) clients.back()->send(text_frame("x") + text_frame("half").substr(0, 3));
  }
  server_.reset();
  for (const auto& peer : peers) EXPECT_TRUE(peer->is_closed());
}

TEST_F(WebSocketTest, AClientThatLeavesBeforeTheAnswer) {
  keep();
  start();
  {
    WebSocketClient client(port());
    client.send(upgrade());
    eventually([this] { return kept_.size() == 1; });
  }
  eventually([this] { return server_->counts().open == 0; });
  const std::weak_ptr<TestPeer> watched = peer_;
  kept_.take()({.websocket = WebSocketStart{.peer = std::move(peer_)}});
  eventually([&watched] { return watched.expired(); });
}

}  // namespace
}  // namespace cordyna::server
