#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "store/sqlite/test_state.hpp"

namespace {

// The disk that these tests take away. Globals, because SQLite calls plain functions.
bool disk_is_full = false;
bool fsync_fails = false;

ssize_t write_or_full(int fd, const void* data, std::size_t size) {
  if (!disk_is_full) return ::write(fd, data, size);
  errno = ENOSPC;
  return -1;
}

ssize_t pwrite_or_full(int fd, const void* data, std::size_t size, off_t at) {
  if (!disk_is_full) return ::pwrite(fd, data, size, at);
  errno = ENOSPC;
  return -1;
}

}  // namespace

// Stands before the C library's, for SQLite too.
extern "C" int fdatasync(int fd) {
  if (!fsync_fails) return static_cast<int>(::syscall(SYS_fdatasync, fd));
  errno = EIO;
  return -1;
}

namespace cordyna {
namespace {

class Space : public TestState {
 protected:
  ~Space() override {
    disk_is_full = false;
    fsync_fails = false;
  }

  static void let_writes_fail() {
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    const auto set = [vfs](const char* name, sqlite3_syscall_ptr call) {
      vfs->xSetSystemCall(vfs, name, call);
    };
    set("write", reinterpret_cast<sqlite3_syscall_ptr>(write_or_full));
    set("pwrite", reinterpret_cast<sqlite3_syscall_ptr>(pwrite_or_full));
    set("pwrite64", reinterpret_cast<sqlite3_syscall_ptr>(pwrite_or_full));
  }
};

TEST_F(Space, AFullDiskRefusesTheCommitAndKeepsWhatWas) {
  let_writes_fail();
  open();
  must_commit(store(), new_run(1));
  disk_is_full = true;
  expect_error(store().commit(new_run(2)), ErrorCode::kNoSpace, "no space for state file");
  expect_error(store().commit(new_run(2)), ErrorCode::kNoSpace, layout().database());
  EXPECT_EQ(store().last_run_no().value(), 1);
  disk_is_full = false;
  must_commit(store(), new_run(2));
  close();
  open();
  EXPECT_EQ(store().last_run_no().value(), 2);
}

TEST_F(Space, AFullDiskInTheMiddleOfALargeCommitLeavesNothingOfIt) {
  let_writes_fail();
  open();
  must_commit(store(), new_run(1));
  disk_is_full = true;
  // More than the page cache holds, so that rows are written before the commit.
  ChangeSet changes = big_task(1, "a", std::size_t{6} << 20);
  changes.tasks.push_back(big_task(1, "b", std::size_t{6} << 20).tasks.front());
  expect_error(store().commit(changes), ErrorCode::kNoSpace, "no space");
  disk_is_full = false;
  EXPECT_TRUE(store().load_run(1)->tasks.empty());
  must_commit(store(), changes);
}

TEST_F(Space, AFullDiskAtTheFirstStartLeavesNoHalfState) {
  let_writes_fail();
  disk_is_full = true;
  expect_error(open_sqlite_store(layout()), ErrorCode::kNoSpace, "no space");
  EXPECT_FALSE(std::filesystem::exists(layout().database()));
  disk_is_full = false;
  open();
  must_commit(store(), new_run(1));
}

TEST_F(Space, AFileSizeLimitIsNoSpace) {
  const int status = in_child([this] {
    auto owner = open_sqlite_store(layout());
    if (!owner.has_value()) return 1;
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200000, 200000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    const Result<> result = (*owner)->commit(big_task(1, "a", 1 << 20));
    if (result.has_value() || result.error().code != ErrorCode::kNoSpace) return 3;
    if (result.error().message.find("no space") == std::string::npos) return 4;
    return (*owner)->commit(new_run(1)).has_value() ? 0 : 5;
  });
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
}

TEST_F(Space, ARealFullFileSystemIsNoSpace) {
  const std::string mount_point = parent() + "/small";
  std::filesystem::create_directory(mount_point);
  constexpr int kMayNotMount = 77;
  const int status = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=512k") != 0) {
      return kMayNotMount;
    }
    auto owner = open_sqlite_store(StateLayout(mount_point + "/state"));
    if (!owner.has_value() || !(*owner)->commit(new_run(1)).has_value()) return 1;
    const Result<> result = (*owner)->commit(big_task(1, "a", 1 << 20));
    if (result.has_value() || result.error().code != ErrorCode::kNoSpace) return 2;
    if (result.error().message.find("no space") == std::string::npos) return 3;
    return (*owner)->last_run_no().value() == 1 ? 0 : 4;
  });
  if (WEXITSTATUS(status) == kMayNotMount) GTEST_SKIP() << "may not mount a tmpfs (needs root)";
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
}

