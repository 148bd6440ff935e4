#include "store/sqlite/backup.hpp"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "store/sqlite/test_state.hpp"

namespace cordyna {
namespace {

class Backup : public TestState {
 protected:
  [[nodiscard]] std::string file() const { return parent() + "/copy.db"; }
  [[nodiscard]] StateLayout other() const { return StateLayout(parent() + "/other"); }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(parent())) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }
};

TEST_F(Backup, OfAStateThatIsOwnedIsAStateElsewhere) {
  open();
  must_commit(store(), new_run(1));
  must_commit(store(), new_run(2));
  const auto made = back_up_state(layout(), file());
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_EQ(made->runs, 2);
  EXPECT_EQ(made->unfinished, 2);
  EXPECT_EQ(made->bytes, static_cast<std::int64_t>(std::filesystem::file_size(file())));
  must_commit(store(), new_run(3));

  const auto restored = restore_state(file(), other());
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(restored->runs, 2);
  const auto owner = open_sqlite_store(other());
  ASSERT_TRUE(owner.has_value()) << owner.error().message;
  EXPECT_EQ((*owner)->last_run_no().value(), 2);
  must_commit(**owner, new_run(3));
  EXPECT_EQ(store().last_run_no().value(), 3) << "the first goes on";
  EXPECT_EQ(files(), (std::vector<std::string>{"copy.db", "other", "state"})) << "nothing is left";
}

TEST_F(Backup, IsForItsOwnerAlone) {
  open();
  ASSERT_TRUE(back_up_state(layout(), file()).has_value());
  struct stat info{};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

/// Each copy is of one moment: a run and its history come together.
TEST_F(Backup, TakenWhileCommitsGoOnIsOfOneMoment) {
  open();
  must_commit(store(), new_run(1));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (RunNo no = 2; !stop; ++no) {
      ChangeSet changes = new_run(no);
      changes.tasks = big_task(no, "t", 20'000).tasks;
      must_commit(store(), changes);
    }
  });
  for (int i = 0; i < 20; ++i) {
    const std::string name = file() + std::to_string(i);
    const auto made = back_up_state(layout(), name);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open_v2(name.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    std::int64_t difference = -1;
    const auto keep = [](void* out, int, char** texts, char**) {
      *static_cast<std::int64_t*>(out) = std::stoll(texts[0]);
      return 0;
    };
    EXPECT_EQ(
        sqlite3_exec(handle, "SELECT (SELECT count(*) FROM run) - (SELECT count(*) FROM task) - 1",
                     keep, &difference, nullptr),
        SQLITE_OK);
    EXPECT_EQ(difference, 0);
    sqlite3_close(handle);
  }
  stop = true;
  writer.join();
}

TEST_F(Backup, OverwritesNothing) {
  open();
  write_file(file(), "mine");
  expect_error(back_up_state(layout(), file()), ErrorCode::kConflict, "is there already");
  EXPECT_EQ(read_file(file()), "mine");
  std::filesystem::remove(file());
  ASSERT_TRUE(back_up_state(layout(), file()).has_value());
  expect_error(restore_state(file(), layout()), ErrorCode::kConflict, "owned by process");
  close();
  expect_error(restore_state(file(), layout()), ErrorCode::kConflict, "overwrites nothing");
}

TEST_F(Backup, IsNotMixedWithWhatOtherRunsLeft) {
  open();
  ASSERT_TRUE(back_up_state(layout(), file()).has_value());
  std::filesystem::create_directories(other().folder() + "/runs/7");
  expect_error(restore_state(file(), other()), ErrorCode::kConflict, "what runs of another state");
  EXPECT_FALSE(std::filesystem::exists(other().database()));
}

TEST_F(Backup, OfNothingIsNone) {
  expect_error(back_up_state(layout(), file()), ErrorCode::kNotFound, "no state");
  expect_error(restore_state(file(), other()), ErrorCode::kNotFound, "no file");
  EXPECT_FALSE(std::filesystem::exists(other().folder()));
}

TEST_F(Backup, OfADamagedStateIsRefused) {
  open();
  for (RunNo no = 1; no < 200; ++no) must_commit(store(), new_run(no));
  close();
  // Past the header and the schema: a page of rows.
  const int fd = ::open(layout().database().c_str(), O_RDWR | O_CLOEXEC);
  const auto size = static_cast<off_t>(std::filesystem::file_size(layout().database()));
  const std::string noise(2000, '\xaa');
  for (off_t at = size / 2; at + 4096 < size; at += 4096) {
    ASSERT_EQ(::pwrite(fd, noise.data(), noise.size(), at), std::ssize(noise));
  }
  ::close(fd);
  expect_error(back_up_state(layout(), file()), ErrorCode::kCorrupt, "damaged");
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_EQ(files(), (std::vector<std::string>{"state"}));
}

TEST_F(Backup, ThatIsDamagedOrNoneIsRefusedAndLeavesNoState) {
  write_file(file(),
             "no state at all, and not even a database of SQLite, but long enough to be one");
  expect_error(restore_state(file(), other()), ErrorCode::kCorrupt, "damaged");
  EXPECT_FALSE(std::filesystem::exists(other().database()));
  open();
  ASSERT_TRUE(back_up_state(layout(), file() + "2").has_value());
  std::filesystem::resize_file(file() + "2", std::filesystem::file_size(file() + "2") / 2);
  expect_error(restore_state(file() + "2", other()), ErrorCode::kCorrupt, "damaged");
  EXPECT_FALSE(std::filesystem::exists(other().database()));
}

TEST_F(Backup, OfANewerVersionIsRefused) {
  open();
  ASSERT_TRUE(back_up_state(layout(), file()).has_value());
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, "PRAGMA user_version = 999", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(handle);
  expect_error(restore_state(file(), other()), ErrorCode::kCorrupt, "newer version (999)");
}

}  // namespace
}  // namespace cordyna
