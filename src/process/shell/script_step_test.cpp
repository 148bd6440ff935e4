// Steps as files, compilers as they are asked, and what is taken from what they say.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/debian.hpp"
#include "process/shell/compiler.hpp"
#include "process/shell/script_step.hpp"
#include "template/test_program.hpp"

namespace cordyna::script {
namespace {

ScriptStep step_of(const std::string& language, std::vector<std::string> compiler) {
  return {language, "source", "script." + language, "the script", "", std::move(compiler), "/none"};
}

TEST(ScriptStepFileTest, ComesBackAsItWas) {
  const ScriptStep step{"java",    "source-java",   "Übung.java",     "a\"b\n.java",
                        "a.Übung", {"javac", "-g"}, "/state/programs"};
  const auto back = parse_script_step(to_json(step));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, step);
  for (const char* wrong : {"", "{}", "[]", "{\"language\":1}"}) {
    const auto parsed = parse_script_step(wrong);
    ASSERT_FALSE(parsed.has_value()) << wrong;
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorrupt);
  }
}

struct EssenceCase {
  const char* language;
  const char* output;
  const char* wanted;
};

class EssenceTest : public testing::TestWithParam<EssenceCase> {};

TEST_P(EssenceTest, IsTheFirstError) {
  EXPECT_EQ(essence(GetParam().language, GetParam().output), GetParam().wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Table, EssenceTest,
    testing::Values(
        EssenceCase{"c",
                    "script.c: In function 'main':\nscript.c:2:3: warning: w\n"
                    "script.c:3:5: error: expected ';'\n    3 |   x\n      |   ^\n",
                    "script.c:3:5: error: expected ';'"},
        EssenceCase{"c",
                    "/usr/bin/ld: a.o: in function `main':\nscript.c:(.text+0x5): undefined "
                    "reference to `f'\ncollect2: error: ld returned 1 exit status\n",
                    "script.c:(.text+0x5): undefined reference to `f'"},
        EssenceCase{"rust", "error[E0308]: mismatched types\n --> script.rs:2:5\n  |\n",
                    "error[E0308]: mismatched types --> script.rs:2:5"},
        EssenceCase{"go", "# command-line-arguments\n./script.go:4:2: undefined: x\n",
                    "./script.go:4:2: undefined: x"},
        EssenceCase{"java", "Note: n\nMain.java:3: error: ';' expected\n    int\n1 error\n",
                    "Main.java:3: error: ';' expected"},
        EssenceCase{"c", "one\n\n  two  \n", "two"}, EssenceCase{"c", "", ""},
        EssenceCase{"c", "error: \x1b[31mred\n", "error: \\x1b[31mred"}));

TEST(EssenceTest, IsShort) {
  const std::string text = essence("c", "error: " + std::string(300, 'x'));
  EXPECT_LE(text.size(), 223U);
  EXPECT_TRUE(text.ends_with("x…"));
}

TEST(FindCompilerTest, SaysWhoHasAMissingOne) {
  const auto none = find_compiler(step_of("c", {"/nowhere/gcc", "-O2"}));
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(none.error().message,
            "program '/nowhere/gcc' does not exist, or is not executable; Debian has it in gcc");
  const auto unknown = find_compiler(step_of("c", {"no-such-compiler"}));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().message.find("program 'no-such-compiler' was not found in PATH ("), 0U);
}

TEST(DebianTest, KnowsWhereProgramsAre) {
  EXPECT_EQ(debian_hint("/usr/bin/Rscript"), "; Debian has it in r-base-core");
  EXPECT_EQ(debian_hint("no-such"), "");
}

class CompileTest : public testing::Test {
 protected:
  void SetUp() override {
    if (test::find_program("cc").empty()) GTEST_SKIP() << "no cc";
    std::string pattern = testing::TempDir() + "/dyna-compile-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  std::string folder_;
};

TEST_F(CompileTest, AProgramIsMadeAndRun) {
  const ScriptStep step = step_of("c", {"cc", "-O2", "-lm"});
  const auto compiler = find_compiler(step);
  ASSERT_TRUE(compiler.has_value()) << compiler.error().message;
  EXPECT_EQ(compiler->options, (std::vector<std::string>{"-O2", "-lm"}));
  const auto done = compile(step, *compiler,
                            "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
                            "int main(void) { printf(\"%.0f\", sqrt(atof(getenv(\"N\")))); }\n",
                            folder_, -1);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  ASSERT_EQ(done->exit_code, 0) << done->output;
  const auto command = run_command(step, *compiler, folder_);
  ASSERT_TRUE(command.has_value());
  EXPECT_EQ(test::run_program(*command, {{"N", "1764"}}).out, "42");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/tmp"));
}

TEST_F(CompileTest, TheCompilerSeesNothingOfTheTasksEnvironment) {
  const ScriptStep step = step_of("c", {"/bin/sh", "-c", "env; exit 3"});
  setenv("DYNA_TEST_TOKEN", "s3cr3t", 1);
  const auto compiler = find_compiler(step);
  const auto done = compile(step, *compiler, "x", folder_, -1);
  unsetenv("DYNA_TEST_TOKEN");
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->output.find("s3cr3t"), std::string::npos);
}

TEST_F(CompileTest, AnotherTextOrCompilerOrOptionIsAnotherProgram) {
  const ScriptStep step = step_of("c", {"cc", "-O2"});
  const auto compiler = find_compiler(step);
  ASSERT_TRUE(compiler.has_value());
  const std::string key = program_key(step, *compiler, "int x;");
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(key, program_key(step, *compiler, "int x;"));
  EXPECT_NE(key, program_key(step, *compiler, "int y;"));
  EXPECT_NE(key, program_key(step_of("c", {"cc", "-O3"}), *compiler, "int x;"));
  Compiler newer = *compiler;
  newer.identity += "2";
  EXPECT_NE(key, program_key(step, newer, "int x;"));
}

}  // namespace
}  // namespace cordyna::script
