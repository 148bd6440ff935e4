// Which requests become a WebSocket, and how they are answered.
#include "server/http/websocket_upgrade.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>

#include "http/server_fixture.hpp"
#include "server/http/test_websocket.hpp"

namespace cordyna::server {
namespace {

HttpRequest proper() {
  return {.method = "GET",
          .path = "/ws",
          .headers = {{"Host", "localhost"},
                      {"upgrade", "WebSocket"},
                      {"Connection", "keep-alive, Upgrade"},
                      {"Sec-WebSocket-Version", "13"},
                      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}};
}

struct Row {
  std::string name;
  std::function<void(HttpRequest&)> change;
  UpgradeAsked asked;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class UpgradeAskedTest : public testing::TestWithParam<Row> {};

TEST_P(UpgradeAskedTest, IsFoundOut) {
  HttpRequest request = proper();
  GetParam().change(request);
  EXPECT_EQ(upgrade_asked(request), GetParam().asked);
  EXPECT_EQ(websocket_accept(request).empty(), !wants_websocket(request));
}

Row set(const std::string& name, const std::string& header, const std::string& value,
        UpgradeAsked asked) {
  return {name, [=](HttpRequest& request) { http::set_header(request.headers, header, value); },
          asked};
}
Row twice(const std::string& name, const std::string& header, const std::string& value) {
  return {name, [=](HttpRequest& request) { request.headers.push_back({header, value}); },
          UpgradeAsked::kMalformed};
}

constexpr auto kMalformed = UpgradeAsked::kMalformed;
INSTANTIATE_TEST_SUITE_P(
    Requests, UpgradeAskedTest,
    testing::Values(
        Row{"proper", [](HttpRequest&) {}, UpgradeAsked::kWebSocket},
        set("another_before", "Upgrade", "h2c, websocket", UpgradeAsked::kWebSocket),
        set("only_another", "Upgrade", "h2c", UpgradeAsked::kNone),
        Row{"plain", [](HttpRequest& request) { request.headers.clear(); }, UpgradeAsked::kNone},
        Row{"http10", [](HttpRequest& request) { request.http10 = true; }, UpgradeAsked::kNone},
        Row{"post", [](HttpRequest& request) { request.method = "POST"; }, kMalformed},
        Row{"with_a_body", [](HttpRequest& request) { request.body = "x"; }, kMalformed},
        set("connection", "Connection", "keep-alive", kMalformed),
        set("version_8", "Sec-WebSocket-Version", "8", UpgradeAsked::kOtherVersion),
        set("versions", "Sec-WebSocket-Version", "8, 13", UpgradeAsked::kOtherVersion),
        twice("version_twice", "Sec-WebSocket-Version", "13"),
        set("no_version", "Sec-WebSocket-Version", "", kMalformed),
        set("no_key", "Sec-WebSocket-Key", "", kMalformed),
        set("short_key", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub24=", kMalformed),
        set("no_base64", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ", kMalformed),
        twice("key_twice", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")),
    [](const auto& row) { return row.param.name; });

TEST(WebSocketUpgradeTest, OfferedProtocols) {
  HttpRequest request = proper();
  EXPECT_FALSE(offers_protocol(request, "chat"));
  request.headers.push_back({"Sec-WebSocket-Protocol", "chat , super.v2"});
  request.headers.push_back({"sec-websocket-protocol", "third"});
  EXPECT_TRUE(offers_protocol(request, "chat"));
  EXPECT_TRUE(offers_protocol(request, "super.v2"));
  EXPECT_TRUE(offers_protocol(request, "third"));
  EXPECT_FALSE(offers_protocol(request, "super"));
  EXPECT_FALSE(offers_protocol(request, "Chat"));
}

TEST_F(WebSocketTest, TheProtocolAndHeadersGoIntoTheAnswer) {
  handler_.on = [this](const HttpRequest& request, Respond respond) {
    EXPECT_TRUE(offers_protocol(request, "b"));
    respond({.status = 200,
             .headers = {{"X-Mine", "1"}},
             .body = "is left out",
             .fixed_headers = "X-Fixed: 2\r\n",
             .websocket = WebSocketStart{.peer = peer_, .protocol = "b"}});
  };
  start();
  WebSocketClient client(port());
  client.send(upgrade("Sec-WebSocket-Protocol: a, b\r\n") + text_frame("x"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 101);
  EXPECT_EQ(reply.header("Sec-WebSocket-Protocol"), "b");
  EXPECT_EQ(reply.header("X-Mine"), "1");
  EXPECT_EQ(reply.header("X-Fixed"), "2");
  EXPECT_EQ(reply.header("Content-Length"), "");
  EXPECT_EQ(client.read_text(), "x");
}

TEST_F(WebSocketTest, AWebSocketForARequestThatAskedForNoneIs500) {
  start();
  WebSocketClient client(port());
  client.send(get("/ws") + get("/"));
  EXPECT_EQ(client.read_reply().status, 500);
  EXPECT_EQ(client.read_reply().status, 200);
  std::string wrong_key = upgrade();
  wrong_key.replace(wrong_key.find("dGhl"), 4, "dGh=");
  EXPECT_EQ(ask(wrong_key).status, 500);
  std::string old = upgrade();
  old.replace(old.find("HTTP/1.1"), 8, "HTTP/1.0");
  EXPECT_EQ(ask(old).status, 500);
  EXPECT_FALSE(peer_->is_opened());
}

TEST_F(WebSocketTest, ABadProtocolOrNoPeerIs500) {
  handler_.on = [this](const HttpRequest& request, Respond respond) {
    WebSocketStart start{.peer = peer_, .protocol = "a\r\nb"};
    if (!request.query.empty()) start = {};
    respond({.websocket = std::move(start)});
  };
  start();
  EXPECT_EQ(ask(upgrade()).status, 500);
  std::string other = upgrade();
  other.replace(other.find("/ws"), 3, "/ws?none");
  EXPECT_EQ(ask(other).status, 500);
}

TEST_F(WebSocketTest, AHandlerMayRefuse) {
  handler_.on = [](const HttpRequest& request, Respond respond) {
    const UpgradeAsked asked = upgrade_asked(request);
    const int status = asked == UpgradeAsked::kWebSocket      ? 403
                       : asked == UpgradeAsked::kOtherVersion ? 426
                       : asked == UpgradeAsked::kMalformed    ? 400
                                                              : 200;
    respond({.status = status, .headers = {{"Sec-WebSocket-Version", "13"}}, .body = "no"});
  };
  start();
  WebSocketClient client(port());
  std::string version = upgrade();
  version.replace(version.find("13"), 2, "12");
  std::string key = upgrade();
  key.replace(key.find("dGhl"), 4, "");
  client.send(upgrade() + version + key + get("/"));
  for (const int status : {403, 426, 400, 200}) {
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.body, "no");
  }
}

TEST_F(WebSocketTest, ThroughTls) {
  const http::TestIdentity identity("127.0.0.1");
  std::string folder = testing::TempDir() + "cordyna-wss-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  settings_.certificate = folder + "/cert.pem";
  settings_.key = folder + "/key.pem";
  identity.save(settings_.certificate);
  identity.save_key(settings_.key);
  start();
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  WebSocketClient client(port());
  ASSERT_TRUE(client.start_tls(context.get()));
  EXPECT_EQ(client.open(text_frame("ahead")).status, 101);
  EXPECT_EQ(client.read_text(), "ahead");
  for (const std::size_t size : std::initializer_list<std::size_t>{1, 1000, 100'000, 900'000}) {
    client.send_text(std::string(size, 'x'));
    EXPECT_EQ(client.read_text().size(), size);
  }
  for (int i = 0; i < 1000; ++i) client.send_text(std::to_string(i));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.read_text(), std::to_string(i));
  client.send_frame(close_frame(1000));
  EXPECT_EQ(client.read_close(), 1000);
  EXPECT_TRUE(client.is_closed());
  // TLS ended in order, too.
  EXPECT_NE(SSL_get_shutdown(client.tls()) & SSL_RECEIVED_SHUTDOWN, 0);
  eventually([this] { return peer_->is_closed(); });
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cordyna::server
