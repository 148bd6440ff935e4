#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "http/client.hpp"
#include "http/download.hpp"
#include "http/server_fixture.hpp"

namespace cordyna::http {
namespace {

namespace fs = std::filesystem;

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-tls-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    unsetenv("SSL_CERT_FILE");
    options_.environment = [](const char*) { return std::string(); };
  }
  void TearDown() override {
    unsetenv("SSL_CERT_FILE");
    fs::remove_all(folder_);
  }
  void trust(const TestIdentity& identity) const {
    const std::string path = folder_ + "/ca.pem";
    identity.save(path);
    setenv("SSL_CERT_FILE", path.c_str(), 1);
  }
  Result<Response> get(const std::string& url) {
    Request request;
    request.url = *parse_url(url);
    return exchange(request, options_, nullptr);
  }
  static Reply hello(const SeenRequest&, int) { return Reply{answer(200, "hello")}; }

  std::string folder_;
  ClientOptions options_;
};

TEST_F(TlsTest, ACertificateThatNobodyVouchesForIsRefused) {
  const TestIdentity identity("127.0.0.1");
  const TestServer server(hello, &identity);
  const Result<Response> response = get(server.url("/"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kUntrusted);
  EXPECT_EQ(response.error().message,
            "the certificate of 127.0.0.1 is not trusted: self-signed certificate; SSL_CERT_FILE "
            "can name a file with the CA");
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(TlsTest, SslCertFileVouches) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const TestIdentity identity(host);
    trust(identity);
    const TestServer server(hello, &identity);
    const Result<Response> response = get(server.url("/", host));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
}

TEST_F(TlsTest, AnotherHostsCertificateIsRefused) {
  for (const auto& [host, said] :
       {std::pair<const char*, const char*>{"localhost", "hostname mismatch"},
        {"127.0.0.1", "IP address mismatch"}}) {
    const TestIdentity identity("data.example");
    trust(identity);
    const TestServer server(hello, &identity);
    const Result<Response> response = get(server.url("/", host));
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().code, ErrorCode::kUntrusted);
    EXPECT_NE(response.error().message.find(said), std::string::npos) << response.error().message;
  }
}

TEST_F(TlsTest, ACaFileThatCannotBeReadIsSaid) {
  const TestIdentity identity("127.0.0.1");
  const TestServer server(hello, &identity);
  setenv("SSL_CERT_FILE", "/nowhere.pem", 1);
  const Result<Response> response = get(server.url("/"));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kUntrusted);
  EXPECT_NE(response.error().message.find("SSL_CERT_FILE names /nowhere.pem"), std::string::npos)
      << response.error().message;
}

TEST_F(TlsTest, AServerWithoutTlsIsAnError) {
  const TestServer server([](const SeenRequest&, int) { return Reply{}; });
  // What it reads is no request, so it waits for more until we are gone.
  options_.waits.idle = 100;
  const Result<Response> response = get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
}

TEST_F(TlsTest, AnEndWithoutTlsOwnEndIsACut) {
  const TestIdentity identity("127.0.0.1");
  trust(identity);
  const TestServer server(
      [](const SeenRequest& request, int) {
        const bool rude = request.target == "/rude";
        return Reply{"HTTP/1.1 200 OK\r\n\r\nhello", rude ? Reply::End::kRude : Reply::End::kClose};
      },
      &identity);
  const Result<Response> whole = get(server.url("/fine"));
  ASSERT_TRUE(whole.has_value()) << whole.error().message;
  EXPECT_EQ(whole->body, "hello");
  const Result<Response> cut = get(server.url("/rude"));
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(cut.error().message.find("without the end that TLS wants"), std::string::npos)
      << cut.error().message;
}

TEST_F(TlsTest, ARedirectAwayFromTlsIsNotFollowed) {
  const TestIdentity identity("127.0.0.1");
  trust(identity);
  const TestServer plain(hello);
  const TestServer server(
      [&plain](const SeenRequest&, int) {
        return Reply{answer(302, "", "Location: " + plain.url("/x") + "\r\n")};
      },
      &identity);
  DownloadSpec spec;
  spec.url = *parse_url(server.url("/a"));
  spec.path = folder_ + "/file";
  spec.tries.client = options_;
  const Result<Downloaded> done = download(spec);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::kUntrusted);
  EXPECT_NE(done.error().message.find("away from TLS"), std::string::npos) << done.error().message;
  EXPECT_TRUE(plain.seen().empty());
}

}  // namespace
}  // namespace cordyna::http
