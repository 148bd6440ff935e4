#include "process/kubernetes/job_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/id.hpp"

namespace cordyna::kubernetes {
namespace {

namespace fs = std::filesystem;

class JobFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-job-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    state_ = name;
  }
  void TearDown() override { fs::remove_all(state_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder().path() + "/" + name) << text;
  }
  [[nodiscard]] JobFolder folder() const { return JobFolder(state_ + "/runs/1/0-1"); }

  std::string state_;
};

TEST_F(JobFolderTest, WhatIsSavedIsFoundAgain) {
  EXPECT_EQ(folder().job().value(), std::nullopt);
  EXPECT_EQ(folder().ended().value(), std::nullopt);
  const JobRecord job{"ctx", "ns", "dyna-x", "uid", true, false, true};
  ASSERT_TRUE(folder().save(job).has_value());
  EXPECT_EQ(folder().job().value(), job);
  local::ExitRecord record;
  record.exit_code = 3;
  ASSERT_TRUE(folder().end(record).has_value());
  EXPECT_EQ(folder().ended().value(), record);
}

TEST_F(JobFolderTest, WhatIsDamagedIsSaidAndNotTakenForNothing) {
  ASSERT_TRUE(folder().save({}).has_value());
  for (const char* text : {"", "{", "[]", R"({"context":1})"}) {
    write("job", text);
    EXPECT_EQ(folder().job().error().code, ErrorCode::kCorrupt) << text;
  }
  write("exit", "{");
  EXPECT_EQ(folder().ended().error().code, ErrorCode::kCorrupt);
}

TEST_F(JobFolderTest, ALogIsCutToWhatWasMarked) {
  ASSERT_TRUE(folder().save({}).has_value());
  write("log", "o 1 one\no 2 two\n");
  EXPECT_EQ(folder().cut_log().log_bytes, 0U);
  EXPECT_FALSE(fs::exists(folder().path() + "/log"));
  write("log", "o 1 one\no 2 two\n");
  folder().mark_log({{7, 8, 9}, 8});
  const LogMark mark = folder().cut_log();
  EXPECT_EQ(mark.position, (LogPosition{7, 8, 9}));
  EXPECT_EQ(fs::file_size(folder().path() + "/log"), 8U);
  // One that lost more than that is read anew.
  fs::resize_file(folder().path() + "/log", 3);
  EXPECT_EQ(folder().cut_log().position, LogPosition{});
  EXPECT_FALSE(fs::exists(folder().path() + "/log"));
}

TEST_F(JobFolderTest, TheLastLineOfOutputIsTheOneThatSaysSomething) {
  ASSERT_TRUE(folder().save({}).has_value());
  EXPECT_EQ(folder().last_line(), "");
  write("log", "o 1 one\no 2 two\x1b[0m\no 3   \ns 4 ours\n");
  EXPECT_EQ(folder().last_line(), "two [0m");
}

TEST_F(JobFolderTest, AStateFolderHasOneId) {
  const auto id = owner_id(state_);
  ASSERT_TRUE(id.has_value()) << id.error().message;
  EXPECT_TRUE(is_uuid(*id));
  EXPECT_EQ(owner_id(state_).value(), *id);
  EXPECT_EQ(owner_id(state_ + "/missing").error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace cordyna::kubernetes
