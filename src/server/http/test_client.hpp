/// For the tests: a client that sends the bytes that it is told, and reads what comes back.
///
/// Blocking; a read that waits 20 s fails the test. Threads: one.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.hpp"
#include "http/message.hpp"

namespace cordyna::server {

struct Reply {
  int status = 0;  ///< 0: none came
  http::Headers headers;
  std::string body;
  bool whole = false;  ///< up to its length or last chunk

  [[nodiscard]] std::string header(std::string_view name) const {
    const std::string* value = http::find_header(headers, name);
    return value == nullptr ? std::string() : *value;
  }
};

class TestClient {
 public:
  struct Options {
    int receive_bytes = 0;  ///< of the socket's buffer; 0: as the system likes
    bool connect = true;
  };

  explicit TestClient(std::uint16_t port) : TestClient(port, Options()) {}
  TestClient(std::uint16_t port, const Options& options) : port_(port) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd_ >= 0);
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (options.receive_bytes > 0) {
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &options.receive_bytes, sizeof(int));
    }
    if (options.connect) connected_ = connect();
  }
  ~TestClient() { close(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  bool connect() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    return ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  [[nodiscard]] bool is_connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_; }

  /// False: refused. Trusts everybody.
  [[nodiscard]] bool start_tls(SSL_CTX* context) {
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, fd_);
    return SSL_connect(tls_) == 1;
  }
  [[nodiscard]] SSL* tls() const { return tls_; }

  /// False: the server has closed.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n =
          tls_ != nullptr
              ? static_cast<ssize_t>(SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())))
              : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void end_sending() const { shutdown(fd_, SHUT_WR); }
  void close() {
    SSL_free(std::exchange(tls_, nullptr));
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  /// The next one; `no_body`: of HEAD.
  [[nodiscard]] Reply read_reply(bool no_body = false) {
    Reply reply;
    std::string line;
    if (!read_line(line) || line.size() < 12) return reply;
    reply.status = std::stoi(line.substr(9, 3));
    while (read_line(line) && !line.empty()) {
      const std::size_t colon = line.find(": ");
      reply.headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
    }
    if (no_body || reply.status < 200 || reply.status == 204 || reply.status == 304) {
      reply.whole = true;
    } else if (reply.header("Transfer-Encoding") == "chunked") {
      read_chunks(reply);
    } else if (const std::string length = reply.header("Content-Length"); !length.empty()) {
      reply.whole = read_bytes(std::stoul(length), reply.body);
    } else {
      reply.body = read_rest();
    }
    return reply;
  }

  /// Everything until the server closes.
  [[nodiscard]] std::string read_rest() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }
  /// Waits for the end; nothing may come before it.
  [[nodiscard]] bool is_closed() { return read_rest().empty(); }
  /// Waits until the server has thrown the connection away, without reading.
  [[nodiscard]] bool is_reset() const {
    pollfd one{fd_, 0, 0};
    return poll(&one, 1, 20'000) == 1 && (one.revents & (POLLERR | POLLHUP)) != 0;
  }
  /// Up to `bytes`, less only at the end.
  bool read_bytes(std::size_t bytes, std::string& into) {
    while (buffer_.size() < bytes && fill()) {
    }
    const std::size_t some = std::min(bytes, buffer_.size());
    into.append(buffer_, 0, some);
    buffer_.erase(0, some);
    return some == bytes;
  }
  bool read_line(std::string& line) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
      if (!fill()) return false;
    }
    line = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return true;
  }

 private:
  bool fill() {
    std::array<char, 65536> piece{};
    const auto n = tls_ != nullptr
                       ? static_cast<ssize_t>(SSL_read(tls_, piece.data(), piece.size()))
                       : recv(fd_, piece.data(), piece.size(), 0);
    const bool waited = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && tls_ == nullptr;
    EXPECT_FALSE(waited) << "nothing came for 20 s";
    if (n <= 0) return false;
    buffer_.append(piece.data(), static_cast<std::size_t>(n));
    return true;
  }

  void read_chunks(Reply& reply) {
    std::string line;
    while (read_line(line)) {
      const std::size_t size = std::stoul(line, nullptr, 16);
      std::string end;
      if (!read_bytes(size, reply.body) || !read_bytes(2, end)) return;
      EXPECT_EQ(end, "\r\n");
      reply.whole = size == 0;
      if (reply.whole) return;
    }
  }

  std::uint16_t port_;
  int fd_ = -1;
  bool connected_ = false;
  SSL* tls_ = nullptr;
  std::string buffer_;
};

}  // namespace cordyna::server
