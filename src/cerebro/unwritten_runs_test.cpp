// Runs that leave nothing: owners of one state, one after another, with a loop that forgets.
#include "cerebro/unwritten_runs.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "cerebro/loop.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

/// `tasks` one behind the other, tried twice.
std::shared_ptr<const Flow> chain(const std::string& tasks) {
  auto flow = std::make_shared<Flow>();
  flow->id = "f";
  flow->ns = "acme";
  flow->owner = "team";
  flow->hash = "h" + tasks;
  for (int i = 0; i < std::stoi(tasks); ++i) {
    TaskSpec task;
    task.id = fmt::format("t{}", i + 1);
    task.type = "process";
    task.owner = "team";
    task.kind = TaskKind::kProcess;
    task.retry.attempts = 2;
    if (i > 0) task.needs = {static_cast<TaskIndex>(i - 1)};
    flow->tasks.push_back(std::move(task));
  }
  TriggerSpec spec;
  spec.id = "in";
  spec.type = TriggerType::kWebhook;
  flow->triggers.push_back(std::move(spec));
  return flow;
}

struct Started final : Executor {
  void start(const StartAttempt& command) override { all.push_back(command); }
  void cancel(const CancelAttempt&) override {}
  void adopt(const StartAttempt& command) override { start(command); }
  std::vector<StartAttempt> all;
};

class ForgetfulLoop : public testing::Test {
 protected:
  ForgetfulLoop() { boot(); }

