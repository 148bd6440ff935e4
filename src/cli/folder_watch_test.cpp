#include "cli/folder_watch.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

class FolderWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/watch_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directories(folder_ + "/deep/er");
    fs::create_directories(folder_ + "/.cordyna");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name) { std::ofstream(folder_ + "/" + name) << "id: a\n"; }
  /// inotify tells of what happened before it is asked, so nothing is waited for.
  static bool changed(FolderWatch& watch) { return watch.take_changes().value(); }

  std::string folder_;
};

TEST_F(FolderWatchTest, FilesThatFlowsAreMadeOfAreTold) {
  write("a.yaml");
  FolderWatch watch = FolderWatch::start(folder_).value();
  EXPECT_FALSE(changed(watch));
  write("a.yaml");
  EXPECT_TRUE(changed(watch));
  EXPECT_FALSE(changed(watch));
  write("deep/er/b.yml");
  EXPECT_TRUE(changed(watch));
  fs::remove(folder_ + "/deep/er/b.yml");
  EXPECT_TRUE(changed(watch));
}

TEST_F(FolderWatchTest, WhatEditorsAndTheStateWriteIsNot) {
  FolderWatch watch = FolderWatch::start(folder_).value();
  write(".a.yaml.swp");
  write("a.yaml~");
  write("4913");
  write("notes.txt");
  write(".cordyna/state.yaml");
  EXPECT_FALSE(changed(watch));
  write("a.yaml.new");
  EXPECT_FALSE(changed(watch));
  fs::rename(folder_ + "/a.yaml.new", folder_ + "/a.yaml");
  EXPECT_TRUE(changed(watch));
}

TEST_F(FolderWatchTest, AFileCountsWhenItIsClosed) {
  FolderWatch watch = FolderWatch::start(folder_).value();
  std::ofstream file(folder_ + "/a.yaml");
  file << "id: a\n" << std::flush;
  EXPECT_FALSE(changed(watch));
  file.close();
  EXPECT_TRUE(changed(watch));
  fs::create_symlink(folder_ + "/a.yaml", folder_ + "/link.yaml");
  EXPECT_TRUE(changed(watch));
}

TEST_F(FolderWatchTest, NewFoldersAreFollowedAndOldOnesForgotten) {
  FolderWatch watch = FolderWatch::start(folder_).value();
  fs::create_directories(folder_ + "/new/er");
  EXPECT_TRUE(changed(watch)) << "a file may be in it already";
  write("new/er/c.yaml");
  EXPECT_TRUE(changed(watch));
  const std::string elsewhere = folder_ + "/.elsewhere";
  fs::rename(folder_ + "/new", elsewhere);
  EXPECT_TRUE(changed(watch));
  std::ofstream(elsewhere + "/er/c.yaml") << "id: c\n";
  EXPECT_FALSE(changed(watch));
}

TEST_F(FolderWatchTest, OneMoreFolderIsWatchedByItself) {
  FolderWatch watch = FolderWatch::start(folder_ + "/deep/er").value();
  ASSERT_TRUE(watch.also(folder_).has_value());
  write("defaults.yaml");
  EXPECT_TRUE(changed(watch));
  write("deep/x.yaml");
  EXPECT_FALSE(changed(watch));
}

TEST_F(FolderWatchTest, TheFolderItselfMayGo) {
  FolderWatch watch = FolderWatch::start(folder_ + "/deep").value();
  fs::remove_all(folder_ + "/deep");
  EXPECT_TRUE(changed(watch));
  EXPECT_FALSE(changed(watch));
}

}  // namespace
}  // namespace cordyna::cli
