#include "store/sqlite/sqlite_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "store/sqlite/database.hpp"
#include "store/sqlite/events.hpp"
#include "store/sqlite/identity.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/notices.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/state_folder.hpp"
#include "store/sqlite/whole.hpp"
#include "store/sqlite/writer.hpp"

namespace cordyna {
namespace {

using sqlite::Access;
using sqlite::Database;
using sqlite::OwnerLock;
using sqlite::Queries;
using sqlite::Trust;
using sqlite::Writer;

// Below this, new work is refused: the ends of what runs, and the copy of a full log, need some.
constexpr std::uint64_t kRoomBytes = std::uint64_t{8} << 20;

// The reading half of a port, over Queries.
template <class Port>
class ReaderOf : public Port {
 public:
  explicit ReaderOf(std::unique_ptr<Queries> queries) : queries_(std::move(queries)) {}

  Result<std::vector<RunRow>> list_runs(const RunFilter& filter) override {
    return queries_->list_runs(filter);
  }
  Result<RunRow> find_run(const RunId& id) override { return queries_->find_run(id); }
  Result<RunRow> find_run(RunNo no) override { return queries_->find_run(no); }
  Result<RunSnapshot> load_run(RunNo no) override { return queries_->load_run(no); }
  Result<std::vector<AttemptRow>> list_attempts(RunNo no) override {
    return queries_->list_attempts(no);
  }
  Result<std::vector<HistoryRow>> list_history(RunNo no, std::int64_t after_seq,
                                               std::uint32_t limit) override {
    return queries_->list_history(no, after_seq, limit);
  }
  Result<FlowVersionRow> find_flow(std::string_view hash) override {
    return queries_->find_flow(hash);
  }

  Result<std::vector<PointRow>> list_points(const PointFilter& filter) override {
    return queries_->list_points(filter);
  }
  Result<std::vector<SeriesInfo>> list_series() override { return queries_->list_series(); }
  Result<std::vector<TickRow>> list_ticks(const TickFilter& filter) override {
    return queries_->list_ticks(filter);
  }
  Result<BackfillRow> find_backfill(BackfillNo no) override { return queries_->find_backfill(no); }
  Result<std::vector<BackfillRow>> list_backfills(const BackfillFilter& filter) override {
    return queries_->list_backfills(filter);
  }
  Result<std::vector<Millis>> list_pool_starts(std::string_view pool, Millis after,
                                               std::uint32_t limit) override {
    return queries_->list_pool_starts(pool, after, limit);
  }
  Result<bool> is_done(const TimeKey& time) override { return queries_->is_done(time); }
  Result<AppliedFlowRow> find_applied(std::string_view ns, std::string_view flow_id) override {
    return queries_->find_applied(ns, flow_id);
  }
  Result<std::string> find_source(std::string_view hash) override {
    return queries_->find_source(hash);
  }
  Result<std::vector<AppliedFlowRow>> list_applied(const AppliedFilter& filter) override {
    return queries_->list_applied(filter);
  }
  Result<std::vector<AppliedVersionRow>> list_versions(const VersionFilter& filter) override {
    return queries_->list_versions(filter);
  }
  Result<std::vector<HashRuns>> count_runs(std::string_view ns, std::string_view flow_id) override {
    return queries_->count_runs(ns, flow_id);
  }
  Result<std::vector<OldRun>> list_old_runs(RunNo after, std::uint32_t limit) override {
    return queries_->list_old_runs(after, limit);
  }
  Result<std::vector<TickTrigger>> list_tick_triggers(const TickTrigger& after, Millis before,
                                                      std::uint32_t limit) override {
    return queries_->list_tick_triggers(after, before, limit);
  }
  Result<RunNo> run_behind(std::uint32_t newer) override { return queries_->run_behind(newer); }
  Result<bool> is_read_by_rerun(RunNo no) override { return queries_->is_read_by_rerun(no); }
  Result<EventRow> find_event(EventNo no) override { return queries_->events().find(no); }
  Result<std::optional<EventRow>> find_event(const EventKey& key) override {
    return queries_->events().find(key);
  }
  Result<std::vector<EventRow>> list_events(const EventFilter& filter) override {
    return queries_->events().list(filter);
  }
  Result<std::vector<EventRow>> list_pending_events(EventNo after, std::uint32_t limit) override {
    return queries_->events().list_pending(after, limit);
  }
  Result<std::vector<OldEvent>> list_old_events(EventNo after, Millis before,
                                                std::uint32_t limit) override {
    return queries_->events().list_old(after, before, limit);
  }
  Result<EventCounts> count_events() override { return queries_->events().count(); }
  Result<std::vector<OpenEvents>> count_open_events(std::uint32_t limit) override {
    return queries_->events().count_open(limit);
  }
  Result<LastEvent> last_event(std::string_view ns, std::string_view flow_id,
                               std::string_view trigger) override {
    return queries_->events().last(ns, flow_id, trigger);
  }
  Result<std::string> find_position(std::string_view input) override {
    return queries_->events().position(input);
  }
  Result<std::vector<PositionRow>> list_marks(std::string_view input, std::string_view after,
                                              std::uint32_t limit) override {
    return queries_->events().marks(input, after, limit);
  }
  Result<std::vector<UserRow>> list_users() override {
    return sqlite::list_users(queries_->database());
  }
  Result<std::vector<TokenRow>> list_tokens() override {
    return sqlite::list_tokens(queries_->database());
  }
  Result<std::vector<AuditRow>> list_audit(const AuditFilter& filter) override {
    return sqlite::list_audit(queries_->database(), filter);
  }
  Result<std::vector<NoticeRow>> list_notices(const NoticeFilter& filter) override {
    return sqlite::list_notices(queries_->database(), filter);
  }

