// Events: what came in, and what became of it.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "store/memory/memory_data.hpp"

namespace cordyna {
namespace {

memory::EventName name_of(const EventRow& row) {
  return {row.ns, row.flow_id, row.trigger, row.event_id};
}

}  // namespace

Result<> MemoryStore::Data::check_events(const ChangeSet& changes) const {
  std::set<memory::EventName> fresh;
  for (const EventRow& row : changes.events) {
    if ((row.run != 0) != (row.state == EventState::kRun) ||
        (row.state == EventState::kDead && row.detail.empty())) {
      return fail(ErrorCode::kConflict,
                  fmt::format("event {} is not what an event must be", row.no));
    }
    const auto present = events.find(row.no);
    if (row.from.has_value()) {
      if (present != events.end() && present->second.state == *row.from) continue;
      return fail(ErrorCode::kConflict,
                  fmt::format("event {} is not '{}' any more", row.no, to_string(*row.from)));
    }
    if (present == events.end() && !event_numbers.contains(name_of(row)) &&
        fresh.insert(name_of(row)).second) {
      continue;
    }
    return fail(ErrorCode::kConflict, fmt::format("event {} is there already", row.no));
  }
  return {};
}

void MemoryStore::Data::write_events(const ChangeSet& changes) {
  for (const EventRow& row : changes.events) {
    if (!row.from.has_value()) {
      event_numbers[name_of(row)] = row.no;
      events[row.no] = row;
      continue;
    }
    EventRow& present = events.at(row.no);
    present.state = row.state;
    present.settled_at = row.settled_at;
    present.run = row.run;
    present.detail = row.detail;
    present.tries = row.tries;
  }
  for (const PositionRow& row : changes.positions) {
    if (row.mark.empty()) {
      positions[row.input] = row.position;
    } else if (row.position.empty()) {
      marks[row.input].erase(row.mark);
    } else {
      marks[row.input][row.mark] = row.position;
    }
  }
  for (const EventNo no : changes.removed_events) {
    const auto found = events.find(no);
    if (found == events.end() || found->second.state == EventState::kPending) continue;
    event_numbers.erase(name_of(found->second));
    events.erase(found);
  }
}

Result<EventRow> MemoryStore::find_event(EventNo no) {
  const std::lock_guard lock(data_->mutex);
  const auto found = data_->events.find(no);
  if (found != data_->events.end()) return as_read(found->second);
  return fail(ErrorCode::kNotFound, fmt::format("there is no event {}", no));
}

Result<std::optional<EventRow>> MemoryStore::find_event(const EventKey& key) {
  const std::lock_guard lock(data_->mutex);
  const auto number =
      data_->event_numbers.find(memory::EventName(key.ns, key.flow_id, key.trigger, key.event_id));
  if (number == data_->event_numbers.end()) return std::optional<EventRow>();
  return std::optional(as_read(data_->events.at(number->second)));
}

Result<std::vector<EventRow>> MemoryStore::list_events(const EventFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<EventRow> found;
  for (auto at = data_->events.rbegin(); at != data_->events.rend(); ++at) {
    const EventRow& row = at->second;
    if (found.size() >= filter.limit) break;
    if (filter.before != 0 && row.no >= filter.before) continue;
    if (filter.ns.has_value() && row.ns != *filter.ns) continue;
    if (!filter.flow_id.empty() && row.flow_id != filter.flow_id) continue;
    if (!filter.trigger.empty() && row.trigger != filter.trigger) continue;
    if (filter.state.has_value() && row.state != *filter.state) continue;
    found.push_back(as_read(row));
  }
  return found;
}

Result<std::vector<EventRow>> MemoryStore::list_pending_events(EventNo after, std::uint32_t limit) {
  const std::lock_guard lock(data_->mutex);
  std::vector<EventRow> found;
  for (auto at = data_->events.upper_bound(after); at != data_->events.end(); ++at) {
    if (found.size() >= limit) break;
    if (at->second.state == EventState::kPending) found.push_back(as_read(at->second));
  }
  return found;
}

Result<std::vector<OldEvent>> MemoryStore::list_old_events(EventNo after, Millis before,
                                                           std::uint32_t limit) {
  const std::lock_guard lock(data_->mutex);
  std::vector<OldEvent> found;
  for (auto at = data_->events.upper_bound(after); at != data_->events.end(); ++at) {
    if (limit-- == 0 || at->second.at >= before) break;
    found.push_back({at->first, at->second.state == EventState::kPending});
  }
  return found;
}

Result<EventCounts> MemoryStore::count_events() {
  const std::lock_guard lock(data_->mutex);
  EventCounts counts;
  for (const auto& [no, row] : data_->events) {
    counts.last = no;
    counts.pending += row.state == EventState::kPending ? 1 : 0;
    counts.dead += row.state == EventState::kDead ? 1 : 0;
  }
  return counts;
}

Result<std::vector<OpenEvents>> MemoryStore::count_open_events(std::uint32_t limit) {
  const std::lock_guard lock(data_->mutex);
  std::map<std::tuple<std::string, std::string, std::string>, OpenEvents> found;
  std::uint32_t pending = 0;
  std::uint32_t dead = 0;
  for (const auto& [no, row] : data_->events) {
    const bool waits = row.state == EventState::kPending && pending < limit;
    const bool is_dead = row.state == EventState::kDead && dead < limit;
    if (!waits && !is_dead) continue;
    OpenEvents& open = found[{row.ns, row.flow_id, row.trigger}];
    open.ns = row.ns;
    open.flow_id = row.flow_id;
    open.trigger = row.trigger;
    ++(waits ? pending : dead);
    ++(waits ? open.pending : open.dead);
  }
  std::vector<OpenEvents> counts;
  counts.reserve(found.size());
  for (auto& [name, open] : found) counts.push_back(std::move(open));
  return counts;
}

Result<LastEvent> MemoryStore::last_event(std::string_view ns, std::string_view flow_id,
                                          std::string_view trigger) {
  const std::lock_guard lock(data_->mutex);
  LastEvent last;
  for (const auto& [no, row] : data_->events) {
    if (row.ns == ns && row.flow_id == flow_id && row.trigger == trigger) last = {no, row.at};
  }
  return last;
}

Result<std::string> MemoryStore::find_position(std::string_view input) {
  const std::lock_guard lock(data_->mutex);
  const auto found = data_->positions.find(input);
  return found == data_->positions.end() ? std::string() : found->second;
}

Result<std::vector<PositionRow>> MemoryStore::list_marks(std::string_view input,
                                                         std::string_view after,
                                                         std::uint32_t limit) {
  const std::lock_guard lock(data_->mutex);
  std::vector<PositionRow> rows;
  const auto found = data_->marks.find(input);
  if (found == data_->marks.end()) return rows;
  for (auto mark = found->second.upper_bound(after);
       mark != found->second.end() && rows.size() < limit; ++mark) {
    rows.push_back({std::string(input), mark->second, mark->first});
  }
  return rows;
}

}  // namespace cordyna
