#include "server/hooks/waiters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cordyna::server {

Waiters::~Waiters() {
  let_go();
  if (thread_.joinable()) thread_.join();
}

std::string Waiters::name_of(const std::string& ns, const std::string& flow_id,
                             const std::string& trigger, const std::string& id) {
  return fmt::format("{}\n{}\n{}\n{}", ns, flow_id, trigger, id);
}

std::uint64_t Waiters::wait(const EventRequest& event, Millis longest, Done done) {
  std::unique_lock lock(mutex_);
  if (closed_) {
    lock.unlock();
    done({});
    return 0;
  }
  const std::uint64_t number = next_++;
  const auto until = Clock::now() + std::chrono::milliseconds(longest);
  waiters_.emplace(number, Waiter{name_of(event.ns, event.flow_id, event.trigger, event.event_id),
                                  {},
                                  until,
                                  std::move(done)});
  count_ = waiters_.size();
  if (!thread_.joinable()) thread_ = std::thread([this] { watch_clock(); });
  wake_.notify_one();
  return number;
}

Waiters::Called Waiters::remove(std::map<std::uint64_t, Waiter>::iterator at) {
  Called called{std::move(at->second.done), std::move(at->second.end)};
  waiters_.erase(at);
  count_ = waiters_.size();
  return called;
}

void Waiters::call(std::vector<Called>& called) {
  for (Called& one : called) one.done(std::move(one.end));
}

void Waiters::seen(std::uint64_t waiter, const EventRow& event, const RunRow* run) {
  std::vector<Called> called;
  {
    const std::lock_guard lock(mutex_);
    const auto at = waiters_.find(waiter);
    if (at == waiters_.end()) return;
    at->second.end.event = event.no;
    at->second.end.run = event.run;
    if (run != nullptr && is_final(run->state)) {
      at->second.end.ended = *run;
      called.push_back(remove(at));
    } else if (event.state == EventState::kDead || event.state == EventState::kDropped) {
      at->second.end.refused = event.detail;
      called.push_back(remove(at));
    }
  }
  call(called);
}

void Waiters::take_back(std::uint64_t waiter) {
  std::optional<Called> dropped;  // goes without the lock
  const std::lock_guard lock(mutex_);
  const auto at = waiters_.find(waiter);
  if (at != waiters_.end()) dropped = remove(at);
}

void Waiters::note(const EventRow& event, std::vector<Called>& called) {
  const std::string name = name_of(event.ns, event.flow_id, event.trigger, event.event_id);
  for (auto at = waiters_.begin(); at != waiters_.end();) {
    const auto here = at++;
    if (here->second.name != name) continue;
    here->second.end.event = event.no;
    here->second.end.run = event.run;
    if (event.state == EventState::kDead || event.state == EventState::kDropped) {
      here->second.end.refused = event.detail;
      called.push_back(remove(here));
    }
  }
}

void Waiters::note(const RunRow& run, std::vector<Called>& called) {
  for (auto at = waiters_.begin(); at != waiters_.end();) {
    const auto here = at++;
    if (here->second.end.run != run.no) continue;
    here->second.end.ended = run;
    called.push_back(remove(here));
  }
}

void Waiters::on_commit(const ChangeSet& changes) {
  if (count_ == 0) return;
  std::vector<Called> called;
  {
    const std::lock_guard lock(mutex_);
    for (const EventRow& event : changes.events) note(event, called);
    for (const RunRow& run : changes.runs) {
      if (is_final(run.state)) note(run, called);
    }
  }
  call(called);
}

void Waiters::on_stopped(const Error& /*error*/) {
  let_go();
}

void Waiters::let_go() {
  std::vector<Called> called;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    while (!waiters_.empty()) called.push_back(remove(waiters_.begin()));
    wake_.notify_one();
  }
  call(called);
}

void Waiters::watch_clock() {
  std::unique_lock lock(mutex_);
  while (!closed_) {
    std::vector<Called> called;
    const auto now = Clock::now();
    auto next = now + std::chrono::hours(1);
    for (auto at = waiters_.begin(); at != waiters_.end();) {
      const auto here = at++;
      if (here->second.until <= now) {
        called.push_back(remove(here));
      } else {
        next = std::min(next, here->second.until);
      }
    }
    if (!called.empty()) {
      lock.unlock();
      call(called);
      lock.lock();
      continue;
    }
    wake_.wait_until(lock, next);
  }
}

}  // namespace cordyna::server
