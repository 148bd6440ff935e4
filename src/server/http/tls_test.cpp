#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>

#include "http/server_fixture.hpp"
#include "server/http/test_handler.hpp"

namespace cordyna::server {
namespace {

namespace fs = std::filesystem;

class HttpTlsTest : public HttpServerTest {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-tls-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    settings_.certificate = folder_ + "/cert.pem";
    settings_.key = folder_ + "/key.pem";
    save(first_);
  }
  void TearDown() override {
    server_.reset();
    SSL_CTX_free(context_);
    fs::remove_all(folder_);
  }
  void save(const http::TestIdentity& identity) const {
    identity.save(settings_.certificate);
    identity.save_key(settings_.key);
  }
  /// Of the certificate that the server shows.
  static std::string shown(const TestClient& client) {
    X509* certificate = SSL_get1_peer_certificate(client.tls());
    if (certificate == nullptr) return "none";
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    X509_digest(certificate, EVP_sha256(), digest.data(), &size);
    X509_free(certificate);
    return {digest.begin(), digest.end()};
  }
  void offer(const std::string& protocols) const {
    SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned int>(protocols.size()));
  }
  [[nodiscard]] Error error_of() {
    const auto server = HttpServer::start(settings_, handler_);
    return server.has_value() ? Error{ErrorCode::kInternal, "it listens"} : server.error();
  }

  std::string folder_;
  SSL_CTX* context_ = SSL_CTX_new(TLS_client_method());
  http::TestIdentity first_{"127.0.0.1"};
  http::TestIdentity second_{"127.0.0.1"};
};

