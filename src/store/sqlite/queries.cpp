#include "store/sqlite/queries.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "store/sqlite/removal.hpp"
#include "store/sqlite/row_text.hpp"

namespace cordyna::sqlite {
namespace {

// ?1 below this number, ?2 state or '', ?3 limit, ?4 flow or ''; of namespace ?8, but for ?7 = 0.
#define CORDYNA_OF_NAMESPACE " AND (?7 = 0 OR ns = ?8)"
constexpr std::string_view kRuns =
    "SELECT " CORDYNA_RUN_COLUMNS
    " FROM run NOT INDEXED WHERE no < ?1 AND (?2 = '' OR state = ?2)"
    " AND (?4 = '' OR flow_id = ?4)" CORDYNA_OF_NAMESPACE " ORDER BY no DESC LIMIT ?3";
constexpr std::string_view kRunsOfFlow =
    "SELECT " CORDYNA_RUN_COLUMNS
    " FROM run INDEXED BY run_flow WHERE flow_id = ?4 AND no < ?1"
    " AND (?2 = '' OR state = ?2)" CORDYNA_OF_NAMESPACE " ORDER BY no DESC LIMIT ?3";
constexpr std::string_view kRunsUnfinished =
    "SELECT " CORDYNA_RUN_COLUMNS
    " FROM run INDEXED BY run_unfinished WHERE no < ?1 AND state <> 'completed'"
    " AND state <> 'warning' AND state <> 'error' AND state <> 'cancelled'"
    " AND (?2 = '' OR state = ?2) AND (?4 = '' OR flow_id = ?4)" CORDYNA_OF_NAMESPACE
    " ORDER BY no DESC LIMIT ?3";
#define CORDYNA_NOT_WELL "(state = 'warning' OR state = 'error' OR state = 'cancelled')"
constexpr std::string_view kRunsNotWell =
    "SELECT " CORDYNA_RUN_COLUMNS
    " FROM run INDEXED BY run_not_well WHERE state = ?2"
    " AND " CORDYNA_NOT_WELL " AND no < ?1 AND ?4 = ''" CORDYNA_OF_NAMESPACE
    " ORDER BY no DESC LIMIT ?3";
constexpr std::string_view kRunsOfFlowNotWell =
    "SELECT " CORDYNA_RUN_COLUMNS
    " FROM run INDEXED BY run_of_flow_not_well WHERE flow_id = ?4 AND state = ?2"
    " AND " CORDYNA_NOT_WELL " AND no < ?1" CORDYNA_OF_NAMESPACE " ORDER BY no DESC LIMIT ?3";
constexpr std::string_view kRunById = "SELECT " CORDYNA_RUN_COLUMNS " FROM run WHERE id = ?1";
constexpr std::string_view kRunByNo = "SELECT " CORDYNA_RUN_COLUMNS " FROM run WHERE no = ?1";
constexpr std::string_view kRunExists = "SELECT 1 FROM run WHERE no = ?1";
constexpr std::string_view kLastRun = "SELECT ifnull(max(no), 0) FROM run";
constexpr std::string_view kTasks =
    "SELECT " CORDYNA_TASK_COLUMNS " FROM task WHERE run = ?1 ORDER BY path";
constexpr std::string_view kAttempts =
    "SELECT " CORDYNA_ATTEMPT_COLUMNS " FROM attempt WHERE run = ?1 ORDER BY path, attempt";
constexpr std::string_view kHistory =
    "SELECT " CORDYNA_HISTORY_COLUMNS
    " FROM history WHERE run = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
constexpr std::string_view kFlow =
    "SELECT hash, id, ns, canonical FROM flow_version WHERE hash = ?1";

constexpr std::string_view kHolds =
    "SELECT " CORDYNA_HOLD_COLUMNS " FROM hold WHERE run = ?1 ORDER BY path";
constexpr std::string_view kPoints =
    "SELECT " CORDYNA_POINT_COLUMNS
    " FROM point WHERE series = ?1 AND (at < ?2 OR (at = ?2 AND run < ?3))"
    " ORDER BY at DESC, run DESC, path DESC LIMIT ?4";
constexpr std::string_view kSeries =
    "SELECT series, count(*), max(at) FROM point GROUP BY series ORDER BY series";

constexpr std::string_view kTicks =
    "SELECT " CORDYNA_TICK_COLUMNS
    " FROM tick WHERE ns = ?1 AND flow_id = ?2 AND trigger = ?3 AND scheduled_for < ?4"
    " ORDER BY scheduled_for DESC LIMIT ?5";
constexpr std::string_view kTicksOfFlow =
    "SELECT " CORDYNA_TICK_COLUMNS
    " FROM tick WHERE ns = ?1 AND flow_id = ?2 AND scheduled_for < ?3"
    " ORDER BY scheduled_for DESC, trigger LIMIT ?4";

constexpr std::string_view kRunsOfBackfill =
    "SELECT " CORDYNA_RUN_COLUMNS
    " FROM run INDEXED BY run_of_backfill WHERE backfill = ?5 AND backfill <> '' AND no < ?1"
    " AND (?2 = '' OR state = ?2) AND (?4 = '' OR flow_id = ?4)"
    " AND (?6 = 0 OR (state <> 'completed' AND state <> 'warning' AND state <> 'error'"
    " AND state <> 'cancelled'))" CORDYNA_OF_NAMESPACE " ORDER BY no DESC LIMIT ?3";
constexpr std::string_view kIsDone =
    "SELECT EXISTS (SELECT 1 FROM run INDEXED BY run_for_time WHERE flow_id = ?2"
    " AND scheduled_for = ?4 AND scheduled_for <> 0 AND ns = ?1 AND trigger = ?3"
    " AND (state = 'completed' OR state = 'warning'))";
constexpr std::string_view kPoolStarts =
    "SELECT dispatched_at FROM attempt INDEXED BY attempt_of_pool WHERE pool = ?1 AND pool <> ''"
    " AND dispatched_at > ?2 ORDER BY dispatched_at DESC LIMIT ?3";
constexpr std::string_view kBackfillByNo =
    "SELECT " CORDYNA_BACKFILL_COLUMNS " FROM backfill WHERE no = ?1";
constexpr std::string_view kBackfills =
    "SELECT " CORDYNA_BACKFILL_COLUMNS
    " FROM backfill WHERE no < ?1 AND (?2 = 0 OR state = 'running' OR state = 'paused')"
    " ORDER BY no DESC LIMIT ?3";

constexpr std::string_view kAppliedByName =
    "SELECT " CORDYNA_APPLIED_COLUMNS " FROM applied_flow WHERE ns = ?1 AND flow_id = ?2";
// ?1, ?2 after this name, ?3 whether only of namespace ?4, ?5 id or '', ?6 also removed, ?7 limit,
// ?8 whether only disabled ones.
constexpr std::string_view kApplied =
    "SELECT " CORDYNA_APPLIED_COLUMNS
    " FROM applied_flow WHERE (ns, flow_id) > (?1, ?2) AND (?3 = 0 OR ns = ?4)"
    " AND (?5 = '' OR flow_id = ?5) AND (?6 = 1 OR removed_at = 0)"
    " AND (?8 = 0 OR disabled_at <> 0) ORDER BY ns, flow_id LIMIT ?7";
constexpr std::string_view kVersions =
    "SELECT " CORDYNA_VERSION_COLUMNS
    " FROM applied_version WHERE ns = ?1 AND flow_id = ?2 AND version < ?3"
    " ORDER BY version DESC LIMIT ?4";
constexpr std::string_view kSource = "SELECT text FROM flow_source WHERE hash = ?1";
constexpr std::string_view kCountRuns =
    "SELECT flow_hash, count(*) FROM run INDEXED BY run_flow WHERE flow_id = ?2 AND ns = ?1"
    " GROUP BY flow_hash ORDER BY flow_hash";
constexpr std::string_view kOldRuns = "SELECT " CORDYNA_RUN_COLUMNS ", " CORDYNA_RUN_IS_NEEDED
                                      " FROM run WHERE no > ?1 ORDER BY no LIMIT ?2";
constexpr std::string_view kNextTickTrigger =
    "SELECT ns, flow_id, trigger, scheduled_for < ?4 AND EXISTS (SELECT 1 FROM tick AS newer"
    " WHERE newer.ns = old.ns AND newer.flow_id = old.flow_id AND newer.trigger = old.trigger"
    " AND newer.scheduled_for > old.scheduled_for)"
    " FROM tick AS old WHERE (ns, flow_id, trigger) > (?1, ?2, ?3)"
    " ORDER BY ns, flow_id, trigger, scheduled_for LIMIT 1";
constexpr std::string_view kRunBehind = "SELECT no FROM run ORDER BY no DESC LIMIT 1 OFFSET ?1";
constexpr std::string_view kReadByRerun =
    "WITH RECURSIVE reader(no, state) AS ("
    "SELECT no, state FROM run WHERE rerun_of = ?1 AND rerun_of <> 0"
    " UNION SELECT run.no, run.state FROM run JOIN reader ON run.rerun_of = reader.no"
    " WHERE run.rerun_of <> 0)"
    " SELECT EXISTS (SELECT 1 FROM reader"
    " WHERE state NOT IN ('completed', 'warning', 'error', 'cancelled'))";

Result<std::int64_t> one_number(Statement& statement) {
  const ResetGuard reset(statement);
  TRY_ASSIGN(const bool there, statement.step());
  return there ? statement.integer(0) : 0;
}

// Of all attempts, in order of path and number, those that recovery needs.
std::vector<AttemptRow> needed(std::vector<AttemptRow> attempts) {
  std::vector<AttemptRow> kept;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const bool newest = i + 1 == attempts.size() || attempts[i + 1].path != attempts[i].path;
    if (newest || !attempts[i].known_dead || !is_final(attempts[i].state)) {
      kept.push_back(std::move(attempts[i]));
    }
  }
  return kept;
}

// One snapshot for several statements.
class ReadTransaction {
 public:
  explicit ReadTransaction(Database& database) : database_(database) {}
  ~ReadTransaction() { database_.roll_back(); }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  Database& database_;
};

}  // namespace

