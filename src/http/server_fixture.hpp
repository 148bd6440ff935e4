/// For the tests: a real server on loopback, on a port that the system chose, that answers as told.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/message.hpp"

namespace cordyna::http {

struct SeenRequest {
  std::string method;
  std::string target;
  Headers headers;
  std::string body;
};

/// What goes back, byte for byte; then the connection ends.
struct Reply {
  enum class End : std::uint8_t {
    kClose,
    kReset,  ///< as a server that dies
    kHang,   ///< nothing more, until the client gives up
    kRude,   ///< of TLS: closed without saying so
  };
  std::string bytes;
  End end = End::kClose;
};

/// "HTTP/1.1 200 OK" with Content-Length and the further headers, each as "Name: value\r\n".
[[nodiscard]] std::string answer(int status, const std::string& body,
                                 const std::string& headers = {});

/// A certificate for `host`, signed by itself, with its key.
class TestIdentity {
 public:
  explicit TestIdentity(const std::string& host);
  ~TestIdentity();
  TestIdentity(const TestIdentity&) = delete;
  TestIdentity& operator=(const TestIdentity&) = delete;
  /// The certificate as a PEM file.
  void save(const std::string& path) const;
  /// The key, too.
  void save_key(const std::string& path) const;

 private:
  friend class TestServer;
  struct State;
  std::unique_ptr<State> state_;
};

/// A new private key of RSA, PEM.
[[nodiscard]] std::string rsa_key_for_tests();

/// One connection after the other. `number` counts requests from 0.
class TestServer {
 public:
  using Handler = std::function<Reply(const SeenRequest& request, int number)>;
  explicit TestServer(Handler handler, const TestIdentity* identity = nullptr);
  /// On a socket in the file system, without TLS.
  TestServer(Handler handler, const std::string& socket_path);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& target,
                                const std::string& host = "127.0.0.1") const;
  [[nodiscard]] std::vector<SeenRequest> seen() const;

 private:
  void serve();
  void serve_one(int fd);

  Handler handler_;
  const TestIdentity* identity_ = nullptr;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;  ///< under the mutex
  std::thread thread_;
};

}  // namespace cordyna::http
