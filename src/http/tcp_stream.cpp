#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "http/stream.hpp"

namespace cordyna::http {
namespace {

class SocketStream final : public Stream {
 public:
  SocketStream(int fd, std::string name, const Waits& waits)
      : fd_(fd), name_(std::move(name)), waits_(waits) {}
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;
  ~SocketStream() override { close(fd_); }

  Result<std::size_t> read(std::span<char> into) override {
    while (true) {
      const ssize_t n = recv(fd_, into.data(), into.size(), 0);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return broken();
      TRY(wait(POLLIN, waits_.idle));
    }
  }

  Result<> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
      if (n >= 0 || errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return broken();
      TRY(wait(POLLOUT, waits_.idle));
    }
    return {};
  }

  Result<> wait(short events, Millis limit) {
    constexpr Millis kPollMax = 24 * 3'600'000;  // what poll can be told at once
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(limit);
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      std::array<pollfd, 2> fds{pollfd{fd_, events, 0}, pollfd{waits_.cancel_fd, POLLIN, 0}};
      const int n = poll(fds.data(), fds.size(),
                         static_cast<int>(std::clamp<Millis>(left.count(), 0, kPollMax)));
      if (n == 0 && left.count() > kPollMax) continue;
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return broken();
      if (fds[1].revents != 0) return fail(ErrorCode::kCancelled, "asked to end");
      if (fds[0].revents != 0) return {};
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{} sent nothing for {}", name_, format_delay(limit)));
    }
  }

 private:
  [[nodiscard]] std::unexpected<Error> broken() const {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the connection to {} broke: {}", name_, std::strerror(errno)));
  }

  int fd_;
  std::string name_;
  Waits waits_;
};

/// Null, and `error` says why, where nobody answers at this address.
Result<std::unique_ptr<Stream>> connect_one(const addrinfo& address, const std::string& name,
                                            const Waits& waits) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no socket: {}", std::strerror(errno)));
  }
  auto stream = std::make_unique<SocketStream>(fd, name, waits);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, address.ai_addr, address.ai_addrlen) != 0) {
    int error = errno;
    if (error == EINPROGRESS) {
      const Result<> ready = stream->wait(POLLOUT, waits.connect);
      if (!ready.has_value()) {
        if (ready.error().code == ErrorCode::kCancelled) {
          return std::unexpected<Error>(ready.error());
        }
        return fail(ErrorCode::kUnavailable,
                    fmt::format("{} does not answer within {}", name, format_delay(waits.connect)));
      }
      socklen_t size = sizeof error;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("cannot connect to {}: {}", name, std::strerror(error)));
    }
  }
  return stream;
}

std::unexpected<Error> beyond(const std::string& host, const addrinfo& address, Reach reach) {
  std::array<char, NI_MAXHOST> text{};
  getnameinfo(address.ai_addr, address.ai_addrlen, text.data(), text.size(), nullptr, 0,
              NI_NUMERICHOST);
  return fail(ErrorCode::kDenied,
              fmt::format("{} leads to {}, {}", host, text.data(),
                          reach == Reach::kPublic ? "which is not public, as it must be here"
                                                  : "which is link-local: nobody is sent there"));
}

}  // namespace

Result<std::unique_ptr<Stream>> connect_unix(const std::string& path, const Waits& waits) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the socket's path {} is longer than the {} bytes that one may have",
                            path, sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no socket: {}", std::strerror(errno)));
  }
  auto stream = std::make_unique<SocketStream>(fd, path, waits);
  const auto* at = reinterpret_cast<const sockaddr*>(&address);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(waits.connect);
  // A queue of its that is full is said at once, and nothing tells when there is room.
  while (connect(fd, at, sizeof address) != 0) {
    if (errno != EAGAIN || std::chrono::steady_clock::now() >= end) {
      return fail(errno == EACCES ? ErrorCode::kDenied : ErrorCode::kUnavailable,
                  fmt::format("cannot connect to {}: {}", path, std::strerror(errno)));
    }
    pollfd cancel{waits.cancel_fd, POLLIN, 0};
    if (poll(&cancel, 1, 10) > 0) return fail(ErrorCode::kCancelled, "asked to end");
  }
  return stream;
}

Result<Connected> connect_tcp(const std::string& host, std::uint16_t port, const Waits& waits,
                              Reach reach) {
  const std::string name = fmt::format("{}:{}", host, port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the host {} cannot be found: {}", host, gai_strerror(error)));
  }
  Result<Connected> connected =
      fail(ErrorCode::kUnavailable, fmt::format("the host {} has no address", host));
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (!allows(reach, *at->ai_addr)) {
      if (at == found) connected = beyond(host, *at, reach);
      continue;
    }
    Result<std::unique_ptr<Stream>> stream = connect_one(*at, name, waits);
    connected = stream.has_value()
                    ? Result<Connected>(Connected{std::move(*stream), is_public(*at->ai_addr)})
                    : std::unexpected<Error>(stream.error());
    if (connected.has_value() || connected.error().code == ErrorCode::kCancelled) break;
  }
  freeaddrinfo(found);
  return connected;
}

}  // namespace cordyna::http
