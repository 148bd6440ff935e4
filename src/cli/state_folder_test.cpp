#include "cli/state_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

class StateFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/state_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = fs::canonical(name);
    fs::create_directories(root_ / "project/flows/deep");
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string at(const char* path) const { return (root_ / path).string(); }

  fs::path root_;
};

TEST_F(StateFolderTest, LiesInTheFlowsFolderWithoutAProject) {
  EXPECT_EQ(state_for_flow({}, at("project/flows")).folder(), at("project/flows/.cordyna"));
}

TEST_F(StateFolderTest, LiesBesideTheNearestProjectFile) {
  std::ofstream(root_ / "project/cordyna.yaml") << "";
  EXPECT_EQ(state_for_flow({}, at("project/flows/deep")).folder(), at("project/.cordyna"));
}

TEST_F(StateFolderTest, OptionWinsOverEnvironment) {
  EXPECT_EQ(state_for_flow({"/a/", "/b"}, at("project")).folder(), "/a");
  EXPECT_EQ(state_for_flow({"", "/b"}, at("project")).folder(), "/b");
}

TEST_F(StateFolderTest, IsFoundFromBelow) {
  fs::create_directory(root_ / "project/.cordyna");
  const auto found = find_state({}, at("project/flows/deep"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->folder(), at("project/.cordyna"));
}

TEST_F(StateFolderTest, MissingOneIsSaidWithWhereItWasLookedFor) {
  const auto given = find_state({at("none"), ""}, at("project"));
  ASSERT_FALSE(given.has_value());
  EXPECT_EQ(given.error().code, ErrorCode::kNotFound);
  EXPECT_NE(given.error().message.find("from --state"), std::string::npos);
  const auto above = find_state({}, at("project"));
  ASSERT_FALSE(above.has_value());
  EXPECT_NE(above.error().message.find(at("project")), std::string::npos);
}

}  // namespace
}  // namespace cordyna::cli
