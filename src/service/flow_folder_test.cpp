#include "service/flow_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace cordyna {
namespace {

namespace fs = std::filesystem;

class FlowFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/flows_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    const fs::path path = fs::path(folder_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::string flow(const std::string& id) {
    return "id: " + id + "\ntasks: [{id: a, type: log, message: hi}]\n";
  }
  FlowFolder load() {
    return load_flows(folder_, [this](const std::string& said) { said_ += said + "\n"; }).value();
  }
  static std::string ids(const FlowFolder& found) {
    std::string out;
    for (const FolderFlow& one : found.flows) out += (out.empty() ? "" : " ") + one.flow->id;
    return out;
  }

  std::string folder_;
  std::string said_;
};

TEST_F(FlowFolderTest, FlowsAreFoundBelowAndNothingElseIsRead) {
  write("b.yaml", flow("b"));
  write("deep/er/c.yml", flow("c"));
  write("a.yaml", "# first a word\n" + flow("a"));
  write("contracts/a.yaml", "columns: {x: string}\n");
  write("cordyna.yaml", "");
  write("a.test.yaml", "flow: a\ntasks: nonsense\n");
  write(".hidden/d.yaml", flow("d"));
  write(".e.yaml", flow("e"));
  write("notes.txt", flow("f"));
  const FlowFolder found = load();
  EXPECT_EQ(ids(found), "a b c");
  EXPECT_EQ(found.refused, 0U);
  EXPECT_EQ(said_, "");
  EXPECT_FALSE(found.flows[0].canonical.empty());
}

TEST_F(FlowFolderTest, ABrokenFlowIsLeftOutAndNamed) {
  write("good.yaml", flow("good"));
  write("bad.yaml", "id: bad\ntasks: [{id: a, type: nothing}]\n");
  write("worse.yaml", "tasks:\n  - {\n");
  const FlowFolder found = load();
  EXPECT_EQ(ids(found), "good");
  EXPECT_EQ(found.refused, 2U);
  EXPECT_NE(said_.find("bad.yaml:2:"), std::string::npos) << said_;
  EXPECT_NE(said_.find("worse.yaml:"), std::string::npos) << said_;
}

TEST_F(FlowFolderTest, TwoFlowsOfOneNameAreAnError) {
  write("one.yaml", flow("same"));
  write("two.yaml", flow("same"));
  write("three.yaml", "namespace: other\n" + flow("same"));
  const FlowFolder found = load();
  EXPECT_EQ(ids(found), "same same");
  EXPECT_EQ(found.refused, 1U);
  EXPECT_NE(said_.find("flow 'same' is in "), std::string::npos) << said_;
  EXPECT_NE(said_.find("one.yaml already"), std::string::npos) << said_;
}

TEST_F(FlowFolderTest, PathsAreFoldersAndFilesAndEachFileCountsOnce) {
  write("in/a.yaml", flow("a"));
  write("b.yaml", flow("b"));
  write("c.yaml", "id: c\n");
  std::string said;
  const auto report = [&said](const std::string& line) { said += line + "\n"; };
  const FlowFolder found = load_flows({folder_ + "/in", folder_ + "/in/../in/a.yaml",
                                       folder_ + "/b.yaml", folder_ + "/c.yaml"},
                                      report)
                               .value();
  EXPECT_EQ(ids(found), "a b");
  EXPECT_EQ(found.refused, 1U) << "a file that is named is meant as a flow";
  EXPECT_NE(said.find("c.yaml:"), std::string::npos) << said;
  const std::string whole = fs::canonical(folder_).string();
  EXPECT_EQ(found.refused_files, std::vector<std::string>{whole + "/c.yaml"});
  EXPECT_EQ(path_of(found.flows[0]), whole + "/in/a.yaml");
  EXPECT_TRUE(in_scope(found, whole + "/in/gone.yaml"));
  EXPECT_TRUE(in_scope(found, whole + "/b.yaml"));
  EXPECT_FALSE(in_scope(found, whole + "/inside.yaml"));
  EXPECT_FALSE(in_scope(found, whole + "/d.yaml"));
  EXPECT_EQ(load_flows({folder_ + "/none.yaml"}, report).error().code, ErrorCode::kNotFound);
}

TEST_F(FlowFolderTest, FilesOfTheFolderItselfCanBeHadAlone) {
  write("a.yaml", flow("a"));
  write("deep/b.yaml", flow("b"));
  EXPECT_EQ(flow_files(folder_, false).value(), std::vector<std::string>{folder_ + "/a.yaml"});
  EXPECT_EQ(flow_files(folder_, true).value().size(), 2U);
}

TEST_F(FlowFolderTest, NoFolderIsNamed) {
  const auto found = load_flows(folder_ + "/none", [](const std::string&) {});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
}

TEST(IsMeantAsFlow, GoesByTasksOnTheOutermostLevel) {
  EXPECT_TRUE(is_meant_as_flow("tasks: []"));
  EXPECT_TRUE(is_meant_as_flow("id: a\ntasks:\n - {"));
  EXPECT_TRUE(is_meant_as_flow(" {\"id\": \"a\", \"tasks\": []}"));
  EXPECT_FALSE(is_meant_as_flow(""));
  EXPECT_FALSE(is_meant_as_flow("x:\n  tasks: []"));
  EXPECT_FALSE(is_meant_as_flow("columns: {tasks: string}"));
}

}  // namespace
}  // namespace cordyna
