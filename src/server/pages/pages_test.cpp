#include "server/pages/pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "server/http/gzip.hpp"

namespace cordyna::server {
namespace {

TEST(PagesTest, FilesAreFoundByTheirNames) {
  ASSERT_FALSE(page_files().empty());
  EXPECT_TRUE(std::ranges::is_sorted(page_files(), {}, &PageFile::name));
  for (const PageFile& file : page_files()) EXPECT_EQ(find_page_file(file.name), &file);
  EXPECT_EQ(find_page_file("../index.html"), nullptr);
  EXPECT_EQ(find_page_file(""), nullptr);
  EXPECT_EQ(find_page_file("zzz"), nullptr);
}

TEST(PagesTest, EachIsWholeAndOfItsType) {
  std::set<std::string_view> tags;
  for (const PageFile& file : page_files()) {
    EXPECT_EQ(gunzip(file.gzip, file.bytes).size(), file.bytes) << file.name;
    EXPECT_TRUE(tags.insert(file.tag).second) << file.name;
    EXPECT_FALSE(file.type.empty()) << file.name;
  }
}

// What it loads is there, and nothing is in the page itself that its policy forbids.
TEST(PagesTest, TheFirstPageLoadsOnlyWhatIsThere) {
  const PageFile* index = find_page_file("index.html");
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->type, "text/html; charset=utf-8");
  std::string_view rest;
  const std::string text = gunzip(index->gzip, index->bytes);
  rest = text;
  constexpr std::string_view kPlace = "\"/assets/";
  for (std::size_t at = rest.find(kPlace); at != std::string_view::npos; at = rest.find(kPlace)) {
    rest.remove_prefix(at + kPlace.size());
    const std::string_view name = rest.substr(0, rest.find('"'));
    EXPECT_NE(find_page_file(name), nullptr) << name;
  }
  EXPECT_EQ(text.find("style="), std::string::npos);
  EXPECT_EQ(text.find("<style"), std::string::npos);
  EXPECT_EQ(text.find("://"), std::string::npos) << "another origin";
}

}  // namespace
}  // namespace cordyna::server
