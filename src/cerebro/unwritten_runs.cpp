#include "cerebro/unwritten_runs.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace cordyna {
namespace {

bool has_completed(const RunRow& run) {
  return run.state == RunState::kCompleted || run.state == RunState::kWarning;
}

RunNo run_of(const RunRow& row) {
  return row.no;
}
template <class Row>
RunNo run_of(const Row& row) {
  return row.run;
}

/// A pending event begins under the flow as it is: one that has begun must not do so under another.
bool change_flows(const ChangeSet& changes) {
  return !changes.applied_versions.empty() || !changes.switched.empty() ||
         std::ranges::any_of(changes.applied,
                             [](const AppliedFlowRow& row) { return row.removed_at != 0; });
}

template <class Row>
void move_to(std::vector<Row>& to, std::vector<Row>& from) {
  if (to.empty()) {
    to = std::move(from);
  } else {
    std::ranges::move(from, std::back_inserter(to));
  }
  from.clear();
}

/// The newest of those with the same key, as one that is new to the store.
template <class Row, class Key>
void merge_rows(std::vector<Row>& into, std::vector<Row>&& fresh, const Key& key) {
  if (into.empty() && fresh.size() == 1) {
    into = std::move(fresh);
    into.front().from.reset();
    return;
  }
  for (Row& row : fresh) {
    const auto found =
        std::ranges::find_if(into, [&row, &key](const Row& old) { return key(old) == key(row); });
    Row& place = found == into.end() ? into.emplace_back() : *found;
    place = std::move(row);
    place.from.reset();
  }
}

}  // namespace

void UnwrittenRuns::take_out(ChangeSet& changes) {
  note_begun(changes);
  note_completed(changes);
  note_wanted(changes.holds);
  note_wanted(changes.points);
  sort_out(changes, &ChangeSet::runs, &Rows::runs);
  sort_out(changes, &ChangeSet::tasks, &Rows::tasks);
  sort_out(changes, &ChangeSet::attempts, &Rows::attempts);
  sort_out(changes, &ChangeSet::history, &Rows::history);
  const bool flows_change = change_flows(changes);
  for (auto& [run, rows] : fresh_) settle(run, std::move(rows), flows_change, changes);
  fresh_.clear();
  completed_.clear();
  if (flows_change) write_held(changes);
}

void UnwrittenRuns::note_begun(ChangeSet& changes) {
  for (EventRow& event : changes.events) {
    if (event.state != EventState::kRun) continue;
    EventRow& own = fresh_[event.run].event;
    own.no = event.no;
    own.from = EventState::kPending;
    own.state = EventState::kRun;
    own.run = event.run;
    own.settled_at = event.settled_at;
    own.tries = event.tries;
    if (event.from.has_value()) {
      event.no = 0;  // goes
    } else {
      event.state = EventState::kPending;
      event.run = event.settled_at = 0;
    }
  }
  std::erase_if(changes.events, [](const EventRow& event) { return event.no == 0; });
  if (fresh_.empty() || !changes.applied.empty()) return;
  // The version of its flow is in the store: the event has found it there.
  std::set<std::string_view> known;
  for (const RunRow& run : changes.runs) {
    if (!run.from.has_value() && fresh_.contains(run.no)) known.insert(run.flow_hash);
  }
  std::erase_if(changes.flows,
                [&known](const FlowVersionRow& row) { return known.contains(row.hash); });
}

/// What completes is never written: of what is not written the event is, of what is all rows go.
void UnwrittenRuns::note_completed(ChangeSet& changes) {
  std::set<RunNo> inserted;
  for (const RunRow& run : changes.runs) {
    if (!run.from.has_value()) inserted.insert(run.no);
    if (!has_completed(run) || !completed_.insert(run.no).second) continue;
    std::erase_if(changes.holds, [&run](const HoldRow& row) { return row.run == run.no; });
    const auto fresh = fresh_.find(run.no);
    const auto held = held_.find(run.no);
    if (held != held_.end()) {
      changes.events.push_back(held->second.event);
      leave(held);
    } else if (fresh != fresh_.end()) {
      changes.events.push_back(fresh->second.event);
      fresh_.erase(fresh);
    } else if (!inserted.contains(run.no)) {
      changes.gone_runs.push_back(run.no);
    }
  }
}

template <class Row>
void UnwrittenRuns::note_wanted(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (held_.contains(row.run) || fresh_.contains(row.run)) fresh_[row.run].wanted = true;
  }
}

