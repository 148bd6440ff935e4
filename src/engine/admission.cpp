#include "engine/admission.hpp"

#include "model/states.hpp"

namespace cordyna::engine {

void Admission::note(const RunRow& run) {
  const Key key = key_of(run);
  if (is_final(run.state)) {
    const auto found = groups_.find(key);
    if (found == groups_.end()) return;
    found->second.begun.erase(run.no);
    found->second.pending.erase(run.no);
    if (found->second.begun.empty() && found->second.pending.empty()) {
      groups_.erase(found);
      return;
    }
  }
  Group& group = groups_[key];
  if (run.state == RunState::kPending) {
    group.pending.insert_or_assign(run.no, run.cancel_requested);
  } else if (!is_final(run.state)) {
    group.pending.erase(run.no);
    group.begun.insert_or_assign(run.no, run.cancel_requested);
  }
  if (group.pending.empty() || group.changed) return;
  group.changed = true;
  changed_.push_back(key);
}

const Admission::Group* Admission::group_of(const RunRow& run) const {
  const auto found = groups_.find(key_of(run));
  return found == groups_.end() ? nullptr : &found->second;
}

Entry Admission::judge(const RunRow& run, const Concurrency& limit) const {
  const Group* group = group_of(run);
  if (limit.limit == 0 || group == nullptr) return Entry::kBegins;
  if (group->pending.empty() && group->begun.size() < limit.limit) return Entry::kBegins;
  const bool full = group->begun.size() + group->pending.size() >= limit.limit;
  return full && limit.when_full == WhenFull::kSkip ? Entry::kIsSkipped : Entry::kWaits;
}

std::vector<RunNo> Admission::in_the_way(const RunRow& run) const {
  std::vector<RunNo> runs;
  const Group* group = group_of(run);
  if (group == nullptr) return runs;
  for (const auto& [no, cancelling] : group->begun) {
    if (no != run.no) runs.push_back(no);
  }
  for (const auto& [no, cancelling] : group->pending) {
    if (no < run.no) runs.push_back(no);
  }
  return runs;
}

std::vector<RunNo> Admission::to_cancel(const RunRow& run, std::uint32_t limit) const {
  std::vector<RunNo> runs;
  const Group* group = group_of(run);
  if (group == nullptr) return runs;
  std::size_t stay = 0;
  std::map<RunNo, bool> before = group->begun;
  before.insert(group->pending.begin(), group->pending.end());
  for (const auto& [no, cancelling] : before) {
    if (no < run.no && !cancelling) ++stay;
  }
  for (const auto& [no, cancelling] : before) {
    if (stay < limit) break;
    if (no >= run.no || cancelling) continue;
    runs.push_back(no);
    --stay;
  }
  return runs;
}

bool Admission::is_pending(const RunRow& group_of_run, RunNo run) const {
  const Group* group = group_of(group_of_run);
  return group != nullptr && group->pending.contains(run);
}

std::optional<Admission::Turn> Admission::next() {
  while (!changed_.empty()) {
    const auto found = groups_.find(changed_.front());
    changed_.pop_front();
    if (found == groups_.end()) continue;  // it is gone, and with it what changed
    Group& group = found->second;
    group.changed = false;
    if (!group.pending.empty()) return Turn{group.pending.begin()->first, group.begun.size()};
  }
  return std::nullopt;
}

}  // namespace cordyna::engine
