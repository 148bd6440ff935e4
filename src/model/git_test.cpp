#include "model/git.hpp"

#include <gtest/gtest.h>

namespace cordyna {
namespace {

const std::string kCommit(40, 'a');
const std::string kBase(16, 'b');

TEST(GitPlaceTest, IsKnownByTheFileOfARow) {
  for (const GitPlace& place :
       {GitPlace{kCommit, "flows/a.yaml"}, GitPlace{kCommit, "a:b.yaml", true, kBase},
        GitPlace{kCommit, "new.yaml", true, ""}}) {
    EXPECT_EQ(parse_git_place(to_string(place)), place) << to_string(place);
  }
  EXPECT_EQ(to_string(GitPlace{kCommit, "x.yaml"}), "git:" + kCommit + ":x.yaml");
  for (const std::string& other :
       {std::string("/flows/a.yaml"), std::string("git:"), "git:" + kCommit, "git:" + kCommit + ":",
        "git:" + std::string(39, 'a') + ":x", "git:" + kCommit + "-:x", "git:" + kCommit + "+bb:x",
        "git:" + std::string(40, 'G') + ":x"}) {
    EXPECT_EQ(parse_git_place(other), std::nullopt) << other;
  }
}

TEST(GitPlanTest, ANamespaceIsFollowedWithThoseBelowIt) {
  const GitPlan plan{{GitFollow{.ns = "acme", .url = "https://h/a"}}, {}};
  EXPECT_EQ(follow_of(plan, "acme"), &plan.follows[0]);
  EXPECT_EQ(follow_of(plan, "acme.sales"), &plan.follows[0]);
  EXPECT_EQ(follow_of(plan, "acmes"), nullptr);
  EXPECT_EQ(follow_of(plan, ""), nullptr);
}

TEST(GitStatusTest, SaysWhatKeepsItFromFollowing) {
  FollowStatus status{.follow = {.ns = "acme", .url = "https://h/a"}};
  EXPECT_EQ(problem_of(status), "");
  status.book.problem = "no connection";
  EXPECT_EQ(problem_of(status), "no connection");
  status.book.seen.id = kCommit;
  status.book.flaws = {{"a.yaml", 3, 5, "wrong"}, {"", 0, 0, "also"}};
  EXPECT_EQ(problem_of(status),
            "commit aaaaaaaaaa of branch main cannot be applied: a.yaml:3:5: wrong (and 1 more)");
}

}  // namespace
}  // namespace cordyna
