// Limits across owners: what is stored counts, whoever has taken it up.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "cerebro/explain.hpp"
#include "cerebro/loop.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

/// Notes what it is told; nothing ends by itself.
class NotedProcess final : public Executor {
 public:
  void start(const StartAttempt& command) override { started.push_back(command.key.run); }
  void cancel(const CancelAttempt& command) override { cancelled.push_back(command.key.run); }
  void adopt(const StartAttempt& command) override { adopted.push_back(command.key.run); }

  std::vector<RunNo> started;
  std::vector<RunNo> cancelled;
  std::vector<RunNo> adopted;
};

class LoopConcurrencyTest : public testing::Test {
 protected:
  LoopConcurrencyTest() : store_(std::make_unique<MemoryStore>()) {
    flow_ = std::make_shared<Flow>();
    flow_->id = "f";
    flow_->owner = "team";
    flow_->hash = "h";
    flow_->concurrency.limit = 1;
    TaskSpec task;
    task.id = "a";
    task.type = "shell";
    task.owner = "team";
    flow_->tasks = {task};
    boot();
  }

  /// Another owner of the same state.
  void boot() {
    if (loop_ != nullptr) store_ = store_->fork_owner();
    process_ = NotedProcess();
    loop_ = std::make_unique<Loop>(engine::Limits{8, pools_}, *store_, evaluator_, loader());
    loop_->set_process(process_);
  }
  FlowLoader loader() {
    return [this](std::string_view, std::string_view) -> Result<std::shared_ptr<const Flow>> {
      return flow_;
    };
  }
  RunNo submit(const std::string& id) {
    const auto no = loop_->apply(now_, SubmitSignal{{RunId{id}, flow_, "{}", "{}"}});
    EXPECT_TRUE(no.has_value()) << no.error().message;
    drain();
    return no.value_or(0);
  }
  void resume(const std::string& id) {
    ASSERT_TRUE(loop_->apply(now_, ResumeSignal{RunId{id}}).has_value());
    drain();
  }
  void end(RunNo run, AttemptState state = AttemptState::kCompleted) {
    AttemptReport report{{run, "a", 1}, ReportKind::kEnded, {}};
    report.outcome.state = state;
    loop_->apply(now_, report);
    drain();
  }
  void drain() {
    do {
      ASSERT_TRUE(loop_->step(now_).has_value());
    } while (loop_->has_work());
  }
  RunState state(RunNo run) { return store_->find_run(run)->state; }

  PlainEvaluator evaluator_;
  std::vector<PoolSpec> pools_;
  std::shared_ptr<Flow> flow_;
  std::unique_ptr<MemoryStore> store_;
  NotedProcess process_;
  std::unique_ptr<Loop> loop_;
  Millis now_ = 1'000'000;
};

TEST_F(LoopConcurrencyTest, TheOrderHoldsUnderAnotherOwner) {
  for (const char* id : {"one", "two", "three"}) (void)submit(id);
  boot();
  // Only the last of them is asked for: those before it come along, but not what has begun.
  resume("three");
  EXPECT_EQ(state(2), RunState::kPending);
  EXPECT_EQ(state(3), RunState::kPending);
  EXPECT_EQ(loop_->live_runs(), 2U);
  EXPECT_TRUE(process_.adopted.empty());
  resume("one");
  EXPECT_EQ(process_.adopted, std::vector<RunNo>{1});
  end(1);
  EXPECT_EQ(state(2), RunState::kRunning);
  EXPECT_EQ(state(3), RunState::kPending);
  end(2);
  EXPECT_EQ(state(3), RunState::kRunning);
  EXPECT_EQ(process_.started, (std::vector<RunNo>{2, 3}));
}

