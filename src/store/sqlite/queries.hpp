/// Every read of a state, over one connection, which the owner and readers share as code.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ports/store.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/events.hpp"

namespace cordyna::sqlite {

/// Statements are prepared once. Errors and contents: as StoreReader says.
/// Threads: one at a time, and never inside a transaction.
class Queries {
 public:
  /// Borrows the database. Errors: kCorrupt, also where the schema is not the one expected.
  [[nodiscard]] static Result<std::unique_ptr<Queries>> prepare(Database& database);

  [[nodiscard]] Result<std::vector<RunRow>> list_runs(const RunFilter& filter);
  [[nodiscard]] Result<RunRow> find_run(const RunId& id);
  [[nodiscard]] Result<RunRow> find_run(RunNo no);
  [[nodiscard]] Result<RunSnapshot> load_run(RunNo no);
  [[nodiscard]] Result<std::vector<AttemptRow>> list_attempts(RunNo no);
  [[nodiscard]] Result<std::vector<HistoryRow>> list_history(RunNo no, std::int64_t after_seq,
                                                             std::uint32_t limit);
  [[nodiscard]] Result<FlowVersionRow> find_flow(std::string_view hash);
  [[nodiscard]] Result<std::vector<PointRow>> list_points(const PointFilter& filter);
  [[nodiscard]] Result<std::vector<SeriesInfo>> list_series();
  [[nodiscard]] Result<std::vector<TickRow>> list_ticks(const TickFilter& filter);
  [[nodiscard]] Result<BackfillRow> find_backfill(BackfillNo no);
  [[nodiscard]] Result<std::vector<BackfillRow>> list_backfills(const BackfillFilter& filter);
  [[nodiscard]] Result<std::vector<Millis>> list_pool_starts(std::string_view pool, Millis after,
                                                             std::uint32_t limit);
  [[nodiscard]] Result<bool> is_done(const TimeKey& time);
  [[nodiscard]] Result<AppliedFlowRow> find_applied(std::string_view ns, std::string_view flow_id);
  [[nodiscard]] Result<std::string> find_source(std::string_view hash);
  [[nodiscard]] Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter& filter);
  [[nodiscard]] Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter& filter);
  [[nodiscard]] Result<std::vector<HashRuns>> count_runs(std::string_view ns,
                                                         std::string_view flow_id);
  [[nodiscard]] Result<std::vector<OldRun>> list_old_runs(RunNo after, std::uint32_t limit);
  [[nodiscard]] Result<std::vector<TickTrigger>> list_tick_triggers(const TickTrigger& after,
                                                                    Millis before,
                                                                    std::uint32_t limit);
  [[nodiscard]] Result<RunNo> run_behind(std::uint32_t newer);
  [[nodiscard]] Result<bool> is_read_by_rerun(RunNo no);
  [[nodiscard]] Result<RunNo> last_run_no();
  /// For reads that need no statement kept.
  [[nodiscard]] Database& database() { return database_; }
  [[nodiscard]] EventQueries& events() { return events_; }

 private:
  struct Statements;
  Queries(Database& database, Statements statements);

  [[nodiscard]] Statement& statement_for(const RunFilter& filter);
  [[nodiscard]] Result<RunSnapshot> read_snapshot(RunNo no);
  [[nodiscard]] Result<> check_exists(RunNo no);

  Database& database_;
  EventQueries events_;
  std::unique_ptr<Statements> s_;

 public:
  ~Queries();
};

}  // namespace cordyna::sqlite
