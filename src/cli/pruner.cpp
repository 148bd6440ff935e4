#include "cli/pruner.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "process/cache/entries.hpp"

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

struct FolderSize {
  std::uint64_t logs = 0;
  std::uint64_t artifacts = 0;
  std::uint64_t all = 0;
};

/// Of all files below, links not followed. Files that are linked elsewhere count here too.
std::uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (fs::is_regular_file(status)) {
    const std::uintmax_t size = fs::file_size(path, error);
    return error ? 0 : size;
  }
  if (!fs::is_directory(status)) return 0;
  std::uint64_t bytes = 0;
  fs::recursive_directory_iterator at(path, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (!fs::is_regular_file(at->symlink_status(ignored))) continue;
    const std::uintmax_t size = at->file_size(ignored);
    if (!ignored) bytes += size;
  }
  return bytes;
}

/// The folders of a run's attempts.
std::vector<fs::path> attempts_in(const fs::path& run) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::directory_iterator at(run, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (fs::is_directory(at->symlink_status(ignored))) found.push_back(at->path());
  }
  return found;
}

FolderSize measure_run(const fs::path& run) {
  FolderSize size;
  for (const fs::path& attempt : attempts_in(run)) {
    size.logs += size_of(attempt / attempt_file::kLog);
    size.artifacts += size_of(attempt / attempt_file::kArtifacts);
  }
  size.all = size_of(run);
  return size;
}

/// Of "17"; 0: it is no number of a run.
RunNo run_of(const std::string& name) {
  RunNo no = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, no);
  return error == std::errc() && stop == end && no > 0 ? no : 0;
}

std::string marks_of(const StateLayout& layout) {
  return layout.folder() + "/removed";
}

}  // namespace

PruneCounts& PruneCounts::operator+=(const PruneCounts& more) {
  runs += more.runs;
  logs += more.logs;
  artifacts += more.artifacts;
  entries += more.entries;
  bytes += more.bytes;
  return *this;
}

Result<PruneStep> Pruner::step(Millis now) {
  PruneStep step;
  if (phase_ == Phase::kBegin) TRY(begin());
  if (phase_ == Phase::kTicks) {
    TRY_ASSIGN(step.removed, prune_ticks(now));
  }
  if (phase_ == Phase::kEvents && !step.removed) {
    TRY_ASSIGN(step.removed, prune_events(now));
  }
  switch (phase_) {
    case Phase::kBegin:
    case Phase::kEvents:
    case Phase::kTicks: break;  // more of them in the next step
    case Phase::kMeasure: TRY(measure()); break;
    case Phase::kRuns: {
      bool more = false;
      TRY_ASSIGN(step.done, prune_runs(now, more));
      step.removed = !step.done.nothing();
      if (!more) TRY(prune_messages());
      if (!more) phase_ = Phase::kCache;
      break;
    }
    case Phase::kCache: {
      TRY_ASSIGN(step.done, prune_cache(now));
      phase_ = Phase::kBegin;
      step.pass_ended = true;
      break;
    }
  }
  step.at = at_;
  return step;
}

/// A file of what was said to task servers goes with the last run that it is of.
Result<> Pruner::prune_messages() {
  std::error_code error;
  fs::directory_iterator at(layout_.messages_folder(), error);
  if (!remove_ || error) return {};
  TRY_ASSIGN(const std::vector<OldRun> oldest, reader_.list_old_runs(0, 1));
  if (oldest.empty()) return {};
  const RunNo kept = oldest.front().run.no / StateLayout::kRunsInFile;
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code ignored;
    if ((name == "0" || run_of(name) > 0) && run_of(name) < kept) fs::remove(at->path(), ignored);
  }
  return {};
}

Result<> Pruner::begin() {
  if (remove_) TRY(finish_marked());
  bounds_ = {};
  run_bytes_ = log_bytes_ = artifact_bytes_ = 0;
  at_ = 0;
  trigger_at_ = {};
  event_at_ = 0;
  if (keep_.runs.count > 0) {
    TRY_ASSIGN(bounds_.count, reader_.run_behind(keep_.runs.count));
  }
  phase_ = Phase::kTicks;
  return {};
}

