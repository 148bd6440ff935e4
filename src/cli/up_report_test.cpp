#include "cli/up_report.hpp"

#include <gtest/gtest.h>

namespace cordyna::cli {
namespace {

const Millis kDue = parse_timestamp("2026-11-22T02:00:00").value();

class FixedClock final : public Clock {
 public:
  Millis now() const override { return kDue + 3000; }
};

TickRow tick(TickState state) {
  TickRow row;
  row.ns = "acme";
  row.flow_id = "sales";
  row.trigger = "nightly";
  row.scheduled_for = row.first = kDue;
  row.at = kDue + 12;
  row.state = state;
  return row;
}

TEST(UpLine, OfEachKindOfTick) {
  TickRow run = tick(TickState::kRun);
  run.run = 12;
  EXPECT_EQ(line_of(run, false),
            "2026-11-22T02:00:00Z  acme/sales nightly: run 12 for 2026-11-22T02:00:00Z");
  EXPECT_EQ(line_of(run, true),
            R"({"at":"2026-11-22T02:00:00.012Z","tick":"run","flow":"acme/sales",)"
            R"("trigger":"nightly","scheduled_for":"2026-11-22T02:00:00.000Z","run":12})");

  TickRow skipped = tick(TickState::kSkipped);
  skipped.detail = "catch_up: none";
  skipped.count = 1;
  EXPECT_EQ(line_of(skipped, false),
            "2026-11-22T02:00:00Z  acme/sales nightly: 2026-11-22T02:00:00Z is skipped "
            "(catch_up: none)");
  skipped.first = kDue - 86'400'000;
  skipped.count = 24;
  EXPECT_EQ(line_of(skipped, false),
            "2026-11-22T02:00:00Z  acme/sales nightly: 24 times are skipped, "
            "2026-11-21T02:00:00Z to 2026-11-22T02:00:00Z (catch_up: none)");

  TickRow error = tick(TickState::kError);
  error.detail = "input 'x'\x1b[31m";
  EXPECT_EQ(line_of(error, false).find('\x1b'), std::string::npos);
  EXPECT_NE(line_of(error, false).find("no run for 2026-11-22T02:00:00Z: input 'x'"),
            std::string::npos);
  EXPECT_NE(line_of(tick(TickState::kBegun), false).find("is kept from now on"), std::string::npos);
}

RunRow run(std::optional<RunState> from, RunState state) {
  RunRow row;
  row.no = 12;
  row.flow_id = "sales";
  row.from = from;
  row.state = state;
  row.started_at = kDue;
  row.ended_at = kDue + 3000;
  return row;
}

TEST(UpLine, OfARunThatChanged) {
  EXPECT_EQ(line_of(run(RunState::kRunning, RunState::kCompleted), kDue + 3000, false),
            "2026-11-22T02:00:03Z  sales run 12: completed in 3.0s");
  EXPECT_EQ(line_of(run(RunState::kRunning, RunState::kError), kDue + 3000, true),
            R"({"at":"2026-11-22T02:00:03.000Z","run":12,"flow":"sales","state":"error"})");
  EXPECT_EQ(line_of(run(RunState::kRunning, RunState::kRunning), kDue, false), "");
  EXPECT_NE(line_of(run(std::nullopt, RunState::kRunning), kDue, false), "");
  RunRow scheduled = run(std::nullopt, RunState::kRunning);
  scheduled.scheduled.trigger = "nightly";  // its tick has told it
  EXPECT_EQ(line_of(scheduled, kDue, false), "");
}

TEST(UpLine, OfADiskThatIsFull) {
  EXPECT_EQ(line_of_disk("no space for 'x'", kDue, false),
            "2026-11-22T02:00:00Z  no new work: no space for 'x'; it goes on by itself when there "
            "is space");
  EXPECT_EQ(line_of_disk("", kDue, false),
            "2026-11-22T02:00:00Z  there is space again: all goes on");
  EXPECT_EQ(line_of_disk("no \"space\"", kDue, true),
            R"({"at":"2026-11-22T02:00:00.000Z","disk":"full","detail":"no \"space\""})");
  EXPECT_EQ(line_of_disk("", kDue, true), R"({"at":"2026-11-22T02:00:00.000Z","disk":"has_room"})");
}

TEST(UpReport, KnowsWhichRunsGoOn) {
  const FixedClock clock;
  std::string said;
  int changes = 0;
  UpReport report(
      clock, false, [&](const std::string& line) { said += line + "\n"; }, [&] { ++changes; });
  const auto commit = [&](const RunRow& row) {
    ChangeSet changed;
    changed.runs.push_back(row);
    report.on_commit(changed);
  };
  commit(run(std::nullopt, RunState::kRunning));
  EXPECT_EQ(report.running(), 1U);
  commit(run(RunState::kRunning, RunState::kPaused));
  EXPECT_EQ(report.running(), 0U);
  commit(run(RunState::kPaused, RunState::kRunning));
  EXPECT_EQ(report.running(), 1U);
  commit(run(RunState::kRunning, RunState::kCompleted));
  EXPECT_EQ(report.running(), 0U);
  report.taken_up(7);
  EXPECT_EQ(report.running(), 1U);
  EXPECT_EQ(changes, 4);
  EXPECT_NE(said.find("paused; dyna why 12 says for whom"), std::string::npos) << said;
}

}  // namespace
}  // namespace cordyna::cli
