#include "process/data/sql/sql_step.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "ports/launch.hpp"
#include "process/data/duckdb.hpp"
#include "process/data/files.hpp"
#include "process/data/pg_types.hpp"
#include "process/data/sql/runs.hpp"
#include "process/data/sql/task.hpp"
#include "process/data/sql_text.hpp"
#include "step/step_process.hpp"

namespace cordyna::sql {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

using data::step_fail;
using data::StepResult;
using step::say;
using step::variable;

constexpr std::size_t kTaskBytesMax = std::size_t{64} << 20;
// Within the work folder.
constexpr std::string_view kRowsCsv = "tmp/rows.csv";
constexpr std::string_view kRowsParquet = "tmp/rows.parquet";
constexpr std::string_view kSaved = "tmp/saved";

int report_error(TaskError error, const SqlSecrets& secrets) {
  if (error.code == TaskErrorCode::kSignalled) return step::kCancelledCode;
  error.message = secrets.hide(error.message);
  return step::report_error(error);
}

StepResult<> carry_out(SqlRun& run) {
  switch (run.task.kind) {
    case tmpl::SqlDialect::kPostgres: return run_postgres(run);
    case tmpl::SqlDialect::kSqlite: return run_sqlite(run);
    case tmpl::SqlDialect::kDuckdb: return run_duckdb(run);
  }
  return {};
}

/// PostgreSQL's and SQLite's rows are in a CSV file; DuckDB makes the Parquet of it, types kept,
/// and what else is wanted of that.
StepResult<> convert(SqlRun& run) {
  const RowSink& sink = run.sink;
  data::Step step;
  step.paths.work = run.task.work;
  step.limits = run.task.limits;
  STEP_TRY_ASSIGN(std::string program, data::find_duckdb());
  data::Duckdb duckdb(std::move(program), step, run.signals);
  duckdb.keep_order();
  std::string script =
      data::fetched_sql(sink.columns(), kRowsCsv, sink.row_bytes_max(), kRowsParquet);
  const std::string_view format = format_of(run.task.save_as);
  if (format != "parquet") {
    script += fmt::format("COPY (FROM read_parquet({})) TO {} ({});\n",
                          data::quote_text(kRowsParquet), data::quote_text(kSaved),
                          format == "csv" ? "FORMAT csv, HEADER" : "FORMAT json");
  }
  STEP_TRY_ASSIGN(const data::ScriptEnd end, duckdb.run(script, {}));
  if (end.failed) {
    return step_fail(TaskErrorCode::kSqlFailed, fmt::format("{}: {}", run.task.save_as, end.error),
                     Phase::kResult);
  }
  if (format != "parquet") return {};
  std::error_code problem;
  fs::rename(fmt::format("{}/{}", run.task.work, kRowsParquet),
             fmt::format("{}/{}", run.task.work, kSaved), problem);
  if (!problem) return {};
  return step_fail(TaskErrorCode::kInternal, problem.message(), Phase::kInfra);
}

}  // namespace

std::string place_of(const tmpl::SqlStatement& statement, std::size_t line_within) {
  return fmt::format("line {} of the SQL", statement.line + line_within);
}

StepResult<> save_rows(SqlRun& run) {
  if (run.task.save_as.empty()) return {};
  if (!run.sink.has_rows()) {
    return step_fail(TaskErrorCode::kSqlFailed,
                     fmt::format("{}: no statement gave rows", run.task.save_as), Phase::kResult);
  }
  if (run.task.kind != tmpl::SqlDialect::kDuckdb) STEP_TRY(convert(run));
  const fs::path target = fs::path(run.task.artifacts) / run.task.save_as;
  const Result<> made = data::make_folders(target.parent_path().string());
  const Result<> saved =
      made.has_value() ? data::publish(fmt::format("{}/{}", run.task.work, kSaved), target.string())
                       : made;
  if (saved.has_value()) return {};
  return step_fail(
      data::is_no_space(saved.error()) ? TaskErrorCode::kNoSpace : TaskErrorCode::kInternal,
      saved.error().message, Phase::kInfra);
}

