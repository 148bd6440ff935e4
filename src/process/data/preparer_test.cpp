#include "process/data/preparer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>

#include "process/data/guard_history.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

class OneSecret final : public Secrets {
 public:
  [[nodiscard]] Result<std::string> find(std::string_view name) const override {
    if (name == "PIN_KEY") return std::string("k3y");
    return fail(ErrorCode::kNotFound, "secret " + std::string(name) + " is not set");
  }
};
const OneSecret kSecrets;

TaskSpec task(const std::string& id, const std::string& type, const std::string& params) {
  TaskSpec out;
  out.id = id;
  out.type = type;
  out.params = params;
  return out;
}

std::shared_ptr<Flow> sample_flow() {
  auto flow = std::make_shared<Flow>();
  flow->id = "f";
  flow->folder = "/flows/f";
  flow->vars = "{}";
  flow->labels = "{}";
  InputSpec county;
  county.id = "county";
  county.default_value = "\"king\"";
  flow->inputs.push_back(county);
  flow->tasks.push_back(
      task("raw", "load", R"({"from": "data/{{ inputs.county }}.csv", "contract": {"columns":
           {"id": "int64", "name": "string"}}})"));
  flow->tasks.push_back(task("ok", "check", R"({"of": "raw", "rules": [{"name": "n", "sql":
                                            "name <> {{ inputs.county }}"}]})"));
  flow->tasks.push_back(task("m", "merge", R"({"of": ["raw", "ok"], "on": ["id"]})"));
  flow->tasks.push_back(task("t", "transform", R"({"sql": "select * from ok"})"));
  flow->tasks[3].needs = {1};
  flow->tasks.push_back(task("s", "share", R"({"of": "t", "to": "out/{{ inputs.county }}.csv"})"));
  return flow;
}

StartAttempt attempt(const std::shared_ptr<Flow>& flow, TaskIndex index,
                     const std::string& context) {
  StartAttempt out;
  out.task = index;
  out.flow = flow;
  out.context = context;
  return out;
}

AttemptPaths sample_paths() {
  return {"/s/1", "/s/1/outputs", "/s/1/report", "/s/1/artifacts", "/s/1/work", "/s/private/1/0-1"};
}

json::object step_of(const Launch& launch) {
  EXPECT_EQ(launch.files.size(), 1U);
  return json::parse(launch.files.at(0).content).as_object();
}

constexpr const char* kContext = R"({"inputs": {"county": "o'brien"}, "outputs": {
  "raw": {"data": "/s/0/raw.parquet", "rows": 2, "schema": [{"name": "id", "type": "BIGINT"}]},
  "ok": {"data": "/s/0/ok.parquet"}}})";

TEST(PreparerTest, ALoadReadsTheTasksThatItsContractRefersTo) {
  DataPreparer preparer("/usr/bin/dyna", kSecrets);
  const auto flow = sample_flow();
  flow->tasks.push_back(task("l", "load", R"({"from": "a.csv", "contract": {"columns": {"id":
      {"type": "int64", "refs": "raw.id"}, "n": {"type": "string", "refs": "raw.name"}}}})"));
  flow->tasks.back().needs = {0, 1};
  const auto launch = preparer.prepare(attempt(flow, 5, kContext), sample_paths());
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  const json::object upstream = step_of(*launch).at("upstream").as_object();
  ASSERT_EQ(upstream.size(), 1U);
  EXPECT_EQ(upstream.at("raw").at("path"), "/s/0/raw.parquet");
  const auto missing =
      preparer.prepare(attempt(flow, 5, R"({"inputs": {}, "outputs": {}})"), sample_paths());
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, TaskErrorCode::kInputInvalid);
  EXPECT_EQ(missing.error().message,
            "task 'raw' left no data to read: it was skipped, or failed and was allowed to");
  const auto sql = show_sql(*flow, 5);
  ASSERT_TRUE(sql.has_value()) << sql.error().message;
  EXPECT_NE(sql->find("-- in/1: raw.parquet\n"), std::string::npos) << *sql;
  EXPECT_NE(sql->find("CREATE VIEW __dyna_ref_0 AS SELECT \"id\" AS v FROM read_parquet('in/1')"),
            std::string::npos)
      << *sql;
}

