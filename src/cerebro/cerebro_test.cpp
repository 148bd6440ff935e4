#include "cerebro/cerebro.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "cerebro/explain.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

/// Ends each attempt at once, from inside the call, unless told to hold it.
class InstantProcess final : public Executor {
 public:
  explicit InstantProcess(ReportSink sink) : sink_(std::move(sink)) {}

  void start(const StartAttempt& command) override {
    const std::lock_guard lock(mutex_);
    started.insert(command.key);
    if (hold) return;
    (void)sink_({command.key, ReportKind::kStarted, {}});
    (void)sink_({command.key, ReportKind::kEnded, {}});
  }
  void cancel(const CancelAttempt& command) override {
    Outcome outcome;
    outcome.state = AttemptState::kCancelled;
    (void)sink_({command.key, ReportKind::kEnded, outcome});
  }
  void adopt(const StartAttempt& command) override {
    adopted.insert(command.key);
    (void)sink_({command.key, ReportKind::kEnded, {}});
  }

  bool hold = false;
  std::set<AttemptKey> started;
  std::set<AttemptKey> adopted;

 private:
  std::mutex mutex_;
  ReportSink sink_;
};

class Waiter final : public CommitObserver {
 public:
  void on_commit(const ChangeSet& changes) override {
    const std::lock_guard lock(mutex_);
    for (const RunRow& row : changes.runs) states_[row.no] = row.state;
    attempts_ += changes.attempts.size();
    changed_.notify_all();
  }
  void on_stopped(const Error& error) override {
    const std::lock_guard lock(mutex_);
    stopped_ = error.message;
    changed_.notify_all();
  }
  void on_full(const Error& why) override {
    const std::lock_guard lock(mutex_);
    full_ = why.message;
    changed_.notify_all();
  }
  void on_room() override {
    const std::lock_guard lock(mutex_);
    full_.clear();
    changed_.notify_all();
  }
  void becomes(bool full) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return full != full_.empty(); }));
  }
  RunState end_of(RunNo no) {
    std::unique_lock lock(mutex_);
    const bool ended =
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return is_final(states_[no]); });
    EXPECT_TRUE(ended);
    return states_[no];
  }
  std::string stop_message() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(60), [&] { return !stopped_.empty(); }));
    return stopped_;
  }
  void first_attempt() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return attempts_ > 0; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<RunNo, RunState> states_;
  std::size_t attempts_ = 0;
  std::string stopped_;
  std::string full_;
};

std::shared_ptr<const Flow> chain(std::size_t length) {
  auto flow = std::make_shared<Flow>();
  flow->id = "chain";
  flow->owner = "team";
  flow->hash = "h" + std::to_string(length);
  for (std::size_t i = 0; i < length; ++i) {
    TaskSpec task;
    task.id = "t" + std::to_string(i);
    task.owner = "team";
    if (i > 0) task.needs = {static_cast<TaskIndex>(i - 1)};
    flow->tasks.push_back(std::move(task));
  }
  return flow;
}

class CerebroTest : public testing::Test {
 protected:
  FlowLoader loader() {
    return [](std::string_view text, std::string_view) -> Result<std::shared_ptr<const Flow>> {
      return chain(std::stoul(std::string(text)));
    };
  }
  RunRequest request(std::string id, std::size_t length) {
    return {RunId{std::move(id)}, chain(length), std::to_string(length), "{}"};
  }

  SystemClock clock_;
  PlainEvaluator evaluator_;
  MemoryStore store_;
  Waiter waiter_;
};

TEST_F(CerebroTest, RunsEndAndAskingTwiceIsHarmless) {
  Cerebro cerebro({.limits = {2}, .inbox_max = 4}, clock_, store_, evaluator_, loader());
  InstantProcess process(cerebro.sink());
  cerebro.subscribe(waiter_);
  cerebro.start(process);
  const auto no = cerebro.submit(request("a", 50));
  ASSERT_TRUE(no.has_value());
  EXPECT_EQ(waiter_.end_of(*no), RunState::kCompleted);
  EXPECT_EQ(*cerebro.submit(request("a", 50)), *no);
  EXPECT_EQ(process.started.size(), 50u);
  EXPECT_EQ(cerebro.resume(RunId{"a"}).error().code, ErrorCode::kConflict);
  EXPECT_EQ(cerebro.cancel(RunId{"zz"}).error().code, ErrorCode::kNotFound);
}

TEST_F(CerebroTest, ManyThreadsSubmitAtOnce) {
  Cerebro cerebro({.limits = {3}, .inbox_max = 2}, clock_, store_, evaluator_, loader());
  InstantProcess process(cerebro.sink());
  cerebro.subscribe(waiter_);
  cerebro.start(process);
  std::vector<std::thread> clients;
  clients.reserve(4);
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < 10; ++i) {
        const auto no =
            cerebro.submit(request(std::to_string(client) + "-" + std::to_string(i), 5));
        ASSERT_TRUE(no.has_value());
        EXPECT_EQ(waiter_.end_of(*no), RunState::kCompleted);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(store_.list_runs({.limit = 100})->size(), 40u);
}