// Root may write anywhere, so these drop to nobody.
template <class Body>
int as_nobody(Body body) {
  return in_child([&] {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 100;
    return body();
  });
}

TEST_F(Space, AReadOnlyFolderIsNamed) {
  open();
  must_commit(store(), new_run(1));
  close();
  ::chmod(parent().c_str(), 0755);
  ::chmod(layout().folder().c_str(), 0555);
  for (const auto& file : std::filesystem::directory_iterator(layout().folder())) {
    ::chmod(file.path().c_str(), 0444);
  }
  const int status = as_nobody([this] {
    const auto owner = open_sqlite_store(layout());
    if (owner.has_value() || owner.error().code != ErrorCode::kUnavailable) return 1;
    if (owner.error().message.find(layout().folder()) == std::string::npos) return 2;
    const auto reader = open_sqlite_reader(layout());
    if (!reader.has_value()) return 3;
    return (*reader)->find_run(1).has_value() ? 0 : 4;
  });
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
  ::chmod(layout().folder().c_str(), 0755);
}

TEST_F(Space, AReadOnlyFileIsNamed) {
  open();
  close();
  ::chmod(parent().c_str(), 0755);
  ::chmod(layout().folder().c_str(), 0777);
  ::chmod(layout().owner_lock().c_str(), 0666);
  ::chmod(layout().database().c_str(), 0444);
  const int status = as_nobody([this] {
    const auto owner = open_sqlite_store(layout());
    if (owner.has_value() || owner.error().code != ErrorCode::kUnavailable) return 1;
    return owner.error().message.find(layout().database()) == std::string::npos ? 2 : 0;
  });
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
}

TEST_F(Space, AFolderThatMayNotBeMadeIsNamed) {
  ::chmod(parent().c_str(), 0555);
  const int status = as_nobody([this] {
    const auto owner = open_sqlite_store(layout());
    if (owner.has_value() || owner.error().code != ErrorCode::kUnavailable) return 1;
    return owner.error().message.find("cannot be made") == std::string::npos ? 2 : 0;
  });
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
  ::chmod(parent().c_str(), 0755);
}

using SpaceDeathTest = Space;

TEST_F(SpaceDeathTest, AFailedFsyncEndsTheProcess) {
  open();
  must_commit(store(), new_run(1));
  EXPECT_DEATH(
      {
        fsync_fails = true;
        static_cast<void>(store().commit(new_run(2)));
      },
      "could not be written to the disk.*unknown, so this process ends");
  must_commit(store(), new_run(2));
}

TEST_F(SpaceDeathTest, AFailedFsyncOfACheckpointEndsTheProcess) {
  open();
  must_commit(store(), new_run(1));
  int commits = 0;
  // The log is synchronized by the commit first, so only that call may succeed.
  EXPECT_DEATH(
      {
        while (std::filesystem::file_size(log()) < (std::size_t{15} << 20)) {
          must_commit(store(), big_task(1, std::to_string(++commits), std::size_t{1} << 20));
        }
        fsync_fails = true;
        static_cast<void>(store().commit(big_task(1, "last", std::size_t{2} << 20)));
      },
      "this process ends");
}

}  // namespace
}  // namespace cordyna
