#include "git/checkout.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "git/repository_fixture.hpp"

namespace cordyna::git {
namespace {

namespace fs = std::filesystem;

class CheckoutTest : public testing::Test {
 protected:
  std::string fetch() {
    const auto tip = repository_.fetch(world_.remote());
    EXPECT_TRUE(tip.has_value()) << tip.error().message;
    return tip.has_value() ? tip->id : "";
  }
  static std::string text_of(const std::string& file) {
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
  }

  RepositoryFixture world_;
  Repository repository_{world_.below("clone"), [] { return false; }};
  Checkout checkout_{world_.below("files")};
};

TEST_F(CheckoutTest, BringsTheFilesOfAFolderAndPutsThemIntoForce) {
  world_.write("flows/a.yaml", "1");
  world_.write("flows/run.sh", "#!/bin/sh\n");
  world_.write("elsewhere/b", "2");
  fs::permissions(world_.work() + "/flows/run.sh", fs::perms::owner_all);
  fs::create_symlink("a.yaml", world_.work() + "/flows/link");
  const std::string first = world_.commit();
  EXPECT_EQ(fetch(), first);
  ASSERT_TRUE(checkout_.take(repository_, first, "flows").has_value());
  const std::string folder = checkout_.folder_of(first, "flows");
  EXPECT_EQ(text_of(folder + "/link"), "1");
  EXPECT_NE(fs::status(folder + "/run.sh").permissions() & fs::perms::owner_exec, fs::perms::none);
  EXPECT_FALSE(fs::exists(folder + "/b"));
  EXPECT_FALSE(checkout_.is_used(first, "flows"));
  ASSERT_TRUE(checkout_.use(first, "flows").has_value());
  EXPECT_TRUE(checkout_.is_used(first, "flows"));
  EXPECT_EQ(text_of(checkout_.current() + "/a.yaml"), "1");

  world_.write("flows/a.yaml", "2");
  const std::string second = world_.commit();
  EXPECT_EQ(fetch(), second);
  ASSERT_TRUE(checkout_.take(repository_, second, "flows").has_value());
  EXPECT_EQ(text_of(checkout_.current() + "/a.yaml"), "1") << "not in force yet";
  ASSERT_TRUE(checkout_.use(second, "flows").has_value());
  EXPECT_EQ(text_of(checkout_.current() + "/a.yaml"), "2");
  checkout_.tidy();
  EXPECT_TRUE(fs::exists(folder)) << "something may still run there";
}

TEST_F(CheckoutTest, NothingIsWrittenOfWhatLeadsOutOfTheFolder) {
  world_.write("flows/a.yaml", "1");
  fs::create_symlink("/etc", world_.work() + "/flows/etc");
  const std::string bad = world_.commit();
  EXPECT_EQ(fetch(), bad);
  const auto taken = checkout_.take(repository_, bad, "flows");
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(taken.error().message.find("link 'etc' leads out"), std::string::npos);
  EXPECT_FALSE(fs::exists(checkout_.folder_of(bad, "flows")));
  const auto none = checkout_.take(repository_, bad, "nowhere");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
}

TEST_F(CheckoutTest, ACloneThatIsGoneOrDamagedIsMadeAnew) {
  world_.write("a", "1");
  const std::string first = world_.commit();
  EXPECT_EQ(fetch(), first);
  fs::remove_all(world_.below("clone"));
  EXPECT_EQ(fetch(), first);
  std::ofstream(world_.below("clone") + "/HEAD") << "nonsense";
  EXPECT_EQ(fetch(), first);
  // As a kill leaves it that came while a branch was written.
  for (const char* left : {"/kept.lock", "/fetched.lock"}) {
    fs::create_directories(world_.below("clone") + "/refs/dyna");
    std::ofstream(world_.below("clone") + "/refs/dyna" + left) << "";
    EXPECT_EQ(fetch(), first) << left;
  }
  ASSERT_TRUE(checkout_.take(repository_, first, "").has_value());
  EXPECT_EQ(text_of(checkout_.folder_of(first, "") + "/a"), "1");
}

TEST_F(CheckoutTest, APushThatComesTooLateIsAConflict) {
  world_.write("a", "1");
  const std::string first = world_.commit();
  EXPECT_EQ(fetch(), first);
  const NewCommit mine{first, {{"b", "2"}}, "Bo", "bo@x", "mine", 1'700'000'000'000};
  world_.write("a", "3");
  const std::string theirs = world_.commit();
  const auto late = repository_.push(world_.remote(), mine);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_EQ(fetch(), theirs);
  NewCommit again = mine;
  again.base = theirs;
  const auto pushed = repository_.push(world_.remote(), again);
  ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
  EXPECT_EQ(pushed->author, "Bo");
  EXPECT_EQ(fetch(), pushed->id);
}

}  // namespace
}  // namespace cordyna::git
