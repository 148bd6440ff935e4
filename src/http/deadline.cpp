#include "http/deadline.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cordyna::http {
namespace {

bool watch(int all, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  return ::epoll_ctl(all, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

Deadline::Deadline(int cancel_fd, Millis limit)
    : timer_fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      all_fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  itimerspec when{};
  when.it_value.tv_sec = limit / 1000;
  when.it_value.tv_nsec = limit % 1000 * 1'000'000;
  const bool made = timer_fd_ >= 0 && all_fd_ >= 0 &&
                    ::timerfd_settime(timer_fd_, 0, &when, nullptr) == 0 &&
                    watch(all_fd_, timer_fd_) && (cancel_fd < 0 || watch(all_fd_, cancel_fd));
  if (!made) problem_ = errno;
}

Deadline::~Deadline() {
  if (timer_fd_ >= 0) ::close(timer_fd_);
  if (all_fd_ >= 0) ::close(all_fd_);
}

Result<int> Deadline::descriptor() const {
  if (problem_ == 0) return all_fd_;
  return fail(ErrorCode::kUnavailable, fmt::format("no timer: {}", std::strerror(problem_)));
}

bool Deadline::is_over() const {
  pollfd timer{timer_fd_, POLLIN, 0};
  return ::poll(&timer, 1, 0) == 1;
}

}  // namespace cordyna::http
