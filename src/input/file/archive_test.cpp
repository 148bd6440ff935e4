#include "input/file/archive.hpp"

#include <sys/stat.h>

#include "input/file/file_fixture.hpp"

namespace cordyna::input {
namespace {

namespace fs = std::filesystem;

class ArchiveTest : public FileTest {
 protected:
  ArchiveTest() { options.archive = (base / "done").string(); }

  [[nodiscard]] std::string archived(std::string_view path) const {
    std::ifstream file(fs::path(options.archive) / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] Stamp stamp_of(std::string_view path) const {
    return Tree::open(options.folder)->look(path)->stamp;
  }
};

TEST_F(ArchiveTest, NamesAreBesideTheFirst) {
  EXPECT_EQ(archive_path("a/b.csv", 0), "a/b.csv");
  EXPECT_EQ(archive_path("a/b.csv", 1), "a/b~2.csv");
  EXPECT_EQ(archive_path("b", 2), "b~3");
  EXPECT_EQ(archive_path(".b", 1), ".b~2");
  EXPECT_EQ(archive_path(std::string(251, 'x') + ".csv", 1).size(), 255U);
}

TEST_F(ArchiveTest, AFileLeavesTheFolderAndItsEventSaysWhereItIs) {
  options.recursive = true;
  begin_well();
  write("a/b.csv", "abc");
  pass_well(4'000);
  EXPECT_EQ(told(), Lines{"create a/b.csv 3"});
  EXPECT_EQ(kept.events[0].location, options.archive + "/a/b.csv");
  EXPECT_EQ(archived("a/b.csv"), "abc");
  EXPECT_FALSE(fs::exists(at("a/b.csv")));
  EXPECT_TRUE(kept.marks.empty());
  write("a/b.csv", "other");
  pass_well(4'000);
  EXPECT_EQ(told(), Lines{"create a/b.csv 5"});
  EXPECT_EQ(kept.events[1].location, options.archive + "/a/b~2.csv");
  EXPECT_EQ(archived("a/b.csv"), "abc");
  EXPECT_EQ(archived("a/b~2.csv"), "other");
}

TEST_F(ArchiveTest, ItMayLieInTheFolderThatIsWatched) {
  options.archive = at("done").string();
  options.recursive = true;
  begin_well();
  write("a.csv", "1");
  pass_well(300'000);
  EXPECT_EQ(told(), Lines{"create a.csv 1"});
  EXPECT_EQ(archived("a.csv"), "1");
}

/// Each call to the sink that a file needs falls over, before or after it is kept.
TEST_F(ArchiveTest, WhereverItFallsOverAFileHasOneEventAndIsWhereItSays) {
  for (int call = 0; call < 5; ++call) {
    for (const bool keeps_first : {false, true}) {
      const std::string name = "f" + std::to_string(call) + (keeps_first ? "k" : "n");
      begin_well();
      sink->fall_in(call, keeps_first);
      write(name, "x");
      if (!pass(2'000).has_value()) begin_well();
      pass_well(4'000);
      EXPECT_EQ(told(), Lines{"create " + name + " 1"});
      EXPECT_EQ(kept.events.back().location, options.archive + "/" + name);
      EXPECT_EQ(archived(name), "x");
      EXPECT_FALSE(fs::exists(at(name)));
      EXPECT_FALSE(fs::exists(fs::path(options.archive) / (name + "~2")));
      EXPECT_TRUE(kept.marks.empty());
    }
  }
}

TEST_F(ArchiveTest, AnArchiveThatCannotBeMadeHoldsAllBackAndIsTold) {
  std::ofstream(options.archive) << "a file";
  begin_well();
  write("a.csv", "1");
  pass_well(4'000);
  EXPECT_EQ(told(), Lines{});
  EXPECT_TRUE(sink->told.contains(options.archive)) << sink->told;
  fs::remove(options.archive);
  pass_well(10'000);
  EXPECT_EQ(told(), Lines{"create a.csv 1"});
  EXPECT_EQ(sink->told, "");
}

TEST_F(ArchiveTest, WhatIsNotAsItWasIsNotAddedAndNotTakenAway) {
  write("a", "1");
  const Stamp before = stamp_of("a");
  write("a", "22");
  const Tree from = Tree::open(options.folder).value();
  Archive archive = Archive::open(options.archive, from).value();
  EXPECT_EQ(archive.add(from, "a", before, {}).value(), std::nullopt);
  EXPECT_EQ(archive.add(from, "gone", before, {}).value(), std::nullopt);
  EXPECT_FALSE(fs::exists(fs::path(options.archive) / "a"));
  ASSERT_TRUE(take_away(from, "a", before).has_value());
  EXPECT_TRUE(fs::exists(at("a")));
  ASSERT_TRUE(take_away(from, "a", stamp_of("a")).has_value());
  EXPECT_FALSE(fs::exists(at("a")));
  ASSERT_TRUE(take_away(from, "a", before).has_value()) << "again";
}

TEST_F(ArchiveTest, AnotherFileThatWasTakenIsGivenBack) {
  write("a", "told of");
  const Stamp before = stamp_of("a");
  const Tree from = Tree::open(options.folder).value();
  Archive archive = Archive::open(options.archive, from).value();
  ASSERT_EQ(archive.add(from, "a", before, {}).value(), 0);
  // As a program left it that ended between a rename and a look: another file had come.
  write("new", "newer");
  fs::rename(at("new"), at(own_name("a")));
  ASSERT_TRUE(take_away(from, "a", before).has_value());
  EXPECT_TRUE(fs::exists(at("a")));
  EXPECT_TRUE(fs::exists(at("a~2"))) << "the name was taken";
}

TEST_F(ArchiveTest, OfAnotherFileSystemItIsCopied) {
  const fs::path elsewhere = "/dev/shm";
  struct stat here{};
  struct stat there{};
  if (::stat(elsewhere.c_str(), &there) != 0 || ::stat(base.c_str(), &here) != 0 ||
      here.st_dev == there.st_dev) {
    GTEST_SKIP() << "there is only one file system";
  }
  std::string made = (elsewhere / "file-archive-XXXXXX").string();
  ASSERT_NE(::mkdtemp(made.data()), nullptr);
  options.archive = made;
  begin_well();
  write("a", std::string(200'000, 'x'));
  pass_well(2'000);
  write("a", "other");
  pass_well(4'000);
  EXPECT_EQ(told(), (Lines{"create a 200000", "create a 5"}));
  EXPECT_EQ(archived("a").size(), 200'000U);
  EXPECT_EQ(archived("a~2"), "other");
  EXPECT_FALSE(fs::exists(at("a")));
  EXPECT_EQ(std::distance(fs::directory_iterator(made), fs::directory_iterator()), 2);
  fs::remove_all(made);
}

}  // namespace
}  // namespace cordyna::input
