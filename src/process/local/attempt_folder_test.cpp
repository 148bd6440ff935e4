#include "process/local/attempt_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include "process/local/ended_list.hpp"
#include "process/local/fence.hpp"
#include "process/local/files.hpp"
#include "process/local/local_test_support.hpp"

namespace cordyna::local {
namespace {

using local_test::read_text;
using local_test::write_text;

class AttemptFolderTest : public testing::Test {
 protected:
  AttemptFolderTest() {
    open_ = open_folder(AT_FDCWD, state_.layout().folder().c_str());
    fence_ = open_fence(open_.get());
    text_ = guardian_text(process_info(getpid())->id, boot_);
  }
  [[nodiscard]] int begin(const std::string& name, AttemptFolder& next,
                          const std::vector<LaunchFile>& files = {}) {
    AttemptFolder none;
    if (!next.valid()) {
      if (const int error = make_next_folder(open_.get(), text_, next, none)) return error;
    }
    return begin_attempt(open_.get(), name, files, next, fence_, 0);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return state_.layout().folder() + "/runs/" + name;
  }
  /// A folder as a guardian would have left it.
  void forge(const std::string& name, const std::string& guardian) {
    std::filesystem::create_directories(path(name));
    write_text(path(name) + "/guardian", guardian);
  }
  [[nodiscard]] FolderLook look(const std::string& name) const {
    return look_at_folder(path(name), boot_);
  }

