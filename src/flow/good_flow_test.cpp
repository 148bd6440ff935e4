#include <fmt/format.h>
#include <gtest/gtest.h>

#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

std::string messages(const Parsed& parsed) {
  std::string out;
  for (const Diagnostic& found : parsed.diagnostics) out += format(found) + "\n";
  return out;
}

std::shared_ptr<const Flow> good(const std::string& text) {
  const Parsed parsed = parse(text, "flow.yaml", "/flows");
  EXPECT_TRUE(parsed.diagnostics.empty()) << messages(parsed);
  EXPECT_NE(parsed.flow, nullptr);
  return parsed.flow;
}

const TaskSpec& task(const Flow& flow, std::string_view id) {
  for (const TaskSpec& spec : flow.tasks) {
    if (spec.id == id) return spec;
  }
  ADD_FAILURE() << "no task " << id;
  return flow.tasks.front();
}

using Indexes = std::vector<TaskIndex>;

TEST(GoodFlow, TheSmallestHasAllDefaults) {
  const auto flow = good("id: f\ntasks:\n  - {id: a, type: log, message: hi}\n");
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(flow->id, "f");
  EXPECT_EQ(flow->ns, "");
  EXPECT_EQ(flow->owner, "flow:f");
  EXPECT_EQ(flow->labels, "{}");
  EXPECT_EQ(flow->vars, "{}");
  EXPECT_EQ(flow->outputs, "{}");
  EXPECT_EQ(flow->folder, "/flows");
  EXPECT_EQ(flow->hash.size(), 64U);
  EXPECT_EQ(flow->timeout, 0);
  ASSERT_EQ(flow->tasks.size(), 1U);
  const TaskSpec& a = flow->tasks[0];
  EXPECT_EQ(a.type, "log");
  EXPECT_EQ(a.params, R"({"level":"info","message":"hi"})");
  EXPECT_EQ(a.message, "hi");
  EXPECT_EQ(a.owner, "flow:f");
  EXPECT_EQ(a.kind, TaskKind::kEngine);
  EXPECT_EQ(a.section, Section::kTasks);
  EXPECT_EQ(a.trigger_rule, TriggerRule::kAllCompleted);
  EXPECT_EQ(a.retry, Retry{});
  EXPECT_EQ(a.timeouts, Timeouts{});
  EXPECT_EQ(a.line, 3U);
  EXPECT_TRUE(a.needs.empty());
  EXPECT_TRUE(a.env.empty());
}

