#include "store/memory/memory_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "store/memory/memory_data.hpp"

namespace cordyna {

using namespace memory;  // NOLINT(google-build-using-namespace): its own parts

namespace {
std::vector<AttemptRow>::iterator find_attempt(TaskData& task, std::uint32_t attempt) {
  return std::ranges::find(task.attempts, attempt, &AttemptRow::attempt);
}

bool has_gap(const std::optional<TaskError>& error) {
  return error.has_value() && (error->message.empty() || error->owner.empty());
}

std::string name(const TaskRow& row) {
  return fmt::format("task '{}' of run {}", row.path, row.run);
}

std::string name(const AttemptRow& row) {
  return fmt::format("attempt {} of task '{}' of run {}", row.attempt, row.path, row.run);
}

std::unexpected<Error> exists(const std::string& what) {
  return fail(ErrorCode::kConflict, what + " exists already");
}

template <class State>
std::unexpected<Error> moved_on(const std::string& what, State from) {
  return fail(ErrorCode::kConflict, fmt::format("{} is not '{}' any more", what, to_string(from)));
}

std::unexpected<Error> no_run(RunNo no) {
  return fail(ErrorCode::kNotFound, fmt::format("there is no run {}", no));
}

bool matches(const RunRow& run, const RunFilter& filter) {
  if (filter.before != 0 && run.no >= filter.before) return false;
  if (!filter.flow_id.empty() && run.flow_id != filter.flow_id) return false;
  if (filter.state.has_value() && run.state != *filter.state) return false;
  if (!filter.backfill.empty() && run.backfill != filter.backfill) return false;
  if (filter.ns.has_value() && run.ns != *filter.ns) return false;
  return !filter.unfinished || !is_final(run.state);
}

}  // namespace

// Writes in order, as the statements of a database would; without `keep` all of it is taken back.
class MemoryStore::Transaction {
 public:
  explicit Transaction(Data& data) : data_(data) {}
  ~Transaction() {
    for (; !undo_.empty(); undo_.pop_back()) {
      std::visit([this](auto& undo) { take_back(undo); }, undo_.back());
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void keep() { undo_.clear(); }

  Result<> remove(RunNo no) {
    RunData* run = data_.find(no);
    if (run == nullptr) return {};
    if (data_.is_needed(*run->row)) {
      return fail(ErrorCode::kConflict, fmt::format("run {} is still needed", no));
    }
    RemovalUndo undo{no, std::move(*run), std::nullopt};
    data_.runs.erase(no);
    data_.run_numbers.erase(undo.run.row->id.value);
    const std::string& hash = undo.run.row->flow_hash;
    const auto has = [&hash](const auto& row) { return row.flow_hash == hash; };
    const bool used =
        std::ranges::any_of(data_.runs,
                            [&has](const auto& one) {
                              return one.second.row.has_value() && has(*one.second.row);
                            }) ||
        std::ranges::any_of(data_.backfills, [&has](const auto& one) { return has(one.second); }) ||
        std::ranges::any_of(data_.versions,
                            [&hash](const auto& one) { return one.second.hash == hash; });
    const auto flow = data_.flows.find(hash);
    if (!used && flow != data_.flows.end()) {
      undo.flow = std::move(flow->second);
      data_.flows.erase(flow);
    }
    undo_.emplace_back(std::move(undo));
    return {};
  }

  /// Before all else: what is taken back later finds its run where it was.
  Result<> end(RunNo no) {
    RunData* run = data_.find(no);
    if (run == nullptr || is_final(run->row->state)) {
      return fail(ErrorCode::kConflict, fmt::format("run {} is not there, or has ended", no));
    }
    RemovalUndo undo{no, std::move(*run), std::nullopt};
    data_.runs.erase(no);
    data_.run_numbers.erase(undo.run.row->id.value);
    undo_.emplace_back(std::move(undo));
    return {};
  }

  void remove(const TickRemoval& removal) {
    const auto key = [&removal](Millis at) {
      return TickKey{removal.ns, removal.flow_id, removal.trigger, at};
    };
    auto at = data_.ticks.lower_bound(key(std::numeric_limits<Millis>::min()));
    const auto end = data_.ticks.lower_bound(key(removal.before));
    if (at == end) return;
    const auto newest = std::prev(data_.ticks.upper_bound(key(std::numeric_limits<Millis>::max())));
    for (std::uint32_t gone = 0; at != end && at != newest && gone < removal.limit; ++gone) {
      undo_.emplace_back(TickRemovalUndo{at->first, at->second});
      at = data_.ticks.erase(at);
    }
  }

  void write(const FlowVersionRow& row) {
    if (data_.flows.emplace(row.hash, row).second) undo_.emplace_back(FlowUndo{row.hash});
  }

  Result<> write(const RunRow& row) {
    if (has_gap(row.error)) return incomplete(fmt::format("run {}", row.no));
    if (row.no < 1 || row.id.empty()) {
      return fail(ErrorCode::kInternal, fmt::format("run {} needs a number and an id", row.no));
    }
    RunData& run = data_.runs[row.no];
    if (!row.from.has_value()) {
      if (run.row.has_value() || data_.run_numbers.contains(row.id.value)) {
        return exists(fmt::format("run {} ({})", row.no, row.id.value));
      }
      data_.run_numbers.emplace(row.id.value, row.no);
    } else if (!run.row.has_value() || run.row->state != *row.from || run.row->id != row.id) {
      return moved_on(fmt::format("run {}", row.no), *row.from);
    }
    undo_.emplace_back(RunUndo{&run, std::exchange(run.row, row)});
    return {};
  }

  Result<> write(const TaskRow& row) {
    if (has_gap(row.error) || (row.state == TaskState::kError && !row.error.has_value())) {
      return incomplete(name(row));
    }
    TaskData& task = data_.runs[row.run].tasks[row.path];
    if (!row.from.has_value()) {
      if (task.row.has_value()) return exists(name(row));
    } else if (!task.row.has_value() || task.row->state != *row.from) {
      return moved_on(name(row), *row.from);
    }
    undo_.emplace_back(TaskUndo{&task, std::exchange(task.row, row)});
    return {};
  }

  Result<> write(const AttemptRow& row) {
    if (has_gap(row.error) || (row.state == AttemptState::kFailed) != row.error.has_value()) {
      return incomplete(name(row));
    }
    if (row.attempt == 0) {
      return fail(ErrorCode::kInternal, name(row) + ": attempts are numbered from 1");
    }
    TaskData& task = data_.runs[row.run].tasks[row.path];
    const auto present = find_attempt(task, row.attempt);
    if (!row.from.has_value()) {
      if (present != task.attempts.end()) return exists(name(row));
    } else if (present == task.attempts.end() || present->state != *row.from) {
      return moved_on(name(row), *row.from);
    }
    const auto rival = std::ranges::find_if(task.attempts, [&](const AttemptRow& other) {
      return other.attempt != row.attempt && !is_final(other.state);
    });
    if (!is_final(row.state) && rival != task.attempts.end()) {
      return fail(ErrorCode::kConflict,
                  fmt::format("{}: attempt {} still lives", name(row), rival->attempt));
    }
    put(task, row, present);
    return {};
  }

  Result<> write(const HoldRow& row) {
    const std::string what = fmt::format("hold of task '{}' of run {}", row.path, row.run);
    if (row.attempt == 0 || row.reason.empty() ||
        (row.state == HoldState::kHeld) != row.by.empty()) {
      return fail(ErrorCode::kInternal, what + " is against the rules of the state");
    }
    TaskData& task = data_.runs[row.run].tasks[row.path];
    if (!row.from.has_value()) {
      if (task.hold.has_value()) return exists(what);
    } else if (!task.hold.has_value() || task.hold->state != *row.from) {
      return moved_on(what, *row.from);
    }
    undo_.emplace_back(HoldUndo{&task, std::exchange(task.hold, row)});
    return {};
  }

  void write(const PointRow& row) {
    PointKey key{row.series, row.at, row.run, row.path};
    const auto [place, fresh] = data_.points.try_emplace(key, row);
    std::optional<PointRow> old;
    if (!fresh) old = std::exchange(place->second, row);
    undo_.emplace_back(PointUndo{std::move(key), std::move(old)});
  }

  Result<> write(const TickRow& row) {
    const std::string what = fmt::format("tick {} of trigger '{}' of flow '{}'", row.scheduled_for,
                                         row.trigger, row.flow_id);
    const bool wants_reason = row.state == TickState::kSkipped || row.state == TickState::kError;
    if (row.trigger.empty() || (row.state == TickState::kRun) != (row.run != 0) ||
        wants_reason == row.detail.empty() || row.first > row.scheduled_for) {
      return fail(ErrorCode::kInternal, what + " is against the rules of the state");
    }
    TickKey key{row.ns, row.flow_id, row.trigger, row.scheduled_for};
    if (!data_.ticks.emplace(key, row).second) return exists(what);
    undo_.emplace_back(TickUndo{std::move(key)});
    return {};
  }

  Result<> write(const BackfillRow& row) {
    const std::string what = fmt::format("backfill {} ({})", row.no, row.id);
    if (row.no < 1 || row.id.empty() || row.begin >= row.end || row.parallel == 0 ||
        row.trigger.empty() != (row.every > 0)) {
      return fail(ErrorCode::kInternal, what + " is against the rules of the state");
    }
    const auto present = data_.backfills.find(row.no);
    const bool there = present != data_.backfills.end();
    if (!row.from.has_value()) {
      const bool known = std::ranges::any_of(
          data_.backfills, [&](const auto& other) { return other.second.id == row.id; });
      if (there || known) return exists(what);
    } else if (!there || present->second.state != *row.from || present->second.id != row.id) {
      return moved_on(what, *row.from);
    }
    std::optional<BackfillRow> old;
    if (there) old = present->second;
    data_.backfills[row.no] = row;
    undo_.emplace_back(BackfillUndo{row.no, std::move(old)});
    return {};
  }

  Result<> write(const AppliedFlowRow& row) {
    const std::string what = fmt::format("flow '{}'", flow_name(row.ns, row.flow_id));
    if (row.flow_id.empty() || row.version < 1 || row.hash.empty()) {
      return fail(ErrorCode::kInternal, what + " is against the rules of the state");
    }
    AppliedKey key{row.ns, row.flow_id};
    const auto present = data_.applied.find(key);
    const bool there = present != data_.applied.end();
    if (row.from == 0 && there) return exists(what);
    if (row.from != 0 && (!there || present->second.version != row.from)) {
      return fail(ErrorCode::kConflict,
                  fmt::format("{} has not version {} any more", what, row.from));
    }
    std::optional<AppliedFlowRow> old;
    if (there) old = present->second;
    data_.applied[key] = row;
    undo_.emplace_back(AppliedUndo{std::move(key), std::move(old)});
    return {};
  }

  Result<> write(const AppliedVersionRow& row) {
    const std::string what =
        fmt::format("version {} of flow '{}'", row.version, flow_name(row.ns, row.flow_id));
    if (row.flow_id.empty() || row.version < 1 || row.hash.empty()) {
      return fail(ErrorCode::kInternal, what + " is against the rules of the state");
    }
    VersionKey key{row.ns, row.flow_id, row.version};
    if (!data_.versions.emplace(key, row).second) return exists(what);
    undo_.emplace_back(VersionUndo{std::move(key)});
    return {};
  }

  Result<> write(const HistoryRow& row) {
    RunData& run = data_.runs[row.run];
    const auto expected = std::ssize(run.history) + 1;
    if (row.seq != expected) {
      return fail(ErrorCode::kConflict, fmt::format("history of run {}: entry {} where {} is next",
                                                    row.run, row.seq, expected));
    }
    run.history.push_back(row);
    undo_.emplace_back(HistoryUndo{&run});
    return {};
  }

 private:
  static std::unexpected<Error> incomplete(const std::string& what) {
    return fail(ErrorCode::kInternal,
                what + ": a failure, and only a failure, has an error with message and owner");
  }

  void put(TaskData& task, const AttemptRow& row, std::vector<AttemptRow>::iterator present) {
    if (present != task.attempts.end()) {
      undo_.emplace_back(AttemptUndo{&task, row.attempt, std::exchange(*present, row)});
      return;
    }
    const auto place =
        std::ranges::upper_bound(task.attempts, row.attempt, {}, &AttemptRow::attempt);
    task.attempts.insert(place, row);
    undo_.emplace_back(AttemptUndo{&task, row.attempt, std::nullopt});
  }

  void take_back(RunUndo& undo) {
    if (!undo.old.has_value()) data_.run_numbers.erase(undo.run->row->id.value);
    undo.run->row = std::move(undo.old);
  }
  void take_back(RemovalUndo& undo) {
    data_.run_numbers.emplace(undo.run.row->id.value, undo.no);
    if (undo.flow.has_value()) data_.flows.emplace(undo.flow->hash, *undo.flow);
    data_.runs.insert_or_assign(undo.no, std::move(undo.run));
  }
  void take_back(TickRemovalUndo& undo) { data_.ticks.emplace(undo.key, undo.row); }
  void take_back(TaskUndo& undo) { undo.task->row = std::move(undo.old); }
  void take_back(AttemptUndo& undo) {
    const auto present = find_attempt(*undo.task, undo.attempt);
    if (undo.old.has_value()) {
      *present = std::move(*undo.old);
    } else {
      undo.task->attempts.erase(present);
    }
  }
  void take_back(HoldUndo& undo) { undo.task->hold = std::move(undo.old); }
  void take_back(PointUndo& undo) {
    if (undo.old.has_value()) {
      data_.points[undo.key] = std::move(*undo.old);
    } else {
      data_.points.erase(undo.key);
    }
  }
  void take_back(TickUndo& undo) { data_.ticks.erase(undo.key); }
  void take_back(BackfillUndo& undo) {
    if (undo.old.has_value()) {
      data_.backfills[undo.no] = std::move(*undo.old);
    } else {
      data_.backfills.erase(undo.no);
    }
  }
  void take_back(AppliedUndo& undo) {
    if (undo.old.has_value()) {
      data_.applied[undo.key] = std::move(*undo.old);
    } else {
      data_.applied.erase(undo.key);
    }
  }
  void take_back(VersionUndo& undo) { data_.versions.erase(undo.key); }
  void take_back(HistoryUndo& undo) { undo.run->history.pop_back(); }
  void take_back(FlowUndo& undo) { data_.flows.erase(undo.hash); }

  Data& data_;
  std::vector<Undo> undo_;
};

MemoryStore::MemoryStore() : MemoryStore(std::make_shared<Data>()) {}

MemoryStore::MemoryStore(std::shared_ptr<Data> data) : data_(std::move(data)) {
  const std::lock_guard lock(data_->mutex);
  epoch_ = ++data_->epoch;
}

MemoryStore::~MemoryStore() = default;

std::unique_ptr<MemoryStore> MemoryStore::fork_owner() {
  return std::unique_ptr<MemoryStore>(new MemoryStore(data_));
}

void MemoryStore::fail_next_commit(Error error) {
  const std::lock_guard lock(data_->mutex);
  next_failure_ = std::move(error);
}

Result<> MemoryStore::commit(const ChangeSet& changes) {
  const std::lock_guard lock(data_->mutex);
  if (next_failure_.has_value()) {
    return std::unexpected<Error>(*std::exchange(next_failure_, std::nullopt));
  }
  if (changes.empty()) return {};
  if (epoch_ != data_->epoch) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the state was taken by another owner (epoch {}, this one has {})",
                            data_->epoch, epoch_));
  }
  Transaction transaction(*data_);
  for (const RunNo no : changes.gone_runs) TRY(transaction.end(no));
  for (const FlowVersionRow& row : changes.flows) transaction.write(row);
  for (const RunRow& row : changes.runs) TRY(transaction.write(row));
  for (const TaskRow& row : changes.tasks) TRY(transaction.write(row));
  for (const AttemptRow& row : changes.attempts) TRY(transaction.write(row));
  for (const HoldRow& row : changes.holds) TRY(transaction.write(row));
  for (const PointRow& row : changes.points) transaction.write(row);
  for (const TickRow& row : changes.ticks) TRY(transaction.write(row));
  for (const BackfillRow& row : changes.backfills) TRY(transaction.write(row));
  for (const AppliedFlowRow& row : changes.applied) TRY(transaction.write(row));
  for (const AppliedVersionRow& row : changes.applied_versions) TRY(transaction.write(row));
  for (const HistoryRow& row : changes.history) TRY(transaction.write(row));
  for (const RunNo no : changes.removed_runs) TRY(transaction.remove(no));
  for (const TickRemoval& removal : changes.removed_ticks) transaction.remove(removal);
  TRY(data_->check_events(changes));
  TRY(data_->write_identity(changes));  // these are the last, for they are not taken back
  for (const FlowSourceRow& row : changes.sources) data_->sources.emplace(row.hash, row.text);
  data_->write_events(changes);
  data_->write_notices(changes);
  transaction.keep();
  return {};
}