/// Some of the next triggers' old ticks; stays with them until none is left. Whether any went.
Result<bool> Pruner::prune_ticks(Millis now) {
  std::vector<TickTrigger> page;
  std::vector<TickRemoval> removals;
  if (remove_ && keep_.ticks.age > 0) {
    const Millis before = now - keep_.ticks.age;
    TRY_ASSIGN(page, reader_.list_tick_triggers(trigger_at_, before, kTriggersAtOnce));
    for (const TickTrigger& one : page) {
      if (!one.old) continue;
      removals.push_back({one.ns, one.flow_id, one.trigger, before, kTicksAtOnce});
    }
  }
  if (!removals.empty()) {
    TRY(remove_({.ticks = std::move(removals)}));
    return true;
  }
  if (page.size() == kTriggersAtOnce) {
    trigger_at_ = std::move(page.back());
    return false;
  }
  phase_ = Phase::kEvents;
  return false;
}

/// Some more of the oldest events. Whether any went.
Result<bool> Pruner::prune_events(Millis now) {
  std::vector<OldEvent> page;
  OldRows gone;
  if (remove_ && keep_.events.age > 0) {
    TRY_ASSIGN(page, reader_.list_old_events(event_at_, now - keep_.events.age, kEventsAtOnce));
  }
  for (const OldEvent& event : page) {
    event_at_ = event.no;
    if (!event.pending) gone.events.push_back(event.no);
  }
  const bool any = !gone.events.empty();
  if (any) TRY(remove_(std::move(gone)));
  if (page.size() == kEventsAtOnce) return any;
  const bool sized = keep_.runs.size + keep_.logs.size + keep_.artifacts.size > 0;
  phase_ = sized ? Phase::kMeasure : Phase::kRuns;
  return any;
}

/// What was to go when somebody died: its rows went, or it stays.
Result<> Pruner::finish_marked() {
  std::vector<RunNo> marked;
  std::error_code error;
  fs::directory_iterator at(marks_of(layout_), error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (const RunNo no = run_of(at->path().filename().string()); no > 0) marked.push_back(no);
  }
  for (const RunNo no : marked) {
    const Result<RunRow> run = reader_.find_run(no);
    if (!run.has_value() && run.error().code != ErrorCode::kNotFound) {
      return std::unexpected<Error>(run.error());
    }
    if (!run.has_value()) {
      fs::remove_all(layout_.run_folder(no), error);
      if (!error) fs::remove_all(layout_.private_folder(no), error);
      if (error) continue;  // the next pass tries again
    }
    fs::remove(marks_of(layout_) + "/" + std::to_string(no), error);
  }
  return {};
}

/// From the newest down, until every bound is known.
Result<> Pruner::measure() {
  RunFilter filter;
  filter.before = at_;
  filter.limit = kRunsAtOnce;
  TRY_ASSIGN(const std::vector<RunRow> page, reader_.list_runs(filter));
  const auto reach = [](std::uint64_t bytes, std::uint64_t most, RunNo no, RunNo& bound) {
    if (most > 0 && bound == 0 && bytes > most) bound = no;
    return most == 0 || bound != 0;
  };
  for (const RunRow& run : page) {
    at_ = run.no;
    const FolderSize size = measure_run(layout_.run_folder(run.no));
    run_bytes_ += size.all;
    log_bytes_ += size.logs;
    artifact_bytes_ += size.artifacts;
    const bool runs = reach(run_bytes_, keep_.runs.size, run.no, bounds_.runs);
    const bool logs = reach(log_bytes_, keep_.logs.size, run.no, bounds_.logs);
    const bool artifacts = reach(artifact_bytes_, keep_.artifacts.size, run.no, bounds_.artifacts);
    if (!runs || !logs || !artifacts) continue;
    phase_ = Phase::kRuns;
    break;
  }
  if (page.size() < kRunsAtOnce) phase_ = Phase::kRuns;
  if (phase_ == Phase::kRuns) at_ = 0;
  return {};
}

