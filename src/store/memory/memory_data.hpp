/// What a MemoryStore holds, and how its writes are taken back. Only its sources include this.
///
/// Threads: under the mutex.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace memory {

struct TaskData {
  std::optional<TaskRow> row;
  std::vector<AttemptRow> attempts;  // ascending by number
  std::optional<HoldRow> hold;
};

struct RunData {
  std::optional<RunRow> row;
  std::map<std::string, TaskData, std::less<>> tasks;
  std::vector<HistoryRow> history;  // element i has seq i + 1
};

// What one write replaced. Pointers are into map nodes, which stay where they are.
struct RunUndo {
  RunData* run;
  std::optional<RunRow> old;
};
struct TaskUndo {
  TaskData* task;
  std::optional<TaskRow> old;
};
struct AttemptUndo {
  TaskData* task;
  std::uint32_t attempt;
  std::optional<AttemptRow> old;
};
struct HistoryUndo {
  RunData* run;
};
struct FlowUndo {
  std::string hash;
};
struct HoldUndo {
  TaskData* task;
  std::optional<HoldRow> old;
};
using PointKey = std::tuple<std::string, Millis, RunNo, std::string>;
struct PointUndo {
  PointKey key;
  std::optional<PointRow> old;
};
// Flow, then trigger and time.
using TickKey = std::tuple<std::string, std::string, std::string, Millis>;
struct TickUndo {
  TickKey key;
};
struct BackfillUndo {
  BackfillNo no = 0;
  std::optional<BackfillRow> old;
};
// A run that went, with the version of its flow where that went too.
struct RemovalUndo {
  RunNo no = 0;
  RunData run;
  std::optional<FlowVersionRow> flow;
};
struct TickRemovalUndo {
  TickKey key;
  TickRow row;
};
using AppliedKey = std::pair<std::string, std::string>;  // namespace, id
using VersionKey = std::tuple<std::string, std::string, std::int64_t>;
struct AppliedUndo {
  AppliedKey key;
  std::optional<AppliedFlowRow> old;
};
struct VersionUndo {
  VersionKey key;
};
// Namespace, flow, trigger, id.
using EventName = std::tuple<std::string, std::string, std::string, std::string>;
using Undo =
    std::variant<AppliedUndo, VersionUndo, RemovalUndo, TickRemovalUndo, HoldUndo, PointUndo,
                 TickUndo, BackfillUndo, RunUndo, TaskUndo, AttemptUndo, HistoryUndo, FlowUndo>;

}  // namespace memory

/// As a store gives it back: with the state it is in to replace.
template <class Row>
[[nodiscard]] Row as_read(const Row& row) {
  Row read = row;
  read.from = row.state;
  return read;
}

struct MemoryStore::Data {
  std::mutex mutex;
  std::uint64_t epoch = 0;
  std::map<RunNo, memory::RunData> runs;
  std::unordered_map<std::string, RunNo> run_numbers;
  std::unordered_map<std::string, FlowVersionRow> flows;
  std::map<memory::PointKey, PointRow> points;
  std::map<memory::TickKey, TickRow> ticks;
  std::map<BackfillNo, BackfillRow> backfills;
  std::map<memory::AppliedKey, AppliedFlowRow> applied;
  std::map<memory::VersionKey, AppliedVersionRow> versions;
  std::map<std::string, std::string, std::less<>> sources;
  std::map<EventNo, EventRow> events;
  std::map<memory::EventName, EventNo> event_numbers;
  std::map<std::string, std::string, std::less<>> positions;
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> marks;
  std::map<std::string, UserRow> users;
  std::map<std::string, TokenRow> tokens;
  std::map<std::int64_t, AuditRow> audit;
  std::map<std::int64_t, NoticeRow> notices;
  std::set<std::string> notice_ids;
  std::int64_t last_notice = 0;

  /// Whether `write_events` will hold. Errors: kConflict, as Store::commit says.
  [[nodiscard]] Result<> check_events(const ChangeSet& changes) const;
  /// After `check_events`.
  void write_events(const ChangeSet& changes);
  /// All or nothing. Errors: kConflict: an entry of the audit has a number that is taken.
  Result<> write_identity(const ChangeSet& changes);
  void write_notices(const ChangeSet& changes);

  [[nodiscard]] bool is_needed(const RunRow& run) const {
    if (!is_final(run.state) || run.no == runs.rbegin()->first) return true;
    const bool taken_over = std::ranges::any_of(runs, [&run](const auto& other) {
      return other.second.row.has_value() && other.second.row->rerun_of == run.no;
    });
    const auto parent = runs.find(run.parent);
    const bool waited_for = parent != runs.end() && parent->second.row.has_value() &&
                            !is_final(parent->second.row->state);
    return taken_over || waited_for || std::ranges::any_of(backfills, [&run](const auto& one) {
             return fmt::format("{}", one.first) == run.backfill && !is_final(one.second.state);
           });
  }

  memory::RunData* find(RunNo no) {
    const auto found = runs.find(no);
    return found == runs.end() || !found->second.row.has_value() ? nullptr : &found->second;
  }
};

}  // namespace cordyna