struct Queries::Statements {
  Statement runs;
  Statement runs_of_flow;
  Statement runs_unfinished;
  Statement runs_not_well;
  Statement runs_of_flow_not_well;
  Statement run_by_id;
  Statement run_by_no;
  Statement run_exists;
  Statement last_run;
  Statement tasks;
  Statement attempts;
  Statement history;
  Statement last_seq;
  Statement flow;
  Statement holds;
  std::optional<Statement> old_runs{};
};

Queries::Queries(Database& database, Statements statements)
    : database_(database),
      events_(database),
      s_(std::make_unique<Statements>(std::move(statements))) {}

Queries::~Queries() = default;

Result<std::unique_ptr<Queries>> Queries::prepare(Database& database) {
  TRY_ASSIGN(Statement runs, database.prepare(kRuns));
  TRY_ASSIGN(Statement runs_of_flow, database.prepare(kRunsOfFlow));
  TRY_ASSIGN(Statement runs_unfinished, database.prepare(kRunsUnfinished));
  TRY_ASSIGN(Statement runs_not_well, database.prepare(kRunsNotWell));
  TRY_ASSIGN(Statement runs_of_flow_not_well, database.prepare(kRunsOfFlowNotWell));
  TRY_ASSIGN(Statement run_by_id, database.prepare(kRunById));
  TRY_ASSIGN(Statement run_by_no, database.prepare(kRunByNo));
  TRY_ASSIGN(Statement run_exists, database.prepare(kRunExists));
  TRY_ASSIGN(Statement last_run, database.prepare(kLastRun));
  TRY_ASSIGN(Statement tasks, database.prepare(kTasks));
  TRY_ASSIGN(Statement attempts, database.prepare(kAttempts));
  TRY_ASSIGN(Statement history, database.prepare(kHistory));
  TRY_ASSIGN(Statement last_seq, database.prepare(kLastSeq));
  TRY_ASSIGN(Statement flow, database.prepare(kFlow));
  TRY_ASSIGN(Statement holds, database.prepare(kHolds));
  return std::unique_ptr<Queries>(new Queries(
      database,
      Statements{std::move(runs), std::move(runs_of_flow), std::move(runs_unfinished),
                 std::move(runs_not_well), std::move(runs_of_flow_not_well), std::move(run_by_id),
                 std::move(run_by_no), std::move(run_exists), std::move(last_run), std::move(tasks),
                 std::move(attempts), std::move(history), std::move(last_seq), std::move(flow),
                 std::move(holds)}));
}

