#include "store/sqlite/row_text.hpp"

#include <fmt/format.h>

#include <string>

namespace cordyna::sqlite {
namespace {

std::unexpected<Error> unknown_word(std::string_view what, std::string_view word) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("the state holds the unknown {} '{}': it is damaged, or of a newer "
                          "version",
                          what, word));
}

// Reads columns left to right.
class Columns {
 public:
  explicit Columns(const Statement& row) : row_(row) {}

  template <class Number>
  void read(Number& number) {
    number = static_cast<Number>(row_.integer(column_++));
  }
  void read(bool& flag) { flag = row_.integer(column_++) != 0; }
  void read(std::string& text) { text = row_.text(column_++); }
  [[nodiscard]] std::string_view word() { return row_.text(column_++); }

  // The six columns of an error.
  [[nodiscard]] Result<> read(std::optional<TaskError>& error) {
    if (row_.is_null(column_)) {
      column_ += 6;
      return {};
    }
    TaskError& value = error.emplace();
    const std::string_view code = word();
    const auto known_code = parse_task_error_code(code);
    if (!known_code.has_value()) return unknown_word("error code", code);
    value.code = *known_code;
    read(value.message);
    const std::string_view phase = word();
    const auto known_phase = parse_phase(phase);
    if (!known_phase.has_value()) return unknown_word("phase", phase);
    value.phase = *known_phase;
    read(value.retryable);
    read(value.owner);
    read(value.exit_code);
    return {};
  }

 private:
  const Statement& row_;
  int column_ = 0;
};

Result<> parse(std::string_view word, RunState& state) {
  const auto parsed = parse_run_state(word);
  if (!parsed.has_value()) return unknown_word("run state", word);
  state = *parsed;
  return {};
}

Result<> parse(std::string_view word, TaskState& state) {
  const auto parsed = parse_task_state(word);
  if (!parsed.has_value()) return unknown_word("task state", word);
  state = *parsed;
  return {};
}

Result<> parse(std::string_view word, AttemptState& state) {
  const auto parsed = parse_attempt_state(word);
  if (!parsed.has_value()) return unknown_word("attempt state", word);
  state = *parsed;
  return {};
}

Result<> parse(std::string_view word, HoldState& state) {
  const auto parsed = parse_hold_state(word);
  if (!parsed.has_value()) return unknown_word("state of a hold", word);
  state = *parsed;
  return {};
}

Result<> parse(std::string_view word, PointVerdict& verdict) {
  const auto parsed = parse_point_verdict(word);
  if (!parsed.has_value()) return unknown_word("verdict", word);
  verdict = *parsed;
  return {};
}

Result<> parse(std::string_view word, TickState& state) {
  const auto parsed = parse_tick_state(word);
  if (!parsed.has_value()) return unknown_word("state of a tick", word);
  state = *parsed;
  return {};
}

Result<> parse(std::string_view word, BackfillState& state) {
  const auto parsed = parse_backfill_state(word);
  if (!parsed.has_value()) return unknown_word("state of a backfill", word);
  state = *parsed;
  return {};
}

template <class State>
Result<> parse(std::string_view word, std::optional<State>& state) {
  if (word.empty()) return {};
  return parse(word, state.emplace());
}

void bind_error(Statement& statement, int first, const std::optional<TaskError>& error) {
  if (!error.has_value()) return;
  statement.bind(first, info(error->code).name);
  statement.bind(first + 1, error->message);
  statement.bind(first + 2, to_string(error->phase));
  statement.bind(first + 3, error->retryable ? 1 : 0);
  statement.bind(first + 4, error->owner);
  statement.bind(first + 5, error->exit_code);
}

}  // namespace

Result<RunRow> read_run(const Statement& row) {
  RunRow run;
  Columns columns(row);
  columns.read(run.no);
  columns.read(run.id.value);
  columns.read(run.flow_id);
  columns.read(run.ns);
  columns.read(run.flow_hash);
  columns.read(run.folder);
  columns.read(run.inputs);
  columns.read(run.outputs);
  TRY(parse(columns.word(), run.state));
  columns.read(run.created_at);
  columns.read(run.started_at);
  columns.read(run.ended_at);
  columns.read(run.deadline_at);
  columns.read(run.warnings);
  columns.read(run.cancel_requested);
  TRY(columns.read(run.error));
  columns.read(run.scheduled.trigger);
  columns.read(run.scheduled.at);
  columns.read(run.scheduled.interval_from);
  columns.read(run.rerun_of);
  columns.read(run.backfill);
  columns.read(run.parent);
  columns.read(run.parent_path);
  columns.read(run.no_cache);
  columns.read(run.concurrency_key);
  run.from = run.state;
  return run;
}