bool Pruner::is_due(const RunRow& run, const flow::RetentionRule& rule, RunNo bound,
                    Millis now) const {
  if (run.no <= bound) return true;
  // One that goes on is as old as its beginning: the pass must get past it.
  const Millis at = run.ended_at > 0 ? run.ended_at : run.created_at;
  return rule.age > 0 && at < now - rule.age;
}

Result<PruneCounts> Pruner::prune_runs(Millis now, bool& more) {
  PruneCounts counts;
  TRY_ASSIGN(const std::vector<OldRun> page, reader_.list_old_runs(at_, kRunsAtOnce));
  std::vector<RunNo> gone;
  bool any_due = false;
  for (const OldRun& old : page) {
    const RunRow& run = old.run;
    at_ = run.no;
    const bool due = is_due(run, keep_.runs, std::max(bounds_.count, bounds_.runs), now);
    any_due = any_due || due || is_due(run, keep_.logs, bounds_.logs, now) ||
              is_due(run, keep_.artifacts, bounds_.artifacts, now);
    if (due && !old.needed) {
      counts.bytes += size_of(layout_.run_folder(run.no));
      gone.push_back(run.no);
    } else if (is_final(run.state)) {
      counts += prune_files(old, now);
    }
  }
  TRY_ASSIGN(counts.runs, remove_runs(gone));
  more = any_due && page.size() == kRunsAtOnce;
  return counts;
}

Result<std::uint64_t> Pruner::remove_runs(const std::vector<RunNo>& runs) {
  if (!remove_ || runs.empty()) return runs.size();
  std::error_code error;
  fs::create_directories(marks_of(layout_), error);
  for (const RunNo no : runs) {
    const std::string mark = marks_of(layout_) + "/" + std::to_string(no);
    if (!error && std::ofstream(mark).good()) continue;
    return fail(ErrorCode::kUnavailable, mark + " cannot be made");
  }
  TRY_ASSIGN(const std::int64_t count, remove_({.runs = runs}));
  TRY(finish_marked());
  return static_cast<std::uint64_t>(count);
}

/// Logs and artifacts of a run that stays. What a later run took over, it reads from here.
PruneCounts Pruner::prune_files(const OldRun& old, Millis now) {
  PruneCounts counts;
  const bool logs = is_due(old.run, keep_.logs, bounds_.logs, now);
  const bool artifacts = !old.needed && is_due(old.run, keep_.artifacts, bounds_.artifacts, now);
  if (!logs && !artifacts) return counts;
  const auto take = [&](const fs::path& path, std::uint64_t& count, bool& counted) {
    const std::uint64_t bytes = size_of(path);
    std::error_code error;
    if (bytes == 0 && (!fs::exists(path, error) || fs::is_empty(path, error))) return;
    if (remove_) fs::remove_all(path, error);
    if (error) return;  // the next pass tries again
    counts.bytes += bytes;
    if (!std::exchange(counted, true)) ++count;
  };
  bool logs_counted = false;
  bool artifacts_counted = false;
  for (const fs::path& attempt : attempts_in(layout_.run_folder(old.run.no))) {
    if (logs) take(attempt / attempt_file::kLog, counts.logs, logs_counted);
    if (artifacts) take(attempt / attempt_file::kArtifacts, counts.artifacts, artifacts_counted);
  }
  return counts;
}

Result<PruneCounts> Pruner::prune_cache(Millis now) {
  PruneCounts counts;
  if (keep_.cache.empty()) return counts;
  TRY_ASSIGN(const std::vector<cache::Entry> entries, cache::list_entries(layout_));
  std::uint64_t bytes = 0;
  for (const cache::Entry& entry : entries) {  // the newest first
    bytes += entry.bytes;
    const bool old = keep_.cache.age > 0 && entry.at < now - keep_.cache.age;
    const bool beyond = keep_.cache.size > 0 && bytes > keep_.cache.size;
    if (!old && !beyond) continue;
    if (remove_ && !cache::remove_entry(layout_, entry.key).has_value()) continue;
    ++counts.entries;
    counts.bytes += entry.bytes;
  }
  if (remove_) cache::remove_leftovers(layout_, now);
  return counts;
}

}  // namespace cordyna::cli