Statement& Queries::statement_for(const RunFilter& filter) {
  if (filter.unfinished) return s_->runs_unfinished;
  const bool not_well = filter.state == RunState::kWarning || filter.state == RunState::kError ||
                        filter.state == RunState::kCancelled;
  if (filter.flow_id.empty()) return not_well ? s_->runs_not_well : s_->runs;
  return not_well ? s_->runs_of_flow_not_well : s_->runs_of_flow;
}

Result<std::vector<RunRow>> Queries::list_runs(const RunFilter& filter) {
  const auto bind = [&filter](Statement& runs) {
    runs.bind(1, filter.before == 0 ? std::numeric_limits<RunNo>::max() : filter.before);
    runs.bind(2, filter.state.has_value() ? to_string(*filter.state) : std::string_view());
    runs.bind(3, filter.limit);
    runs.bind(4, filter.flow_id);
    runs.bind(7, filter.ns.has_value() ? 1 : 0);
    runs.bind(8, filter.ns.has_value() ? std::string_view(*filter.ns) : std::string_view());
  };
  if (!filter.backfill.empty()) {
    TRY_ASSIGN(Statement runs, database_.prepare(kRunsOfBackfill));
    bind(runs);
    runs.bind(5, filter.backfill);
    runs.bind(6, filter.unfinished ? 1 : 0);
    return collect<RunRow>(runs, read_run);
  }
  Statement& runs = statement_for(filter);
  bind(runs);
  return collect<RunRow>(runs, read_run);
}

