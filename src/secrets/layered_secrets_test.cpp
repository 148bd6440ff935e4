#include "secrets/layered_secrets.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cordyna {
namespace {

class LayeredSecretsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/dyna-secrets-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    file_ = folder_ + "/secrets";
    unsetenv("DYNA_SECRET_TOKEN");
    unsetenv("DYNA_SECRET_KEY");
  }
  void TearDown() override {
    unsetenv("DYNA_SECRET_TOKEN");
    std::filesystem::remove_all(folder_);
  }
  void write(const std::string& content, mode_t mode = 0600) {
    std::ofstream(file_, std::ios::binary) << content;
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
  }
  [[nodiscard]] Result<std::string> find(std::string_view name) const {
    return LayeredSecrets(StateLayout(folder_)).find(name);
  }
  void expect_error(std::string_view name, ErrorCode code, const std::string& part) const {
    const auto result = find(name);
    ASSERT_FALSE(result.has_value()) << *result;
    EXPECT_EQ(result.error().code, code);
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  }

  std::string folder_;
  std::string file_;
};

TEST_F(LayeredSecretsTest, TheEnvironmentGoesBeforeTheStoreAndThatBeforeTheFile) {
  write("TOKEN=from file\n");
  EXPECT_EQ(find("TOKEN"), "from file");
  SecretStore store{StateLayout(folder_)};
  ASSERT_TRUE(store.set("TOKEN", "from store", 1).has_value());
  EXPECT_EQ(find("TOKEN"), "from store");
  setenv("DYNA_SECRET_TOKEN", "from environment", 1);
  EXPECT_EQ(find("TOKEN"), "from environment");
}

TEST_F(LayeredSecretsTest, AStoreThatCannotBeReadIsNotPassedOver) {
  write("TOKEN=from file\n");
  SecretStore store{StateLayout(folder_)};
  ASSERT_TRUE(store.set("OTHER", "x", 1).has_value());
  ASSERT_TRUE(std::filesystem::remove(folder_ + "/secret.key"));
  EXPECT_EQ(find("TOKEN"), "from file");  // names can be read without the key
  expect_error("OTHER", ErrorCode::kUnavailable, "its key is missing");
  std::ofstream(folder_ + "/secrets.enc") << "damaged";
  expect_error("TOKEN", ErrorCode::kCorrupt, "secrets.enc");
}

TEST_F(LayeredSecretsTest, TheKeyOfTheStoreIsNoSecret) {
  setenv("DYNA_SECRET_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 1);
  write("KEY=x\nTOKEN=y\n");
  expect_error("KEY", ErrorCode::kInvalidArgument, "no secret can be called KEY");
  EXPECT_EQ(find("TOKEN"), "y");
  unsetenv("DYNA_SECRET_KEY");
}

TEST_F(LayeredSecretsTest, ReadsLinesOfTheFile) {
  write(
      "# a comment\n\n  A = plain value # kept \r\nB=\"two\\nlines \\\"q\\\" \\\\ \"\nC=\n"
      "D=a=b\nE=\xff\xfe\nLAST='x'");
  EXPECT_EQ(find("A"), "plain value # kept");
  EXPECT_EQ(find("B"), "two\nlines \"q\" \\ ");
  EXPECT_EQ(find("C"), "");
  EXPECT_EQ(find("D"), "a=b");
  EXPECT_EQ(find("E"), "\xff\xfe");
  EXPECT_EQ(find("LAST"), "'x'");
}

TEST_F(LayeredSecretsTest, AMissingOneSaysWhereItCouldStand) {
  expect_error("TOKEN", ErrorCode::kNotFound, "not as DYNA_SECRET_TOKEN in the environment");
  expect_error("TOKEN", ErrorCode::kNotFound, "not in " + folder_ + "/secrets.enc");
  expect_error("TOKEN", ErrorCode::kNotFound, file_ + " (which does not exist)");
  write("OTHER=x\n");
  expect_error("TOKEN", ErrorCode::kNotFound, file_ + "; 'dyna secret set TOKEN'");
}

TEST_F(LayeredSecretsTest, AFileThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0644U, 0640U, 0604U, 0622U, 0601U}) {
    write("TOKEN=x\n", mode);
    expect_error("TOKEN", ErrorCode::kUnavailable, "lets others read it; chmod 600 " + file_);
  }
  write("TOKEN=x\n", 0400);
  EXPECT_EQ(find("TOKEN"), "x");
}

TEST_F(LayeredSecretsTest, AFileOfSomebodyElseIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  write("TOKEN=x\n");
  ASSERT_EQ(chown(file_.c_str(), 12345, 12345), 0);
  expect_error("TOKEN", ErrorCode::kUnavailable, "it belongs to user 12345");
}

TEST_F(LayeredSecretsTest, WhatIsNoFileIsRefused) {
  std::filesystem::create_directory(file_);
  expect_error("TOKEN", ErrorCode::kUnavailable, "not a regular file");
}

TEST_F(LayeredSecretsTest, AHugeFileIsRefused) {
  write(std::string(kSecretsFileMax + 1, '#'));
  expect_error("TOKEN", ErrorCode::kUnavailable, "larger than 1 MiB");
}

TEST_F(LayeredSecretsTest, BrokenLinesAreNamedWithoutTheirValue) {
  for (const char* line :
       {"no equals hunter2", "1X=hunter2", "TOKEN=\"hunter2", "T K=hunter2", "TOKEN=\"hunter2\" x",
        "TOKEN=\"hunter2\\q\"", "TOKEN=hunter2\nTOKEN=hunter2"}) {
    write("# first\n" + std::string(line) + "\n");
    const auto result = find("TOKEN");
    ASSERT_FALSE(result.has_value()) << line;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(result.error().message.find(", line "), std::string::npos);
    EXPECT_EQ(result.error().message.find("hunter2"), std::string::npos);
  }
}

TEST_F(LayeredSecretsTest, NamesAreChecked) {
  for (const char* name : {"", "1A", "A-B", "A=B", "../x", "A B", "Ä"}) {
    expect_error(name, ErrorCode::kInvalidArgument, "is not a name of a secret");
  }
}

}  // namespace
}  // namespace cordyna
