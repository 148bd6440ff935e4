#include "git/paths.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordyna::git {
namespace {

TEST(PathsTest, AFileLiesInTheFolder) {
  for (const char* good : {"a.yaml", "deep/er/b", ".hidden", "a b", "ü/x", "..a", ".gitignore"}) {
    EXPECT_TRUE(check_path(good).has_value()) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("/a"), std::string("a//b"), std::string("a/"),
        std::string("../a"), std::string("a/../b"), std::string("./a"), std::string(".git/config"),
        std::string("a/.GIT/x"), std::string("a\nb"), std::string("a\0b", 3), std::string(256, 'x'),
        std::string(1001, 'x')}) {
    EXPECT_FALSE(check_path(bad).has_value()) << bad;
  }
}

TEST(PathsTest, ALinkStaysInTheFolder) {
  struct Link {
    const char* path;
    const char* target;
    bool good;
  };
  constexpr Link kLinks[] = {
      {"a", "b", true},          {"a", "./b/c", true},
      {"d/a", "../b", true},     {"d/e/a", "../../b", true},
      {"d/a", "x//y", true},     {"a", "../b", false},
      {"d/a", "../../b", false}, {"a", "/etc", false},
      {"d/a", "b/../c", false},  {"d/a", "l/../../c", false},
      {"a", "", false},          {"a", ".git/config", false},
      {"d/a", "../.git", false}, {"a", "b\nc", false},
  };
  for (const Link& link : kLinks) {
    EXPECT_EQ(check_link(link.path, link.target).has_value(), link.good)
        << link.path << " -> " << link.target;
  }
}

}  // namespace
}  // namespace cordyna::git
