#include "client/rows.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "service/audit_chain.hpp"
#include "service/json.hpp"
#include "service/update.hpp"

namespace cordyna::client {
namespace {

JsonSlice slice(std::string_view text) {
  const auto parsed = JsonSlice::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(JsonSlice());
}

// ---- JsonSlice

TEST(JsonSliceTest, WhatStandsInsideStaysAsItIs) {
  const std::string text =
      R"( {"a": 1.50, "b" : {"z":1,"a":[1e3, "}"]}, "c":"x\"\u00e4\\", "d":[ ], "e":true,"a":2} )";
  const JsonSlice json = slice(text);
  EXPECT_EQ(json.raw("a"), "1.50");
  EXPECT_EQ(json.raw("b"), R"({"z":1,"a":[1e3, "}"]})");
  EXPECT_EQ(json.text("c"), "x\"ä\\");
  EXPECT_TRUE(json.member("d").items().empty());
  EXPECT_TRUE(json.member("d").exists());
  EXPECT_TRUE(json.flag("e"));
  EXPECT_FALSE(json.member("f").exists());
  EXPECT_EQ(json.members().size(), 6U);
  const auto items = json.member("b").member("a").items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[1].text(), "}");
}

TEST(JsonSliceTest, WhatIsOfAnotherTypeIsEmpty) {
  const JsonSlice json = slice(R"({"n":"12","t":12,"big":99999999999,"neg":-1,"null":null})");
  EXPECT_EQ(json.number("n"), 0);
  EXPECT_EQ(json.text("t"), "");
  EXPECT_EQ(json.count("big"), 0U);
  EXPECT_EQ(json.count("neg"), 0U);
  EXPECT_EQ(json.text("null"), "");
  EXPECT_EQ(json.time("t"), 0);
  EXPECT_TRUE(json.items().empty());
  EXPECT_TRUE(slice("[1]").members().empty());
}

TEST(JsonSliceTest, WhatIsNoJsonIsRefused) {
  for (const char* text : {"", "{", "{}x", "{\"a\":}", "<html>", "{\"a\":\"\n\"}"}) {
    const auto parsed = JsonSlice::parse(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorrupt);
  }
}

// ---- rows: what the API writes is what comes back

TaskError failure() {
  TaskError error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit 3: \"no\"");
  error.owner = "data@acme";
  error.exit_code = 3;
  error.retryable = true;
  return error;
}

TEST(RowsTest, ARunComesBack) {
  RunRow run;
  run.no = 12;
  run.id = RunId{"0190a8f0-0000-7000-8000-000000000001"};
  run.flow_id = "daily";
  run.ns = "acme.sales";
  run.state = RunState::kError;
  run.from = run.state;
  run.scheduled = {"nightly", 1'700'000'000'123, 0};
  run.rerun_of = 3;
  run.backfill = "4";
  run.parent = 5;
  run.parent_path = "call[2]/it";
  run.created_at = 1'700'000'000'001;
  run.started_at = 1'700'000'000'002;
  run.ended_at = 1'700'000'000'003;
  run.warnings = 2;
  run.cancel_requested = true;
  run.inputs = R"({"rate":1.50,"when":"2026-01-02"})";
  run.outputs = R"({"b":1,"a":2.0})";
  run.error = failure();
  std::string text;
  append_run(text, run);
  const auto back = run_of(slice(text));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, run);
  std::string again;
  append_run(again, *back);
  EXPECT_EQ(again, text) << "as a local store prints it, byte for byte";
}

TEST(RowsTest, TasksAttemptsAndHoldsComeBack) {
  TaskRow task{7,       "load[3]/get", {}, TaskState::kBlocked, 2, 1, 10, 20, 30, R"({"rows":1.0})",
               "first", failure()};
  task.from = task.state;
  std::string text;
  append_task(text, task);
  EXPECT_EQ(*task_of(slice(text), 7), task);

  AttemptRow attempt;
  attempt.run = 7;
  attempt.path = "load[3]/get";
  attempt.attempt = 2;
  attempt.state = AttemptState::kFailed;
  attempt.from = attempt.state;
  attempt.created_at = 1;
  attempt.dispatched_at = 2;
  attempt.acknowledged_at = 3;
  attempt.started_at = 4;
  attempt.ended_at = 5;
  attempt.deadline_at = 6;
  attempt.pool = "db";
  attempt.error = failure();
  text.clear();
  append_attempt(text, attempt);
  EXPECT_EQ(*attempt_of(slice(text), 7), attempt);

  HoldRow hold{7, "gate", {}, HoldState::kApproved, 1, "why?", "ann", "fine\n", 8, 9};
  hold.from = hold.state;
  text.clear();
  append_hold(text, hold);
  EXPECT_EQ(*hold_of(slice(text), 7), hold);
}

TEST(RowsTest, HistoryTicksAndAuditComeBack) {
  HistoryRow row;
  row.run = 7;
  row.seq = 41;
  row.at = 1'700'000'000'000;
  row.path = "gate";
  row.attempt = 1;
  row.task_state = TaskState::kStarted;
  row.attempt_state = AttemptState::kStarted;
  row.detail = "because";
  std::string text;
  append_json(text, make_update(row));
  EXPECT_EQ(*history_of(slice(text)), row);

  for (const TickRow& tick :
       {TickRow{"acme", "daily", "nightly", 50, 50, 0, TickState::kRun, 12, 60, ""},
        TickRow{"", "daily", "nightly", 50, 40, 3, TickState::kSkipped, 0, 60, "missed"}}) {
    text.clear();
    append_tick(text, tick);
    EXPECT_EQ(*tick_of(slice(text)), tick);
  }

  const AuditRow audit{3,    1'700'000'000'000, "user:ann",     "127.0.0.1", "putUser", "user bo",
                       "ns", R"({"x": 1.0})",   R"({"x":[2]})", "ab12"};
  text.clear();
  append_audit(text, audit);
  EXPECT_EQ(*audit_of(slice(text)), audit) << "the hash is of each byte";
}