Result<RunRow> Queries::find_run(const RunId& id) {
  s_->run_by_id.bind(1, id.value);
  TRY_ASSIGN(std::vector<RunRow> found, collect<RunRow>(s_->run_by_id, read_run));
  if (found.empty()) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no run '{}'", id.value));
  }
  return std::move(found.front());
}

Result<RunRow> Queries::find_run(RunNo no) {
  s_->run_by_no.bind(1, no);
  TRY_ASSIGN(std::vector<RunRow> found, collect<RunRow>(s_->run_by_no, read_run));
  if (found.empty()) return fail(ErrorCode::kNotFound, fmt::format("there is no run {}", no));
  return std::move(found.front());
}

Result<RunSnapshot> Queries::load_run(RunNo no) {
  TRY(database_.run("BEGIN"));
  const ReadTransaction transaction(database_);
  return read_snapshot(no);
}

Result<RunSnapshot> Queries::read_snapshot(RunNo no) {
  RunSnapshot snapshot;
  TRY_ASSIGN(snapshot.run, find_run(no));
  s_->tasks.bind(1, no);
  TRY_ASSIGN(snapshot.tasks, collect<TaskRow>(s_->tasks, read_task));
  s_->attempts.bind(1, no);
  TRY_ASSIGN(std::vector<AttemptRow> attempts, collect<AttemptRow>(s_->attempts, read_attempt));
  snapshot.attempts = needed(std::move(attempts));
  s_->holds.bind(1, no);
  TRY_ASSIGN(snapshot.holds, collect<HoldRow>(s_->holds, read_hold));
  s_->last_seq.bind(1, no);
  TRY_ASSIGN(snapshot.history_seq, one_number(s_->last_seq));
  return snapshot;
}

Result<> Queries::check_exists(RunNo no) {
  s_->run_exists.bind(1, no);
  TRY_ASSIGN(const std::int64_t there, one_number(s_->run_exists));
  if (there == 0) return fail(ErrorCode::kNotFound, fmt::format("there is no run {}", no));
  return {};
}

Result<std::vector<AttemptRow>> Queries::list_attempts(RunNo no) {
  TRY(check_exists(no));
  s_->attempts.bind(1, no);
  return collect<AttemptRow>(s_->attempts, read_attempt);
}

Result<std::vector<HistoryRow>> Queries::list_history(RunNo no, std::int64_t after_seq,
                                                      std::uint32_t limit) {
  TRY(check_exists(no));
  s_->history.bind(1, no);
  s_->history.bind(2, after_seq);
  s_->history.bind(3, limit);
  return collect<HistoryRow>(s_->history, read_history);
}