TEST(PreparerTest, AStepIsACommandAndItsDescription) {
  DataPreparer preparer("/usr/bin/dyna", kSecrets);
  const auto flow = sample_flow();
  const auto launch = preparer.prepare(attempt(flow, 0, kContext), sample_paths());
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->argv,
            (std::vector<std::string>{"/usr/bin/dyna", "data-step", "/s/1/step.json"}));
  EXPECT_EQ(launch->folder, "/flows/f");
  EXPECT_EQ(launch->files[0].name, "step.json");
  const StepResult<Step> step = parse_step(launch->files[0].content);
  ASSERT_TRUE(step.has_value()) << step.error().message;
  EXPECT_EQ(std::get<LoadParams>(step->params).from, "/flows/f/data/o'brien.csv");
  EXPECT_EQ(step->paths.artifacts, "/s/1/artifacts");
}

TEST(PreparerTest, ValuesInSqlAreLiteralsAndUpstreamDataHasItsPath) {
  DataPreparer preparer("/usr/bin/dyna", kSecrets);
  const auto flow = sample_flow();
  const auto launch = preparer.prepare(attempt(flow, 1, kContext), sample_paths());
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  const json::object step = step_of(*launch);
  EXPECT_EQ(step.at("params").at("rules").at(0).at("sql").as_string(), "name <> 'o''brien'");
  EXPECT_EQ(step.at("upstream").at("raw").at("path").as_string(), "/s/0/raw.parquet");
  EXPECT_EQ(step.at("upstream").at("raw").at("schema").as_array().size(), 1U);
}

TEST(PreparerTest, WhatCannotBeRenderedIsRefusedWithItsKey) {
  DataPreparer preparer("/usr/bin/dyna", kSecrets);
  const auto flow = sample_flow();
  const auto launch = preparer.prepare(attempt(flow, 0, R"({"inputs": {}})"), sample_paths());
  ASSERT_FALSE(launch.has_value());
  EXPECT_EQ(launch.error().code, TaskErrorCode::kTemplateFailed);
  EXPECT_EQ(launch.error().phase, Phase::kPrepare);
  EXPECT_TRUE(launch.error().message.starts_with("from: ")) << launch.error().message;
}

TEST(PreparerTest, SecretsAreRefused) {
  DataPreparer preparer("/usr/bin/dyna", kSecrets);
  const auto flow = sample_flow();
  flow->tasks[0].params = R"({"from": "{{ secret('X') }}.csv"})";
  const auto launch = preparer.prepare(attempt(flow, 0, kContext), sample_paths());
  ASSERT_FALSE(launch.has_value());
  EXPECT_NE(launch.error().message.find("secret('X') cannot stand in a data step"),
            std::string::npos)
      << launch.error().message;
}

TEST(PreparerTest, ATaskThatLeftNoDataIsNamed) {
  DataPreparer preparer("/usr/bin/dyna", kSecrets);
  const auto flow = sample_flow();
  const auto launch =
      preparer.prepare(attempt(flow, 2, R"({"outputs": {"raw": {"data": "/a"}}})"), sample_paths());
  ASSERT_FALSE(launch.has_value());
  EXPECT_EQ(launch.error().code, TaskErrorCode::kInputInvalid);
  EXPECT_TRUE(launch.error().message.starts_with("task 'ok' left no data to read"));
}

