/// Rows from columns and columns from rows: what the queries and the writer share.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "model/rows.hpp"
#include "store/sqlite/database.hpp"

// Lists of columns, in the order in which the functions below read them. Macros, so that every
// statement is one constant text.
#define CORDYNA_ERROR_COLUMNS \
  "error_code, error_message, error_phase, error_retryable, error_owner, error_exit_code"
#define CORDYNA_RUN_COLUMNS                                                                    \
  "no, id, flow_id, ns, flow_hash, folder, inputs, outputs, state, created_at, "               \
  "started_at, ended_at, deadline_at, warnings, cancel_requested, " CORDYNA_ERROR_COLUMNS      \
  ", trigger, scheduled_for, interval_from, rerun_of, backfill, parent, parent_path, no_cache" \
  ", concurrency_key"
#define CORDYNA_TASK_COLUMNS                                                     \
  "run, path, state, attempt, warnings, first_at, ended_at, retry_at, outputs, " \
  "blocked_by, " CORDYNA_ERROR_COLUMNS
#define CORDYNA_ATTEMPT_COLUMNS                                                             \
  "run, path, attempt, state, created_at, dispatched_at, acknowledged_at, "                 \
  "started_at, ended_at, deadline_at, cancel_requested, known_dead, " CORDYNA_ERROR_COLUMNS \
  ", pool, place"
#define CORDYNA_HISTORY_COLUMNS \
  "run, seq, at, path, attempt, run_state, task_state, attempt_state, detail"
#define CORDYNA_HOLD_COLUMNS "run, path, state, attempt, reason, by, note, held_at, decided_at"
#define CORDYNA_POINT_COLUMNS "series, at, run, path, verdict, facts"
#define CORDYNA_TICK_COLUMNS \
  "ns, flow_id, trigger, scheduled_for, first, count, state, run, at, detail"
#define CORDYNA_BACKFILL_COLUMNS                                                            \
  "no, id, ns, flow_id, flow_hash, folder, trigger, inputs, begin_at, end_at, every, "      \
  "parallel, only_missing, newest_first, state, cursor, total, started, skipped, refused, " \
  "detail, created_at, ended_at"
#define CORDYNA_APPLIED_COLUMNS                                        \
  "ns, flow_id, version, hash, folder, file, applied_at, removed_at, " \
  "disabled_at, disabled_by, disabled_reason, source"
#define CORDYNA_VERSION_COLUMNS "ns, flow_id, version, hash, folder, file, applied_at, source"

namespace cordyna::sqlite {

/// Of the present row. Errors: kCorrupt, for a word that this version does not know.
[[nodiscard]] Result<RunRow> read_run(const Statement& row);
[[nodiscard]] Result<TaskRow> read_task(const Statement& row);
[[nodiscard]] Result<AttemptRow> read_attempt(const Statement& row);
[[nodiscard]] Result<HistoryRow> read_history(const Statement& row);
[[nodiscard]] Result<HoldRow> read_hold(const Statement& row);
[[nodiscard]] Result<PointRow> read_point(const Statement& row);
[[nodiscard]] Result<TickRow> read_tick(const Statement& row);
[[nodiscard]] Result<BackfillRow> read_backfill(const Statement& row);
[[nodiscard]] Result<AppliedFlowRow> read_applied(const Statement& row);
[[nodiscard]] Result<AppliedVersionRow> read_version(const Statement& row);
[[nodiscard]] FlowVersionRow read_flow(const Statement& row);

/// Bind in the order of the columns above, from 1. An absent error binds nothing: its parameters
/// must be NULL before. The index after the last one is where the caller goes on.
void bind_run(Statement& statement, const RunRow& row);
void bind_task(Statement& statement, const TaskRow& row);
void bind_attempt(Statement& statement, const AttemptRow& row);
void bind_history(Statement& statement, const HistoryRow& row);
void bind_hold(Statement& statement, const HoldRow& row);
void bind_point(Statement& statement, const PointRow& row);
void bind_tick(Statement& statement, const TickRow& row);
void bind_backfill(Statement& statement, const BackfillRow& row);
void bind_applied(Statement& statement, const AppliedFlowRow& row);
void bind_version(Statement& statement, const AppliedVersionRow& row);
void bind_flow(Statement& statement, const FlowVersionRow& row);

inline constexpr int kRunFrom = 31;       ///< after bind_run: the state to replace
inline constexpr int kTaskFrom = 17;      ///< after bind_task
inline constexpr int kAttemptFrom = 21;   ///< after bind_attempt
inline constexpr int kHoldFrom = 10;      ///< after bind_hold
inline constexpr int kBackfillFrom = 24;  ///< after bind_backfill
inline constexpr int kAppliedFrom = 13;   ///< after bind_applied: the version to replace

/// The number of the last entry in the history of a run; 0: there is none.
inline constexpr std::string_view kLastSeq =
    "SELECT ifnull(max(seq), 0) FROM history WHERE run = ?1";

}  // namespace cordyna::sqlite
