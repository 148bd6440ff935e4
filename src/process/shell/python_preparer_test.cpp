#include "process/shell/python_preparer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "process/shell/python_files.hpp"
#include "template/test_program.hpp"
#include "template/test_task.hpp"

namespace cordyna {
namespace {

namespace json = boost::json;

using Env = std::vector<std::pair<std::string, std::string>>;
using Words = std::vector<std::string>;

constexpr const char* kPythonContext =
    R"~({"inputs":{"a":"one'\"$(x)","n":3},"outputs":{"up":{"l":[1,2]}}})~";

const test::MapSecrets& python_secrets() {
  using Values = std::map<std::string, std::string, std::less<>>;
  static const test::MapSecrets values(Values{{"TOKEN", "s3cr3t"}});
  return values;
}

std::expected<Launch, TaskError> prepare(const std::string& params, Env env = {},
                                         const std::string& uv = "") {
  return PythonPreparer(python_secrets(), uv)
      .prepare(test::command_for(params, kPythonContext, std::move(env), "/flows"),
               test::paths_in("/state/1/0-1"));
}

Words names_of(const Launch& launch) {
  Words names;
  for (const LaunchFile& file : launch.files) names.push_back(file.name);
  return names;
}

const std::string& content_of(const Launch& launch, const std::string& name) {
  static const std::string none;
  const auto found = std::ranges::find(launch.files, name, &LaunchFile::name);
  return found == launch.files.end() ? none : found->content;
}

json::object call_of(const Launch& launch) {
  return json::parse(content_of(launch, "cordyna_call.json")).get_object();
}

const std::string* variable_of(const Launch& launch, const std::string& name) {
  const auto found = std::ranges::find(launch.env, name, &Env::value_type::first);
  return found == launch.env.end() ? nullptr : &found->second;
}

TEST(PythonPreparerTest, PutsModuleAndDataBesideTheScript) {
  const auto launch = prepare(
      R"~({"script":"print('{{ no template }}')"})~",
      {{"TOKEN", "{{ secret('TOKEN') }}"}, {"PYTHONPATH", "lib"}, {"PYTHONUNBUFFERED", ""}});
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv, (Words{"python3", "/state/1/0-1/cordyna_run.py"}));
  EXPECT_EQ(launch->env, (Env{{"PYTHONDONTWRITEBYTECODE", "1"},
                              {"TOKEN", "s3cr3t"},
                              {"PYTHONPATH", "/state/1/0-1:lib"},
                              {"PYTHONUNBUFFERED", ""}}));
  EXPECT_EQ(names_of(*launch), (Words{"cordyna_run.py", "cordyna_task.py", "cordyna_task.json",
                                      "script.py", "cordyna_call.json"}));
  EXPECT_EQ(content_of(*launch, "script.py"), "print('{{ no template }}')");
  EXPECT_EQ(content_of(*launch, "cordyna_task.json"), kPythonContext);
  EXPECT_EQ(json::serialize(call_of(*launch)),
            R"({"function":null,"arguments":null,"inputs":{},"path":[],"requirements":[]})");
  EXPECT_EQ(launch->masks, Words{"s3cr3t"});
  EXPECT_TRUE(launch->reads.empty());
}

TEST(PythonPreparerTest, AFunctionGetsItsArgumentsAsJson) {
  const auto launch =
      prepare(R"~({"function":"m:f","arguments":{"n":"{{ inputs.n }}","l":"{{ outputs.up.l }}",)~"
              R"~("t":"<{{ inputs.a }}>","deep":{"x":[1,null]}},"path":["lib","/abs"]})~");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  const json::object call = call_of(*launch);
  EXPECT_EQ(call.at("function"), "m:f");
  EXPECT_EQ(call.at("arguments"), json::parse(R"~({"n":3,"l":[1,2],"t":"<one'\"$(x)>",)~"
                                              R"~("deep":{"x":[1,null]}})~"));
  EXPECT_EQ(call.at("inputs"), json::object());
  EXPECT_EQ(call.at("path"), (json::array{"/flows", "/flows/lib", "/abs"}));
  EXPECT_TRUE(content_of(*launch, "script.py").empty());
  EXPECT_FALSE(content_of(*launch, "cordyna_values.json").empty());
}

TEST(PythonPreparerTest, WithoutArgumentsItGetsTheInputs) {
  const auto launch = prepare(R"~({"function":"m:f"})~");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_TRUE(call_of(*launch).at("arguments").is_null());
  EXPECT_EQ(call_of(*launch).at("inputs"), json::parse(R"~({"a":"one'\"$(x)","n":3})~"));
}

TEST(PythonPreparerTest, WhatFetchesPackagesIsToldApartFromTheTask) {
  setenv("UV_INDEX_URL", "https://me:p4ssw0rd@example.org/simple", 1);
  setenv("DYNA_UV", "/opt/uv", 1);
  const auto without = prepare(R"~({"script":"x"})~");
  const auto launch =
      prepare(R"~({"script":"x","requirements":["a==1","--index-url https://u:s3cond@h/"]})~", {},
              "/usr/libexec/cordyna/uv");
  unsetenv("UV_INDEX_URL");
  unsetenv("DYNA_UV");
  ASSERT_TRUE(without.has_value() && launch.has_value());
  EXPECT_EQ(variable_of(*without, "DYNA_PYTHON_TOOLS"), nullptr);
  EXPECT_EQ(variable_of(*launch, "UV_INDEX_URL"), nullptr);
  const std::string* tools = variable_of(*launch, "DYNA_PYTHON_TOOLS");
  ASSERT_NE(tools, nullptr);
  const json::object told = json::parse(*tools).get_object();
  EXPECT_EQ(told.at("uv"), "/opt/uv");
  EXPECT_EQ(told.at("beside"), "/usr/libexec/cordyna/uv");
  EXPECT_EQ(told.at("env").at("UV_INDEX_URL"), "https://me:p4ssw0rd@example.org/simple");
  for (const char* password : {"p4ssw0rd", "s3cond"}) {
    EXPECT_EQ(std::ranges::count(launch->masks, password), 1) << password;
  }
  EXPECT_FALSE(content_of(*launch, "cordyna_environment.py").empty());
  EXPECT_EQ(call_of(*launch).at("requirements"),
            (json::array{"a==1", "--index-url https://u:s3cond@h/"}));
}

TEST(PythonPreparerTest, ErrorsNameTheKey) {
  const auto python = prepare(R"~({"script":"x","python":"{{ inputs.q }}"})~");
  ASSERT_FALSE(python.has_value());
  EXPECT_TRUE(python.error().message.starts_with("python: undefined name 'inputs.q'"));
  EXPECT_FALSE(prepare(R"~({"script":7})~").has_value());
  EXPECT_FALSE(prepare(R"~({"script":"x","requirements":"a"})~").has_value());
  const auto argument = prepare(R"~({"function":"m:f","arguments":{"a":"{{ inputs.q }}"}})~");
  ASSERT_FALSE(argument.has_value());
  EXPECT_TRUE(argument.error().message.starts_with("arguments: ")) << argument.error().message;
  const auto secret = prepare(R"~({"function":"m:f","arguments":{"a":"{{ secret('TOKEN') }}"}})~");
  ASSERT_FALSE(secret.has_value());
  EXPECT_NE(secret.error().message.find("by env"), std::string::npos) << secret.error().message;
}

/// A task as it lies in its folder, with a module in the flow's folder.
class PythonFunctionTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/dyna-python-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(folder_ + "/flow/pack/deep");
    std::filesystem::create_directory(folder_ + "/artifacts");
    if (!std::filesystem::exists(kPython)) GTEST_SKIP() << "no /usr/bin/python3";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Function `f` of a module; its exit code. No `arguments`: it gets the inputs of `context`.
  [[nodiscard]] int run(const std::string& module, const json::value& arguments,
                        const std::string& context = kPythonContext) const {
    write("flow/m.py", module);
    for (const char* name : {"outputs", "report", "errors"}) {
      std::filesystem::remove(folder_ + "/" + name);
    }
    json::object params{{"function", "m:f"}, {"python", kPython}};
    if (!arguments.is_null()) params["arguments"] = arguments;
    const auto launch =
        PythonPreparer(python_secrets())
            .prepare(test::command_for(json::serialize(params), context, {}, folder_ + "/flow"),
                     test::paths_in(folder_));
    if (!launch.has_value()) {
      ADD_FAILURE() << launch.error().message;
      return -1;
    }
    for (const LaunchFile& file : launch->files) write(file.name, file.content);
    auto env = launch->env;
    env.emplace_back("DYNA_OUTPUTS", folder_ + "/outputs");
    env.emplace_back("DYNA_REPORT", folder_ + "/report");
    Words argv{"/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\" 2>\"$0\"", folder_ + "/errors",
               folder_ + "/flow"};
    argv.insert(argv.end(), launch->argv.begin(), launch->argv.end());
    return test::run_program(argv, env).status;
  }

  [[nodiscard]] std::string last_error() const {
    std::string text = read("errors");
    if (text.ends_with('\n')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }

  static constexpr const char* kPython = "/usr/bin/python3";
  std::string folder_;
};

TEST_F(PythonFunctionTest, ArgumentsAreWhatTheAnnotationsSay) {
  const char* module =
      "import dataclasses, datetime as dt, decimal, enum, pathlib, typing\n"
      "class Kind(enum.Enum):\n    A = 'a'\n"
      "@dataclasses.dataclass\nclass Point:\n    x: int\n    y: float = 0.5\n"
      "class Row(typing.TypedDict):\n    n: int\n"
      "def f(i: int, o: typing.Optional[str], d: dt.date, t: dt.datetime, c: decimal.Decimal,\n"
      "      p: pathlib.Path, k: Kind, q: Point, r: Row, l: list[float], m: dict[str, bool], "
      "z=7):\n"
      "    kinds = [type(one).__name__ for one in (i, d, t, c, p, k, q, r, l[0], z)]\n"
      "    return {'kinds': kinds, 'back': [d, t, c, p, k, q, r, l, m, o]}\n";
  const int status = run(module, {{"i", 3},
                                  {"o", nullptr},
                                  {"d", "2026-01-02"},
                                  {"t", "2026-01-02T03:04:05Z"},
                                  {"c", "12.50"},
                                  {"p", "a b"},
                                  {"k", "a"},
                                  {"q", {{"x", 1}}},
                                  {"r", {{"n", 2}}},
                                  {"l", {1}},
                                  {"m", {{"x", true}}}});
  ASSERT_EQ(status, 0) << read("errors");
  EXPECT_EQ(json::parse(read("outputs")),
            json::parse(R"~({"kinds":["int","date","datetime","Decimal","PosixPath","Kind",)~"
                        R"~("Point","dict","float","int"],"back":["2026-01-02",)~"
                        R"~("2026-01-02T03:04:05+00:00","12.50","a b","a",{"x":1,"y":0.5},)~"
                        R"~({"n":2},[1.0],{"x":true},null]})~"));
}

struct WrongCase {
  const char* name;
  const char* function;
  json::object arguments;
  const char* code;
  const char* message;
};

class PythonWrongTest : public PythonFunctionTest, public testing::WithParamInterface<WrongCase> {};

TEST_P(PythonWrongTest, SaysWhatWhereAndWhatWouldBeRight) {
  EXPECT_EQ(run(GetParam().function, GetParam().arguments), 1);
  EXPECT_EQ(last_error(), GetParam().message);
  const json::value report = json::parse(read("report"));
  EXPECT_EQ(report.at("error").at("code"), GetParam().code);
  EXPECT_FALSE(report.at("error").as_object().contains("message"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, PythonWrongTest,
    testing::Values(
        WrongCase{"type",
                  "def f(n: int): pass\n",
                  {{"n", "3"}},
                  "INPUT_INVALID",
                  "arguments/n: must be an integer, but is a text"},
        WrongCase{"missing",
                  "def f(n: int, m: str): pass\n",
                  {{"n", 3}},
                  "INPUT_INVALID",
                  "arguments/m: is missing: a text"},
        WrongCase{"unknown",
                  "def f(n: int): pass\n",
                  {{"n", 3}, {"x", 1}},
                  "INPUT_INVALID",
                  "arguments/x: is not known here; known: n"},
        WrongCase{"inside",
                  "def f(n: list[dict[str, int]]): pass\n",
                  {{"n", {{{"a", 1}}, {{"b", nullptr}}}}},
                  "INPUT_INVALID",
                  "arguments/n/1/b: must be an integer, but is null"},
        WrongCase{
            "no_shape",
            "class X: pass\ndef f(n: X): pass\n",
            {{"n", 3}},
            "INPUT_INVALID",
            "function: m:f: parameter 'n': X has no JSON; known: bool, int, float, str, None, "
            "list, tuple, set, dict, unions, Literal, Enum, dataclasses, TypedDict, datetime, "
            "date, time, UUID, Decimal, Path and Any"},
        WrongCase{"nearest",
                  "def ff(): pass\n",
                  {},
                  "INPUT_INVALID",
                  "function: m has no 'f'; did you mean 'ff'?"},
        WrongCase{
            "no_function", "f = 3\n", {}, "INPUT_INVALID", "function: m:f is a int, no function"},
        WrongCase{
            "result",
            "def f(): return {'a': [1, {'b': b'x'}]}\n",
            {},
            "OUTPUT_INVALID",
            "what the function returned cannot be outputs: a/1/b: is a bytes, which cannot be "
            "JSON: give texts, numbers, true, false, None, lists or objects of these"},
        WrongCase{
            "nan",
            "def f(): return float('nan')\n",
            {},
            "OUTPUT_INVALID",
            "what the function returned cannot be outputs: it: is nan, which no JSON has: use "
            "None"},
        WrongCase{
            "exception",
            "import json\ndef g(t):\n    json.loads(t)\ndef f():\n    g('{')\n",
            {},
            "EXIT_NONZERO",
            "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column "
            "2 (char 1) (m.py:3 in g)"},
        WrongCase{"in_the_module",
                  "1 / 0\n",
                  {},
                  "EXIT_NONZERO",
                  "ZeroDivisionError: division by zero (m.py:1)"},
        WrongCase{
            "syntax", "def f(:\n", {}, "EXIT_NONZERO", "SyntaxError: invalid syntax (m.py:1)"},
        WrongCase{"import_inside",
                  "import nosuch_module\n",
                  {},
                  "EXIT_NONZERO",
                  "ModuleNotFoundError: No module named 'nosuch_module' (m.py:1)"},
        WrongCase{"lines",
                  "def f():\n    raise ValueError('one\\ntwo')\n",
                  {},
                  "EXIT_NONZERO",
                  "ValueError: one two (m.py:2 in f)"},
        WrongCase{"async",
                  "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n"
                  "    raise KeyError('k')\n",
                  {},
                  "EXIT_NONZERO",
                  "KeyError: 'k' (m.py:4 in f)"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(PythonFunctionTest, WhatItReturnsBecomesOutputs) {
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"def f(): pass\n", ""},
      {"def f(): return {'a': 1, 'b': [None]}\n", R"({"a": 1, "b": [null]})"},
      {"def f(): return 'x'\n", R"({"result": "x"})"},
      {"def f(): return [1]\n", R"({"result": [1]})"},
      {"async def f(): return 2\n", R"({"result": 2})"},
      {"import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int\ndef f(): return P(1)\n",
       R"({"x": 1})"},
      {"from cordyna_task import set_output, inputs\n"
       "def f():\n    set_output('n', inputs['n'])\n    return {'m': 2}\n",
       "{\"n\": 3}\n{\"m\": 2}"},
  };
  for (const auto& [module, wanted] : rows) {
    ASSERT_EQ(run(module, {}), 0) << module << read("errors");
    EXPECT_EQ(read("outputs"), *wanted == '\0' ? "" : std::string(wanted) + "\n") << module;
  }
}

TEST_F(PythonFunctionTest, TheTracebackBeginsWithTheUsersOwnCode) {
  EXPECT_EQ(run("def f():\n    raise ValueError('no')\n", {}), 1);
  EXPECT_EQ(read("errors").find("cordyna_run"), std::string::npos) << read("errors");
  EXPECT_TRUE(read("errors").starts_with("Traceback (most recent call last):\n  File \""))
      << read("errors");
  EXPECT_NE(read("errors").find("\nValueError: no\n"), std::string::npos);
}

TEST_F(PythonFunctionTest, AnExitCodeStaysOne) {
  EXPECT_EQ(run("import sys\ndef f():\n    sys.exit(3)\n", {}), 3);
  EXPECT_TRUE(read("report").empty());
  EXPECT_EQ(run("import sys\ndef f():\n    sys.exit()\n", {}), 0);
}

TEST_F(PythonFunctionTest, HostileValuesArriveByteForByte) {
  const char* module =
      "import os\n"
      "def f(v: str):\n"
      "    with open(os.environ['DYNA_OUTPUTS'], 'wb') as out:\n"
      "        out.write(v.encode('utf-8'))\n";
  // One function does for all: the values differ, not the way that they take.
  const auto values = test::hostile_values(folder_ + "/canary");
  for (std::size_t i = 0; i < values.size(); i += 4) {
    json::error_code problem;
    const std::string context = json::serialize(json::object{{"inputs", {{"v", values[i]}}}});
    if (json::parse(context, problem); problem) continue;  // it is no UTF-8
    ASSERT_EQ(run(module, nullptr, context), 0) << values[i] << read("errors");
    EXPECT_EQ(read("outputs"), values[i]);
    const json::object through{{"v", "{{ inputs.v }}"}};
    ASSERT_EQ(run(module, through, context), 0) << values[i] << read("errors");
    EXPECT_EQ(read("outputs"), values[i]);
    ASSERT_FALSE(std::filesystem::exists(folder_ + "/canary"));
  }
}

TEST_F(PythonFunctionTest, OfACacheTheModuleIsAPart) {
  write("flow/pack/__init__.py", "");
  write("flow/pack/deep/a.py", "");
  write("flow/pack/note.txt", "");
  const auto files = module_files(folder_ + "/flow", "pack.deep.a");
  ASSERT_TRUE(files.has_value());
  EXPECT_EQ(*files, (Words{folder_ + "/flow/pack/__init__.py", folder_ + "/flow/pack/deep/a.py"}));
  EXPECT_TRUE(module_files(folder_ + "/flow", "absent")->empty());
  write("flow/m.py", "x = 1\n");
  StartAttempt command =
      test::command_for(R"~({"function":"m:f"})~", kPythonContext, {}, folder_ + "/flow");
  auto flow = std::make_shared<Flow>(*command.flow);
  flow->tasks[0].cache.key = "k";
  command.flow = flow;
  const auto launch = PythonPreparer(python_secrets()).prepare(command, test::paths_in(folder_));
  ASSERT_TRUE(launch.has_value());
  EXPECT_EQ(launch->reads, Words{folder_ + "/flow/m.py"});
  EXPECT_NE(content_of(*launch, "cordyna_call.json").find("m.py"), std::string::npos);
}

}  // namespace
}  // namespace cordyna