Result<TaskRow> read_task(const Statement& row) {
  TaskRow task;
  Columns columns(row);
  columns.read(task.run);
  columns.read(task.path);
  TRY(parse(columns.word(), task.state));
  columns.read(task.attempt);
  columns.read(task.warnings);
  columns.read(task.first_at);
  columns.read(task.ended_at);
  columns.read(task.retry_at);
  columns.read(task.outputs);
  columns.read(task.blocked_by);
  TRY(columns.read(task.error));
  task.from = task.state;
  return task;
}

Result<AttemptRow> read_attempt(const Statement& row) {
  AttemptRow attempt;
  Columns columns(row);
  columns.read(attempt.run);
  columns.read(attempt.path);
  columns.read(attempt.attempt);
  TRY(parse(columns.word(), attempt.state));
  columns.read(attempt.created_at);
  columns.read(attempt.dispatched_at);
  columns.read(attempt.acknowledged_at);
  columns.read(attempt.started_at);
  columns.read(attempt.ended_at);
  columns.read(attempt.deadline_at);
  columns.read(attempt.cancel_requested);
  columns.read(attempt.known_dead);
  TRY(columns.read(attempt.error));
  columns.read(attempt.pool);
  const auto place = parse_place_hold(columns.word());
  if (!place.has_value()) return fail(ErrorCode::kCorrupt, "the place of an attempt is none");
  attempt.place = *place;
  attempt.from = attempt.state;
  return attempt;
}

Result<HistoryRow> read_history(const Statement& row) {
  HistoryRow entry;
  Columns columns(row);
  columns.read(entry.run);
  columns.read(entry.seq);
  columns.read(entry.at);
  columns.read(entry.path);
  columns.read(entry.attempt);
  TRY(parse(columns.word(), entry.run_state));
  TRY(parse(columns.word(), entry.task_state));
  TRY(parse(columns.word(), entry.attempt_state));
  columns.read(entry.detail);
  return entry;
}

Result<HoldRow> read_hold(const Statement& row) {
  HoldRow hold;
  Columns columns(row);
  columns.read(hold.run);
  columns.read(hold.path);
  TRY(parse(columns.word(), hold.state));
  columns.read(hold.attempt);
  columns.read(hold.reason);
  columns.read(hold.by);
  columns.read(hold.note);
  columns.read(hold.held_at);
  columns.read(hold.decided_at);
  hold.from = hold.state;
  return hold;
}

Result<PointRow> read_point(const Statement& row) {
  PointRow point;
  Columns columns(row);
  columns.read(point.series);
  columns.read(point.at);
  columns.read(point.run);
  columns.read(point.path);
  TRY(parse(columns.word(), point.verdict));
  columns.read(point.facts);
  return point;
}

Result<TickRow> read_tick(const Statement& row) {
  TickRow tick;
  Columns columns(row);
  columns.read(tick.ns);
  columns.read(tick.flow_id);
  columns.read(tick.trigger);
  columns.read(tick.scheduled_for);
  columns.read(tick.first);
  columns.read(tick.count);
  TRY(parse(columns.word(), tick.state));
  columns.read(tick.run);
  columns.read(tick.at);
  columns.read(tick.detail);
  return tick;
}

Result<AppliedFlowRow> read_applied(const Statement& row) {
  AppliedFlowRow applied;
  Columns columns(row);
  columns.read(applied.ns);
  columns.read(applied.flow_id);
  columns.read(applied.version);
  columns.read(applied.hash);
  columns.read(applied.folder);
  columns.read(applied.file);
  columns.read(applied.applied_at);
  columns.read(applied.removed_at);
  columns.read(applied.disabled.at);
  columns.read(applied.disabled.by);
  columns.read(applied.disabled.reason);
  columns.read(applied.source);
  applied.from = applied.version;
  return applied;
}

