// Tasks of type python: which keys go together, and what can be installed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flow/bad_case_fixture.hpp"
#include "flow/flow_file.hpp"
#include "flow/requirements.hpp"

namespace cordyna::flow {
namespace {

std::string python_task(std::string_view keys) {
  return fmt::format("id: f\ntasks:\n  - {{id: a, type: python, {}}}\n", keys);
}

class BadPython : public testing::TestWithParam<BadCase> {};

TEST_P(BadPython, IsReportedAtItsPlace) {
  const Parsed parsed = parse(GetParam().text, "flow.yaml", "/");
  EXPECT_EQ(places(parsed.diagnostics), GetParam().expected);
  ASSERT_FALSE(parsed.diagnostics.empty());
  EXPECT_NE(parsed.diagnostics[0].message.find(GetParam().fragment), std::string::npos)
      << parsed.diagnostics[0].message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadPython,
    testing::Values(
        BadCase{"Neither", python_task("python: python3"), "3:5 missing_key", "no 'script'"},
        BadCase{"Both", python_task("script: x, function: 'm:f'"), "3:48 bad_value", "leave one"},
        BadCase{"NoColon", python_task("function: m.f"), "3:37 bad_value", "MODULE:FUNCTION"},
        BadCase{"APath", python_task("function: 'a/m.py:f'"), "3:37 bad_value", "not 'a/m.py:f'"},
        BadCase{"AnExpression", python_task("function: 'm:f(1)'"), "3:37 bad_value",
                "MODULE:FUNCTION"},
        BadCase{"NoFunction", python_task("function: 'm:'"), "3:37 bad_value", "MODULE:FUNCTION"},
        BadCase{"TemplateInFunction", python_task("function: '{{ inputs.f }}'"),
                "3:38 template_not_allowed", "not a template"},
        BadCase{"ArgumentsOfAScript", python_task("script: x, arguments: {a: 1}"), "3:49 bad_value",
                "those of a 'function'"},
        BadCase{"ArgumentsAsAList", python_task("function: 'm:f', arguments: [1]"),
                "3:55 wrong_type", "arguments"},
        BadCase{"UndefinedArgument",
                python_task("function: 'm:f', arguments: {a: '{{ inputs.x }}'}"),
                "3:63 undefined_name", "inputs.x"},
        BadCase{"SecretArgument",
                python_task("function: 'm:f', arguments: {a: [1, {b: \"{{ secret('X') }}\"}]}"),
                "3:68 template_not_allowed", "env:"},
        BadCase{"BadRequirement", python_task("script: x, requirements: [pandas, numpy=1]"),
                "3:61 bad_value", "'numpy=1'"},
        BadCase{"TemplateInRequirement", python_task("script: x, requirements: ['{{ inputs.x }}']"),
                "3:54 template_not_allowed", "not a template"},
        BadCase{"EditableRequirement", python_task("script: x, requirements: ['-e .']"),
                "3:53 bad_value", "by its lines"},
        BadCase{"RequirementAsAMap", python_task("script: x, requirements: {a: 1}"),
                "3:52 wrong_type", "requirements"},
        BadCase{"MissingFile", python_task("script: x, requirements: /nowhere/r.txt"),
                "3:52 requirements_file", "no such file"}),
    [](const auto& row) { return row.param.name; });

TEST(PythonFlow, TakesAScriptOrAFunction) {
  const Parsed parsed = parse(
      "id: f\ninputs: [{id: n, type: int}]\ntasks:\n"
      "  - {id: a, type: python, function: 'jobs.prices:Prices.load', path: lib,\n"
      "     arguments: {n: '{{ inputs.n }}', deep: [{x: 1}]}, requirements: ['a>=1,<2', b]}\n"
      "  - {id: b, type: python, script: 'print(1)', requirements: ['c==1']}\n",
      "flow.yaml", "/");
  ASSERT_EQ(places(parsed.diagnostics), "");
  EXPECT_EQ(parsed.flow->tasks[0].params,
            R"({"arguments":{"deep":[{"x":1}],"n":"{{ inputs.n }}"},)"
            R"("function":"jobs.prices:Prices.load","path":["lib"],"python":"python3",)"
            R"("requirements":["a>=1,<2","b"]})");
  const auto back = from_canonical(parsed.canonical, "/");
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ((*back)->tasks[0].params, parsed.flow->tasks[0].params);
  EXPECT_EQ((*back)->hash, parsed.flow->hash);
}

TEST(PythonFlow, IsGivenTheOutputsOfWhatItNeeds) {
  const Parsed parsed = parse(
      "id: f\ntasks:\n  - {id: a, type: shell, script: x}\n  - {id: b, type: shell, script: x}\n"
      "  - {id: c, type: python, script: x, needs: a, env: {B: '{{ outputs.b.n }}'}}\n"
      "  - {id: d, type: shell, script: x, needs: a}\n",
      "flow.yaml", "/");
  ASSERT_EQ(places(parsed.diagnostics), "");
  EXPECT_EQ(parsed.flow->tasks[2].refs, (std::vector<TaskIndex>{0, 1}));
  EXPECT_TRUE(parsed.flow->tasks[3].refs.empty());
}

struct LineCase {
  const char* line;
  const char* why;  // "": it is good
};

class RequirementLine : public testing::TestWithParam<LineCase> {};

TEST_P(RequirementLine, IsJudged) {
  const auto checked = check_requirement(GetParam().line);
  const std::string why = GetParam().why;
  ASSERT_EQ(checked.has_value(), why.empty())
      << (checked.has_value() ? std::string() : checked.error().message);
  if (!why.empty()) {
    EXPECT_NE(checked.error().message.find(why), std::string::npos) << checked.error().message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, RequirementLine,
    testing::Values(
        LineCase{"pandas", ""}, LineCase{"  pandas == 3.1.1  ", ""},
        LineCase{"zope.interface>=5,!=5.1,<6", ""}, LineCase{"a (>=1, <2)", ""},
        LineCase{"requests[socks, security]~=2.0", ""},
        LineCase{"torch==2.1.0+cpu ; python_version < '3.12' and os_name == 'posix'", ""},
        LineCase{"x===1!2.0.dev1", ""}, LineCase{"a==1.*", ""}, LineCase{"a[]", ""},
        LineCase{"pkg @ https://example.org/pkg.whl#sha256=00", ""},
        LineCase{"pkg @ file:///srv/pkg.whl ; os_name == 'posix'", ""},
        LineCase{"a==1 --hash=sha256:0123456789abcdef0123456789abcdef0123456789abcdef01234567"
                 "89abcdef --hash=sha256:0123456789abcdef0123456789abcdef",
                 ""},
        LineCase{"--index-url https://example.org/simple", ""},
        LineCase{"--find-links=/srv/wheels", ""}, LineCase{"--no-index", ""}, LineCase{"", "empty"},
        LineCase{"a=1", "before a version"}, LineCase{"-x", "no option"},
        LineCase{"a==", "no version behind =="}, LineCase{"a>=1,2", "before a version"},
        LineCase{"a[b", "']' is missing"}, LineCase{"a (==1", "')' is missing"},
        LineCase{"a;", "behind ';'"}, LineCase{"_a", "the name of a package"},
        LineCase{"a b", "'b'"}, LineCase{"a @ b.whl", "a URL"}, LineCase{"../pkg", "by its lines"},
        LineCase{"-e ./pkg", "by its lines"}, LineCase{"-c c.txt", "constraints"},
        LineCase{"--trusted-host x", "no option"}, LineCase{"--no-index x", "no option"},
        LineCase{"--find-links wheels", "absolute path"}, LineCase{"--index-url", "wants a value"},
        LineCase{"a==1 --global-option=x", "stands --hash"},
        LineCase{"a==1 --hash=sha256:xyz", "hexadecimal"}, LineCase{"a==1 --hash=", "hexadecimal"},
        LineCase{"a\nb", "one line"}));

class RequirementFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "requirements-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::filesystem::create_directory(folder_ + "/more");
    write("flow.yaml", python_task("script: x, requirements: r.txt"));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ + "/" + name) << text;
  }
  [[nodiscard]] Parsed parsed() const {
    auto read = parse_file(folder_ + "/flow.yaml");
    EXPECT_TRUE(read.has_value()) << read.error().message;
    return *std::move(read);
  }

