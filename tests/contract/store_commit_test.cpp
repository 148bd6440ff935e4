#include <fmt/format.h>

#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

TEST_P(StoreContract, EveryFieldComesBackAsItWasWritten) {
  RunRow run = changed(make_run(1), RunState::kError);
  run.ended_at = 5000;
  run.outputs = R"({"rows":7})";
  run.cancel_requested = true;
  run.error = make_error();
  TaskRow task = make_task(1, "load");
  task.state = TaskState::kError;
  task.ended_at = 4000;
  task.outputs = R"({"n":1})";
  task.blocked_by = "fetch";
  task.error = make_error();
  AttemptRow attempt = make_attempt(1, "load", 1);
  attempt.state = AttemptState::kFailed;
  attempt.ended_at = 4000;
  attempt.error = make_error();
  const FlowVersionRow flow{"abc123", "sales", "team.data", "{\"id\":\"sales\"}"};
  HistoryRow ended{1, 2, 1003, "", 0, RunState::kError, TaskState::kError, std::nullopt, "why"};

  must_commit({{flow}, {make_run(1)}, {task}, {attempt}, {make_history(1, 1)}});
  must_commit({{}, {run}, {}, {}, {ended}});

  EXPECT_EQ(store().find_flow("abc123").value(), flow);
  const RunSnapshot snapshot = store().load_run(1).value();
  EXPECT_EQ(snapshot.run, stored(run));
  EXPECT_EQ(snapshot.tasks, std::vector{stored(task)});
  EXPECT_EQ(snapshot.attempts, std::vector{stored(attempt)});
  EXPECT_EQ(snapshot.history_seq, 2);
  EXPECT_EQ(store().list_history(1, 0, 10).value(), (std::vector{make_history(1, 1), ended}));
}

TEST_P(StoreContract, AnUpdateReplacesTheWholeRowAndAnErrorCanGo) {
  TaskRow task = make_task(1, "load");
  task.state = TaskState::kPending;
  task.error = make_error();
  must_commit({{}, {make_run(1)}, {task}, {}, {}});

  TaskRow completed = changed(task, TaskState::kCompleted);
  completed.error.reset();
  completed.outputs = "{}";
  must_commit({{}, {}, {completed}, {}, {}});

  EXPECT_EQ(store().load_run(1).value().tasks, std::vector{stored(completed)});
}

TEST_P(StoreContract, AHoldComesBackAndIsDecidedOnce) {
  HoldRow hold{1, "share", std::nullopt, HoldState::kHeld, 1, "rows 3", "", "", 1200, 0};
  must_commit({{}, {make_run(1)}, {}, {}, {}, {hold}, {}});
  hold.from = HoldState::kHeld;
  EXPECT_EQ(store().load_run(1).value().holds, std::vector{hold});

  HoldRow approved = hold;
  approved.state = HoldState::kApproved;
  approved.by = "ann";
  approved.note = "a holiday";
  approved.decided_at = 1300;
  must_commit({{}, {}, {}, {}, {}, {approved}, {}});
  must_refuse({{}, {}, {}, {}, {}, {approved}, {}}, ErrorCode::kConflict, "is not 'held' any more");
  approved.from = HoldState::kApproved;
  EXPECT_EQ(store().load_run(1).value().holds, std::vector{approved});
  HoldRow nobody = approved;
  nobody.by = "";
  must_refuse({{}, {}, {}, {}, {}, {nobody}, {}}, ErrorCode::kInternal, "against the rules");
}

