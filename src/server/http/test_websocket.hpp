/// For the tests: a client that writes and reads the frames that it is told, and a peer.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/test_handler.hpp"
#include "server/http/websocket_upgrade.hpp"

namespace cordyna::server {

enum class Op : std::uint8_t {
  kMore = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

struct Frame {
  Op op = Op::kText;
  std::string payload;
  bool fin = true;
  bool masked = true;

  [[nodiscard]] std::string bytes() const {
    std::string out;
    out += static_cast<char>((fin ? 0x80U : 0U) | static_cast<unsigned>(op));
    const auto mask_bit = static_cast<std::size_t>(masked ? 0x80 : 0);
    const std::size_t size = payload.size();
    if (size < 126) {
      out += static_cast<char>(mask_bit | size);
    } else {
      const int length_bytes = size < 65536 ? 2 : 8;
      out += static_cast<char>(mask_bit | (length_bytes == 2 ? 126U : 127U));
      for (int i = length_bytes - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i) & 0xFFU);
    }
    if (!masked) return out + payload;
    constexpr std::string_view kMask = "\x37\xfa\x21\x3d";
    out += kMask;
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(payload[i] ^ kMask[i % 4]);
    return out;
  }
  /// Of a close; 0: it has none.
  [[nodiscard]] int code() const {
    if (op != Op::kClose || payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  }
};

inline Frame close_frame(int code, const std::string& reason = {}) {
  return {.op = Op::kClose,
          .payload =
              std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + reason};
}
inline std::string text_frame(const std::string& text) {
  return Frame{.payload = text}.bytes();
}

/// With the key of RFC 6455, 1.3.
inline std::string upgrade(const std::string& headers = {}) {
  return get(
      "/ws",
      "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
          headers);
}

class WebSocketClient : public TestClient {
 public:
  using TestClient::TestClient;

  /// Sends the request and `ahead`; the answer.
  Reply open(const std::string& ahead = {}) {
    send(upgrade() + ahead);
    return read_reply();
  }
  void send_frame(const Frame& frame) const { static_cast<void>(send(frame.bytes())); }
  void send_text(const std::string& text) const { send_frame({.payload = text}); }

  /// Nullopt: the server has closed.
  [[nodiscard]] std::optional<Frame> read_frame() {
    Frame frame;
    std::string head;
    if (!read_bytes(2, head)) return std::nullopt;
    frame.fin = (head[0] & 0x80) != 0;
    frame.op = static_cast<Op>(head[0] & 0x7F);
    frame.masked = (head[1] & 0x80) != 0;
    auto size = static_cast<std::size_t>(head[1] & 0x7F);
    if (size >= 126) {
      std::string length;
      if (!read_bytes(size == 126 ? 2 : 8, length)) return std::nullopt;
      size = 0;
      for (const char c : length) size = size << 8 | static_cast<unsigned char>(c);
    }
    if (!read_bytes(size, frame.payload)) return std::nullopt;
    return frame;
  }
  /// Of a whole text; "" and a failure: it was none.
  [[nodiscard]] std::string read_text() {
    const std::optional<Frame> frame = read_frame();
    const bool is_text =
        frame.has_value() && frame->op == Op::kText && frame->fin && !frame->masked;
    EXPECT_TRUE(is_text) << (frame.has_value() ? "another frame" : "the end");
    return is_text ? frame->payload : std::string();
  }
  /// Passes over other frames; 0: the server closed without one.
  [[nodiscard]] int read_close() {
    while (const std::optional<Frame> frame = read_frame()) {
      if (frame->op == Op::kClose) return frame->code();
    }
    return 0;
  }
};

/// Says what it got, unless it is told to do something else.
class TestPeer final : public WebSocketPeer {
 public:
  using Received = std::function<void(std::string text, Done done)>;

  void opened(std::shared_ptr<WebSocket> socket) override {
    EXPECT_EQ(opened_++, 0);
    socket_.set_value(socket);
    own_ = std::move(socket);
    if (on_open) on_open();
  }
  void received(std::string text, Done done) override {
    EXPECT_EQ(closed_, 0);
    if (on_text) return on_text(std::move(text), std::move(done));
    EXPECT_TRUE(own_->send(std::move(text)));
    done();
  }
  void closed() override {
    EXPECT_EQ(opened_, 1);
    EXPECT_EQ(closed_++, 0);
    EXPECT_FALSE(own_->send("nobody is there"));
    EXPECT_EQ(own_->queued_bytes(), 0U);
  }

  /// Once; waits until it is open.
  [[nodiscard]] std::shared_ptr<WebSocket> socket() { return socket_.get_future().get(); }
  [[nodiscard]] bool is_opened() const { return opened_ == 1; }
  [[nodiscard]] bool is_closed() const { return closed_ == 1; }

  Received on_text;
  std::function<void()> on_open;

 private:
  std::atomic<int> opened_ = 0;
  std::atomic<int> closed_ = 0;
  std::promise<std::shared_ptr<WebSocket>> socket_;
  std::shared_ptr<WebSocket> own_;
};

class WebSocketTest : public HttpServerTest {
 protected:
  WebSocketTest() {
    handler_.on = [this](const HttpRequest& request, Respond respond) {
      HttpResponse response;
      if (request.path == "/ws") response.websocket = {.peer = peer_, .limits = limits_};
      respond(std::move(response));
    };
  }
  void TearDown() override { server_.reset(); }

  WebSocketLimits limits_;
  std::shared_ptr<TestPeer> peer_ = std::make_shared<TestPeer>();
};

}  // namespace cordyna::server
