/// A store in memory, for tests and the simulator: the rules of the SQLite store, without a disk.
///
/// What is committed lives as long as any owner of it. A commit writes all or nothing.
/// Threads: any; calls wait for each other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ports/store.hpp"

namespace cordyna {

class MemoryStore : public Store {
 public:
  /// An empty state, owned with epoch 1.
  MemoryStore();
  ~MemoryStore() override;
  MemoryStore(const MemoryStore&) = delete;
  MemoryStore& operator=(const MemoryStore&) = delete;

  /// A new owner of the same state. From now on, commits of all earlier ones are conflicts.
  [[nodiscard]] std::unique_ptr<MemoryStore> fork_owner();

  /// The next commit writes nothing and returns `error`. The one after it works again.
  void fail_next_commit(Error error);

  Result<std::vector<RunRow>> list_runs(const RunFilter& filter) override;
  Result<RunRow> find_run(const RunId& id) override;
  Result<RunRow> find_run(RunNo no) override;
  Result<RunSnapshot> load_run(RunNo no) override;
  Result<std::vector<AttemptRow>> list_attempts(RunNo no) override;
  Result<std::vector<HistoryRow>> list_history(RunNo no, std::int64_t after_seq,
                                               std::uint32_t limit) override;
  Result<FlowVersionRow> find_flow(std::string_view hash) override;
  Result<std::vector<PointRow>> list_points(const PointFilter& filter) override;
  Result<std::vector<SeriesInfo>> list_series() override;
  Result<std::vector<TickRow>> list_ticks(const TickFilter& filter) override;
  Result<BackfillRow> find_backfill(BackfillNo no) override;
  Result<std::vector<BackfillRow>> list_backfills(const BackfillFilter& filter) override;
  Result<std::vector<Millis>> list_pool_starts(std::string_view pool, Millis after,
                                               std::uint32_t limit) override;
  Result<bool> is_done(const TimeKey& time) override;
  Result<AppliedFlowRow> find_applied(std::string_view ns, std::string_view flow_id) override;
  Result<std::string> find_source(std::string_view hash) override;
  Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter& filter) override;
  Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter& filter) override;
  Result<std::vector<HashRuns>> count_runs(std::string_view ns, std::string_view flow_id) override;
  Result<std::vector<OldRun>> list_old_runs(RunNo after, std::uint32_t limit) override;
  Result<std::vector<TickTrigger>> list_tick_triggers(const TickTrigger& after, Millis before,
                                                      std::uint32_t limit) override;
  Result<RunNo> run_behind(std::uint32_t newer) override;
  Result<bool> is_read_by_rerun(RunNo no) override;
  Result<EventRow> find_event(EventNo no) override;
  Result<std::optional<EventRow>> find_event(const EventKey& key) override;
  Result<std::vector<EventRow>> list_events(const EventFilter& filter) override;
  Result<std::vector<EventRow>> list_pending_events(EventNo after, std::uint32_t limit) override;
  Result<std::vector<OldEvent>> list_old_events(EventNo after, Millis before,
                                                std::uint32_t limit) override;
  Result<EventCounts> count_events() override;
  Result<std::vector<OpenEvents>> count_open_events(std::uint32_t limit) override;
  Result<LastEvent> last_event(std::string_view ns, std::string_view flow_id,
                               std::string_view trigger) override;
  Result<std::string> find_position(std::string_view input) override;
  Result<std::vector<PositionRow>> list_marks(std::string_view input, std::string_view after,
                                              std::uint32_t limit) override;
  Result<std::vector<UserRow>> list_users() override;
  Result<std::vector<TokenRow>> list_tokens() override;
  Result<std::vector<AuditRow>> list_audit(const AuditFilter& filter) override;
  Result<std::vector<NoticeRow>> list_notices(const NoticeFilter& filter) override;

  Result<> commit(const ChangeSet& changes) override;
  [[nodiscard]] std::uint64_t epoch() const override { return epoch_; }
  Result<RunNo> last_run_no() override;

 private:
  struct Data;
  class Transaction;
  explicit MemoryStore(std::shared_ptr<Data> data);

  std::shared_ptr<Data> data_;
  std::uint64_t epoch_ = 0;
  std::optional<Error> next_failure_;
};

}  // namespace cordyna
