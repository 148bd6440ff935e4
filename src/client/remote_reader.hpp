/// A store that is a server's: reads by its API, so that a view need not know where rows come from.
///
/// What the API tells of a run's flow is asked for by the run: `RunRow::flow_hash` is a handle that
/// only `find_flow` of the same reader understands. Folders are empty: they are of another machine.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "client/api_client.hpp"
#include "client/rows.hpp"
#include "ports/store.hpp"
#include "service/trigger_list.hpp"

namespace cordyna::client {

/// Errors: those of ApiClient. What only a state folder has (the history of guards, what a removal
/// goes by) is kUnavailable. Threads: one at a time.
class RemoteReader final : public StoreReader {
 public:
  explicit RemoteReader(ApiClient client) : client_(std::move(client)) {}

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
  Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter& filter) override;
  Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter& filter) override;
  Result<std::vector<HashRuns>> count_runs(std::string_view ns, std::string_view flow_id) override;
  Result<std::vector<UserRow>> list_users() override;
  Result<std::vector<TokenRow>> list_tokens() override;
  using StoreReader::find_event;
  Result<EventRow> find_event(EventNo no) override;
  Result<std::vector<EventRow>> list_events(const EventFilter& filter) override;
  Result<std::vector<NoticeRow>> list_notices(const NoticeFilter& filter) override;
  Result<std::vector<AuditRow>> list_audit(const AuditFilter& filter) override;

  // What a state folder answers otherwise.

  [[nodiscard]] Result<CountedBackfill> find_counted_backfill(BackfillNo no);
  [[nodiscard]] Result<std::vector<CountedBackfill>> list_counted_backfills(
      const BackfillFilter& filter);
  [[nodiscard]] Result<RunWhy> explain(const RunRow& run);
  [[nodiscard]] Result<std::vector<PoolUse>> list_pools();
  [[nodiscard]] Result<std::vector<PlaceUse>> list_places();
  [[nodiscard]] Result<std::vector<ListedInput>> list_inputs();
  [[nodiscard]] Result<std::vector<KeptSecret>> list_secrets();
  /// Of the flows that `ns` and `flow_id` of the filter name.
  [[nodiscard]] Result<std::vector<ListedTrigger>> list_triggers(const AppliedFilter& filter);

 private:
  /// A version of a flow, by which its content is asked for.
  struct VersionKey {
    std::string ns;
    std::string id;
    std::int64_t version = 0;
  };

  [[nodiscard]] Result<RunRow> run_at(const std::string& path);
  void remember(const std::string& ns, const std::string& id, std::int64_t version,
                const std::string& hash);

  ApiClient client_;
  std::map<std::string, VersionKey, std::less<>> versions_;  // by hash
};

}  // namespace cordyna::client