 protected:
  // Statements must be gone before their connection is.
  void drop_queries() { queries_.reset(); }
  [[nodiscard]] Queries& queries() { return *queries_; }

 private:
  std::unique_ptr<Queries> queries_;
};

class SqliteReader final : public ReaderOf<StoreReader> {
 public:
  SqliteReader(std::unique_ptr<Database> database, std::unique_ptr<Queries> queries)
      : ReaderOf(std::move(queries)), database_(std::move(database)) {}
  ~SqliteReader() override { drop_queries(); }
  SqliteReader(const SqliteReader&) = delete;
  SqliteReader& operator=(const SqliteReader&) = delete;

 private:
  std::unique_ptr<Database> database_;
};

class SqliteStore final : public ReaderOf<Store> {
 public:
  SqliteStore(OwnerLock lock, std::unique_ptr<Database> database, std::unique_ptr<Queries> queries,
              std::unique_ptr<Writer> writer, RunNo numbers_from)
      : ReaderOf(std::move(queries)),
        numbers_from_(numbers_from),
        lock_(std::move(lock)),
        database_(std::move(database)),
        writer_(std::move(writer)) {}
  ~SqliteStore() override { drop_queries(); }
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  Result<> commit(const ChangeSet& changes) override { return writer_->commit(changes); }
  Result<std::optional<EventRow>> find_event(const EventKey& key) override {
    TRY(writer_->look());
    return ReaderOf::find_event(key);
  }
  using ReaderOf::find_event;
  Result<> room() override {
    struct statvfs disk{};
    // A file system that cannot tell is asked by the commit itself.
    if (::statvfs(database_->path().c_str(), &disk) != 0) return {};
    if (disk.f_blocks == 0 || disk.f_bavail >= kRoomBytes / disk.f_frsize) return {};
    return fail(ErrorCode::kNoSpace,
                fmt::format("less than {} MiB of space for state file '{}': nothing new is begun "
                            "until some is freed",
                            kRoomBytes >> 20, database_->path()));
  }
  [[nodiscard]] std::uint64_t epoch() const override { return writer_->epoch(); }
  Result<RunNo> last_run_no() override {
    TRY_ASSIGN(const RunNo last, queries().last_run_no());
    return std::max(last, numbers_from_);
  }

 private:
  RunNo numbers_from_;
  // In this order: the lock is freed last.
  OwnerLock lock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Writer> writer_;
};

std::unexpected<Error> unavailable(const std::string& path, std::string_view what) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("state file '{}' {}: {}", path, what, std::strerror(errno)));
}

// Synchronizes a file or a folder with the disk.
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

