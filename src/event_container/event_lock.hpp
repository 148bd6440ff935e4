/// Whoever runs an event's container has it alone, as long as its program lives.
///
/// A name in the system's table of sockets, which nothing is left of: no file, and nobody listens.
/// Of programs that share a network namespace. Threads: any.
#pragma once

#include <string>

#include "base/result.hpp"

namespace cordyna::event_container {

class EventLock {
 public:
  ~EventLock();
  EventLock(EventLock&& other) noexcept;
  EventLock(const EventLock&) = delete;
  EventLock& operator=(const EventLock&) = delete;

  /// `name`: any text. Errors: kConflict: somebody has it; kUnavailable: no socket.
  [[nodiscard]] static Result<EventLock> take(const std::string& name);

 private:
  explicit EventLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace cordyna::event_container
