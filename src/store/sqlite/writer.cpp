#include "store/sqlite/writer.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "store/sqlite/identity.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/notices.hpp"
#include "store/sqlite/row_text.hpp"

namespace cordyna::sqlite {
namespace {

// 16 MiB, in pages of 4 KiB: what the log may hold before it is copied into the file.
constexpr int kCheckpointPages = 4096;
constexpr std::int64_t kLogPageBytes = 4096 + 24;  // a page and its frame header
// Where a reader kept a checkpoint from ending, the log grows by this much before the next try.
constexpr int kRetryPages = 1024;

#define CORDYNA_SET_ERROR(a, b, c, d, e, f)                                                      \
  "error_code = ?" #a ", error_message = ?" #b ", error_phase = ?" #c ", error_retryable = ?" #d \
  ", error_owner = ?" #e ", error_exit_code = ?" #f

constexpr std::string_view kTakeEpoch =
    "UPDATE meta SET epoch = epoch + 1 WHERE one = 1 RETURNING epoch";
constexpr std::string_view kEpoch = "SELECT epoch FROM meta WHERE one = 1";
constexpr std::string_view kInsertFlow =
    "INSERT INTO flow_version (hash, id, ns, canonical) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (hash) DO NOTHING";
constexpr std::string_view kInsertRun =
    "INSERT INTO run (" CORDYNA_RUN_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)";
constexpr std::string_view kUpdateRun =
    "UPDATE run SET flow_id = ?3, ns = ?4, flow_hash = ?5, folder = ?6, inputs = ?7, outputs = ?8,"
    " state = ?9, created_at = ?10, started_at = ?11, ended_at = ?12, deadline_at = ?13,"
    " warnings = ?14, cancel_requested = ?15, " CORDYNA_SET_ERROR(
        16, 17, 18, 19, 20, 21) " WHERE no = ?1 AND id = ?2 AND state = ?31";
constexpr std::string_view kInsertTask =
    "INSERT INTO task (" CORDYNA_TASK_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
constexpr std::string_view kUpdateTask =
    "UPDATE task SET state = ?3, attempt = ?4, warnings = ?5, first_at = ?6, ended_at = ?7,"
    " retry_at = ?8, outputs = ?9, blocked_by = ?10, " CORDYNA_SET_ERROR(
        11, 12, 13, 14, 15, 16) " WHERE run = ?1 AND path = ?2 AND state = ?17";
constexpr std::string_view kInsertAttempt =
    "INSERT INTO attempt (" CORDYNA_ATTEMPT_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20)";
constexpr std::string_view kUpdateAttempt =
    "UPDATE attempt SET state = ?4, created_at = ?5, dispatched_at = ?6, acknowledged_at = ?7,"
    " started_at = ?8, ended_at = ?9, deadline_at = ?10, cancel_requested = ?11,"
    " known_dead = ?12, " CORDYNA_SET_ERROR(
        13, 14, 15, 16, 17,
        18) ", place = ?20 WHERE run = ?1 AND path = ?2 AND attempt = ?3 AND state = ?21";
constexpr std::string_view kLiveRival =
    "SELECT attempt FROM attempt WHERE run = ?1 AND path = ?2 AND attempt <> ?3"
    " AND state <> 'completed' AND state <> 'failed' AND state <> 'cancelled' LIMIT 1";
constexpr std::string_view kInsertHistory =
    "INSERT INTO history (" CORDYNA_HISTORY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr std::string_view kInsertHold =
    "INSERT INTO hold (" CORDYNA_HOLD_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr std::string_view kUpdateHold =
    "UPDATE hold SET state = ?3, attempt = ?4, reason = ?5, by = ?6, note = ?7, held_at = ?8,"
    " decided_at = ?9 WHERE run = ?1 AND path = ?2 AND state = ?10";
constexpr std::string_view kPutPoint =
    "INSERT INTO point (" CORDYNA_POINT_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (series, at, run, path)"
    " DO UPDATE SET verdict = ?5, facts = ?6";
constexpr std::string_view kInsertTick =
    "INSERT INTO tick (" CORDYNA_TICK_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
