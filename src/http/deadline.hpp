/// A descriptor that becomes readable when another one does, or when a time is over.
///
/// For `Waits::cancel_fd`: a limit on all of a call, beside those on each of its waits. Threads:
/// one.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

namespace cordyna::http {

class Deadline {
 public:
  /// `cancel_fd`: -1: none. `limit`: 0: none.
  Deadline(int cancel_fd, Millis limit);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Errors: kUnavailable: no descriptor is left.
  [[nodiscard]] Result<int> descriptor() const;
  /// Whether it was the time.
  [[nodiscard]] bool is_over() const;

 private:
  int timer_fd_ = -1;
  int all_fd_ = -1;
  int problem_ = 0;  // an errno
};

}  // namespace cordyna::http
