#include "cli/project_flows.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

class ProjectFlowsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/project_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = fs::canonical(name).string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    const fs::path path = fs::path(folder_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::string flow(const std::string& head) {
    return head + "\ntasks: [{id: a, type: log, message: hi}]\n";
  }
  Result<FoundFlow> find(const std::string& name, const std::string& ns = "") {
    return ProjectFlows(folder_, nullptr).find(name, ns);
  }

  std::string folder_;
};

TEST_F(ProjectFlowsTest, AProjectIsGoneThroughAndAFolderIsNot) {
  write("flow.yaml", flow("id: near"));
  write("deep/other.yaml", flow("namespace: acme\nid: far  # not near"));
  EXPECT_EQ(find("near").value().flow->id, "near");
  EXPECT_EQ(find("acme/far").error().code, ErrorCode::kNotFound);
  write("cordyna.yaml", "");
  const FoundFlow far = ProjectFlows(folder_ + "/deep", nullptr).find("far", "acme").value();
  EXPECT_EQ(far.flow->folder, folder_ + "/deep");
  EXPECT_FALSE(far.canonical.empty());
  EXPECT_EQ(find("far", "beta").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(find("nera").error().message,
            "no flow 'nera' among the files in " + folder_ + "; did you mean 'near'?");
}

TEST_F(ProjectFlowsTest, TwoFilesWithOneNameAreBothNamed) {
  write("a.yaml", flow("id: twin"));
  write("b.yaml", flow("\"id\": 'twin'"));
  const auto found = find("twin");
  EXPECT_EQ(found.error().code, ErrorCode::kConflict);
  EXPECT_EQ(found.error().message, "flow 'twin' is in " + folder_ + "/a.yaml and in " + folder_ +
                                       "/b.yaml; give one of them another id or namespace");
}

TEST_F(ProjectFlowsTest, ABrokenFileIsAnErrorOnlyWhereItIsWanted) {
  write("good.yaml", flow("id: good"));
  write("bad.yaml", "id: bad\ntasks: [{id: a, type: nothing}]\n");
  write("worse.yaml", "id: worse\ntasks: [\n");
  write("nameless.yaml", "tasks: [\n");
  EXPECT_TRUE(find("good").has_value());
  const auto bad = find("bad");
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(bad.error().message.find("bad.yaml:2:"), std::string::npos) << bad.error().message;
  EXPECT_EQ(find("worse").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ProjectFlowsTest, AFlowInJsonHasANameToo) {
  write("j.yaml", R"({"id": "json", "tasks": [{"id": "a", "type": "log", "message": "hi"}]})");
  EXPECT_EQ(find("json").value().flow->id, "json");
}

TEST(NameInTextTest, OnlyTheOutermostKeysCount) {
  EXPECT_EQ(name_in_text("tasks:\n  - id: inner\n"), "");
  EXPECT_EQ(name_in_text("tasks: []\nid: a\nnamespace: \"n.m\" # x\n"), "n.m/a");
  EXPECT_EQ(name_in_text("identity: x\nid : b\r\n"), "b");
  EXPECT_EQ(name_in_text("id: 'open\n"), "");
}

}  // namespace
}  // namespace cordyna::cli
