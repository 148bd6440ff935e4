#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "flow/bad_case_fixture.hpp"
#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

class BadFlow : public testing::TestWithParam<BadCase> {};

/// The lines of the findings with a caret at each place: for whoever reads a failure.
std::string carets(const std::string& text, const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& found : diagnostics) {
    std::size_t begin = 0;
    for (std::uint32_t line = 1; line < found.line; ++line) begin = text.find('\n', begin) + 1;
    out += fmt::format("{}\n{:>{}}\n", text.substr(begin, text.find('\n', begin) - begin), '^',
                       std::max(found.column, 1U));
  }
  return out;
}

TEST_P(BadFlow, IsRefusedAtItsPlaceWithWhatWouldBeRight) {
  const BadCase& row = GetParam();
  const Parsed parsed = parse(row.text, "flow.yaml", "/nowhere");
  EXPECT_EQ(places(parsed.diagnostics), row.expected) << carets(row.text, parsed.diagnostics);
  EXPECT_EQ(parsed.flow, nullptr);
  EXPECT_TRUE(parsed.canonical.empty());
  ASSERT_FALSE(parsed.diagnostics.empty());
  EXPECT_NE(parsed.diagnostics.front().message.find(row.fragment), std::string::npos)
      << parsed.diagnostics.front().message;
  EXPECT_EQ(parsed.diagnostics.front().file, "flow.yaml");
}

std::string name_of(const testing::TestParamInfo<BadCase>& info) {
  return info.param.name;
}

/// One good task, after which a test adds what it is about.
std::string with_task(const std::string& more) {
  return "id: f\ntasks:\n  - id: a\n    type: log\n    message: hi\n" + more;
}