TEST_F(LoopConcurrencyTest, ARunThatNobodyDrivesCountsAndWhySaysSo) {
  (void)submit("one");
  boot();
  const RunNo next = submit("two");
  EXPECT_EQ(state(next), RunState::kPending);
  EXPECT_EQ(loop_->apply(now_, DrivesSignal{RunId{"one"}}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(loop_->apply(now_, DrivesSignal{RunId{"two"}}).value(), next);
  const auto why = explain(*store_, next, loader(), {}, now_);
  ASSERT_TRUE(why.has_value()) << why.error().message;
  ASSERT_EQ(why->size(), 1U);
  EXPECT_EQ(why->front().kind, engine::BlockerKind::kConcurrency);
  EXPECT_EQ(why->front().run, 1);
}

TEST_F(LoopConcurrencyTest, CancelTakesUpWhatNobodyDrives) {
  flow_->concurrency.when_full = WhenFull::kCancel;
  (void)submit("one");
  boot();
  const RunNo next = submit("two");
  EXPECT_EQ(process_.cancelled, std::vector<RunNo>{1});
  EXPECT_EQ(state(next), RunState::kPending);
  end(1, AttemptState::kCancelled);
  EXPECT_EQ(state(1), RunState::kCancelled);
  EXPECT_EQ(state(next), RunState::kRunning);
}

TEST_F(LoopConcurrencyTest, APendingRunIsCancelledUnderAnyOwner) {
  (void)submit("one");
  const RunNo next = submit("two");
  boot();
  ASSERT_TRUE(loop_->apply(now_, CancelSignal{RunId{"two"}}).has_value());
  drain();
  EXPECT_EQ(state(next), RunState::kCancelled);
  EXPECT_EQ(store_->list_history(next, 1, 10)->front().detail, "cancelled before it began");
}

TEST_F(LoopConcurrencyTest, AQueuedRerunKeepsWhatItTookOver) {
  TaskSpec after = flow_->tasks[0];
  after.id = "b";
  after.needs = after.refs = {0};
  flow_->tasks.push_back(after);
  (void)submit("one");
  end(1);
  AttemptReport broken{{1, "b", 1}, ReportKind::kEnded, {}};
  broken.outcome.state = AttemptState::kFailed;
  broken.outcome.error = make_task_error(TaskErrorCode::kExitNonzero, Phase::kRun, "exit code 1");
  loop_->apply(now_, broken);
  drain();
  ASSERT_EQ(state(1), RunState::kError);
  (void)submit("two");
  const auto again = loop_->apply(now_, RerunSignal{{RunId{"three"}, 1, "{}", {"a"}}});
  ASSERT_TRUE(again.has_value()) << again.error().message;
  drain();
  EXPECT_EQ(state(*again), RunState::kPending);
  boot();
  resume("three");
  ASSERT_TRUE(loop_->apply(now_, CancelSignal{RunId{"two"}}).has_value());
  drain();
  end(2, AttemptState::kCancelled);
  EXPECT_EQ(state(*again), RunState::kRunning);
  // What was taken over is not done again.
  const auto attempts = store_->list_attempts(*again);
  ASSERT_EQ(attempts->size(), 1U);
  EXPECT_EQ(attempts->front().path, "b");
}

TEST_F(LoopConcurrencyTest, ARateHoldsUnderAnotherOwner) {
  flow_->concurrency = {};
  flow_->tasks[0].pool = "w";
  pools_ = {{.name = "w", .rate = {1, 1000}}};
  boot();
  (void)submit("one");
  end(1);
  boot();
  now_ += 400;
  (void)submit("two");
  EXPECT_TRUE(process_.started.empty());
  EXPECT_EQ(loop_->next_timer(), now_ + 600);
  const auto pools = pool_use(*store_, loader(), {1, pools_}, now_);
  ASSERT_TRUE(pools.has_value()) << pools.error().message;
  EXPECT_EQ(pools->front().started, 1U);
  EXPECT_EQ(pools->front().next_start, now_ + 600);
  EXPECT_EQ(pools->front().waiting, (std::vector<engine::SlotHolder>{{2, "a"}}));
  now_ += 600;
  drain();
  EXPECT_EQ(process_.started, std::vector<RunNo>{2});
}

TEST_F(LoopConcurrencyTest, AnAttemptThatNobodyHasTakenUpHoldsItsSlot) {
  flow_->concurrency = {};
  flow_->tasks[0].pool = "w";
  pools_ = {{.name = "w", .slots = 1}};
  boot();
  (void)submit("one");
  boot();
  (void)submit("two");
  EXPECT_TRUE(process_.started.empty());
  const auto why = explain(*store_, 2, loader(), {1, pools_}, now_);
  ASSERT_TRUE(why.has_value());
  EXPECT_EQ(why->front().kind, engine::BlockerKind::kPool);
  EXPECT_EQ(why->front().what, "pool 'w' is full: 1 of 1 slots, held by 'a' of run 1");
  const auto pools = pool_use(*store_, loader(), {1, pools_}, now_);
  EXPECT_EQ(pools->front().holders, (std::vector<engine::SlotHolder>{{1, "a"}}));
  EXPECT_EQ(pools->front().waiting, (std::vector<engine::SlotHolder>{{2, "a"}}));
  resume("one");
  end(1);
  EXPECT_EQ(process_.started, std::vector<RunNo>{2});
}

}  // namespace
}  // namespace cordyna
