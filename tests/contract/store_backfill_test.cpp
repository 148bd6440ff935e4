// Backfills and reruns, as every store keeps them.
#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

BackfillRow make_backfill(BackfillNo no) {
  BackfillRow row;
  row.no = no;
  row.id = "backfill-" + std::to_string(no);
  row.ns = "acme";
  row.flow_id = "sales";
  row.flow_hash = "h1";
  row.folder = "/flows";
  row.trigger = "nightly";
  row.inputs = R"([["day","{{ run.date }}"]])";
  row.begin = -5000;
  row.end = 9000;
  row.parallel = 3;
  row.only_missing = true;
  row.newest_first = true;
  row.cursor = 9000;
  row.total = 14;
  row.created_at = 20'000;
  return row;
}

ChangeSet of_backfills(std::vector<BackfillRow> rows) {
  ChangeSet changes;
  changes.backfills = std::move(rows);
  return changes;
}

RunRow run_of(RunNo no, const std::string& backfill, Millis at, RunState state) {
  RunRow run = make_run(no);
  run.backfill = backfill;
  run.scheduled = {"nightly", at, at - 1000};
  run.state = state;
  run.error = std::nullopt;
  return run;
}

TEST_P(StoreContract, ABackfillComesBackAsItWasWritten) {
  BackfillRow steady = make_backfill(2);
  steady.trigger = "";
  steady.every = 1000;
  must_commit(of_backfills({make_backfill(1), steady}));
  BackfillRow moved = changed(make_backfill(1), BackfillState::kError);
  moved.cursor = -4000;
  moved.started = 5;
  moved.skipped = 2;
  moved.refused = 1;
  moved.detail = "input 'x' is missing";
  moved.ended_at = 30'000;
  must_commit(of_backfills({moved}));
  restart();

  EXPECT_EQ(store().find_backfill(1).value(), stored(moved));
  EXPECT_EQ(store().list_backfills({}).value(), (std::vector{stored(steady), stored(moved)}));
  EXPECT_EQ(store().list_backfills({.unfinished = true}).value(), std::vector{stored(steady)});
  EXPECT_EQ(store().list_backfills({.before = 2, .limit = 1}).value(), std::vector{stored(moved)});
  EXPECT_EQ(store().find_backfill(3).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, ABackfillMovesWithItsRunsOrNotAtAll) {
  must_commit(of_backfills({make_backfill(1)}));
  ChangeSet stale = of_backfills({changed(make_backfill(1), BackfillState::kPaused)});
  stale.backfills[0].from = BackfillState::kPaused;
  stale.runs.push_back(run_of(1, "1", 1000, RunState::kRunning));
  must_refuse(stale, ErrorCode::kConflict, "backfill 1");
  EXPECT_EQ(store().last_run_no().value(), 0);
  must_refuse(of_backfills({make_backfill(1)}), ErrorCode::kConflict, "backfill 1");
  BackfillRow same_id = make_backfill(2);
  same_id.id = "backfill-1";
  must_refuse(of_backfills({same_id}), ErrorCode::kConflict, "backfill 2");
  EXPECT_EQ(store().list_backfills({}).value(), std::vector{stored(make_backfill(1))});
}

TEST_P(StoreContract, ABackfillThatMakesNoSenseIsRefused) {
  BackfillRow empty = make_backfill(1);
  empty.end = empty.begin;
  BackfillRow both = make_backfill(1);
  both.every = 1000;
  BackfillRow neither = make_backfill(1);
  neither.trigger = "";
  BackfillRow idle = make_backfill(1);
  idle.parallel = 0;
  for (const BackfillRow& row : {empty, both, neither, idle}) {
    must_refuse(of_backfills({row}), ErrorCode::kInternal, "against the rules of the state");
  }
}

TEST_P(StoreContract, RunsAreFoundByTheirBackfill) {
  ChangeSet changes;
  const RunRow done = run_of(1, "7", 1000, RunState::kCompleted);
  const RunRow live = run_of(2, "7", 2000, RunState::kRunning);
  changes.runs = {done, live, run_of(3, "77", 1000, RunState::kRunning), make_run(4)};
  must_commit(changes);
  restart();

  RunFilter filter;
  filter.backfill = "7";
  EXPECT_EQ(store().list_runs(filter).value(), (std::vector{stored(live), stored(done)}));
  filter.unfinished = true;
  EXPECT_EQ(store().list_runs(filter).value(), std::vector{stored(live)});
  filter.unfinished = false;
  filter.state = RunState::kCompleted;
  EXPECT_EQ(store().list_runs(filter).value(), std::vector{stored(done)});
  filter = {};
  filter.backfill = "7";
  filter.before = 2;
  EXPECT_EQ(store().list_runs(filter).value(), std::vector{stored(done)});
}

TEST_P(StoreContract, ATimeIsDoneWhenARunForItEndedWell) {
  ChangeSet changes;
  changes.runs = {
      run_of(1, "", 1000, RunState::kCompleted), run_of(2, "7", 2000, RunState::kWarning),
      run_of(3, "7", 3000, RunState::kCancelled), run_of(4, "7", 4000, RunState::kRunning)};
  must_commit(changes);
  const RunRow run = changes.runs[0];
  const auto is_done = [&](const std::string& trigger, Millis at) {
    return store().is_done({run.ns, run.flow_id, trigger, at}).value();
  };
  EXPECT_TRUE(is_done("nightly", 1000));
  EXPECT_TRUE(is_done("nightly", 2000));
  EXPECT_FALSE(is_done("nightly", 3000));
  EXPECT_FALSE(is_done("nightly", 4000));
  EXPECT_FALSE(is_done("hourly", 1000));
  EXPECT_FALSE(store().is_done({"other", run.flow_id, "nightly", 1000}).value());
  EXPECT_FALSE(store().is_done({run.ns, "other", "nightly", 1000}).value());
}

TEST_P(StoreContract, ARunKeepsWhichRunItTookOver) {
  RunRow run = make_run(2);
  run.rerun_of = 1;
  TaskRow taken = make_task(2, "load");
  taken.state = TaskState::kCompleted;
  taken.attempt = 0;
  taken.error = std::nullopt;
  must_commit({{}, {run}, {taken}, {}, {}});
  must_commit({{}, {changed(run, RunState::kPaused)}, {}, {}, {}});
  restart();

  EXPECT_EQ(store().find_run(2).value().rerun_of, 1);
  EXPECT_EQ(store().load_run(2).value().tasks, std::vector{stored(taken)});
}

}  // namespace
}  // namespace cordyna::contract