Result<AppliedVersionRow> read_version(const Statement& row) {
  AppliedVersionRow version;
  Columns columns(row);
  columns.read(version.ns);
  columns.read(version.flow_id);
  columns.read(version.version);
  columns.read(version.hash);
  columns.read(version.folder);
  columns.read(version.file);
  columns.read(version.applied_at);
  columns.read(version.source);
  return version;
}

Result<BackfillRow> read_backfill(const Statement& row) {
  BackfillRow backfill;
  Columns columns(row);
  columns.read(backfill.no);
  columns.read(backfill.id);
  columns.read(backfill.ns);
  columns.read(backfill.flow_id);
  columns.read(backfill.flow_hash);
  columns.read(backfill.folder);
  columns.read(backfill.trigger);
  columns.read(backfill.inputs);
  columns.read(backfill.begin);
  columns.read(backfill.end);
  columns.read(backfill.every);
  columns.read(backfill.parallel);
  columns.read(backfill.only_missing);
  columns.read(backfill.newest_first);
  TRY(parse(columns.word(), backfill.state));
  columns.read(backfill.cursor);
  columns.read(backfill.total);
  columns.read(backfill.started);
  columns.read(backfill.skipped);
  columns.read(backfill.refused);
  columns.read(backfill.detail);
  columns.read(backfill.created_at);
  columns.read(backfill.ended_at);
  backfill.from = backfill.state;
  return backfill;
}

FlowVersionRow read_flow(const Statement& row) {
  FlowVersionRow flow;
  Columns columns(row);
  columns.read(flow.hash);
  columns.read(flow.id);
  columns.read(flow.ns);
  columns.read(flow.canonical);
  return flow;
}

void bind_run(Statement& statement, const RunRow& row) {
  statement.bind(1, row.no);
  statement.bind(2, row.id.value);
  statement.bind(3, row.flow_id);
  statement.bind(4, row.ns);
  statement.bind(5, row.flow_hash);
  statement.bind(6, row.folder);
  statement.bind(7, row.inputs);
  statement.bind(8, row.outputs);
  statement.bind(9, to_string(row.state));
  statement.bind(10, row.created_at);
  statement.bind(11, row.started_at);
  statement.bind(12, row.ended_at);
  statement.bind(13, row.deadline_at);
  statement.bind(14, row.warnings);
  statement.bind(15, row.cancel_requested ? 1 : 0);
  bind_error(statement, 16, row.error);
  statement.bind(22, row.scheduled.trigger);
  statement.bind(23, row.scheduled.at);
  statement.bind(24, row.scheduled.interval_from);
  statement.bind(25, row.rerun_of);
  statement.bind(26, row.backfill);
  statement.bind(27, row.parent);
  statement.bind(28, row.parent_path);
  statement.bind(29, row.no_cache ? 1 : 0);
  statement.bind(30, row.concurrency_key);
}

void bind_task(Statement& statement, const TaskRow& row) {
  statement.bind(1, row.run);
  statement.bind(2, row.path);
  statement.bind(3, to_string(row.state));
  statement.bind(4, row.attempt);
  statement.bind(5, row.warnings);
  statement.bind(6, row.first_at);
  statement.bind(7, row.ended_at);
  statement.bind(8, row.retry_at);
  statement.bind(9, row.outputs);
  statement.bind(10, row.blocked_by);
  bind_error(statement, 11, row.error);
}

void bind_attempt(Statement& statement, const AttemptRow& row) {
  statement.bind(1, row.run);
  statement.bind(2, row.path);
  statement.bind(3, row.attempt);
  statement.bind(4, to_string(row.state));
  statement.bind(5, row.created_at);
  statement.bind(6, row.dispatched_at);
  statement.bind(7, row.acknowledged_at);
  statement.bind(8, row.started_at);
  statement.bind(9, row.ended_at);
  statement.bind(10, row.deadline_at);
  statement.bind(11, row.cancel_requested ? 1 : 0);
  statement.bind(12, row.known_dead ? 1 : 0);
  bind_error(statement, 13, row.error);
  statement.bind(19, row.pool);
  if (row.place.place.empty()) {
    statement.bind(20, std::string_view());
  } else {
    statement.bind_copy(20, to_text(row.place));
  }
}

