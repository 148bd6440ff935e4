#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <csignal>

#include "store/sqlite/state_folder.hpp"
#include "store/sqlite/test_state.hpp"

namespace cordyna {
namespace {

class Ownership : public TestState {};

unsigned mode(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

TEST_F(Ownership, TheFolderIsMadeForItsUserOnly) {
  open();
  must_commit(store(), new_run(1));
  EXPECT_EQ(mode(layout().folder()), 0700U);
  EXPECT_EQ(mode(layout().database()), 0600U);
  EXPECT_EQ(mode(log()), 0600U);
  EXPECT_EQ(mode(layout().owner_lock()), 0600U);
}

TEST_F(Ownership, AFolderWithoutAParentIsRefused) {
  const std::string folder = parent() + "/none/state";
  expect_error(open_sqlite_store(StateLayout(folder)), ErrorCode::kUnavailable, folder);
}

TEST_F(Ownership, AFileInPlaceOfTheFolderIsRefused) {
  write_file(layout().folder(), "not a folder");
  expect_error(open_sqlite_store(layout()), ErrorCode::kUnavailable, layout().folder());
}

TEST_F(Ownership, ASecondOwnerInTheSameProcessIsRefused) {
  open();
  expect_error(open_sqlite_store(layout()), ErrorCode::kConflict,
               fmt::format("'{}' is owned by process {}", layout().folder(), ::getpid()));
  must_commit(store(), new_run(1));
}

TEST_F(Ownership, AClosedStateCanBeOwnedAgain) {
  open();
  const std::uint64_t first = store().epoch();
  close();
  open();
  EXPECT_EQ(store().epoch(), first + 1);
}

// A child that owns the state, has committed run 1, and waits to be killed.
class OwnerChild {
 public:
  explicit OwnerChild(const StateLayout& layout) {
    std::array<int, 2> ready{};
    EXPECT_EQ(::pipe2(ready.data(), O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      auto store = open_sqlite_store(layout);
      const bool good = store.has_value() && (*store)->commit(new_run(1)).has_value();
      if (!good || ::write(ready[1], "r", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
  }
  ~OwnerChild() { kill(); }
  OwnerChild(const OwnerChild&) = delete;
  OwnerChild& operator=(const OwnerChild&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

TEST_F(Ownership, AnotherProcessIsNamedWithinASecond) {
  const OwnerChild owner(layout());
  const auto start = std::chrono::steady_clock::now();
  expect_error(open_sqlite_store(layout()), ErrorCode::kConflict,
               fmt::format("owned by process {}", owner.pid()));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST_F(Ownership, AKilledOwnerLeavesTheStateToTheNext) {
  OwnerChild owner(layout());
  owner.kill();
  open();
  EXPECT_EQ(store().epoch(), 2U);
  EXPECT_EQ(store().last_run_no().value(), 1);
}

TEST_F(Ownership, AnOwnerWhoseEpochWasTakenWritesNothingMore) {
  open();
  must_commit(store(), new_run(1));
  meddle("UPDATE meta SET epoch = epoch + 1");
  expect_error(store().commit(new_run(2)), ErrorCode::kUnavailable, "taken by another owner");
  EXPECT_EQ(store().last_run_no().value(), 1);
}

TEST_F(Ownership, ACleanEndLeavesEverythingInTheOneFile) {
  open();
  must_commit(store(), new_run(1));
  EXPECT_GT(std::filesystem::file_size(log()), 0U);
  close();
  EXPECT_EQ(std::filesystem::file_size(log()), 0U);
  EXPECT_TRUE(read_file(layout().owner_lock()).starts_with("ended "));
}

/// Folders go by the numbers of runs: whoever gets one again gets what its run left.
TEST_F(Ownership, ANumberWhoseFolderIsThereIsNotGivenAgain) {
  open();
  must_commit(store(), new_run(1));
  close();
  for (const char* name : {"1", "12", ".next-77", "13x"}) {
    std::filesystem::create_directories(layout().folder() + "/runs/" + name);
  }
  open();
  EXPECT_EQ(store().last_run_no().value(), 1) << "an owner that ended well knows of all";
  close();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(layout().database() + suffix);
  }
  for (int owners = 0; owners < 2; ++owners) {
    open();
    EXPECT_EQ(store().last_run_no().value(), 12) << "also for the owners after";
    close();
  }
  open();
  must_commit(store(), new_run(13));
  EXPECT_EQ(store().last_run_no().value(), 13);
}

TEST_F(Ownership, TheLockSaysWhetherTheFileIsToBeTrusted) {
  open();
  close();
  const auto trust = [this] {
    auto lock = sqlite::OwnerLock::take(layout());
    return lock.has_value() ? lock->trust() : sqlite::Trust::kCutShort;
  };
  EXPECT_EQ(trust(), sqlite::Trust::kWhole);
  EXPECT_EQ(trust(), sqlite::Trust::kWhole) << "who only looked leaves it as it was";
  EXPECT_EQ(in_child([this] {
              auto owner = open_sqlite_store(layout());
              static_cast<void>(owner->release());
              return 0;
            }),
            0);
  EXPECT_EQ(trust(), sqlite::Trust::kCutShort);
  open();
  close();
  EXPECT_EQ(trust(), sqlite::Trust::kWhole);
  std::filesystem::last_write_time(layout().database(), std::filesystem::file_time_type::min());
  EXPECT_EQ(trust(), sqlite::Trust::kUncertain) << "another file";
  for (const char* text : {"", "7\n", "ended another-boot 1 0 1 1\n", "\xff\xff 7 x y\n"}) {
    write_file(layout().owner_lock(), text);
    EXPECT_EQ(trust(), sqlite::Trust::kUncertain) << text;
  }
}

TEST_F(Ownership, TheLogIsCopiedIntoTheFileBeforeItGrowsLarge) {
  open();
  must_commit(store(), new_run(1));
  constexpr std::size_t kMebibyte = std::size_t{1} << 20;
  for (int i = 0; i < 64; ++i) {
    must_commit(store(), big_task(1, "task-" + std::to_string(i), kMebibyte));
  }
  EXPECT_LT(std::filesystem::file_size(log()), 20 * kMebibyte);
  EXPECT_GT(std::filesystem::file_size(layout().database()), 40 * kMebibyte);
  EXPECT_EQ(store().load_run(1)->tasks.size(), 64U);
}

TEST_F(Ownership, ADraftLeftByACrashIsNoState) {
  std::filesystem::create_directory(layout().folder());
  write_file(layout().database() + ".new", "half written");
  open();
  must_commit(store(), new_run(1));
  EXPECT_FALSE(std::filesystem::exists(layout().database() + ".new"));
}

}  // namespace
}  // namespace cordyna