  /// A new owner, who serves. Runs that are written are taken up first.
  void boot() {
    loop_.reset();
    if (booted_) store_ = store_->fork_owner();
    TickPorts ports;
    ports.of_event = [](const EventRow& event) -> Result<std::string> { return event.payload; };
    ports.make_id = [this](Millis) { return RunId{fmt::format("run-{}", ++ids_)}; };
    take(std::make_unique<Loop>(
        engine::Limits{100'000}, *store_, evaluator_,
        [](std::string_view canonical, std::string_view) -> Result<std::shared_ptr<const Flow>> {
          return chain(std::string(canonical));
        },
        std::move(ports), SubflowPorts{}, AuditHash{}, 1'000'000, true));
    started_.all.clear();
    if (!std::exchange(booted_, true)) apply("1", 0);
    const std::vector<RunRow> left = store_->list_runs({.unfinished = true}).value();
    for (const RunRow& run : left) {
      ASSERT_TRUE(loop_->apply(now_, ResumeSignal{run.id}).has_value());
    }
    ASSERT_TRUE(loop_->apply(now_, ServeSignal{true, now_}).has_value());
    ASSERT_TRUE(step().has_value());
  }
  void take(std::unique_ptr<Loop> loop) {
    loop_ = std::move(loop);
    loop_->set_process(started_);
    loop_->set_listener([this](const ChangeSet& changes) {
      for (const RunRow& run : changes.runs) heard_.push_back(run.state);
      for (const AttemptRow& attempt : changes.attempts) heard_attempts_.push_back(attempt.state);
    });
  }
  void apply(const std::string& canonical, std::int64_t from) {
    FlowChange change{"acme", "f", from, false, canonical, "/flows", "/flows/f.yaml"};
    ASSERT_TRUE(loop_->apply(now_, ApplySignal{{change}, now_}).has_value());
    ASSERT_TRUE(step().has_value());
  }
  void send(int count) {
    ask(count);
    ASSERT_TRUE(step().has_value());
  }
  /// The first `count` events; those that were sent before are repeats.
  void ask(int count) {
    IntakeRequest request;
    for (int i = 1; i <= count; ++i) {
      request.events.push_back(
          {"acme", "f", "in", fmt::format("e{}", i), "", fmt::format(R"({{"n":{}}})", i)});
    }
    ASSERT_TRUE(loop_->apply(now_, IntakeSignal{std::move(request), now_}).has_value());
  }
  Result<> step() { return loop_->step(++now_); }
  /// Not saved before the next step.
  void report(std::size_t start, AttemptState state = AttemptState::kCompleted) {
    AttemptReport report;
    report.key = started_.all.at(start).key;
    report.outcome.state = state;
    if (state == AttemptState::kFailed) {
      report.outcome.error =
          make_task_error(TaskErrorCode::kFailedByFlow, Phase::kRun, "it failed");
      report.outcome.error->retryable = true;
    }
    loop_->apply(now_, report);
  }
  /// "1:pending 2:run", by number, and how many runs there are.
  std::string story() {
    std::vector<EventRow> rows = store_->list_events({.limit = 10'000}).value();
    std::string out;
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
      out += fmt::format("{}:{} ", row->no, to_string(row->state));
    }
    return out + fmt::format("runs:{}", store_->list_runs({.limit = 10'000}).value().size());
  }
  bool was_given(std::size_t start, int event) {
    return started_.all.at(start).context.contains(fmt::format(R"("inputs":{{"n":{}}})", event));
  }

  Millis now_ = 1000;
  PlainEvaluator evaluator_;
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
  Started started_;
  std::unique_ptr<Loop> loop_;
  std::vector<RunState> heard_;
  std::vector<AttemptState> heard_attempts_;
  int ids_ = 0;
  bool booted_ = false;
};

TEST_F(ForgetfulLoop, OfARunThatCompletesTheEventStays) {
  send(1);
  ASSERT_EQ(started_.all.size(), 1U);
  EXPECT_EQ(story(), "1:pending runs:0") << "the event is saved before its process is called";
  report(0);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run runs:0");
  ASSERT_FALSE(heard_.empty());
  EXPECT_EQ(heard_.back(), RunState::kCompleted) << "who looks on is told all the same";
  ASSERT_FALSE(heard_attempts_.empty());
  EXPECT_EQ(heard_attempts_.back(), AttemptState::kCompleted);
  EXPECT_EQ(loop_->live_runs(), 0U);
  send(1);
  EXPECT_EQ(started_.all.size(), 1U) << "a repeat";
}

TEST_F(ForgetfulLoop, WhatHasNoResultBeginsAgainAfterACrashAndWhatHasDoesNot) {
  send(2);
  ASSERT_EQ(started_.all.size(), 2U);
  report(0);
  ASSERT_TRUE(step().has_value());
  report(1);  // and is not saved
  boot();
  ASSERT_EQ(started_.all.size(), 1U);
  EXPECT_TRUE(was_given(0, 2));
  report(0);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run 2:run runs:0");
  boot();
  EXPECT_TRUE(started_.all.empty());
}

TEST_F(ForgetfulLoop, AllThatWasLeftIsHandedOutBeforeServeAnswers) {
  for (int i = 0; i < 3; ++i) send(2000 * (i + 1));
  boot();
  EXPECT_EQ(started_.all.size(), 6000U);
  EXPECT_TRUE(was_given(0, 1));
  EXPECT_TRUE(was_given(5999, 6000)) << "in the order in which they came";
}

TEST_F(ForgetfulLoop, AFailedAttemptIsWrittenWithAllOfItsRun) {
  send(1);
  report(0, AttemptState::kFailed);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run runs:1");
  const RunSnapshot run = store_->load_run(1).value();
  ASSERT_EQ(run.tasks.size(), 1U);
  const std::vector<AttemptRow> attempts = store_->list_attempts(1).value();
  ASSERT_FALSE(attempts.empty());
  EXPECT_EQ(attempts[0].state, AttemptState::kFailed);
  EXPECT_GT(run.history_seq, 2) << "from its beginning";
  boot();
  ASSERT_EQ(started_.all.size(), 1U);
  EXPECT_EQ(started_.all[0].key.attempt, 2U);
  report(0);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run runs:0") << "it has completed, and leaves nothing";
}

TEST_F(ForgetfulLoop, ARunThatFailsStays) {
  send(1);
  report(0, AttemptState::kFailed);
  ASSERT_TRUE(step().has_value());
  ASSERT_TRUE(step().has_value());
  report(1, AttemptState::kFailed);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run runs:1");
  EXPECT_EQ(store_->find_run(1).value().state, RunState::kError);
  boot();
  EXPECT_TRUE(started_.all.empty());
}

TEST_F(ForgetfulLoop, WhatOneOfSeveralTasksHasDoneIsKept) {
  apply("2", 1);
  send(1);
  EXPECT_EQ(story(), "1:pending runs:0");
  report(0);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run runs:1");
  boot();
  ASSERT_EQ(started_.all.size(), 1U);
  EXPECT_EQ(started_.all[0].key.path, "t2");
  report(0);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run runs:0");
  EXPECT_FALSE(store_->load_run(1).has_value());
}

TEST_F(ForgetfulLoop, WhatHasBegunGoesOnAsItBeganWhenFlowsChange) {
  send(2);
  report(0);
  apply("2", 1);
  EXPECT_EQ(story(), "1:run 2:run runs:1");
  boot();
  ASSERT_EQ(started_.all.size(), 1U);
  EXPECT_TRUE(was_given(0, 2));
  EXPECT_EQ(started_.all[0].flow->tasks.size(), 1U) << "of the version before";
  report(0);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run 2:run runs:0");
}

TEST_F(ForgetfulLoop, ARefusedCommitDoublesNothing) {
  send(2);
  report(0);
  store_->fail_next_commit({ErrorCode::kConflict, "a row is bad"});
  ASSERT_FALSE(step().has_value());
  ASSERT_TRUE(loop_->refused());
  take(loop_->anew(now_, now_).value());
  EXPECT_EQ(story(), "1:run 2:run runs:2") << "they have begun";
  EXPECT_EQ(started_.all.size(), 2U) << "processes are at them";
  report(0);
  report(1);
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run 2:run runs:0");
  send(3);
  ASSERT_EQ(started_.all.size(), 3U);
  EXPECT_GT(started_.all[2].key.run, started_.all[1].key.run) << "no number comes again";
}

TEST_F(ForgetfulLoop, WhatAFullDiskRefusesIsSavedLaterAndToldOnce) {
  loop_->wait_for_space();
  send(1);
  heard_.clear();
  report(0);
  store_->fail_next_commit({ErrorCode::kNoSpace, "full"});
  ASSERT_FALSE(step().has_value());
  EXPECT_EQ(story(), "1:pending runs:0");
  EXPECT_TRUE(heard_.empty());
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:run runs:0");
  EXPECT_EQ(std::ranges::count(heard_, RunState::kCompleted), 1);
}

TEST_F(ForgetfulLoop, WhatWouldReadEventsAgainIsRefused) {
  const auto off = loop_->apply(now_, SwitchFlowSignal{{"acme", "f", false, "ann", ""}, now_});
  ASSERT_FALSE(off.has_value());
  EXPECT_EQ(off.error().code, ErrorCode::kInvalidArgument);
  const auto settled = loop_->apply(now_, SettleSignal{{1, EventOp::kReplay, "ann"}, now_});
  ASSERT_FALSE(settled.has_value());
  EXPECT_EQ(settled.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ForgetfulLoop, AnEventThatIsPendingIsNotRemovedHoweverOld) {
  send(2);
  report(1);
  ASSERT_TRUE(step().has_value());
  ASSERT_TRUE(loop_->apply(now_, RemoveSignal{{{}, {}, {1, 2}}}).has_value());
  ASSERT_TRUE(step().has_value());
  EXPECT_EQ(story(), "1:pending runs:0");
  boot();
  EXPECT_EQ(started_.all.size(), 1U);
}

/// A program that fails, is refused, finds the disk full and dies, as a seed says.
class RandomWorld : public ForgetfulLoop, public testing::WithParamInterface<int> {
 protected:
  /// Takes what was handed out since; what is kept as done must not come again.
  void look() {
    for (const StartAttempt& command : std::exchange(started_.all, {})) {
      const std::string event = command.context.substr(command.context.find("\"n\":"), 10);
      const std::string work = event.substr(0, event.find('}')) + " " + command.key.path;
      work_.insert_or_assign(command.key, work);
      EXPECT_FALSE(kept_.contains(work)) << work << " is done again";
      open_.insert(command.key);
    }
  }
  void hear(const ChangeSet& changes) {
    for (const AttemptRow& row : changes.attempts) {
      if (row.state != AttemptState::kCompleted) continue;
      const AttemptKey key{row.run, row.path, row.attempt};
      EXPECT_TRUE(kept_.insert(work_.at(key)).second);
    }
  }
  void listen() {
    loop_->wait_for_space();
    loop_->set_listener([this](const ChangeSet& changes) { hear(changes); });
  }
  void die() {
    open_.clear();
    unsaved_.clear();
    boot();
    listen();
    look();
  }
  void end_some(bool well) {
    std::erase_if(open_, [&](const AttemptKey& key) {
      if (draw(3) != 0 && !well) return false;
      AttemptReport report;
      report.key = key;
      if (!well && draw(4) == 0) {
        report.outcome.state = AttemptState::kFailed;
        report.outcome.error =
            make_task_error(TaskErrorCode::kFailedByFlow, Phase::kRun, "it failed");
        report.outcome.error->retryable = true;
      }
      loop_->apply(now_, report);
      unsaved_.push_back(std::move(report));
      return true;
    });
  }
  void go_on() {
    const auto done = step();
    if (loop_->refused()) {
      take(loop_->anew(now_, now_).value());
      listen();
      for (const AttemptReport& report : unsaved_) loop_->apply(now_, report);
      ASSERT_TRUE(step().has_value());
    } else if (!done.has_value() && !loop_->waits()) {
      return die();
    }
    look();
    if (!loop_->waits()) unsaved_.clear();
  }
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  std::mt19937_64 random_{static_cast<std::uint64_t>(GetParam())};
  std::map<AttemptKey, std::string> work_;
  std::set<AttemptKey> open_;
  std::vector<AttemptReport> unsaved_;
  std::set<std::string> kept_;
};

TEST_P(RandomWorld, EachEventIsDoneOnceAndLeavesNothing) {
  apply(std::to_string(1 + draw(3)), 1);
  listen();
  int sent = 0;
  for (int i = 0; i < 100; ++i) {
    const ErrorCode codes[] = {ErrorCode::kConflict, ErrorCode::kNoSpace, ErrorCode::kUnavailable};
    if (draw(10) == 0) store_->fail_next_commit({codes[draw(3)], "as drawn"});
    if (draw(3) == 0 && !loop_->waits()) ask(sent += static_cast<int>(draw(5)));
    go_on();
    end_some(false);
    if (draw(30) == 0) die();
  }
  for (int i = 0; i < 50; ++i) {
    if (!loop_->waits()) ask(sent);
    go_on();
    end_some(true);
  }
  EXPECT_TRUE(open_.empty());
  EXPECT_EQ(store_->count_events().value().last, sent);
  EXPECT_EQ(store_->count_events().value().pending, 0);
  const std::vector<RunRow> runs = store_->list_runs({.limit = 10'000}).value();
  for (const RunRow& run : runs) {
    EXPECT_EQ(run.state, RunState::kError) << run.no;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWorld, testing::Range(1, 21));

}  // namespace
}  // namespace cordyna