TEST(PreparerTest, AKeyGoesAlongInTheEnvironmentAndNowhereElse) {
  auto flow = sample_flow();
  const std::string params =
      R"({"of": "t", "columns": {"name": {"token": "hmac", "key": "PIN_KEY"}}})";
  flow->tasks.push_back(task("safe", "secure", params));
  DataPreparer preparer("/usr/bin/dyna", kSecrets);
  const auto start = attempt(flow, 5, R"({"outputs": {"t": {"data": "/d/t.parquet"}}})");
  const auto launch = preparer.prepare(start, sample_paths());
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_NE(
      std::ranges::find(launch->env, std::pair<std::string, std::string>("DYNA_KEY_0", "k3y")),
      launch->env.end());
  EXPECT_EQ(launch->masks, std::vector<std::string>{"k3y"});
  EXPECT_EQ(launch->files.at(0).content.find("k3y"), std::string::npos);

  flow->tasks[5].params = R"({"of": "t", "columns": {"name": {"token": "hmac", "key": "OTHER"}}})";
  const auto refused = preparer.prepare(start, sample_paths());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, TaskErrorCode::kSecretMissing);
  EXPECT_EQ(refused.error().message, "secret OTHER is not set");
}

struct BadParams {
  const char* name;
  const char* type;
  const char* params;
  const char* message;
};

class BadParamsTest : public testing::TestWithParam<BadParams> {};

TEST_P(BadParamsTest, AreRefusedWithTheirKey) {
  const StepResult<Step> step = parse_params(GetParam().type, GetParam().params, "/f");
  ASSERT_FALSE(step.has_value());
  EXPECT_EQ(step.error().code, TaskErrorCode::kInputInvalid);
  EXPECT_NE(step.error().message.find(GetParam().message), std::string::npos)
      << step.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadParamsTest,
    testing::Values(
        BadParams{"NoFrom", "load", "{}", "from: it is missing"},
        BadParams{"Ftp", "load", R"({"from": "ftp://x/a.csv"})", "from: 'ftp://' is not supported"},
        BadParams{"NoEnding", "load", R"({"from": "data"})", "format: it is missing"},
        BadParams{"BadFormat", "load", R"({"from": "a.xls"})", "format: one of csv, json"},
        BadParams{"Delimiter", "load", R"({"from": "a.csv", "delimiter": "12345"})", "delimiter:"},
        BadParams{"Encoding", "load", R"({"from": "a.csv", "encoding": "ebcdic"})", "encoding:"},
        BadParams{"Memory", "load", R"({"from": "a.csv", "memory": "lots"})", "memory: a size"},
        BadParams{"Threads", "load", R"({"from": "a.csv", "threads": 0})", "threads: 1 to 256"},
        BadParams{"Rejects", "load", R"({"from": "a.csv", "rejects": {"max_percent": 101}})",
                  "rejects.max_percent"},
        BadParams{"Type", "load", R"({"from": "a.csv", "contract": {"columns": {"a": "int"}}})",
                  "contract.columns.a: unknown type 'int'"},
        BadParams{"Drift", "load",
                  R"({"from": "a.csv", "contract": {"columns": {"a": "int64"},
                     "drift": {"new": "explode"}}})",
                  "contract.drift.new"},
        BadParams{"Unique", "load",
                  R"({"from": "a.csv", "contract": {"columns": {"a": "int64"}, "unique": ["b"]}})",
                  "unknown column 'b'"},
        BadParams{"NoRules", "check", R"({"of": "a", "rules": []})", "rules: a list"},
        BadParams{"Severity", "check", R"({"of": "a", "rules": [{"sql": "x", "severity": "bad"}]})",
                  "rules[0].severity"},
        BadParams{"MergeOne", "merge", R"({"of": "a", "on": "k"})", "of: at least two"},
        BadParams{"Prefer", "merge", R"({"of": ["a", "b"], "on": "k", "prefer": {"x": "c"}})",
                  "prefer.x: 'c' is not among"},
        BadParams{"ShareEnding", "share", R"({"of": "a", "to": "x.txt"})", "the ending .parquet"},
        BadParams{"ShareTwice", "share", R"({"of": "a", "to": ["x.csv", "./x.csv"]})", "twice"},
        BadParams{"TwoStatements", "transform", R"({"sql": "select 1; select 2"})", "';'"}),
    [](const auto& test) { return test.param.name; });

