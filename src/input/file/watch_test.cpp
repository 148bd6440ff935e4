#include "input/file/watch.hpp"

#include "input/file/file_fixture.hpp"

namespace cordyna::input {
namespace {

namespace fs = std::filesystem;

class WatchTest : public FileTest {
 protected:
  bool watch(std::string_view path) {
    const Tree tree = Tree::open(options.folder).value();
    return inotify.watch(path, tree.open_folder(path)->get());
  }
  std::vector<Heard> take() { return inotify.take().value(); }

  Inotify inotify;
};

TEST_F(WatchTest, WhatHappensIsHeard) {
  fs::create_directory(at("sub"));
  ASSERT_TRUE(watch("") && watch("sub") && watch("sub"));
  EXPECT_EQ(take(), std::vector<Heard>{});
  write("sub/a", "1");
  rename("sub/a", "b");
  fs::create_directory(at("new"));
  fs::remove(at("b"));
  EXPECT_EQ(take(), (std::vector<Heard>{{HeardOf::kWritten, "sub/a"},
                                        {HeardOf::kWritten, "sub/a"},
                                        {HeardOf::kClosed, "sub/a"},
                                        {HeardOf::kGone, "sub/a"},
                                        {HeardOf::kMoved, "b"},
                                        {HeardOf::kFolderCame, "new"},
                                        {HeardOf::kGone, "b"}}));
  rename("sub", "other");
  EXPECT_EQ(take(),
            (std::vector<Heard>{{HeardOf::kFolderWent, "sub"}, {HeardOf::kFolderCame, "other"}}));
  inotify.forget("sub");
  write("other/c", "1");
  EXPECT_EQ(take(), std::vector<Heard>{});
  fs::remove_all(options.folder);
  const std::vector<Heard> last = take();
  ASSERT_FALSE(last.empty());
  EXPECT_EQ(last.back().what, HeardOf::kRootWent);
}

TEST_F(WatchTest, MoreThanTheKernelKeepsIsLost) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most > 20'000) GTEST_SKIP() << most << " events are kept";
  ASSERT_TRUE(watch(""));
  write("a", "x");
  for (std::size_t i = 0; i < most / 4 + 10; ++i) {  // each is two
    rename("a", "b");
    rename("b", "a");
  }
  bool lost = false;
  for (std::vector<Heard> all = take(); !all.empty(); all = take()) {
    lost = lost || std::ranges::count(all, HeardOf::kLost, &Heard::what) > 0;
  }
  EXPECT_TRUE(lost);
}

}  // namespace
}  // namespace cordyna::input
