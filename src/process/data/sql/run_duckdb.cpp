#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "base/words.hpp"
#include "process/data/duckdb.hpp"
#include "process/data/files.hpp"
#include "process/data/pg_types.hpp"
#include "process/data/sql/row_json.hpp"
#include "process/data/sql/runs.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::sql {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

using data::quote_name;
using data::quote_text;
using data::step_fail;
using data::StepResult;

// The rows of the last statement: first a table of the session, then a database of their own, so
// that their types stay.
constexpr std::string_view kRowsTable = "__dyna_rows";
constexpr std::string_view kMark = "__dyna_statement";

struct Column {
  std::string name;
  std::string type;  ///< DuckDB's
};

std::string work_path(const SqlRun& run, std::string_view name) {
  return fmt::format("{}/tmp/{}", run.task.work, name);
}

StepResult<> make_work(const SqlRun& run) {
  std::error_code ignored;
  fs::remove_all(run.task.work + "/tmp", ignored);
  const Result<> made = data::make_folders(run.task.work + "/tmp");
  if (made.has_value()) return {};
  return step_fail(
      data::is_no_space(made.error()) ? TaskErrorCode::kNoSpace : TaskErrorCode::kInternal,
      made.error().message, Phase::kInfra);
}

data::Step step_of(const SqlRun& run) {
  data::Step step;
  step.paths.work = run.task.work;
  step.limits = run.task.limits;
  return step;
}

/// A field of a line of JSON that DuckDB printed.
std::optional<json::value> field(const std::string& line, std::string_view name) {
  boost::system::error_code problem;
  const json::value value = json::parse(line, problem);
  if (problem.failed() || !value.is_object()) return std::nullopt;
  const json::value* found = value.get_object().if_contains({name.data(), name.size()});
  return found == nullptr ? std::nullopt : std::optional(*found);
}

/// The name of a database as DuckDB itself makes it of a file's.
std::string catalog_of(const std::string& path) {
  constexpr std::array<std::string_view, 4> kTaken = {"memory", "temp", "system", "main"};
  std::string name = fs::path(path).stem().string();
  if (std::ranges::find(kTaken, ascii_lower(name)) != kTaken.end()) name += "_db";
  return name;
}

/// How a column's values are written in the text form of PostgreSQL, and which type that is.
struct Written {
  std::string sql;
  std::uint32_t type = kText;
  std::string kept;  ///< for a file: the column, in a type that files have
};

Written written(const Column& column) {
  const std::string name = quote_name(column.name);
  const std::string_view type = column.type;
  const std::string text = name + "::VARCHAR";
  constexpr std::array<std::string_view, 8> kWhole = {
      "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"};
  if (type == "BOOLEAN")
    return {fmt::format("CASE WHEN {} THEN 't' ELSE 'f' END", name), kBool, name};
  if (type == "UBIGINT") return {text, kNumeric, name};
  if (std::ranges::find(kWhole, type) != kWhole.end()) return {text, kInt8, name};
  // Parquet has no such integers: DuckDB would make them a floating-point number without a word.
  if (type.ends_with("HUGEINT")) {
    return {text, kNumeric, fmt::format("{}::DECIMAL(38,0)", name)};
  }
  if (type.starts_with("DECIMAL")) return {text, kNumeric, name};
  if (type == "FLOAT" || type == "DOUBLE") return {text, kFloat8, name};
  if (type == "BLOB") return {fmt::format("'\\x' || lower(hex({}))", name), kBytea, name};
  if (type == "JSON") return {text, kJsonb, name};
  if (type == "TIMESTAMP WITH TIME ZONE") return {text, kTimestamptz, name};
  if (type.starts_with("TIMESTAMP")) return {text, kTimestamp, name};
  if (type.ends_with("]") || type.starts_with("STRUCT(") || type.starts_with("MAP(")) {
    return {fmt::format("to_json({})::VARCHAR", name), kJsonb, name};
  }
  return {text, kText, name};
}

class DuckdbRun {
 public:
  DuckdbRun(SqlRun& run, std::string program)
      : run_(run), step_(step_of(run)), program_(std::move(program)) {}

