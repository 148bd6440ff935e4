// Tasks of types that plugins give: what is known of their inputs before they run.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "flow/bad_case_fixture.hpp"
#include "flow/flow_file.hpp"
#include "flow/project_file.hpp"

namespace cordyna::flow {
namespace {

constexpr const char* kSchema =
    R"({"type":"object","required":["city"],"additionalProperties":false,"properties":{
        "city":{"type":"string","minLength":2,"description":"as {{ city }}"},
        "days":{"type":"integer","maximum":7},
        "tags":{"type":"array","items":{"enum":["a","b"]}}}})";

class ToldTypes final : public PluginTypes {
 public:
  [[nodiscard]] Result<PluginType> find(const PluginProgram& program) const override {
    const auto found = types.find(program.type);
    if (found == types.end()) return fail(ErrorCode::kUnavailable, "it ended with exit code 3");
    return found->second;
  }
  std::map<std::string, PluginType> types;
};

class PluginFlow : public testing::TestWithParam<BadCase> {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "plugin_flow";
    std::filesystem::create_directories(folder_ + "/deep");
    std::ofstream(folder_ + "/cordyna.yaml")
        << "plugins:\n  acme/weather: ./bin/weather\n  acme/broken: [python3, ../b.py, -v]\n";
    types_.types["acme/weather"] = {
        "Tells it.", "7", kSchema, R"({"type":"object"})", {0, 0, 9000}};
  }
  Parsed parse_here(std::string_view text) {
    return parse(text, "flow.yaml", folder_ + "/deep", &types_);
  }

  std::string folder_;
  ToldTypes types_;
};

std::string weather(std::string_view keys) {
  return fmt::format(
      "id: f\ninputs: [{{id: n, type: int, default: 1}}]\ntasks:\n"
      "  - {{id: a, type: acme/weather, {}}}\n",
      keys);
}

TEST_P(PluginFlow, IsReportedAtItsPlace) {
  const Parsed parsed = parse_here(GetParam().text);
  EXPECT_EQ(places(parsed.diagnostics), GetParam().expected);
  ASSERT_FALSE(parsed.diagnostics.empty());
  EXPECT_NE(parsed.diagnostics[0].message.find(GetParam().fragment), std::string::npos)
      << parsed.diagnostics[0].message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PluginFlow,
    testing::Values(
        BadCase{"Missing", weather("inputs: {days: 3}"), "4:41 bad_value", "'inputs.city'"},
        BadCase{"NoInputs", weather("description: x"), "4:5 bad_value", "'inputs.city'"},
        BadCase{"TooMuch", weather("inputs: {city: Rome, days: 8}"), "4:60 bad_value",
                "'inputs.days' of 'acme/weather'"},
        BadCase{"DeepInside", weather("inputs: {city: Rome, tags: [a, c]}"), "4:64 bad_value",
                "'inputs.tags.1'"},
        BadCase{"Unknown", weather("inputs: {city: Rome, day: 8}"), "4:59 bad_value",
                "'inputs.day'"},
        BadCase{"KnownBesideATemplate", weather("inputs: {city: \"{{ inputs.n }}\", days: x}"),
                "4:72 bad_value", "'inputs.days'"},
        BadCase{"UndefinedName", weather("inputs: {city: \"{{ inputs.m }}\"}"),
                "4:52 undefined_name", "inputs.m"},
        BadCase{"InputsAsAList", weather("inputs: [Rome]"), "4:41 wrong_type", "inputs"},
        BadCase{"DeclaredByTheFlow", weather("inputs: {city: Rome}, declared: {}"),
                "4:55 unknown_key", "declared"},
        BadCase{"KeyOfAnotherType", weather("inputs: {city: Rome}, script: x"), "4:55 unknown_key",
                "script"},
        BadCase{
            "NamedByTheFlow",
            "id: f\nplugins: {acme/weather: /bin/sh}\ntasks: [{id: a, type: log, message: x}]\n",
            "2:1 unknown_key", "cordyna.yaml"},
        BadCase{"NotDeclared", "id: f\ntasks: [{id: a, type: acme/whether}]\n", "2:23 unknown_type",
                "'acme/weather'"},
        BadCase{"CannotBeAsked", "id: f\ntasks: [{id: a, type: acme/broken}]\n", "2:23 plugin",
                "exit code 3"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(PluginFlow, WhatATemplateWillGiveIsNotJudgedYet) {
  const Parsed parsed = parse_here(
      weather("inputs: {city: Rome, days: \"{{ inputs.n }}\", tags: [\"{{ inputs.n }}\"]}"));
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  const TaskSpec& task = parsed.flow->tasks[0];
  EXPECT_EQ(task.type, "acme/weather");
  EXPECT_EQ(task.kind, TaskKind::kProcess);
  EXPECT_EQ(task.timeouts, (Timeouts{0, 0, 9000}));
  EXPECT_FALSE(task.contract.own_inputs->flaws_of(R"({"days":8})").empty());
  EXPECT_FALSE(task.contract.output->flaws_of("3").empty());
}

TEST_F(PluginFlow, AVersionKeepsWhatWasDeclared) {
  const Parsed parsed = parse_here(weather("inputs: {city: Rome}"));
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  const auto again = from_canonical(parsed.canonical, folder_);
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ((*again)->hash, parsed.flow->hash);
  EXPECT_EQ((*again)->tasks[0].params, parsed.flow->tasks[0].params);
  EXPECT_FALSE((*again)->tasks[0].contract.own_inputs->flaws_of("{}").empty());
  types_.types["acme/weather"].version = "8";
  EXPECT_NE(parse_here(weather("inputs: {city: Rome}")).flow->hash, parsed.flow->hash);
}

TEST_F(PluginFlow, WordsOfAProgramAreFromTheProjectsFolder) {
  const auto project = load_project(folder_ + "/deep");
  ASSERT_TRUE(project.has_value()) << project.error().message;
  ASSERT_EQ(project->plugins.size(), 2U);
  const std::string above = std::filesystem::path(folder_).parent_path().string();
  EXPECT_EQ(project->plugins[0],
            (PluginProgram{"acme/broken", {"python3", above + "/b.py", "-v"}, folder_}));
  EXPECT_EQ(project->plugins[1],
            (PluginProgram{"acme/weather", {folder_ + "/bin/weather"}, folder_}));
}

TEST_F(PluginFlow, WhatIsNoPluginIsSaidOfTheProject) {
  std::ofstream(folder_ + "/cordyna.yaml")
      << "plugins:\n  weather: ./w\n  a/b/c: ./w\n  a/b: weather\n  a/c: []\n  a/d: [\"\"]\n";
  const auto project = load_project(folder_);
  ASSERT_FALSE(project.has_value());
  EXPECT_NE(project.error().message.find("'a/c' has 0 items"), std::string::npos)
      << project.error().message;
  std::ofstream(folder_ + "/cordyna.yaml")
      << "plugins:\n  weather: ./w\n  a/b/c: ./w\n  a/b: weather\n  a/d: [\"\"]\n";
  const std::string said = load_project(folder_).error().message;
  for (const char* one : {":2:3: error: 'weather' is no type", ":3:3: error: 'a/b/c'",
                          ":4:8: error: the program of 'a/b' is a path, as ./weather",
                          ":5:8: error: the program of 'a/d' has no name"}) {
    EXPECT_NE(said.find(one), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace cordyna::flow
