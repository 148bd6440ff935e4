#include "cli/list_watch.hpp"

#include <gtest/gtest.h>

namespace cordyna::cli {
namespace {

TEST(ListWatchTest, ATableIsTakenApart) {
  const ListShown list = list_shown("HEAD\none\ntwo\n", {"{1}", "{2}"}, "nothing");
  EXPECT_EQ(list.head, "HEAD\n");
  EXPECT_EQ(list.lines, (std::vector<std::string>{"one", "two"}));
}

TEST(ListWatchTest, AFrameLiesOverTheOneBefore) {
  const ListShown list = list_shown("HEAD\none\ntwo\n", {"{1}", "{2}"}, "nothing");
  EXPECT_EQ(frame_of(list, {80, 24}, 0), "\r\x1b[2KHEAD\n\x1b[2Kone\n\x1b[2Ktwo\n\x1b[J");
  EXPECT_EQ(frame_of(list, {80, 24}, 3), "\r\x1b[3A\x1b[2KHEAD\n\x1b[2Kone\n\x1b[2Ktwo\n\x1b[J");
  EXPECT_EQ(frame_of(list_shown("", {}, "nothing"), {80, 24}, 3),
            "\r\x1b[3A\x1b[2Knothing\n\x1b[J");
}

TEST(ListWatchTest, AFrameKeepsToTheTerminal) {
  const ListShown list =
      list_shown("HEAD\n1\n2\n3\n4\n5 is a long line\n", {"a", "b", "c", "d", "e"}, "");
  EXPECT_EQ(frame_of(list, {80, 6}, 0),
            "\r\x1b[2KHEAD\n\x1b[2K1\n\x1b[2K2\n\x1b[2K3\n\x1b[2K… and 2 more\n\x1b[J");
  EXPECT_TRUE(frame_of(list, {4, 24}, 0).contains("\x1b[2K5 i…\n"));
  EXPECT_TRUE(frame_of(list, {80, 1}, 0).contains("\x1b[2K1\n\x1b[2K… and 4 more\n"));
}

}  // namespace
}  // namespace cordyna::cli
