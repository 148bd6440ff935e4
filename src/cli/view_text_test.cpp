// The renderers as pure functions: updates in, text out.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "cli/cli_fixtures.hpp"
#include "cli/palette.hpp"
#include "cli/renderer.hpp"
#include "cli/summary.hpp"

namespace cordyna::cli {
namespace {

using namespace testing_support;

FollowedRun followed() {
  return {7, RunId{"01a1fdf1-297b-7406-8fa9-d3d429eb9043"},
          make_flow({{"load", "shell"}, {"say", "log"}, {"share", "shell"}})};
}

TEST(PlainViewTest, WritesOneLineForEachChange) {
  const auto view = make_plain_view({});
  std::string out;
  view->begin(followed(), out);
  view->update(run_update(kNoon, 1, RunState::kRunning), out);
  view->update(task_update(kNoon, 2, "load", TaskState::kQueued), out);
  view->update(task_update(kNoon + 5, 3, "load", TaskState::kStarted), out);
  view->output({kNoon + 6, 7, "load", 1, 'o', false, "100 rows"}, out);
  view->output({kNoon + 7, 7, "load", 1, 'e', false, "odd"}, out);
  view->update(task_update(kNoon + 1205, 4, "load", TaskState::kCompleted), out);
  view->update(task_update(kNoon + 1205, 5, "say", TaskState::kCompleted, "n is 3"), out);
  view->update(run_update(kNoon + 2000, 6, RunState::kCompleted), out);
  EXPECT_EQ(out,
            "12:00:00  run 7 running: homes\n"
            "12:00:00  load  started\n"
            "load | 100 rows\n"
            "load ! odd\n"
            "12:00:01  load  completed in 1.2s\n"
            "12:00:01  say  completed: n is 3\n"
            "12:00:02  run 7 completed\n");
}

TEST(PlainViewTest, NamesAttemptsAndBlockers) {
  const auto view = make_plain_view({});
  std::string out;
  view->begin(followed(), out);
  Update failed = task_update(kNoon, 1, "load", TaskState::kPending, "EXIT_NONZERO: exit code 1");
  failed.task_state.reset();
  failed.attempt_state = AttemptState::kFailed;
  view->update(failed, out);
  view->update(task_update(kNoon, 2, "load", TaskState::kStarted, "", 2), out);
  view->update(task_update(kNoon + 30, 3, "load", TaskState::kError, "LOST: gone", 2), out);
  view->update(task_update(kNoon + 30, 4, "share", TaskState::kBlocked, "blocked by load", 0), out);
  EXPECT_EQ(out,
            "12:00:00  load  failed, will be tried again: EXIT_NONZERO: exit code 1\n"
            "12:00:00  load  started (attempt 2)\n"
            "12:00:00  load  error (attempt 2): after 30ms: LOST: gone\n"
            "12:00:00  share  blocked by load\n");
}

TEST(PlainViewTest, TaskOutputCannotForgeALineOrMoveTheCursor) {
  const auto view = make_plain_view({});
  std::string out;
  view->begin(followed(), out);
  view->output({kNoon, 7, "load", 1, 'o', false, "\x1b[2J\rroot# \xFF"}, out);
  view->update(task_update(kNoon, 5, "say", TaskState::kCompleted, "a\n12:00:00  x"), out);
  EXPECT_EQ(out,
            "load | \\x1b[2J\\rroot# \\xff\n"
            "12:00:00  say  completed: a\\n12:00:00  x\n");
}

TEST(PlainViewTest, SeveralRunsAreToldApart) {
  const auto view = make_plain_view({false, true});
  std::string out;
  view->begin(followed(), out);
  view->update(task_update(kNoon, 1, "load", TaskState::kStarted), out);
  view->output({kNoon, 7, "load", 1, 'o', false, "x"}, out);
  EXPECT_EQ(out,
            "run 7: homes 01a1fdf1-297b-7406-8fa9-d3d429eb9043\n"
            "12:00:00  7/load  started\n"
            "7/load | x\n");
}

TEST(JsonViewTest, WritesOneObjectALine) {
  const auto view = make_json_view();
  std::string out;
  Update failed = task_update(kNoon, 3, "load", TaskState::kError, "LOST: gone");
  failed.attempt_state = AttemptState::kFailed;
  failed.error = std::make_shared<TaskError>(
      TaskError{TaskErrorCode::kLost, "gone", Phase::kInfra, true, "team", -1});
  view->update(failed, out);
  view->output({kNoon, 7, "load", 1, 'e', false, "a\"b"}, out);
  EXPECT_EQ(out,
            "{\"at\":\"2026-11-21T12:00:00.000Z\",\"run\":7,\"seq\":3,\"task\":\"load\","
            "\"attempt\":1,\"state\":\"error\",\"attempt_state\":\"failed\","
            "\"detail\":\"LOST: gone\",\"error\":{\"code\":\"LOST\",\"message\":\"gone\","
            "\"phase\":\"infra\",\"owner\":\"team\",\"retryable\":true}}\n"
            "{\"at\":\"2026-11-21T12:00:00.000Z\",\"run\":7,\"task\":\"load\",\"attempt\":1,"
            "\"stream\":\"stderr\",\"text\":\"a\\\"b\"}\n");
}

TEST(LogViewTest, ShowsWhatOneTaskSaidWithoutItsName) {
  const auto view = make_log_view({"say", false});
  std::string out;
  view->begin(followed(), out);
  view->output({kNoon, 7, "load", 1, 'o', false, "other"}, out);
  view->update(task_update(kNoon, 5, "say", TaskState::kCompleted, "n is 3"), out);
  EXPECT_EQ(out, "n is 3\n");
}

TEST(LogViewTest, ShowsAllWithTheirNames) {
  const auto view = make_log_view({"", false});
  std::string out;
  view->begin(followed(), out);
  view->output({kNoon, 7, "load", 1, 'e', false, "odd"}, out);
  view->output({kNoon, 7, "load", 1, 's', false, "log cut"}, out);
  view->update(task_update(kNoon, 5, "load", TaskState::kCompleted, "not a message"), out);
  EXPECT_EQ(out, "load ! odd\nload # log cut\n");
}

RunSummary failed_summary() {
  RunSummary summary;
  summary.run.no = 7;
  summary.run.flow_id = "homes";
  summary.run.state = RunState::kError;
  summary.run.started_at = kNoon;
  summary.run.ended_at = kNoon + 4200;
  FailedTask task;
  task.path = "load";
  task.attempt = 2;
  task.error = {TaskErrorCode::kExitNonzero, "exit code 3", Phase::kRun, true, "team", 3};
  task.blocked = {"merge", "share"};
  task.blocked_count = 12;
  task.last_lines = {"no such table"};
  summary.failed.push_back(task);
  summary.failed_count = 1;
  return summary;
}

TEST(SummaryTest, SaysWhatFailedWhoseItIsAndWhatItBlocked) {
  EXPECT_EQ(format_summary(failed_summary(), Palette(false)),
            "✗ load: EXIT_NONZERO: exit code 3\n"
            "    attempt 2, phase run, owner team\n"
            "    │ no such table\n"
            "    blocked by it: merge, share and 10 more\n"
            "    all of its output: dyna logs 7 load\n"
            "✗ run 7 ended in error in 4.2s: homes\n");
}

TEST(SummaryTest, NamesOutputsAndShares) {
  RunSummary summary;
  summary.run.no = 7;
  summary.run.flow_id = "homes";
  summary.run.state = RunState::kCompleted;
  summary.run.outputs = R"({"rows":3,"file":"a\u001bb"})";
  summary.run.created_at = kNoon;
  summary.run.ended_at = kNoon + 15;
  summary.shared = {"/data/out/homes.parquet"};
  EXPECT_EQ(format_summary(summary, Palette(false)),
            "  shared /data/out/homes.parquet\n"
            "  rows = 3\n"
            "  file = a\\x1bb\n"
            "✓ run 7 completed in 15ms: homes\n");
}

TEST(SummaryTest, LastLinesPreferStandardError) {
  const std::string log = "o 1 first\ne 2 bad\no 3 second\ne 4 worse\nE 5 tail of worse\nbroken";
  EXPECT_EQ(last_lines(log, 8), (std::vector<std::string>{"bad", "worse"}));
  EXPECT_EQ(last_lines("o 1 a\no 2 b\no 3 c\n", 2), (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(last_lines("", 2).empty());
}

}  // namespace
}  // namespace cordyna::cli