TEST(ShowSqlTest, PrintsEachStepWithDefaultsAndNamesOfUpstreamData) {
  const auto flow = sample_flow();
  const auto load = show_sql(*flow, 0);
  ASSERT_TRUE(load.has_value()) << load.error().message;
  EXPECT_NE(load->find("-- in/0: /flows/f/data/king.csv"), std::string::npos);
  EXPECT_NE(load->find("SET lock_configuration=true;"), std::string::npos);
  EXPECT_NE(load->find("read_csv('in/0'"), std::string::npos);
  const auto check = show_sql(*flow, 1);
  ASSERT_TRUE(check.has_value());
  EXPECT_NE(check->find("-- in/0: raw.parquet"), std::string::npos);
  EXPECT_NE(check->find("name <> 'king'"), std::string::npos);
  const auto merge = show_sql(*flow, 2);
  ASSERT_TRUE(merge.has_value()) << merge.error().message;
  EXPECT_NE(merge->find("coalesce(__dyna_s0.\"name\", __dyna_s1.\"name\")"), std::string::npos);
  EXPECT_NE(show_sql(*flow, 3)->find("CREATE VIEW \"ok\""), std::string::npos);
  EXPECT_NE(show_sql(*flow, 4)->find("/flows/f/out/king.csv"), std::string::npos);
}

TEST(ShowSqlTest, AMergeOverUnknownColumnsSaysSo) {
  const auto flow = sample_flow();
  flow->tasks[2].params = R"({"of": ["raw", "t"], "on": ["id"]})";
  const auto merge = show_sql(*flow, 2);
  ASSERT_FALSE(merge.has_value());
  EXPECT_NE(merge.error().message.find("columns of 't'"), std::string::npos);
  flow->tasks.push_back(task("x", "shell", "{}"));
  EXPECT_FALSE(show_sql(*flow, 5).has_value());
}

/// Its connection's password goes the way of keys, and the step knows which attempt it is.
TEST(PreparerTest, APasswordIsNamedInTheStepAndGoesByTheEnvironment) {
  DataPreparer preparer("/usr/bin/dyna", kSecrets);
  const auto flow = sample_flow();
  const std::string connection =
      R"({"type": "postgres", "name": "w", "password": {"secret": "PIN_KEY"}})";
  flow->tasks.push_back(
      task("db", "load",
           R"({"connection": )" + connection + R"(, "sql": "select {{ inputs.county }} as c"})"));
  flow->tasks.push_back(task("out", "share",
                             R"({"of": "ok", "mode": "append", "to": [{"connection": )" +
                                 connection + R"(, "to": "g.{{ inputs.county }}"}]})"));
  StartAttempt command = attempt(flow, 5, kContext);
  command.run_id = {"0190"};
  command.key = {7, "db", 2};
  const auto launch = preparer.prepare(command, sample_paths());
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(launch->masks, (std::vector<std::string>{"k3y"}));
  EXPECT_TRUE(std::ranges::find(launch->env, std::pair<std::string, std::string>(
                                                 "DYNA_KEY_0", "k3y")) != launch->env.end());
  EXPECT_EQ(launch->files.at(0).content.find("k3y"), std::string::npos);
  EXPECT_EQ(json::serialize(step_of(*launch).at("attempt")),
            R"({"run":"0190","task":"db","number":2})");
  EXPECT_EQ(step_of(*launch).at("params").at("sql"), "select 'o''brien' as c");
  const auto shared = preparer.prepare(attempt(flow, 6, kContext), sample_paths());
  ASSERT_TRUE(shared.has_value()) << shared.error().message;
  EXPECT_EQ(step_of(*shared).at("params").at("to").at(0).at("to"), "g.o'brien");
  EXPECT_EQ(shared->masks, (std::vector<std::string>{"k3y"}));
}

TEST(PreparerTest, TheSqlOfALoadFromADatabaseIsShown) {
  const auto flow = sample_flow();
  flow->tasks.push_back(task("db", "load", R"({"connection": {"type": "postgres", "name": "w"},
      "sql": "select 1 as a\nfrom t", "contract": {"columns": {"a": "int64"}}})"));
  const Result<std::string> sql = show_sql(*flow, 5);
  ASSERT_TRUE(sql.has_value()) << sql.error().message;
  EXPECT_TRUE(
      sql->starts_with("-- at w: SELECT * FROM (\n-- select 1 as a\n-- from t\n-- ) AS "
                       "dyna_source\n-- in/0: w's answer to 'sql'\n"))
      << *sql;
}

