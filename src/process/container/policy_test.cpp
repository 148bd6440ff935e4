#include "process/container/policy.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cordyna::container {
namespace {

namespace fs = std::filesystem;

class PolicyTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-policy-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = fs::canonical(name).string();
    for (const char* folder : {"/flow/.cordyna/runs", "/flow/data", "/shared/in", "/other", "/run"})
      fs::create_directories(root_ + folder);
    std::ofstream(root_ + "/run/docker.sock") << "";
    fs::create_directory_symlink(root_ + "/other", root_ + "/flow/elsewhere");
  }
  void TearDown() override { fs::remove_all(root_); }

  /// As the task's keys give it: links resolved.
  Result<> mount(const std::string& source, const std::string& allowed = "") {
    spec_.mounts = {{fs::canonical(root_ + source).string(), "/in", true, false}};
    spec_.empty_folders.clear();
    return apply_policy(make_policy(allowed, ""), premises(), spec_);
  }
  [[nodiscard]] Premises premises() const {
    return {root_ + "/flow", root_ + "/flow/.cordyna", root_ + "/run/docker.sock"};
  }

  std::string root_;
  docker::ContainerSpec spec_{.image = "a", .network = "bridge"};
};

TEST_F(PolicyTest, TheFlowsFolderMayBeMountedAndNothingElse) {
  EXPECT_TRUE(mount("/flow/data").has_value());
  EXPECT_TRUE(mount("/flow").has_value());
  const auto other = mount("/other");
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::kDenied);
  EXPECT_EQ(other.error().message,
            "mounts.0: " + root_ + "/other may not be mounted: only the flow's folder may, and " +
                "what the administrator names in DYNA_CONTAINER_MOUNTS");
  // A link leads where it leads, and a name that only begins alike is another's.
  EXPECT_FALSE(mount("/flow/elsewhere").has_value());
  fs::create_directories(root_ + "/flow2");
  EXPECT_FALSE(mount("/flow2").has_value());
}

TEST_F(PolicyTest, WhatTheAdministratorNamesMayBeMounted) {
  const std::string allowed = "relative:/nowhere:" + root_ + "/shared";
  EXPECT_TRUE(mount("/shared/in", allowed).has_value());
  EXPECT_TRUE(mount("/shared", allowed).has_value());
  EXPECT_FALSE(mount("/other", allowed).has_value());
  EXPECT_FALSE(mount("", allowed).has_value());
}

TEST_F(PolicyTest, TheStateFolderIsSeenByNobody) {
  EXPECT_FALSE(mount("/flow/.cordyna", "/").has_value());
  EXPECT_FALSE(mount("/flow/.cordyna/runs", "/").has_value());
  ASSERT_TRUE(mount("/flow").has_value());
  EXPECT_EQ(spec_.empty_folders, std::vector<std::string>{"/in/.cordyna"});
  ASSERT_TRUE(mount("/flow/data").has_value());
  EXPECT_TRUE(spec_.empty_folders.empty());
}

TEST_F(PolicyTest, TheSocketOfTheDaemonIsNeverMounted) {
  for (const char* source : {"/run/docker.sock", "/run", ""}) {
    const auto got = mount(source, "/");
    ASSERT_FALSE(got.has_value()) << source;
    EXPECT_NE(got.error().message.find("Docker socket"), std::string::npos) << source;
  }
}

TEST_F(PolicyTest, OnlyNamedNetworksAreJoined) {
  spec_.mounts.clear();
  const auto joins = [this](const std::string& network, const std::string& allowed) {
    spec_.network = network;
    return apply_policy(make_policy("", allowed), premises(), spec_).has_value();
  };
  EXPECT_TRUE(joins("bridge", ""));
  EXPECT_TRUE(joins("none", ""));
  for (const char* network : {"host", "default", "container:ab", "lan", ""}) {
    EXPECT_FALSE(joins(network, "")) << network;
  }
  EXPECT_TRUE(joins("lan", "none, lan"));
  EXPECT_FALSE(joins("bridge", "none, lan"));
}

}  // namespace
}  // namespace cordyna::container
