#include "kubernetes/plugin.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "kubernetes/credentials.hpp"

namespace cordyna::kubernetes {
namespace {

namespace fs = std::filesystem;

class PluginTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-plugin-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    access_.context = "prod";
    access_.server = "https://h:1";
    access_.identity.plugin = ExecPlugin{
        "client.authentication.k8s.io/v1", folder_ + "/who", {"a b"}, {{"SAID", "word"}}, "", true};
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& script) const {
    std::ofstream(folder_ + "/who") << "#!/bin/sh\n" << script << "\n";
    ::chmod((folder_ + "/who").c_str(), 0755);
  }

  std::string folder_;
  Access access_;
};

constexpr const char* kAnswer =
    R"(echo "{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"$SAID-$1-$(echo "$KUBERNETES_EXEC_INFO" | tr -cd a-z | head -c 9)-${DYNA_HIDDEN-none}\"}}")";

TEST_F(PluginTest, ItGetsItsWordsAndTheClusterAndNothingOfOurs) {
  setenv("DYNA_HIDDEN", "secret", 1);
  write(kAnswer);
  const auto found = ask_plugin(access_, -1);
  unsetenv("DYNA_HIDDEN");
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->token, "word-a b-apiersion-none");
  EXPECT_EQ(found->expires, 0);
}

TEST_F(PluginTest, AFailureSaysItsLastLine) {
  write("echo first >&2; echo 'no login: run it' >&2; exit 3");
  const auto found = ask_plugin(access_, -1);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kDenied);
  EXPECT_EQ(found.error().message, "the credential plugin " + folder_ +
                                       "/who of prod failed with exit code 3: no login: run it");
}

TEST_F(PluginTest, OneThatHangsIsEndedWithItsChildren) {
  write("sleep 1000 & sleep 1000");
  const auto found = ask_plugin(access_, -1, 200);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
}

TEST_F(PluginTest, OneThatIsNotThereSaysWhereToGetIt) {
  access_.identity.plugin->hint = "apt install who";
  const auto found = ask_plugin(access_, -1);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(found.error().message.ends_with("; apt install who")) << found.error().message;
}

TEST_F(PluginTest, AnswersThatAreNoneAreRefused) {
  for (const char* text :
       {"", "[]", "{}", R"({"kind":"ExecCredential","status":{}})",
        R"({"kind":"ExecCredential","status":{"clientKeyData":"k"}})",
        R"({"kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"x"}})"}) {
    EXPECT_FALSE(parse_credential(text).has_value()) << text;
  }
}

TEST_F(PluginTest, ItIsAskedAgainWhenItsTokenIsRefused) {
  write("echo x >> " + folder_ + "/asked; " +
        R"(echo "{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t$(wc -l < )" + folder_ +
        R"(/asked)\"}}")");
  Credentials credentials(access_);
  const auto first = credentials.shown(-1);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_EQ(credentials.shown(-1)->token, "t1");
  EXPECT_TRUE(credentials.refused(first->number));
  const auto second = credentials.shown(-1);
  EXPECT_EQ(second->token, "t2");
  EXPECT_NE(second->number, first->number);
}

TEST_F(PluginTest, ATokensFileIsReadAnewWhenItIsRefused) {
  access_.identity.plugin.reset();
  access_.identity.token_file = folder_ + "/token";
  std::ofstream(access_.identity.token_file) << "one\n";
  Credentials credentials(access_);
  const auto first = credentials.shown(-1);
  EXPECT_EQ(first->token, "one");
  std::ofstream(access_.identity.token_file) << "two\n";
  EXPECT_EQ(credentials.shown(-1)->token, "one");
  EXPECT_TRUE(credentials.refused(first->number));
  EXPECT_EQ(credentials.shown(-1)->token, "two");
  fs::remove(access_.identity.token_file);
  EXPECT_TRUE(credentials.refused(credentials.shown(-1)->number));
  EXPECT_EQ(credentials.shown(-1).error().code, ErrorCode::kNotFound);
}

TEST_F(PluginTest, AFixedTokenHasNoOther) {
  access_.identity = {};
  access_.identity.token = "fixed";
  Credentials credentials(access_);
  EXPECT_FALSE(credentials.refused(credentials.shown(-1)->number));
}

}  // namespace
}  // namespace cordyna::kubernetes