TEST_P(StoreContract, PointsComeNewestFirstAndAreReplacedByALaterAttempt) {
  const PointRow first{"f/x", 1000, 1, "share", PointVerdict::kTrip, "{}"};
  const PointRow second{"f/x", 2000, 2, "share", PointVerdict::kOk, R"({"metrics":{"rows":1}})"};
  const PointRow other{"f/y", 1500, 2, "share", PointVerdict::kLevel, "{}"};
  must_commit({{}, {}, {}, {}, {}, {}, {second, first, other}});
  PointRow replaced = first;
  replaced.verdict = PointVerdict::kApproved;
  must_commit({{}, {}, {}, {}, {}, {}, {replaced}});

  EXPECT_EQ(store().list_points({"f/x", 0, 0, 10}).value(), (std::vector{second, replaced}));
  EXPECT_EQ(store().list_points({"f/x", 2000, 2, 10}).value(), std::vector{replaced});
  EXPECT_EQ(store().list_points({"f/x", 2000, 3, 10}).value().size(), 2u);
  EXPECT_EQ(store().list_points({"f/x", 0, 0, 1}).value(), std::vector{second});
  EXPECT_TRUE(store().list_points({"f/z", 0, 0, 10}).value().empty());
  const auto series = store().list_series().value();
  ASSERT_EQ(series.size(), 2u);
  EXPECT_EQ(series[0].series, "f/x");
  EXPECT_EQ(series[0].points, 2);
  EXPECT_EQ(series[0].last_at, 2000);
}

TEST_P(StoreContract, HoldsAndPointsAreTakenBackWithTheirCommit) {
  const HoldRow hold{1, "share", std::nullopt, HoldState::kHeld, 1, "rows 3", "", "", 1200, 0};
  const PointRow point{"f/x", 1000, 1, "share", PointVerdict::kTrip, "{}"};
  must_refuse({{}, {}, {}, {}, {make_history(1, 7)}, {hold}, {point}}, ErrorCode::kConflict, "");
  EXPECT_TRUE(store().list_points({"f/x", 0, 0, 10}).value().empty());
  must_commit({{}, {make_run(1)}, {}, {}, {}, {hold}, {point}});
  EXPECT_EQ(store().load_run(1).value().holds.size(), 1u);
}

TEST_P(StoreContract, AnErrorDoesNotLeakIntoTheNextRowOfTheCommit) {
  TaskRow failed = make_task(1, "a");
  failed.state = TaskState::kError;
  failed.error = make_error();
  const TaskRow fine = make_task(1, "b");

  must_commit({{}, {make_run(1)}, {failed, fine}, {}, {}});

  EXPECT_EQ(store().load_run(1).value().tasks, (std::vector{stored(failed), stored(fine)}));
}

TEST_P(StoreContract, OneRowInAnotherStateRollsBackAllOfTheCommit) {
  must_commit({{}, {make_run(1)}, {make_task(1, "a")}, {}, {make_history(1, 1)}});
  const FlowVersionRow flow{"new", "f", "", "{}"};
  TaskRow stale = changed(make_task(1, "a"), TaskState::kCompleted);
  stale.from = TaskState::kQueued;

  must_refuse({{flow}, {make_run(2)}, {make_task(1, "b"), stale}, {}, {}}, ErrorCode::kConflict,
              "task 'a' of run 1 is not 'queued' any more");

  EXPECT_EQ(store().find_flow("new").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().last_run_no().value(), 1);
  EXPECT_EQ(store().find_run(2).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().load_run(1).value().tasks, std::vector{stored(make_task(1, "a"))});
}

TEST_P(StoreContract, AFailureInTheLastRowTakesBackUpdatesOfEveryKind) {
  const RunRow run = make_run(1);
  const TaskRow task = make_task(1, "a");
  const AttemptRow attempt = make_attempt(1, "a", 1);
  must_commit({{}, {run}, {task}, {attempt}, {make_history(1, 1)}});
  const RunSnapshot before = store().load_run(1).value();

  must_refuse({{},
               {changed(run, RunState::kCompleted)},
               {changed(task, TaskState::kCompleted)},
               {changed(attempt, AttemptState::kCompleted), make_attempt(1, "a", 2)},
               {make_history(1, 2), make_history(1, 2)}},
              ErrorCode::kConflict, "run 1");

  const RunSnapshot after = store().load_run(1).value();
  EXPECT_EQ(after.run, before.run);
  EXPECT_EQ(after.tasks, before.tasks);
  EXPECT_EQ(after.attempts, before.attempts);
  EXPECT_EQ(after.history_seq, 1);
}

TEST_P(StoreContract, AStoreWorksOnAfterARefusedCommit) {
  must_commit({{}, {make_run(1)}, {}, {}, {}});
  must_refuse({{}, {make_run(1)}, {}, {}, {}}, ErrorCode::kConflict, "run 1");
  must_commit({{}, {make_run(2)}, {}, {}, {}});
  EXPECT_EQ(store().last_run_no().value(), 2);
}