  std::string folder_;
};

TEST_F(RequirementFile, IsTakenIntoTheFlowWithThoseThatItNames) {
  write("r.txt",
        "\xef\xbb\xbf# what we want\r\n\r\n  pandas==3.1.1   # of course\n-r more/base.txt\n"
        "httpx \\\n  >=0.28 \\\n  ; python_version > '3.9'\n");
  write("more/base.txt", "--index-url https://example.org/a#b\n-r last.txt\nnumpy");
  write("more/last.txt", "zstd\n");
  const Parsed flow = parsed();
  ASSERT_EQ(places(flow.diagnostics), "");
  EXPECT_EQ(flow.flow->tasks[0].params,
            R"({"python":"python3","requirements":["pandas==3.1.1",)"
            R"("--index-url https://example.org/a#b","zstd","numpy",)"
            R"("httpx >=0.28 ; python_version > '3.9'"],"script":"x"})");
}

TEST_F(RequirementFile, ErrorsStandAtTheirLineOfIt) {
  write("r.txt", "pandas \\\n  ==3\nnumpy=1\n-r gone.txt\n-e .\n");
  const Parsed flow = parsed();
  EXPECT_EQ(places(flow.diagnostics), "3:1 bad_value, 4:1 bad_value, 5:1 bad_value");
  for (const Diagnostic& found : flow.diagnostics) EXPECT_EQ(found.file, folder_ + "/r.txt");
  EXPECT_NE(flow.diagnostics[1].message.find("gone.txt: no such file"), std::string::npos);
}

TEST_F(RequirementFile, ThatNamesItselfIsAnError) {
  write("r.txt", "-r r.txt\n");
  const Parsed flow = parsed();
  ASSERT_EQ(flow.diagnostics.size(), 1U);
  EXPECT_NE(flow.diagnostics[0].message.find("8 deep"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::flow