TEST(GoodFlow, CommonKeysOfATask) {
  const auto flow = good(R"(
id: f
owner: team
tasks:
  - id: a
    type: shell
    script: true
    description: d
    owner: me
    run_if: "{{ run.date == '2026-01-01' }}"
    trigger_rule: all_done
    retry: {attempts: 5, delay: 2s, backoff: exponential, max_delay: PT1M, jitter: true,
            on: [75, timeout, LOST, 75]}
    timeouts: {acknowledge: 10s, start: 10m, complete: 30m}
    timeout: 1h30m
    allow_failure: true
    disabled: true
    env: {B: 5, A: "x {{ secret('T') }}"}
)");
  ASSERT_NE(flow, nullptr);
  const TaskSpec& a = flow->tasks[0];
  EXPECT_EQ(a.description, "d");
  EXPECT_EQ(a.owner, "me");
  EXPECT_EQ(a.run_if, "{{ run.date == '2026-01-01' }}");
  EXPECT_EQ(a.trigger_rule, TriggerRule::kAllDone);
  const Retry retry{5, 2000, Backoff::kExponential, 60'000, true, {"75", "LOST", "timeout"}};
  EXPECT_EQ(a.retry, retry);
  EXPECT_EQ(a.timeouts, (Timeouts{10'000, 600'000, 1'800'000}));
  EXPECT_EQ(a.timeout, 5'400'000);
  EXPECT_TRUE(a.allow_failure);
  EXPECT_TRUE(a.disabled);
  const std::vector<std::pair<std::string, std::string>> env{{"A", "x {{ secret('T') }}"},
                                                             {"B", "5"}};
  EXPECT_EQ(a.env, env);
  EXPECT_EQ(a.params, R"({"interpreter":["/bin/sh","-e"],"script":"true"})");
  EXPECT_EQ(a.kind, TaskKind::kProcess);
}

TEST(GoodFlow, GivesItsDefaultsToTasksKeyByKey) {
  const auto flow = good(R"(
id: f
retry: {attempts: 3, delay: 1s}
timeouts: {complete: 1m, start: 2m}
resources: {cpu: 0.5, memory: 512MB}
env: {A: flow, B: flow}
timeout: 1d
tasks:
  - {id: a, type: shell, script: x}
  - {id: b, type: shell, script: x, retry: {attempts: 1}, timeouts: {start: 5s}, env: {B: own},
     resources: {memory: 1GiB, disk: 2GB, time: 10m}}
  - {id: c, type: log, message: x}
)");
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(flow->timeout, 86'400'000);
  EXPECT_EQ(flow->tasks[0].retry.attempts, 3U);
  EXPECT_EQ(flow->tasks[1].retry.attempts, 1U);
  EXPECT_EQ(flow->tasks[1].retry.delay, 1000);
  EXPECT_EQ(flow->tasks[1].timeouts, (Timeouts{0, 5000, 60'000}));
  EXPECT_EQ(flow->tasks[0].resources, (Resources{500, 512'000'000, 0, 0}));
  EXPECT_EQ(flow->tasks[1].resources,
            (Resources{500, std::uint64_t{1} << 30, 2'000'000'000, 600'000}));
  EXPECT_EQ(flow->tasks[2].resources, Resources{}) << "of no process";
  const std::vector<std::pair<std::string, std::string>> env{{"A", "flow"}, {"B", "own"}};
  EXPECT_EQ(flow->tasks[1].env, env);
}

TEST(GoodFlow, OrderFollowsFromNeedsReferencesOfAndSql) {
  const auto flow = good(R"(
id: f
tasks:
  - {id: priced, type: transform, sql: "select *, price as county_ok from merged m -- listings"}
  - {id: merged, type: merge, of: [county_ok, listings], on: parcel}
  - {id: county_ok, type: check, of: county, rules: [{name: r, sql: "price > 0"}]}
  - {id: county, type: load, from: "{{ outputs.prepare.path }}/a.csv"}
  - {id: listings, type: load, from: b.json, needs: prepare}
  - {id: prepare, type: shell, script: x}
  - {id: out, type: share, of: priced, to: [out/a.parquet, out/a.csv], needs: [prepare, priced]}
)");
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(task(*flow, "priced").needs, (Indexes{1}));
  EXPECT_EQ(task(*flow, "merged").needs, (Indexes{2, 4}));
  EXPECT_EQ(task(*flow, "county_ok").needs, (Indexes{3}));
  EXPECT_EQ(task(*flow, "county").needs, (Indexes{5}));
  EXPECT_EQ(task(*flow, "county").refs, (Indexes{5}));
  EXPECT_EQ(task(*flow, "listings").needs, (Indexes{5}));
  EXPECT_TRUE(task(*flow, "listings").refs.empty());
  EXPECT_EQ(task(*flow, "out").needs, (Indexes{0, 5}));
  EXPECT_EQ(task(*flow, "out").refs, (Indexes{0}));
  EXPECT_EQ(task(*flow, "merged").params,
            R"({"expect":"any","how":"inner","of":["county_ok","listings"],"on":["parcel"]})");
}

TEST(GoodFlow, SectionsComeInTheirOrderAndReadEarlierOnes) {
  const auto flow = good(R"(
id: f
finally:
  - {id: z, type: log, message: "{{ outputs.a.n }} {{ error.message }}"}
errors:
  - {id: tell, type: log, message: "{{ error.task }}: {{ error.code }}"}
  - {id: tell2, type: log, message: x, needs: tell}
tasks:
  - {id: a, type: shell, script: x}
)");
  ASSERT_NE(flow, nullptr);
  ASSERT_EQ(flow->tasks.size(), 4U);
  EXPECT_EQ(flow->tasks[0].id, "a");
  EXPECT_EQ(flow->tasks[1].section, Section::kErrors);
  EXPECT_EQ(flow->tasks[2].needs, (Indexes{1}));
  EXPECT_EQ(flow->tasks[3].section, Section::kFinally);
  EXPECT_TRUE(flow->tasks[3].needs.empty());
  EXPECT_EQ(flow->tasks[3].refs, (Indexes{0}));
}

TEST(GoodFlow, TheKeysOfDataStepsBecomeParams) {
  const auto flow = good(R"(
id: f
tasks:
  - id: l
    type: load
    from: a.csv
    delimiter: "|"
    nulls: NA
    rejects: {max_percent: 0.5}
    memory: 256MB
    threads: 2
    contract:
      columns: {zip: string, id: {type: int64, required: true, min: 1}}
      rename: {ID: id}
      unique: [id, [zip, id], {columns: zip, on_fail: warn}]
      rows: {min: 1, max: 10}
      drift: {new: warn}
)");
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(
      flow->tasks[0].params,
      R"({"contract":{"columns":{"zip":{"pii":false,"required":false,"type":"string"},)"
      R"("id":{"min":1,"pii":false,"required":true,"type":"int64"}},)"
      R"("drift":{"new":"warn"},"rename":{"ID":"id"},"rows":{"max":10,"min":1},)"
      R"("unique":[{"columns":["id"]},{"columns":["zip","id"]},)"
      R"({"columns":["zip"],"on_fail":"warn"}]},"delimiter":"|","from":"a.csv","header":true,)"
      R"("memory":"256MB","nulls":["NA"],"rejects":{"max_percent":0.5},"threads":2})");
}

TEST(GoodFlow, InputsHaveTypesAndDefaults) {
  const auto flow = good(R"(
id: f
inputs:
  - {id: s, default: 5}
  - {id: n, type: int, default: 5, description: d}
  - {id: b, type: bool, default: True}
  - {id: d, type: date, default: "{{ run.date }}"}
  - {id: j, type: json, default: {b: [1], a: x}}
  - {id: r, type: float}
  - {id: o, required: false}
tasks: [{id: a, type: log, message: "{{ inputs.j.a }}"}]
)");
  ASSERT_NE(flow, nullptr);
  const std::string defaults[] = {
      R"("5")", "5", "true", R"("{{ run.date }}")", R"({"a":"x","b":[1]})", "", ""};
  ASSERT_EQ(flow->inputs.size(), std::size(defaults));
  for (std::size_t i = 0; i < std::size(defaults); ++i) {
    EXPECT_EQ(flow->inputs[i].default_value, defaults[i]) << i;
    EXPECT_EQ(flow->inputs[i].required, flow->inputs[i].id == "r") << i;
  }
  EXPECT_EQ(flow->inputs[1].type, InputType::kInt);
  EXPECT_EQ(flow->inputs[1].description, "d");
}

TEST(GoodFlow, AnInterpreterInOneStringIsPartedAtBlanks) {
  const auto flow = good(
      "id: f\ntasks:\n  - {id: a, type: shell, interpreter: '/bin/bash  -eu ', script: x}\n"
      "  - {id: b, type: shell, interpreter: [perl, -e], script: x}\n");
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(flow->tasks[0].params, R"({"interpreter":["/bin/bash","-eu"],"script":"x"})");
  EXPECT_EQ(flow->tasks[1].params, R"({"interpreter":["perl","-e"],"script":"x"})");
}

TEST(GoodFlow, WhatTasksWaitFor) {
  const auto flow = good(R"(
id: f
retry: {attempts: 3}
timeouts: {complete: 1m}
tasks:
  - {id: a, type: pause, message: well, timeout: 1h, on_timeout: continue}
  - {id: b, type: pause, for: 10m}
  - {id: c, type: wait_for, script: "true"}
  - {id: d, type: wait_for, until: "{{ now > run.started_at }}", interval: 1s}
)");
  ASSERT_NE(flow, nullptr);
  const auto& tasks = flow->tasks;
  EXPECT_EQ(tasks[0].wait.what, WaitFor::kPerson);
  EXPECT_TRUE(tasks[0].wait.go_on);
  EXPECT_EQ(tasks[0].message, "well");
  EXPECT_EQ(tasks[0].timeout, 3'600'000);
  EXPECT_EQ(tasks[1].wait.what, WaitFor::kTime);
  EXPECT_EQ(tasks[1].wait.time, 600'000);
  EXPECT_EQ(tasks[2].wait.what, WaitFor::kScript);
  EXPECT_EQ(tasks[2].kind, TaskKind::kProcess);
  EXPECT_EQ(tasks[2].wait.time, 30'000);
  EXPECT_EQ(tasks[2].retry.attempts, 1u) << "it looks as often as its time allows";
  EXPECT_EQ(tasks[2].timeouts.complete, 60'000) << "of one look";
  EXPECT_EQ(tasks[3].wait.what, WaitFor::kCondition);
  EXPECT_EQ(tasks[3].kind, TaskKind::kEngine);
  EXPECT_EQ(tasks[3].wait.time, 1000);
  EXPECT_EQ(tasks[3].timeouts, Timeouts{});
}

TEST(GoodFlow, TasksInASwitchFollowItCaseByCase) {
  const auto flow = good(R"(
id: f
tasks:
  - id: s
    type: switch
    value: "{{ outputs.b.n }}"
    default: [{id: z, type: log, message: "{{ outputs.s.case }}"}]
    cases:
      two: [{id: y, type: log, message: "{{ outputs.x.n }}"}, {id: x, type: shell, script: "true"}]
      one: [{id: t, type: switch, value: v, cases: {v: [{id: u, type: log, message: m, needs: b}]}}]
  - {id: b, type: shell, script: "true"}
  - {id: c, type: log, message: "{{ outputs['s/x'].n }}", needs: s}
)");
  ASSERT_NE(flow, nullptr);
  const auto& tasks = flow->tasks;
  std::string ids;
  for (const TaskSpec& task : tasks) ids += task.id + " ";
  EXPECT_EQ(ids, "s s/t s/t/u s/y s/x s/z b c ");
  EXPECT_EQ(tasks[0].choice.cases, (std::vector<std::string>{"one", "two", "default"}));
  EXPECT_EQ(tasks[0].needs, std::vector<TaskIndex>{6});
  EXPECT_EQ(tasks[2].inside, 1u);
  EXPECT_EQ(tasks[2].needs, std::vector<TaskIndex>{6});
  EXPECT_EQ(tasks[3].branch, 1u);
  EXPECT_EQ(tasks[3].needs, std::vector<TaskIndex>{4}) << "inside it is named by its id";
  EXPECT_EQ(tasks[5].branch, 2u);
  EXPECT_TRUE(tasks[5].needs.empty());
  EXPECT_EQ(tasks[5].refs, std::vector<TaskIndex>{0}) << "what was chosen is known inside";
  EXPECT_EQ(tasks[7].needs, (std::vector<TaskIndex>{0, 4}));
}

TEST(GoodFlow, WhatTasksInAForeachNeedFromOutsideTheForeachNeeds) {
  const auto flow = good(R"(
id: f
inputs: [{id: names, type: array, items: string}]
tasks:
  - {id: a, type: shell, script: "true"}
  - {id: b, type: shell, script: "true"}
  - id: l
    type: foreach
    items: "{{ inputs.names }}"
    parallel: 3
    tasks:
      - {id: x, type: shell, script: "echo {{ item.n }} {{ loop.index }} {{ outputs.a.n }}"}
      - id: m
        type: foreach
        items: {from: 1, to: 3}
        tasks: [{id: y, type: log, message: "{{ loop.parent.item }} {{ outputs.x.n }}", needs: b}]
  - {id: c, type: log, message: "{{ outputs.l.results }}"}
)");
  ASSERT_NE(flow, nullptr);
  const auto& tasks = flow->tasks;
  std::string ids;
  for (const TaskSpec& task : tasks) ids += task.id + " ";
  EXPECT_EQ(ids, "a b l l/x l/m l/m/y c ");
  EXPECT_EQ(tasks[2].foreach.items, R"("{{ inputs.names }}")");
  EXPECT_EQ(tasks[2].foreach.parallel, 3u);
  EXPECT_EQ(tasks[2].kind, TaskKind::kEngine);
  EXPECT_EQ(tasks[2].needs, (std::vector<TaskIndex>{0, 1}));
  EXPECT_TRUE(tasks[3].needs.empty());
  EXPECT_EQ(tasks[3].refs, std::vector<TaskIndex>{0});
  EXPECT_EQ(tasks[4].needs, std::vector<TaskIndex>{3});
  EXPECT_EQ(tasks[5].inside, 4u);
  EXPECT_TRUE(tasks[5].needs.empty());
  EXPECT_EQ(tasks[5].refs, std::vector<TaskIndex>{3});
  EXPECT_EQ(tasks[6].needs, std::vector<TaskIndex>{2});
}

TEST(GoodFlow, MapsOfTheFlow) {
  const auto flow = good(R"(
id: f
namespace: acme.housing
labels: {layer: gold, n: 1}
vars: {b: "{{ inputs.x }}", a: [1, {k: true}]}
inputs: [{id: x}]
outputs: {n: "{{ outputs.a.n }}"}
tasks: [{id: a, type: shell, script: "echo {{ vars.b }} {{ labels.layer }}"}]
)");
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(flow->ns, "acme.housing");
  EXPECT_EQ(flow->labels, R"({"layer":"gold","n":"1"})");
  EXPECT_EQ(flow->vars, R"({"a":[1,{"k":true}],"b":"{{ inputs.x }}"})");
  EXPECT_EQ(flow->outputs, R"({"n":"{{ outputs.a.n }}"})");
}

TEST(GoodFlow, ATaskRunsAnotherFlow) {
  const auto flow = good(R"(id: f
namespace: acme
tasks:
  - {id: a, type: flow, flow: load, inputs: {n: "{{ run.date }}"}, within: 1h, on_error: continue}
  - {id: b, type: flow, flow: other.team/x, wait: false}
)");
  ASSERT_NE(flow, nullptr);
  const Subflow& a = flow->tasks[0].subflow;
  EXPECT_EQ(flow->tasks[0].kind, TaskKind::kRun);
  EXPECT_EQ(a.name(), "acme/load");
  EXPECT_EQ(a.inputs, R"({"n":"{{ run.date }}"})");
  EXPECT_EQ(a.within, 3'600'000);
  EXPECT_TRUE(a.wait);
  EXPECT_TRUE(a.go_on);
  EXPECT_EQ(flow->tasks[1].subflow.name(), "other.team/x");
  EXPECT_FALSE(flow->tasks[1].subflow.wait);
}

TEST(GoodFlow, ANeedOfAnotherFlowIsATaskOfItsOwnWithTheStrictestWindow) {
  const auto flow = good(R"(id: f
namespace: acme
tasks:
  - {id: a, type: log, message: x, needs: [{flow: load, within: 2h}, {flow: b/y}]}
  - {id: e, type: foreach, items: [1], tasks: [{id: i, type: log, message: x, needs: {flow: acme/load, within: 1h}}]}
errors: [{id: z, type: log, message: x}]
)");
  ASSERT_NE(flow, nullptr);
  ASSERT_EQ(flow->tasks.size(), 6U);
  EXPECT_EQ(flow->tasks[3].id, "flow:acme/load");
  EXPECT_EQ(flow->tasks[3].subflow.within, 3'600'000);
  EXPECT_EQ(flow->tasks[4].id, "flow:b/y");
  EXPECT_EQ(flow->tasks[4].subflow.within, 0);
  EXPECT_EQ(flow->tasks[0].needs, (std::vector<TaskIndex>{3, 4}));
  EXPECT_EQ(flow->tasks[1].needs, (std::vector<TaskIndex>{3}));
  EXPECT_EQ(flow->tasks[5].id, "z");
}

}  // namespace
}  // namespace cordyna::flow