constexpr std::string_view kInsertBackfill =
    "INSERT INTO backfill (" CORDYNA_BACKFILL_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20, ?21, ?22, ?23)";
constexpr std::string_view kUpdateBackfill =
    "UPDATE backfill SET state = ?15, cursor = ?16, started = ?18, skipped = ?19, refused = ?20,"
    " detail = ?21, ended_at = ?23 WHERE no = ?1 AND id = ?2 AND state = ?24";
constexpr std::string_view kInsertApplied =
    "INSERT INTO applied_flow (" CORDYNA_APPLIED_COLUMNS
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr std::string_view kUpdateApplied =
    "UPDATE applied_flow SET version = ?3, hash = ?4, folder = ?5, file = ?6, applied_at = ?7,"
    " removed_at = ?8, disabled_at = ?9, disabled_by = ?10, disabled_reason = ?11,"
    " source = ?12 WHERE ns = ?1 AND flow_id = ?2 AND version = ?13";
constexpr std::string_view kInsertVersion = "INSERT INTO applied_version (" CORDYNA_VERSION_COLUMNS
                                            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
constexpr std::string_view kInsertSource =
    "INSERT INTO flow_source (hash, text) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING";

#undef CORDYNA_SET_ERROR

void bind(Statement& statement, const RunRow& row) {
  bind_run(statement, row);
}
void bind(Statement& statement, const TaskRow& row) {
  bind_task(statement, row);
}
void bind(Statement& statement, const AttemptRow& row) {
  bind_attempt(statement, row);
}

void bind(Statement& statement, const HoldRow& row) {
  bind_hold(statement, row);
}

void bind(Statement& statement, const BackfillRow& row) {
  bind_backfill(statement, row);
}

std::string name(const BackfillRow& row) {
  return fmt::format("backfill {} ({})", row.no, row.id);
}
std::string name(const HoldRow& row) {
  return fmt::format("hold of task '{}' of run {}", row.path, row.run);
}
std::string name(const RunRow& row) {
  return fmt::format("run {} ({})", row.no, row.id.value);
}
std::string name(const TaskRow& row) {
  return fmt::format("task '{}' of run {}", row.path, row.run);
}
std::string name(const AttemptRow& row) {
  return fmt::format("attempt {} of task '{}' of run {}", row.attempt, row.path, row.run);
}
std::string name(const HistoryRow& row) {
  return fmt::format("history of run {}, entry {}", row.run, row.seq);
}

int note_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

struct Writer::Statements {
  Statement begin;
  Statement commit;
  Statement epoch;
  Statement insert_flow;
  Statement insert_run;
  Statement update_run;
  Statement insert_task;
  Statement update_task;
  Statement insert_attempt;
  Statement update_attempt;
  Statement live_rival;
  Statement insert_history;
  Statement last_seq;
  Statement look;
  // Of tables that few commits write: prepared when first wanted.
  std::optional<Statement> insert_hold;
  std::optional<Statement> update_hold;
  std::optional<Statement> put_point;
  std::optional<Statement> insert_tick;
  std::optional<Statement> insert_backfill;
  std::optional<Statement> update_backfill;
  std::optional<Statement> insert_applied;
  std::optional<Statement> update_applied;
  std::optional<Statement> insert_version;
  std::optional<Statement> insert_source;
};

Writer::Writer(Database& database, Statements statements, std::uint64_t epoch)
    : database_(database),
      s_(std::make_unique<Statements>(std::move(statements))),
      epoch_(epoch),
      events_(database),
      gone_runs_(database),
      checkpoint_at_pages_(kCheckpointPages),
      log_space_(sqlite3_filename_wal(sqlite3_db_filename(database.handle(), "main"))) {
  sqlite3_wal_hook(database_.handle(), note_wal_pages, &wal_pages_);
}

Writer::~Writer() {
  sqlite3_wal_hook(database_.handle(), nullptr, nullptr);
}