TEST_F(HttpTlsTest, RequestsGoThroughTls) {
  handler_.on = [](HttpRequest request, Respond respond) {
    respond({.body = request.address + std::string(request.body.size() * 10, 'x')});
  };
  start();
  TestClient client(port());
  ASSERT_TRUE(client.start_tls(context_));
  client.send(get("/") + post(std::string(300'000, 'y')) + get("/", "Connection: close\r\n"));
  EXPECT_EQ(client.read_reply().body, "127.0.0.1");
  EXPECT_EQ(client.read_reply().body.size(), 3'000'009U);
  EXPECT_EQ(client.read_reply().header("Connection"), "close");
  EXPECT_TRUE(client.is_closed());
  // TLS ended in order: nothing was cut.
  EXPECT_NE(SSL_get_shutdown(client.tls()) & SSL_RECEIVED_SHUTDOWN, 0);
}

TEST_F(HttpTlsTest, AlpnIsHttp11) {
  start();
  offer("\x02h2\x08http/1.1");
  TestClient client(port());
  ASSERT_TRUE(client.start_tls(context_));
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(client.tls(), &name, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(name), size), "http/1.1");
  offer("\x02h2");
  TestClient other(port());
  EXPECT_FALSE(other.start_tls(context_));
}

TEST_F(HttpTlsTest, OldTlsIsRefused) {
  start();
  SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context_, TLS1_1_VERSION);
  TestClient old(port());
  EXPECT_FALSE(old.start_tls(context_));
  SSL_CTX_set_max_proto_version(context_, TLS1_2_VERSION);
  TestClient client(port());
  EXPECT_TRUE(client.start_tls(context_));
}

TEST_F(HttpTlsTest, PlainBytesAreClosed) {
  start();
  TestClient client(port());
  client.send(get("/"));
  EXPECT_EQ(client.read_reply().status, 0);
  TestClient again(port());
  ASSERT_TRUE(again.start_tls(context_));
  again.send(get("/"));
  EXPECT_EQ(again.read_reply().status, 200);
  EXPECT_EQ(server_->counts().requests, 1U);
}

TEST_F(HttpTlsTest, TheHandshakeMayTakeSoLong) {
  settings_.limits.head_wait = 50;
  start();
  TestClient silent(port());
  EXPECT_TRUE(silent.is_closed());
  TestClient half(port());
  half.send(std::string("\x16\x03\x01\x02", 4));
  EXPECT_TRUE(half.is_closed());
}

TEST_F(HttpTlsTest, AClientThatVanishesIsForgotten) {
  keep();
  start();
  {
    TestClient client(port());
    ASSERT_TRUE(client.start_tls(context_));
    client.send(get("/"));
    eventually([this] { return kept_.size() == 1; });
  }
  eventually([this] { return server_->counts().open == 0; });
  kept_.take()({});
}

TEST_F(HttpTlsTest, TheEndComesAlsoWhenTheAnswerWasLate) {
  keep();
  start();
  TestClient client(port());
  ASSERT_TRUE(client.start_tls(context_));
  client.send(get("/", "Connection: close\r\n"));
  eventually([this] { return kept_.size() == 1; });
  kept_.take()({.body = "late"});
  EXPECT_EQ(client.read_reply().body, "late");
  EXPECT_TRUE(client.is_closed());
  EXPECT_NE(SSL_get_shutdown(client.tls()) & SSL_RECEIVED_SHUTDOWN, 0);
}

TEST_F(HttpTlsTest, TheEndOfTheClientIsSeenHoweverItEnds) {
  keep();
  start();
  for (const bool polite : {true, false}) {
    for (const bool late : {true, false}) {
      TestClient client(port());
      ASSERT_TRUE(client.start_tls(context_));
      client.send(get("/", "Connection: close\r\n"));
      eventually([this] { return kept_.size() == 1; });
      if (late) kept_.take()({.body = "late"});
      EXPECT_EQ(late ? client.read_reply().body : "late", "late");
      if (polite) SSL_shutdown(client.tls());
      client.close();
      if (!late) kept_.take()({.body = "nobody"});
      eventually([this] { return server_->counts().open == 0; });
    }
  }
}

TEST_F(HttpTlsTest, TooManyConnectionsGet503) {
  settings_.limits.connections = 0;
  start();
  TestClient client(port());
  ASSERT_TRUE(client.start_tls(context_));
  EXPECT_EQ(client.read_reply().status, 503);
}

TEST_F(HttpTlsTest, ACertificateIsReplaced) {
  start();
  TestClient before(port());
  ASSERT_TRUE(before.start_tls(context_));
  save(second_);
  const Result<> reloaded = server_->reload_certificate();
  ASSERT_TRUE(reloaded.has_value()) << reloaded.error().message;
  TestClient after(port());
  ASSERT_TRUE(after.start_tls(context_));
  EXPECT_NE(shown(before), shown(after));
  before.send(get("/"));
  EXPECT_EQ(before.read_reply().status, 200);
  std::ofstream(settings_.certificate) << "broken";
  const Result<> broken = server_->reload_certificate();
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code, ErrorCode::kInvalidArgument);
  TestClient later(port());
  ASSERT_TRUE(later.start_tls(context_));
  EXPECT_EQ(shown(later), shown(after));
}

TEST_F(HttpTlsTest, FilesThatCannotBeUsedAreSaid) {
  second_.save_key(settings_.key);
  EXPECT_EQ(error_of().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error_of().message, "the key " + settings_.key +
                                    " cannot be used with the certificate " +
                                    settings_.certificate + ": key values mismatch");
  std::ofstream(settings_.key) << "no key";
  EXPECT_EQ(error_of().code, ErrorCode::kInvalidArgument);
  settings_.key.clear();
  EXPECT_EQ(error_of().message, "the certificate " + settings_.certificate + " has no key with it");
  settings_.key = settings_.certificate;
  settings_.certificate.clear();
  EXPECT_EQ(error_of().message, "the key " + settings_.key + " has no certificate with it");
  settings_.certificate = folder_ + "/none.pem";
  EXPECT_EQ(error_of().code, ErrorCode::kInvalidArgument);
}

TEST_F(HttpTlsTest, WithoutTlsThereIsNothingToReload) {
  settings_.certificate.clear();
  settings_.key.clear();
  start();
  EXPECT_TRUE(server_->reload_certificate().has_value());
  EXPECT_EQ(ask(get("/")).status, 200);
}

}  // namespace
}  // namespace cordyna::server