Result<RunNo> MemoryStore::last_run_no() {
  const std::lock_guard lock(data_->mutex);
  for (auto run = data_->runs.rbegin(); run != data_->runs.rend(); ++run) {
    if (run->second.row.has_value()) return run->first;
  }
  return 0;
}

Result<std::vector<RunRow>> MemoryStore::list_runs(const RunFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<RunRow> found;
  for (auto run = data_->runs.rbegin(); run != data_->runs.rend(); ++run) {
    if (found.size() >= filter.limit) break;
    const std::optional<RunRow>& row = run->second.row;
    if (row.has_value() && matches(*row, filter)) found.push_back(as_read(*row));
  }
  return found;
}

Result<RunRow> MemoryStore::find_run(const RunId& id) {
  const std::lock_guard lock(data_->mutex);
  const auto number = data_->run_numbers.find(id.value);
  if (number == data_->run_numbers.end()) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no run '{}'", id.value));
  }
  return as_read(*data_->find(number->second)->row);
}

Result<RunRow> MemoryStore::find_run(RunNo no) {
  const std::lock_guard lock(data_->mutex);
  const RunData* run = data_->find(no);
  if (run == nullptr) return no_run(no);
  return as_read(*run->row);
}

Result<RunSnapshot> MemoryStore::load_run(RunNo no) {
  const std::lock_guard lock(data_->mutex);
  const RunData* run = data_->find(no);
  if (run == nullptr) return no_run(no);
  RunSnapshot snapshot;
  snapshot.run = as_read(*run->row);
  snapshot.history_seq = std::ssize(run->history);
  for (const auto& [path, task] : run->tasks) {
    if (task.row.has_value()) snapshot.tasks.push_back(as_read(*task.row));
    if (task.hold.has_value()) snapshot.holds.push_back(as_read(*task.hold));
    for (const AttemptRow& attempt : task.attempts) {
      const bool newest = &attempt == &task.attempts.back();
      if (newest || !attempt.known_dead || !is_final(attempt.state)) {
        snapshot.attempts.push_back(as_read(attempt));
      }
    }
  }
  return snapshot;
}

