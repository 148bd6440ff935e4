#include "store/sqlite/database.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace cordyna::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 5000;

// After a failed fsync the kernel may have dropped the pages and forgotten the failure: another
// fsync would succeed without having written them. Only a fresh start can tell what is there.
[[noreturn]] void abort_after_fsync(const std::string& path, int os_error) {
  const std::string message = fmt::format(
      "dyna: '{}' could not be written to the disk ({}). What is on the disk is unknown, so this "
      "process ends. When the disk works, start again: nothing that was confirmed is lost.\n",
      path, std::strerror(os_error));
  std::fputs(message.c_str(), stderr);
  std::abort();
}

// SQLite does not hand on the cause of a failed COMMIT, but the log's file remembers it.
int os_error_of(sqlite3* handle) {
  sqlite3_file* log = nullptr;
  int error = 0;
  const int rc =
      sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  if (rc == SQLITE_OK && log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  }
  return error != 0 ? error : sqlite3_system_errno(handle);
}

std::unexpected<Error> io_error(const std::string& path, const char* why, int os_error) {
  if (os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG) {
    return fail(ErrorCode::kNoSpace,
                fmt::format("no space for state file '{}' ({}): free some and try again", path,
                            std::strerror(os_error)));
  }
  return fail(ErrorCode::kUnavailable, os_error == 0 ? fmt::format("state file '{}': {}", path, why)
                                                     : fmt::format("state file '{}': {} ({})", path,
                                                                   why, std::strerror(os_error)));
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access) {
  // SQLite may be built to read "file:" as the start of a URI.
  const std::string name = path.starts_with('/') ? path : "./" + path;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  sqlite3* handle = nullptr;
  const int rc = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  if (handle == nullptr) {
    return fail(ErrorCode::kUnavailable, fmt::format("state file '{}': out of memory", path));
  }
  std::unique_ptr<Database> database(new Database(handle, path));
  if (rc != SQLITE_OK) return database->error(rc);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (access == Access::kRead) {
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  } else if (sqlite3_db_readonly(handle, "main") != 0) {
    return database->error(SQLITE_READONLY);
  }
  return database;
}

Result<std::unique_ptr<Database>> Database::in_memory() {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE;
  const int rc = sqlite3_open_v2(":memory:", &handle, flags, nullptr);
  if (handle == nullptr) return fail(ErrorCode::kUnavailable, "a database in memory: no memory");
  std::unique_ptr<Database> database(new Database(handle, ":memory:"));
  if (rc != SQLITE_OK) return database->error(rc);
  return database;
}

Database::~Database() {
  sqlite3_close(handle_);
}

Result<> Database::run(const char* sql) {
  end_what_is_left();
  const int rc = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return error(rc);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int rc = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (rc != SQLITE_OK) return error(rc);
  return Statement(*this, handle);
}

Result<std::int64_t> Database::number(std::string_view sql) {
  TRY_ASSIGN(Statement statement, prepare(sql));
  TRY_ASSIGN(const bool row, statement.step());
  if (!row) return damaged("a row is missing");
  return statement.integer(0);
}

void Database::roll_back() const {
  if (sqlite3_get_autocommit(handle_) == 0) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  left_open_ = sqlite3_get_autocommit(handle_) == 0;
}

std::unexpected<Error> Database::error(int rc) const {
  const char* why = sqlite3_errmsg(handle_);
  const int primary = rc & 0xff;
  const int os_error =
      primary == SQLITE_IOERR ? os_error_of(handle_) : sqlite3_system_errno(handle_);
  if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) abort_after_fsync(path_, os_error);
  switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    // Our statements are constant: one that SQLite does not understand met a strange schema.
    case SQLITE_ERROR: return damaged(why);
    case SQLITE_FULL:
      return fail(ErrorCode::kNoSpace,
                  fmt::format("no space for state file '{}': free some and try again", path_));
    case SQLITE_IOERR: return io_error(path_, why, os_error);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return fail(ErrorCode::kUnavailable,
                  fmt::format("state file '{}' cannot be written: it, its folder or its file "
                              "system is read-only",
                              path_));
    case SQLITE_CANTOPEN:
      return fail(ErrorCode::kUnavailable,
                  fmt::format("state file '{}' cannot be opened ({})", path_,
                              os_error == 0 ? why : std::strerror(os_error)));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::kUnavailable,
                  fmt::format("state file '{}' is locked by another program", path_));
    case SQLITE_NOMEM:
      return fail(ErrorCode::kUnavailable, fmt::format("out of memory for state file '{}'", path_));
    case SQLITE_TOOBIG:
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("a text is too long for state file '{}'", path_));
    default: return fail(ErrorCode::kInternal, fmt::format("state file '{}': {}", path_, why));
  }
}

std::unexpected<Error> Database::damaged(std::string_view why) const {
  return fail(ErrorCode::kCorrupt,
              fmt::format("state file '{}' is damaged ({}): restore it from a backup, or move it "
                          "and its '-wal' file away to begin with an empty state",
                          path_, why));
}

Result<bool> Statement::step() {
  if (bind_rc_ != SQLITE_OK) return database_->error(std::exchange(bind_rc_, SQLITE_OK));
  database_->end_what_is_left();
  const int rc = sqlite3_step(handle_);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return database_->error(rc);
}

int Statement::run() {
  database_->end_what_is_left();
  const int rc = bind_rc_ != SQLITE_OK ? std::exchange(bind_rc_, SQLITE_OK) : sqlite3_step(handle_);
  sqlite3_reset(handle_);
  return rc;
}

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

}  // namespace cordyna::sqlite
