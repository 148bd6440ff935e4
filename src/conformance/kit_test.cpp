#include "conformance/kit.hpp"

#include <gtest/gtest.h>

#include <set>

#include "conformance/checks.hpp"

namespace cordyna::conformance {
namespace {

TEST(KitTest, EachCheckHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (const CheckInfo& check : known_checks()) {
    EXPECT_TRUE(names.insert(check.name).second) << check.name;
    EXPECT_FALSE(check.rule.empty()) << check.name;
    EXPECT_FALSE(check.where.empty()) << check.name;
    EXPECT_GE(check.level, 0);
    EXPECT_LE(check.level, 2);
  }
  EXPECT_GT(names.size(), 40U);
}

TEST(KitTest, PlaceholdersAreReplacedWhereverTheyStand) {
  const Place place{"", "team", "one", "secret", nullptr, "/folder"};
  EXPECT_EQ(fill_command("run {url}/x {token} {team}/{server} {state} {other} {url}", "http://a:1",
                         place),
            "run http://a:1/x secret team/one /folder/state {other} http://a:1");
}

TEST(KitTest, UnknownChecksAndLevelsWithoutThemAreRefusedBeforeAnythingIsStarted) {
  Wishes wishes{.command = "exit 1", .level = 1, .only = {"resned"}};
  auto report = run_checks(wishes, {});
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().message,
            "no check is called 'resned'; did you mean 'resend'? --list shows them");
  wishes.only = {"resume"};
  report = run_checks(wishes, {});
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cordyna::conformance
