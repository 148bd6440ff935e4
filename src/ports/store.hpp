/// Where state lives. The database is the only truth; everything else may be lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "model/rows.hpp"
#include "ports/store_filters.hpp"

namespace cordyna {

/// Reads for everybody: what `runs`, `logs`, `why` show.
///
/// Errors: kNotFound for an id that is not there; kCorrupt for what cannot be read; kUnavailable
/// for I/O. Threads: one at a time.
class StoreReader {
 public:
  virtual ~StoreReader() = default;

  /// Newest first.
  virtual Result<std::vector<RunRow>> list_runs(const RunFilter& filter) = 0;
  virtual Result<RunRow> find_run(const RunId& id) = 0;
  virtual Result<RunRow> find_run(RunNo no) = 0;
  virtual Result<RunSnapshot> load_run(RunNo no) = 0;
  /// In order of path, then attempt.
  virtual Result<std::vector<AttemptRow>> list_attempts(RunNo no) = 0;
  /// After `after_seq`, ascending, at most `limit`.
  virtual Result<std::vector<HistoryRow>> list_history(RunNo no, std::int64_t after_seq,
                                                       std::uint32_t limit) = 0;
  virtual Result<FlowVersionRow> find_flow(std::string_view hash) = 0;
  virtual Result<std::vector<PointRow>> list_points(const PointFilter& filter) = 0;
  /// In order of their names.
  virtual Result<std::vector<SeriesInfo>> list_series() = 0;
  /// Newest first; of one time, in order of the triggers.
  virtual Result<std::vector<TickRow>> list_ticks(const TickFilter& filter) = 0;
  virtual Result<BackfillRow> find_backfill(BackfillNo no) = 0;
  virtual Result<std::vector<BackfillRow>> list_backfills(const BackfillFilter& filter) = 0;
  /// When attempts of the pool were handed out, those after a time, newest first, at most `limit`.
  virtual Result<std::vector<Millis>> list_pool_starts(std::string_view pool, Millis after,
                                                       std::uint32_t limit) = 0;
  /// Whether a run for this time has ended well: completed, or with warnings.
  virtual Result<bool> is_done(const TimeKey& time) = 0;
  /// Also one that was removed.
  virtual Result<AppliedFlowRow> find_applied(std::string_view ns, std::string_view flow_id) = 0;
  virtual Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter& filter) = 0;
  /// The text that a flow was written as, by its hash. A reader from afar knows none.
  virtual Result<std::string> find_source(std::string_view hash) {
    return fail(ErrorCode::kNotFound, "no text of a flow is known by " + std::string(hash));
  }
  virtual Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter& filter) = 0;
  /// Of a flow, by the hash of what they ran, in order of the hashes.
  virtual Result<std::vector<HashRuns>> count_runs(std::string_view ns,
                                                   std::string_view flow_id) = 0;

  // What the removal of old runs and ticks goes by. A store in which nothing grows old need not
  // know it.

  /// After the number `after`, ascending, at most `limit`.
  virtual Result<std::vector<OldRun>> list_old_runs(RunNo after, std::uint32_t limit) {
    static_cast<void>(after), static_cast<void>(limit);
    return std::vector<OldRun>();
  }
  /// The number of the newest run that `newer` others are newer than; 0: there is none.
  virtual Result<RunNo> run_behind(std::uint32_t newer) {
    static_cast<void>(newer);
    return RunNo{0};
  }
  /// In order of namespace, flow and trigger; those after `after` (its names; empty: all), at most
  /// `limit`. `old`: with a tick for a time before `before` that is not its newest.
  virtual Result<std::vector<TickTrigger>> list_tick_triggers(const TickTrigger& after,
                                                              Millis before, std::uint32_t limit) {
    static_cast<void>(after), static_cast<void>(before), static_cast<void>(limit);
    return std::vector<TickTrigger>();
  }
  /// Whether a run that has not ended takes over from it, or from a run that did.
  virtual Result<bool> is_read_by_rerun(RunNo no) {
    static_cast<void>(no);
    return false;
  }

  // What came in through triggers. A store without them need not know it.

  virtual Result<EventRow> find_event(EventNo no) {
    return fail(ErrorCode::kNotFound, "there is no event " + std::to_string(no));
  }
  /// Nullopt: it has not come yet.
  virtual Result<std::optional<EventRow>> find_event(const EventKey& key) {
    static_cast<void>(key);
    return std::optional<EventRow>();
  }
  virtual Result<std::vector<EventRow>> list_events(const EventFilter& filter) {
    static_cast<void>(filter);
    return std::vector<EventRow>();
  }
  /// In the order in which they came: those after a number, at most `limit`.
  virtual Result<std::vector<EventRow>> list_pending_events(EventNo after, std::uint32_t limit) {
    static_cast<void>(after), static_cast<void>(limit);
    return std::vector<EventRow>();
  }
  /// Those that came before a time, after a number, ascending, at most `limit`.
  virtual Result<std::vector<OldEvent>> list_old_events(EventNo after, Millis before,
                                                        std::uint32_t limit) {
    static_cast<void>(after), static_cast<void>(before), static_cast<void>(limit);
    return std::vector<OldEvent>();
  }
  virtual Result<EventCounts> count_events() { return EventCounts(); }
  /// Of each trigger that has some, in order of namespace, flow and trigger. The oldest `limit` of
  /// those that are pending are counted, and of those that are dead.
  virtual Result<std::vector<OpenEvents>> count_open_events(std::uint32_t limit) {
    static_cast<void>(limit);
    return std::vector<OpenEvents>();
  }
  virtual Result<LastEvent> last_event(std::string_view ns, std::string_view flow_id,
                                       std::string_view trigger) {
    static_cast<void>(ns), static_cast<void>(flow_id), static_cast<void>(trigger);
    return LastEvent();
  }

  /// Of an input, as it was kept last; empty: never.
  virtual Result<std::string> find_position(std::string_view input) {
    static_cast<void>(input);
    return std::string();
  }
  /// The marks of an input after one of them, in order of their bytes, at most `limit`.
  virtual Result<std::vector<PositionRow>> list_marks(std::string_view input,
                                                      std::string_view after, std::uint32_t limit) {
    static_cast<void>(input), static_cast<void>(after), static_cast<void>(limit);
    return std::vector<PositionRow>();
  }

  virtual Result<std::vector<NoticeRow>> list_notices(const NoticeFilter& filter) {
    static_cast<void>(filter);
    return std::vector<NoticeRow>();
  }

  // Who may do what, and what was done: for a server. A store without one need not know it.

  /// In order of their names. All: a server has few enough to keep them in memory.
  virtual Result<std::vector<UserRow>> list_users() { return std::vector<UserRow>(); }
  /// All, in order of their ids.
  virtual Result<std::vector<TokenRow>> list_tokens() { return std::vector<TokenRow>(); }
  virtual Result<std::vector<AuditRow>> list_audit(const AuditFilter& filter) {
    static_cast<void>(filter);
    return std::vector<AuditRow>();
  }
};

/// The owner's store: one in the world for a state.
class Store : public StoreReader {
 public:
  /// Writes all of it in one transaction and makes it durable before it returns.
  ///
  /// Errors: kConflict: a row is there already, or not in the state its `from` names;
  /// kInvalidArgument, kInternal: a row is against the rules of the state; nothing was written.
  /// kNoSpace: nothing was written, and the same may be tried again. kUnavailable: I/O, or another
  /// owner has taken the state (its epoch is higher); the caller stops accepting work. A failed
  /// fsync never returns: the process aborts, since what is on the disk is unknown (R9).
  virtual Result<> commit(const ChangeSet& changes) = 0;

  /// Whether there is room for new work. What is left when there is not is for the ends of what
  /// runs. Errors: kNoSpace.
  virtual Result<> room() { return {}; }

  /// Of this owner; strictly above that of every owner before.
  [[nodiscard]] virtual std::uint64_t epoch() const = 0;

  /// The largest number any run has, or had whose files are still there; 0: none.
  virtual Result<RunNo> last_run_no() = 0;
};

}  // namespace cordyna