Result<std::unique_ptr<Writer>> Writer::prepare(Database& database) {
  TRY_ASSIGN(const std::int64_t epoch, database.number(kTakeEpoch));
  TRY_ASSIGN(Statement begin, database.prepare("BEGIN IMMEDIATE"));
  TRY_ASSIGN(Statement commit, database.prepare("COMMIT"));
  TRY_ASSIGN(Statement get_epoch, database.prepare(kEpoch));
  TRY_ASSIGN(Statement insert_flow, database.prepare(kInsertFlow));
  TRY_ASSIGN(Statement insert_run, database.prepare(kInsertRun));
  TRY_ASSIGN(Statement update_run, database.prepare(kUpdateRun));
  TRY_ASSIGN(Statement insert_task, database.prepare(kInsertTask));
  TRY_ASSIGN(Statement update_task, database.prepare(kUpdateTask));
  TRY_ASSIGN(Statement insert_attempt, database.prepare(kInsertAttempt));
  TRY_ASSIGN(Statement update_attempt, database.prepare(kUpdateAttempt));
  TRY_ASSIGN(Statement live_rival, database.prepare(kLiveRival));
  TRY_ASSIGN(Statement insert_history, database.prepare(kInsertHistory));
  TRY_ASSIGN(Statement last_seq, database.prepare(kLastSeq));
  TRY_ASSIGN(Statement look, database.prepare(kEpoch));
  return std::unique_ptr<Writer>(new Writer(database,
                                            Statements{std::move(begin),
                                                       std::move(commit),
                                                       std::move(get_epoch),
                                                       std::move(insert_flow),
                                                       std::move(insert_run),
                                                       std::move(update_run),
                                                       std::move(insert_task),
                                                       std::move(update_task),
                                                       std::move(insert_attempt),
                                                       std::move(update_attempt),
                                                       std::move(live_rival),
                                                       std::move(insert_history),
                                                       std::move(last_seq),
                                                       std::move(look),
                                                       std::nullopt,
                                                       std::nullopt,
                                                       std::nullopt,
                                                       std::nullopt,
                                                       std::nullopt,
                                                       std::nullopt,
                                                       std::nullopt,
                                                       std::nullopt,
                                                       std::nullopt},
                                            static_cast<std::uint64_t>(epoch)));
}

Result<> Writer::look() {
  if (looks_) return {};
  TRY_ASSIGN(looks_, s_->look.step());
  return {};
}

Result<> Writer::commit(const ChangeSet& changes) {
  if (changes.empty()) return {};
  const auto begun = execute(s_->begin);
  s_->look.reset();
  looks_ = false;
  TRY(begun);
  last_seqs_.clear();
  Result<> written = write(changes);
  if (written.has_value()) {
    failpoints_.before_commit();
    written = execute(s_->commit);
  }
  if (!written.has_value()) {
    database_.roll_back();
    return written;
  }
  failpoints_.after_commit();
  log_space_.keep_ahead(std::int64_t{wal_pages_} * kLogPageBytes);
  checkpoint_if_due();
  return {};
}

template <class Row>
Result<> Writer::put_all(const std::vector<Row>& rows) {
  for (const Row& row : rows) TRY(put(row));
  return {};
}

Result<> Writer::write(const ChangeSet& changes) {
  TRY(check_epoch());
  TRY(gone_runs_.remove(changes.gone_runs));
  TRY(put_all(changes.flows));
  TRY(put_all(changes.runs));
  TRY(put_all(changes.tasks));
  TRY(put_all(changes.attempts));
  TRY(put_all(changes.holds));
  TRY(put_all(changes.points));
  TRY(put_all(changes.ticks));
  TRY(put_all(changes.backfills));
  TRY(put_all(changes.applied));
  TRY(put_all(changes.applied_versions));
  TRY(put_all(changes.sources));
  TRY(put_all(changes.history));
  TRY(remove_runs(database_, changes.removed_runs));
  for (const TickRemoval& removal : changes.removed_ticks) TRY(remove_ticks(database_, removal));
  TRY(events_.write(changes));
  TRY(write_identity(database_, changes));
  TRY(write_notices(database_, changes.notices));
  return {};
}

Result<> Writer::check_epoch() {
  const ResetGuard reset(s_->epoch);
  TRY_ASSIGN(const bool there, s_->epoch.step());
  const std::int64_t now = there ? s_->epoch.integer(0) : 0;
  if (static_cast<std::uint64_t>(now) == epoch_) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("state file '{}' was taken by another owner (epoch {}, this one has {})",
                          database_.path(), now, epoch_));
}

