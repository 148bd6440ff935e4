#include "cli/feed.hpp"

#include <map>
#include <tuple>
#include <utility>

namespace cordyna::cli {
namespace {

/// The errors of one commit, by attempt; made only when a row asks for one.
class ErrorIndex {
 public:
  explicit ErrorIndex(const ChangeSet& changes) : changes_(changes) {}

  std::shared_ptr<const TaskError> find(const HistoryRow& row) {
    if (!built_) build();
    const auto attempt = errors_.find({row.run, row.path, row.attempt});
    if (attempt == errors_.end()) return nullptr;
    return std::make_shared<TaskError>(*attempt->second);
  }

 private:
  using Key = std::tuple<RunNo, std::string_view, std::uint32_t>;

  void build() {
    built_ = true;
    for (const TaskRow& row : changes_.tasks) {
      // A task that failed without an attempt of its own has its history row with attempt 0.
      if (!row.error.has_value()) continue;
      errors_[{row.run, row.path, row.attempt}] = &*row.error;
      errors_.try_emplace({row.run, row.path, 0}, &*row.error);
    }
    for (const AttemptRow& row : changes_.attempts) {
      if (row.error.has_value()) errors_[{row.run, row.path, row.attempt}] = &*row.error;
    }
  }

  const ChangeSet& changes_;
  bool built_ = false;
  std::map<Key, const TaskError*> errors_;
};

}  // namespace

void Feed::expect(const RunId& id) {
  const std::lock_guard lock(mutex_);
  expected_.insert(id);
}

void Feed::on_commit(const ChangeSet& changes) {
  std::vector<const RunRow*> rested;
  {
    const std::lock_guard lock(mutex_);
    for (const RunRow& row : changes.runs) {
      if (note_below(row)) rested.push_back(&row);
      if (!expected_.contains(row.id)) continue;
      if (followed_.insert(row.no).second) listener_.begun(row.no, row.id);
      if (rests(row.state) || row.from == RunState::kPaused) rested.push_back(&row);
    }
  }
  if (!followed_.empty() && !changes.history.empty()) {
    std::vector<Update> updates = updates_of(changes);
    if (!updates.empty()) listener_.updates(std::move(updates));
  }
  for (const RunRow* row : rested) listener_.rested(*row);
  listener_.changed();
}

/// True: a run that an expected one began has come to rest.
bool Feed::note_below(const RunRow& row) {
  const bool known = below_.contains(row.no);
  if (!known && !followed_.contains(row.parent) && !below_.contains(row.parent)) return false;
  below_.insert(row.no);
  const bool rest = rests(row.state);
  if (rest) {
    live_below_.erase(row.no);
  } else {
    live_below_.insert(row.no);
  }
  count_below_.store(live_below_.size());
  return rest;
}

std::vector<Update> Feed::updates_of(const ChangeSet& changes) const {
  std::vector<Update> updates;
  updates.reserve(changes.history.size());
  ErrorIndex errors(changes);
  for (const HistoryRow& row : changes.history) {
    if (!followed_.contains(row.run)) continue;
    updates.push_back(make_update(row));
    if (wants_error(row)) updates.back().error = errors.find(row);
  }
  return updates;
}

void Feed::on_stopped(const Error& error) {
  listener_.stopped(error);
}

}  // namespace cordyna::cli
