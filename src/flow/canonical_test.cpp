#include <gtest/gtest.h>

#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

constexpr std::string_view kFull = R"(
id: full
namespace: acme.housing
description: "Tabs\t, quotes \" and \x7f, \u2028, ü"
labels: {b: 2, a: 1}
inputs:
  - {id: county, default: story, description: Which.}
  - {id: day, type: date, default: "{{ run.date }}"}
  - {id: opt, type: json, required: false}
triggers:
  - {id: nightly, type: schedule, cron: "0 2 * * *", timezone: America/Chicago, catch_up: all,
     window: 2d, jitter: 5m, on_gap: skip, on_overlap: both, holidays: [2026-12-25, 2026-01-01],
     inputs: {county: "{{ run.date }}", opt: {a: [1]}}, description: Each night.}
  - {id: hourly, type: schedule, cron: "@hourly", disabled: true}
vars: {v: "{{ inputs.county }}"}
retry: {attempts: 2, delay: 1m}
timeouts: {complete: 1h}
resources: {cpu: 1.25, memory: 256MB, time: 90s}
timeout: 1d
env: {A: "{{ vars.v }}"}
tasks:
  - id: county
    type: load
    from: "{{ inputs.county }}.csv"
    rejects: {max_percent: 1.0}
    contract: {columns: {z: string, a: {type: date, format: "%m/%d/%Y"}}, unique: [z]}
  - {id: ok, type: check, of: county, rules: [{name: r, sql: z is not null, max_bad: 3}]}
  - {id: t, type: transform, sql: "select * from ok", owner: me, retry: {on: [75, LOST]}}
  - {id: s, type: share, of: t, to: out.csv, allow_failure: true, env: {B: "{{ secret('B') }}"}}
  - {id: sh, type: shell, script: "echo '{{ outputs.s.x }}'\necho", trigger_rule: all_done}
  - {id: ask, type: pause, message: "{{ vars.v }}?", timeout: 2h, on_timeout: continue}
  - {id: rest, type: pause, for: 90s}
  - {id: sum, type: pause, inputs: [{id: amount, type: int, min: 1}, {id: why, match: "[a-z]+", default: x}]}
  - {id: kept, type: shell, script: x, cache: {key: "{{ hash(files('src/**')) }}", for: 24h}}
  - {id: look, type: wait_for, script: "test -e x", interval: 5s, interpreter: bash -eu}
  - id: how
    type: switch
    value: "{{ inputs.county }}"
    default: [{id: z, type: log, message: "{{ outputs.how.case }}"}]
    cases:
      two: [{id: y, type: log, message: m, needs: x}, {id: x, type: pause}]
      one:
        - {id: in, type: switch, value: v, cases: {v: [{id: x, type: log, message: m}]}}
        - {id: after, type: log, message: m, needs: [in, ok]}
  - id: each
    type: foreach
    items: ["{{ outputs.t.rows }}", {a: 1}, 3]
    parallel: 4
    tasks:
      - {id: get, type: shell, script: "echo {{ item }} {{ outputs.sh.x }}"}
      - id: more
        type: foreach
        items: {from: 1, to: "{{ loop.index }}", step: 2}
        tasks: [{id: say, type: log, message: "{{ loop.parent.item }} {{ outputs.get.n }}"}]
  - {id: other, type: flow, flow: /bare, inputs: {n: "{{ outputs.t.rows }}", l: [1]}, within: 90m}
  - {id: begun, type: flow, flow: load, wait: false, needs: [{flow: z.y/x}, {flow: load, within: 1h}]}
  - {id: at, type: wait_for, until: "{{ now > inputs.day }}"}
errors:
  - {id: tell, type: log, message: "{{ error.message }}", level: warn, run_if: true}
finally:
  - {id: bye, type: python, script: "print(1) ", timeout: 5s, priority: 3}
outputs: {n: "{{ outputs.t.rows }}"}
)";

void expect_equal_control(const TaskSpec& a, const TaskSpec& b) {
  EXPECT_EQ(a.wait.what, b.wait.what);
  EXPECT_EQ(a.wait.time, b.wait.time);
  EXPECT_EQ(a.wait.go_on, b.wait.go_on);
  EXPECT_EQ(a.wait.until, b.wait.until);
  EXPECT_EQ(a.choice.value, b.choice.value);
  EXPECT_EQ(a.choice.cases, b.choice.cases);
  EXPECT_EQ(a.foreach.items, b.foreach.items);
  EXPECT_EQ(a.foreach.parallel, b.foreach.parallel);
  EXPECT_EQ(a.inside, b.inside);
  EXPECT_EQ(a.branch, b.branch);
}

void expect_equal(const TaskSpec& a, const TaskSpec& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.description, b.description);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.run_if, b.run_if);
  EXPECT_EQ(a.params, b.params);
  EXPECT_EQ(a.env, b.env);
  EXPECT_EQ(a.needs, b.needs);
  EXPECT_EQ(a.refs, b.refs);
  EXPECT_EQ(a.retry, b.retry);
  EXPECT_EQ(a.timeouts, b.timeouts);
  EXPECT_EQ(a.resources, b.resources);
  EXPECT_EQ(a.timeout, b.timeout);
  EXPECT_EQ(a.section, b.section);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.trigger_rule, b.trigger_rule);
  EXPECT_EQ(a.allow_failure, b.allow_failure);
  EXPECT_EQ(a.disabled, b.disabled);
  EXPECT_EQ(a.message, b.message);
  EXPECT_EQ(a.priority, b.priority);
  expect_equal_control(a, b);
}

