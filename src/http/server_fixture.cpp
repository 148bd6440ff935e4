#include "http/server_fixture.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "base/check.hpp"

namespace cordyna::http {
namespace {

/// Bytes of one connection, plain or through TLS.
struct Pipe {
  int fd = -1;
  SSL* tls = nullptr;

  std::string read() const {
    std::array<char, 65536> piece{};
    const auto n = tls != nullptr ? static_cast<ssize_t>(SSL_read(tls, piece.data(), piece.size()))
                                  : recv(fd, piece.data(), piece.size(), 0);
    return n > 0 ? std::string(piece.data(), static_cast<std::size_t>(n)) : std::string();
  }

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n =
          tls != nullptr
              ? static_cast<ssize_t>(SSL_write(tls, bytes.data(), static_cast<int>(bytes.size())))
              : send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
};

std::size_t length_of(const Headers& headers) {
  const std::string* text = find_header(headers, "Content-Length");
  return text == nullptr ? 0 : std::stoul(*text);
}

/// False: the client went away before it had asked.
bool read_request(const Pipe& pipe, SeenRequest& request) {
  std::string text;
  std::size_t end = std::string::npos;
  while ((end = text.find("\r\n\r\n")) == std::string::npos) {
    const std::string piece = pipe.read();
    if (piece.empty()) return false;
    text += piece;
  }
  std::size_t line = text.find("\r\n");
  const std::string first = text.substr(0, line);
  request.method = first.substr(0, first.find(' '));
  request.target = first.substr(request.method.size() + 1);
  request.target.resize(request.target.find(' '));
  while (line < end) {
    const std::size_t begin = line + 2;
    line = text.find("\r\n", begin);
    const std::string header = text.substr(begin, line - begin);
    const std::size_t colon = header.find(": ");
    request.headers.push_back({header.substr(0, colon), header.substr(colon + 2)});
  }
  request.body = text.substr(end + 4);
  while (request.body.size() < length_of(request.headers)) {
    const std::string piece = pipe.read();
    if (piece.empty()) return false;
    request.body += piece;
  }
  return true;
}

}  // namespace

std::string answer(int status, const std::string& body, const std::string& headers) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Length: {}\r\n{}\r\n{}", status,
                     status == 200 ? "OK" : "Status", body.size(), headers, body);
}

struct TestIdentity::State {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    EVP_PKEY_free(key);
    X509_free(certificate);
  }
};

TestIdentity::TestIdentity(const std::string& host) : state_(std::make_unique<State>()) {
  X509* certificate = state_->certificate;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, state_->key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  const bool number = host.find_first_not_of("0123456789.") == std::string::npos;
  for (const auto& [kind, value] :
       {std::pair<int, std::string>{NID_subject_alt_name, (number ? "IP:" : "DNS:") + host},
        {NID_basic_constraints, "critical,CA:TRUE"}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    CHECK(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  CHECK(X509_sign(certificate, state_->key, EVP_sha256()) != 0);
}

TestIdentity::~TestIdentity() = default;

void TestIdentity::save(const std::string& path) const {
  FILE* file = std::fopen(path.c_str(), "w");
  CHECK(file != nullptr);
  CHECK(PEM_write_X509(file, state_->certificate) == 1);
  std::fclose(file);
}

void TestIdentity::save_key(const std::string& path) const {
  FILE* file = std::fopen(path.c_str(), "w");
  CHECK(file != nullptr);
  CHECK(PEM_write_PrivateKey(file, state_->key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  std::fclose(file);
}

std::string rsa_key_for_tests() {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  BIO* bytes = BIO_new(BIO_s_mem());
  CHECK(key != nullptr && bytes != nullptr);
  CHECK(PEM_write_bio_PrivateKey(bytes, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bytes, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(bytes);
  EVP_PKEY_free(key);
  return pem;
}

TestServer::TestServer(Handler handler, const TestIdentity* identity)
    : handler_(std::move(handler)), identity_(identity) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(listen(fd_, 16) == 0);
  CHECK(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TestServer::TestServer(Handler handler, const std::string& socket_path)
    : handler_(std::move(handler)) {
  fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  CHECK(socket_path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(listen(fd_, 16) == 0);
  thread_ = std::thread([this] { serve(); });
}

TestServer::~TestServer() {
  shutdown(fd_, SHUT_RDWR);
  thread_.join();
  close(fd_);
}

std::string TestServer::url(const std::string& target, const std::string& host) const {
  return fmt::format("{}://{}:{}{}", identity_ == nullptr ? "http" : "https", host, port_, target);
}

std::vector<SeenRequest> TestServer::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

void TestServer::serve() {
  while (true) {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    serve_one(fd);
  }
}

void TestServer::serve_one(int fd) {
  Pipe pipe{fd, nullptr};
  SSL_CTX* context = nullptr;
  if (identity_ != nullptr) {
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, identity_->state_->certificate);
    SSL_CTX_use_PrivateKey(context, identity_->state_->key);
    pipe.tls = SSL_new(context);
    SSL_set_fd(pipe.tls, fd);
  }
  SeenRequest request;
  if ((pipe.tls == nullptr || SSL_accept(pipe.tls) == 1) && read_request(pipe, request)) {
    int number = 0;
    {
      const std::scoped_lock lock(mutex_);
      number = static_cast<int>(seen_.size());
      seen_.push_back(request);
    }
    const Reply reply = handler_(request, number);
    pipe.write(reply.bytes);
    if (reply.end == Reply::End::kHang) {
      while (!pipe.read().empty()) {
      }
    }
    if (reply.end == Reply::End::kClose && pipe.tls != nullptr) SSL_shutdown(pipe.tls);
    const linger at_once{1, 0};
    if (reply.end == Reply::End::kReset) {
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    } else {
      shutdown(fd, SHUT_WR);
    }
  }
  SSL_free(pipe.tls);
  SSL_CTX_free(context);
  close(fd);
}

}  // namespace cordyna::http
