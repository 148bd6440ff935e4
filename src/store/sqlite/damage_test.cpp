#include <fmt/format.h>

#include "store/sqlite/test_state.hpp"

namespace cordyna {
namespace {

class Damage : public TestState {
 protected:
  // A clean state of about 400 KB with run 1.
  void SetUp() override {
    open();
    close();
    empty_bytes_ = std::filesystem::file_size(layout().database());
    open();
    must_commit(store(), new_run(1));
    for (int i = 0; i < 100; ++i) {
      must_commit(store(), big_task(1, fmt::format("task-{:03}", i), 4000));
    }
    close();
  }

  void expect_both_refuse(const std::string& part) {
    expect_error(open_sqlite_store(layout()), ErrorCode::kCorrupt, part);
    expect_error(open_sqlite_reader(layout()), ErrorCode::kCorrupt, part);
  }

  std::size_t empty_bytes_ = 0;  // of a state without rows: its schema
};

TEST_F(Damage, AnEmptiedFileIsNotABeginning) {
  write_file(layout().database(), "");
  expect_both_refuse("no state of Cordyna");
  EXPECT_EQ(std::filesystem::file_size(layout().database()), 0U);
}

TEST_F(Damage, AFileCutShortIsNamed) {
  std::filesystem::resize_file(layout().database(), 8192);
  expect_both_refuse(fmt::format("state file '{}' is damaged", layout().database()));
}

TEST_F(Damage, AFileCutInsideAPageIsNamed) {
  std::filesystem::resize_file(layout().database(), 100);
  expect_both_refuse("is damaged");
}

TEST_F(Damage, AGarbageHeaderIsNamed) {
  std::string content = read_file(layout().database());
  content.replace(0, 100, 100, '\xAA');
  write_file(layout().database(), content);
  expect_both_refuse("restore it from a backup");
}

TEST_F(Damage, TextInPlaceOfTheFileIsNamed) {
  write_file(layout().database(), std::string(5000, 'x'));
  expect_both_refuse("is damaged");
}

TEST_F(Damage, AnotherProgramsFileIsLeftAlone) {
  std::filesystem::remove(layout().database());
  meddle("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  const std::string before = read_file(layout().database());
  expect_both_refuse("no state of Cordyna");
  EXPECT_EQ(read_file(layout().database()), before);
}

TEST_F(Damage, FlippedBytesInTheMiddleAreAnErrorAtTheirUse) {
  std::string content = read_file(layout().database());
  // All pages after the schema: wherever the rows lie, they are hit.
  for (std::size_t page = empty_bytes_; page < content.size(); page += 4096) {
    content.replace(page, 64, 64, '\xAA');
  }
  open();
  write_file(layout().database(), content);

  auto reader = open_sqlite_reader(layout());
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  expect_error((*reader)->load_run(1), ErrorCode::kCorrupt, layout().database());
  expect_error(store().load_run(1), ErrorCode::kCorrupt, "is damaged");
  expect_error(store().commit(big_task(1, "task-100", 10)), ErrorCode::kCorrupt, "is damaged");
}

TEST_F(Damage, AFlippedLetterOfTheRulesIsNoMistakeOfOurs) {
  std::string content = read_file(layout().database());
  const std::string word = "state = 'skipped'";  // of no row that is there
  std::size_t flipped = 0;
  for (std::size_t at = content.find(word); at != std::string::npos; at = content.find(word, at)) {
    content[at + word.size() - 2] = 'h';
    ++flipped;
  }
  ASSERT_GT(flipped, 0U);
  write_file(layout().database(), content);
  open();
  ChangeSet changes = big_task(1, "task-100", 10);
  changes.tasks[0].state = TaskState::kSkipped;
  expect_error(store().commit(changes), ErrorCode::kCorrupt,
               "its rules are not those that it was made with");
}

/// What a lost page does: rows that say another thing than those beside them.
constexpr const char* kContradiction = "UPDATE run SET state = 'completed' WHERE no = 1";

TEST_F(Damage, RowsThatContradictAreRefusedWhereTheFileIsNotAsItWasLeft) {
  meddle(kContradiction);
  for (int tries = 0; tries < 2; ++tries) {
    expect_error(open_sqlite_store(layout()), ErrorCode::kCorrupt,
                 "is damaged (run 1 is completed, and its history ends pending): restore it");
  }
  meddle("UPDATE run SET state = 'pending'");
  open();
}

TEST_F(Damage, AfterARestartOfTheMachineAllOfItIsLookedAt) {
  open();
  meddle(kContradiction);
  close();
  open();  // it is as its owner left it
  close();
  write_file(layout().owner_lock(), "");
  expect_error(open_sqlite_store(layout()), ErrorCode::kCorrupt, "run 1 is completed");
}

TEST_F(Damage, EachContradictionIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"DELETE FROM history; INSERT INTO history VALUES (1, 2, 0, '', 0, 'pending', '', '', '')",
       "the history of run 1 has 1 entries up to 2"},
      {"DELETE FROM run", "run 1 is missing, and its history ends pending"},
      {"DELETE FROM history", "run 1 has no history"},
      {"UPDATE task SET run = 2 WHERE path = 'task-007'",
       "run 2 is missing, and its task task-007 is there"},
      {"DELETE FROM flow_version", "the flow of run 1 is missing"},
      {"INSERT INTO applied_flow (ns, flow_id, version, hash, folder, file, applied_at, removed_at)"
       " VALUES ('', 'f', 3, 'h', '', '', 1, 0)",
       "version 3 of flow f is missing"},
      {"INSERT INTO audit VALUES (2, 1, 'a', '', 'x', '', '', '', '', printf('%064d', 0))",
       "the audit has 1 entries up to 2"},
  };
  const std::string good = read_file(layout().database());
  for (const auto& [change, found] : cases) {
    meddle(change);
    expect_error(open_sqlite_store(layout()), ErrorCode::kCorrupt, found);
    write_file(layout().database(), good);
    write_file(log(), "");
  }
}

TEST_F(Damage, AMissingTableIsDamage) {
  meddle("DROP TABLE history");
  expect_both_refuse("no such table");
}

TEST_F(Damage, AMissingEpochIsDamage) {
  meddle("DELETE FROM meta");
  expect_error(open_sqlite_store(layout()), ErrorCode::kCorrupt, "is damaged");
}

TEST_F(Damage, AnUnknownWordIsDamage) {
  open();
  meddle("PRAGMA ignore_check_constraints = ON; UPDATE run SET state = 'asleep'");
  expect_error(store().find_run(1), ErrorCode::kCorrupt, "unknown run state 'asleep'");
  meddle(
      "PRAGMA ignore_check_constraints = ON;"
      "UPDATE run SET state = 'running';"
      "UPDATE task SET error_code = 'ODD' WHERE path = 'task-007'");
  expect_error(store().load_run(1), ErrorCode::kCorrupt, "unknown error code 'ODD'");
}

TEST_F(Damage, ANewerVersionIsRefusedAndLeftAsItIs) {
  meddle("PRAGMA user_version = 99");
  const std::string before = read_file(layout().database());
  expect_both_refuse("of a newer version (99, this dyna knows up to ");
  EXPECT_EQ(read_file(layout().database()), before);
}

TEST_F(Damage, ALogWithoutItsFileIsNotThrownAway) {
  std::filesystem::remove(layout().database());
  write_file(log(), "commits that were not copied");
  expect_error(open_sqlite_store(layout()), ErrorCode::kCorrupt, "its log");
  EXPECT_TRUE(std::filesystem::exists(log()));

  // The empty log of a clean end says nothing: then it is a new beginning.
  write_file(log(), "");
  open();
  EXPECT_EQ(store().last_run_no().value(), 0);
}

TEST_F(Damage, AnUncommittedTailOfTheLogIsDropped) {
  const int status = in_child([this] {
    auto owner = open_sqlite_store(layout());
    if (!owner.has_value() || !(*owner)->commit(new_run(2)).has_value()) return 1;
    static_cast<void>(owner->release());
    return 0;
  });
  ASSERT_EQ(status, 0);
  write_file(log(), read_file(log()) + std::string(3000, '\x55'));
  open();
  EXPECT_EQ(store().last_run_no().value(), 2);
}

}  // namespace
}  // namespace cordyna