std::string task(const std::string& keys) {
  return "id: f\ntasks:\n  - {id: a, " + keys + "}\n";
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, BadFlow,
    testing::Values(
        BadCase{"Empty", "", "1:1 empty_file", "'id' and 'tasks'"},
        BadCase{"OnlyAComment", "# nothing\n", "1:1 empty_file", "empty"},
        BadCase{"AWord", "hello\n", "1:1 wrong_type", "not 'hello'"},
        BadCase{"AList", "- a\n- b\n", "1:1 wrong_type", "not a list"},
        BadCase{"OpenBracket", "id: [\n", "2:1 yaml_syntax", "not YAML"},
        BadCase{"Tab", "id: f\ntasks:\n\t- a\n", "3:1 yaml_syntax", "tabs"},
        BadCase{"ColonInValue", "id: f\ndescription: a: b\n", "2:15 yaml_syntax", "quotes"},
        BadCase{"TwoDocuments", with_task("---\nid: g\n"), "6:1 several_documents", "one flow"},
        BadCase{"DuplicateKey", with_task("id: g\n"), "6:1 duplicate_key", "line 1"},
        BadCase{"DuplicateTaskKey", task("type: log, message: x, message: y"), "3:36 duplicate_key",
                "'message'"},
        BadCase{"MergeKey", "a: &a {x: 1}\nid: f\n<<: *a\n", "3:1 merge_key", "not supported"},
        BadCase{"ListAsKey", "[a, b]: c\n", "1:1 bad_key", "a list"},
        BadCase{"UnquotedTemplate", task("type: log, message: {{ inputs.x }}"), "3:34 bad_key",
                "quotes"},
        BadCase{"ForeignTag", "id: !!python/object f\n", "1:5 bad_tag", "not allowed"},
        BadCase{"LocalTag", "id: !mine f\n", "1:5 bad_tag", "!mine"},
        BadCase{"TagThatDoesNotFit", "id: !!int f\n", "1:5 bad_tag", "does not fit"},
        BadCase{"UnknownAlias", "id: *nobody\n", "1:5 bad_alias", "*nobody"},
        BadCase{"AliasInItself", "a: &a [*a]\n", "1:8 bad_alias", "inside"},
        BadCase{"NotUtf8", "id: f\nowner: \xff\n", "2:8 not_utf8", "0xff"},
        BadCase{"Overlong", "id: \xc0\xaf\n", "1:5 not_utf8", "0xc0"},
        BadCase{"Surrogate", "id: \xed\xa0\x80\n", "1:5 not_utf8", "UTF-8"},
        BadCase{"Nul", std::string("id: f\nowner: a\0b\n", 17), "2:9 not_utf8", "U+0000"},
        BadCase{"Escape", "id: \x1b[31m\n", "1:5 not_utf8", "U+001B"},
        BadCase{"NulByEscape", "id: f\nowner: \"a\\0b\"\n", "2:8 not_utf8", "NUL"},
        BadCase{"HugeNumber", "id: f\nvars: {n: 99999999999999999999}\n",
                "1:1 missing_key, 2:11 bad_value", "tasks"},
        BadCase{"Infinity", with_task("vars: {n: .inf}\n"), "6:11 bad_value", "quotes"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Keys, BadFlow,
    testing::Values(
        BadCase{"UnknownFlowKey", with_task("descripton: x\n"), "6:1 unknown_key",
                "did you mean 'description'?"},
        BadCase{"UnknownTaskKey", task("type: log, message: x, ned: b"), "3:36 unknown_key",
                "in task 'a'; did you mean 'needs'?"},
        BadCase{"KeyOfAnotherType", task("type: log, message: x, script: b"), "3:36 unknown_key",
                "'script'"},
        BadCase{"NoId", "tasks: [{id: a, type: log, message: x}]\n", "1:1 missing_key", "'id'"},
        BadCase{"NoTasks", "id: f\n", "1:1 missing_key", "'tasks'"},
        BadCase{"EmptyTasks", "id: f\ntasks: []\n", "2:8 bad_value", "at least one"},
        BadCase{"TasksIsAMap", "id: f\ntasks: {a: 1}\n", "2:8 wrong_type", "'tasks' wants a list"},
        BadCase{"TaskIsAWord", "id: f\ntasks: [a]\n", "2:9 wrong_type", "map"},
        BadCase{"NoType", "id: f\ntasks:\n  - {id: a, script: x}\n", "3:5 missing_key", "'type'"},
        BadCase{"NoScript", task("type: shell"), "3:5 missing_key", "'script'"},
        BadCase{"EmptyScript", task("type: shell, script: ''"), "3:34 bad_value", "empty"},
        BadCase{"UnknownType", task("type: shel"), "3:19 unknown_type", "did you mean 'shell'?"},
        BadCase{"TypeOfLater", task("type: task"), "3:19 not_yet", "not supported"},
        BadCase{"HttpWithoutUrl", task("type: http"), "3:5 missing_key", "'url'"},
        BadCase{"HttpElsewhere", task("type: http, url: 'ftp://h/'"), "3:30 bad_value", "https://"},
        BadCase{"HttpWithTwoBodies", task("type: http, url: 'http://h', body: a, json: b"),
                "3:57 bad_value", "one body"},
        BadCase{"HttpHeadWithBody", task("type: http, url: 'http://h', method: HEAD, body: x"),
                "3:62 bad_value", "HEAD"},
        BadCase{"HttpMethod", task("type: http, url: 'http://h', method: post"), "3:50 bad_value",
                "POST"},
        BadCase{"HttpStatus", task("type: http, url: 'http://h', accept_status: [200-299, 20x]"),
                "3:67 bad_value", "20x"},
        BadCase{"HttpHalfAuth", task("type: http, url: 'http://h', auth: {user: me}"),
                "3:48 bad_value", "token alone"},
        BadCase{"HttpStatement", task("type: http, url: 'http://h/{% if 1 %}{% endif %}'"),
                "3:40 bad_template", "statements"},
        BadCase{"SqlElsewhere",
                task("type: sql, connection: {type: kafka, brokers: b}, sql: select 1"),
                "3:43 bad_value", "postgres, sqlite or duckdb"},
        BadCase{"SqliteWithoutFile", task("type: sql, connection: {type: sqlite}, sql: select 1"),
                "3:36 missing_key", "'database'"},
        BadCase{"SqlSavedElsehow",
                task("type: sql, connection: {type: duckdb}, sql: select 1, save_as: x.xls"),
                "3:76 bad_value", ".parquet, .csv or .jsonl"},
        BadCase{"NotifyNobody", task("type: notify, message: x"), "3:5 missing_key",
                "'channels' or 'team'"},
        BadCase{"NotifyTwice", task("type: notify, message: x, team: a, channels: b"),
                "3:58 bad_value", "'channels' or 'team'"},
        BadCase{"NotifyUnknown", task("type: notify, message: x, channels: chat"), "3:49 bad_value",
                "there is no channel 'chat'"},
        BadCase{"KeyOfLater", task("type: log, message: x, produces: x"), "3:36 not_yet",
                "'produces'"},
        BadCase{"Concurrency", with_task("concurrency: 0\n"), "6:14 bad_value", "'concurrency'"},
        BadCase{"If", task("type: log, message: x, if: true"), "3:36 renamed_key", "'run_if'"},
        BadCase{"When", task("type: log, message: x, when: all_done"), "3:36 renamed_key",
                "'trigger_rule'"},
        BadCase{"Steps", "id: f\nsteps: []\n", "1:1 missing_key, 2:1 renamed_key", "'tasks'"},
        BadCase{"BadId", task("type: log, message: x").replace(22, 1, "A"), "3:10 bad_id", "'A'"},
        BadCase{"BadFlowId", "id: -x\ntasks: [{id: a, type: log, message: x}]\n", "1:5 bad_id",
                "begin with"},
        BadCase{"BadNamespace", with_task("namespace: a..b\n"), "6:12 bad_id", "namespace"},
        BadCase{"DuplicateId", with_task("  - {id: a, type: log, message: x}\n"),
                "6:10 duplicate_id", "line 3"},
        BadCase{"DuplicateOverSections",
                with_task("finally:\n  - {id: a, type: log, message: x}\n"), "7:10 duplicate_id",
                "'a'"},
        BadCase{"DuplicateInput", with_task("inputs: [{id: x}, {id: x}]\n"), "6:24 duplicate_id",
                "input"},
        BadCase{"InputWithoutId", with_task("inputs: [{type: int}]\n"), "6:10 missing_key", "'id'"},
        BadCase{"UnknownInputKey", with_task("inputs: [{id: x, defalt: 1}]\n"), "6:18 unknown_key",
                "'default'"},
        BadCase{"UnknownInputType", with_task("inputs: [{id: x, type: number}]\n"),
                "6:24 bad_value", "string, int"},
        BadCase{"DefaultOfAnotherType", with_task("inputs: [{id: x, type: int, default: abc}]\n"),
                "6:38 bad_value", "whole number"},
        BadCase{"RequiredWithDefault", with_task("inputs: [{id: x, default: a, required: true}]\n"),
                "6:40 bad_value", "leave one"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Values, BadFlow,
    testing::Values(
        BadCase{"YesIsAWord", task("type: log, message: x, disabled: yes"), "3:46 wrong_type",
                "true or false, not 'yes'"},
        BadCase{"DurationWithoutUnit", task("type: log, message: x, timeout: 10"),
                "3:45 wrong_type", "unit"},
        BadCase{"NegativeDuration", task("type: log, message: x, timeout: -5s"), "3:45 bad_value",
                "negative"},
        BadCase{"ZeroTimeout", task("type: log, message: x, timeout: 0s"), "3:45 bad_value",
                "longer than 0"},
        BadCase{"HugeDuration", task("type: log, message: x, timeout: 99999999999999d"),
                "3:45 bad_value", "100 years"},
        BadCase{"UnknownRetryKey", task("type: log, message: x, retry: {times: 3}"),
                "3:44 unknown_key", "in 'retry'; known are attempts"},
        BadCase{"NoAttempts", task("type: log, message: x, retry: {attempts: 0}"), "3:54 bad_value",
                "from 1 to 1000"},
        BadCase{"UnknownBackoff", task("type: log, message: x, retry: {backoff: expo}"),
                "3:53 bad_value", "constant, exponential or random"},
        BadCase{"NoResource", task("type: shell, script: x, resources: {ram: 1GB}"),
                "3:49 unknown_key", "in 'resources'; known are cpu"},
        BadCase{"TooLittleCpu", task("type: shell, script: x, resources: {cpu: 0.001}"),
                "3:54 bad_value", "'cpu' is at least 0.01 cores, not '0.001'"},
        BadCase{"CpuInWords", task("type: shell, script: x, resources: {cpu: half}"),
                "3:54 wrong_type", "a number"},
        BadCase{"TooMuchCpu", task("type: shell, script: x, resources: {cpu: 5000}"),
                "3:54 bad_value", "to 4096"},
        BadCase{"MemoryWithoutUnit", task("type: shell, script: x, resources: {memory: 512}"),
                "3:57 bad_value", "'memory'"},
        BadCase{"TooLittleMemoryOfATask", task("type: shell, script: x, resources: {memory: 4KB}"),
                "3:57 bad_value", "'memory' is at least 1 MiB"},
        BadCase{"TooLittleTime", task("type: shell, script: x, resources: {time: 10ms}"),
                "3:55 bad_value", "'time'"},
        BadCase{"ResourcesAreNoNumber", task("type: shell, script: x, resources: 512MB"),
                "3:48 wrong_type", "'resources'"},
        BadCase{"ResourcesOfTheEngine", task("type: log, message: x, resources: {cpu: 1}"),
                "3:47 bad_value", "in no process; leave 'resources' out"},
        BadCase{"RetryOnNothingKnown", task("type: log, message: x, retry: {on: [TIMEOUT_STRT]}"),
                "3:49 bad_value", "TIMEOUT_START"},
        BadCase{"MaxDelayBelowDelay",
                task("type: log, message: x, retry: {delay: 5s, max_delay: 1s}"), "3:66 bad_value",
                "shorter"},
        BadCase{"UnknownRule", task("type: log, message: x, trigger_rule: all_complete"),
                "3:50 bad_value", "did you mean 'all_completed'?"},
        BadCase{"EnvName", task("type: log, message: x, env: {1A: x}"), "3:42 bad_env_name",
                "begin with no digit"},
        BadCase{"EnvOfTheSystem", task("type: log, message: x, env: {LD_PRELOAD: x}"),
                "3:42 bad_env_name", "must not be set"},
        BadCase{"EnvOfOurs", with_task("env: {DYNA_RUN: x}\n"), "6:7 bad_env_name", "DYNA_RUN"},
        BadCase{"EnvIsAList", with_task("env: [A]\n"), "6:6 wrong_type", "map"},
        BadCase{"NullMessage", task("type: log, message: ~"), "3:33 wrong_type", "not nothing"},
        BadCase{"RunIfIsAWord", task("type: log, message: x, run_if: maybe"), "3:44 bad_value",
                "{{ inputs.n > 3 }}"},
        BadCase{"OneMerge", task("type: merge, of: [b], on: k"),
                "3:30 bad_value, 3:31 unknown_task", "at least 2"},
        BadCase{"DelimiterOfTwo", task("type: load, from: a.csv, delimiter: '|||||'"),
                "3:49 bad_value", "1 to 4 characters"},
        BadCase{"CsvKeyForJson", task("type: load, from: a, format: json, header: true"),
                "3:56 bad_value", "is for csv"},
        BadCase{"TooLittleMemory", task("type: load, from: a, memory: 1MB"), "3:42 bad_value",
                "at least 32 MiB"},
        BadCase{"BadMemory", task("type: load, from: a, memory: 1 gig"), "3:42 bad_value", "size"},
        BadCase{"ShareToPostgres",
                with_task("  - {id: l, type: load, from: x.csv}\n  - {id: s, "
                          "type: share, of: l, to: 'postgres://x'}\n"),
                "7:37 not_yet", "not supported"},
        BadCase{"ShareToText",
                with_task("  - {id: l, type: load, from: x.csv}\n  - {id: s, type: share, of: l, "
                          "to: out.txt}\n"),
                "7:37 bad_value", ".parquet, .csv, .json or .jsonl"},
        BadCase{"UnknownRuleKey",
                with_task("  - {id: l, type: load, from: x.csv}\n  - {id: c, type: check, of: l, "
                          "rules: [{name: r, sq: x}]}\n"),
                "7:41 missing_key, 7:51 unknown_key", "'sql'"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Waits, BadFlow,
    testing::Values(
        BadCase{"PauseForATimeWithATimeout",
                with_task("  - {id: p, type: pause, for: 1m, timeout: 1h}\n"), "6:44 bad_value",
                "ends by itself"},
        BadCase{"PauseOnTimeoutWithoutOne",
                with_task("  - {id: p, type: pause, on_timeout: fail}\n"), "6:38 missing_key",
                "'timeout'"},
        BadCase{"PauseAsksForNothing", with_task("  - {id: p, type: pause, inputs: []}\n"),
                "6:34 bad_value", "0 items"},
        BadCase{"PauseForATimeAsksNobody",
                with_task("  - {id: p, type: pause, for: 1m, inputs: [{id: a}]}\n"),
                "6:43 bad_value", "nobody is asked"},
        BadCase{"PauseAsksForWhatItHas",
                with_task("  - {id: p, type: pause, inputs: [{id: by}]}\n"), "6:35 bad_value",
                "output of every pause"},
        BadCase{"PauseAsksForASecret",
                with_task("  - {id: p, type: pause, inputs: [{id: a, type: secret}]}\n"),
                "6:35 bad_value", "no secret"},
        BadCase{"PauseAsksForATypeThereIsNot",
                with_task("  - {id: p, type: pause, inputs: [{id: a, type: integer}]}\n"),
                "6:49 bad_value", "'integer'"},
        BadCase{"PauseGoesOnWithoutAValue",
                with_task(
                    "  - {id: p, type: pause, timeout: 1h, on_timeout: continue, inputs: [{id: a}]}"
                    "\n"),
                "6:51 bad_value", "required: false"},
        BadCase{
            "PauseDefaultNamesATask",
            with_task("  - {id: p, type: pause, inputs: [{id: a, default: '{{ outputs.a }}'}]}\n"),
            "6:56 undefined_name", "'outputs' is not known in an input's default"},
        BadCase{"PauseHasNoSuchOutput",
                with_task("  - {id: p, type: pause, inputs: [{id: amount}]}\n"
                          "  - {id: l, type: log, message: '{{ outputs.p.amout }}'}\n"),
                "7:37 undefined_name", "no output 'amout'"},
        BadCase{"CacheOfThePause", with_task("  - {id: p, type: pause, cache: {key: x}}\n"),
                "6:33 bad_value", "by itself"},
        BadCase{"CacheOfAWait",
                with_task("  - {id: p, type: wait_for, script: x, cache: {key: x}}\n"),
                "6:47 bad_value", "as it is now"},
        BadCase{"CacheWithoutKey",
                with_task("  - {id: p, type: shell, script: x, cache: {for: 1d}}\n"),
                "6:44 missing_key", "'key'"},
        BadCase{"CacheWithEmptyKey",
                with_task("  - {id: p, type: shell, script: x, cache: {key: ''}}\n"),
                "6:50 bad_value", "empty"},
        BadCase{"CacheForNoTime",
                with_task("  - {id: p, type: shell, script: x, cache: {key: x, for: soon}}\n"),
                "6:58 bad_value", "soon"},
        BadCase{"FilesOutsideOfAKey",
                with_task("  - {id: p, type: log, message: \"{{ files('x') }}\"}\n"),
                "6:37 undefined_name", "'key' of a cache"},
        BadCase{"PauseWithRetry", with_task("  - {id: p, type: pause, retry: {attempts: 2}}\n"),
                "6:33 bad_value", "not tried again"},
        BadCase{"WaitForNothing", with_task("  - {id: w, type: wait_for}\n"), "6:5 missing_key",
                "'script' and 'until'"},
        BadCase{"WaitForWhatNeverChanges",
                with_task("  - {id: w, type: wait_for, until: \"{{ run.id == 'x' }}\"}\n"),
                "6:36 bad_value", "`now`"},
        BadCase{"WaitTooOften",
                with_task("  - {id: w, type: wait_for, script: x, interval: 10ms}\n"),
                "6:50 bad_value", "at least 100ms"},
        BadCase{"NowInATask", with_task("  - {id: w, type: log, message: '{{ now }}'}\n"),
                "6:37 undefined_name", "'now' is not known in a task"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Switches, BadFlow,
    testing::Values(
        BadCase{"NeedsItsOwnSwitch",
                with_task("  - {id: s, type: switch, value: x, cases: {c: [{id: t, type: log, "
                          "message: m, needs: s}]}}\n"),
                "6:87 self_need", "ends after it"},
        BadCase{"TwoCases",
                with_task("  - {id: s, type: switch, value: x, cases: {c: [{id: t, type: log, "
                          "message: m}], d: [{id: u, type: log, message: m, needs: t}]}}\n"),
                "6:124 bad_value", "never both"},
        BadCase{"TwiceInASwitch",
                with_task("  - {id: s, type: switch, value: x, cases: {c: [{id: t, type: log, "
                          "message: m}, {id: t, type: log, message: m}]}}\n"),
                "6:86 duplicate_id", "'s/t'"},
        BadCase{"TimeoutOfASwitch",
                with_task("  - {id: s, type: switch, value: x, timeout: 1m, cases: {c: []}}\n"),
                "6:46 bad_value", "inside of a switch"},
        BadCase{"CaseDefault",
                with_task("  - {id: s, type: switch, value: x, cases: {default: []}}\n"),
                "6:45 bad_value", "beside 'cases'"},
        BadCase{"CaseNoList",
                with_task("  - {id: s, type: switch, value: x, cases: {c: {id: t}}}\n"),
                "6:48 wrong_type", "a list"},
        BadCase{"NoCases", with_task("  - {id: s, type: switch, value: x, cases: {}}\n"),
                "6:44 bad_value", "at least 1 name"},
        BadCase{"CycleThroughASwitch",
                with_task("  - {id: s, type: switch, value: x, needs: b, cases: {c: [{id: t, type: "
                          "log, message: m}]}}\n  - {id: b, type: log, message: m, needs: s/t}\n"),
                "6:10 cycle", "s → b → s/t → s"},
        BadCase{"InsideFromOutside",
                with_task("  - {id: s, type: switch, value: x, cases: {c: [{id: t, type: log, "
                          "message: m}]}}\n  - {id: b, type: log, message: m, needs: t}\n"),
                "7:43 unknown_task", "'t'"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Loops, BadFlow,
    testing::Values(
        BadCase{"NoItems", with_task("  - {id: l, type: foreach, tasks: [{id: t, type: pause}]}\n"),
                "6:5 missing_key", "'items'"},
        BadCase{
            "ItemsAreAText",
            with_task("  - {id: l, type: foreach, items: abc, tasks: [{id: t, type: pause}]}\n"),
            "6:35 wrong_type", "a list, a template"},
        BadCase{"ARangeWithoutEnd",
                with_task("  - {id: l, type: foreach, items: {from: 1}, tasks: [{id: t, type: "
                          "pause}]}\n"),
                "6:35 missing_key", "has no 'to'"},
        BadCase{
            "ARangeOfTexts",
            with_task("  - {id: l, type: foreach, items: {from: a, to: 2}, tasks: [{id: t, type: "
                      "pause}]}\n"),
            "6:42 wrong_type", "a whole number"},
        BadCase{
            "ARangeThatStands",
            with_task("  - {id: l, type: foreach, items: {from: 1, to: 2, step: 0}, tasks: [{id: "
                      "t, type: pause}]}\n"),
            "6:58 bad_value", "is not 0"},
        BadCase{"AnUnknownSource",
                with_task("  - {id: l, type: foreach, items: {from: 1, to: 2, lines_of: x}, tasks: "
                          "[{id: t, type: pause}]}\n"),
                "6:52 unknown_key", "from, to and step"},
        BadCase{"NothingToDo", with_task("  - {id: l, type: foreach, items: [1], tasks: []}\n"),
                "6:47 bad_value", "at least one task"},
        BadCase{
            "NoneAtATime",
            with_task("  - {id: l, type: foreach, items: [1], parallel: 0, tasks: [{id: t, type: "
                      "pause}]}\n"),
            "6:50 bad_value", "from 1 to 1000"},
        BadCase{
            "RetryOfAForeach",
            with_task("  - {id: l, type: foreach, items: [1], timeout: 1m, tasks: [{id: t, type: "
                      "pause}]}\n"),
            "6:49 bad_value", "inside of a foreach"},
        BadCase{"ItemOutside", with_task("  - {id: t, type: log, message: '{{ item }}'}\n"),
                "6:37 undefined_name", "only inside of a foreach"},
        BadCase{
            "UnknownOfLoop",
            with_task("  - {id: l, type: foreach, items: [1], tasks: [{id: t, type: log, message: "
                      "'{{ loop.no }}'}]}\n"),
            "6:80 undefined_name", "'loop.no'"},
        BadCase{
            "SecretItems",
            with_task("  - {id: l, type: foreach, items: [\"{{ secret('A') }}\"], tasks: [{id: t, "
                      "type: pause}]}\n"),
            "6:40 undefined_name", "in 'items'"},
        BadCase{"OneItemFromOutside",
                with_task("  - {id: l, type: foreach, items: [1], tasks: [{id: t, type: pause}]}\n"
                          "  - {id: b, type: log, message: m, needs: l/t}\n"),
                "7:43 bad_value", "once for each item"},
        BadCase{
            "ItsOwnForeach",
            with_task("  - {id: l, type: foreach, items: [1], tasks: [{id: t, type: log, message: "
                      "'{{ outputs.l.items }}'}]}\n"),
            "6:80 self_need", "ends after it"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Graph, BadFlow,
    testing::Values(
        BadCase{"UnknownNeed", with_task("    needs: aa\n"), "6:12 unknown_task", "'aa'"},
        BadCase{"SelfNeed", with_task("    needs: [a]\n"), "6:13 self_need", "needs itself"},
        BadCase{"Cycle",
                with_task("    needs: c\n  - {id: b, type: log, message: x, needs: a}\n  - {id: c, "
                          "type: log, message: x, needs: [b]}\n"),
                "3:9 cycle", "a → c → b → a"},
        BadCase{"NeedOfAnotherServer", with_task("    needs: {task: x/y, within: 1h}\n"),
                "6:12 not_yet", "other servers"},
        BadCase{"NeedOfNoFlow", with_task("    needs: {flow: X Y}\n"), "6:19 bad_id",
                "'X Y' names no flow"},
        BadCase{"NeedWithoutFlow", with_task("    needs: [{within: 1h}]\n"), "6:13 missing_key",
                "'flow'"},
        BadCase{"NeedOfAFlowInErrors",
                with_task("errors: [{id: z, type: log, message: x, needs: {flow: y}}]\n"),
                "6:48 wrong_section", "stands in 'tasks'"},
        BadCase{"NeedOfLaterSection",
                with_task("    needs: z\nfinally: [{id: z, type: log, message: x}]\n"),
                "6:12 wrong_section", "runs after"},
        BadCase{"NeedOfEarlierSection",
                with_task("finally: [{id: z, type: log, message: x, needs: a}]\n"),
                "6:49 wrong_section", "leave it out"},
        BadCase{"CheckOfALog",
                with_task("  - {id: c, type: check, of: a, rules: [{name: r, sql: x}]}\n"),
                "6:30 no_data", "of type log"},
        BadCase{"UnknownOutput",
                with_task("  - {id: b, type: log, message: 'x {{ outputs.aa.n }}'}\n"),
                "6:39 unknown_task", "'aa'"},
        BadCase{"OwnOutput", with_task("  - {id: b, type: log, message: '{{ outputs.b.n }}'}\n"),
                "6:37 self_need", "its own outputs"},
        BadCase{"OutputOfLaterSection",
                with_task("    run_if: '{{ outputs.z.n }}'\nfinally: [{id: z, type: log, message: "
                          "x}]\n"),
                "6:17 wrong_section", "'finally'"},
        BadCase{"PreferSomebodyElse",
                with_task("  - {id: l, type: load, from: x.csv}\n  - {id: m, type: load, from: "
                          "y.csv}\n  - {id: j, type: merge, of: [l, m], on: k, prefer: {default: "
                          "n}}\n"),
                "8:63 unknown_task", "'of'"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Templates, BadFlow,
    testing::Values(
        BadCase{"UnknownInput",
                with_task("  - {id: b, type: log, message: 'a {{ inputs.conty }}'}\ninputs: [{id: "
                          "county}]\n"),
                "6:39 undefined_name", "did you mean 'county'?"},
        BadCase{"UnknownVar", with_task("    run_if: '{{ vars.x }}'\n"), "6:17 undefined_name",
                "the flow has no vars"},
        BadCase{"UnknownRunField", with_task("    run_if: '{{ run.dat == 1 }}'\n"),
                "6:17 undefined_name", "did you mean 'date'?"},
        BadCase{"UnknownRoot", with_task("    run_if: '{{ input.x }}'\n"), "6:17 undefined_name",
                "did you mean 'inputs'?"},
        BadCase{"ErrorInATask", with_task("    run_if: '{{ error.code }}'\n"),
                "6:17 undefined_name", "'errors' and 'finally'"},
        BadCase{"SecretInRunIf", with_task("    run_if: \"{{ secret('X') }}\"\n"),
                "6:17 undefined_name", "handed out"},
        BadCase{"OutputsWithoutName", with_task("    run_if: '{{ outputs[run.id] }}'\n"),
                "6:17 bad_template", "outputs.ID"},
        BadCase{"RunNumberInADefault",
                with_task("inputs: [{id: x, default: '{{ run.number }}'}]\n"),
                "6:31 undefined_name", "run.number"},
        BadCase{"InputsInADefault", with_task("inputs: [{id: x, default: '{{ inputs.y }}'}]\n"),
                "6:31 undefined_name", "known are run"},
        BadCase{"OutputsInVars", with_task("vars: {x: '{{ outputs.a.n }}'}\n"),
                "6:15 undefined_name", "in 'vars'"},
        BadCase{"OutputsInFlowEnv", with_task("env: {X: '{{ outputs.a.n }}'}\n"),
                "6:14 undefined_name", "'env'"},
        BadCase{"TemplateInPython", task("type: python, script: 'print({{ inputs.x }})'"),
                "3:42 template_not_allowed", "cordyna_task"},
        BadCase{"TemplateInPerl",
                task("type: shell, interpreter: perl, script: 'print {{ run.id }}'"),
                "3:60 template_not_allowed", "'perl' is no shell"},
        BadCase{"TemplateInOwner", with_task("owner: '{{ run.id }}'\n"), "6:9 template_not_allowed",
                "not a template"},
        BadCase{
            "LineOfABlock",
            with_task("  - id: b\n    type: shell\n    script: |\n      echo 1\n\n      echo  {{ "
                      "inputs.x }}\n"),
            "11:16 undefined_name", "inputs.x"}),
    name_of);

TEST(FlowErrors, AllOfAFileComeAtOnceInTheOrderOfPlace) {
  const Parsed parsed = parse(
      "id: f\n"
      "tasks:\n"
      "  - {id: b, type: log, message: x, needs: c}\n"
      "  - {id: Bad, type: log}\n"
      "  - {id: d, type: shell, script: x, timeout: soon}\n"
      "foo: 1\n",
      "flow.yaml", "/");
  EXPECT_EQ(places(parsed.diagnostics),
            "3:43 unknown_task, 4:5 missing_key, 4:10 bad_id, 5:46 bad_value, 6:1 unknown_key");
}

TEST(FlowErrors, AreShownWithCodeBetweenFindingAndHint) {
  const Diagnostic diagnostic{Severity::kError,
                              "flow.yaml",
                              12,
                              5,
                              "unknown_key",
                              "unknown key 'ned'; did you mean 'needs'?"};
  EXPECT_EQ(format(diagnostic),
            "flow.yaml:12:5: error: unknown key 'ned' (unknown_key); did you mean 'needs'?");
}

TEST(FlowErrors, ShowNoControlCharactersOfTheFile) {
  const Parsed parsed = parse("id: f\n\"a\\e[31m\": 1\n", "flow.yaml", "/");
  for (const Diagnostic& found : parsed.diagnostics) {
    EXPECT_EQ(found.message.find('\x1b'), std::string::npos);
  }
  EXPECT_NE(parsed.diagnostics.back().message.find("\\x1b"), std::string::npos);
}

TEST(FlowErrors, AThousandAreShownAndTheRestCounted) {
  std::string text = "id: f\ntasks:\n";
  for (int i = 0; i < 5000; ++i) text += fmt::format("  - {{id: t{}, type: nothing}}\n", i);
  const Parsed parsed = parse(text, "flow.yaml", "/");
  ASSERT_EQ(parsed.diagnostics.size(), 1001U);
  EXPECT_EQ(parsed.diagnostics.back().code, "too_many_problems");
}

TEST(FlowErrors, RawIsAWarningAndTheFlowIsThere) {
  const Parsed parsed =
      parse(task("type: shell, script: 'echo {{ run.id | raw }}'"), "flow.yaml", "/");
  ASSERT_EQ(parsed.diagnostics.size(), 1U);
  EXPECT_EQ(parsed.diagnostics[0].severity, Severity::kWarning);
  EXPECT_EQ(parsed.diagnostics[0].code, "raw_template");
  EXPECT_NE(parsed.flow, nullptr);
  const Parsed address =
      parse(task("type: http, url: 'http://h/{{ run.id | raw }}'"), "a.yaml", "/");
  ASSERT_EQ(address.diagnostics.size(), 1U);
  EXPECT_EQ(address.diagnostics[0].code, "raw_template");
  EXPECT_NE(address.diagnostics[0].message.find("part of the address"), std::string::npos);
  EXPECT_NE(address.flow, nullptr);
}

}  // namespace
}  // namespace cordyna::flow