Result<FlowVersionRow> Queries::find_flow(std::string_view hash) {
  const ResetGuard reset(s_->flow);
  s_->flow.bind(1, hash);
  TRY_ASSIGN(const bool there, s_->flow.step());
  if (!there) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no flow version '{}'", hash));
  }
  return read_flow(s_->flow);
}

Result<std::vector<PointRow>> Queries::list_points(const PointFilter& filter) {
  TRY_ASSIGN(Statement points, database_.prepare(kPoints));
  const bool all = filter.before_at == 0;
  points.bind(1, filter.series);
  points.bind(2, all ? std::numeric_limits<Millis>::max() : filter.before_at);
  points.bind(3, filter.before_run);
  points.bind(4, filter.limit);
  return collect<PointRow>(points, read_point);
}

Result<std::vector<SeriesInfo>> Queries::list_series() {
  TRY_ASSIGN(Statement series, database_.prepare(kSeries));
  return collect<SeriesInfo>(series, [](const Statement& row) -> Result<SeriesInfo> {
    return SeriesInfo{std::string(row.text(0)), row.integer(1), row.integer(2)};
  });
}

Result<std::vector<TickRow>> Queries::list_ticks(const TickFilter& filter) {
  const bool one = !filter.trigger.empty();
  TRY_ASSIGN(Statement ticks, database_.prepare(one ? kTicks : kTicksOfFlow));
  int next = 1;
  ticks.bind(next++, filter.ns);
  ticks.bind(next++, filter.flow_id);
  if (one) ticks.bind(next++, filter.trigger);
  ticks.bind(next++, filter.before == 0 ? std::numeric_limits<Millis>::max() : filter.before);
  ticks.bind(next, filter.limit);
  return collect<TickRow>(ticks, read_tick);
}

Result<BackfillRow> Queries::find_backfill(BackfillNo no) {
  TRY_ASSIGN(Statement backfill, database_.prepare(kBackfillByNo));
  backfill.bind(1, no);
  TRY_ASSIGN(std::vector<BackfillRow> found, collect<BackfillRow>(backfill, read_backfill));
  if (found.empty()) return fail(ErrorCode::kNotFound, fmt::format("there is no backfill {}", no));
  return std::move(found.front());
}

Result<std::vector<BackfillRow>> Queries::list_backfills(const BackfillFilter& filter) {
  TRY_ASSIGN(Statement backfills, database_.prepare(kBackfills));
  backfills.bind(1, filter.before == 0 ? std::numeric_limits<BackfillNo>::max() : filter.before);
  backfills.bind(2, filter.unfinished ? 1 : 0);
  backfills.bind(3, filter.limit);
  return collect<BackfillRow>(backfills, read_backfill);
}

Result<std::vector<Millis>> Queries::list_pool_starts(std::string_view pool, Millis after,
                                                      std::uint32_t limit) {
  TRY_ASSIGN(Statement starts, database_.prepare(kPoolStarts));
  starts.bind(1, pool);
  starts.bind(2, after);
  starts.bind(3, limit);
  return collect<Millis>(starts,
                         [](const Statement& row) -> Result<Millis> { return row.integer(0); });
}

Result<bool> Queries::is_done(const TimeKey& time) {
  TRY_ASSIGN(Statement done, database_.prepare(kIsDone));
  done.bind(1, time.ns);
  done.bind(2, time.flow_id);
  done.bind(3, time.trigger);
  done.bind(4, time.at);
  TRY_ASSIGN(const std::int64_t there, one_number(done));
  return there != 0;
}

Result<AppliedFlowRow> Queries::find_applied(std::string_view ns, std::string_view flow_id) {
  TRY_ASSIGN(Statement applied, database_.prepare(kAppliedByName));
  applied.bind(1, ns);
  applied.bind(2, flow_id);
  TRY_ASSIGN(std::vector<AppliedFlowRow> found, collect<AppliedFlowRow>(applied, read_applied));
  if (found.empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no applied flow '{}'",
                            flow_name(std::string(ns), std::string(flow_id))));
  }
  return std::move(found.front());
}

