#include "cerebro/event_router.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/test_draws.hpp"
#include "cerebro/loop.hpp"
#include "cerebro/one_log_fixture.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

std::shared_ptr<const Flow> flow_with_hook(const std::string& id, const std::string& hash) {
  auto flow = one_log(id, hash, "acme");
  TriggerSpec spec;
  spec.id = "hook";
  spec.type = TriggerType::kWebhook;
  spec.webhook.path_secret = "KEY_OF_HOOK";
  if (hash == "h-no" || hash == "h-wrong") spec.where = hash.substr(2);
  if (hash == "h-batch") spec.gather = {.max = 3, .within = 1'000};
  if (hash == "h-quiet") spec.gather = {.max = 10'000, .debounce = 1'000};
  flow->triggers.push_back(std::move(spec));
  return flow;
}

/// A state with flow acme/f, and its owners one after another.
class EventWorld {
 public:
  explicit EventWorld(std::size_t events_max = 1000) : events_max_(events_max) {
    boot();
    apply("{}");
    serve();
  }

  /// A new owner, who has read nothing and serves nobody yet.
  void boot() {
    if (loop_ != nullptr) store_ = store_->fork_owner();
    TickPorts ports;
    ports.inputs = [this](const Flow&, const TriggerSpec&,
                          std::string_view context) -> Result<std::string> {
      contexts.emplace_back(context);
      if (broken.contains(context)) return fail(ErrorCode::kInvalidArgument, "input 'x' is bad");
      if (all_broken) return fail(ErrorCode::kUnavailable, "file 'x' is not there");
      return std::string("{}");
    };
    ports.make_id = [this](Millis at) { return RunId{fmt::format("run-{}-{}", at, ++ids_)}; };
    loop_ = std::make_unique<Loop>(engine::Limits{2}, *store_, evaluator_,
                                   FlowLoader([](std::string_view canonical, std::string_view) {
                                     return Result<std::shared_ptr<const Flow>>(
                                         flow_with_hook("f", "h-" + std::string(canonical)));
                                   }),
                                   std::move(ports), SubflowPorts{}, AuditHash{}, events_max_);
  }
  void apply(const std::string& canonical, std::int64_t from = 0) {
    FlowChange change{"acme", "f", from, false, canonical, "/flows", "/flows/f.yaml"};
    ASSERT_TRUE(loop_->apply(now, ApplySignal{{change}, now}).has_value());
    ASSERT_TRUE(loop_->step(now).has_value());
  }
  void serve() {
    ASSERT_TRUE(loop_->apply(now, ServeSignal{true, now}).has_value());
    ASSERT_TRUE(loop_->step(now).has_value());
  }

  /// Not saved before the next step.
  Result<RunNo> send(const std::string& id, const std::string& payload = R"({"data":1})") {
    EventRequest request{"acme", "f", "hook", id, "10.0.0.1", payload};
    request.seen = [this](const EventRow& row, const RunRow* run) {
      seen.emplace_back(row.no, run == nullptr ? 0 : run->no);
    };
    return loop_->apply(now, EventSignal{std::move(request), now});
  }
  /// Many at once, with the position of who sends them.
  Result<RunNo> send_all(const std::vector<std::string>& ids, const std::string& position) {
    IntakeRequest request;
    for (const std::string& id : ids) {
      EventRequest event{"acme", "f", "hook", id, "", "{}"};
      event.seen = [this](const EventRow& row, const RunRow* run) {
        seen.emplace_back(row.no, run == nullptr ? 0 : run->no);
      };
      request.events.push_back(std::move(event));
    }
    request.positions = {{"in", position}};
    return loop_->apply(now, IntakeSignal{std::move(request), now});
  }
  Result<> step() { return loop_->step(++now); }
  void rest() {
    do {
      ASSERT_TRUE(step().has_value());
    } while (loop_->has_work());
  }
  Result<RunNo> settle(EventNo no, EventOp op) {
    return loop_->apply(now, SettleSignal{{no, op, "ann"}, now});
  }

  void turn(bool enabled) {
    ASSERT_EQ(loop_->apply(now, SwitchFlowSignal{{"acme", "f", enabled, "ann", ""}, now}).value(),
              1);
    rest();
  }

  /// "1:run 2:dead", by number.
  std::string story() {
    EventFilter filter;
    filter.limit = 100'000;
    std::vector<EventRow> rows = store_->list_events(filter).value();
    std::ranges::reverse(rows);
    std::string out;
    for (const EventRow& row : rows) {
      out += fmt::format("{}{}:{}", out.empty() ? "" : " ", row.no, to_string(row.state));
    }
    return out;
  }
  std::optional<Millis> next() { return loop_->next_tick(); }
  std::size_t runs() { return store_->list_runs({.limit = 100'000}).value().size(); }
  MemoryStore& store() { return *store_; }

  Millis now = 1000;
  bool all_broken = false;
  std::set<std::string, std::less<>> broken;  // contexts
  std::vector<std::string> contexts;
  std::vector<std::pair<EventNo, RunNo>> seen;

 private:
  std::size_t events_max_;
  PlainEvaluator evaluator_;
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
  std::unique_ptr<Loop> loop_;
  int ids_ = 0;
};

TEST(EventRouter, AnEventAndItsRunAreOneCommit) {
  EventWorld world;
  EXPECT_EQ(world.send("a").value(), 1);
  EXPECT_EQ(world.story(), "") << "not before it is saved";
  ASSERT_TRUE(world.step().has_value());
  EXPECT_EQ(world.story(), "1:run");
  const EventRow row = world.store().find_event(1).value();
  const RunRow run = world.store().find_run(row.run).value();
  EXPECT_EQ(run.scheduled.trigger, "hook");
  ASSERT_EQ(world.contexts.size(), 1U);
  EXPECT_TRUE(world.contexts[0].contains(R"("event":{"id":"a","trigger":"hook","at":)"));
  EXPECT_TRUE(world.contexts[0].ends_with(R"(,"data":1}})")) << world.contexts[0];
}

TEST(EventRouter, AnEventThatItsTriggerDoesNotWantIsDropped) {
  EventWorld world;
  world.apply("no", 1);
  EXPECT_EQ(world.send("a").value(), 1);
  world.rest();
  EXPECT_EQ(world.story(), "1:dropped");
  EXPECT_EQ(world.store().find_event(1).value().detail, "'where' of its trigger is false");
  EXPECT_EQ(world.send("a").value(), 1) << "it is known all the same";
  world.rest();
  EXPECT_EQ(world.runs(), 0U);
  // What cannot be told waits for a person, and is tried by the flow as it is then.
  world.apply("wrong", 2);
  EXPECT_EQ(world.send("b").value(), 2);
  world.rest();
  EXPECT_EQ(world.story(), "1:dropped 2:dead");
  EXPECT_EQ(world.store().find_event(2).value().detail, "'where': undefined name");
  world.apply("{}", 3);
  EXPECT_EQ(world.settle(2, EventOp::kReplay).value(), 2);
  world.rest();
  EXPECT_EQ(world.story(), "1:dropped 2:run");
}

TEST(EventRouter, ABatchHasOneRun) {
  EventWorld world;
  world.apply("batch", 1);
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(world.send(id).has_value());
  world.rest();
  EXPECT_EQ(world.story(), "1:run 2:run 3:run 4:pending");
  EXPECT_EQ(world.runs(), 1U);
  ASSERT_EQ(world.contexts.size(), 1U);
  EXPECT_TRUE(world.contexts[0].contains(R"("event":{"id":"c",)")) << world.contexts[0];
  EXPECT_TRUE(world.contexts[0].contains(R"("count":3,"events":[{"id":"a",)"));
  EXPECT_EQ(world.next(), world.store().find_event(4).value().at + 1'000);
  world.now += 900;
  world.rest();
  EXPECT_EQ(world.runs(), 1U);
  world.now += 100;
  world.rest();
  EXPECT_EQ(world.story(), "1:run 2:run 3:run 4:run");
  EXPECT_EQ(world.runs(), 2U);
  EXPECT_EQ(world.next(), std::nullopt);
}

TEST(EventRouter, ABatchGoesOnUnderAnotherOwnerAndVersion) {
  EventWorld world;
  world.apply("batch", 1);
  ASSERT_TRUE(world.send("a").has_value());
  ASSERT_TRUE(world.send("b").has_value());
  world.rest();
  world.boot();
  world.serve();
  world.rest();
  EXPECT_EQ(world.story(), "1:pending 2:pending");
  ASSERT_TRUE(world.send("c").has_value());
  world.rest();
  EXPECT_EQ(world.runs(), 1U);
  ASSERT_TRUE(world.send("d").has_value());
  ASSERT_TRUE(world.send("e").has_value());
  world.rest();
  EXPECT_EQ(world.runs(), 1U);
  world.apply("plain", 2);  // without a batch
  world.rest();
  EXPECT_EQ(world.runs(), 3U);
  EXPECT_EQ(world.story(), "1:run 2:run 3:run 4:run 5:run");
}

TEST(EventRouter, ABatchOfADisabledFlowWaitsAndOneThatCannotBeStartedIsDead) {
  EventWorld world;
  world.apply("batch", 1);
  ASSERT_TRUE(world.send("a").has_value());
  world.rest();
  world.turn(false);
  world.now += 2'000;
  world.rest();
  EXPECT_EQ(world.story(), "1:pending");
  world.all_broken = true;
  world.turn(true);
  EXPECT_EQ(world.story(), "1:dead");
  world.all_broken = false;
  ASSERT_TRUE(world.settle(1, EventOp::kReplay).has_value());
  world.rest();
  EXPECT_EQ(world.story(), "1:run") << "its time has passed";
}

TEST(EventRouter, ADebouncedRunIsForTheLastAndAllOfThemHaveIt) {
  EventWorld world;
  world.apply("quiet", 1);
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_TRUE(world.send(id, fmt::format(R"({{"data":"{}"}})", id)).has_value());
    world.rest();
    world.now += 800;
  }
  EXPECT_EQ(world.runs(), 0U);
  world.now += 200;
  world.rest();
  EXPECT_EQ(world.story(), "1:run 2:run 3:run");
  EXPECT_EQ(world.runs(), 1U);
  ASSERT_EQ(world.contexts.size(), 1U);
  EXPECT_TRUE(world.contexts[0].contains(R"("data":"c","count":3})")) << world.contexts[0];
  EXPECT_EQ(world.store().find_event(1).value().payload, R"({"data":"a"})");
}

TEST(EventRouter, WhoSendsItAgainGetsTheFirstOne) {
  EventWorld world;
  EXPECT_EQ(world.send("a").value(), 1);
  EXPECT_EQ(world.send("a").value(), 1) << "in the same step";
  EXPECT_EQ(world.send("b").value(), 2);
  world.rest();
  EXPECT_EQ(world.send("a").value(), 1);
  world.rest();
  world.boot();
  EXPECT_EQ(world.send("a").value(), 1) << "after a restart";
  EXPECT_EQ(world.send("c").value(), 3);
  world.serve();
  world.rest();
  EXPECT_EQ(world.story(), "1:run 2:run 3:run");
  EXPECT_EQ(world.runs(), 3U);
  const std::vector<std::pair<EventNo, RunNo>> seen{{1, 0}, {1, 1}, {1, 1}};
  EXPECT_EQ(world.seen, seen);
}

TEST(EventRouter, WithoutAServerTheyWait) {
  EventWorld world;
  world.boot();
  ASSERT_TRUE(world.send("a").has_value());
  ASSERT_TRUE(world.step().has_value());
  EXPECT_EQ(world.story(), "1:pending");
  world.boot();
  world.serve();
  world.rest();
  EXPECT_EQ(world.story(), "1:run");
}

TEST(EventRouter, ABurstIsTakenAtOnceAndBegunInOrder) {
  EventWorld world(10'000);
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(world.send(fmt::format("e{}", i)).has_value());
  ASSERT_TRUE(world.step().has_value());
  EXPECT_EQ(world.store().count_events().value().last, 3000);
  EXPECT_GT(world.store().count_events().value().pending, 2900) << "their runs come later";
  world.rest();
  EXPECT_EQ(world.store().count_events().value().pending, 0);
  EXPECT_EQ(world.runs(), 3000U);
  for (EventNo no = 1; no <= 3000; ++no) {
    ASSERT_EQ(world.store().find_event(no).value().run, no) << "in order";
  }
}

TEST(EventRouter, AFloodWithoutEndHoldsNoRunUpForEver) {
  EventWorld world(100'000);
  for (std::size_t step = 1; step <= 80; ++step) {
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(world.send(fmt::format("e{}-{}", step, i)).has_value());
    }
    ASSERT_TRUE(world.step().has_value());
    EXPECT_GE(world.runs() + 8, step);
    EXPECT_LE(world.runs(), step) << "who sends waits for the step";
  }
}

TEST(EventRouter, ManyAtOnceAreOneCommitWithTheirRunsAndThePosition) {
  EventWorld world;
  EXPECT_EQ(world.send_all({"a", "b", "a"}, "7").value(), 2) << "a repeat is no new one";
  ASSERT_TRUE(world.step().has_value());
  EXPECT_EQ(world.story(), "1:run 2:run");
  EXPECT_EQ(world.store().find_position("in").value(), "7");
  EXPECT_EQ(world.send_all({"b", "c"}, "8").value(), 1);
  ASSERT_TRUE(world.step().has_value());
  EXPECT_EQ(world.story(), "1:run 2:run 3:run");
  const std::vector<std::pair<EventNo, RunNo>> seen{{1, 0}, {2, 2}};
  EXPECT_EQ(world.seen, seen);
  EXPECT_EQ(world.send_all({}, "9").value(), 0) << "the position alone";
  ASSERT_TRUE(world.step().has_value());
  EXPECT_EQ(world.store().find_position("in").value(), "9");
}

TEST(EventRouter, OfManyAtOnceNoneIsTakenWhereOneCannotBe) {
  EventWorld world(2);
  world.boot();  // serves nobody: they stay
  ASSERT_EQ(world.send_all({"a"}, "1").value(), 1);
  EXPECT_EQ(world.send_all({"b", "c"}, "3").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(world.send_all({"a", "b"}, "2").value(), 1);
  ASSERT_TRUE(world.step().has_value());
  EXPECT_EQ(world.story(), "1:pending 2:pending");
  EXPECT_EQ(world.store().find_position("in").value(), "2");
}

TEST(EventRouter, TooManyThatWaitAreRefusedAndTakenLater) {
  EventWorld world(2);
  world.boot();  // serves nobody: they stay
  ASSERT_TRUE(world.send("a").has_value());
  ASSERT_TRUE(world.send("b").has_value());
  const auto third = world.send("c");
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(world.send("a").value(), 1) << "one that is there is no new one";
  ASSERT_TRUE(world.step().has_value());
  world.serve();
  world.rest();
  EXPECT_EQ(world.send("c").value(), 3);
  world.rest();
  EXPECT_EQ(world.story(), "1:run 2:run 3:run");
}

TEST(EventRouter, WhatCannotBeStartedIsADeadLetter) {
  EventWorld world;
  world.all_broken = true;
  ASSERT_TRUE(world.send("a").has_value());
  ASSERT_TRUE(world.send("b").has_value());
  world.rest();
  EXPECT_EQ(world.story(), "1:dead 2:dead");
  EXPECT_EQ(world.store().find_event(1).value().detail, "file 'x' is not there");
  world.all_broken = false;
  ASSERT_TRUE(world.settle(1, EventOp::kReplay).has_value());
  EXPECT_EQ(world.settle(1, EventOp::kReplay).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(world.settle(2, EventOp::kDrop).has_value());
  world.rest();
  EXPECT_EQ(world.story(), "1:run 2:dropped");
  EXPECT_EQ(world.store().find_event(1).value().tries, 1);
  EXPECT_EQ(world.store().find_event(2).value().detail,
            "dropped by ann; it was: file 'x' is not there");
  EXPECT_EQ(world.settle(2, EventOp::kReplay).error().code, ErrorCode::kConflict);
  EXPECT_EQ(world.settle(9, EventOp::kReplay).error().code, ErrorCode::kNotFound);
}

TEST(EventRouter, AFlowThatIsRemovedLeavesDeadLetters) {
  EventWorld world;
  world.apply("", 1);
  ASSERT_TRUE(world.send("a").has_value());
  world.rest();
  EXPECT_EQ(world.story(), "1:dead");
  EXPECT_TRUE(world.store().find_event(1).value().detail.contains("was removed"));
}

TEST(EventRouter, TheRunIsOfTheVersionThatIsThereWhenItBegins) {
  EventWorld world;
  ASSERT_TRUE(world.send("a").has_value());
  world.rest();
  world.apply("new", 1);
  ASSERT_TRUE(world.send("b").has_value());
  world.rest();
  EXPECT_EQ(world.store().find_run(RunNo{1}).value().flow_hash, "h-{}");
  EXPECT_EQ(world.store().find_run(RunNo{2}).value().flow_hash, "h-new");
}

TEST(EventRouter, AReplayAmongABacklogLosesNothing) {
  EventWorld world(10'000);
  world.all_broken = true;
  ASSERT_TRUE(world.send("dead").has_value());
  world.rest();
  world.all_broken = false;
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(world.send(fmt::format("e{}", i)).has_value());
  ASSERT_TRUE(world.step().has_value());
  ASSERT_TRUE(world.settle(1, EventOp::kReplay).has_value());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(world.send(fmt::format("l{}", i)).has_value());
  world.rest();
  EXPECT_EQ(world.store().count_events().value().pending, 0);
  EXPECT_EQ(world.runs(), 2051U);
}

/// R25: whatever is sent again, lost in a commit that failed, or cut off by a crash: each event has
/// one row, and each that was answered has one run.
TEST(EventRouter, RepeatsCrashesAndFailedCommitsLeaveOneRunEach) {
  const std::uint64_t seeds = test::draws(8, 80);
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    std::mt19937 rng(seed);
    EventWorld world(100'000);
    std::map<std::string, EventNo> answered;
    std::vector<std::pair<std::string, EventNo>> unsaved;
    for (int turn = 0; turn < 60; ++turn) {
      const std::size_t many = rng() % 8 == 0 ? 1500 : rng() % 5;
      for (std::size_t i = 0; i < many; ++i) {
        const std::string id = fmt::format("e{}", rng() % (many > 5 ? 5000 : 40));
        const auto no = world.send(id);
        if (no.has_value()) unsaved.emplace_back(id, *no);
      }
      if (rng() % 12 == 0) world.store().fail_next_commit({ErrorCode::kUnavailable, "no space"});
      if (rng() % 15 != 0 && world.step().has_value()) {
        for (const auto& [id, no] : unsaved) {
          const auto [at, added] = answered.emplace(id, no);
          ASSERT_TRUE(added || at->second == no)
              << "seed " << seed << ": another number for " << id;
        }
      } else {  // it fell over, with or without having said so
        world.store().fail_next_commit({ErrorCode::kUnavailable, "no space"});
        (void)world.store().commit({.removed_runs = {999'999}});
        world.boot();
        world.serve();
      }
      unsaved.clear();
    }
    world.rest();
    EventFilter all;
    all.limit = 1'000'000;
    const std::vector<EventRow> rows = world.store().list_events(all).value();
    std::set<std::string> ids;
    std::set<RunNo> runs;
    for (const EventRow& row : rows) {
      ASSERT_EQ(row.state, EventState::kRun) << "seed " << seed;
      ASSERT_TRUE(ids.insert(row.event_id).second) << "seed " << seed << ": twice";
      ASSERT_TRUE(runs.insert(row.run).second) << "seed " << seed << ": one run for two";
    }
    for (const auto& [id, no] : answered) {
      ASSERT_TRUE(ids.contains(id)) << "seed " << seed << ": lost " << id;
    }
    ASSERT_EQ(world.runs(), rows.size()) << "seed " << seed;
  }
}

TEST(EventRouter, OfADisabledFlowNoEventIsTakenAndThoseThatWaitGoOnWaiting) {
  EventWorld world;
  world.all_broken = true;
  ASSERT_TRUE(world.send("dead").has_value());
  world.rest();
  world.all_broken = false;
  ASSERT_TRUE(world.send("a").has_value());  // accepted by the step that disables the flow
  world.turn(false);
  EXPECT_EQ(world.send("b").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(world.send("a").value(), 2) << "what was accepted is";
  EXPECT_EQ(world.settle(1, EventOp::kReplay).error().code, ErrorCode::kConflict);
  world.rest();
  EXPECT_EQ(world.story(), "1:dead 2:pending");
  world.boot();
  world.serve();
  world.rest();
  EXPECT_EQ(world.story(), "1:dead 2:pending");
  world.turn(true);
  EXPECT_EQ(world.story(), "1:dead 2:run");
  EXPECT_EQ(world.send("b").value(), 3);
  EXPECT_TRUE(world.settle(1, EventOp::kReplay).has_value());
  world.rest();
  EXPECT_EQ(world.story(), "1:run 2:run 3:run");
}

}  // namespace
}  // namespace cordyna
