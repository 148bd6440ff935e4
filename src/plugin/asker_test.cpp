#include "plugin/asker.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cordyna::plugin {
namespace {

constexpr const char* kReady =
    R"({"specversion":"1.0","id":"1","source":"urn:cordyna:ts:acme/say","type":"cordyna.server.ready.v1","data":{"tasks":[{"id":"say","version":"2","description":"Says it.","owner":{"team":"acme","contacts":["x@y"]},"input_schema":{"type":"object"},"timeouts":{"complete":"5s"}}]}})";

class AskerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);  // of a run before
    std::filesystem::create_directories(folder_);
  }
  PluginProgram program(const std::string& body, const std::string& head = "#!/bin/sh") {
    const std::string path = folder_ + "/say.sh";
    std::filesystem::remove(path);
    std::ofstream(path) << head << "\n" << body << "\n";
    ::chmod(path.c_str(), 0755);
    return {"acme/say", {path}, folder_};
  }
  std::string why(const std::string& body, Millis patience = 10'000) {
    const auto said = PluginAsker(patience).find(program(body));
    return said.has_value() ? "it is right" : said.error().message;
  }
  static std::string say(const std::string& line) { return "cat <<'END'\n" + line + "\nEND\n"; }

  std::string folder_;
};

TEST_F(AskerTest, LearnsWhatAProgramDeclares) {
  const PluginAsker asker;
  const auto said = asker.find(program(say(kReady) + "cat >/dev/null"));
  ASSERT_TRUE(said.has_value()) << said.error().message;
  EXPECT_EQ(*said, (PluginType{"Says it.", "2", R"({"type":"object"})", "", {0, 0, 5000}}));
}

TEST_F(AskerTest, AsksAgainOnlyWhenTheProgramIsAnother) {
  const PluginAsker asker;
  const std::string counts = "echo x >>" + folder_ + "/asked\n" + say(kReady);
  const PluginProgram first = program(counts);
  ASSERT_TRUE(asker.find(first).has_value());
  ASSERT_TRUE(asker.find(first).has_value());
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/asked"), 2U);
  ASSERT_TRUE(asker.find(program(counts + "# more")).has_value());
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/asked"), 4U);
}

TEST_F(AskerTest, SaysWhyItKnowsNothing) {
  const auto expect = [](const std::string& said, std::string_view part) {
    EXPECT_NE(said.find(part), std::string::npos) << said;
    EXPECT_TRUE(said.starts_with("the plugin 'acme/say' (")) << said;
  };
  expect(why("echo no such module >&2; exit 3"),
         "it ended with exit code 3 before it said server.ready: no such module");
  expect(why("echo loading"), "line 1 of its standard output is no message");
  expect(why(say(R"({"specversion":"1.0","id":"1","source":"x","type":"cordyna.server.goodbye.v1",)"
                 R"("data":{"code":"shutdown"}})")),
         "a plugin begins with server.ready");
  expect(why("exec sleep 100", 100), "it did not say server.ready within 0.1 s");
  expect(why("head -c 400000 /dev/zero | tr '\\0' x; exec sleep 100"),
         "has more than 262,144 bytes");
  std::string other = kReady;
  other.replace(other.find("\"say\""), 5, "\"sing\"");
  expect(why(say(other)), "it declares 'sing', and no task 'say'");
  std::string wrong = kReady;
  wrong.replace(wrong.find("\"object\""), 8, "\"thing\"");
  expect(why(say(wrong)), "#/input_schema/type");
  std::string server = kReady;
  server.replace(server.find("\"version\""), 9, "\"cron\":\"0 2 * * *\",\"version\"");
  expect(why(say(server)), "#/cron is for tasks of task servers");
}

TEST_F(AskerTest, SaysWhyAProgramCannotBeStarted) {
  const PluginAsker asker;
  const auto why_not = [&](const PluginProgram& one) { return asker.find(one).error().message; };
  EXPECT_NE(why_not({"acme/say", {folder_ + "/none"}, folder_}).find("there is no such file"),
            std::string::npos);
  EXPECT_NE(why_not({"acme/say", {"no-such-program-at-all"}, folder_}).find("it is not in PATH"),
            std::string::npos);
  EXPECT_NE(why_not(program("", "#!/nowhere/sh")).find("the interpreter"), std::string::npos);
  const PluginProgram forbidden = program("exit 0");
  ::chmod(forbidden.argv[0].c_str(), 0644);
  EXPECT_NE(why_not(forbidden).find("chmod +x"), std::string::npos);
}

/// What others of this program know is none of its business.
TEST_F(AskerTest, AProgramIsToldLittleOfTheEnvironment) {
  ::setenv("DYNA_SECRET_TOKEN", "t0p", 1);  // NOLINT(concurrency-mt-unsafe): one thread
  (void)PluginAsker().find(program("env >" + folder_ + "/env\n" + say(kReady)));
  ::unsetenv("DYNA_SECRET_TOKEN");  // NOLINT(concurrency-mt-unsafe): one thread
  std::ifstream file(folder_ + "/env");
  const std::string env(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(env.find("DYNA_PLUGIN=acme/say"), std::string::npos) << env;
  EXPECT_EQ(env.find("t0p"), std::string::npos) << env;
}

TEST_F(AskerTest, NobodyIsAskedWherePluginsAreOff) {
  ::setenv(kPolicyVariable, "off", 1);  // NOLINT(concurrency-mt-unsafe): one thread
  const auto said = PluginAsker().find(program("touch " + folder_ + "/begun"));
  ::unsetenv(kPolicyVariable);  // NOLINT(concurrency-mt-unsafe): one thread
  EXPECT_EQ(said.error().code, ErrorCode::kDenied);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/begun"));
}

}  // namespace
}  // namespace cordyna::plugin
