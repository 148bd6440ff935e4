#include <fmt/format.h>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {
namespace {

TaskSpec pooled(std::string id, std::string pool, std::int32_t priority = 0) {
  TaskSpec spec = task(std::move(id));
  spec.pool = std::move(pool);
  spec.priority = priority;
  return spec;
}

class PoolTest : public EngineTest {
 protected:
  PoolTest() : EngineTest({10, {{.name = "w", .slots = 1}, {.name = "r", .rate = {2, 1000}}}}) {}

  void end(const std::string& path, AttemptState state = AttemptState::kCompleted,
           std::uint32_t attempt = 1) {
    report(path, ReportKind::kEnded, state, attempt);
  }
  /// What was started in this step.
  std::string starts() {
    (void)step();
    std::string text;
    for (const StartAttempt& start : last_.starts) text += start.key.path + " ";
    return text;
  }
  Blocker why(const std::string& path) {
    for (const Blocker& blocker : engine_.why(1, now_)) {
      if (blocker.path == path) return blocker;
    }
    return {};
  }
};

TEST_F(PoolTest, AFullPoolHoldsUpNobodyElse) {
  begin({pooled("a", "w"), pooled("b", "w"), pooled("c", ""), pooled("d", "r")});
  EXPECT_EQ(starts(), "a c d ");
  EXPECT_EQ(last_.changes.attempts[0].pool, "w");
  EXPECT_EQ(why("b").kind, BlockerKind::kPool);
  EXPECT_EQ(why("b").what, "pool 'w' is full: 1 of 1 slots, held by 'a' of run 1");
  end("a");
  EXPECT_EQ(starts(), "b ");
}

TEST_F(PoolTest, PriorityDecidesWithinAPoolAndArrivalAmongEquals) {
  begin({pooled("a", "w"), pooled("b", "w"), pooled("c", "w", 5), pooled("d", "w")});
  // All ask in one step: the greatest first.
  EXPECT_EQ(starts(), "c ");
  end("c");
  EXPECT_EQ(starts(), "a ");
  end("a");
  EXPECT_EQ(starts(), "b ");
}

TEST_F(PoolTest, ARateIsASlidingWindowWithATimer) {
  begin({pooled("a", "r"), pooled("b", "r"), pooled("c", "r"), pooled("d", "r")});
  EXPECT_EQ(starts(), "a b ");
  EXPECT_EQ(why("c").kind, BlockerKind::kRate);
  EXPECT_EQ(why("c").until, now_ + 1000);
  EXPECT_EQ(why("c").what, "pool 'r' has had its 2 starts per 1.0s");
  end("a");
  EXPECT_EQ(starts(), "");
  EXPECT_EQ(engine_.next_timer(), now_ + 1000);
  now_ += 999;
  EXPECT_EQ(starts(), "");
  now_ += 1;
  EXPECT_EQ(starts(), "c d ");
  EXPECT_EQ(engine_.next_timer(), std::nullopt);
}

TEST_F(PoolTest, ARetryTakesASlotAndAStartAgain) {
  TaskSpec again = pooled("a", "r");
  again.retry.attempts = 2;
  begin({again, pooled("b", "r")});
  EXPECT_EQ(starts(), "a b ");
  now_ += 10;
  end("a", AttemptState::kFailed);
  EXPECT_EQ(starts(), "");
  EXPECT_EQ(why("a").kind, BlockerKind::kRate);
  now_ += 990;
  EXPECT_EQ(starts(), "a ");
  EXPECT_EQ(engine_.slots().find("r")->starts.size(), 2U);
}

TEST_F(PoolTest, AScriptThatLooksTakesASlotEachTime) {
  TaskSpec look = pooled("a", "w", 1);
  look.type = "wait_for";
  look.wait = {.what = WaitFor::kScript, .time = 100};
  begin({look, pooled("b", "w")});
  EXPECT_EQ(starts(), "a ");
  end("a", AttemptState::kFailed);
  EXPECT_EQ(starts(), "b ");
  now_ += 100;
  EXPECT_EQ(starts(), "");
  EXPECT_EQ(why("a").kind, BlockerKind::kPool);
  end("b");
  EXPECT_EQ(starts(), "a ");
}

TEST_F(PoolTest, AnUndeclaredPoolHasNoLimit) {
  begin({pooled("a", "gone"), pooled("b", "gone")});
  EXPECT_EQ(starts(), "a b ");
  EXPECT_EQ(engine_.slots().find("gone"), nullptr);
}

TEST_F(PoolTest, AdoptedAttemptsHaveTheirSlotsAlsoWhereThereAreFewer) {
  begin({pooled("a", "w"), pooled("b", "w"), pooled("c", "w")});
  RunSnapshot rows;
  rows.run = {.no = 1, .id = RunId{"r"}, .flow_id = "f", .state = RunState::kRunning};
  for (const char* path : {"a", "b"}) {
    TaskRow row;
    row.run = 1;
    row.path = path;
    row.attempt = 1;
    row.first_at = now_;
    rows.tasks.push_back(row);
    AttemptRow attempt;
    attempt.run = 1;
    attempt.path = path;
    attempt.attempt = 1;
    attempt.state = AttemptState::kDispatched;
    attempt.known_dead = false;
    attempt.pool = "w";
    rows.attempts.push_back(attempt);
  }
  engine_ = Engine({10, {{.name = "w", .slots = 1}}}, evaluator_);
  out_ = {};
  // Known before its run is taken up, and counted once.
  engine_.know(now_, {.holders = {rows.attempts[0]}});
  EXPECT_EQ(engine_.slots().find("w")->holders.size(), 1U);
  ASSERT_TRUE(engine_.restore_run(now_, rows, flow_, out_).has_value());
  EXPECT_EQ(starts(), "");
  EXPECT_EQ(engine_.slots().find("w")->holders.size(), 2U);
  end("a");
  EXPECT_EQ(starts(), "");  // one is still as many as may be
  end("b");
  EXPECT_EQ(starts(), "c ");
}

TEST_F(PoolTest, StartsOfAnOwnerBeforeCountAndTheClockMayHaveBeenSetBack) {
  engine_.know(now_, {.starts = {{"r", {now_ - 400, now_ + 5000}}}});
  begin({pooled("a", "r")});
  EXPECT_EQ(starts(), "");
  now_ += 600;
  EXPECT_EQ(starts(), "a ");
  EXPECT_EQ(engine_.slots().find("r")->next_start(), now_ - 600 + 1000);
}

TEST_F(PoolTest, WhatNobodyHasTakenUpHoldsItsSlot) {
  AttemptRow left;
  left.run = 7;
  left.path = "x";
  left.pool = "w";
  engine_.know(now_, {.holders = {left}});
  begin({pooled("a", "w")});
  EXPECT_EQ(starts(), "");
  EXPECT_EQ(why("a").what, "pool 'w' is full: 1 of 1 slots, held by 'x' of run 7");
}

}  // namespace
}  // namespace cordyna::engine
