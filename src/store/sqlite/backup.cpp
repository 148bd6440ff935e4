#include "store/sqlite/backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "store/sqlite/database.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/state_folder.hpp"
#include "store/sqlite/whole.hpp"

namespace cordyna {
namespace {

using sqlite::Access;
using sqlite::Database;
using sqlite::OwnerLock;

constexpr std::string_view kUnfinished =
    "SELECT count(*) FROM run WHERE state <> 'completed' AND state <> 'warning'"
    " AND state <> 'error' AND state <> 'cancelled'";

std::unexpected<Error> unavailable(const std::string& path, std::string_view what) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return fail(full ? ErrorCode::kNoSpace : ErrorCode::kUnavailable,
              fmt::format("'{}' {}: {}", path, what, std::strerror(errno)));
}

Result<> synchronize(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return unavailable(path, "cannot be opened");
  const int rc = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  errno = error;
  if (rc != 0) return unavailable(path, "could not be written to the disk");
  return {};
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// A file that goes with this object, unless it got its name.
class Draft {
 public:
  static Result<Draft> make(const std::string& name) {
    // One of a copy that was killed; nobody else has this name.
    ::unlink(name.c_str());
    const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return unavailable(name, "cannot be made");
    ::close(fd);
    return Draft(name);
  }
  ~Draft() {
    if (name_.empty()) return;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((name_ + suffix).c_str());
  }
  Draft(Draft&& other) noexcept : name_(std::exchange(other.name_, {})) {}
  Draft& operator=(Draft&&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  /// Gives it its name, durably; never that of a file that is there.
  Result<> publish(const std::string& path) {
    TRY(synchronize(name_));
    int rc = ::renameat2(AT_FDCWD, name_.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE);
    // A file system that cannot do it in one: that nothing is there was looked at before.
    if (rc != 0 && errno == EINVAL) rc = ::rename(name_.c_str(), path.c_str());
    if (rc != 0) {
      if (errno == EEXIST) {
        return fail(ErrorCode::kConflict,
                    fmt::format("'{}' is there already: name another file, or remove it", path));
      }
      return unavailable(path, "cannot be made");
    }
    return synchronize(folder_of(path));
  }

 private:
  explicit Draft(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

Result<std::unique_ptr<Database>> open_state(const std::string& path) {
  TRY_ASSIGN(std::unique_ptr<Database> database, Database::open(path, Access::kRead));
  TRY(sqlite::check_identity(*database));
  return database;
}

/// One step, so one moment: the owner's commits go on beside it.
Result<> copy(Database& from, Database& to) {
  sqlite3_backup* const backup = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (backup == nullptr) return to.error(sqlite3_errcode(to.handle()));
  const int rc = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (rc == SQLITE_DONE) return {};
  // What could not be read is the source's, what could not be written ours.
  return sqlite3_errcode(from.handle()) == SQLITE_OK ? to.error(rc) : from.error(rc);
}

/// A whole copy under another name. `mode`: the journal it is left with.
Result<StateCopy> draw(Database& from, const Draft& draft, const char* mode) {
  TRY_ASSIGN(const std::unique_ptr<Database> to, Database::open(draft.name(), Access::kWrite));
  // Nobody sees the file before it is complete, so the disk is asked once, at the end.
  TRY(to->run("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF"));
  TRY(copy(from, *to));
  TRY(sqlite::check_file(*to));
  StateCopy out;
  TRY_ASSIGN(out.runs, to->number("SELECT count(*) FROM run"));
  TRY_ASSIGN(out.unfinished, to->number(kUnfinished));
  TRY(to->run(mode));
  TRY_ASSIGN(const std::int64_t pages, to->number("PRAGMA page_count"));
  TRY_ASSIGN(const std::int64_t page_bytes, to->number("PRAGMA page_size"));
  out.bytes = pages * page_bytes;
  return out;
}

/// Errors: kConflict: a restore would mix this state with another.
Result<> check_empty(const StateLayout& layout) {
  const auto refused = [&layout](std::string_view what) {
    return fail(ErrorCode::kConflict,
                fmt::format("'{}' has {}: a restore overwrites nothing; move the folder away, or "
                            "name another with --state",
                            layout.folder(), what));
  };
  for (const char* suffix : {"", "-wal"}) {
    if (::access((layout.database() + suffix).c_str(), F_OK) == 0) return refused("a state");
  }
  // Folders go by the numbers of runs, which would be given again.
  std::error_code error;
  const std::filesystem::directory_iterator runs(layout.folder() + "/runs", error);
  if (!error && runs != std::filesystem::directory_iterator()) {
    return refused("what runs of another state left");
  }
  return {};
}

}  // namespace

Result<StateCopy> back_up_state(const StateLayout& layout, const std::string& file) {
  const std::string path = layout.database();
  if (::access(path.c_str(), F_OK) != 0) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no state in '{}'", layout.folder()));
  }
  if (::access(file.c_str(), F_OK) == 0) {
    return fail(ErrorCode::kConflict,
                fmt::format("'{}' is there already: name another file, or remove it", file));
  }
  TRY_ASSIGN(const std::unique_ptr<Database> from, open_state(path));
  TRY_ASSIGN(Draft draft, Draft::make(file + ".new"));
  TRY_ASSIGN(const StateCopy made, draw(*from, draft, "PRAGMA journal_mode = DELETE"));
  TRY(draft.publish(file));
  return made;
}

Result<StateCopy> restore_state(const std::string& file, const StateLayout& layout) {
  if (::access(file.c_str(), F_OK) != 0) {
    return fail(ErrorCode::kNotFound, fmt::format("there is no file '{}'", file));
  }
  TRY_ASSIGN(const std::unique_ptr<Database> from, open_state(file));
  TRY_ASSIGN(const std::int64_t version, from->number("PRAGMA user_version"));
  if (version > sqlite::migrations().back().version) {
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("'{}' is a state of a newer version ({}): use the newer dyna", file, version));
  }
  TRY(sqlite::check_file(*from));
  TRY(sqlite::prepare_folder(layout));
  TRY_ASSIGN(const OwnerLock lock, OwnerLock::take(layout));
  TRY(check_empty(layout));
  TRY_ASSIGN(Draft draft, Draft::make(layout.database() + ".restored"));
  TRY_ASSIGN(const StateCopy made, draw(*from, draft, "PRAGMA journal_mode = WAL"));
  TRY(draft.publish(layout.database()));
  return made;
}

}  // namespace cordyna
