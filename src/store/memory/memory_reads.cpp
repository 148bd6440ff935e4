// What the store in memory tells of everything but runs.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "store/memory/memory_data.hpp"

namespace cordyna {

using memory::AppliedKey;

Result<std::vector<PointRow>> MemoryStore::list_points(const PointFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<PointRow> found;
  for (auto point = data_->points.rbegin(); point != data_->points.rend(); ++point) {
    const PointRow& row = point->second;
    if (found.size() >= filter.limit) break;
    if (row.series != filter.series) continue;
    const bool before = filter.before_at == 0 || row.at < filter.before_at ||
                        (row.at == filter.before_at && row.run < filter.before_run);
    if (before) found.push_back(row);
  }
  return found;
}

Result<std::vector<TickRow>> MemoryStore::list_ticks(const TickFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<TickRow> found;
  for (const auto& [key, row] : data_->ticks) {
    if (row.ns != filter.ns || row.flow_id != filter.flow_id) continue;
    if (!filter.trigger.empty() && row.trigger != filter.trigger) continue;
    if (filter.before == 0 || row.scheduled_for < filter.before) found.push_back(row);
  }
  // Of one time in order of the triggers, which is how they lie here.
  std::ranges::stable_sort(found, std::greater{}, &TickRow::scheduled_for);
  if (found.size() > filter.limit) found.resize(filter.limit);
  return found;
}

Result<BackfillRow> MemoryStore::find_backfill(BackfillNo no) {
  const std::lock_guard lock(data_->mutex);
  const auto found = data_->backfills.find(no);
  if (found == data_->backfills.end()) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no backfill {}", no));
  }
  return as_read(found->second);
}

Result<std::vector<BackfillRow>> MemoryStore::list_backfills(const BackfillFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<BackfillRow> found;
  for (auto at = data_->backfills.rbegin(); at != data_->backfills.rend(); ++at) {
    if (found.size() >= filter.limit) break;
    if (filter.before != 0 && at->first >= filter.before) continue;
    if (filter.unfinished && is_final(at->second.state)) continue;
    found.push_back(as_read(at->second));
  }
  return found;
}

Result<bool> MemoryStore::is_done(const TimeKey& time) {
  const std::lock_guard lock(data_->mutex);
  return std::ranges::any_of(data_->runs, [&time](const auto& one) {
    const std::optional<RunRow>& run = one.second.row;
    return run.has_value() && time.at != 0 && run->scheduled.at == time.at &&
           run->flow_id == time.flow_id && run->ns == time.ns &&
           run->scheduled.trigger == time.trigger &&
           (run->state == RunState::kCompleted || run->state == RunState::kWarning);
  });
}

Result<AppliedFlowRow> MemoryStore::find_applied(std::string_view ns, std::string_view flow_id) {
  const std::lock_guard lock(data_->mutex);
  const auto found = data_->applied.find({std::string(ns), std::string(flow_id)});
  if (found == data_->applied.end()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no applied flow '{}'",
                            flow_name(std::string(ns), std::string(flow_id))));
  }
  AppliedFlowRow row = found->second;
  row.from = row.version;
  return row;
}

Result<std::string> MemoryStore::find_source(std::string_view hash) {
  const std::lock_guard lock(data_->mutex);
  const auto found = data_->sources.find(hash);
  if (found != data_->sources.end()) return found->second;
  return fail(ErrorCode::kNotFound, fmt::format("there is no text '{}' of a flow", hash));
}

Result<std::vector<AppliedFlowRow>> MemoryStore::list_applied(const AppliedFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<AppliedFlowRow> found;
  const AppliedKey after{filter.after_ns, filter.after_id};
  for (auto at = data_->applied.upper_bound(after); at != data_->applied.end(); ++at) {
    const AppliedFlowRow& row = at->second;
    if (found.size() >= filter.limit) break;
    if (filter.ns.has_value() && row.ns != *filter.ns) continue;
    if (!filter.flow_id.empty() && row.flow_id != filter.flow_id) continue;
    if (row.removed_at != 0 && !filter.removed) continue;
    if (row.disabled.at == 0 && filter.disabled) continue;
    found.push_back(row);
    found.back().from = row.version;
  }
  return found;
}

Result<std::vector<AppliedVersionRow>> MemoryStore::list_versions(const VersionFilter& filter) {
  const std::lock_guard lock(data_->mutex);
  std::vector<AppliedVersionRow> found;
  for (auto at = data_->versions.rbegin(); at != data_->versions.rend(); ++at) {
    const AppliedVersionRow& row = at->second;
    if (found.size() >= filter.limit) break;
    if (row.ns != filter.ns || row.flow_id != filter.flow_id) continue;
    if (filter.before == 0 || row.version < filter.before) found.push_back(row);
  }
  return found;
}

Result<std::vector<HashRuns>> MemoryStore::count_runs(std::string_view ns,
                                                      std::string_view flow_id) {
  const std::lock_guard lock(data_->mutex);
  std::map<std::string, std::int64_t> counts;
  for (const auto& [no, run] : data_->runs) {
    const std::optional<RunRow>& row = run.row;
    if (row.has_value() && row->ns == ns && row->flow_id == flow_id) ++counts[row->flow_hash];
  }
  std::vector<HashRuns> found;
  found.reserve(counts.size());
  for (const auto& [hash, runs] : counts) found.push_back({hash, runs});
  return found;
}

Result<std::vector<SeriesInfo>> MemoryStore::list_series() {
  const std::lock_guard lock(data_->mutex);
  std::vector<SeriesInfo> series;
  for (const auto& [key, row] : data_->points) {
    if (series.empty() || series.back().series != row.series) series.push_back({row.series, 0, 0});
    ++series.back().points;
    series.back().last_at = row.at;  // ascending
  }
  return series;
}

Result<std::vector<Millis>> MemoryStore::list_pool_starts(std::string_view pool, Millis after,
                                                          std::uint32_t limit) {
  const std::lock_guard lock(data_->mutex);
  std::vector<Millis> starts;
  for (const auto& [no, run] : data_->runs) {
    for (const auto& [path, task] : run.tasks) {
      for (const AttemptRow& attempt : task.attempts) {
        const bool counts = !pool.empty() && attempt.pool == pool && attempt.dispatched_at > after;
        if (counts) starts.push_back(attempt.dispatched_at);
      }
    }
  }
  std::ranges::sort(starts, std::greater{});
  if (starts.size() > limit) starts.resize(limit);
  return starts;
}

}  // namespace cordyna