TEST_P(StoreContract, UpdatingWhatIsNotThereIsAConflict) {
  must_commit({{}, {make_run(1)}, {}, {}, {}});
  must_refuse({{}, {changed(make_run(2), RunState::kError)}, {}, {}, {}}, ErrorCode::kConflict,
              "run 2");
  must_refuse({{}, {}, {changed(make_task(1, "a"), TaskState::kSkipped)}, {}, {}},
              ErrorCode::kConflict, "task 'a' of run 1");
  must_refuse({{}, {}, {}, {changed(make_attempt(1, "a", 1), AttemptState::kCancelled)}, {}},
              ErrorCode::kConflict, "attempt 1 of task 'a' of run 1");
}

TEST_P(StoreContract, InsertingTwiceIsAConflict) {
  must_commit({{}, {make_run(1)}, {make_task(1, "a")}, {make_attempt(1, "a", 1)}, {}});

  RunRow same_id = make_run(2);
  same_id.id = make_run(1).id;
  must_refuse({{}, {make_run(1)}, {}, {}, {}}, ErrorCode::kConflict, "run 1");
  must_refuse({{}, {same_id}, {}, {}, {}}, ErrorCode::kConflict, "run 2");
  must_refuse({{}, {}, {make_task(1, "a")}, {}, {}}, ErrorCode::kConflict, "task 'a' of run 1");
  AttemptRow again = make_attempt(1, "a", 1);
  again.state = AttemptState::kCancelled;
  must_refuse({{}, {}, {}, {again}, {}}, ErrorCode::kConflict, "attempt 1 of task 'a' of run 1");
}

TEST_P(StoreContract, ARunKeepsItsId) {
  must_commit({{}, {make_run(1)}, {}, {}, {}});
  RunRow other = changed(make_run(1), RunState::kCompleted);
  other.id.value = "0192f000-0000-7000-8000-ffffffffffff";
  must_refuse({{}, {other}, {}, {}, {}}, ErrorCode::kConflict, "run 1");
}

TEST_P(StoreContract, AFlowVersionIsInsertedOnceAndNeverAltered) {
  const FlowVersionRow first{"h", "flow", "", "{\"v\":1}"};
  must_commit({{first}, {}, {}, {}, {}});
  must_commit({{{"h", "flow", "", "{\"v\":2}"}}, {}, {}, {}, {}});
  EXPECT_EQ(store().find_flow("h").value(), first);
}

TEST_P(StoreContract, ASecondLiveAttemptOfATaskIsRefused) {
  must_commit({{}, {make_run(1)}, {}, {make_attempt(1, "a", 1)}, {}});
  must_refuse({{}, {}, {}, {make_attempt(1, "a", 2)}, {}}, ErrorCode::kConflict,
              "attempt 2 of task 'a' of run 1");

  // Another task and another run are not concerned; nor is it once the first has ended.
  must_commit({{}, {}, {}, {make_attempt(1, "b", 1), make_attempt(2, "a", 1)}, {}});
  must_commit(
      {{},
       {},
       {},
       {changed(make_attempt(1, "a", 1), AttemptState::kCancelled), make_attempt(1, "a", 2)},
       {}});
}

TEST_P(StoreContract, AnEndedAttemptCannotComeBackBesideALiveOne) {
  AttemptRow first = make_attempt(1, "a", 1);
  first.state = AttemptState::kCancelled;
  must_commit({{}, {make_run(1)}, {}, {first, make_attempt(1, "a", 2)}, {}});
  must_refuse({{}, {}, {}, {changed(first, AttemptState::kStarted)}, {}}, ErrorCode::kConflict,
              "attempt 1 of task 'a' of run 1");
}

