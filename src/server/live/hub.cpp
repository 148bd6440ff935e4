#include "server/live/hub.hpp"

#include <algorithm>
#include <utility>

namespace cordyna::server {

void Hub::on_commit(const ChangeSet& changes) {
  if (changes.runs.empty() && changes.history.empty()) return;
  std::vector<Wake> wakes;
  {
    const std::lock_guard lock(mutex_);
    for (const RunRow& run : changes.runs) {
      if (run.from == run.state) continue;
      changes_.push_back({++last_, run.no, run.id.value, run.ns, run.flow_id, run.state});
      if (changes_.size() > kKept) changes_.pop_front();
    }
    for (const auto& [number, listener] : listeners_) {
      const bool concerned = listener.run == 0
                                 ? !changes.runs.empty()
                                 : std::ranges::find(changes.history, listener.run,
                                                     &HistoryRow::run) != changes.history.end();
      if (concerned) wakes.push_back(listener.wake);
    }
  }
  for (const Wake& wake : wakes) wake();
}

void Hub::on_stopped(const Error& /*error*/) {}

std::uint64_t Hub::listen(RunNo run, Wake wake) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = next_listener_++;
  listeners_.emplace(number, Listener{run, std::move(wake)});
  return number;
}

void Hub::leave(std::uint64_t listener) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(listener);
}

std::optional<std::vector<RunChange>> Hub::changes_after(std::uint64_t seq,
                                                         std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  if (seq > last_) return std::nullopt;  // of a server before
  const std::uint64_t first = changes_.empty() ? last_ + 1 : changes_.front().seq;
  if (seq + 1 < first) return std::nullopt;
  std::vector<RunChange> found;
  for (std::size_t i = seq + 1 - first; i < changes_.size() && found.size() < limit; ++i) {
    found.push_back(changes_[i]);
  }
  return found;
}

std::uint64_t Hub::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace cordyna::server
