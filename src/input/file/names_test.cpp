#include "input/file/names.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

TEST(FileNames, APatternThatMeansNothingIsRefused) {
  EXPECT_TRUE(check_pattern("files", "*.csv").has_value());
  const auto checked = check_pattern("files", "[a");
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(checked.error().message, "'files': the pattern '[a' has a '[' without its ']'");
}

TEST(FileNames, WhatIsIgnoredIsNoFileAndNoFolder) {
  const FileNames names({"*.csv", "deep/*.txt"}, {".*", "*.tmp", "skip/this"});
  EXPECT_TRUE(names.wants("a.csv"));
  EXPECT_TRUE(names.wants("sub/a.csv"));
  EXPECT_TRUE(names.wants("deep/a.txt"));
  EXPECT_FALSE(names.wants("a.txt"));
  EXPECT_FALSE(names.wants(".a.csv"));
  EXPECT_FALSE(names.wants("a.csv.tmp"));
  EXPECT_FALSE(names.enters(".git"));
  EXPECT_FALSE(names.enters("skip/this"));
  EXPECT_TRUE(names.enters("skip"));
  EXPECT_FALSE(FileNames({}, {}).wants("x/.cordyna-1")) << "ours, whatever is ignored";
  EXPECT_TRUE(FileNames({}, {}).wants("x/.hidden"));
}

TEST(FileNames, PathsBecomeTextsAndComeBack) {
  for (const std::string path : {"a/b.csv", "ä", "100%", "%FF", "a\nb", "\xff\xfe", "a\x7f", "\xc3",
                                 "\xed\xa0\x80", "%", "\xe2\x82\xac%41"}) {
    const std::string mark = path_as_mark(path);
    EXPECT_EQ(path_of_mark(mark).value(), path);
    for (const char c : mark) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  }
  EXPECT_EQ(path_as_mark("a/ä.csv"), "a/ä.csv");
  EXPECT_NE(path_as_mark("%FF"), path_as_mark("\xff"));
  EXPECT_EQ(shown_path("a\xff%"), "a%FF%");
  for (const char* bad : {"%", "%F", "%GG", "a%f"}) {
    EXPECT_EQ(path_of_mark(bad).error().code, ErrorCode::kCorrupt) << bad;
  }
  EXPECT_EQ(name_in("a/b/c"), "c");
  EXPECT_EQ(folder_in("a/b/c"), "a/b");
  EXPECT_EQ(folder_in("c"), "");
}

}  // namespace
}  // namespace cordyna::input