Result<std::vector<AttemptRow>> MemoryStore::list_attempts(RunNo no) {
  const std::lock_guard lock(data_->mutex);
  const RunData* run = data_->find(no);
  if (run == nullptr) return no_run(no);
  std::vector<AttemptRow> attempts;
  for (const auto& [path, task] : run->tasks) {
    for (const AttemptRow& attempt : task.attempts) attempts.push_back(as_read(attempt));
  }
  return attempts;
}

Result<std::vector<HistoryRow>> MemoryStore::list_history(RunNo no, std::int64_t after_seq,
                                                          std::uint32_t limit) {
  const std::lock_guard lock(data_->mutex);
  const RunData* run = data_->find(no);
  if (run == nullptr) return no_run(no);
  const std::int64_t first = std::clamp<std::int64_t>(after_seq, 0, std::ssize(run->history));
  const std::int64_t count = std::min<std::int64_t>(limit, std::ssize(run->history) - first);
  const auto begin = run->history.begin() + first;
  return std::vector<HistoryRow>(begin, begin + count);
}

Result<FlowVersionRow> MemoryStore::find_flow(std::string_view hash) {
  const std::lock_guard lock(data_->mutex);
  const auto found = data_->flows.find(std::string(hash));
  if (found == data_->flows.end()) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no flow version '{}'", hash));
  }
  return found->second;
}

}  // namespace cordyna
