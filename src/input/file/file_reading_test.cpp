#include <sys/stat.h>

#include "base/base64.hpp"
#include "input/file/file_fixture.hpp"

namespace cordyna::input {
namespace {

namespace fs = std::filesystem;

class FileReadingTest : public FileTest {};

TEST_F(FileReadingTest, AFileIsToldOnceItHasComeToRest) {
  begin_well();
  write("a.csv", "abc");
  pass_well(1'999);
  EXPECT_EQ(told(), Lines{});
  pass_well(1);
  EXPECT_EQ(told(), Lines{"create a.csv 3"});
  const Event& event = kept.events.front();
  EXPECT_EQ(event.location, options.folder + "/a.csv");
  EXPECT_NE(event.key, "");
  const boost::json::value data = boost::json::parse(event.data);
  EXPECT_EQ(data.at("path").as_string(), "a.csv");
  EXPECT_EQ(data.at("folder").as_string(), options.folder);
  EXPECT_GT(data.at("inode").to_number<std::int64_t>(), 0);
  EXPECT_TRUE(data.at("modified").as_string().ends_with("Z"));
  pass_well(600'000);
  EXPECT_EQ(told(), Lines{});
}

TEST_F(FileReadingTest, OneThatIsWrittenSlowlyIsWaitedForUntilItIsClosed) {
  begin_well();
  std::ofstream slow(at("a.csv"));
  slow << "one" << std::flush;
  pass_well(20'000);
  slow << "two" << std::flush;
  pass_well(25'000);
  EXPECT_EQ(told(), Lines{});
  slow.close();
  pass_well(2'000);
  EXPECT_EQ(told(), Lines{"create a.csv 6"});
  std::ofstream log(at("log.csv"));
  log << "x" << std::flush;
  pass_well(30'000);
  EXPECT_EQ(told(), Lines{"create log.csv 1"}) << "some never close";
}

TEST_F(FileReadingTest, ARenamedFileCountsAtOnceAndTemporaryNamesNever) {
  options.operations = {};
  begin_well();
  write("a.csv.part", "abc");
  write(".hidden", "abc");
  pass_well(10'000);
  EXPECT_EQ(told(), Lines{});
  rename("a.csv.part", "a.csv");
  pass_well(0);
  EXPECT_EQ(told(), Lines{"create a.csv 3"});
  rename("a.csv", "b.csv");
  pass_well(2'000);
  EXPECT_EQ(told(), (Lines{"create b.csv 3", "delete a.csv 3"}));
}

TEST_F(FileReadingTest, ChangesAndRemovalsAreTold) {
  options.operations = {};
  begin_well();
  write("a.csv", "1");
  pass_well(2'000);
  write("a.csv", "22");
  pass_well(2'000);
  fs::permissions(at("a.csv"), fs::perms::owner_all);
  pass_well(2'000);
  EXPECT_EQ(told(), (Lines{"create a.csv 1", "update a.csv 2"}));
  fs::remove(at("a.csv"));
  write("b.csv", "1");
  fs::remove(at("b.csv"));
  pass_well(2'000);
  EXPECT_EQ(told(), Lines{"delete a.csv 2"});
  EXPECT_TRUE(kept.marks.empty());
}

TEST_F(FileReadingTest, OneThatIsMovedAwayAndBackIsToldAgain) {
  begin_well();
  write("a.csv", "1");
  pass_well(2'000);
  fs::rename(at("a.csv"), base / "away");
  pass_well(2'000);
  fs::rename(base / "away", at("a.csv"));
  pass_well(2'000);
  EXPECT_EQ(told(), (Lines{"create a.csv 1", "create a.csv 1"}));
  EXPECT_NE(kept.events[0].key, kept.events[1].key);
}

TEST_F(FileReadingTest, WhatIsThereAtTheFirstBeginningIsToldUnlessNobodyWantsIt) {
  write("a.csv", "1");
  options.existing = false;
  begin_well();
  write("b.csv", "22");
  pass_well(120'000);
  EXPECT_EQ(told(), Lines{"create b.csv 2"});
  write("a.csv", "333");
  pass_well(2'000);
  EXPECT_EQ(told(), Lines{"update a.csv 3"});
  // Of another folder nothing is known.
  fs::rename(options.folder, base / "other");
  options.folder = (base / "other").string();
  options.existing = true;
  begin_well();
  pass_well(2'000);
  EXPECT_EQ(told(), (Lines{"create a.csv 3", "create b.csv 2"}));
}

TEST_F(FileReadingTest, WhatHappenedWhileNobodyListenedIsFound) {
  options.operations = {};
  begin_well();
  for (const char* path : {"same", "changed", "gone", "renamed"}) write(path, "1");
  pass_well(2'000);
  EXPECT_EQ(told().size(), 4U);
  reading.reset();
  write("changed", "22");
  write("new", "333");
  fs::remove(at("gone"));
  rename("renamed", "so");
  begin_well();
  pass_well(2'000);
  EXPECT_EQ(told(), (Lines{"create new 3", "create so 1", "delete gone 1", "delete renamed 1",
                           "update changed 2"}));
  begin_well();
  pass_well(120'000);
  EXPECT_EQ(told(), Lines{});
}

TEST_F(FileReadingTest, FoldersComeMoveAndGo) {
  options.operations = {};
  options.recursive = true;
  begin_well();
  write("a/b/c.csv", "1");
  write(".git/x.csv", "1");
  pass_well(2'000);
  EXPECT_EQ(told(), Lines{"create a/b/c.csv 1"});
  rename("a", "z");
  pass_well(0);
  write("z/b/d.csv", "22");
  pass_well(4'000);
  EXPECT_EQ(told(), (Lines{"create z/b/c.csv 1", "create z/b/d.csv 2", "delete a/b/c.csv 1"}));
  fs::remove_all(at("z"));
  write("z/b/c.csv", "333");
  pass_well(10'000);
  EXPECT_EQ(told(), (Lines{"delete z/b/d.csv 2", "update z/b/c.csv 3"}));
  options.recursive = false;
  begin_well();
  pass_well(4'000);
  EXPECT_EQ(told(), Lines{});
  EXPECT_TRUE(kept.marks.empty()) << "it is not one of them any more";
}

TEST_F(FileReadingTest, LinksAreLeftOutAndTold) {
  options.recursive = true;
  fs::create_directory(base / "secret");
  std::ofstream(base / "secret" / "key.csv") << "x";
  fs::create_symlink(base / "secret", at("folder"));
  fs::create_symlink(base / "secret" / "key.csv", at("file.csv"));
  ASSERT_EQ(::mkfifo(at("pipe.csv").c_str(), 0600), 0);
  begin_well();
  write("a.csv", "1");
  pass_well(10'000);
  EXPECT_EQ(told(), Lines{"create a.csv 1"});
  EXPECT_EQ(sink->told, "2 symbolic links are left out, such as 'file.csv'");
  fs::remove(at("a.csv"));
  fs::create_symlink(base / "secret" / "key.csv", at("a.csv"));
  pass_well(2'000);
  EXPECT_EQ(told(), Lines{});
  EXPECT_EQ(sink->told, "3 symbolic links are left out, such as 'a.csv'");
  EXPECT_TRUE(kept.marks.empty());
  fs::remove(at("a.csv"));
  fs::remove(at("file.csv"));
  pass_well(60'000);
  EXPECT_EQ(sink->told, "1 symbolic link is left out, such as 'folder'");
  fs::remove(at("folder"));
  pass_well(60'000);
  EXPECT_EQ(sink->told, "");
}

TEST_F(FileReadingTest, ANameThatIsNotUtf8IsToldWithItsBytes) {
  begin_well();
  write("a\xff.csv", "1");
  pass_well(2'000);
  EXPECT_EQ(told(), Lines{"create a%FF.csv 1"});
  const Event& event = kept.events.front();
  const boost::json::value data = boost::json::parse(event.data);
  EXPECT_TRUE(data.at("problem").as_string().starts_with("its path is not UTF-8"));
  EXPECT_EQ(data.at("base64").as_string(), base64(options.folder + "/a\xff.csv"));
  begin_well();
  pass_well(10'000);
  EXPECT_EQ(told(), Lines{});
}

TEST_F(FileReadingTest, WhatTheKernelLostAScanFinds) {
  options.operations = {};
  begin_well();
  write("a.csv", "1");
  write("b.csv", "1");
  pass_well(2'000);
  EXPECT_EQ(told().size(), 2U);
  write("a.csv", "22");
  write("c.csv", "1");
  fs::remove(at("b.csv"));
  events->loses = true;
  pass_well(10'000);
  EXPECT_EQ(told(), (Lines{"create c.csv 1", "delete b.csv 1", "update a.csv 2"}));
}

TEST_F(FileReadingTest, WithoutWatchesItIsGoneThroughAgainAndAgain) {
  ASSERT_TRUE(begin(false).has_value());
  EXPECT_EQ(sink->told, "nothing is watched: the folder is gone through every 5.0s instead");
  write("a.csv", "1");
  pass_well(7'000);
  EXPECT_EQ(told(), Lines{"create a.csv 1"});
}

TEST_F(FileReadingTest, AFolderThatGoesIsSaidAndTakenUpAgain) {
  options.operations = {};
  begin_well();
  write("a.csv", "1");
  pass_well(2'000);
  fs::remove_all(options.folder);
  EXPECT_EQ(pass(0).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(begin().error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(begin().error().message.contains(options.folder));
  fs::create_directory(options.folder);
  write("b.csv", "22");
  begin_well();
  pass_well(2'000);
  EXPECT_EQ(told(), (Lines{"create a.csv 1", "create b.csv 2", "delete a.csv 1"}));
}

TEST_F(FileReadingTest, AnEmptyMountPointIsNotTakenForAnEmptiedFolder) {
  options.operations = {};
  begin_well();
  write("a.csv", "1");
  pass_well(2'000);
  told();
  fs::remove(at("a.csv"));
  FilePosition position = parse_file_position(kept.position).value();
  ++position.device;
  kept.position = to_text(position);
  const auto refused = begin();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(refused.error().message.contains("over_gaps")) << refused.error().message;
  options.over_gaps = true;
  begin_well();
  pass_well(2'000);
  EXPECT_EQ(told(), Lines{"delete a.csv 1"});
}

TEST_F(FileReadingTest, AHashIsOfWhatTheFileHolds) {
  options.hash = true;
  begin_well();
  write("a.csv", "abc");
  pass_well(2'000);
  const boost::json::value data = boost::json::parse(kept.events.at(0).data);
  EXPECT_EQ(data.at("sha256").as_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(FileReadingTest, MoreFilesThanAreAllowedEndIt) {
  options.max_files = 2;
  begin_well();
  write("a", "1");
  write("b", "1");
  pass_well(2'000);
  write("a", "22");
  pass_well(2'000);
  EXPECT_EQ(told().size(), 3U);
  write("c", "1");
  const auto ended = pass(2'000);
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(ended.error().message.contains("max_files")) << ended.error().message;
}

TEST_F(FileReadingTest, AFloodIsTakenByPages) {
  begin_well();
  constexpr std::size_t kMany = 1'700;
  for (std::size_t i = 0; i < kMany; ++i) write("f" + std::to_string(i), "x");
  pass_well(2'000);
  EXPECT_EQ(told().size(), kMany);
  EXPECT_EQ(kept.marks.size(), kMany);
  begin_well();
  pass_well(5'000);
  EXPECT_EQ(told(), Lines{});
}

}  // namespace
}  // namespace cordyna::input
