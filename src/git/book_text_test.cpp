#include "git/book_text.hpp"

#include <gtest/gtest.h>

namespace cordyna::git {
namespace {

TEST(BookTest, IsTheSameWhenItIsReadAgain) {
  GitBook book;
  EXPECT_EQ(read_book(text_of(book)).value(), book);
  EXPECT_EQ(read_book("").value(), book);
  book.applied = {std::string(40, 'a'), "Ann \"A\"", "a change", 1000};
  book.applied_at = 2000;
  book.seen = {std::string(40, 'b'), "Bo", "another", 3000};
  book.flaws = {{"flows/a.yaml", 3, 5, "unknown key"}, {"", 0, 0, "a submodule"}};
  book.problem = "no connection";
  EXPECT_EQ(read_book(text_of(book)).value(), book);
}

TEST(BookTest, WhatCannotBeReadIsAnError) {
  for (const char* text : {"nonsense", "[]", "{}", R"({"version":2})",
                           R"({"version":1,"applied":[]})", R"({"version":1,"flaws":[1]})"}) {
    const auto read = read_book(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt) << text;
  }
}

TEST(BookTest, EachNamespaceHasARowOfItsOwn) {
  EXPECT_EQ(position_of("acme.sales"), "git/acme.sales");
}

}  // namespace
}  // namespace cordyna::git
