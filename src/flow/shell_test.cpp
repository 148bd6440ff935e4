// Tasks of type shell: what runs a script, and where it stands.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flow/bad_case_fixture.hpp"
#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

std::string shell_task(std::string_view keys) {
  return fmt::format("id: f\ntasks:\n  - {{id: a, type: shell, {}}}\n", keys);
}

class BadShell : public testing::TestWithParam<BadCase> {};

TEST_P(BadShell, IsReportedAtItsPlace) {
  const Parsed parsed = parse(GetParam().text, "flow.yaml", "/");
  EXPECT_EQ(places(parsed.diagnostics), GetParam().expected);
  ASSERT_FALSE(parsed.diagnostics.empty());
  EXPECT_NE(parsed.diagnostics[0].message.find(GetParam().fragment), std::string::npos)
      << parsed.diagnostics[0].message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadShell,
    testing::Values(
        BadCase{"Neither", shell_task("interpreter: node"), "3:5 missing_key",
                "has no 'script'; it is required, or 'file'"},
        BadCase{"Both", shell_task("script: x, file: {name: a.c, text: x}"), "3:43 bad_value",
                "leave one"},
        BadCase{"TwoWaysToRun", shell_task("script: x, language: c, interpreter: node"),
                "3:63 bad_value", "runs it as it stands"},
        BadCase{"CompilerAlone", shell_task("script: x, compiler: gcc"), "3:47 missing_key",
                "c, rust, go or java"},
        BadCase{"CompilerOfOptions", shell_task("script: x, language: c, compiler: [-O2]"),
                "3:61 bad_value", "begins with a program"},
        BadCase{"NoCompiler", shell_task("script: x, language: c, compiler: []"), "3:60 bad_value",
                "at least 1"},
        BadCase{"Interpreted", shell_task("script: x, language: python"), "3:47 bad_value",
                "interpreter: python3"},
        BadCase{"R", shell_task("script: x, language: R"), "3:47 bad_value", "Rscript"},
        BadCase{"UnknownLanguage", shell_task("script: x, language: cobol"), "3:47 bad_value",
                "c, rust, go or java"},
        BadCase{"TemplateInC", shell_task("language: c, script: 'int a = {{ inputs.n }};'"),
                "3:56 template_not_allowed", "this one is compiled"},
        BadCase{"TemplateInCompiler",
                shell_task("script: x, language: c, compiler: ['{{ inputs.c }}']"),
                "3:62 template_not_allowed", "not a template"},
        BadCase{"EmptyScript", shell_task("language: c, script: ' '"), "3:47 bad_value", "empty"},
        BadCase{"MissingFile", shell_task("file: nowhere.c, language: c"), "3:32 script_file",
                "no such file"},
        BadCase{"TemplateInFile", shell_task("file: '{{ inputs.f }}'"), "3:33 template_not_allowed",
                "not a template"},
        BadCase{"FileWithoutName", shell_task("file: {text: x}"), "3:32 missing_key", "'name'"}),
    [](const auto& row) { return row.param.name; });

TEST(ShellFlow, ALanguageHasItsCompiler) {
  const Parsed parsed = parse(
      "id: f\ntasks:\n"
      "  - {id: a, type: shell, language: c, script: 'int a[1][2] = {{1, 2}};'}\n"
      "  - {id: b, type: shell, language: rust, compiler: 'rustc -g', script: x}\n",
      "flow.yaml", "/");
  ASSERT_EQ(places(parsed.diagnostics), "");
  EXPECT_EQ(parsed.flow->tasks[0].params, R"({"compiler":["cc","-O2","-lm"],"language":"c",)"
                                          R"("script":"int a[1][2] = {{1, 2}};"})");
  EXPECT_EQ(parsed.flow->tasks[1].params,
            R"({"compiler":["rustc","-g"],"language":"rust","script":"x"})");
  const auto back = from_canonical(parsed.canonical, "/");
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ((*back)->tasks[0].params, parsed.flow->tasks[0].params);
  EXPECT_EQ((*back)->hash, parsed.flow->hash);
}

