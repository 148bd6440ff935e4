/// The statements of a task in one kind of database each.
///
/// All of them: values go apart from the text; one transaction, unless the task says otherwise,
/// which an error takes back; a statement is stopped when we are asked to end. What is said along
/// the way goes to `say`. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "process/data/child.hpp"
#include "process/data/sql/row_sink.hpp"
#include "process/data/sql/task.hpp"
#include "process/data/step_result.hpp"

namespace cordyna::sql {

struct SqlRun {
  const SqlTask& task;
  const std::vector<tmpl::SqlStatement>& statements;
  const std::string& password;
  const data::EndSignals& signals;
  RowSink& sink;
  std::function<void(std::string_view)> say;
  std::int64_t affected = 0;  ///< rows that statements changed
};

/// Errors: kSqlFailed (with the line), kSourceUnavailable (what a second try may get over),
/// kAccessDenied, kNoSpace, kToolMissing, kOutputInvalid, kSignalled (asked to end).
[[nodiscard]] data::StepResult<> run_postgres(SqlRun& run);
[[nodiscard]] data::StepResult<> run_sqlite(SqlRun& run);
[[nodiscard]] data::StepResult<> run_duckdb(SqlRun& run);

/// The rows in the file of the sink as the artifact that `save_as` names. Errors: kToolMissing,
/// kSqlFailed, kNoSpace.
[[nodiscard]] data::StepResult<> save_rows(SqlRun& run);

/// "line 4 of the SQL", for messages.
[[nodiscard]] std::string place_of(const tmpl::SqlStatement& statement, std::size_t line_within);

}  // namespace cordyna::sql
