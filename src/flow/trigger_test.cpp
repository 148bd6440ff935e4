#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flow/bad_case_fixture.hpp"
#include "flow/flow_file.hpp"

namespace cordyna::flow {
namespace {

std::string with_trigger(const std::string& keys) {
  return "id: f\ninputs:\n  - {id: day, type: date, default: \"{{ run.date }}\"}\n"
         "  - {id: n, type: int, default: 1}\n  - {id: tags, type: array, default: [a]}\n"
         "  - {id: extra, type: json, required: false}\n  - {id: on, type: bool, default: false}\n"
         "tasks:\n  - {id: a, type: log, message: hi}\ntriggers:\n  - {" +
         keys + "}\n";
}

const std::string kGood = "id: t, type: schedule, cron: '0 2 * * *'";

using Case = BadCase;

class BadTrigger : public testing::TestWithParam<Case> {};

TEST_P(BadTrigger, IsRefusedAtItsPlaceWithWhatWouldBeRight) {
  const Case& row = GetParam();
  const Parsed parsed = parse(row.text, "flow.yaml", "/nowhere");
  EXPECT_EQ(places(parsed.diagnostics), row.expected);
  EXPECT_EQ(parsed.flow, nullptr);
  ASSERT_FALSE(parsed.diagnostics.empty());
  EXPECT_NE(parsed.diagnostics.front().message.find(row.fragment), std::string::npos)
      << parsed.diagnostics.front().message;
}

Case bad(std::string name, const std::string& keys, std::string expected, std::string fragment) {
  return {std::move(name), with_trigger(keys), std::move(expected), std::move(fragment)};
}

INSTANTIATE_TEST_SUITE_P(
    Triggers, BadTrigger,
    testing::Values(
        bad("NoCron", "id: t, type: schedule", "11:5 missing_key", "'cron'"),
        bad("NoId", "type: schedule, cron: '@daily'", "11:5 missing_key", "'id'"),
        bad("NoType", "id: t, cron: '@daily'", "11:5 missing_key", "'type'"),
        bad("OfLater", "id: t, type: manual, topic: x", "11:19 not_yet",
            "file, poll and redis are"),
        bad("UnknownType", "id: t, type: shedule, cron: '@daily'", "11:19 bad_value",
            "did you mean 'schedule'?"),
        bad("BadCron", "id: t, type: schedule, cron: '0 25 * * *'", "11:35 bad_value",
            "hour '25': 0 to 23 is wanted"),
        bad("NeverDue", "id: t, type: schedule, cron: '0 0 30 2 *'", "11:35 bad_value",
            "no day is ever"),
        bad("BadZone", kGood + ", timezone: Europe/Berlinn", "11:58 bad_value",
            "did you mean 'Europe/Berlin'"),
        bad("BadCatchUp", kGood + ", catch_up: last", "11:58 bad_value", "all, latest or none"),
        bad("BadWindow", kGood + ", window: 3", "11:56 wrong_type", "with its unit"),
        bad("NoJitter", kGood + ", jitter: 0s", "11:56 bad_value", "longer than 0"),
        bad("BadGap", kGood + ", on_gap: both", "11:56 bad_value", "shift or skip"),
        bad("BadOverlap", kGood + ", on_overlap: skip", "11:60 bad_value", "once or both"),
        bad("BadHoliday", kGood + ", holidays: [2026-12-25, 2026-02-30]", "11:71 bad_value",
            "dates like 2026-12-25"),
        bad("FileNoFolder", "id: t, type: file", "11:5 missing_key", "'folder'"),
        bad("FileEmptyFolder", "id: t, type: file, folder: ''", "11:33 bad_value",
            "'folder' is empty"),
        bad("FileRoot", "id: t, type: file, folder: /", "11:33 bad_value", "such as inbox"),
        bad("FileBadPattern", "id: t, type: file, folder: in, files: ['*', '[a']",
            "11:44 bad_value", "has a '[' without its ']'"),
        bad("FileTwoStars", "id: t, type: file, folder: in, ignore: a/**", "11:45 bad_value",
            "has '**'"),
        bad("FileArchiveIsFolder", "id: t, type: file, folder: in, archive: ./x/../in/",
            "11:46 bad_value", "found again"),
        bad("FileNoSettle", "id: t, type: file, folder: in, settle: 1ms", "11:45 bad_value",
            "'settle'"),
        bad("FileRead", "id: t, type: file, folder: in, operations: read", "11:49 bad_value",
            "create, update or delete"),
        bad("PollOfNothing", "id: t, type: poll", "11:5 missing_key", "'url' and no 'query'"),
        bad("PollOfBoth", "id: t, type: poll, url: 'http://h', query: select 1", "11:49 bad_key",
            "leave one of them out"),
        bad("PollItemsOfRows",
            "id: t, type: poll, query: select 1, items: a, cursor: c, connection: {type: sqlite, "
            "database: x}",
            "11:49 bad_key", "there is no 'url'"),
        bad("PollWithoutCursor",
            "id: t, type: poll, query: select 1, connection: {type: sqlite, database: x}",
            "11:5 missing_key", "'query' wants 'cursor'"),
        bad("PollOfDuckdb",
            "id: t, type: poll, query: select 1, cursor: c, connection: {type: duckdb, database: "
            "x}",
            "11:65 bad_value", "not duckdb"),
        bad("PollOtherAddress", "id: t, type: poll, url: h/a", "11:30 bad_value",
            "begins with https://"),
        bad("PollSendsNothing", "id: t, type: poll, url: 'http://h', send: since",
            "11:48 missing_key", "'send' wants 'cursor'"),
        bad("PollSendsTwice",
            "id: t, type: poll, url: 'http://h', cursor: c, send: {query: a, header: b}",
            "11:59 bad_value", "one of query, header and body"),
        bad("PollBodyOfGet", "id: t, type: poll, url: 'http://h', json: {a: 1}", "11:48 bad_value",
            "'method: POST'"),
        bad("PollTemplateInBody",
            "id: t, type: poll, url: 'http://h', method: POST, json: {a: '{{ run.id }}'}",
            "11:66 template_not_allowed", "no templates"),
        bad("PollTokenItself", "id: t, type: poll, url: 'http://h', auth: {token: s3cret}",
            "11:56 bad_value", "token: {secret: NAME}"),
        bad("PollAuthOfNobody", "id: t, type: poll, url: 'http://h', auth: {user: a}",
            "11:48 bad_value", "user and password"),
        bad("PollBrokenPath", "id: t, type: poll, url: 'http://h', items: a..b", "11:49 bad_value",
            "data.orders"),
        bad("PollTooOften", "id: t, type: poll, url: 'http://h', every: 1ms", "11:49 bad_value",
            "'every'"),
        bad("RedisNoStream", "id: t, type: redis, connection: {type: redis, host: h}",
            "11:5 missing_key", "'streams'"),
        bad("RedisOfKafka", "id: t, type: redis, connection: {type: kafka, brokers: a}, streams: s",
            "11:45 bad_value", "one of type 'redis' is wanted"),
        bad("RedisUserAlone",
            "id: t, type: redis, connection: {type: redis, host: h, user: u}, streams: s",
            "11:67 missing_key", "'user' wants 'password'"),
        bad("RedisAuthoritiesOfNothing",
            "id: t, type: redis, connection: {type: redis, host: h, ca_file: x}, streams: s",
            "11:70 bad_value", "'ca_file' wants 'tls: true'"),
        bad("RedisGaps",
            "id: t, type: redis, connection: {type: redis, host: h}, streams: s, over_gaps: true",
            "11:74 unknown_key", "of type redis"),
        bad("BatchAlone", "id: t, type: flow, flows: a, batch: {max: 5}", "11:42 missing_key",
            "'within'"),
        bad("BatchOfOne", "id: t, type: flow, flows: a, batch: {max: 1, within: 1s}",
            "11:48 bad_value", "from 2 to 10000"),
        bad("BatchAndDebounce", "id: t, type: flow, flows: a, batch: {within: 1s}, debounce: 1s",
            "11:66 bad_key", "leave one"),
        bad("EventsOfADebounce",
            "id: t, type: flow, flows: a, debounce: 1s, inputs: {extra: '{{ event.events }}'}",
            "11:69 undefined_name", "without 'batch'"),
        bad("CountOfOne", "id: t, type: flow, flows: a, inputs: {n: '{{ event.count }}'}",
            "11:51 undefined_name", "without 'batch'"),
        bad("BatchInWhere",
            "id: t, type: flow, flows: a, batch: {within: 1s}, where: '{{ event.count > 1 }}'",
            "11:67 undefined_name", "each event alone"),
        bad("NoFlows", "id: t, type: flow", "11:5 missing_key", "'flows'"),
        bad("ItsOwnEnd", "id: t, type: flow, flows: f", "11:32 cycle", "never stop"),
        bad("NoFlowName", "id: t, type: flow, flows: [a, b/c/d]", "11:36 bad_value",
            "names no flow"),
        bad("FlowTwice", "id: t, type: flow, flows: [a, a]", "11:36 bad_value", "twice"),
        bad("TooMuchNeed", "id: t, type: flow, flows: [a, b], need: 3", "11:46 bad_value",
            "there are 2 flows"),
        bad("NoNeed", "id: t, type: flow, flows: [a, b], need: some", "11:46 bad_value",
            "all, any, or how many"),
        bad("NoEndState", "id: t, type: flow, flows: a, states: running", "11:43 bad_value",
            "completed, warning, error or cancelled"),
        bad("NoSecret", "id: t, type: webhook", "11:5 missing_key", "'signing_secret'"),
        bad("SecretItself", "id: t, type: webhook, signing_secret: whsec_abc=", "11:44 bad_value",
            "the name of a secret"),
        bad("KeyOfOther", "id: t, type: webhook, path_secret: K, cron: '@daily'",
            "11:44 unknown_key", "of type webhook"),
        bad("ToleranceAlone", "id: t, type: webhook, path_secret: K, tolerance: 1m",
            "11:55 bad_key", "no 'signing_secret'"),
        bad("WaitTooLong", "id: t, type: webhook, path_secret: K, wait: 1h", "11:50 bad_value",
            "10m"),
        bad("NoConnection", "id: t, type: postgres, tables: orders", "11:5 missing_key",
            "'connection'"),
        bad("ConnectionWithoutFile", "id: t, type: postgres, connection: shop",
            "11:41 connection_file", "there is no connection 'shop'"),
        bad("PasswordItself",
            "id: t, type: postgres, connection: {type: postgres, password: secret}",
            "11:68 bad_value", "{secret: NAME}"),
        bad("OtherOperation",
            "id: t, type: postgres, connection: {type: postgres}, operations: [read]",
            "11:72 bad_value", "create, update or delete"),
        bad("OtherRows", "id: t, type: postgres, connection: {type: postgres}, rows: all",
            "11:65 bad_value", "key or whole"),
        bad("HeadersOfARow",
            "id: t, type: postgres, connection: {type: postgres}, inputs: {n: '{{ event.headers "
            "}}'}",
            "11:75 undefined_name", "location, operation, data, count"),
        bad("NoTables", "id: t, type: postgres, connection: {type: postgres}, tables: []",
            "11:67 bad_value", "at least 1"),
        bad("RunInWhere", "id: t, type: webhook, path_secret: K, where: '{{ run.id == 1 }}'",
            "11:55 bad_template", "before its run"),
        bad("RunInDedupe",
            "id: t, type: kafka, connection: {type: kafka, brokers: a}, topics: o, dedupe: '{{ "
            "run.id "
            "}}'",
            "11:88 bad_template", "before its run"),
        bad("WhereOfASchedule", kGood + ", where: '{{ true }}'", "11:48 unknown_key",
            "of type schedule"),
        bad("ReplicationOfAllTables",
            "id: t, type: postgres, connection: {type: postgres}, mode: replication",
            "11:65 missing_key", "wants 'tables'"),
        bad("NoTopic", "id: t, type: kafka, connection: {type: kafka, brokers: a}",
            "11:5 missing_key", "'topics'"),
        bad("ConnectionOfAnother", "id: t, type: kafka, connection: {type: postgres}, topics: o",
            "11:45 bad_value", "type 'postgres'; one of type 'kafka' is wanted"),
        bad("PasswordInTheOpen",
            "id: t, type: kafka, connection: {type: kafka, brokers: a, user: u, password: {secret: "
            "P}, mechanism: plain}, topics: o",
            "11:107 bad_value", "'tls: true'"),
        bad("UserWithoutPassword",
            "id: t, type: kafka, connection: {type: kafka, brokers: a, user: u}, topics: o",
            "11:70 missing_key", "'user' wants 'password'"),
        bad("AuthoritiesOfNothing",
            "id: t, type: kafka, connection: {type: kafka, brokers: a, ca_file: x}, topics: o",
            "11:73 bad_value", "'ca_file' wants 'tls: true'"),
        bad("UpdateOfARecord",
            "id: t, type: kafka, connection: {type: kafka, brokers: a}, topics: o, operations: "
            "update",
            "11:88 bad_value", "create or delete"),
        bad("TablesOfKafka",
            "id: t, type: kafka, connection: {type: kafka, brokers: a}, topics: o, tables: x",
            "11:76 unknown_key", "of type kafka"),
        bad("RunInEventId", "id: t, type: webhook, path_secret: K, event_id: '{{ run.id }}'",
            "11:58 bad_template", "before its run"),
        bad("UnknownOfEvent",
            "id: t, type: webhook, path_secret: K, inputs: {n: '{{ event.body }}'}",
            "11:60 undefined_name", "event.body"),
        bad("EventOfSchedule", kGood + ", inputs: {n: '{{ event.data }}'}", "11:64 undefined_name",
            "'event' is not known in a trigger's inputs"),
        bad("UnknownKey", kGood + ", timezon: UTC", "11:48 unknown_key", "'timezone'"),
        bad("RenamedKey", kGood + ", tz: UTC", "11:48 renamed_key", "'timezone'"),
        bad("UnknownInput", kGood + ", inputs: {dai: 2026-01-01}", "11:57 unknown_key",
            "did you mean 'day'?"),
        bad("WrongInput", kGood + ", inputs: {n: many}", "11:60 bad_value", "input 'n'"),
        bad("WrongListItem", kGood + ", inputs: {n: [1]}", "11:60 wrong_type", "one value"),
        bad("InputOfNothing", kGood + ", inputs: {n: }", "11:60 bad_value", "leave it out"),
        bad("TemplateInAList", kGood + ", inputs: {tags: ['{{ run.id }}']}",
            "11:63 template_not_allowed", "write one text"),
        bad("TemplateOfATask", kGood + ", inputs: {day: '{{ outputs.a.x }}'}",
            "11:66 undefined_name", "in a trigger's inputs"),
        bad("TemplateOfNoField", kGood + ", inputs: {day: '{{ run.interval.begin }}'}",
            "11:66 undefined_name", "start or end"),
        Case{"TwoOfOneId", with_trigger(kGood) + "  - {" + kGood + "}\n", "12:10 duplicate_id",
             "in line 11"},
        Case{"NotAList", "id: f\ntasks: [{id: a, type: log, message: x}]\ntriggers: daily\n",
             "3:11 wrong_type", "'triggers' wants a list"},
        Case{"RequiredInput",
             "id: f\ninputs: [{id: day, type: date}]\ntasks: [{id: a, type: log, message: x}]\n"
             "triggers:\n  - {id: t, type: schedule, cron: '@daily'}\n",
             "5:5 missing_key", "input 'day' is required, and trigger 't' does not give it"}),
    [](const auto& test) { return test.param.name; });

TEST(Trigger, AllKeysAreRead) {
  const Parsed parsed = parse(
      with_trigger(kGood + ", timezone: Europe/Berlin, catch_up: none, window: 3h, jitter: 90s, "
                           "on_gap: skip, on_overlap: both, holidays: [2026-12-25, 2026-01-01, "
                           "2026-12-25], disabled: true, description: x, inputs: {n: 3, tags: "
                           "[a, b], day: '{{ run.interval.start | date }}', on: true, "
                           "extra: {k: '{{ run.scheduled_for }}'}}"),
      "flow.yaml", "/flows");
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  ASSERT_EQ(parsed.flow->triggers.size(), 1U);
  TriggerSpec wanted;
  wanted.id = "t";
  wanted.description = "x";
  wanted.cron = "0 2 * * *";
  wanted.timezone = "Europe/Berlin";
  wanted.catch_up = CatchUp::kNone;
  wanted.window = 10'800'000;
  wanted.jitter = 90'000;
  wanted.on_gap = OnGap::kSkip;
  wanted.on_overlap = OnOverlap::kBoth;
  wanted.holidays = {20'454, 20'812};
  wanted.inputs = {{"day", "{{ run.interval.start | date }}"},
                   {"extra", R"({"k":"{{ run.scheduled_for }}"})"},
                   {"n", "3"},
                   {"on", "true"},
                   {"tags", R"(["a","b"])"}};
  wanted.disabled = true;
  EXPECT_EQ(parsed.flow->triggers[0], wanted);
}

TEST(Trigger, RowsOfADatabaseComeBackFromTheirCanonicalForm) {
  const std::string base = "id: t, type: postgres, connection: {type: postgres, host: db}";
  for (const std::string& keys :
       {base, base + ", tables: [orders], operations: [create], rows: "
                     "whole, mode: replication, install: false, over_gaps: true, where: \"{{ "
                     "event.operation == 'create' }}\", "
                     "dedupe: '{{ event.id }}'"}) {
    const Parsed parsed = parse(with_trigger(keys), "flow.yaml", "/flows");
    ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
    const PostgresSpec& spec = parsed.flow->triggers.at(0).postgres;
    EXPECT_EQ(spec.install, keys == base);
    EXPECT_EQ(spec.replication, keys != base);
    EXPECT_EQ(parsed.flow->triggers.at(0).listen.over_gaps, keys != base);
    EXPECT_EQ(parsed.flow->triggers.at(0).listen.dedupe, keys == base ? "" : "{{ event.id }}");
    EXPECT_EQ(parsed.flow->triggers.at(0).where.empty(), keys == base);
    EXPECT_EQ(spec.whole_rows, keys != base);
    const auto back = from_canonical(parsed.canonical, "/flows");
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ((*back)->triggers.at(0), parsed.flow->triggers.at(0));
    EXPECT_EQ((*back)->hash, parsed.flow->hash);
  }
}

TEST(Trigger, RecordsOfKafkaComeBackFromTheirCanonicalForm) {
  const std::string base = "id: t, type: kafka, connection: {type: kafka, brokers: a}, topics: o";
  for (const std::string& keys :
       {base, base + ", group: g, format: bytes, start: latest, operations: create, over_gaps: "
                     "true"}) {
    const Parsed parsed = parse(with_trigger(keys), "flow.yaml", "/flows");
    ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
    const TriggerSpec& trigger = parsed.flow->triggers.at(0);
    EXPECT_EQ(trigger.kafka.topics, std::vector<std::string>{"o"});
    EXPECT_EQ(trigger.kafka.format, keys == base ? "json" : "bytes");
    EXPECT_EQ(trigger.kafka.only_new, keys != base);
    const auto back = from_canonical(parsed.canonical, "/flows");
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ((*back)->triggers.at(0), trigger);
    EXPECT_EQ((*back)->hash, parsed.flow->hash);
  }
}

TEST(Trigger, FilesOfAFolderComeBackFromTheirCanonicalForm) {
  const std::string base = "id: t, type: file, folder: in";
  for (const std::string& keys :
       {base, base + ", files: ['*.csv', 'x/*'], ignore: [], recursive: true, settle: 5s, archive: "
                     "done, existing: false, hash: true, rescan: 10m, max_files: 5, operations: "
                     "[delete], over_gaps: true, inputs: {n: '{{ event.data.size }}'}"}) {
    const Parsed parsed = parse(with_trigger(keys), "flow.yaml", "/flows");
    ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
    const TriggerSpec& trigger = parsed.flow->triggers.at(0);
    FileSpec wanted{.folder = "in"};
    if (keys != base) {
      wanted = {"in",
                {"*.csv", "x/*"},
                std::vector<std::string>(),
                true,
                5'000,
                "done",
                false,
                true,
                600'000,
                5};
    }
    EXPECT_EQ(trigger.file, wanted);
    EXPECT_EQ(trigger.listen.operations.size(), keys == base ? 0U : 1U);
    const auto back = from_canonical(parsed.canonical, "/flows");
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ((*back)->triggers.at(0), trigger);
    EXPECT_EQ((*back)->hash, parsed.flow->hash);
  }
}

TEST(Trigger, PollsComeBackFromTheirCanonicalForm) {
  const std::string base = "id: t, type: poll, url: 'https://h/a'";
  for (const std::string& keys :
       {base,
        base +
            ", every: 5s, timeout: 2s, cursor: a.b, key: [x, y], start: latest, method: POST, "
            "headers: {X-A: b}, auth: {token: {secret: T}, header: X-Key}, json: {z: [1.5], a: "
            "null}, items: list, send: since, next: n, send_next: {header: X-N}, max_size: 1MiB, "
            "over_gaps: true, where: '{{ event.data.item.ok }}'",
        std::string("id: t, type: poll, query: 'select id, c from x', connection: {type: sqlite, "
                    "database: x.db}, cursor: c, key: id, max_rows: 5")}) {
    const Parsed parsed = parse(with_trigger(keys), "flow.yaml", "/flows");
    ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
    const TriggerSpec& trigger = parsed.flow->triggers.at(0);
    EXPECT_EQ(trigger.poll.url.empty(), !trigger.poll.query.empty());
    EXPECT_EQ(trigger.poll.posts, keys.contains("POST"));
    EXPECT_EQ(trigger.poll.max_size, keys.contains("1MiB") ? 1U << 20 : 8U << 20);
    EXPECT_EQ(trigger.poll.send, keys.contains("since") ? R"({"query":"since"})" : "");
    const auto back = from_canonical(parsed.canonical, "/flows");
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ((*back)->triggers.at(0), trigger);
    EXPECT_EQ((*back)->hash, parsed.flow->hash);
  }
}

TEST(Trigger, EntriesOfRedisComeBackFromTheirCanonicalForm) {
  const std::string base =
      "id: t, type: redis, connection: {type: redis, host: h}, streams: [s, r]";
  for (const std::string& keys :
       {base, base + ", group: g, format: json, start: latest, claim_after: 0s, dedupe: '{{ "
                     "event.id }}'"}) {
    const Parsed parsed = parse(with_trigger(keys), "flow.yaml", "/flows");
    ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
    const TriggerSpec& trigger = parsed.flow->triggers.at(0);
    RedisSpec wanted{.streams = {"s", "r"}};
    if (keys != base) wanted = {{"s", "r"}, "g", true, true, 0};
    EXPECT_EQ(trigger.redis, wanted);
    const auto back = from_canonical(parsed.canonical, "/flows");
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ((*back)->triggers.at(0), trigger);
    EXPECT_EQ((*back)->hash, parsed.flow->hash);
  }
}

TEST(Trigger, AFileOfItsFolderMayBeNamedByItsEvent) {
  const std::string base =
      std::filesystem::canonical(testing::TempDir()).string() + "/trigger_file";
  std::filesystem::create_directories(base + "/in");
  for (const char* name : {"/in/a.csv", "/other.csv"}) std::ofstream(base + name) << "x";
  const std::string text =
      "id: f\ninputs: [{id: file, type: file, required: false}]\n"
      "tasks: [{id: a, type: log, message: hi}]\n"
      "triggers: [{id: t, type: file, folder: " +
      base + "/in, inputs: {file: '{{ event.location }}'}}]\n";
  const Parsed parsed = parse(text, "flow.yaml", "/nowhere");
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  const FileBounds bounds{{}, "/nowhere/.cordyna"};
  const auto given = [&](const std::string& path) {
    return trigger_inputs(*parsed.flow, parsed.flow->triggers.at(0),
                          R"({"run":{},"event":{"location":")" + path + "\"}}", &bounds);
  };
  EXPECT_TRUE(given(base + "/in/a.csv").has_value());
  EXPECT_FALSE(given(base + "/other.csv").has_value());
  EXPECT_FALSE(given(base + "/in/../other.csv").has_value());
}

TEST(Trigger, WhatWaitsForFlowsComesBackFromItsCanonicalForm) {
  const std::string base = "id: t, type: flow, flows: [a, other/b, c]";
  for (const std::string& keys :
       {base, base + ", need: 2, states: [error], within: 6h, where: '{{ true }}', "
                     "batch: {max: 5, within: 10s}, inputs: {n: '{{ event.count }}'}"}) {
    const Parsed parsed = parse(with_trigger(keys), "flow.yaml", "/flows");
    ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
    const FlowEndsSpec& ends = parsed.flow->triggers.at(0).ends;
    EXPECT_EQ(ends.flows, (std::vector<std::string>{"/a", "other/b", "/c"}));
    EXPECT_EQ(ends.need, keys == base ? 3U : 2U);
    EXPECT_EQ(ends.states, keys == base ? (std::vector<std::string>{"completed", "warning"})
                                        : std::vector<std::string>{"error"});
    EXPECT_EQ(parsed.flow->triggers.at(0).gather,
              keys == base ? GatherSpec{} : (GatherSpec{.max = 5, .within = 10'000}));
    EXPECT_EQ(ends.within, keys == base ? 0 : 6 * 3'600'000);
    const auto back = from_canonical(parsed.canonical, "/flows");
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ((*back)->triggers.at(0), parsed.flow->triggers.at(0));
    EXPECT_EQ((*back)->hash, parsed.flow->hash);
  }
}

TEST(Trigger, TheSmallestHasAllDefaultsAndNoneOfThemIsCanonical) {
  const Parsed parsed = parse(with_trigger(kGood), "flow.yaml", "/flows");
  ASSERT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  TriggerSpec wanted;
  wanted.id = "t";
  wanted.cron = "0 2 * * *";
  EXPECT_EQ(parsed.flow->triggers, std::vector{wanted});
  EXPECT_NE(
      parsed.canonical.find(R"("triggers":[{"cron":"0 2 * * *","id":"t","type":"schedule"}])"),
      std::string::npos)
      << parsed.canonical;
}

TEST(Trigger, WithoutAnyTheHashIsThatOfAFlowThatNeverHeardOfThem) {
  const Parsed with = parse("id: f\ntriggers: []\ntasks: [{id: a, type: log, message: x}]\n",
                            "flow.yaml", "/flows");
  const Parsed without =
      parse("id: f\ntasks: [{id: a, type: log, message: x}]\n", "flow.yaml", "/flows");
  ASSERT_NE(with.flow, nullptr) << format(with.diagnostics.front());
  EXPECT_EQ(with.flow->hash, without.flow->hash);
}

}  // namespace
}  // namespace cordyna::flow
