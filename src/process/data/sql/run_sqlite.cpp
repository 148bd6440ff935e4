#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "base/words.hpp"
#include "process/data/sql/row_json.hpp"
#include "process/data/sql/runs.hpp"

namespace cordyna::sql {
namespace {

namespace json = boost::json;

using data::step_fail;
using data::StepResult;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

/// "0x0102" of a blob, in the text form of PostgreSQL: \x0102.
std::string hex_of(const void* bytes, int size) {
  std::string out = "\\x";
  const auto* const at = static_cast<const unsigned char*>(bytes);
  for (int i = 0; i < size; ++i) out += fmt::format("{:02x}", at[i]);
  return out;
}

/// The type that holds values of both; 0: none does.
std::uint32_t common_type(std::uint32_t a, std::uint32_t b) {
  if (a == b || b == 0) return a;
  if (a == 0) return b;
  const bool numbers = (a == kInt8 || a == kFloat8) && (b == kInt8 || b == kFloat8);
  return numbers ? std::uint32_t{kFloat8} : 0;
}

class SqliteRun {
 public:
  explicit SqliteRun(SqlRun& run) : run_(run) {}

  StepResult<> all() {
    STEP_TRY(open());
    // Who is to write waits for its turn here: later it could not, with what it has read.
    if (run_.task.transaction) STEP_TRY(command(only_reads() ? "BEGIN" : "BEGIN IMMEDIATE"));
    for (const tmpl::SqlStatement& statement : run_.statements) STEP_TRY(one(statement));
    STEP_TRY(run_.sink.end());
    // Before anything counts: what cannot be kept takes all back.
    STEP_TRY(save_rows(run_));
    if (!run_.task.transaction) return {};
    return command("COMMIT");
  }

 private:
  [[nodiscard]] bool only_reads() const {
    return run_.task.read_only ||
           std::ranges::all_of(run_.statements, [](const tmpl::SqlStatement& statement) {
             const std::string front = ascii_lower(statement.text.substr(0, 7));
             return front.starts_with("select") || front.starts_with("values") ||
                    front.starts_with("explain");
           });
  }

  StepResult<> open() {
    sqlite3* opened = nullptr;
    const int flags =
        run_.task.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const int code = sqlite3_open_v2(run_.task.database.c_str(), &opened, flags, nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) {
      return step_fail(TaskErrorCode::kSqlFailed,
                       fmt::format("{}: {}: {}", run_.task.name, run_.task.database,
                                   opened == nullptr ? "no memory" : sqlite3_errmsg(opened)));
    }
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_handler(opened, on_busy, this);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
    constexpr int kStepsBetween = 10'000;  // a millisecond or so
    sqlite3_progress_handler(opened, kStepsBetween, on_progress, this);
    return {};
  }

  static int on_progress(void* context) {
    return static_cast<SqliteRun*>(context)->run_.signals.asked_to_end() ? 1 : 0;
  }

  /// Another program writes: it is waited for.
  static int on_busy(void* context, int tries) {
    constexpr std::int64_t kPauseMs = 20;
    const SqliteRun& self = *static_cast<SqliteRun*>(context);
    if (tries * kPauseMs >= self.run_.task.lock_timeout_ms) return 0;
    return wait_ms(kPauseMs, self.run_.signals) ? 1 : 0;
  }

  StepResult<> wrong(int code, const std::string& doing) const {
    if (run_.signals.asked_to_end()) {
      return step_fail(TaskErrorCode::kSignalled, "the step was asked to end");
    }
    constexpr int kPrimary = 0xff;
    TaskErrorCode what = TaskErrorCode::kSqlFailed;
    switch (code & kPrimary) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED: what = TaskErrorCode::kSourceUnavailable; break;
      case SQLITE_FULL: what = TaskErrorCode::kNoSpace; break;
      case SQLITE_PERM:
      case SQLITE_READONLY: what = TaskErrorCode::kAccessDenied; break;
      default: break;
    }
    return step_fail(what, fmt::format("{}: {}", doing, sqlite3_errmsg(database_.get())));
  }

  StepResult<> command(const char* sql) const {
    const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? StepResult<>() : wrong(code, sql);
  }

