// Messages, frames and the close.
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "server/http/test_websocket.hpp"

namespace cordyna::server {
namespace {

TEST_F(WebSocketTest, TheAnswerSwitchesAndTextComesBack) {
  start();
  WebSocketClient client(port());
  const Reply reply = client.open();
  EXPECT_EQ(reply.status, 101);
  EXPECT_EQ(reply.header("Upgrade"), "websocket");
  EXPECT_EQ(reply.header("Connection"), "Upgrade");
  EXPECT_EQ(reply.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(reply.header("Sec-WebSocket-Protocol"), "");
  EXPECT_NE(reply.header("Date"), "");
  for (const std::size_t size :
       std::initializer_list<std::size_t>{0, 1, 125, 126, 1500, 65535, 65536, 300'000}) {
    const std::string text(size, 'x');
    client.send_text(text);
    EXPECT_EQ(client.read_text(), text);
  }
  client.send_text("gr\xC3\xBC\xC3\x9F dich");
  EXPECT_EQ(client.read_text(), "gr\xC3\xBC\xC3\x9F dich");
}

TEST_F(WebSocketTest, WhatIsSentBehindTheRequestIsNotLost) {
  start();
  WebSocketClient client(port());
  std::string ahead;
  for (int i = 0; i < 300; ++i) ahead += text_frame("early " + std::to_string(i));
  EXPECT_EQ(client.open(ahead).status, 101);
  for (int i = 0; i < 300; ++i) ASSERT_EQ(client.read_text(), "early " + std::to_string(i));
  client.send_text("late");
  EXPECT_EQ(client.read_text(), "late");
}

TEST_F(WebSocketTest, WhatComesWhileTheHandlerThinksIsNotLost) {
  keep();
  start();
  WebSocketClient client(port());
  const std::string frame = text_frame("a long one " + std::string(3000, 'x'));
  client.send(upgrade());
  eventually([this] { return kept_.size() == 1; });
  client.send(text_frame("one") + frame.substr(0, 1000));
  kept_.take()({.websocket = WebSocketStart{.peer = peer_}});
  EXPECT_EQ(client.read_reply().status, 101);
  EXPECT_EQ(client.read_text(), "one");
  client.send(frame.substr(1000));
  EXPECT_EQ(client.read_text().size(), 3011U);
}

TEST_F(WebSocketTest, AClientMayBeSilentWhileItIsSentTo) {
  keep();
  start();
  WebSocketClient client(port());
  client.send(upgrade());
  eventually([this] { return kept_.size() == 1; });
  kept_.take()({.websocket = WebSocketStart{.peer = peer_}});
  EXPECT_EQ(client.read_reply().status, 101);
  const auto socket = peer_->socket();
  EXPECT_TRUE(socket->send("first"));
  EXPECT_EQ(client.read_text(), "first");
  client.send_text("second");
  EXPECT_EQ(client.read_text(), "second");
}

TEST_F(WebSocketTest, BothSidesSendAtOnce) {
  constexpr int kMessages = 5000;
  std::atomic<int> came = 0;
  std::atomic<bool> in_order = true;
  peer_->on_text = [&](const std::string& text, const WebSocketPeer::Done&) {
    if (text != "up " + std::to_string(came++)) in_order = false;
  };
  limits_.queue_bytes = std::size_t{64} << 20;
  start();
  WebSocketClient client(port());
  client.open();
  const auto socket = peer_->socket();
  std::thread up([&client] {
    for (int i = 0; i < kMessages; ++i) client.send_text("up " + std::to_string(i));
  });
  std::thread down([&socket] {
    for (int i = 0; i < kMessages; ++i) {
      EXPECT_TRUE(
          socket->send("down " + std::to_string(i) + std::string(i % 100 == 0 ? 70'000 : 0, 'x')));
    }
  });
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_EQ(
        client.read_text().substr(0, 10),
        ("down " + std::to_string(i) + std::string(i % 100 == 0 ? 70'000 : 0, 'x')).substr(0, 10));
  }
  up.join();
  down.join();
  eventually([&came] { return came == kMessages; });
  EXPECT_TRUE(in_order);
  eventually([&socket] { return socket->queued_bytes() == 0; });
}

TEST_F(WebSocketTest, FragmentsAreOneMessage) {
  start();
  WebSocketClient client(port());
  client.open();
  client.send_frame({.op = Op::kText, .payload = "gr\xC3", .fin = false});
  client.send_frame({.op = Op::kPing, .payload = "between"});
  client.send_frame({.op = Op::kMore, .payload = "", .fin = false});
  client.send_frame({.op = Op::kMore, .payload = "\xBC", .fin = false});
  client.send_frame({.op = Op::kMore, .payload = "n"});
  const auto pong = client.read_frame();
  ASSERT_TRUE(pong.has_value());
  EXPECT_EQ(pong->op, Op::kPong);
  EXPECT_EQ(pong->payload, "between");
  EXPECT_EQ(client.read_text(), "gr\xC3\xBCn");
}

TEST_F(WebSocketTest, FramesThatComeByteByByte) {
  start();
  WebSocketClient client(port());
  client.open();
  for (const char c : text_frame("slowly")) client.send(std::string_view(&c, 1));
  EXPECT_EQ(client.read_text(), "slowly");
}

struct Broken {
  std::string name;
  std::string bytes;
  int code = 0;
};
void PrintTo(const Broken& row, std::ostream* out) {
  *out << row.name;
}

class BrokenFrameTest : public WebSocketTest, public testing::WithParamInterface<Broken> {};

TEST_P(BrokenFrameTest, ClosesWithItsCode) {
  limits_.message_bytes = 1000;
  start();
  WebSocketClient client(port());
  client.open(text_frame("before"));
  EXPECT_EQ(client.read_text(), "before");
  client.send(GetParam().bytes + text_frame("never read"));
  EXPECT_EQ(client.read_close(), GetParam().code);
  client.send_frame(close_frame(GetParam().code));
  EXPECT_TRUE(client.is_closed());
  eventually([this] { return peer_->is_closed(); });
}

INSTANTIATE_TEST_SUITE_P(
    Frames, BrokenFrameTest,
    testing::Values(
        Broken{"unmasked", Frame{.payload = "x", .masked = false}.bytes(), 1002},
        Broken{"oversize", text_frame(std::string(1001, 'x')), 1009},
        Broken{"oversize_in_fragments",
               Frame{.payload = std::string(600, 'x'), .fin = false}.bytes() +
                   Frame{.op = Op::kMore, .payload = std::string(600, 'x')}.bytes(),
               1009},
        Broken{"oversize_announced",
               std::string("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10) + "mask", 1009},
        Broken{"binary", Frame{.op = Op::kBinary, .payload = "x"}.bytes(), 1003},
        Broken{"not_utf8", text_frame("\xC3("), 1007},
        Broken{"half_a_character", text_frame("\xC3"), 1007},
        Broken{"unknown_op", Frame{.op = static_cast<Op>(3)}.bytes(), 1002},
        Broken{"reserved_bit", Frame{.op = static_cast<Op>(0x41)}.bytes(), 1002},
        Broken{"nothing_to_go_on_with", Frame{.op = Op::kMore, .payload = "x"}.bytes(), 1002},
        Broken{"text_within_text", Frame{.payload = "x", .fin = false}.bytes() + text_frame("y"),
               1002},
        Broken{"ping_in_fragments", Frame{.op = Op::kPing, .fin = false}.bytes(), 1002},
        Broken{"long_ping", Frame{.op = Op::kPing, .payload = std::string(126, 'x')}.bytes(), 1002},
        Broken{"close_without_sense", close_frame(1005).bytes(), 1002}),
    [](const auto& row) { return row.param.name; });

TEST_F(WebSocketTest, TheClientCloses) {
  start();
  WebSocketClient client(port());
  client.open();
  client.send_text("last");
  EXPECT_EQ(client.read_text(), "last");
  client.send_frame(close_frame(1000, "bye"));
  EXPECT_EQ(client.read_close(), 1000);
  EXPECT_TRUE(client.is_closed());
  client.close();
  eventually([this] { return peer_->is_closed(); });
  eventually([this] { return server_->counts().open == 0; });
}

TEST_F(WebSocketTest, TheServerClosesAfterWhatWasSent) {
  start();
  WebSocketClient client(port());
  client.open();
  const auto socket = peer_->socket();
  const std::string large(1'000'000, 'x');
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(socket->send(large));
  socket->close(4000, "enough");
  socket->close(4001, "only the first counts");
  EXPECT_FALSE(socket->send("too late"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_text().size(), large.size());
  const auto frame = client.read_frame();
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->code(), 4000);
  EXPECT_EQ(frame->payload.substr(2), "enough");
  EXPECT_FALSE(peer_->is_closed());
  client.send(text_frame("still on its way") + close_frame(4000).bytes());
  EXPECT_TRUE(client.is_closed());
  eventually([this] { return peer_->is_closed(); });
}

TEST_F(WebSocketTest, WhatACloseFrameCannotSayIsMadeFit) {
  struct Row {
    int asked;
    int sent;
  };
  start();
  for (const Row& row : {Row{1006, 1011}, Row{1005, 1011}, Row{0, 1011}, Row{3000, 3000}}) {
    peer_ = std::make_shared<TestPeer>();
    WebSocketClient client(port());
    client.open();
    std::string reason = std::string(122, 'x') + "\xC3\xBC";
    peer_->socket()->close(static_cast<std::uint16_t>(row.asked), reason);
    const auto frame = client.read_frame();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->code(), row.sent);
    EXPECT_EQ(frame->payload.substr(2), std::string(122, 'x'));
    client.send_frame(close_frame(1000));
    EXPECT_TRUE(client.is_closed());
    eventually([this] { return peer_->is_closed(); });
  }
}

TEST_F(WebSocketTest, BothSidesCloseAtOnce) {
  start();
  for (int i = 0; i < 50; ++i) {
    peer_ = std::make_shared<TestPeer>();
    WebSocketClient client(port());
    client.open();
    const auto socket = peer_->socket();
    client.send_frame(close_frame(1000));
    socket->close(CloseCode::kNormal, "");
    EXPECT_EQ(client.read_close(), 1000);
    EXPECT_TRUE(client.is_closed());
    eventually([this] { return peer_->is_closed(); });
  }
}

TEST_F(WebSocketTest, APeerMayCloseWithinItsCalls) {
  std::shared_ptr<WebSocket> socket;
  peer_->on_open = [this] { peer_->socket()->close(CloseCode::kPolicyViolation, "no"); };
  start();
  WebSocketClient client(port());
  client.open(text_frame("hello"));
  EXPECT_EQ(client.read_close(), 1008);
  client.send_frame(close_frame(1008));
  EXPECT_TRUE(client.is_closed());
  eventually([this] { return peer_->is_closed(); });
}

TEST_F(WebSocketTest, WhatAPeerThrowsClosesWith1011) {
  peer_->on_text = [](const std::string&, const WebSocketPeer::Done&) {
    throw std::runtime_error("no");
  };
  start();
  WebSocketClient client(port());
  client.open(text_frame("one") + text_frame("two"));
  EXPECT_EQ(client.read_close(), 1011);
  client.send_frame(close_frame(1011));
  EXPECT_TRUE(client.is_closed());
  eventually([this] { return peer_->is_closed(); });
}

TEST_F(WebSocketTest, AClientThatGoesWithoutAWordIsNoticed) {
  start();
  {
    WebSocketClient client(port());
    client.open(text_frame("x"));
    EXPECT_EQ(client.read_text(), "x");
  }
  eventually([this] { return peer_->is_closed(); });
  eventually([this] { return server_->counts().open == 0; });
}

TEST_F(WebSocketTest, OtherRequestsAreAnsweredMeanwhile) {
  start();
  WebSocketClient client(port());
  client.open();
  EXPECT_EQ(ask(get("/")).status, 200);
  client.send_text("x");
  EXPECT_EQ(client.read_text(), "x");
}

}  // namespace
}  // namespace cordyna::server
