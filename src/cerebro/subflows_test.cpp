#include "cerebro/subflows.hpp"

#include "cerebro/subflows_fixture.hpp"

namespace cordyna {
namespace {

class SubflowTest : public SubflowWorld {
 protected:
  /// A flow whose one task begins a run of `child`.
  RunNo submit_parent(const std::function<void(TaskSpec&)>& change = [](TaskSpec&) {}) {
    TaskSpec task = flow_task("call", run_of("child"));
    change(task);
    add("parent", {task});
    return submit("parent");
  }
};

TEST_F(SubflowTest, ATaskRunsAnotherFlowAndGetsItsOutputs) {
  EXPECT_EQ(submit_parent(), 1);
  EXPECT_EQ(run(2).flow_id, "child");
  EXPECT_EQ(run(2).parent, 1);
  EXPECT_EQ(run(2).parent_path, "call");
  EXPECT_EQ(task(1, "call").state, TaskState::kStarted);
  EXPECT_EQ(detail(1, AttemptState::kStarted), "run 2 of flow acme/child");

  end(2);

  EXPECT_EQ(state(1), RunState::kCompleted);
  EXPECT_EQ(task(1, "call").outputs,
            fmt::format(R"({{"run":{{"id":"{}","number":2,"state":"completed"}},"total":"7"}})",
                        run(2).id.value));
  EXPECT_EQ(detail(1, AttemptState::kCompleted), "run 2 of flow acme/child ended: completed");
}

TEST_F(SubflowTest, AFailureIsPassedOnWithItsCauseAndItsOwner) {
  submit_parent();
  end(2, AttemptState::kFailed);

  EXPECT_EQ(state(1), RunState::kError);
  const TaskError error = task(1, "call").error.value();
  EXPECT_EQ(error.code, TaskErrorCode::kRunFailed);
  EXPECT_EQ(error.message,
            "run 2 of flow acme/child ended: error; task 'work': EXIT_NONZERO: exit 1");
  EXPECT_EQ(error.owner, "team-b");
}

TEST_F(SubflowTest, OnErrorContinueCompletesAndSaysHowItEnded) {
  submit_parent([](TaskSpec& task) { task.subflow.go_on = true; });
  end(2, AttemptState::kFailed);

  EXPECT_EQ(state(1), RunState::kCompleted);
  EXPECT_NE(task(1, "call").outputs.find(R"("state":"error")"), std::string::npos);
}

TEST_F(SubflowTest, WithoutWaitingTheTaskEndsWhenTheRunHasBegun) {
  submit_parent([](TaskSpec& task) { task.subflow.wait = false; });
  EXPECT_EQ(state(1), RunState::kCompleted);
  EXPECT_EQ(state(2), RunState::kRunning);

  end(2, AttemptState::kFailed);
  EXPECT_EQ(state(1), RunState::kCompleted);
  EXPECT_EQ(state(2), RunState::kError);
}

TEST_F(SubflowTest, ARetryBeginsAnotherRun) {
  submit_parent([](TaskSpec& task) { task.retry.attempts = 2; });
  end(2, AttemptState::kFailed);
  ++now;
  settle();
  EXPECT_EQ(run(3).parent, 1);
  end(3);
  EXPECT_EQ(state(1), RunState::kCompleted);
}

TEST_F(SubflowTest, AMissingFlowAndWrongInputsFailTheTask) {
  submit_parent([](TaskSpec& task) { task.subflow.id = "nowhere"; });
  EXPECT_EQ(task(1, "call").error.value().code, TaskErrorCode::kFlowMissing);
  EXPECT_EQ(task(1, "call").error.value().message, "there is no flow 'acme/nowhere'");

  submit_parent([](TaskSpec& task) { task.subflow.inputs = R"({"day":"bad"})"; });
  EXPECT_EQ(task(2, "call").error.value().code, TaskErrorCode::kInputInvalid);
  EXPECT_EQ(task(2, "call").error.value().message, "input 'day' is no date");
  EXPECT_EQ(runs(), 2U);
}

/// One that calls a flow, deeper each time, and again where that fails.
TaskSpec deeper_call(const std::string& id) {
  Subflow wanted = run_of(id);
  wanted.inputs = R"({"deeper":0})";
  TaskSpec call = flow_task("call", std::move(wanted));
  call.retry.attempts = 3;
  return call;
}

TEST_F(SubflowTest, AFlowThatBeginsItselfEndsAtTheGreatestDepth) {
  add("parent", {deeper_call("parent")});
  submit("parent");
  EXPECT_EQ(runs(), static_cast<std::size_t>(kFlowCircleMax));
  EXPECT_EQ(task(kFlowCircleMax, "call").error.value().code, TaskErrorCode::kFlowMissing);
  EXPECT_EQ(state(1), RunState::kError);
}

// Each level with three attempts was 3^16 runs.
TEST_F(SubflowTest, AFlowThatBeginsItselfWithTheSameInputsIsToldAtOnce) {
  TaskSpec call = flow_task("call", run_of("other"));
  call.retry.attempts = 3;
  add("parent", {call});
  call.subflow.id = "parent";
  add("other", {call});
  submit("parent");
  EXPECT_EQ(runs(), 2U);
  EXPECT_EQ(task(2, "call").error.value().message,
            "run 1 of flow acme/parent waits for this one, and with the same inputs would begin "
            "itself without an end");
  EXPECT_EQ(task(1, "call").error.value().code, TaskErrorCode::kRunFailed);
  EXPECT_EQ(state(1), RunState::kError);
}

TEST_F(SubflowTest, AChainOfFlowsMayBeDeeperThanACircle) {
  constexpr int kFlows = kFlowDepthMax + 1;
  for (int i = 1; i < kFlows; ++i) {
    add("f" + std::to_string(i), {flow_task("call", run_of("f" + std::to_string(i + 1)))});
  }
  add("f" + std::to_string(kFlows), {flow_task("call", run_of("f1"))});
  submit("f1");
  EXPECT_EQ(task(kFlowDepthMax, "call").error.value().message,
            "flows begin each other 256 deep, and no deeper");
  EXPECT_EQ(runs(), static_cast<std::size_t>(kFlowDepthMax));
}

TEST_F(SubflowTest, ACircleOfSeveralEndsWhereItHasGoneRound) {
  constexpr int kFlows = kFlowCircleMax + 4;
  for (int i = 1; i <= kFlows; ++i) {
    const std::string next = "f" + std::to_string(i == kFlows ? 1 : i + 1);
    add("f" + std::to_string(i), {flow_task("call", run_of(next))});
  }
  submit("f1");
  EXPECT_EQ(runs(), static_cast<std::size_t>(kFlows));
  EXPECT_EQ(state(1), RunState::kError);
}

TEST_F(SubflowTest, ACancelEndsTheRunThatWasBegun) {
  submit_parent();
  cancel(1);
  ASSERT_EQ(process.cancelled.size(), 1U);
  EXPECT_EQ(process.cancelled.front().run, 2);
  EXPECT_EQ(state(1), RunState::kRunning);  // until nothing of it runs any more

  end(2, AttemptState::kCancelled);
  EXPECT_EQ(state(2), RunState::kCancelled);
  EXPECT_EQ(state(1), RunState::kCancelled);
}

TEST_F(SubflowTest, ATimeLimitEndsTheRunThatWasBegun) {
  submit_parent([](TaskSpec& task) { task.timeout = 1000; });
  now += 1000;
  settle();
  EXPECT_EQ(process.cancelled.size(), 1U);
  EXPECT_EQ(task(1, "call").error.value().code, TaskErrorCode::kTimeoutTotal);
  EXPECT_EQ(state(1), RunState::kRunning);
  end(2, AttemptState::kCancelled);
  EXPECT_EQ(state(1), RunState::kError);
}

TEST_F(SubflowTest, AfterARestartTheSameRunIsWaitedFor) {
  submit_parent();
  boot();
  resume(1);
  EXPECT_EQ(runs(), 2U);
  ASSERT_TRUE(process.live.contains(2));
  end(2);
  EXPECT_EQ(state(1), RunState::kCompleted);
}

TEST_F(SubflowTest, ARunThatEndedBeforeItsParentWasTakenUpCounts) {
  submit_parent();
  boot();
  resume(2);
  end(2);
  EXPECT_EQ(state(1), RunState::kRunning);
  resume(1);
  EXPECT_EQ(state(1), RunState::kCompleted);
  EXPECT_EQ(runs(), 2U);
}

TEST_F(SubflowTest, ACancelThatCameWithARestartReachesTheRun) {
  submit_parent();
  boot();
  const RunRow row = run(1);
  cancel(1);
  ASSERT_EQ(process.cancelled.size(), 1U);
  EXPECT_EQ(process.cancelled.front().run, 2);
  end(2, AttemptState::kCancelled);
  EXPECT_EQ(state(1), RunState::kCancelled);
}

class FlowNeedTest : public SubflowWorld {
 protected:
  FlowNeedTest() {
    for (const char* id : {"a", "b"}) {
      TaskSpec need = flow_task("flow:acme/child", run_of("child"));
      need.subflow.within = 1000;
      TaskSpec work = shell_task("work");
      work.needs = {0};
      add(id, {need, work});
    }
  }
};

TEST_F(FlowNeedTest, ARunThatCompletedWithinTheWindowWillDo) {
  submit("child");
  end(1);
  now += 1000;
  submit("a");
  EXPECT_EQ(runs(), 2U);
  EXPECT_EQ(detail(2, AttemptState::kStarted), "will do: run 1 of flow acme/child");
  EXPECT_TRUE(process.live.contains(2));
}

TEST_F(FlowNeedTest, AnOlderOneWillNot) {
  submit("child");
  end(1);
  now += 1001;
  submit("a");
  EXPECT_EQ(run(3).parent, 2);
  EXPECT_FALSE(process.live.contains(2));
  end(3);
  EXPECT_TRUE(process.live.contains(2));
}

TEST_F(FlowNeedTest, OneThatRunsIsJoinedByAll) {
  submit("child");
  submit("a");
  submit("b");
  EXPECT_EQ(runs(), 3U);
  EXPECT_EQ(detail(2, AttemptState::kStarted), "joins run 1 of flow acme/child");
  end(1);
  EXPECT_TRUE(process.live.contains(2));
  EXPECT_TRUE(process.live.contains(3));
}

TEST_F(FlowNeedTest, AfterOneThatWasOnItsWayAndFailedOneIsBegun) {
  submit("child");
  ++now;
  submit("a");
  submit("b");
  end(1, AttemptState::kFailed);
  EXPECT_EQ(runs(), 4U);  // one for both
  EXPECT_EQ(run(4).flow_id, "child");
  end(4, AttemptState::kFailed);
  EXPECT_EQ(runs(), 4U);
  EXPECT_EQ(state(2), RunState::kError);
  EXPECT_EQ(state(3), RunState::kError);
  EXPECT_EQ(task(2, "work").state, TaskState::kBlocked);
}

TEST_F(FlowNeedTest, ACancelLeavesARunThatWasJoined) {
  submit("child");
  submit("a");
  cancel(2);
  EXPECT_EQ(state(2), RunState::kCancelled);
  EXPECT_EQ(state(1), RunState::kRunning);
}

TEST_F(FlowNeedTest, FlowsThatNeedEachOtherAreToldSo) {
  TaskSpec other = flow_task("flow:acme/b", run_of("b"));
  other.subflow.within = 1000;
  add("a", {other});
  other = flow_task("flow:acme/a", run_of("a"));
  other.subflow.within = 1000;
  add("b", {other});
  submit("a");
  EXPECT_EQ(state(1), RunState::kError);
  EXPECT_EQ(task(2, "flow:acme/a").error.value().message,
            "run 1 waits for this run, and this one for it: flows need each other in a circle");
}

TEST_F(FlowNeedTest, WithInputsOnlyRunsWithTheSameCount) {
  TaskSpec need = flow_task("flow:acme/child", run_of("child"));
  need.subflow.within = 1000;
  need.subflow.inputs = R"({"county":"story"})";
  add("c", {need});
  submit("child", R"({"county":"polk"})");
  submit("child", R"({"county":"story"})");
  submit("c");
  EXPECT_EQ(detail(3, AttemptState::kStarted), "joins run 2 of flow acme/child");
}

}  // namespace
}  // namespace cordyna