  StepResult<> one(const tmpl::SqlStatement& statement) {
    const std::string at = place_of(statement, 0);
    sqlite3_stmt* made = nullptr;
    const char* tail = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), statement.text.c_str(),
                                        static_cast<int>(statement.text.size()), &made, &tail);
    const Statement prepared(made);
    if (code != SQLITE_OK) return wrong(code, wrong_place(statement));
    if (made == nullptr) return {};  // nothing but a comment
    if (std::string_view(tail).find_first_not_of(" \t\r\n") != std::string_view::npos) {
      return step_fail(TaskErrorCode::kSqlFailed,
                       fmt::format("{}: a parenthesis that is not closed hides a ';'", at));
    }
    STEP_TRY(bind(made, statement, at));
    const std::int64_t before = sqlite3_total_changes64(database_.get());
    STEP_TRY(take_rows(made, at));
    const std::int64_t changed = sqlite3_total_changes64(database_.get()) - before;
    run_.affected += changed;
    const bool rows = sqlite3_column_count(made) > 0;
    run_.say(fmt::format("{}: {} {}", at, rows ? run_.sink.rows() : changed,
                         rows ? "rows" : "rows changed"));
    return {};
  }

  [[nodiscard]] std::string wrong_place(const tmpl::SqlStatement& statement) const {
    const int offset = sqlite3_error_offset(database_.get());
    const auto bytes = static_cast<std::size_t>(std::max(offset, 0));
    return place_of(statement, static_cast<std::size_t>(
                                   std::ranges::count(statement.text.substr(0, bytes), '\n')));
  }

  StepResult<> bind(sqlite3_stmt* made, const tmpl::SqlStatement& statement,
                    const std::string& at) const {
    for (int i = 1; i <= sqlite3_bind_parameter_count(made); ++i) {
      const char* name = sqlite3_bind_parameter_name(made, i);
      if (name == nullptr || name[0] == '?') continue;
      return step_fail(
          TaskErrorCode::kSqlFailed,
          fmt::format("{}: '{}' asks for a value that nobody gives; write {{{{ … }}}}", at, name));
    }
    for (std::size_t i = 0; i < statement.values.size(); ++i) {
      const int code = bind_value(made, static_cast<int>(i) + 1, statement.values[i]);
      if (code != SQLITE_OK) return wrong(code, at);
    }
    return {};
  }

  static int bind_value(sqlite3_stmt* made, int at, const std::string& text) {
    json::parse_options options;
    options.max_depth = 160;
    options.allow_invalid_utf8 = true;
    boost::system::error_code problem;
    const json::value value = json::parse(text, problem, {}, options);
    if (problem.failed()) return SQLITE_MISUSE;
    if (value.is_null()) return sqlite3_bind_null(made, at);
    if (value.is_bool()) return sqlite3_bind_int(made, at, value.get_bool() ? 1 : 0);
    if (value.is_int64()) return sqlite3_bind_int64(made, at, value.get_int64());
    if (value.is_number()) return sqlite3_bind_double(made, at, value.to_number<double>());
    if (!value.is_string()) return bind_text(made, at, text);
    return bind_text(made, at, {value.get_string().data(), value.get_string().size()});
  }

  static int bind_text(sqlite3_stmt* made, int at, std::string_view text) {
    return sqlite3_bind_text64(made, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }

  StepResult<> take_rows(sqlite3_stmt* made, const std::string& at) {
    const int count = sqlite3_column_count(made);
    if (count > 0) {
      std::vector<PgColumn> columns;
      columns.reserve(static_cast<std::size_t>(count));
      for (int i = 0; i < count; ++i) columns.push_back({sqlite3_column_name(made, i), 0, -1});
      types_.assign(columns.size(), 0);
      STEP_TRY(run_.sink.begin(std::move(columns)));
    }
    while (true) {
      const int code = sqlite3_step(made);
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return wrong(code, at);
      STEP_TRY(take_row(made, at));
    }
    if (count > 0) name_types();
    return {};
  }

  StepResult<> take_row(sqlite3_stmt* made, const std::string& at) {
    texts_.assign(types_.size(), std::nullopt);
    row_types_.assign(types_.size(), 0);
    for (std::size_t i = 0; i < types_.size(); ++i) {
      const int column = static_cast<int>(i);
      const int kind = sqlite3_column_type(made, column);
      if (kind == SQLITE_NULL) continue;
      row_types_[i] = kind == SQLITE_INTEGER ? kInt8
                      : kind == SQLITE_FLOAT ? kFloat8
                      : kind == SQLITE_BLOB  ? kBytea
                                             : kText;
      texts_[i] = text_of(made, column, kind);
      const std::uint32_t both = common_type(types_[i], row_types_[i]);
      if (both == 0 && !run_.task.save_as.empty()) {
        return step_fail(TaskErrorCode::kOutputInvalid,
                         fmt::format("{}: column '{}' holds values of several types, which {} "
                                     "cannot: cast it",
                                     at, sqlite3_column_name(made, column), run_.task.save_as),
                         Phase::kResult);
      }
      types_[i] = both == 0 ? std::uint32_t{kText} : both;
    }
    views_.assign(texts_.begin(), texts_.end());
    // SQLite's types are those of values, not of columns.
    return run_.sink.add(views_, row_types_);
  }

  static std::string text_of(sqlite3_stmt* made, int column, int kind) {
    if (kind == SQLITE_BLOB) {
      const void* bytes = sqlite3_column_blob(made, column);
      return hex_of(bytes, sqlite3_column_bytes(made, column));
    }
    if (kind == SQLITE_FLOAT) return fmt::format("{}", sqlite3_column_double(made, column));
    const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(made, column));
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(made, column))};
  }

  void name_types() {
    std::vector<std::string> names;
    names.reserve(types_.size());
    for (const std::uint32_t type : types_) {
      names.emplace_back(type == kInt8     ? "INTEGER"
                         : type == kFloat8 ? "REAL"
                         : type == kBytea  ? "BLOB"
                                           : "TEXT");
    }
    run_.sink.name_types(std::move(names));
    run_.sink.set_types(types_);
  }

  SqlRun& run_;
  Database database_;
  std::vector<std::uint32_t> types_;      ///< of the columns, by what came so far
  std::vector<std::uint32_t> row_types_;  ///< of the values of one row
  std::vector<std::optional<std::string>> texts_;
  std::vector<std::optional<std::string_view>> views_;
};

}  // namespace

StepResult<> run_sqlite(SqlRun& run) {
  return SqliteRun(run).all();
}

}  // namespace cordyna::sql
