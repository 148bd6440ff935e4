#include "base/pattern.hpp"

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace cordyna {
namespace {

struct Fit {
  const char* pattern;
  const char* text;
  bool fits;
};

TEST(Pattern, StandsForNames) {
  const std::string stars = "a*a*a*a*a*a*a*a*a*a*a*a*a*b";
  const std::string many(4'000, 'a');
  const std::array cases{Fit{"*", "a.csv", true},
                         Fit{"*.csv", "a.csv", true},
                         Fit{"*.csv", "a.csv.gz", false},
                         Fit{"*.csv", ".csv", true},
                         Fit{"a?c", "abc", true},
                         Fit{"a?c", "aäc", true},
                         Fit{"a?c", "ac", false},
                         Fit{"[a-c]x", "bx", true},
                         Fit{"[!a-c]x", "bx", false},
                         Fit{"[!a-c]x", "dx", true},
                         Fit{"[]a]x", "]x", true},
                         Fit{"[ä-ü]", "ö", true},
                         Fit{"[a-]", "-", true},
                         Fit{"2026/*.csv", "2026/a.csv", true},
                         Fit{"2026/*.csv", "2026/b/a.csv", false},
                         Fit{"*/a.csv", "x/a.csv", true},
                         Fit{"*a.csv", "x/a.csv", false},
                         Fit{"a?b", "a/b", false},
                         Fit{"a[/]b", "a/b", false},
                         Fit{"*-*-*", "a-b-c", true},
                         Fit{"*-*-*", "a-bc", false},
                         Fit{"", "", true},
                         Fit{"a", "", false},
                         Fit{"**", "", true},
                         Fit{"*\xff*", "a\xff", true},
                         Fit{stars.c_str(), many.c_str(), false}};
  for (const Fit& one : cases) {
    EXPECT_EQ(fits_pattern(one.pattern, one.text), one.fits) << one.pattern << " " << one.text;
  }
}

TEST(Pattern, ThatMeansNothingIsSaid) {
  for (const char* good : {"*", "[a-z]*", "a/b*.csv", "[]]", "{a}"}) {
    EXPECT_EQ(pattern_problem(good), "") << good;
  }
  for (const auto& [bad, why] : {std::pair<std::string, std::string>{"", "empty"},
                                 {"[a", "']'"},
                                 {"[!]", "']'"},
                                 {"a/**/b", "'**'"},
                                 {"/a", "slash"},
                                 {"a/", "slash"},
                                 {std::string(256, 'a'), "255"},
                                 {std::string("a\0", 2), "NUL"}}) {
    EXPECT_TRUE(pattern_problem(bad).contains(why)) << bad << ": " << pattern_problem(bad);
  }
}

}  // namespace
}  // namespace cordyna