TEST(RowsTest, NoticesComeBack) {
  for (const NoticeRow& notice :
       {NoticeRow{7, "r/failed/a", 1'700'000'000'000, NoticeKind::kFailed, "orders", "stock",
                  "acme", "daily", 12, "a", "EXIT_NONZERO", "it \"failed\""},
        NoticeRow{8, "r/blocked/x", 1'700'000'000'000, NoticeKind::kBlocked, "x", "", "", "daily",
                  12, "", "", "it waits"},
        NoticeRow{9, "server/orders/etl/5", 1'700'000'000'000, NoticeKind::kLost, "orders", "",
                  "orders", "", 0, "", "", "it is gone"}}) {
    std::string text;
    append_notice(text, notice);
    EXPECT_EQ(*notice_of(slice(text)), notice) << text;
  }
}

TEST(RowsTest, FlowsAndBackfillsComeBack) {
  AppliedFlowRow flow;
  flow.ns = "acme";
  flow.flow_id = "daily";
  flow.version = 3;
  flow.from = 3;
  flow.hash = "abc";
  flow.file = "/flows/daily.yaml";
  flow.applied_at = 5;
  flow.removed_at = 6;
  std::string text;
  append_flow(text, flow);
  EXPECT_EQ(*flow_of(slice(text)), flow);

  BackfillRow row;
  row.no = 4;
  row.id = "0190";
  row.ns = "acme";
  row.flow_id = "daily";
  row.every = 3'600'000;
  row.begin = 10;
  row.end = 20;
  row.parallel = 3;
  row.only_missing = true;
  row.state = BackfillState::kPaused;
  row.from = row.state;
  row.total = 9;
  row.started = 5;
  row.skipped = 1;
  row.refused = 2;
  row.detail = "no";
  row.created_at = 1;
  const BackfillCounts counts{1, 2, 3, 4, 1};
  const std::string json = backfill_as_json(row, counts);
  const auto back = backfill_of(slice(json));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->row, row);
  EXPECT_EQ(back->counts, counts);
}

TEST(RowsTest, WhyAndPoolsComeBack) {
  RunWhy why;
  why.run.no = 12;
  why.run.state = RunState::kRunning;
  why.blockers = {{"a", engine::BlockerKind::kPool, "full", 1, 0, "me", 0, "db"},
                  {"", engine::BlockerKind::kConcurrency, "one more", 2, 3, "me", 9, ""}};
  why.left = {9};
  const std::string text = why_as_json(why);
  const auto back = why_of(slice(text), why.run);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(why_as_json(*back), text);

  PoolUse pool;
  pool.spec = {"db", "the warehouse", 3, {10, 60'000}};
  pool.holders = {{1, "a"}, {2, "b[0]"}};
  pool.waiting = {{3, "c"}};
  pool.started = 4;
  pool.next_start = 1'700'000'000'000;
  const std::string pools = pools_as_json({pool});
  const auto pool_back = pool_of(slice(pools).member("pools").items().front());
  ASSERT_TRUE(pool_back.has_value());
  EXPECT_EQ(pools_as_json({*pool_back}), pools);
}

TEST(RowsTest, InputsComeBack) {
  InputStatus failed{"acme", "orders", "rows", "postgres"};
  failed.state = InputState::kFailed;
  failed.problem = "no \"password\"";
  failed.since = 1'700'000'000'000;
  InputStatus listens{"", "sales", "rows", "postgres"};
  listens.since = 1'700'000'000'001;
  listens.events = 12;
  listens.last_minute = 3;
  listens.last_at = 1'700'000'000'002;
  listens.lag = 4;
  const std::vector<OpenEvents> open{{"acme", "orders", "rows", 5, 6},
                                     {"", "orders", "rows", 7, 8}};
  const std::string text = inputs_as_json({input_of(failed, open), input_of(listens, open)});
  std::vector<ListedInput> back;
  for (const JsonSlice& one : slice(text).member("inputs").items()) {
    const auto input = input_of(one);
    ASSERT_TRUE(input.has_value());
    back.push_back(*input);
  }
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[0].pending, 5);
  EXPECT_EQ(back[0].dead, 6);
  EXPECT_EQ(back[1].pending, 0);
  EXPECT_EQ(inputs_as_json(back), text);
}

TEST(RowsTest, WhatANewerServerMayTellIsAnErrorThatSaysSo) {
  for (const char* text :
       {R"({})", R"({"run":1,"state":"sleeping"})", R"({"run":"1","state":"error"})"}) {
    const auto run = run_of(slice(text));
    ASSERT_FALSE(run.has_value()) << text;
    EXPECT_EQ(run.error().code, ErrorCode::kCorrupt);
    EXPECT_TRUE(run.error().message.contains("of another version?")) << run.error().message;
  }
  EXPECT_FALSE(pool_of(slice("{}")).has_value());
  EXPECT_FALSE(input_of(slice(R"({"trigger":"a","state":"sleeps"})")).has_value());
  EXPECT_FALSE(why_of(slice(R"({"state":"running","tasks":[{"kind":"moon"}]})"), {}).has_value());
  EXPECT_FALSE(token_of(slice(R"({"id":"a","kind":"b"})")).has_value());
}

}  // namespace
}  // namespace cordyna::client
