#include "cli/server_choice.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

/// prod (the current one) and test; old has no token.
class ServerChoiceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-choice-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    words_.config_home = name;
    const auto written =
        client::change_contexts(name + "/cordyna", [](client::ContextList& list) -> Result<> {
          list.put({"prod", "https://prod.example", "t-prod", "user:ann", "/ca", false, false});
          list.put({"test", "http://127.0.0.1:7070", "t-test", "user:bo", "", false, false});
          list.put({"old", "https://old.example", "", "", "", false, false});
          list.current = "prod";
          return {};
        });
    ASSERT_TRUE(written.has_value());
  }
  void TearDown() override { fs::remove_all(words_.config_home); }

  void forget_current() const {
    ASSERT_TRUE(client::change_contexts(words_.config_home + "/cordyna",
                                        [](client::ContextList& list) -> Result<> {
                                          list.current.clear();
                                          return {};
                                        })
                    .has_value());
  }
  /// "url token" of what is chosen; "local"; or the error.
  [[nodiscard]] std::string chosen() const {
    const auto found = choose_server(words_);
    if (!found.has_value()) return "error: " + found.error().message;
    return found->has_value() ? (*found)->url + " " + (*found)->token : "local";
  }

  ServerWords words_;
};

TEST_F(ServerChoiceTest, TheFirstThatIsThereSaysIt) {
  EXPECT_EQ(chosen(), "https://prod.example t-prod") << "the current context";
  words_.state_variable = true;
  EXPECT_EQ(chosen(), "local") << "$DYNA_STATE";
  words_.variable = "test";
  EXPECT_EQ(chosen(), "http://127.0.0.1:7070 t-test") << "$DYNA_SERVER";
  words_.state_option = true;
  EXPECT_EQ(chosen(), "local") << "--state";
  words_.state_option = false;
  words_.option = "prod";
  EXPECT_EQ(chosen(), "https://prod.example t-prod") << "--server";
  words_.option = "local";
  EXPECT_EQ(chosen(), "local");
}

TEST_F(ServerChoiceTest, ServerAndStateTogetherAreAnError) {
  words_.option = "prod";
  words_.state_option = true;
  EXPECT_TRUE(chosen().starts_with("error: --server and --state"));
  words_.option = "local";
  EXPECT_EQ(chosen(), "local");
}

TEST_F(ServerChoiceTest, WithoutAnythingAStateFolderIsMeant) {
  forget_current();
  EXPECT_EQ(chosen(), "local");
  words_.variable = "local";
  EXPECT_EQ(chosen(), "local");
  words_ = {};
  EXPECT_EQ(chosen(), "local") << "no home, no contexts";
}

TEST_F(ServerChoiceTest, ServerAloneIsTheOneThatAnythingSays) {
  words_.option = "";
  EXPECT_EQ(chosen(), "https://prod.example t-prod");
  words_.variable = "test";
  EXPECT_EQ(chosen(), "http://127.0.0.1:7070 t-test");
  words_.variable.clear();
  forget_current();
  EXPECT_TRUE(chosen().contains("several servers")) << chosen();
}

TEST_F(ServerChoiceTest, ATokenOfTheEnvironmentGoesOnlyWhereTheEnvironmentSays) {
  words_.token = "t-env";
  EXPECT_EQ(chosen(), "https://prod.example t-prod");
  words_.option = "test";
  EXPECT_EQ(chosen(), "http://127.0.0.1:7070 t-test");
  words_.option = "https://prod.example/";
  EXPECT_EQ(chosen(), "https://prod.example t-prod") << "the context of that address";
  words_.option = "https://new.example";
  EXPECT_EQ(chosen(), "https://new.example t-env");
  words_.option.reset();
  words_.variable = "prod";
  EXPECT_EQ(chosen(), "https://prod.example t-env");
}

TEST_F(ServerChoiceTest, WhatCannotBeMeantSaysWhy) {
  words_.option = "pord";
  EXPECT_TRUE(chosen().contains("did you mean 'prod'?")) << chosen();
  words_.option = "old";
  EXPECT_TRUE(chosen().contains("there is no token for https://old.example: dyna login"));
  words_.option = "https://new.example";
  EXPECT_TRUE(chosen().contains("there is no token"));
  words_.option = "http://new.example";
  words_.token = "t-env";
  EXPECT_TRUE(chosen().contains("everybody on the way reads the token")) << chosen();
  EXPECT_FALSE(chosen().contains("t-env"));
}

TEST_F(ServerChoiceTest, ContextsThatCannotBeReadAreNotPassedOver) {
  const std::string file = words_.config_home + "/cordyna/contexts.json";
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_TRUE(chosen().contains("--server local works on a state folder")) << chosen();
  words_.option = "local";
  EXPECT_EQ(chosen(), "local");
}

}  // namespace
}  // namespace cordyna::cli
