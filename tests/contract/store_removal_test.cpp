// What goes when runs grow old, and what must stay.
#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

class StoreRemoval : public StoreContract {
 protected:
  /// A run that ended, with a row of each kind.
  void add(RunNo no, const std::string& hash = "h", RunNo rerun_of = 0,
           RunState state = RunState::kCompleted) {
    ChangeSet changes;
    changes.flows.push_back({hash, "f", "", "{}"});
    RunRow run = make_run(no);
    run.error.reset();
    run.state = state;
    run.flow_hash = hash;
    run.rerun_of = rerun_of;
    run.backfill.clear();
    changes.runs.push_back(run);
    changes.tasks.push_back(make_task(no, "a"));
    changes.attempts.push_back(make_attempt(no, "a", 1));
    changes.history.push_back(make_history(no, 1));
    must_commit(changes);
  }
  static ChangeSet removal(std::vector<RunNo> runs) {
    ChangeSet changes;
    changes.removed_runs = std::move(runs);
    return changes;
  }
  std::vector<std::pair<RunNo, bool>> old_runs(RunNo after = 0, std::uint32_t limit = 100) {
    std::vector<std::pair<RunNo, bool>> found;
    const std::vector<OldRun> all = store().list_old_runs(after, limit).value();
    found.reserve(all.size());
    for (const OldRun& old : all) {
      found.emplace_back(old.run.no, old.needed);
    }
    return found;
  }
};

using Found = std::vector<std::pair<RunNo, bool>>;