  StepResult<> all() {
    STEP_TRY(make_work(run_));
    STEP_TRY(check_commands());
    const tmpl::SqlStatement* last = nullptr;
    if (!run_.statements.empty()) {
      STEP_TRY_ASSIGN(const bool selects, is_select(run_.statements.back().text));
      if (selects) last = &run_.statements.back();
    }
    if (last == nullptr && !run_.task.save_as.empty()) {
      return step_fail(TaskErrorCode::kSqlFailed, "save_as wants a SELECT as the last statement",
                       Phase::kPrepare);
    }
    STEP_TRY(run_script(script(last)));
    if (last == nullptr) return run_.sink.end();
    return take_rows();
  }

 private:
  /// Lines that begin with a point are the program's own commands, and no SQL.
  StepResult<> check_commands() const {
    for (const tmpl::SqlStatement& statement : run_.statements) {
      if (!statement.text.starts_with('.')) continue;
      return step_fail(TaskErrorCode::kSqlFailed,
                       fmt::format("{}: it begins with '.', as commands of DuckDB's shell do",
                                   place_of(statement, 0)),
                       Phase::kPrepare);
    }
    return {};
  }

  /// What DuckDB's own parser says: only a SELECT has such a tree.
  StepResult<bool> is_select(const std::string& text) {
    data::Duckdb duckdb(program_, step_, run_.signals);
    STEP_TRY_ASSIGN(const data::ScriptEnd end,
                    duckdb.run(fmt::format("SELECT json_extract(json_serialize_sql({}), '$.error') "
                                           "= 'false' AS selects;\n",
                                           quote_text(text)),
                               {}));
    if (end.failed || end.lines.empty()) return false;  // the statement itself will say why
    const auto selects = field(end.lines.front(), "selects");
    return selects.has_value() && selects->is_bool() && selects->get_bool();
  }

  [[nodiscard]] std::string script(const tmpl::SqlStatement* last) const {
    std::string out;
    if (!run_.task.database.empty()) {
      const std::string catalog = quote_name(catalog_of(run_.task.database));
      out += fmt::format("ATTACH {} AS {}{};\nUSE {};\n", quote_text(run_.task.database), catalog,
                         run_.task.read_only ? " (READ_ONLY)" : "", catalog);
    }
    if (run_.task.transaction) out += "BEGIN;\n";
    for (std::size_t i = 0; i < run_.statements.size(); ++i) {
      const tmpl::SqlStatement& statement = run_.statements[i];
      // The rows that were changed are said with it; the table of the rows is none of them.
      out += fmt::format(".changes on\nSELECT {} AS {};\n.changes off\n", i, kMark);
      const std::string into =
          &statement == last ? fmt::format("CREATE TEMP TABLE {} AS\n", kRowsTable) : std::string();
      // Rows of another than the last are nobody's, and would push out what is read here.
      out += fmt::format(".output /dev/null\n{}{}\n;\n.output\n", into, statement.text);
    }
    if (last == nullptr) out += ".changes on\n";
    out += fmt::format("SELECT {} AS {};\n.changes off\n", run_.statements.size(), kMark);
    if (run_.task.transaction) out += "COMMIT;\n";
    if (last != nullptr) {
      out +=
          fmt::format("ATTACH {} AS __dyna_out;\nCREATE TABLE __dyna_out.rows AS FROM temp.{};\n",
                      quote_text(work_path(run_, "rows.duckdb")), kRowsTable);
      out += "SELECT count(*) AS __dyna_count FROM __dyna_out.rows;\n";
      out += "SELECT column_name AS name, column_type AS type FROM (DESCRIBE __dyna_out.rows);\n";
    }
    return out;
  }

  StepResult<> run_script(const std::string& text) {
    data::Duckdb duckdb(program_, step_, run_.signals);
    duckdb.leave_sandbox(run_.task.folder);
    STEP_TRY_ASSIGN(const data::ScriptEnd end, duckdb.run(text, {}));
    std::int64_t at = -1;
    const auto count = static_cast<std::int64_t>(run_.statements.size());
    for (const std::string& line : end.lines) {
      if (const auto mark = field(line, kMark); mark.has_value() && mark->is_int64()) {
        at = mark->get_int64();
      } else if (const auto rows = field(line, "__dyna_count");
                 at == count && rows.has_value() && rows->is_int64()) {
        rows_ = rows->get_int64();
      } else if (at == count) {
        columns_.push_back({json::value_to<std::string>(field(line, "name").value()),
                            json::value_to<std::string>(field(line, "type").value())});
      }
    }
    run_.affected = end.changes;
    if (!end.failed) {
      run_.say(fmt::format("{} statements, {} rows changed", count, end.changes));
      return {};
    }
    const bool own = at >= 0 && at < count;
    return step_fail(
        TaskErrorCode::kSqlFailed,
        fmt::format("{}: {}", own ? place_of(statement(at), 0) : run_.task.name, end.error));
  }