Result<> Writer::execute(Statement& statement) {
  const int rc = statement.run();
  if (rc != SQLITE_DONE) return database_.error(rc);
  return {};
}

Result<> Writer::put(const FlowVersionRow& row) {
  bind_flow(s_->insert_flow, row);
  const int rc = s_->insert_flow.run();
  if (rc != SQLITE_DONE) return refused(rc, fmt::format("flow version '{}'", row.hash));
  return {};
}

Result<> Writer::put(const RunRow& row) {
  return compare_and_swap(s_->insert_run, s_->update_run, kRunFrom, row);
}

Result<> Writer::put(const TaskRow& row) {
  return compare_and_swap(s_->insert_task, s_->update_task, kTaskFrom, row);
}

Result<> Writer::put(const AttemptRow& row) {
  const bool was_live = row.from.has_value() && !is_final(*row.from);
  if (!is_final(row.state) && !was_live) TRY(check_alone(row));
  return compare_and_swap(s_->insert_attempt, s_->update_attempt, kAttemptFrom, row);
}

Result<> Writer::prepare_late(std::optional<Statement>& statement, std::string_view sql) {
  if (statement.has_value()) return {};
  TRY_ASSIGN(Statement prepared, database_.prepare(sql));
  statement.emplace(std::move(prepared));
  return {};
}

Result<> Writer::put(const HoldRow& row) {
  TRY(prepare_late(s_->insert_hold, kInsertHold));
  TRY(prepare_late(s_->update_hold, kUpdateHold));
  return compare_and_swap(*s_->insert_hold, *s_->update_hold, kHoldFrom, row);
}

Result<> Writer::put(const PointRow& row) {
  TRY(prepare_late(s_->put_point, kPutPoint));
  bind_point(*s_->put_point, row);
  const int rc = s_->put_point->run();
  if (rc != SQLITE_DONE) return refused(rc, fmt::format("point of series '{}'", row.series));
  return {};
}

Result<> Writer::put(const TickRow& row) {
  TRY(prepare_late(s_->insert_tick, kInsertTick));
  bind_tick(*s_->insert_tick, row);
  const int rc = s_->insert_tick->run();
  if (rc == SQLITE_DONE) return {};
  return refused(rc, fmt::format("tick {} of trigger '{}' of flow '{}'", row.scheduled_for,
                                 row.trigger, row.flow_id));
}

Result<> Writer::put(const BackfillRow& row) {
  TRY(prepare_late(s_->insert_backfill, kInsertBackfill));
  TRY(prepare_late(s_->update_backfill, kUpdateBackfill));
  return compare_and_swap(*s_->insert_backfill, *s_->update_backfill, kBackfillFrom, row);
}

Result<> Writer::put(const AppliedFlowRow& row) {
  TRY(prepare_late(s_->insert_applied, kInsertApplied));
  TRY(prepare_late(s_->update_applied, kUpdateApplied));
  Statement& statement = row.from > 0 ? *s_->update_applied : *s_->insert_applied;
  bind_applied(statement, row);
  if (row.from > 0) statement.bind(kAppliedFrom, row.from);
  const std::string what = fmt::format("flow '{}'", flow_name(row.ns, row.flow_id));
  const int rc = statement.run();
  if (rc != SQLITE_DONE) return refused(rc, what);
  if (row.from > 0 && sqlite3_changes(database_.handle()) != 1) {
    return fail(ErrorCode::kConflict,
                fmt::format("{} has not version {} any more", what, row.from));
  }
  return {};
}

Result<> Writer::put(const AppliedVersionRow& row) {
  TRY(prepare_late(s_->insert_version, kInsertVersion));
  bind_version(*s_->insert_version, row);
  const int rc = s_->insert_version->run();
  if (rc == SQLITE_DONE) return {};
  return refused(
      rc, fmt::format("version {} of flow '{}'", row.version, flow_name(row.ns, row.flow_id)));
}

