/// The SQLite C API as owned values. Only this folder includes it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace cordyna::sqlite {

class Statement;

enum class Access : std::uint8_t { kRead, kWrite };

/// One connection. Statements must be gone before it is.
///
/// Errors are those of `error`. A failed fsync aborts the process (R9).
/// Threads: one at a time.
class Database {
 public:
  /// The file must exist. A reader never checkpoints, not even as the last one to close.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                              Access access);
  /// One of its own, empty, that no file has.
  [[nodiscard]] static Result<std::unique_ptr<Database>> in_memory();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Statements without parameters, separated by ";"; their rows are dropped.
  [[nodiscard]] Result<> run(const char* sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// The one number that a statement without parameters gives.
  [[nodiscard]] Result<std::int64_t> number(std::string_view sql);

  /// Ends a transaction, if SQLite has not ended it itself. Where even that fails, for want of
  /// memory, the next statement does it first: a reader would else see for ever what it saw then.
  void roll_back() const;
  void end_what_is_left() const {
    if (left_open_) roll_back();
  }

  /// The result code `rc` as what a caller can branch on, naming the file.
  [[nodiscard]] std::unexpected<Error> error(int rc) const;
  /// That the file is damaged, why, and what to do. kCorrupt.
  [[nodiscard]] std::unexpected<Error> damaged(std::string_view why) const;

  [[nodiscard]] sqlite3* handle() const { return handle_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  sqlite3* handle_;
  std::string path_;
  mutable bool left_open_ = false;  // a transaction that could not be ended
};

/// A prepared statement: bind from 1, step, read columns from 0, reset.
///
/// Bound texts are not copied: they must live until the statement is reset.
class Statement {
 public:
  Statement(const Database& database, sqlite3_stmt* handle)
      : database_(&database), handle_(handle) {}
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(Statement&& other) noexcept
      : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}
  Statement& operator=(Statement&&) = delete;

  void bind(int index, std::int64_t value) { keep(sqlite3_bind_int64(handle_, index, value)); }
  void bind(int index, std::string_view text) {
    // A null pointer would be bound as NULL.
    const char* data = text.data() == nullptr ? "" : text.data();
    keep(sqlite3_bind_text64(handle_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  /// Of a text that is gone before the step.
  void bind_copy(int index, std::string_view text) {
    keep(sqlite3_bind_text64(handle_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                             SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  void unbind_all() { sqlite3_clear_bindings(handle_); }

  /// True: there is a row.
  [[nodiscard]] Result<bool> step();
  /// For statements without rows: the result code, SQLITE_DONE when done. Resets.
  [[nodiscard]] int run();
  void reset() { sqlite3_reset(handle_); }

  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(handle_, column);
  }
  /// Valid until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
  }

 private:
  void keep(int rc) {
    if (rc != SQLITE_OK) bind_rc_ = rc;
  }

  const Database* database_;
  sqlite3_stmt* handle_;
  int bind_rc_ = SQLITE_OK;
};

/// Resets a statement at the end of a scope, so that it holds no snapshot and no borrowed text.
class ResetGuard {
 public:
  explicit ResetGuard(Statement& statement) : statement_(statement) {}
  ~ResetGuard() { statement_.reset(); }
  ResetGuard(const ResetGuard&) = delete;
  ResetGuard& operator=(const ResetGuard&) = delete;

 private:
  Statement& statement_;
};

/// All rows of a bound statement.
template <class Row>
Result<std::vector<Row>> collect(Statement& statement, Result<Row> (*read)(const Statement&)) {
  const ResetGuard reset(statement);
  std::vector<Row> rows;
  for (;;) {
    TRY_ASSIGN(const bool there, statement.step());
    if (!there) return rows;
    TRY_ASSIGN(Row row, read(statement));
    rows.push_back(std::move(row));
  }
}

}  // namespace cordyna::sqlite
