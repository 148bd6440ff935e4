#include "input/webhook/desk.hpp"

#include <string_view>
#include <utility>

#include "input/webhook/body.hpp"

namespace cordyna::input {

void Desk::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
}

void Desk::close() {
  std::deque<WaitingCall> left;
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
    bytes_ = 0;
    left.swap(calls_);
  }
  for (WaitingCall& call : left) {
    call.respond(problem_response(503, "who takes the events has gone; try again"));
  }
}

void Desk::lay(WaitingCall call) {
  std::string_view refused;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t bytes = call.event.data.size();
    if (!open_) {
      refused = "nobody takes the events at the moment; try again";
    } else if (calls_.size() >= kCallsMax || (!calls_.empty() && bytes_ + bytes > kBytesMax)) {
      refused = "too many calls wait already; try again";
    } else {
      bytes_ += bytes;
      calls_.push_back(std::move(call));
      there_.notify_one();
      return;
    }
  }
  call.respond(problem_response(503, refused));
}

std::vector<WaitingCall> Desk::take(const std::stop_token& stop) {
  std::vector<WaitingCall> taken;
  std::unique_lock lock(mutex_);
  there_.wait(lock, stop, [this] { return !calls_.empty(); });
  if (stop.stop_requested()) return taken;
  std::size_t bytes = 0;
  while (!calls_.empty()) {
    const std::size_t next = calls_.front().event.data.size();
    if (!taken.empty() && bytes + next > kTakeBytes) break;
    bytes += next;
    bytes_ -= next;
    taken.push_back(std::move(calls_.front()));
    calls_.pop_front();
  }
  return taken;
}

}  // namespace cordyna::input