  [[nodiscard]] const tmpl::SqlStatement& statement(std::int64_t at) const {
    return run_.statements[static_cast<std::size_t>(at)];
  }

  StepResult<> take_rows() {
    std::string values;
    std::vector<PgColumn> columns;
    std::vector<std::string> types;
    for (const Column& column : columns_) {
      const Written made = written(column);
      values += fmt::format("{}{}", values.empty() ? "" : ", ", made.sql);
      columns.push_back({column.name, made.type, -1});
      types.push_back(column.type);
    }
    if (!run_.task.save_as.empty()) return save();
    const std::string file = work_path(run_, "rows.jsonl");
    STEP_TRY(export_rows(
        fmt::format("COPY (SELECT [{}] AS r FROM d.rows ORDER BY rowid) TO {} (FORMAT json);\n",
                    values, quote_text(file))));
    STEP_TRY(run_.sink.begin(std::move(columns)));
    run_.sink.name_types(std::move(types));
    STEP_TRY(read_lines(file));
    return run_.sink.end();
  }

  StepResult<> export_rows(const std::string& sql) {
    data::Duckdb duckdb(program_, step_, run_.signals);
    duckdb.leave_sandbox(run_.task.work);
    duckdb.keep_order();
    STEP_TRY_ASSIGN(const data::ScriptEnd end,
                    duckdb.run(fmt::format("ATTACH {} AS d (READ_ONLY);\n{}",
                                           quote_text(work_path(run_, "rows.duckdb")), sql),
                               {}));
    if (!end.failed) return {};
    return step_fail(TaskErrorCode::kSqlFailed, "its rows: " + end.error);
  }

  StepResult<> read_lines(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string line;
    while (std::getline(file, line)) {
      const auto row = field(line, "r");
      if (!row.has_value() || !row->is_array()) {
        return step_fail(TaskErrorCode::kInternal, "a row of DuckDB cannot be read");
      }
      std::vector<std::optional<std::string_view>> values;
      for (const json::value& value : row->get_array()) {
        values.emplace_back();
        if (value.is_string()) {
          values.back().emplace(value.get_string().data(), value.get_string().size());
        }
      }
      STEP_TRY(run_.sink.add(values));
    }
    return {};
  }

  /// By DuckDB itself: the types stay.
  StepResult<> save() {
    std::string values;
    std::vector<PgColumn> columns;
    std::vector<std::string> types;
    for (const Column& column : columns_) {
      values += fmt::format("{}{} AS {}", values.empty() ? "" : ", ", written(column).kept,
                            quote_name(column.name));
      columns.push_back({column.name, kText, -1});
      types.push_back(column.type);
    }
    const std::string_view format = format_of(run_.task.save_as);
    STEP_TRY(export_rows(fmt::format("COPY (SELECT {} FROM d.rows ORDER BY rowid) TO {} ({});\n",
                                     values, quote_text(work_path(run_, "saved")),
                                     format == "parquet" ? "FORMAT parquet"
                                     : format == "csv"   ? "FORMAT csv, HEADER"
                                                         : "FORMAT json")));
    STEP_TRY(run_.sink.begin(std::move(columns)));
    run_.sink.name_types(std::move(types));
    run_.sink.set_count(rows_);
    STEP_TRY(run_.sink.end());
    return save_rows(run_);
  }

  SqlRun& run_;
  data::Step step_;
  std::string program_;
  std::vector<Column> columns_;
  std::int64_t rows_ = 0;
};

}  // namespace

StepResult<> run_duckdb(SqlRun& run) {
  STEP_TRY_ASSIGN(std::string program, data::find_duckdb());
  return DuckdbRun(run, std::move(program)).all();
}

}  // namespace cordyna::sql