void bind_history(Statement& statement, const HistoryRow& row) {
  // Absent states are stored as empty texts: one less kind of value, and no byte more than NULL.
  const auto word = [](const auto& state) {
    return state.has_value() ? to_string(*state) : std::string_view();
  };
  statement.bind(1, row.run);
  statement.bind(2, row.seq);
  statement.bind(3, row.at);
  statement.bind(4, row.path);
  statement.bind(5, row.attempt);
  statement.bind(6, word(row.run_state));
  statement.bind(7, word(row.task_state));
  statement.bind(8, word(row.attempt_state));
  statement.bind(9, row.detail);
}

void bind_hold(Statement& statement, const HoldRow& row) {
  statement.bind(1, row.run);
  statement.bind(2, row.path);
  statement.bind(3, to_string(row.state));
  statement.bind(4, row.attempt);
  statement.bind(5, row.reason);
  statement.bind(6, row.by);
  statement.bind(7, row.note);
  statement.bind(8, row.held_at);
  statement.bind(9, row.decided_at);
}

void bind_point(Statement& statement, const PointRow& row) {
  statement.bind(1, row.series);
  statement.bind(2, row.at);
  statement.bind(3, row.run);
  statement.bind(4, row.path);
  statement.bind(5, to_string(row.verdict));
  statement.bind(6, row.facts);
}

void bind_tick(Statement& statement, const TickRow& row) {
  statement.bind(1, row.ns);
  statement.bind(2, row.flow_id);
  statement.bind(3, row.trigger);
  statement.bind(4, row.scheduled_for);
  statement.bind(5, row.first);
  statement.bind(6, row.count);
  statement.bind(7, to_string(row.state));
  statement.bind(8, row.run);
  statement.bind(9, row.at);
  statement.bind(10, row.detail);
}

void bind_backfill(Statement& statement, const BackfillRow& row) {
  statement.bind(1, row.no);
  statement.bind(2, row.id);
  statement.bind(3, row.ns);
  statement.bind(4, row.flow_id);
  statement.bind(5, row.flow_hash);
  statement.bind(6, row.folder);
  statement.bind(7, row.trigger);
  statement.bind(8, row.inputs);
  statement.bind(9, row.begin);
  statement.bind(10, row.end);
  statement.bind(11, row.every);
  statement.bind(12, row.parallel);
  statement.bind(13, row.only_missing ? 1 : 0);
  statement.bind(14, row.newest_first ? 1 : 0);
  statement.bind(15, to_string(row.state));
  statement.bind(16, row.cursor);
  statement.bind(17, row.total);
  statement.bind(18, row.started);
  statement.bind(19, row.skipped);
  statement.bind(20, row.refused);
  statement.bind(21, row.detail);
  statement.bind(22, row.created_at);
  statement.bind(23, row.ended_at);
}

void bind_applied(Statement& statement, const AppliedFlowRow& row) {
  statement.bind(1, row.ns);
  statement.bind(2, row.flow_id);
  statement.bind(3, row.version);
  statement.bind(4, row.hash);
  statement.bind(5, row.folder);
  statement.bind(6, row.file);
  statement.bind(7, row.applied_at);
  statement.bind(8, row.removed_at);
  statement.bind(9, row.disabled.at);
  statement.bind(10, row.disabled.by);
  statement.bind(11, row.disabled.reason);
  statement.bind(12, row.source);
}

void bind_version(Statement& statement, const AppliedVersionRow& row) {
  statement.bind(1, row.ns);
  statement.bind(2, row.flow_id);
  statement.bind(3, row.version);
  statement.bind(4, row.hash);
  statement.bind(5, row.folder);
  statement.bind(6, row.file);
  statement.bind(7, row.applied_at);
  statement.bind(8, row.source);
}

void bind_flow(Statement& statement, const FlowVersionRow& row) {
  statement.bind(1, row.hash);
  statement.bind(2, row.id);
  statement.bind(3, row.ns);
  statement.bind(4, row.canonical);
}

}  // namespace cordyna::sqlite
