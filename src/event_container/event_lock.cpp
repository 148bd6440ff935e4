#include "event_container/event_lock.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/hash.hpp"

namespace cordyna::event_container {

EventLock::~EventLock() {
  if (fd_ >= 0) ::close(fd_);
}

EventLock::EventLock(EventLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Result<EventLock> EventLock::take(const std::string& name) {
  // A name that begins with a zero byte is in no file system; its length is what is bound.
  const std::string bound = fmt::format("cordyna-event-{:016x}", fnv1a(name));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(&address.sun_path[1], bound.data(), bound.size());
  EventLock lock(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (lock.fd_ < 0) {
    return fail(ErrorCode::kUnavailable, fmt::format("no socket: {}", std::strerror(errno)));
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + bound.size());
  if (::bind(lock.fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0) return lock;
  if (errno != EADDRINUSE) {
    return fail(ErrorCode::kUnavailable, fmt::format("no lock: {}", std::strerror(errno)));
  }
  return fail(ErrorCode::kConflict, fmt::format("{} is somebody else's", name));
}

}  // namespace cordyna::event_container
