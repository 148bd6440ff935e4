/// What the store in memory holds. Part of MemoryStore: guarded by its mutex.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
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

using PointKey = std::tuple<std::string, Millis, RunNo, std::string>;
/// Flow, then trigger and time.
using TickKey = std::tuple<std::string, std::string, std::string, Millis>;
using AppliedKey = std::pair<std::string, std::string>;  // namespace, id
using VersionKey = std::tuple<std::string, std::string, std::int64_t>;

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

  memory::RunData* find(RunNo no) {
    const auto found = runs.find(no);
    return found == runs.end() || !found->second.row.has_value() ? nullptr : &found->second;
  }
};

}  // namespace cordyna
