#include "input/postgres/stop_wake.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace cordyna::input {

StopWake::StopWake(std::stop_token stop)
    : stop_(std::move(stop)), fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), ring_(stop_, [this] {
        // It stays readable: nobody reads it.
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
      }) {}

StopWake::~StopWake() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace cordyna::input
