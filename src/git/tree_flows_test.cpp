#include "git/tree_flows.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cordyna::git {
namespace {

class TreeFlowsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/tree.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = std::filesystem::canonical(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  TreeFlows read() { return read_flows(folder_, "flows", nullptr).value(); }

  std::filesystem::path folder_;
};

constexpr const char* kGood =
    "id: a\nnamespace: acme\nowner: x\ntasks:\n  - {id: t, type: log, message: hi}\n";

TEST_F(TreeFlowsTest, FindsWhatIsMeantAsAFlow) {
  write("a.yaml", kGood);
  write("deep/er/b.yml",
        "id: b\nnamespace: acme\nowner: x\ntasks: [{id: t, type: log, message: x}]");
  write("values.yaml", "some: thing\n");
  write("a.test.yaml", "tasks: nonsense\n");
  const TreeFlows found = read();
  EXPECT_EQ(found.flaws, std::vector<GitFlaw>());
  ASSERT_EQ(found.flows.size(), 2U);
  EXPECT_EQ(found.flows[0].path, "flows/a.yaml");
  EXPECT_EQ(found.flows[0].text, kGood);
  EXPECT_EQ(found.flows[1].path, "flows/deep/er/b.yml");
  EXPECT_EQ(found.flows[1].id, "b");
}

TEST_F(TreeFlowsTest, TellsWhatIsWrongByThePathsOfTheRepository) {
  write("a.yaml", "id: a\nnamespace: acme\nowner: x\ntasks:\n  - {id: t, type: lgo}\n");
  const TreeFlows found = read();
  EXPECT_TRUE(found.flows.empty());
  ASSERT_FALSE(found.flaws.empty());
  EXPECT_EQ(found.flaws[0].file, "flows/a.yaml");
  EXPECT_EQ(found.flaws[0].line, 5U);
  for (const GitFlaw& flaw : found.flaws) {
    EXPECT_EQ(to_string(flaw).find(folder_.string()), std::string::npos) << to_string(flaw);
  }
}

TEST_F(TreeFlowsTest, ItsProjectFileNamesNoPrograms) {
  write("a.yaml", kGood);
  write("cordyna.yaml", "");
  EXPECT_TRUE(read().flaws.empty());
  write("cordyna.yaml", "plugins: {acme/type: ./program}\n");
  std::filesystem::permissions(folder_ / "cordyna.yaml", std::filesystem::perms::owner_all);
  const TreeFlows found = read();
  ASSERT_EQ(found.flaws.size(), 1U);
  EXPECT_NE(found.flaws[0].message.find("cannot name programs"), std::string::npos)
      << found.flaws[0].message;
}

}  // namespace
}  // namespace cordyna::git