namespace {

/// Made by hand: the rows are JSON already.
StepResult<std::string> outputs_of(const SqlRun& run) {
  const RowSink& sink = run.sink;
  std::string out = fmt::format(R"({{"affected":{})", run.affected);
  if (sink.has_rows()) {
    json::array columns;
    for (std::size_t i = 0; i < sink.columns().size(); ++i) {
      columns.push_back(json::object{
          {"name", sink.columns()[i].name},
          {"type", i < sink.type_names().size() ? sink.type_names()[i] : std::string()}});
    }
    out += fmt::format(R"(,"row_count":{},"columns":{})", sink.rows(), json::serialize(columns));
    if (!run.task.save_as.empty()) {
      out += fmt::format(R"(,"file":{})",
                         json::serialize(json::value(run.task.artifacts + "/" + run.task.save_as)));
    } else if (sink.in_file()) {
      out += fmt::format(R"(,"rows_file":{})", json::serialize(json::value(sink.file())));
    } else {
      out += R"(,"rows":)" + sink.json();
    }
  }
  out += "}";
  if (out.size() < kOutputsBytesMax - 64) return out;
  return step_fail(TaskErrorCode::kOutputInvalid, "its columns are too many for outputs",
                   Phase::kResult);
}

void tell_rows(const SqlRun& run) {
  const RowSink& sink = run.sink;
  if (!sink.has_rows()) return;
  const std::string rows = grouped(static_cast<std::size_t>(sink.rows()));
  if (!run.task.save_as.empty()) {
    say(fmt::format("{} rows in the artifact '{}'", rows, run.task.save_as));
  } else if (sink.in_file()) {
    say(
        fmt::format("{} rows are too much for outputs: they are the artifact '{}', which "
                    "rows_file names",
                    rows, kRowsFile));
  }
  const std::vector<std::string> rounded = sink.rounded();
  if (rounded.empty()) return;
  say(
      fmt::format("warning: {}: digits behind the point were rounded, since a number of JSON has "
                  "about 15; cast to text where all of them matter",
                  fmt::join(rounded, ", ")));
}

int run_task(const SqlTask& task, const SqlSecrets& secrets) {
  const data::EndSignals signals;
  const bool to_csv = !task.save_as.empty() && task.kind != tmpl::SqlDialect::kDuckdb;
  std::error_code ignored;
  fs::create_directories(task.work + "/tmp", ignored);
  RowSink sink(task.artifacts, to_csv ? fmt::format("{}/{}", task.work, kRowsCsv) : std::string());
  sink.hide_by([&](std::string text) { return secrets.hide(std::move(text)); });
  SqlRun run{task,
             secrets.statements.empty() ? task.statements : secrets.statements,
             secrets.password,
             signals,
             sink,
             [&](std::string_view line) { say(secrets.hide(std::string(line))); }};
  const StepResult<> done = carry_out(run);
  StepResult<std::string> outputs;
  if (done.has_value()) outputs = outputs_of(run);
  fs::remove_all(task.work + "/tmp", ignored);
  if (!done.has_value()) return report_error(done.error(), secrets);
  if (!outputs.has_value()) return report_error(outputs.error(), secrets);
  tell_rows(run);
  const Result<> told = step::write_report(fmt::format(R"({{"outputs":{}}})", *outputs));
  if (told.has_value()) return 0;
  return report_error(
      make_task_error(TaskErrorCode::kNoSpace, Phase::kResult, told.error().message), secrets);
}

}  // namespace

int sql_step_main(const std::string& path) {
  const auto refuse = [](const Error& error) {
    return report_error(make_task_error(TaskErrorCode::kInternal, Phase::kInfra, error.message),
                        {});
  };
  const Result<std::string> text = data::read_front(path, kTaskBytesMax);
  if (!text.has_value()) return refuse(text.error());
  const Result<SqlTask> task = parse_task(*text);
  if (!task.has_value()) return refuse(task.error());
  const Result<SqlSecrets> secrets = parse_secrets(variable(kSecretsVariable));
  if (!secrets.has_value()) return refuse(secrets.error());
  return run_task(*task, *secrets);
}

}  // namespace cordyna::sql
