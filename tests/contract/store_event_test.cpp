#include "store_contract.hpp"

namespace cordyna::contract {
namespace {

EventRow make_event(EventNo no, const std::string& id) {
  EventRow event;
  event.no = no;
  event.ns = "team.data";
  event.flow_id = "sales";
  event.trigger = "hook";
  event.event_id = id;
  event.at = 1000 * no;
  event.source = "10.0.0.1";
  event.payload = R"({"data":1})";
  return event;
}

ChangeSet of_events(std::vector<EventRow> events) {
  ChangeSet changes;
  changes.events = std::move(events);
  return changes;
}

EventRow with_run(EventRow event, RunNo run) {
  event = changed(std::move(event), EventState::kRun);
  event.run = run;
  event.settled_at = event.at + 5;
  return event;
}

EventRow dead(EventRow event) {
  event = changed(std::move(event), EventState::kDead);
  event.detail = "input 'x' is bad";
  event.settled_at = event.at + 5;
  return event;
}

std::vector<EventNo> numbers(const std::vector<EventRow>& rows) {
  std::vector<EventNo> found;
  for (const EventRow& row : rows) found.push_back(row.no);
  return found;
}

TEST_P(StoreContract, EventsComeBackAsTheyWere) {
  const EventRow a = make_event(1, "a");
  const EventRow b = make_event(2, "b");
  must_commit(of_events({a, b}));
  must_commit(of_events({with_run(a, 7)}));
  restart();

  EXPECT_EQ(store().find_event(EventNo{1}).value(), stored(with_run(a, 7)));
  EXPECT_EQ(store().find_event(EventKey{"team.data", "sales", "hook", "b"}).value(), stored(b));
  EXPECT_FALSE(store().find_event(EventKey{"team.data", "sales", "hook", "c"}).value().has_value());
  EXPECT_EQ(store().find_event(EventNo{3}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store().list_events({}).value(), (std::vector{stored(b), stored(with_run(a, 7))}));
  const EventCounts counts = store().count_events().value();
  EXPECT_EQ(counts.last, 2);
  EXPECT_EQ(counts.pending, 1);
  EXPECT_EQ(counts.dead, 0);
}

TEST_P(StoreContract, AnEventIsThereOnce) {
  must_commit(of_events({make_event(1, "a")}));
  must_refuse(of_events({make_event(2, "b"), make_event(3, "a")}), ErrorCode::kConflict, "event");
  must_refuse(of_events({make_event(2, "c"), make_event(3, "c")}), ErrorCode::kConflict, "event");
  must_refuse(of_events({make_event(1, "d")}), ErrorCode::kConflict, "event");
  EventRow other = make_event(2, "a");
  other.trigger = "other";
  must_commit(of_events({other}));
  EXPECT_EQ(numbers(store().list_events({}).value()), (std::vector<EventNo>{2, 1}));
}

TEST_P(StoreContract, WhatWasLookedForBeforeACommitIsFoundAfterIt) {
  const EventKey key{"team.data", "sales", "hook", "a"};
  for (int look = 0; look < 3; ++look) EXPECT_FALSE(store().find_event(key).value().has_value());
  must_commit(of_events({make_event(1, "a")}));
  EXPECT_EQ(store().find_event(key).value()->no, 1);
  must_refuse(of_events({make_event(2, "a")}), ErrorCode::kConflict, "event");
  EXPECT_EQ(store().find_event(key).value()->no, 1);
  must_commit(of_events({dead(make_event(1, "a"))}));
  EXPECT_EQ(store().find_event(key).value()->state, EventState::kDead);
  restart();
  EXPECT_EQ(store().find_event(key).value()->state, EventState::kDead);
}

TEST_P(StoreContract, AnEventChangesOnlyFromTheStateThatIsNamed) {
  const EventRow a = make_event(1, "a");
  must_commit(of_events({a}));
  must_commit(of_events({dead(a)}));
  must_refuse(of_events({with_run(a, 7)}), ErrorCode::kConflict, "event 1 is not 'pending'");
  must_refuse(of_events({with_run(make_event(9, "x"), 7)}), ErrorCode::kConflict, "event 9");
  EXPECT_EQ(store().find_event(EventNo{1}).value().state, EventState::kDead);
}

TEST_P(StoreContract, AnEventThatMakesNoSenseIsRefused) {
  EventRow run_without = make_event(1, "a");
  run_without.state = EventState::kRun;
  must_refuse(of_events({run_without}), ErrorCode::kConflict, "event");
  EventRow dead_without = make_event(1, "a");
  dead_without.state = EventState::kDead;
  must_refuse(of_events({dead_without}), ErrorCode::kConflict, "event");
  EventRow run_of_pending = make_event(1, "a");
  run_of_pending.run = 7;
  must_refuse(of_events({run_of_pending}), ErrorCode::kConflict, "event");
}

TEST_P(StoreContract, EventsAreFilteredAndPaged) {
  std::vector<EventRow> all;
  for (EventNo no = 1; no <= 6; ++no) all.push_back(make_event(no, "e" + std::to_string(no)));
  all[1].ns = "";
  all[2].flow_id = "orders";
  all[3].trigger = "other";
  must_commit(of_events(all));
  must_commit(of_events({with_run(all[4], 7), dead(all[5])}));

  const auto listed = [this](const EventFilter& filter) {
    return numbers(store().list_events(filter).value());
  };
  using Numbers = std::vector<EventNo>;
  EXPECT_EQ(listed({.ns = ""}), (Numbers{2}));
  EXPECT_EQ(listed({.flow_id = "orders"}), (Numbers{3}));
  EXPECT_EQ(listed({.trigger = "other"}), (Numbers{4}));
  EXPECT_EQ(listed({.state = EventState::kPending}), (Numbers{4, 3, 2, 1}));
  EXPECT_EQ(listed({.ns = "team.data", .state = EventState::kPending}), (Numbers{4, 3, 1}));
  EXPECT_EQ(listed({.state = EventState::kDead}), (Numbers{6}));
  EXPECT_EQ(listed({.state = EventState::kRun}), (Numbers{5}));
  EXPECT_EQ(listed({.before = 5, .limit = 2}), (Numbers{4, 3}));
  EXPECT_EQ(numbers(store().list_pending_events(0, 3).value()), (Numbers{1, 2, 3}));
  EXPECT_EQ(numbers(store().list_pending_events(3, 3).value()), (Numbers{4}));
}

TEST_P(StoreContract, OldEventsAreListedAndRemoved) {
  const EventRow a = make_event(1, "a");
  const EventRow b = make_event(2, "b");
  const EventRow c = make_event(3, "c");
  must_commit(of_events({a, b, c}));
  must_commit(of_events({with_run(a, 7)}));
  EXPECT_EQ(store().list_old_events(0, 3000, 10).value(),
            (std::vector<OldEvent>{{1, false}, {2, true}}));
  EXPECT_EQ(store().list_old_events(1, 3000, 10).value(), (std::vector<OldEvent>{{2, true}}));
  EXPECT_EQ(store().list_old_events(0, 9000, 1).value(), (std::vector<OldEvent>{{1, false}}));
  ChangeSet removal;
  removal.removed_events = {1, 2, 99};
  must_commit(removal);  // the second one is pending, and stays
  EXPECT_EQ(numbers(store().list_events({}).value()), (std::vector<EventNo>{3, 2}));
  must_commit(of_events({make_event(4, "a")}));  // its id is forgotten
}

TEST_P(StoreContract, OpenEventsAreCountedByTriggerAndTheNewestIsFound) {
  std::vector<EventRow> all;
  for (EventNo no = 1; no <= 6; ++no) all.push_back(make_event(no, std::to_string(no)));
  all[1].ns = "";
  all[2].trigger = "other";
  must_commit(of_events(all));
  must_commit(of_events({with_run(all[3], 7), dead(all[4]), dead(all[2])}));
  restart();

  using Counts = std::vector<OpenEvents>;
  EXPECT_EQ(store().count_open_events(100).value(),
            (Counts{{"", "sales", "hook", 1, 0},
                    {"team.data", "sales", "hook", 2, 1},
                    {"team.data", "sales", "other", 0, 1}}));
  EXPECT_EQ(store().count_open_events(1).value(),
            (Counts{{"team.data", "sales", "hook", 1, 0}, {"team.data", "sales", "other", 0, 1}}));
  EXPECT_EQ(store().last_event("team.data", "sales", "hook").value(), (LastEvent{6, 6000}));
  EXPECT_EQ(store().last_event("team.data", "sales", "other").value(), (LastEvent{3, 3000}));
  EXPECT_EQ(store().last_event("team.data", "orders", "hook").value(), LastEvent{});
}

TEST_P(StoreContract, ThePositionOfAnInputIsKeptWithItsEventsOrNotAtAll) {
  EXPECT_EQ(store().find_position("orders").value(), "");
  ChangeSet changes = of_events({make_event(1, "a")});
  changes.positions = {{"orders", "offset 7"}, {"other", "x"}};
  must_commit(changes);
  restart();
  EXPECT_EQ(store().find_position("orders").value(), "offset 7");
  EXPECT_EQ(store().find_position("other").value(), "x");

  ChangeSet refused = of_events({make_event(2, "a")});  // the event is there already
  refused.positions = {{"orders", "offset 8"}};
  EXPECT_EQ(store().commit(refused).error().code, ErrorCode::kConflict);
  EXPECT_EQ(store().find_position("orders").value(), "offset 7");

  ChangeSet alone;
  alone.positions = {{"orders", "offset 9"}};
  must_commit(alone);
  EXPECT_EQ(store().find_position("orders").value(), "offset 9");
}

TEST_P(StoreContract, MarksOfAnInputAreListedInTheirOrderAndTakenAway) {
  ChangeSet changes = of_events({make_event(1, "a")});
  changes.positions = {{"in", "here"},        {"in", "2", "b"},  {"in", "1", "a"}, {"in", "3", "ä"},
                       {"in/more", "x", "a"}, {"in2", "x", "a"}, {"io", "x", "a"}};
  must_commit(changes);
  restart();
  using Rows = std::vector<PositionRow>;
  EXPECT_EQ(store().list_marks("in", "", 9).value(),
            (Rows{{"in", "1", "a"}, {"in", "2", "b"}, {"in", "3", "ä"}}));
  EXPECT_EQ(store().list_marks("in", "a", 1).value(), (Rows{{"in", "2", "b"}}));
  EXPECT_EQ(store().list_marks("i", "", 9).value(), Rows{});
  EXPECT_EQ(store().find_position("in").value(), "here");

  ChangeSet next;
  next.positions = {{"in", "", "a"}, {"in", "4", "b"}, {"in", "", "never there"}};
  must_commit(next);
  EXPECT_EQ(store().list_marks("in", "", 9).value(), (Rows{{"in", "4", "b"}, {"in", "3", "ä"}}));
  EXPECT_EQ(store().list_marks("in2", "", 9).value(), (Rows{{"in2", "x", "a"}}));
}

}  // namespace
}  // namespace cordyna::contract
