/// A store whose owner may die just before or just after a commit, or find the disk full.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "store/memory/memory_store.hpp"

namespace cordyna::sim {

/// The last two are no crash: the disk is full; a row is refused.
enum class Crash { kNone, kBefore, kAfter, kFull, kRefused };

/// The owner's store in a world: asks before each commit whether the process dies around it, and
/// tells of each that was made.
class CrashStore final : public Store {
 public:
  CrashStore(std::unique_ptr<MemoryStore> store, std::function<Crash()> draw,
             std::function<void(const ChangeSet&)> committed)
      : store_(std::move(store)), draw_(std::move(draw)), committed_(std::move(committed)) {}

  Result<> commit(const ChangeSet& changes) override {
    const Crash crash = draw_();
    if (crash == Crash::kBefore) return fail(ErrorCode::kUnavailable, "crashed before the commit");
    if (crash == Crash::kRefused) return fail(ErrorCode::kConflict, "a row is there already");
    if (crash == Crash::kFull) return fail(ErrorCode::kNoSpace, "the disk is full");
    TRY(store_->commit(changes));
    committed_(changes);
    if (crash == Crash::kAfter) return fail(ErrorCode::kUnavailable, "crashed after the commit");
    return {};
  }

  MemoryStore& inner() { return *store_; }
  Result<std::vector<RunRow>> list_runs(const RunFilter& f) override {
    return store_->list_runs(f);
  }
  Result<RunRow> find_run(const RunId& id) override { return store_->find_run(id); }
  Result<RunRow> find_run(RunNo no) override { return store_->find_run(no); }
  Result<RunSnapshot> load_run(RunNo no) override { return store_->load_run(no); }
  Result<std::vector<AttemptRow>> list_attempts(RunNo no) override {
    return store_->list_attempts(no);
  }
  Result<std::vector<HistoryRow>> list_history(RunNo no, std::int64_t after,
                                               std::uint32_t limit) override {
    return store_->list_history(no, after, limit);
  }
  Result<FlowVersionRow> find_flow(std::string_view hash) override {
    return store_->find_flow(hash);
  }
  Result<std::vector<PointRow>> list_points(const PointFilter& filter) override {
    return store_->list_points(filter);
  }
  Result<std::vector<SeriesInfo>> list_series() override { return store_->list_series(); }
  Result<std::vector<TickRow>> list_ticks(const TickFilter& filter) override {
    return store_->list_ticks(filter);
  }
  Result<BackfillRow> find_backfill(BackfillNo no) override { return store_->find_backfill(no); }
  Result<std::vector<BackfillRow>> list_backfills(const BackfillFilter& filter) override {
    return store_->list_backfills(filter);
  }
  Result<std::vector<Millis>> list_pool_starts(std::string_view pool, Millis after,
                                               std::uint32_t limit) override {
    return store_->list_pool_starts(pool, after, limit);
  }
  Result<bool> is_done(const TimeKey& time) override { return store_->is_done(time); }
  Result<AppliedFlowRow> find_applied(std::string_view ns, std::string_view flow_id) override {
    return store_->find_applied(ns, flow_id);
  }
  Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter& filter) override {
    return store_->list_applied(filter);
  }
  Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter& filter) override {
    return store_->list_versions(filter);
  }
  Result<std::vector<HashRuns>> count_runs(std::string_view ns, std::string_view flow_id) override {
    return store_->count_runs(ns, flow_id);
  }
  Result<std::vector<NoticeRow>> list_notices(const NoticeFilter& filter) override {
    return store_->list_notices(filter);
  }
  std::uint64_t epoch() const override { return store_->epoch(); }
  Result<RunNo> last_run_no() override { return store_->last_run_no(); }

 private:
  std::unique_ptr<MemoryStore> store_;
  std::function<Crash()> draw_;
  std::function<void(const ChangeSet&)> committed_;
};

}  // namespace cordyna::sim