  local_test::TestState state_;
  const std::string boot_ = boot_id();
  Fd open_;
  Fd fence_;
  std::string text_;
};

TEST_F(AttemptFolderTest, NothingThereWasNeverBegun) {
  EXPECT_EQ(look("1/0-1").state, FolderState::kAbsent);
}

TEST_F(AttemptFolderTest, AnAttemptBeginsOnce) {
  AttemptFolder first;
  AttemptFolder second;
  ASSERT_EQ(begin("1/0-1", first, {{"step.json", "{}"}}), 0);
  EXPECT_EQ(read_text(path("1/0-1/step.json")), "{}");
  EXPECT_EQ(begin("1/0-1", second, {{"step.json", "other"}}), EEXIST);
  EXPECT_EQ(read_text(path("1/0-1/step.json")), "{}");
  // What was refused serves for another attempt.
  EXPECT_EQ(begin("1/1-1", second, {{"step.json", "other"}}), 0);
  EXPECT_EQ(read_text(path("1/1-1/step.json")), "other");
}

TEST_F(AttemptFolderTest, FilesAreForTheOwnerAlone) {
  AttemptFolder folder;
  ASSERT_EQ(begin("1/0-1", folder, {{"script", "x"}}), 0);
  struct stat status{};
  for (const std::string name : {"/script", "/guardian"}) {
    ASSERT_EQ(stat((path("1/0-1") + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
  }
  for (const std::string name : {"", "/artifacts", "/work"}) {
    ASSERT_EQ(stat((path("1/0-1") + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U);
  }
}

TEST_F(AttemptFolderTest, AFileNameThatLeavesTheFolderIsRefused) {
  AttemptFolder folder;
  EXPECT_EQ(begin("1/0-1", folder, {{"../x", "x"}}), EINVAL);
  EXPECT_EQ(look("1/0-1").state, FolderState::kAbsent);
}

TEST_F(AttemptFolderTest, TheLockSaysThatTheGuardianLives) {
  AttemptFolder folder;
  ASSERT_EQ(begin("1/0-1", folder), 0);
  EXPECT_EQ(look("1/0-1").state, FolderState::kAlive);
  folder.lock.reset();
  const FolderLook after = look("1/0-1");
  EXPECT_EQ(after.state, FolderState::kGone);
  EXPECT_EQ(after.detail, "its guardian was killed");
}

TEST_F(AttemptFolderTest, TheRecordIsReadWhereverItStands) {
  ExitRecord record;
  record.exit_code = 5;
  AttemptFolder folder;
  ASSERT_EQ(begin("1/0-1", folder), 0);
  ASSERT_EQ(end_attempt(folder, record), 0);
  EXPECT_EQ(look("1/0-1").state, FolderState::kEnded);
  EXPECT_EQ(look("1/0-1").record, record);
  // Killed after the record was written, before the renaming.
  forge("1/1-1", text_ + encode(record));
  EXPECT_EQ(look("1/1-1").record, record);
  forge("1/2-1", text_ + encode(record).substr(0, 10));
  EXPECT_EQ(look("1/2-1").state, FolderState::kGone);
}

TEST_F(AttemptFolderTest, EmptyInnerFoldersServeAgain) {
  AttemptFolder first;
  ASSERT_EQ(begin("1/0-1", first), 0);
  write_text(path("1/0-1/artifacts/kept"), "x");
  AttemptFolder second;
  ASSERT_EQ(make_next_folder(open_.get(), text_, second, first), 0);
  ASSERT_EQ(begin("1/1-1", second), 0);
  EXPECT_TRUE(std::filesystem::exists(path("1/0-1/artifacts/kept")));
  EXPECT_FALSE(std::filesystem::exists(path("1/0-1/work")));
  EXPECT_TRUE(std::filesystem::is_empty(path("1/1-1/artifacts")));
  EXPECT_TRUE(std::filesystem::is_empty(path("1/1-1/work")));
}

TEST_F(AttemptFolderTest, AFolderWithNothingInItServesAgain) {
  AttemptFolder folder;
  ASSERT_EQ(begin("1/0-1", folder), 0);
  EXPECT_TRUE(left_nothing(folder));
  ASSERT_EQ(append_ended(open_.get(), "1/0-1", {.exit_code = 0}), 0);
  ASSERT_EQ(begin("1/1-1", folder), 0);
  EXPECT_FALSE(std::filesystem::exists(path("1/0-1")));
  EXPECT_EQ(look("1/0-1").state, FolderState::kEnded);
  EXPECT_EQ(look("1/1-1").state, FolderState::kAlive);
}

TEST_F(AttemptFolderTest, WhateverAnAttemptLeftKeepsItsFolder) {
  const auto after = [&](const std::string& name, const std::function<void(std::string)>& task) {
    AttemptFolder folder;
    EXPECT_EQ(begin(name, folder), 0);
    task(path(name));
    return left_nothing(folder);
  };
  namespace fs = std::filesystem;
  EXPECT_FALSE(after("1/0-1", [](const std::string& at) { write_text(at + "/outputs", "x"); }));
  EXPECT_FALSE(after("1/1-1", [](const std::string& at) { write_text(at + "/artifacts/x", ""); }));
  EXPECT_FALSE(after("1/2-1", [](const std::string& at) { write_text(at + "/work/x", ""); }));
  EXPECT_FALSE(after("1/3-1", [](const std::string& at) { fs::remove(at + "/work"); }));
  EXPECT_FALSE(after("1/4-1", [](const std::string& at) { chmod((at + "/work").c_str(), 0500); }));
  EXPECT_FALSE(after("1/5-1", [](const std::string& at) { chmod(at.c_str(), 0755); }));
  EXPECT_FALSE(after("1/6-1", [](const std::string& at) {
    fs::rename(at + "/work", at + "/artifacts/work");
    fs::create_directory(at + "/work");
  }));
  EXPECT_FALSE(after("1/7-1", [](const std::string& at) {
    fs::remove(at + "/artifacts");
    fs::create_directory_symlink("/tmp", at + "/artifacts");
  }));
}

// Its guardian was killed before the folder moved on.
TEST_F(AttemptFolderTest, AnEndThatIsListedCountsThoughTheFolderIsThere) {
  forge("1/0-1", text_);
  ASSERT_EQ(append_ended(open_.get(), "1/0-1", {.exit_code = 7}), 0);
  EXPECT_EQ(look("1/0-1").state, FolderState::kEnded);
  EXPECT_EQ(look("1/0-1").record.exit_code, 7);
  EXPECT_EQ(look("1/0-10").state, FolderState::kAbsent);
}

TEST_F(AttemptFolderTest, ALineThatWasCutShortHidesNoOther) {
  std::filesystem::create_directories(path("1"));
  write_text(path("1/ended"), "\n0-1 {\"version\":1,\"ex");
  ASSERT_EQ(append_ended(open_.get(), "1/1-1", {.exit_code = 3}), 0);
  EXPECT_EQ(look("1/0-1").state, FolderState::kAbsent);
  EXPECT_EQ(look("1/1-1").record.exit_code, 3);
}

TEST_F(AttemptFolderTest, TheListIsReadToItsEnd) {
  std::filesystem::create_directories(path("1"));
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "1/" + std::to_string(i) + "-1";
    ASSERT_EQ(append_ended(open_.get(), name, {.exit_code = i % 200}), 0);
  }
  EXPECT_EQ(look("1/1999-1").record.exit_code, 199);
  EXPECT_EQ(look("1/700-1").record.exit_code, 100);
  EXPECT_EQ(look("1/2000-1").state, FolderState::kAbsent);
}

// What an earlier owner ordered does not begin once another has come.
TEST_F(AttemptFolderTest, ARaisedFenceKeepsAnAttemptFromBeginning) {
  AttemptFolder folder;
  const auto first = raise_fence(state_.layout().folder());
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(begin("1/0-1", folder), ESTALE);
  EXPECT_EQ(look("1/0-1").state, FolderState::kAbsent);
  EXPECT_EQ(begin_attempt(open_.get(), "1/0-1", {}, folder, fence_, *first), 0);
}

TEST_F(AttemptFolderTest, AClosedGateStaysClosed) {
  ExitRecord record;
  record.cancelled = true;
  ASSERT_EQ(close_gate(state_.layout().folder(), "1/0-1", record), 0);
  EXPECT_EQ(look("1/0-1").record, record);
  AttemptFolder folder;
  EXPECT_EQ(begin("1/0-1", folder), EEXIST);
  ASSERT_EQ(begin("1/1-1", folder), 0);
  EXPECT_EQ(close_gate(state_.layout().folder(), "1/1-1", record), EEXIST);
}

// R40, R41.
TEST_F(AttemptFolderTest, AStaleNumberIsNobody) {
  const pid_t stranger = fork();
  if (stranger == 0) {
    while (true) pause();
  }
  const ProcessInfo info = *process_info(stranger);
  const auto line = [&](std::uint64_t start, const std::string& boot) {
    return guardian_text({stranger, start}, boot);
  };
  forge("1/0-1", line(info.id.start + 1, boot_));
  EXPECT_EQ(look("1/0-1").state, FolderState::kGone);
  forge("1/1-1", line(info.id.start, boot_));  // even the right time: it holds no lock
  EXPECT_EQ(look("1/1-1").state, FolderState::kGone);
  forge("1/2-1", line(info.id.start, "another-boot"));
  EXPECT_EQ(look("1/2-1").detail, "the host was restarted");
  EXPECT_FALSE(look("1/2-1").same_boot);
  // Somebody holds the lock, but the number is not theirs: it lives where it cannot be seen.
  forge("1/3-1", line(info.id.start + 1, boot_));
  const Fd held(open((path("1/3-1") + "/guardian").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(flock(held.get(), LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(look("1/3-1").state, FolderState::kHidden);
  EXPECT_FALSE(signal_process(ProcessId{stranger, info.id.start + 1}, SIGKILL));
  EXPECT_FALSE(local_test::is_gone(stranger));
  kill(stranger, SIGKILL);
  waitpid(stranger, nullptr, 0);
}

TEST_F(AttemptFolderTest, DamagedFilesAreSaidToBe) {
  for (const char* text : {"", "\n", "12", "12 x boot\n", "pid 3 boot\n", "12 34"}) {
    forge("1/0-1", text);
    EXPECT_EQ(look("1/0-1").state, FolderState::kGone) << text;
  }
  write_text(path("1/0-1/exit"), "{\"version\":1");
  EXPECT_EQ(look("1/0-1").state, FolderState::kGone);
  EXPECT_EQ(look("1/0-1").detail, "the exit record is damaged");
}

TEST(FilesTest, TreesAreRemovedWithoutFollowingLinks) {
  const local_test::TestState state;
  const std::string outside = state.path("outside");
  const std::string tree = state.path("tree");
  std::filesystem::create_directories(outside);
  write_text(outside + "/kept", "x");
  std::filesystem::create_directories(tree + "/a/b");
  write_text(tree + "/a/b/file", "x");
  ASSERT_EQ(symlink(outside.c_str(), (tree + "/link").c_str()), 0);
  ASSERT_EQ(chmod((tree + "/a/b").c_str(), 0), 0);
  const Fd parent = open_folder(AT_FDCWD, state.path("").c_str());
  remove_tree(parent.get(), "tree");
  EXPECT_FALSE(std::filesystem::exists(tree));
  EXPECT_TRUE(std::filesystem::exists(outside + "/kept"));
}

TEST(FilesTest, CleanTextIsUtf8WithoutControls) {
  EXPECT_EQ(clean_text("a\tb\x7f\xc3\xbc\xc3", 100), "a b \xc3\xbc\xef\xbf\xbd");
  EXPECT_EQ(clean_text("\xed\xa0\x80", 100), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(clean_text("\xc3\xbc\xc3\xbc", 3), "\xc3\xbc");
}

}  // namespace
}  // namespace cordyna::local