// A log without its database: whoever removed one must decide on the other. An empty log is what a
// clean end leaves.
Result<> remove_stale_log(const std::string& path) {
  const std::string log = path + "-wal";
  struct stat info{};
  if (::stat(log.c_str(), &info) == 0 && info.st_size > 0) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("state file '{}' is missing, but its log '{}' is there: restore the "
                            "file, or remove the log to begin with an empty state",
                            path, log));
  }
  ::unlink(log.c_str());
  ::unlink((path + "-shm").c_str());
  return {};
}

Result<> fill(const std::string& path) {
  TRY_ASSIGN(const std::unique_ptr<Database> database, Database::open(path, Access::kWrite));
  // Nobody sees the file before it is complete, so the disk is asked once, at the end.
  TRY(database->run("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF"));
  TRY(sqlite::migrate(*database, sqlite::migrations()));
  return database->run("PRAGMA journal_mode = WAL");
}

// Makes the file under another name first: under its own name it is complete, or not there. So an
// empty or half-written file is damage, never a beginning.
Result<> create(const std::string& path, const std::string& folder) {
  TRY(remove_stale_log(path));
  const std::string draft = path + ".new";
  for (const char* suffix : {"", "-wal", "-shm"}) ::unlink((draft + suffix).c_str());
  const int fd = ::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return unavailable(path, "cannot be made");
  ::close(fd);
  TRY(fill(draft));
  TRY(synchronize(draft));
  if (::rename(draft.c_str(), path.c_str()) != 0) return unavailable(path, "cannot be made");
  return synchronize(folder);
}

Result<> set_up_connection(Database& database) {
  TRY(database.run(sqlite::connection_settings()));
  // The log stays, empty, after a clean end, so that readers need not make one.
  int keep_log = 1;
  sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const StateLayout& layout,
                                                 const std::function<void()>& owned) {
  TRY(sqlite::prepare_folder(layout));
  TRY_ASSIGN(OwnerLock lock, OwnerLock::take(layout));
  if (owned) owned();
  const std::string path = layout.database();
  const bool is_new = ::access(path.c_str(), F_OK) != 0;
  if (is_new) TRY(create(path, layout.folder()));
  const Trust trust = is_new ? Trust::kWhole : lock.trust();
  if (trust != Trust::kWhole) {
    for (const char* suffix : {"", "-wal"}) {
      const auto settled = sqlite::settle(path + suffix);
      // The kernel tells of a page that it could not write once: the next owner would hear nothing.
      if (!settled.has_value()) {
        lock.distrust();
        return std::unexpected<Error>(settled.error());
      }
    }
  }
  TRY_ASSIGN(std::unique_ptr<Database> database, Database::open(path, Access::kWrite));
  // Before the first change: the file may be another program's, or of a newer version.
  TRY(sqlite::check_identity(*database));
  TRY(set_up_connection(*database));
  if (trust == Trust::kUncertain) TRY(sqlite::check_file(*database));
  TRY(sqlite::migrate(*database, sqlite::migrations()));
  if (trust == Trust::kUncertain) TRY(sqlite::check_rows(*database));
  const bool is_other = is_new || trust == Trust::kUncertain;
  const RunNo numbers_from = is_other ? sqlite::last_run_folder(layout) : lock.numbers_from();
  TRY_ASSIGN(std::unique_ptr<Queries> queries, Queries::prepare(*database));
  TRY_ASSIGN(std::unique_ptr<Writer> writer, Writer::prepare(*database));
  lock.found_good(numbers_from);
  return std::make_unique<SqliteStore>(std::move(lock), std::move(database), std::move(queries),
                                       std::move(writer), numbers_from);
}

Result<std::unique_ptr<StoreReader>> open_sqlite_reader(const StateLayout& layout) {
  const std::string path = layout.database();
  if (::access(path.c_str(), F_OK) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return unavailable(path, "cannot be reached");
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no state in '{}': nothing was run here", layout.folder()));
  }
  TRY_ASSIGN(std::unique_ptr<Database> database, Database::open(path, Access::kRead));
  TRY(sqlite::check_identity(*database));
  TRY(sqlite::check_version(*database, sqlite::migrations()));
  TRY(database->run(
      "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF"));
  TRY_ASSIGN(std::unique_ptr<Queries> queries, Queries::prepare(*database));
  return std::make_unique<SqliteReader>(std::move(database), std::move(queries));
}

}  // namespace cordyna