TEST_P(StoreRemoval, ARunGoesWithAllItsRows) {
  add(1, "h1");
  add(2, "h2");
  must_commit(removal({1, 99}));
  EXPECT_EQ(store().find_run(1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().load_run(1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().find_flow("h1").error().code, ErrorCode::kNotFound) << "nobody has it any more";
  EXPECT_TRUE(store().find_flow("h2").has_value());
  EXPECT_EQ(store().load_run(2).value().tasks.size(), 1u);
  restart();
  EXPECT_EQ(store().list_runs({}).value().size(), 1u);
  must_commit(removal({1}));  // again
}

TEST_P(StoreRemoval, ARunThatGoesAsItEndsLeavesNothing) {
  add(1, "h", 0, RunState::kRunning);
  add(2, "h");
  ChangeSet end;
  end.gone_runs = {1};
  end.positions = {{"in", "at 1"}};
  must_commit(end);
  EXPECT_EQ(store().find_run(1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().load_run(1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().list_history(1, 0, 10).value_or(std::vector<HistoryRow>()).size(), 0U);
  EXPECT_EQ(store().find_position("in").value(), "at 1");
  for (const RunNo no : {1, 2, 9}) {
    ChangeSet wrong;
    wrong.gone_runs = {no};
    must_refuse(wrong, ErrorCode::kConflict, "is not there, or has ended");
  }
  add(1, "h", 0, RunState::kRunning);  // nothing of the first one is in its way
  ChangeSet refused;
  refused.gone_runs = {1, 2};
  must_refuse(refused, ErrorCode::kConflict, "run 2");
  EXPECT_EQ(store().load_run(1).value().tasks.size(), 1U) << "all or nothing";
  restart();
  EXPECT_EQ(store().load_run(1).value().attempts.size(), 1U);
}

TEST_P(StoreRemoval, WhatIsNeededIsSaidAndRefused) {
  add(1);
  add(2, "h", 1);
  add(3, "h", 0, RunState::kPaused);
  add(4);
  add(5);
  EXPECT_EQ(old_runs(), (Found{{1, true}, {2, false}, {3, true}, {4, false}, {5, true}}));
  EXPECT_EQ(old_runs(2, 2), (Found{{3, true}, {4, false}}));
  for (const RunNo no : {1, 3, 5}) {
    must_refuse(removal({4, no}), ErrorCode::kConflict, "is still needed");
    EXPECT_TRUE(store().find_run(4).has_value()) << "all or nothing";
    EXPECT_TRUE(store().load_run(4).has_value());
  }
  must_commit(removal({2}));
  EXPECT_EQ(old_runs(), (Found{{1, false}, {3, true}, {4, false}, {5, true}}));
  EXPECT_TRUE(store().find_flow("h").has_value());
}

TEST_P(StoreRemoval, RunsOfABackfillThatGoesOnStay) {
  ChangeSet changes;
  BackfillRow backfill;
  backfill.no = 3;
  backfill.id = "b";
  backfill.trigger = "t";
  backfill.end = 1;
  backfill.state = BackfillState::kPaused;
  changes.backfills.push_back(backfill);
  for (const RunNo no : {1, 2}) {
    RunRow run = make_run(no);
    run.error.reset();
    run.state = RunState::kCompleted;
    run.rerun_of = 0;
    run.backfill = no == 1 ? "3" : "";
    changes.runs.push_back(run);
  }
  must_commit(changes);
  EXPECT_TRUE(old_runs().front().second);
  ChangeSet ended;
  backfill.from = backfill.state;
  backfill.state = BackfillState::kCancelled;
  ended.backfills.push_back(backfill);
  must_commit(ended);
  EXPECT_FALSE(old_runs().front().second);
}

TEST_P(StoreRemoval, TheRunThatOthersAreNewerThan) {
  EXPECT_EQ(store().run_behind(0).value(), 0);
  add(1);
  add(4);
  add(9);
  EXPECT_EQ(store().run_behind(0).value(), 9);
  EXPECT_EQ(store().run_behind(2).value(), 1);
  EXPECT_EQ(store().run_behind(3).value(), 0);
}

TEST_P(StoreRemoval, ARerunReadsAlsoWhatItsRunTookOver) {
  add(1);
  EXPECT_FALSE(store().is_read_by_rerun(1).value());
  add(2, "h", 1);
  EXPECT_FALSE(store().is_read_by_rerun(1).value()) << "it has ended";
  add(3, "h", 2, RunState::kRunning);
  EXPECT_TRUE(store().is_read_by_rerun(1).value());
  EXPECT_TRUE(store().is_read_by_rerun(2).value());
  EXPECT_FALSE(store().is_read_by_rerun(3).value());
}

TEST_P(StoreRemoval, TicksGoButTheNewestOfEachTrigger) {
  ChangeSet changes;
  for (const char* trigger : {"a", "b"}) {
    for (const Millis at : {1, 2, 3}) {
      TickRow tick;
      tick.flow_id = "f";
      tick.trigger = trigger;
      tick.scheduled_for = at;
      tick.first = at;
      tick.state = TickState::kRun;
      tick.run = at;
      changes.ticks.push_back(tick);
    }
  }
  must_commit(changes);
  const auto left = [this] {
    std::string out;
    const std::vector<TickRow> all = store().list_ticks({.flow_id = "f"}).value();
    for (const TickRow& tick : all) {
      out += tick.trigger + std::to_string(tick.scheduled_for) + " ";
    }
    return out;
  };
  const auto triggers = [this](const TickTrigger& after, Millis before, std::uint32_t limit) {
    std::string out;
    const std::vector<TickTrigger> page = store().list_tick_triggers(after, before, limit).value();
    for (const TickTrigger& one : page) out += one.trigger + (one.old ? "* " : " ");
    return out;
  };
  EXPECT_EQ(triggers({}, 1, 9), "a b ");
  EXPECT_EQ(triggers({}, 2, 9), "a* b* ");
  EXPECT_EQ(triggers({}, 2, 1), "a* ");
  EXPECT_EQ(triggers({"", "f", "a"}, 2, 9), "b* ");
  EXPECT_EQ(triggers({"", "f", "b"}, 2, 9), "");
  ChangeSet old;
  old.removed_ticks = {{"", "f", "a", 3, 9}, {"", "f", "b", 3, 1}, {"", "f", "none", 3, 9}};
  must_commit(old);
  EXPECT_EQ(left(), "a3 b3 b2 ");
  old.removed_ticks = {{"", "f", "a", 100, 100}, {"", "f", "b", 100, 100}};
  must_commit(old);
  EXPECT_EQ(left(), "a3 b3 ");
  EXPECT_EQ(triggers({}, 100, 9), "a b ");  // the newest of each is never old
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreRemoval, testing::ValuesIn(store_kinds()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace cordyna::contract