TEST_F(CerebroTest, TheNextOwnerTakesUpWhatWasRunning) {
  {
    Cerebro first({.limits = {2}}, clock_, store_, evaluator_, loader());
    InstantProcess process(first.sink());
    process.hold = true;
    first.subscribe(waiter_);
    first.start(process);
    ASSERT_TRUE(first.submit(request("a", 3)).has_value());
    waiter_.first_attempt();
    const auto why = explain(store_, 1, loader(), {}, clock_.now());
    ASSERT_TRUE(why.has_value());
    EXPECT_EQ(why->front().kind, engine::BlockerKind::kRunning);
    EXPECT_EQ(why->back().what, "t1");
  }
  const auto owner = store_.fork_owner();
  Cerebro second({.limits = {2}}, clock_, *owner, evaluator_, loader());
  InstantProcess process(second.sink());
  second.subscribe(waiter_);
  second.start(process);
  ASSERT_TRUE(second.resume(RunId{"a"}).has_value());
  EXPECT_EQ(waiter_.end_of(1), RunState::kCompleted);
  EXPECT_EQ(process.adopted, (std::set<AttemptKey>{{1, "t0", 1}}));
  EXPECT_EQ(process.started.size(), 2u) << "what was dispatched before is adopted, not started";
}

TEST_F(CerebroTest, CancelEndsARun) {
  Cerebro cerebro({.limits = {1}}, clock_, store_, evaluator_, loader());
  InstantProcess process(cerebro.sink());
  process.hold = true;
  cerebro.subscribe(waiter_);
  cerebro.start(process);
  const auto no = cerebro.submit(request("a", 3));
  ASSERT_TRUE(no.has_value());
  ASSERT_TRUE(cerebro.cancel(RunId{"a"}).has_value());
  EXPECT_EQ(waiter_.end_of(*no), RunState::kCancelled);
}

