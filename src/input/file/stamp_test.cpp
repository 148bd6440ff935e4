#include "input/file/stamp.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

TEST(FileStamp, WhatIsKnownComesBackFromItsText) {
  const KnownFile known{{.size = 9'007'199'254'740'993,
                         .modified = -1,
                         .changed = 1'700'000'000'000'000'001,
                         .inode = 18'446'744'073'709'551'615U},
                        3};
  EXPECT_EQ(parse_known_file(to_text(known)).value(), known);
  for (const char* bad : {"", "1", "1 2 3 4", "1 2 3 4 5 6", "1 2 3 -4 5", "a b c d e"}) {
    EXPECT_EQ(parse_known_file(bad).error().code, ErrorCode::kCorrupt) << bad;
  }
}

TEST(FileStamp, ThePositionComesBackFromItsText) {
  const FilePosition position{"0190", "/in \"a\"", 18'446'744'073'709'551'615U, 12};
  EXPECT_EQ(parse_file_position(to_text(position)).value(), position);
  EXPECT_EQ(parse_file_position("").value(), FilePosition());
  for (const char* bad : {"x", "[]", R"({"member":"m","topics":{}})",
                          R"({"begun":"b","folder":"f","device":-1,"told":0})"}) {
    EXPECT_EQ(parse_file_position(bad).error().code, ErrorCode::kCorrupt) << bad;
  }
}

TEST(FileStamp, AVersionIsItsSizeAndTime) {
  const Stamp one{.size = 1, .modified = 2, .changed = 3, .inode = 4, .links = 5};
  Stamp other{.size = 1, .modified = 2};
  EXPECT_TRUE(same_version(one, other));
  other.modified = 3;
  EXPECT_FALSE(same_version(one, other));
}

}  // namespace
}  // namespace cordyna::input
