/// A descriptor that becomes readable when a stop is requested, or a time is over.
///
/// Threads: the stop may be requested by any.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/result.hpp"

namespace cordyna::http {

class EndSignal {
 public:
  /// `limit`: 0: none.
  EndSignal(std::stop_token stop, std::chrono::milliseconds limit);
  ~EndSignal();
  EndSignal(const EndSignal&) = delete;
  EndSignal& operator=(const EndSignal&) = delete;

  /// Errors: kUnavailable: the program has no descriptor left.
  [[nodiscard]] Result<int> descriptor() const;

 private:
  std::stop_token stop_;
  int fd_;
  int problem_ = 0;  // an errno
  std::stop_callback<std::function<void()>> ring_;
};

}  // namespace cordyna::http
