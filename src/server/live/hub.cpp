#include "server/live/hub.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace cordyna::server {

void Hub::keep(Change change) {
  change.seq = ++last_;
  changes_.push_back(std::move(change));
  if (changes_.size() > kKept) changes_.pop_front();
}

void Hub::keep_changes_of(const ChangeSet& changes) {
  for (const RunRow& run : changes.runs) {
    if (run.from == run.state) continue;
    keep({0, ChangeKind::kRun, run.ns, run.no, run.id.value, run.flow_id, run.state});
  }
  // Of the others one is enough for each commit and namespace: they only say that a list is to be
  // looked at again.
  std::set<std::string> flows;
  for (const AppliedFlowRow& flow : changes.applied) flows.insert(flow.ns);
  for (const std::string& ns : flows) keep({0, ChangeKind::kFlow, ns});
  std::set<std::string> backfills;
  for (const BackfillRow& backfill : changes.backfills) backfills.insert(backfill.ns);
  for (const std::string& ns : backfills) keep({0, ChangeKind::kBackfill, ns});
  std::set<std::string> triggers;
  for (const EventRow& event : changes.events) triggers.insert(event.ns);
  for (const TickRow& tick : changes.ticks) triggers.insert(tick.ns);
  for (const std::string& ns : triggers) keep({0, ChangeKind::kTrigger, ns});
  const auto moves_pool = [](const AttemptRow& attempt) {
    const bool holds = !attempt.pool.empty() || !attempt.place.place.empty();
    return holds && attempt.from != attempt.state;
  };
  if (std::ranges::any_of(changes.attempts, moves_pool)) {
    keep({0, ChangeKind::kPool, std::string(kEverywhere)});
  }
}

void Hub::on_commit(const ChangeSet& changes) {
  std::vector<Wake> wakes;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t before = last_;
    keep_changes_of(changes);
    for (const auto& [number, listener] : listeners_) {
      const bool concerned = listener.run == 0
                                 ? last_ != before
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

std::optional<std::vector<Change>> Hub::changes_after(std::uint64_t seq, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  if (seq > last_) return std::nullopt;  // of a server before
  const std::uint64_t first = changes_.empty() ? last_ + 1 : changes_.front().seq;
  if (seq + 1 < first) return std::nullopt;
  std::vector<Change> found;
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
