#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

/// A project with a flow in a folder below it.
class DefaultsFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "defaults-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = fs::canonical(pattern);
    write("cordyna.yaml", "");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories(fs::path(folder_ + "/" + name).parent_path());
    std::ofstream(folder_ + "/" + name) << text;
  }

  [[nodiscard]] Parsed parsed(const std::string& flow) const {
    write("sub/flow.yaml", flow);
    return parse_file(folder_ + "/sub/flow.yaml").value();
  }
  [[nodiscard]] Flow flow(const std::string& text) const {
    const Parsed found = parsed(text);
    if (found.flow != nullptr) return *found.flow;
    ADD_FAILURE() << format(found.diagnostics.front());
    return {};
  }
  /// What is found in defaults.yaml, by its place.
  [[nodiscard]] std::string findings(const std::string& defaults) const {
    write("defaults.yaml", defaults);
    std::string out;
    for (const Diagnostic& found : parsed(kPlain).diagnostics) {
      EXPECT_EQ(fs::path(found.file).filename(), "defaults.yaml");
      out += fmt::format("{}:{} {}: {}\n", found.line, found.column, found.code, found.message);
    }
    return out;
  }

  static constexpr const char* kPlain =
      "id: f\nnamespace: acme.housing\ntasks: [{id: a, type: shell, script: 'true'}]\n";
  std::string folder_;
};

TEST_F(DefaultsFile, GivesWhatAFlowDoesNotSay) {
  write("defaults.yaml",
        "owner: platform\nlabels: {tier: gold}\nenv: {TZ: UTC}\nretry: {attempts: 3, delay: 2s}\n"
        "timeouts: {complete: 5m}\ntimeout: 2h\ntasks: {shell: {interpreter: bash -eu}}\n");
  const Flow made = flow(kPlain);
  EXPECT_EQ(made.owner, "platform");
  EXPECT_EQ(made.labels, R"({"tier":"gold"})");
  EXPECT_EQ(made.timeout, 7'200'000);
  const TaskSpec& task = made.tasks.front();
  EXPECT_EQ(task.owner, "platform");
  EXPECT_EQ(task.retry.attempts, 3U);
  EXPECT_EQ(task.timeouts.complete, 300'000);
  EXPECT_EQ(task.env, (std::vector<std::pair<std::string, std::string>>{{"TZ", "UTC"}}));
  EXPECT_NE(task.params.find(R"("interpreter":["bash","-eu"])"), std::string::npos) << task.params;
}

TEST_F(DefaultsFile, TheNearestGoesBefore) {
  write("defaults.yaml",
        "owner: platform\nenv: {A: project, B: project, C: project, D: project}\n"
        "retry: {attempts: 2, delay: 1s}\nnamespaces:\n"
        "  acme.housing: {owner: housing, env: {C: housing, D: housing}}\n"
        "  acme: {owner: acme, env: {B: acme, C: acme, D: acme}, retry: {attempts: 4}}\n"
        "  acme.house: {owner: wrong}\n  other: {owner: wrong}\n");
  const Flow made = flow(
      "id: f\nnamespace: acme.housing\nenv: {D: flow}\nlabels: {x: y}\ntasks:\n"
      "  - {id: a, type: shell, script: 'true', retry: {delay: 9s}}\n");
  EXPECT_EQ(made.owner, "housing");
  const TaskSpec& task = made.tasks.front();
  EXPECT_EQ(task.env, (std::vector<std::pair<std::string, std::string>>{
                          {"A", "project"}, {"B", "acme"}, {"C", "housing"}, {"D", "flow"}}));
  EXPECT_EQ(task.retry.attempts, 4U);
  EXPECT_EQ(task.retry.delay, 9000);
}

TEST_F(DefaultsFile, AFlowsOwnKeysAndLabelsStay) {
  write("defaults.yaml",
        "labels: {a: default, b: default}\ntasks: {shell: {interpreter: bash}}\ntimeout: 1h\n");
  const Flow made = flow(
      "id: f\nowner: me\ntimeout: 5m\nlabels: {b: own}\ntasks:\n"
      "  - {id: a, type: shell, script: 'true', interpreter: dash}\n");
  EXPECT_EQ(made.owner, "me");
  EXPECT_EQ(made.timeout, 300'000);
  EXPECT_EQ(made.labels, R"({"a":"default","b":"own"})");
  EXPECT_NE(made.tasks.front().params.find(R"(["dash"])"), std::string::npos);
}

TEST_F(DefaultsFile, AFlowsLabelsAreTheSameTextsWithAndWithoutThem) {
  const std::string text =
      "id: f\nlabels: {year: 2026, v: 1.10, on: true}\ntasks: [{id: a, type: log, message: hi}]\n";
  const std::string own = R"("on":"true","v":"1.10","year":"2026"})";
  EXPECT_EQ(flow(text).labels, "{" + own);
  write("defaults.yaml", "labels: {n: 7}\n");
  const Parsed with = parsed(text);
  ASSERT_NE(with.flow, nullptr);
  EXPECT_EQ(with.flow->labels, R"({"n":"7",)" + own);
  const auto again = from_canonical(with.canonical, folder_ + "/sub");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ((*again)->labels, with.flow->labels);
  EXPECT_EQ((*again)->hash, with.flow->hash);
}

TEST_F(DefaultsFile, AreAPartOfTheVersion) {
  const Parsed without = parsed(kPlain);
  write("defaults.yaml",
        "retry: {attempts: 2}\nowner: platform\ntasks: {shell: {interpreter: sh}}\n");
  const Parsed with = parsed(kPlain);
  ASSERT_NE(with.flow, nullptr);
  EXPECT_NE(with.flow->hash, without.flow->hash);
  // A run stays on its version, whatever becomes of the file.
  write("defaults.yaml", "retry: {attempts: 7}\nowner: other\n");
  const auto again = from_canonical(with.canonical, folder_ + "/sub");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ((*again)->hash, with.flow->hash);
  EXPECT_EQ((*again)->owner, "platform");
  EXPECT_EQ((*again)->tasks.front().retry.attempts, 2U);
}

TEST_F(DefaultsFile, AllThatIsWrongIsFoundAtItsPlace) {
  EXPECT_EQ(
      findings("ownr: x\nretry: {attempts: 0}\nenv: {A: '{{ run.id }}'}\n"
               "tasks:\n  shel: {}\n  shell: {script: x}\n  log: {level: debug}\n"
               "namespaces:\n  other: {timeout: soon}\n  acme: {namespaces: {}}\n"),
      "1:1 unknown_key: unknown key 'ownr' of defaults; did you mean 'owner'?\n"
      "2:19 bad_value: 'attempts' is from 1 to 1000, not 0\n"
      "3:10 template_not_allowed: defaults have no templates; write it into the flow\n"
      "5:3 unknown_type: unknown task type 'shel'; did you mean 'shell'?\n"
      "6:11 unknown_key: 'script' of shell has no default here, only interpreter may\n"
      "7:9 unknown_key: tasks of type log take nothing from defaults\n"
      "9:20 bad_value: 'timeout': 'soon' is not a duration: write it like 250ms, 10s, 5m, 2h, "
      "1d, 1h30m or PT10M\n"
      "10:10 bad_key: namespaces do not stand in one another; write the whole name: 'a.b'\n");
  EXPECT_EQ(findings("[1, 2]\n").substr(0, 14), "1:1 wrong_type");
  EXPECT_EQ(findings("namespaces: {'a..b': {}}\n").substr(0, 12), "1:14 bad_id:");
}

}  // namespace
}  // namespace cordyna::flow