// ---- guards

json::object step_of(const std::expected<Launch, TaskError>& launch) {
  return json::parse(launch.value().files.at(0).content).as_object();
}

constexpr const char* kData = R"({"outputs": {"t": {"data": "/a/t.parquet", "rows": 3}},
    "inputs": {"county": "king"}})";

TEST(GuardPreparerTest, TheShareLearnsThePastOfItsDataset) {
  PointFilter asked;
  DataPreparer preparer(
      "/bin/dyna", kSecrets, [&](const PointFilter& filter) -> Result<std::vector<PointRow>> {
        asked = filter;
        return std::vector<PointRow>{
            {"f/t", 900, 6, "s", PointVerdict::kOk, R"({"metrics":{"rows":10}})"}};
      });
  StartAttempt command = attempt(sample_flow(), 4, kData);
  command.key.run = 7;
  command.run_at = 1000;
  command.approved = true;
  const json::object guard = step_of(preparer.prepare(command, {})).at("guard").as_object();
  EXPECT_EQ(guard.at("series"), "f/t");
  EXPECT_EQ(guard.at("approved"), true);
  EXPECT_EQ(guard.at("history").as_array().size(), 1u);
  EXPECT_EQ(asked.series, "f/t");
  EXPECT_EQ(asked.before_at, 1000);
  EXPECT_EQ(asked.before_run, 7);
}

TEST(GuardPreparerTest, ASeriesOfItsOwnIsRendered) {
  auto flow = sample_flow();
  flow->tasks[4].params =
      R"({"of": "t", "to": "o.csv", "guard": {"series": "{{ inputs.county }}"}})";
  DataPreparer preparer("/bin/dyna", kSecrets);
  const json::object step = step_of(preparer.prepare(attempt(flow, 4, kData), {}));
  EXPECT_EQ(step.at("guard").at("series"), "king");
}

TEST(GuardPreparerTest, AGuardTaskBeforeTheShareIsEnough) {
  auto flow = sample_flow();
  flow->tasks.push_back(task("g", "guard", R"({"of": "t"})"));
  flow->tasks[4].needs = {5};
  DataPreparer preparer("/bin/dyna", kSecrets);
  EXPECT_FALSE(step_of(preparer.prepare(attempt(flow, 4, kData), {})).contains("guard"));
  flow->tasks[4].needs = {};
  EXPECT_TRUE(step_of(preparer.prepare(attempt(flow, 4, kData), {})).contains("guard"));
}

TEST(GuardPreparerTest, ItsSqlCanBeShown) {
  auto flow = sample_flow();
  flow->tasks.push_back(task("g", "guard", R"j({"of": "t", "watch": {"sum(n)": {"drop": 5}}})j"));
  const Result<std::string> sql = show_sql(*flow, 5);
  ASSERT_TRUE(sql.has_value()) << sql.error().message;
  EXPECT_NE(sql->find("(sum(\"n\"))::DOUBLE"), std::string::npos) << *sql;
}

TEST(GuardPreparerTest, OtherStepsUpstreamHaveAnotherText) {
  const auto flow = sample_flow();
  const std::string before = steps_of(*flow, "t");
  flow->tasks[4].params = "{}";  // the share itself makes no data
  EXPECT_EQ(steps_of(*flow, "t"), before);
  flow->tasks[1].params = R"({"of": "raw", "rules": []})";
  EXPECT_NE(steps_of(*flow, "t"), before);
}

/// The launch of a single task, or its error.
std::expected<Launch, TaskError> launch_of(const std::string& type, const std::string& params) {
  auto flow = std::make_shared<Flow>();
  flow->folder = "/flows/f";
  flow->tasks.push_back(task("x", type, params));
  DataPreparer preparer("/bin/dyna", kSecrets);
  return preparer.prepare(attempt(flow, 0, "{}"), sample_paths());
}