void expect_equal(const Flow& a, const Flow& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.ns, b.ns);
  EXPECT_EQ(a.description, b.description);
  EXPECT_EQ(a.owner, b.owner);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.vars, b.vars);
  EXPECT_EQ(a.outputs, b.outputs);
  EXPECT_EQ(a.folder, b.folder);
  EXPECT_EQ(a.hash, b.hash);
  EXPECT_EQ(a.timeout, b.timeout);
  ASSERT_EQ(a.inputs.size(), b.inputs.size());
  for (std::size_t i = 0; i < a.inputs.size(); ++i) {
    EXPECT_EQ(a.inputs[i].id, b.inputs[i].id);
    EXPECT_EQ(a.inputs[i].description, b.inputs[i].description);
    EXPECT_EQ(a.inputs[i].default_value, b.inputs[i].default_value);
    EXPECT_EQ(a.inputs[i].type, b.inputs[i].type);
    EXPECT_EQ(a.inputs[i].required, b.inputs[i].required);
  }
  EXPECT_EQ(a.triggers, b.triggers);
  ASSERT_EQ(a.tasks.size(), b.tasks.size());
  for (std::size_t i = 0; i < a.tasks.size(); ++i) expect_equal(a.tasks[i], b.tasks[i]);
}

std::string hash_of(std::string_view text) {
  const Parsed parsed = parse(text, "f.yaml", "/flows");
  EXPECT_NE(parsed.flow, nullptr) << (parsed.diagnostics.empty()
                                          ? ""
                                          : format(parsed.diagnostics.front()));
  return parsed.flow == nullptr ? "" : parsed.flow->hash;
}

TEST(Canonical, ReadAsAFlowFileItGivesTheSameFlow) {
  const Parsed first = parse(kFull, "f.yaml", "/flows");
  ASSERT_NE(first.flow, nullptr) << format(first.diagnostics.front());
  const Parsed second = parse(first.canonical, "f.json", "/flows");
  ASSERT_NE(second.flow, nullptr) << format(second.diagnostics.front());
  expect_equal(*first.flow, *second.flow);
  EXPECT_EQ(first.canonical, second.canonical);
}

TEST(Canonical, IsReadOnTheRecoveryPath) {
  const Parsed parsed = parse(kFull, "f.yaml", "/flows");
  ASSERT_NE(parsed.flow, nullptr);
  const auto back = from_canonical(parsed.canonical, "/flows");
  ASSERT_TRUE(back.has_value()) << back.error().message;
  expect_equal(*parsed.flow, **back);
}

TEST(Canonical, DamagedTextIsCorrupt) {
  const std::string good = parse(kFull, "f.yaml", "/flows").canonical;
  for (const std::string& text :
       {std::string(), std::string("nonsense"), good.substr(0, good.size() / 2), good + "x",
        std::string("[]"), std::string("{}"), std::string(R"({"id":"f","tasks":[{"id":"a"}]})")}) {
    const auto back = from_canonical(text, "/flows");
    ASSERT_FALSE(back.has_value()) << text;
    EXPECT_EQ(back.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(back.error().message.find("stored flow"), std::string::npos);
  }
}

TEST(Canonical, HasSortedKeysAndNoDefaults) {
  const Parsed parsed = parse(
      "tasks:\n  - {type: shell, script: x, id: a, disabled: false, retry: {attempts: 1},"
      " interpreter: /bin/sh -e, trigger_rule: all_completed}\nid: f\nlabels: {}\nowner: flow:f\n",
      "f.yaml", "/");
  EXPECT_EQ(parsed.canonical, R"({"id":"f","tasks":[{"id":"a","script":"x","type":"shell"}]})");
}

TEST(Canonical, WritingStyleDoesNotChangeTheHash) {
  const std::string plain = hash_of(
      "id: f\ntasks:\n  - {id: a, type: shell, script: x}\n  - {id: b, type: log, "
      "message: '{{ outputs.a.n }}', timeout: 1h}\n");
  EXPECT_EQ(plain, hash_of("# comment\ntasks:\n  - id: \"a\"\n    script: 'x'\n    type: shell\n"
                           "  - {timeout: PT60M, type: log, needs: [a], id: b,\n"
                           "     message: '{{ outputs.a.n }}', level: info}\nid: f\n"));
}

TEST(Canonical, MeaningChangesTheHash) {
  const std::string base = hash_of("id: f\ntasks: [{id: a, type: log, message: x}]\n");
  EXPECT_NE(base, hash_of("id: f\ntasks: [{id: a, type: log, message: y}]\n"));
  EXPECT_NE(base, hash_of("id: f\ntasks: [{id: a, type: log, message: x, timeout: 1s}]\n"));
  EXPECT_NE(base, hash_of("id: f\nowner: me\ntasks: [{id: a, type: log, message: x}]\n"));
  const std::string columns =
      "id: f\ntasks: [{id: a, type: load, from: x, contract: {columns: {a: string, b: string}}}]\n";
  const std::string reordered =
      "id: f\ntasks: [{id: a, type: load, from: x, contract: {columns: {b: string, a: string}}}]\n";
  EXPECT_NE(hash_of(columns), hash_of(reordered));
}

}  // namespace
}  // namespace cordyna::flow
