#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

TickRow make_tick(const std::string& trigger, Millis at) {
  TickRow tick;
  tick.ns = "team.data";
  tick.flow_id = "sales";
  tick.trigger = trigger;
  tick.scheduled_for = at;
  tick.first = at;
  tick.count = 1;
  tick.state = TickState::kRun;
  tick.run = 7;
  tick.at = at + 3;
  return tick;
}

TickRow skipped(const std::string& trigger, Millis first, Millis last) {
  TickRow tick = make_tick(trigger, last);
  tick.state = TickState::kSkipped;
  tick.first = first;
  tick.count = 5;
  tick.run = 0;
  tick.detail = "catch_up: none";
  return tick;
}

ChangeSet of_ticks(std::vector<TickRow> ticks) {
  ChangeSet changes;
  changes.ticks = std::move(ticks);
  return changes;
}

TickFilter of_sales(const std::string& trigger) {
  TickFilter filter;
  filter.ns = "team.data";
  filter.flow_id = "sales";
  filter.trigger = trigger;
  return filter;
}

TEST_P(StoreContract, TicksComeBackNewestFirst) {
  const TickRow a = skipped("nightly", 1000, 3000);
  const TickRow b = make_tick("nightly", 4000);
  TickRow other = make_tick("nightly", 5000);
  other.flow_id = "orders";
  must_commit(of_ticks({a, b, make_tick("hourly", 4000), other}));
  restart();

  EXPECT_EQ(store().list_ticks(of_sales("nightly")).value(), (std::vector{b, a}));
  EXPECT_EQ(store().list_ticks(of_sales("")).value(),
            (std::vector{make_tick("hourly", 4000), b, a}));
  EXPECT_TRUE(store().list_ticks(of_sales("none")).value().empty());
}

TEST_P(StoreContract, TicksArePagedByTime) {
  must_commit(of_ticks({make_tick("t", 1000), make_tick("t", 2000), make_tick("t", 3000)}));
  TickFilter filter = of_sales("t");
  filter.limit = 2;
  EXPECT_EQ(store().list_ticks(filter).value(),
            (std::vector{make_tick("t", 3000), make_tick("t", 2000)}));
  filter.before = 2000;
  EXPECT_EQ(store().list_ticks(filter).value(), std::vector{make_tick("t", 1000)});
  filter.trigger = "";
  EXPECT_EQ(store().list_ticks(filter).value(), std::vector{make_tick("t", 1000)});
}

TEST_P(StoreContract, ATickIsWrittenOnceAndWithItsRunOrNotAtAll) {
  must_commit(of_ticks({make_tick("t", 1000)}));
  ChangeSet again = of_ticks({make_tick("t", 2000), make_tick("t", 1000)});
  again.runs.push_back(make_run(1));
  must_refuse(again, ErrorCode::kConflict, "tick 1000 of trigger 't' of flow 'sales'");
  EXPECT_EQ(store().last_run_no().value(), 0);
  EXPECT_EQ(store().list_ticks(of_sales("t")).value(), std::vector{make_tick("t", 1000)});
}

TEST_P(StoreContract, ATickThatMakesNoSenseIsRefused) {
  TickRow without_run = make_tick("t", 1000);
  without_run.run = 0;
  TickRow without_reason = skipped("t", 1000, 1000);
  without_reason.detail = "";
  TickRow backwards = skipped("t", 2000, 1000);
  TickRow nameless = make_tick("", 1000);
  for (const TickRow& tick : {without_run, without_reason, backwards, nameless}) {
    must_refuse(of_ticks({tick}), ErrorCode::kInternal, "against the rules of the state");
  }
}

TEST_P(StoreContract, ARunKeepsTheTimeThatItStandsFor) {
  RunRow run = make_run(1);
  run.scheduled = {"nightly", 5000, 4000};
  must_commit({{}, {run}, {}, {}, {}});
  RunRow ended = changed(run, RunState::kError);
  ended.error = make_error();
  must_commit({{}, {ended, make_run(2)}, {}, {}, {}});
  restart();

  EXPECT_EQ(store().find_run(1).value(), stored(ended));
  EXPECT_EQ(store().find_run(1).value().scheduled, run.scheduled);
  EXPECT_EQ(store().find_run(2).value().scheduled, Scheduled{});
}

}  // namespace
}  // namespace cordyna::contract
