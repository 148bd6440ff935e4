#include "process/cache/file_hash.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cordyna::cache {
namespace {

namespace fs = std::filesystem;

class FileHashTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/file_hash.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    write("src/a.py", "a");
    write("src/deep/er/b.py", "b");
    write("src/.hidden", "h");
    write(".cordyna/state.db", "s");
    write("top.py", "t");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  /// The hash, or "! " and the error.
  [[nodiscard]] std::string hash(const std::string& pattern) const {
    Budget budget;
    const auto found = hash_files(folder_, pattern, budget);
    return found.has_value() ? *found : "! " + found.error().message;
  }

  fs::path folder_;
};

TEST_F(FileHashTest, IsOfNamesAndContents) {
  const std::string before = hash("src/**");
  EXPECT_EQ(before.size(), 64u);
  EXPECT_EQ(hash("src/**"), before);
  fs::last_write_time(folder_ / "src/a.py", fs::file_time_type::clock::now());
  fs::permissions(folder_ / "src/a.py", fs::perms(0600));
  EXPECT_EQ(hash("src/**"), before) << "neither times nor modes count";
  write("src/a.py", "A");
  const std::string changed = hash("src/**");
  EXPECT_NE(changed, before);
  fs::rename(folder_ / "src/a.py", folder_ / "src/c.py");
  EXPECT_NE(hash("src/**"), changed);
}

TEST_F(FileHashTest, PatternsMatchAsInAShell) {
  EXPECT_EQ(hash("**/*.py"), hash("**/**/*.py"));
  EXPECT_NE(hash("**/*.py"), hash("*/*.py"));
  EXPECT_EQ(hash("src/a.py"), hash("src/[a-b].py"));
  EXPECT_EQ(hash("./src//a.py"), hash("src/?.py"));
  EXPECT_NE(hash("src/.*"), hash("src/*")) << "hidden files only by name";
  const std::string all = hash("**");
  write("src/.hidden", "other");
  write(".cordyna/state.db", "other");
  EXPECT_EQ(hash("**"), all) << "what begins with a dot is not met by a wildcard";
}

TEST_F(FileHashTest, LinksToFilesAreReadThoseToFoldersNotFollowed) {
  fs::create_symlink("../top.py", folder_ / "src/link.py");
  const std::string linked = hash("src/*.py");
  write("top.py", "T");
  EXPECT_NE(hash("src/*.py"), linked);
  const std::string all = hash("**/*.py");
  fs::create_directory_symlink("..", folder_ / "src/up");
  EXPECT_EQ(hash("**/*.py"), all);
}

TEST_F(FileHashTest, SaysWhatIsWrong) {
  const std::string wants = "): wants files below the flow's folder, as 'src/**'";
  for (const std::string pattern : {"", "/etc/passwd", "../x", "src/../../x", "."}) {
    EXPECT_EQ(hash(pattern), "! files('" + pattern + "'" + wants) << pattern;
  }
  EXPECT_EQ(hash("src/*.rs"), "! files('src/*.rs') matches no file in " + folder_.string());
  EXPECT_EQ(hash("none/a"), "! files('none/a') matches no file in " + folder_.string());
  ASSERT_EQ(::mkfifo((folder_ / "src/pipe").c_str(), 0600), 0);
  EXPECT_EQ(hash("src/pipe"), "! files('src/pipe') matches no file in " + folder_.string());
}

TEST_F(FileHashTest, IsBounded) {
  fs::resize_file(folder_ / "top.py", kBytesMax + 1);
  EXPECT_NE(hash("top.py").find("more than 256 MiB to read"), std::string::npos) << hash("top.py");
  Budget budget;
  budget.files = kFilesMax;
  const auto many = hash_files(folder_, "src/a.py", budget);
  ASSERT_FALSE(many.has_value());
  EXPECT_NE(many.error().message.find("more than 10000 files"), std::string::npos);
  budget = {};
  budget.entries = kEntriesMax;
  EXPECT_FALSE(hash_files(folder_, "src/*", budget).has_value());
}

}  // namespace
}  // namespace cordyna::cache