std::string variable_of(const Launch& launch, std::string_view name) {
  for (const auto& [key, value] : launch.env) {
    if (key == name) return value;
  }
  return {};
}

TEST(RemoteLaunchTest, SecretsOfAnAddressAndOfHeadersGoByTheEnvironment) {
  const auto launch = launch_of("load", R"j({"from": "https://a/b.csv?k={{ secret('PIN_KEY') }}/",
      "headers": {"X-Key": "v {{ secret('PIN_KEY') }}", "Accept": "text/csv"},
      "auth": {"user": "me", "password": {"secret": "PIN_KEY"}}})j");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  const json::object params = step_of(*launch).at("params").as_object();
  EXPECT_EQ(params.at("from"), "https://a/b.csv?k=***/");
  EXPECT_EQ(params.at("headers"), (json::object{{"X-Key", "v ***"}, {"Accept", "text/csv"}}));
  EXPECT_EQ(launch->files.at(0).content.find("k3y"), std::string::npos);
  EXPECT_EQ(variable_of(*launch, "DYNA_FROM"), "https://a/b.csv?k=k3y/");
  EXPECT_EQ(variable_of(*launch, "DYNA_HEADERS"), R"({"X-Key":"v k3y","Accept":"text/csv"})");
  EXPECT_EQ(variable_of(*launch, "DYNA_PASSWORD"), "k3y");
  EXPECT_EQ(launch->masks, (std::vector<std::string>{"k3y", "bWU6azN5"}));
}

TEST(RemoteLaunchTest, WithoutSecretsNothingOfTheFlowIsInTheEnvironment) {
  const auto launch = launch_of("load", R"({"from": "https://a/b.csv", "headers": {"A": "b"}})");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(variable_of(*launch, "DYNA_FROM") + variable_of(*launch, "DYNA_HEADERS"), "");
  EXPECT_TRUE(launch->masks.empty());
}

TEST(RemoteLaunchTest, AMissingSecretIsNamed) {
  for (const char* params : {R"j({"from": "https://a/b.csv?k={{ secret('NOT') }}"})j",
                             R"j({"from": "s3://a/b.csv", "s3": {"access_key": {"secret": "NOT"},
                                 "secret_key": {"secret": "PIN_KEY"}}})j"}) {
    const auto launch = launch_of("load", params);
    ASSERT_FALSE(launch.has_value());
    EXPECT_EQ(launch.error().code, TaskErrorCode::kSecretMissing);
    EXPECT_EQ(launch.error().message, "secret NOT is not set");
  }
}

TEST(RemoteLaunchTest, S3TakesTheUsualVariablesWhereNoSecretIsNamed) {
  unsetenv("AWS_ACCESS_KEY_ID");
  auto flow = sample_flow();
  flow->tasks.push_back(task("up", "share", R"({"of": "t", "to": ["a.csv", "s3://lake/b.csv"]})"));
  const std::string context = R"({"outputs": {"t": {"data": "/t.parquet"}}})";
  DataPreparer preparer("/bin/dyna", kSecrets);
  const auto missing = preparer.prepare(attempt(flow, 5, context), sample_paths());
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, TaskErrorCode::kSecretMissing);
  EXPECT_NE(missing.error().message.find("s3://lake/b.csv: no credentials"), std::string::npos);
  setenv("AWS_ACCESS_KEY_ID", "id-4711", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "key-4711", 1);
  const auto launch = preparer.prepare(attempt(flow, 5, context), sample_paths());
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_SECRET_ACCESS_KEY");
  ASSERT_TRUE(launch.has_value()) << launch.error().message;
  EXPECT_EQ(variable_of(*launch, "DYNA_S3_ACCESS_KEY"), "id-4711");
  EXPECT_EQ(variable_of(*launch, "DYNA_S3_SECRET_KEY"), "key-4711");
  EXPECT_EQ(launch->masks, (std::vector<std::string>{"id-4711", "key-4711"}));
}

}  // namespace
}  // namespace cordyna::data
