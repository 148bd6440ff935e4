#include <set>

#include "store/sqlite/database.hpp"
#include "store/sqlite/test_state.hpp"

namespace cordyna {
namespace {

class Reader : public TestState {
 protected:
  [[nodiscard]] std::unique_ptr<StoreReader> read() {
    auto reader = open_sqlite_reader(layout());
    EXPECT_TRUE(reader.has_value()) << reader.error().message;
    return reader.has_value() ? std::move(*reader) : nullptr;
  }

  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(layout().folder())) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
};

TEST_F(Reader, AMissingStateIsNotFoundAndNotMade) {
  expect_error(open_sqlite_reader(layout()), ErrorCode::kNotFound, layout().folder());
  EXPECT_FALSE(std::filesystem::exists(layout().folder()));

  std::filesystem::create_directory(layout().folder());
  expect_error(open_sqlite_reader(layout()), ErrorCode::kNotFound, layout().folder());
  EXPECT_EQ(files(), std::set<std::string>{});
}

TEST_F(Reader, SeesWhatAnOwnerCommitsWhileItWrites) {
  open();
  must_commit(store(), new_run(1));
  const auto reader = read();
  EXPECT_EQ(reader->list_runs({})->size(), 1U);
  must_commit(store(), new_run(2));
  EXPECT_EQ(reader->list_runs({})->size(), 2U);
  EXPECT_EQ(reader->find_run(RunId{"run-2"})->no, 2);
}

TEST_F(Reader, ATransactionThatCouldNotEndForWantOfMemoryEndsWithTheNextStatement) {
  open();
  must_commit(store(), new_run(1));
  const auto database = sqlite::Database::open(layout().database(), sqlite::Access::kRead);
  ASSERT_TRUE(database.has_value());
  sqlite::Database& reader = **database;
  auto count = reader.prepare("SELECT count(*) FROM run");
  const auto counted = [&count] {
    const sqlite::ResetGuard reset(*count);
    return count->step().value() ? count->integer(0) : -1;
  };
  ASSERT_TRUE(reader.run("BEGIN").has_value());
  EXPECT_EQ(counted(), 1);
  sqlite3_hard_heap_limit64(1);
  reader.roll_back();
  sqlite3_hard_heap_limit64(0);
  must_commit(store(), new_run(2));
  EXPECT_EQ(counted(), 2);
}

TEST_F(Reader, ReadsAStateThatNobodyOwnsAndLeavesNothingBehind) {
  open();
  must_commit(store(), new_run(1));
  close();
  const std::set<std::string> before = files();
  const std::string content = read_file(layout().database());

  EXPECT_EQ(read()->find_run(1)->id.value, "run-1");

  EXPECT_EQ(files(), before);
  EXPECT_EQ(read_file(layout().database()), content);
}

TEST_F(Reader, NeverCopiesTheLogIntoTheFile) {
  // The child ends without closing, as after a kill: its commits are in the log only.
  const int status = in_child([this] {
    auto owner = open_sqlite_store(layout());
    if (!owner.has_value() || !(*owner)->commit(new_run(1)).has_value()) return 1;
    static_cast<void>(owner->release());
    return 0;
  });
  ASSERT_EQ(status, 0);
  const auto log_size = std::filesystem::file_size(log());
  ASSERT_GT(log_size, 0U);

  EXPECT_EQ(read()->find_run(1)->id.value, "run-1");

  EXPECT_EQ(std::filesystem::file_size(log()), log_size);
}

TEST_F(Reader, DoesNotStandInTheWayOfTheNextOwner) {
  open();
  must_commit(store(), new_run(1));
  const auto reader = read();
  close();
  open();
  must_commit(store(), new_run(2));
  EXPECT_EQ(reader->list_runs({})->size(), 2U);
}

TEST_F(Reader, RefusesAnOlderState) {
  open();
  close();
  meddle("PRAGMA user_version = 0");
  expect_error(open_sqlite_reader(layout()), ErrorCode::kUnavailable, "older version");
}

TEST_F(Reader, AFolderNamedLikeAUriIsOnlyAName) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(parent());
  const StateLayout odd("file:state?mode=memory");
  {
    auto opened = open_sqlite_store(odd);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    must_commit(**opened, new_run(1));
  }
  EXPECT_EQ((*open_sqlite_reader(odd))->list_runs({})->size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(odd.database()));
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace cordyna
