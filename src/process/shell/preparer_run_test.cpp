#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "process/shell/python_preparer.hpp"
#include "process/shell/shell_preparer.hpp"
#include "template/test_program.hpp"
#include "template/test_task.hpp"

namespace cordyna {
namespace {

/// Prepares a task and runs what was prepared, as a guardian would.
class PreparerRunTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/dyna-prepare-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(folder_ + "/artifacts");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  test::Ran run(Preparer& preparer, const boost::json::object& params, const std::string& context) {
    const auto launch =
        preparer.prepare(test::command_for(boost::json::serialize(params), context, {}, folder_),
                         test::paths_in(folder_));
    if (!launch.has_value()) {
      ADD_FAILURE() << launch.error().message;
      return {};
    }
    for (const LaunchFile& file : launch->files) {
      std::ofstream(folder_ + "/" + file.name, std::ios::binary) << file.content;
    }
    auto env = launch->env;
    env.emplace_back("DYNA_OUTPUTS", folder_ + "/outputs");
    env.emplace_back("DYNA_ARTIFACTS", folder_ + "/artifacts");
    return test::run_program(launch->argv, env);
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(folder_ + "/" + name, std::ios::binary).rdbuf();
    return out.str();
  }

  static std::string context_of(const std::string& value) {
    return boost::json::serialize(
        boost::json::object{{"inputs", {{"v", value}}}, {"outputs", {{"up", {{"n", 3}}}}}});
  }

  std::string folder_;
  test::MapSecrets secrets_{{}};
};

TEST_F(PreparerRunTest, ShellTasksGetHostileValuesByteForByte) {
  ShellPreparer preparer(secrets_);
  for (const std::string& value : test::hostile_values(folder_ + "/canary")) {
    const test::Ran ran =
        run(preparer, {{"script", "printf '%s' {{ inputs.v }} > \"$DYNA_OUTPUTS\""}},
            context_of(value));
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(read("outputs"), value);
    ASSERT_FALSE(std::filesystem::exists(folder_ + "/canary"));
  }
}

TEST_F(PreparerRunTest, LongScriptsGetThemToo) {
  ShellPreparer preparer(secrets_);
  const std::string padding(kInlineScriptMax, '#');
  const test::Ran ran = run(preparer, {{"script", "printf '%s' '{{ inputs.v }}'\n" + padding}},
                            context_of("$(touch x)'\""));
  EXPECT_EQ(ran.out, "$(touch x)'\"");
}

TEST_F(PreparerRunTest, PythonTasksReadAndGiveValues) {
  const std::string python = "/usr/bin/python3";
  if (!std::filesystem::exists(python)) GTEST_SKIP() << "no /usr/bin/python3";
  PythonPreparer preparer(secrets_);
  const std::string script =
      "import sys\n"
      "from cordyna_task import inputs, outputs, set_output, artifact\n"
      "sys.stdout.buffer.write(inputs['v'].encode('utf-8', 'surrogateescape'))\n"
      "set_output('n', outputs['up']['n'] + 1)\n"
      "set_output('text', 'ä\\n\"')\n"
      "open('/dev/null').close()\n"
      "artifact(__file__, 'kept.py')\n";
  for (const std::string& value : test::hostile_values(folder_ + "/canary")) {
    std::filesystem::remove(folder_ + "/outputs");
    const test::Ran ran =
        run(preparer, {{"script", script}, {"python", python}}, context_of(value));
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.out, value);
    ASSERT_FALSE(std::filesystem::exists(folder_ + "/canary"));
  }
  EXPECT_EQ(read("outputs"), "{\"n\": 4}\n{\"text\": \"\\u00e4\\n\\\"\"}\n");
  EXPECT_EQ(read("artifacts/kept.py"), script);
}

TEST_F(PreparerRunTest, PythonArtifactsStayInTheirFolder) {
  const std::string python = "/usr/bin/python3";
  if (!std::filesystem::exists(python)) GTEST_SKIP() << "no /usr/bin/python3";
  PythonPreparer preparer(secrets_);
  const char* script =
      "from cordyna_task import artifact, set_output\n"
      "for call in (lambda: artifact(__file__, '../escaped'), lambda: set_output('', 1),\n"
      "             lambda: set_output('x', float('nan'))):\n"
      "    try:\n"
      "        call()\n"
      "    except (ValueError, TypeError) as error:\n"
      "        print(type(error).__name__)\n";
  const test::Ran ran = run(preparer, {{"script", script}, {"python", python}}, context_of("x"));
  EXPECT_EQ(ran.out, "ValueError\nTypeError\nValueError\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/escaped"));
}

}  // namespace
}  // namespace cordyna