Result<> Writer::put(const FlowSourceRow& row) {
  TRY(prepare_late(s_->insert_source, kInsertSource));
  s_->insert_source->bind(1, row.hash);
  s_->insert_source->bind(2, row.text);
  const int rc = s_->insert_source->run();
  if (rc == SQLITE_DONE) return {};
  return refused(rc, fmt::format("text '{}' of a flow", row.hash));
}

// At most one attempt of a task lives.
Result<> Writer::check_alone(const AttemptRow& row) {
  const ResetGuard reset(s_->live_rival);
  s_->live_rival.bind(1, row.run);
  s_->live_rival.bind(2, row.path);
  s_->live_rival.bind(3, row.attempt);
  TRY_ASSIGN(const bool there, s_->live_rival.step());
  if (!there) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("{}: attempt {} still lives", name(row), s_->live_rival.integer(0)));
}

Result<> Writer::put(const HistoryRow& row) {
  TRY(check_next(row));
  bind_history(s_->insert_history, row);
  const int rc = s_->insert_history.run();
  if (rc != SQLITE_DONE) return refused(rc, name(row));
  return {};
}

// The key refuses a repeat; this refuses a gap too. One query for each run and transaction.
Result<> Writer::check_next(const HistoryRow& row) {
  auto [last, first_time] = last_seqs_.try_emplace(row.run, 0);
  if (first_time) {
    const ResetGuard reset(s_->last_seq);
    s_->last_seq.bind(1, row.run);
    TRY_ASSIGN(const bool there, s_->last_seq.step());
    last->second = there ? s_->last_seq.integer(0) : 0;
  }
  if (row.seq == last->second + 1) {
    ++last->second;
    return {};
  }
  return fail(ErrorCode::kConflict, fmt::format("history of run {}: entry {} where {} is next",
                                                row.run, row.seq, last->second + 1));
}

template <class Row>
Result<> Writer::compare_and_swap(Statement& insert, Statement& update, int from_index,
                                  const Row& row) {
  Statement& statement = row.from.has_value() ? update : insert;
  bind(statement, row);
  if (row.from.has_value()) statement.bind(from_index, to_string(*row.from));
  const int rc = statement.run();
  // An absent error binds nothing, so the next row must find NULL there.
  if constexpr (requires { row.error; }) {
    if (row.error.has_value()) statement.unbind_all();
  }
  if (rc != SQLITE_DONE) return refused(rc, name(row));
  if (row.from.has_value() && sqlite3_changes(database_.handle()) != 1) {
    return fail(ErrorCode::kConflict,
                fmt::format("{} is not '{}' any more", name(row), to_string(*row.from)));
  }
  return {};
}

std::unexpected<Error> Writer::refused(int rc, const std::string& what) {
  switch (rc) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return fail(ErrorCode::kConflict, what + " exists already");
    case SQLITE_CONSTRAINT_UNIQUE:
      return fail(ErrorCode::kConflict,
                  what + ": another one exists (" + sqlite3_errmsg(database_.handle()) + ")");
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_DATATYPE: {
      const std::string why = sqlite3_errmsg(database_.handle());
      // A mistake of ours, unless the disk has changed the rules.
      if (auto rules = check_schema(database_); !rules.has_value()) {
        return std::unexpected<Error>(std::move(rules.error()));
      }
      return fail(ErrorCode::kInternal, what + " is against the rules of the state (" + why + ")");
    }
    default: return database_.error(rc);
  }
}

// After a commit that is durable already: a failure here costs nothing but a longer log, and shows
// at the next commit. Only a failed fsync counts, for which `error` aborts.
void Writer::checkpoint_if_due() {
  if (wal_pages_ < checkpoint_at_pages_) return;
  int in_log = 0;
  int copied = 0;
  const int rc = sqlite3_wal_checkpoint_v2(database_.handle(), "main", SQLITE_CHECKPOINT_PASSIVE,
                                           &in_log, &copied);
  if (rc == SQLITE_OK && copied == in_log) {
    checkpoint_at_pages_ = kCheckpointPages;
    return;
  }
  if (rc != SQLITE_OK) [[maybe_unused]]
    const auto error = database_.error(rc);
  checkpoint_at_pages_ = wal_pages_ + kRetryPages;
}

}  // namespace cordyna::sqlite
