#include "http/end_signal.hpp"

#include <fmt/format.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace cordyna::http {
namespace {

/// Nobody reads it, so it stays readable.
void ring_after(int fd, std::chrono::nanoseconds delay) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(delay);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = (delay - seconds).count();
  ::timerfd_settime(fd, 0, &when, nullptr);
}

/// One timer is both: a stop lets it run out at once.
int make_timer(std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds kLimitMax =
      std::chrono::hours(24 * 36'500);  // in nanoseconds
  const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd >= 0 && limit.count() > 0) ring_after(fd, std::min(limit, kLimitMax));
  return fd;
}

}  // namespace

EndSignal::EndSignal(std::stop_token stop, std::chrono::milliseconds limit)
    : stop_(std::move(stop)),
      fd_(make_timer(limit)),
      problem_(fd_ < 0 ? errno : 0),
      ring_(stop_, [this] { ring_after(fd_, std::chrono::nanoseconds(1)); }) {}

EndSignal::~EndSignal() {
  if (fd_ >= 0) ::close(fd_);
}

Result<int> EndSignal::descriptor() const {
  if (fd_ >= 0) return fd_;
  return fail(ErrorCode::kUnavailable, fmt::format("no timer: {}", std::strerror(problem_)));
}

}  // namespace cordyna::http
