#include "service/git_list.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace cordyna {
namespace {

namespace json = boost::json;

const std::string kCommit(40, 'a');

TEST(GitListTest, TellsAFollowAsItIs) {
  FollowStatus status{.follow = {.ns = "acme", .url = "https://h/a", .folder = "flows"}};
  status.book.applied = {kCommit, "Ann", "a \"change\"", 1000};
  status.book.seen = {std::string(40, 'b'), "", "", 0};
  status.book.flaws = {{"flows/a.yaml", 3, 5, "wrong"}, {"", 0, 0, "also"}};
  status.edits = {"acme/a"};
  const json::value told = json::parse(follow_as_json(status));
  EXPECT_EQ(told.at("applied"), (json::value{{"commit", kCommit},
                                             {"author", "Ann"},
                                             {"summary", "a \"change\""},
                                             {"at", "1970-01-01T00:00:01.000Z"}}));
  EXPECT_EQ(
      told.at("errors"),
      (json::array{{{"message", "wrong"}, {"file", "flows/a.yaml"}, {"line", 3}, {"column", 5}},
                   {{"message", "also"}}}));
  EXPECT_EQ(told.at("edits"), json::array{"acme/a"});
  EXPECT_EQ(told.at("problem"),
            "commit bbbbbbbbbb of branch main cannot be applied: flows/a.yaml:3:5: wrong (and 1 "
            "more)");
  EXPECT_FALSE(told.as_object().contains("looked_at"));
}

TEST(GitListTest, ShowsWhatMayBeSeen) {
  GitStatus status{{FollowStatus{.follow = {.ns = "acme", .url = "https://h/a"}},
                    FollowStatus{.follow = {.ns = "etl", .url = "https://h/b"}}},
                   "git.yaml is wrong"};
  const json::value told = json::parse(
      git_as_json(status, [](const FollowStatus& one) { return one.follow.ns == "etl"; }));
  ASSERT_EQ(told.at("follows").as_array().size(), 1U);
  EXPECT_EQ(told.at("follows").at(0).at("namespace"), "etl");
  EXPECT_EQ(told.at("problem"), "git.yaml is wrong");
}

TEST(GitListTest, APlaceIsToldOfFlowsThatAreOfABranch) {
  std::string out = "{\"a\":1";
  append_git_place(out, "/flows/a.yaml");
  EXPECT_EQ(out, "{\"a\":1");
  append_git_place(out, to_string(GitPlace{kCommit, "a.yaml", true, ""}));
  EXPECT_EQ(
      out, "{\"a\":1,\"git\":{\"commit\":\"" + kCommit + "\",\"path\":\"a.yaml\",\"edited\":true}");
}

}  // namespace
}  // namespace cordyna