TEST(ShellFlow, BracesOfOtherLanguagesAreTheirOwn) {
  const Parsed parsed = parse(
      "id: f\ntasks:\n"
      "  - {id: a, type: shell, interpreter: [/usr/bin/env, node], script: 'f({{a: 1}}, `{%`)'}\n"
      "  - {id: b, type: shell, interpreter: 'env python3 -u', script: '{{error: 1}}'}\n",
      "flow.yaml", "/");
  EXPECT_EQ(places(parsed.diagnostics), "");
}

TEST(ShellFlow, OtherLanguagesAreGivenTheOutputsOfWhatTheyNeed) {
  const Parsed parsed = parse(
      "id: f\ntasks:\n  - {id: a, type: shell, script: x}\n"
      "  - {id: b, type: shell, script: x, needs: a, interpreter: node}\n"
      "  - {id: c, type: shell, script: x, needs: a, language: go}\n"
      "  - {id: d, type: shell, script: x, needs: a, interpreter: bash}\n"
      "  - {id: e, type: wait_for, script: x, needs: a, interpreter: Rscript}\n",
      "flow.yaml", "/");
  ASSERT_EQ(places(parsed.diagnostics), "");
  const std::vector<TaskIndex> first{0};
  EXPECT_EQ(parsed.flow->tasks[1].refs, first);
  EXPECT_EQ(parsed.flow->tasks[2].refs, first);
  EXPECT_TRUE(parsed.flow->tasks[3].refs.empty());
  EXPECT_EQ(parsed.flow->tasks[4].refs, first);
}

class ScriptFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "script-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ + "/" + name) << text;
  }
  [[nodiscard]] Parsed parsed(std::string_view keys) const {
    write("flow.yaml", shell_task(keys));
    auto read = parse_file(folder_ + "/flow.yaml");
    EXPECT_TRUE(read.has_value()) << read.error().message;
    return *std::move(read);
  }

  std::string folder_;
};

TEST_F(ScriptFile, IsTakenIntoTheFlow) {
  write("sum.c", "int main(void) { return {{0}}; } // {{ inputs.x }}\n");
  const Parsed flow = parsed("file: sum.c, language: c");
  ASSERT_EQ(places(flow.diagnostics), "");
  const std::string wanted =
      R"({"compiler":["cc","-O2","-lm"],"file":{"name":"sum.c",)"
      R"("text":"int main(void) { return {{0}}; } // {{ inputs.x }}\n"},"language":"c"})";
  EXPECT_EQ(flow.flow->tasks[0].params, wanted);
  std::filesystem::remove(folder_ + "/sum.c");
  const auto back = from_canonical(flow.canonical, folder_);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ((*back)->tasks[0].params, wanted);
  EXPECT_EQ((*back)->hash, flow.flow->hash);
}

TEST_F(ScriptFile, IsAText) {
  write("bytes", std::string("a\xff"));
  write("nul", std::string("a\0b", 3));
  write("empty", "\n");
  for (const auto& [name, why] : {std::pair{"bytes", "no UTF-8"},
                                  {"nul", "no UTF-8"},
                                  {"empty", "is empty"},
                                  {"gone", "no such file"}}) {
    const Parsed flow = parsed(fmt::format("file: {}", name));
    ASSERT_EQ(flow.diagnostics.size(), 1U) << name;
    EXPECT_NE(flow.diagnostics[0].message.find(why), std::string::npos)
        << flow.diagnostics[0].message;
  }
}

TEST_F(ScriptFile, DefaultsOfInterpretersAreNotForWhatIsCompiled) {
  write("cordyna.yaml", "");
  write("defaults.yaml", "tasks: {shell: {interpreter: perl -w}}\n");
  const Parsed compiled = parsed("script: x, language: c");
  ASSERT_EQ(places(compiled.diagnostics), "");
  EXPECT_EQ(compiled.flow->tasks[0].params,
            R"({"compiler":["cc","-O2","-lm"],"language":"c","script":"x"})");
  // One that is no shell holds here, too.
  const Parsed foreign = parsed("script: '%h = {{a=>1}}'");
  EXPECT_EQ(places(foreign.diagnostics), "");
  const Parsed wrong = parsed("script: 'print {{ run.id }}'");
  EXPECT_EQ(places(wrong.diagnostics), "3:41 template_not_allowed");
}

}  // namespace
}  // namespace cordyna::flow