TEST_F(CerebroTest, AStoreThatRefusesStopsItAndSaysWhy) {
  Cerebro cerebro({.limits = {1}}, clock_, store_, evaluator_, loader());
  InstantProcess process(cerebro.sink());
  cerebro.subscribe(waiter_);
  cerebro.start(process);
  store_.fail_next_commit({ErrorCode::kUnavailable, "no space"});
  EXPECT_EQ(cerebro.submit(request("a", 1)).error().message, "no space");
  EXPECT_EQ(waiter_.stop_message(), "no space");
  EXPECT_EQ(cerebro.submit(request("b", 1)).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(process.started.empty()) << "nothing goes out that was not saved";
}

/// Refuses, as a database does, whatever has to do with something bad; and waits at the first
/// commit, so that what is asked for meanwhile is one batch.
class PickyStore final : public MemoryStore {
 public:
  Result<> commit(const ChangeSet& changes) override {
    if (std::exchange(first_, false)) {
      reached.set_value();
      go_on.get_future().wait();
    }
    for (const RunRow& row : changes.runs) {
      if (row.id.value.starts_with("bad")) return fail(ErrorCode::kInternal, "a rule is broken");
    }
    for (const UserRow& row : changes.users) {
      if (row.name.starts_with("bad")) return fail(ErrorCode::kConflict, "it is there already");
    }
    for (const AttemptRow& row : changes.attempts) {
      if (row.path == "t1" && is_final(row.state) && refuse_an_end && !row.error.has_value()) {
        return fail(ErrorCode::kInvalidArgument, "a text is too long");
      }
    }
    return MemoryStore::commit(changes);
  }
  std::promise<void> reached;
  std::promise<void> go_on;
  bool refuse_an_end = false;

 private:
  bool first_ = true;
};

class OneBatchTest : public CerebroTest {
 protected:
  void ask(ServerRequest request) {
    AuditNote note;
    note.actor = "user:ann";
    note.action = "ask";
    auto& place = answers_.emplace_back(fail(ErrorCode::kInternal, "no answer"));
    cerebro_->ask(std::move(request), note, [this, &place](Result<std::int64_t> answer) {
      place = std::move(answer);
      if (++answered_ == wanted_) done_.set_value();
    });
  }
  void begin() {
    cerebro_->subscribe(waiter_);
    cerebro_->start(process_);
    // What is there before: a run with an attempt that lives.
    wanted_ = 1;
    ask(request("before", 2));
    store_.reached.get_future().wait();
  }
  void go_on(std::size_t wanted) {
    wanted_ += wanted;
    store_.go_on.set_value();
  }
  IdentityRequest user(const std::string& name) {
    IdentityRequest identity;
    identity.users.push_back({.name = name, .version = 1});
    return identity;
  }

  PickyStore store_;
  std::unique_ptr<Cerebro> cerebro_ = std::make_unique<Cerebro>(
      CerebroSettings{.limits = {9},
                      .audit = [](std::string_view text) { return std::string(text); }},
      clock_, store_, evaluator_, loader());
  InstantProcess process_{cerebro_->sink()};
  std::deque<Result<std::int64_t>> answers_;
  std::size_t answered_ = 0;
  std::size_t wanted_ = 0;
  std::promise<void> done_;
};

TEST_F(OneBatchTest, WhatOneAskedForThatIsRefusedHarmsNobodyElse) {
  process_.hold = true;
  begin();
  ask(request("a", 1));
  ask(user("bad"));
  ask(request("b", 1));
  ask(request("bad-run", 1));
  ask(user("good"));
  ask(CancelRequest{RunId{"nothing"}});
  go_on(6);
  done_.get_future().wait();
  EXPECT_EQ(answers_[0].value_or(0), 1);
  EXPECT_TRUE(answers_[1].has_value());
  EXPECT_EQ(answers_[2].error().message, "it is there already");
  EXPECT_EQ(answers_[2].error().code, ErrorCode::kConflict);
  EXPECT_TRUE(answers_[3].has_value());
  EXPECT_EQ(answers_[4].error().message, "a rule is broken");
  EXPECT_TRUE(answers_[5].has_value());
  EXPECT_EQ(answers_[6].error().code, ErrorCode::kNotFound);

  // And it goes on: what ran is neither begun nor adopted again, and its end is heard.
  EXPECT_TRUE(cerebro_->takes_work());
  for (const char* id : {"before", "a", "b"}) ASSERT_TRUE(cerebro_->cancel(RunId{id}).has_value());
  for (RunNo no = 1; no <= 3; ++no) EXPECT_EQ(waiter_.end_of(no), RunState::kCancelled);
  cerebro_->stop();
  EXPECT_TRUE(process_.adopted.empty());
  EXPECT_EQ(store_.list_runs({})->size(), 3u);
  EXPECT_EQ(store_.list_users()->size(), 1u);
  const auto audit = store_.list_audit({.limit = 10});
  ASSERT_EQ(audit->size(), 4u) << "what was refused has no entry";
  EXPECT_EQ(audit->front().seq, 4);
}

TEST_F(OneBatchTest, AnEndThatCannotBeSavedIsAFailure) {
  store_.refuse_an_end = true;
  begin();
  ask(request("other", 1));
  go_on(1);
  done_.get_future().wait();
  EXPECT_EQ(waiter_.end_of(2), RunState::kCompleted);
  EXPECT_EQ(waiter_.end_of(1), RunState::kError);
  cerebro_->stop();
  const auto attempts = store_.list_attempts(1);
  ASSERT_EQ(attempts->size(), 2u);
  EXPECT_EQ(attempts->back().error->message,
            "what it ended with cannot be saved: a text is too long");
  EXPECT_TRUE(process_.adopted.empty());
}

TEST_F(OneBatchTest, WhatIsNobodysFaultEndsIt) {
  begin();
  const auto rival = store_.fork_owner();
  go_on(0);
  EXPECT_EQ(waiter_.stop_message().find("the state was taken by another owner"), 0u);
}

/// A disk that is full for as long as it is told to be.
class FullStore final : public MemoryStore {
 public:
  Result<> commit(const ChangeSet& changes) override {
    if (full) return fail(ErrorCode::kNoSpace, "no space");
    return MemoryStore::commit(changes);
  }
  std::atomic<bool> full = false;
};

TEST_F(CerebroTest, AFullDiskIsWaitedOut) {
  FullStore store;
  Cerebro cerebro({.limits = {1}, .waits_for_space = true}, clock_, store, evaluator_, loader());
  InstantProcess process(cerebro.sink());
  cerebro.subscribe(waiter_);
  cerebro.start(process);
  store.full = true;
  std::thread client([&] { EXPECT_EQ(cerebro.submit(request("a", 3)).value_or(0), 1); });
  waiter_.becomes(true);
  EXPECT_FALSE(cerebro.takes_work());
  EXPECT_EQ(cerebro.submit(request("b", 1)).error().code, ErrorCode::kNoSpace);
  EXPECT_TRUE(process.started.empty()) << "nothing goes out that was not saved";
  store.full = false;
  client.join();
  EXPECT_EQ(waiter_.end_of(1), RunState::kCompleted);
  waiter_.becomes(false);
  EXPECT_TRUE(cerebro.takes_work());
  EXPECT_EQ(cerebro.submit(request("b", 1)).value_or(0), 2);
  EXPECT_EQ(waiter_.end_of(2), RunState::kCompleted);
}

TEST_F(CerebroTest, ItCanBeStoppedOnAFullDisk) {
  FullStore store;
  Cerebro cerebro({.limits = {1}, .waits_for_space = true}, clock_, store, evaluator_, loader());
  InstantProcess process(cerebro.sink());
  cerebro.subscribe(waiter_);
  cerebro.start(process);
  store.full = true;
  std::thread client(
      [&] { EXPECT_EQ(cerebro.submit(request("a", 3)).error().code, ErrorCode::kUnavailable); });
  waiter_.becomes(true);
  cerebro.stop();
  client.join();
  EXPECT_EQ(store.last_run_no().value(), 0);
}

}  // namespace
}  // namespace cordyna
