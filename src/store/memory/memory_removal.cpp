// What the removal of old runs goes by.
#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "store/memory/memory_data.hpp"

namespace cordyna {

Result<std::vector<OldRun>> MemoryStore::list_old_runs(RunNo after, std::uint32_t limit) {
  const std::lock_guard lock(data_->mutex);
  std::vector<OldRun> found;
  for (auto at = data_->runs.upper_bound(after); at != data_->runs.end(); ++at) {
    if (found.size() >= limit) break;
    const std::optional<RunRow>& row = at->second.row;
    if (!row.has_value()) continue;
    found.push_back({*row, data_->is_needed(*row)});
    found.back().run.from = row->state;
  }
  return found;
}

Result<std::vector<TickTrigger>> MemoryStore::list_tick_triggers(const TickTrigger& after,
                                                                 Millis before,
                                                                 std::uint32_t limit) {
  const std::lock_guard lock(data_->mutex);
  const auto key = [](const auto& row) { return std::tie(row.ns, row.flow_id, row.trigger); };
  std::vector<TickTrigger> found;
  bool first_is_old = false;
  for (const auto& [at, row] : data_->ticks) {  // of one trigger, the oldest first
    if (key(row) <= key(after)) continue;
    if (!found.empty() && key(found.back()) == key(row)) {
      found.back().old = found.back().old || first_is_old;
      continue;
    }
    if (found.size() == limit) break;
    found.push_back({row.ns, row.flow_id, row.trigger, false});
    first_is_old = row.scheduled_for < before;
  }
  return found;
}

Result<RunNo> MemoryStore::run_behind(std::uint32_t newer) {
  const std::lock_guard lock(data_->mutex);
  for (auto run = data_->runs.rbegin(); run != data_->runs.rend(); ++run) {
    if (run->second.row.has_value() && newer-- == 0) return run->first;
  }
  return 0;
}

Result<bool> MemoryStore::is_read_by_rerun(RunNo no) {
  const std::lock_guard lock(data_->mutex);
  std::vector<RunNo> readers{no};
  // A rerun has a greater number than what it takes over from.
  for (const auto& [later, run] : data_->runs) {
    if (!run.row.has_value() || std::ranges::count(readers, run.row->rerun_of) == 0) continue;
    if (run.row->rerun_of == 0) continue;
    if (!is_final(run.row->state)) return true;
    readers.push_back(later);
  }
  return false;
}

}  // namespace cordyna