/// Moves the rows of runs that are not written to the others of their runs.
template <class Row>
void UnwrittenRuns::sort_out(ChangeSet& changes, std::vector<Row> ChangeSet::* of,
                             std::vector<Row> Rows::* own) {
  const auto stays = [this, of, own](Row& row) {
    if (completed_.contains(run_of(row))) {
      (untold_.*of).push_back(std::move(row));
      return false;
    }
    auto found = fresh_.find(run_of(row));
    if (found == fresh_.end()) {
      if (!held_.contains(run_of(row))) return true;
      found = fresh_.try_emplace(run_of(row)).first;
    }
    (found->second.*own).push_back(std::move(row));
    return false;
  };
  std::vector<Row>& rows = changes.*of;
  // Not `remove_if`, which may ask about a row that it has moved.
  auto kept = rows.begin();
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    if (!stays(*row)) continue;
    if (kept != row) *kept = std::move(*row);
    ++kept;
  }
  rows.erase(kept, rows.end());
}

void UnwrittenRuns::settle(RunNo run, Rows fresh, bool flows_change, ChangeSet& changes) {
  const auto held = held_.find(run);
  const bool wanted = fresh.wanted;
  Rows merged;
  if (held != held_.end()) {
    merged = held->second;
    leave(held);
  } else {
    merged.event = fresh.event;
  }
  merge(std::move(fresh), merged);
  if (wanted || flows_change || !has_only_begun(merged)) {
    append(merged, changes);
  } else {
    arriving_.emplace(run, std::move(merged));
  }
}

void UnwrittenRuns::leave(RowsOf::iterator held) {
  leaving_.push_back(std::move(held->second));
  held_.erase(held);
}

void UnwrittenRuns::merge(Rows&& fresh, Rows& into) {
  merge_rows(into.runs, std::move(fresh.runs), [](const RunRow& row) { return row.no; });
  merge_rows(into.tasks, std::move(fresh.tasks),
             [](const TaskRow& row) { return std::string_view(row.path); });
  merge_rows(into.attempts, std::move(fresh.attempts), [](const AttemptRow& row) {
    return std::pair(std::string_view(row.path), row.attempt);
  });
  move_to(into.history, fresh.history);
}

bool UnwrittenRuns::has_only_begun(const Rows& rows) {
  const auto runs = [](const RunRow& run) {
    return run.state == RunState::kRunning && !run.cancel_requested;
  };
  const auto waits = [](const TaskRow& task) {
    return task.state == TaskState::kPending && task.retry_at == 0 && task.attempt <= 1;
  };
  const auto is_out = [](const AttemptRow& attempt) {
    return attempt.attempt == 1 && attempt.state == AttemptState::kDispatched;
  };
  return rows.event.no != 0 && !rows.runs.empty() && std::ranges::all_of(rows.runs, runs) &&
         std::ranges::all_of(rows.tasks, waits) && std::ranges::all_of(rows.attempts, is_out);
}

void UnwrittenRuns::append(const Rows& rows, ChangeSet& changes) {
  const auto copy = [](const auto& from, auto& to) {
    to.insert(to.end(), from.begin(), from.end());
  };
  copy(rows.runs, changes.runs);
  copy(rows.tasks, changes.tasks);
  copy(rows.attempts, changes.attempts);
  copy(rows.history, changes.history);
  const EventRow& event = rows.event;
  if (event.no == 0) return;
  // One that came in these very changes is written once.
  const auto staged = std::ranges::find(changes.events, event.no, &EventRow::no);
  if (staged == changes.events.end()) {
    changes.events.push_back(event);
  } else {
    staged->state = event.state;
    staged->run = event.run;
    staged->settled_at = event.settled_at;
  }
}

void UnwrittenRuns::write_held(ChangeSet& changes) {
  for (auto& [run, rows] : held_) {
    append(rows, changes);
    leaving_.push_back(std::move(rows));
  }
  held_.clear();
}

void UnwrittenRuns::saved(ChangeSet& changes) {
  held_.merge(arriving_);
  arriving_.clear();
  leaving_.clear();
  move_to(changes.runs, untold_.runs);
  move_to(changes.tasks, untold_.tasks);
  move_to(changes.attempts, untold_.attempts);
  move_to(changes.history, untold_.history);
}

ChangeSet UnwrittenRuns::rows() const {
  ChangeSet changes;
  for (const auto& [run, rows] : held_) append(rows, changes);
  for (const Rows& rows : leaving_) append(rows, changes);
  return changes;
}

}  // namespace cordyna
