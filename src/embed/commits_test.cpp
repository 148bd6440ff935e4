#include "embed/commits.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "store/memory/memory_store.hpp"

namespace cordyna::embed {
namespace {

class CommitsTest : public testing::Test {
 protected:
  /// Events and runs of these numbers, that ended so.
  static ChangeSet ended(RunNo from, RunNo to, RunState state) {
    ChangeSet changes;
    for (RunNo no = from; no <= to; ++no) {
      EventRow event;
      event.no = no;
      event.state = EventState::kRun;
      changes.events.push_back(event);
      RunRow run;
      run.no = no;
      run.state = state;
      changes.runs.push_back(run);
    }
    return changes;
  }
  static std::vector<std::int64_t> numbers(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> all(static_cast<std::size_t>(to - from + 1));
    std::iota(all.begin(), all.end(), from);
    return all;
  }

  OrchestratorOptions options_;
  Reporter reporter_{options_};
  Room room_{1, 0};
  Commits commits_{room_, reporter_, 100};
  std::stop_source stop_;
};

TEST_F(CommitsTest, WhatCompletedIsGoneAndTheNewestEventsAreRemembered) {
  commits_.on_commit(ended(1, 600, RunState::kCompleted));
  commits_.on_commit(ended(601, 700, RunState::kCompleted));
  const auto first = commits_.wait(stop_.get_token());
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->runs, numbers(1, 0));
  EXPECT_EQ(first->events, numbers(1, 600));
  commits_.on_commit(ended(701, 1300, RunState::kWarning));
  const auto second = commits_.wait(stop_.get_token());
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->runs, numbers(1, 0));
  EXPECT_EQ(second->events, numbers(601, 1200));
}

TEST_F(CommitsTest, AnEventThatEndsLateGoesThen) {
  ChangeSet begun;
  for (EventNo no = 1; no <= 2000; ++no) begun.events.emplace_back().no = no;  // pending
  commits_.on_commit(begun);
  ASSERT_EQ(commits_.wait(stop_.get_token())->events, numbers(1, 1024));
  ASSERT_EQ(commits_.wait(stop_.get_token())->events, numbers(1025, 1900));
  ChangeSet had_run;
  for (EventNo no = 1; no <= 600; ++no) {
    EventRow& event = had_run.events.emplace_back();
    event.no = no;
    event.from = EventState::kPending;
    event.state = EventState::kRun;
  }
  commits_.on_commit(had_run);
  const auto late = commits_.wait(stop_.get_token());
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->events, numbers(1, 600));
}

TEST_F(CommitsTest, OfFailedRunsTheLastThousandStay) {
  commits_.on_commit(ended(1, 1600, RunState::kError));
  const auto old = commits_.wait(stop_.get_token());
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ(old->runs, numbers(1, 600));
}

TEST_F(CommitsTest, WhatEarlierProgramsLeftGoesToo) {
  MemoryStore store;
  ChangeSet changes = ended(1, 600, RunState::kCompleted);
  for (RunRow& run : changes.runs) run.id = RunId{"run-" + std::to_string(run.no)};
  for (EventRow& event : changes.events) {
    event.run = event.no;
    event.event_id = std::to_string(event.no);
  }
  ASSERT_TRUE(store.commit(changes).has_value());
  ASSERT_TRUE(commits_.know(store).has_value());
  const auto old = commits_.wait(stop_.get_token());
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ(old->runs, numbers(1, 599));
  EXPECT_EQ(old->events, numbers(1, 500));
}

TEST_F(CommitsTest, TheRoomIsWhatHasBegunAndNotEnded) {
  ChangeSet begun = ended(1, 1, RunState::kRunning);
  commits_.on_commit(begun);
  stop_.request_stop();
  EXPECT_FALSE(room_.take(1, stop_.get_token())) << "one is under way, and no more may be";
  ChangeSet end;
  end.runs = begun.runs;
  end.runs[0].state = RunState::kError;
  commits_.on_commit(end);
  EXPECT_TRUE(room_.take(1, {}));
}

TEST_F(CommitsTest, TheFirstErrorEndsTheWaitAndIsTheVerdict) {
  EXPECT_TRUE(commits_.verdict().has_value());
  commits_.end({ErrorCode::kNotFound, "first"});
  commits_.on_stopped({ErrorCode::kUnavailable, "second"});
  EXPECT_FALSE(commits_.wait(stop_.get_token()).has_value());
  EXPECT_EQ(commits_.verdict().error().message, "first");
}

}  // namespace
}  // namespace cordyna::embed
