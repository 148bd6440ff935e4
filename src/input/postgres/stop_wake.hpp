/// Ends the waits of a connection when a stop is requested.
#pragma once

#include <functional>
#include <stop_token>
#include <utility>

#include "pg/wake.hpp"

namespace cordyna::input {

/// Threads: the stop may be requested by any.
class StopWake final : public Wake {
 public:
  explicit StopWake(std::stop_token stop);
  ~StopWake() override;

  [[nodiscard]] bool asked_to_end() const override { return stop_.stop_requested(); }
  [[nodiscard]] int descriptor() const override { return fd_; }

 private:
  std::stop_token stop_;
  int fd_;
  std::stop_callback<std::function<void()>> ring_;
};

}  // namespace cordyna::input