Result<std::vector<AppliedFlowRow>> Queries::list_applied(const AppliedFilter& filter) {
  TRY_ASSIGN(Statement applied, database_.prepare(kApplied));
  applied.bind(1, filter.after_ns);
  applied.bind(2, filter.after_id);
  applied.bind(3, filter.ns.has_value() ? 1 : 0);
  applied.bind(4, filter.ns.has_value() ? std::string_view(*filter.ns) : std::string_view());
  applied.bind(5, filter.flow_id);
  applied.bind(6, filter.removed ? 1 : 0);
  applied.bind(7, filter.limit);
  applied.bind(8, filter.disabled ? 1 : 0);
  return collect<AppliedFlowRow>(applied, read_applied);
}

Result<std::string> Queries::find_source(std::string_view hash) {
  TRY_ASSIGN(Statement source, database_.prepare(kSource));
  source.bind(1, hash);
  TRY_ASSIGN(const bool there, source.step());
  if (there) return std::string(source.text(0));
  return fail(ErrorCode::kNotFound, fmt::format("there is no text '{}' of a flow", hash));
}

Result<std::vector<AppliedVersionRow>> Queries::list_versions(const VersionFilter& filter) {
  TRY_ASSIGN(Statement versions, database_.prepare(kVersions));
  versions.bind(1, filter.ns);
  versions.bind(2, filter.flow_id);
  versions.bind(3, filter.before == 0 ? std::numeric_limits<std::int64_t>::max() : filter.before);
  versions.bind(4, filter.limit);
  return collect<AppliedVersionRow>(versions, read_version);
}

Result<std::vector<HashRuns>> Queries::count_runs(std::string_view ns, std::string_view flow_id) {
  TRY_ASSIGN(Statement runs, database_.prepare(kCountRuns));
  runs.bind(1, ns);
  runs.bind(2, flow_id);
  return collect<HashRuns>(runs, [](const Statement& row) -> Result<HashRuns> {
    return HashRuns{std::string(row.text(0)), row.integer(1)};
  });
}

Result<std::vector<OldRun>> Queries::list_old_runs(RunNo after, std::uint32_t limit) {
  // Kept once it was needed: whoever removes runs asks for each of them again.
  if (!s_->old_runs.has_value()) {
    TRY_ASSIGN(Statement prepared, database_.prepare(kOldRuns));
    s_->old_runs.emplace(std::move(prepared));
  }
  Statement& runs = *s_->old_runs;
  runs.bind(1, after);
  runs.bind(2, limit);
  return collect<OldRun>(runs, [](const Statement& row) -> Result<OldRun> {
    TRY_ASSIGN(RunRow run, read_run(row));
    return OldRun{std::move(run), row.integer(kRunFrom - 1) != 0};
  });
}

/// One seek along the key for each trigger, however many ticks lie between.
Result<std::vector<TickTrigger>> Queries::list_tick_triggers(const TickTrigger& after,
                                                             Millis before, std::uint32_t limit) {
  TRY_ASSIGN(Statement next, database_.prepare(kNextTickTrigger));
  std::vector<TickTrigger> found;
  found.reserve(limit);  // what is bound stays where it is
  const TickTrigger* last = &after;
  while (found.size() < limit) {
    const ResetGuard reset(next);
    next.bind(1, last->ns);
    next.bind(2, last->flow_id);
    next.bind(3, last->trigger);
    next.bind(4, before);
    TRY_ASSIGN(const bool there, next.step());
    if (!there) break;
    found.push_back({std::string(next.text(0)), std::string(next.text(1)),
                     std::string(next.text(2)), next.integer(3) != 0});
    last = &found.back();
  }
  return found;
}

Result<RunNo> Queries::run_behind(std::uint32_t newer) {
  TRY_ASSIGN(Statement run, database_.prepare(kRunBehind));
  run.bind(1, newer);
  return one_number(run);
}

Result<bool> Queries::is_read_by_rerun(RunNo no) {
  TRY_ASSIGN(Statement reruns, database_.prepare(kReadByRerun));
  reruns.bind(1, no);
  TRY_ASSIGN(const std::int64_t there, one_number(reruns));
  return there != 0;
}

Result<RunNo> Queries::last_run_no() {
  return one_number(s_->last_run);
}

}  // namespace cordyna::sqlite
