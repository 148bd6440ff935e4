/// Removes what is older than a project's `retention` keeps, in steps of bounded work.
///
/// A pass goes over the triggers for old ticks, and over old events; then over the runs by their
/// numbers, the oldest first, and ends where nothing is old enough any more; then over the cache.
/// Rows go first, in one transaction; then files. A mark removed/<run> in the state folder, made
/// before, names what a crash in between leaves: the next pass begins with those. Size rules are
/// measured first, from the newest run down. Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "flow/retention_file.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"

namespace cordyna::cli {

struct PruneCounts {
  std::uint64_t runs = 0;
  std::uint64_t logs = 0;       ///< runs whose logs went
  std::uint64_t artifacts = 0;  ///< runs whose artifacts went
  std::uint64_t entries = 0;    ///< of the cache
  std::uint64_t bytes = 0;      ///< of all files

  [[nodiscard]] bool nothing() const { return runs + logs + artifacts + entries == 0; }
  PruneCounts& operator+=(const PruneCounts& more);
  bool operator==(const PruneCounts&) const = default;
};

struct PruneStep {
  PruneCounts done;
  RunNo at = 0;             ///< the last run that was looked at
  bool removed = false;     ///< something went, so that more may be due
  bool pass_ended = false;  ///< the next step begins anew
};

class Pruner {
 public:
  /// Removes the rows, but of runs that are needed after all; how many runs went.
  using RemoveRows = std::function<Result<std::int64_t>(OldRows)>;

  /// Runs, or runs measured, in one step.
  static constexpr std::uint32_t kRunsAtOnce = 100;
  /// In one step, triggers that are looked at, and ticks of each that go.
  static constexpr std::uint32_t kTriggersAtOnce = 100;
  static constexpr std::uint32_t kTicksAtOnce = 50;
  static constexpr std::uint32_t kEventsAtOnce = 500;

  /// Borrows the reader. Without `remove` nothing is changed: what would go is counted.
  Pruner(StoreReader& reader, StateLayout layout, const flow::Retention& retention,
         RemoveRows remove)
      : reader_(reader), layout_(std::move(layout)), keep_(retention), remove_(std::move(remove)) {}

  /// Errors: those of the store; of files, only where all of it is to no end. What could not be
  /// removed is left for the next pass.
  [[nodiscard]] Result<PruneStep> step(Millis now);

 private:
  enum class Phase : std::uint8_t { kBegin, kTicks, kEvents, kMeasure, kRuns, kCache };
  /// From which run on, by number, all older ones are beyond a bound. 0: none.
  struct Bounds {
    RunNo count = 0;
    RunNo runs = 0;
    RunNo logs = 0;
    RunNo artifacts = 0;
  };

  Result<> begin();
  Result<bool> prune_ticks(Millis now);
  Result<bool> prune_events(Millis now);
  Result<> finish_marked();
  Result<> measure();
  [[nodiscard]] Result<> prune_messages();
  Result<PruneCounts> prune_runs(Millis now, bool& more);
  Result<std::uint64_t> remove_runs(const std::vector<RunNo>& runs);
  PruneCounts prune_files(const OldRun& old, Millis now);
  Result<PruneCounts> prune_cache(Millis now);
  [[nodiscard]] bool is_due(const RunRow& run, const flow::RetentionRule& rule, RunNo bound,
                            Millis now) const;

  StoreReader& reader_;
  StateLayout layout_;
  flow::Retention keep_;
  RemoveRows remove_;
  Phase phase_ = Phase::kBegin;
  Bounds bounds_;
  RunNo at_ = 0;
  TickTrigger trigger_at_;
  EventNo event_at_ = 0;
  std::uint64_t run_bytes_ = 0;  // measured so far
  std::uint64_t log_bytes_ = 0;
  std::uint64_t artifact_bytes_ = 0;
};

}  // namespace cordyna::cli