TEST_P(StoreContract, AFailureNeedsACompleteError) {
  must_commit({{}, {make_run(1)}, {}, {}, {}});
  AttemptRow attempt = make_attempt(1, "a", 1);
  const auto refuse = [&](AttemptState state, const std::optional<TaskError>& error) {
    attempt.state = state;
    attempt.error = error;
    must_refuse({{}, {}, {}, {attempt}, {}}, ErrorCode::kInternal,
                "attempt 1 of task 'a' of run 1");
  };
  TaskError silent = make_error();
  silent.message.clear();
  TaskError nobodys = make_error();
  nobodys.owner.clear();

  refuse(AttemptState::kFailed, std::nullopt);
  refuse(AttemptState::kFailed, silent);
  refuse(AttemptState::kFailed, nobodys);
  refuse(AttemptState::kCompleted, make_error());
  refuse(AttemptState::kStarted, make_error());
  attempt.attempt = 0;
  attempt.error.reset();
  must_refuse({{}, {}, {}, {attempt}, {}}, ErrorCode::kInternal, "attempt 0");
}

TEST_P(StoreContract, ErrorsOfTasksAndRunsAreCompleteToo) {
  TaskError silent = make_error();
  silent.message.clear();
  RunRow run = make_run(1);
  run.error = silent;
  must_refuse({{}, {run}, {}, {}, {}}, ErrorCode::kInternal, "run 1");
  TaskRow task = make_task(1, "a");
  task.error = silent;
  must_refuse({{}, {make_run(1)}, {task}, {}, {}}, ErrorCode::kInternal, "task 'a' of run 1");
  task.state = TaskState::kError;
  task.error.reset();
  must_refuse({{}, {make_run(1)}, {task}, {}, {}}, ErrorCode::kInternal, "task 'a' of run 1");
}

TEST_P(StoreContract, ARunNeedsANumberAndAnId) {
  must_refuse({{}, {make_run(0)}, {}, {}, {}}, ErrorCode::kInternal, "run 0");
  RunRow nameless = make_run(1);
  nameless.id.value.clear();
  must_refuse({{}, {nameless}, {}, {}, {}}, ErrorCode::kInternal, "run 1");
}

TEST_P(StoreContract, HistoryHasNoRepeatAndNoGap) {
  must_commit({{}, {make_run(1)}, {}, {}, {make_history(1, 1), make_history(1, 2)}});
  must_refuse({{}, {}, {}, {}, {make_history(1, 2)}}, ErrorCode::kConflict, "run 1: entry 2");
  must_refuse({{}, {}, {}, {}, {make_history(1, 4)}}, ErrorCode::kConflict, "run 1: entry 4");
  must_refuse({{}, {}, {}, {}, {make_history(2, 2)}}, ErrorCode::kConflict, "run 2: entry 2");
  must_refuse({{}, {}, {}, {}, {make_history(1, 3), make_history(1, 3)}}, ErrorCode::kConflict,
              "run 1: entry 3");
  must_commit({{}, {}, {}, {}, {make_history(2, 1), make_history(1, 3), make_history(2, 2)}});
  EXPECT_EQ(store().load_run(1).value().history_seq, 3);
}

TEST_P(StoreContract, AnEmptyCommitIsFine) {
  must_commit({});
  EXPECT_EQ(store().last_run_no().value(), 0);
}

TEST_P(StoreContract, EachOwnerHasAHigherEpochAndFindsEverything) {
  const std::uint64_t first = store().epoch();
  EXPECT_GE(first, 1U);
  const FlowVersionRow flow{"abc123", "sales", "", "{}"};
  must_commit({{flow},
               {make_run(1)},
               {make_task(1, "a")},
               {make_attempt(1, "a", 1)},
               {make_history(1, 1)}});

  restart();

  EXPECT_GT(store().epoch(), first);
  EXPECT_EQ(store().last_run_no().value(), 1);
  const RunSnapshot snapshot = store().load_run(1).value();
  EXPECT_EQ(snapshot.run, stored(make_run(1)));
  EXPECT_EQ(snapshot.tasks, std::vector{stored(make_task(1, "a"))});
  EXPECT_EQ(snapshot.attempts, std::vector{stored(make_attempt(1, "a", 1))});
  EXPECT_EQ(store().list_history(1, 0, 9).value(), std::vector{make_history(1, 1)});
  EXPECT_EQ(store().find_flow("abc123").value(), flow);
  must_commit({{}, {}, {changed(make_task(1, "a"), TaskState::kCompleted)}, {}, {}});
}

}  // namespace
}  // namespace cordyna::contract
