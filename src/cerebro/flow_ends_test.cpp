#include "cerebro/flow_ends.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cerebro/loop.hpp"
#include "cerebro/one_log_fixture.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

/// A flow whose run ends in the step that begins it.
std::shared_ptr<Flow> quick_flow(const std::string& id) {
  return one_log(id, "h-" + id, "acme");
}

TriggerSpec waits_for(const std::vector<std::string>& flows, std::size_t need) {
  TriggerSpec spec;
  spec.id = "after";
  spec.type = TriggerType::kFlow;
  spec.ends.flows = flows;
  spec.ends.need = need;
  spec.ends.states = {"completed"};
  return spec;
}

// What tells that a flow may wait for others stands in its canonical form.
constexpr std::string_view kMark = R"("type":"flow" )";

/// A state with flows of acme, and its owners one after another.
class EndsWorld {
 public:
  void add(std::shared_ptr<Flow> flow) {
    if (flows_.contains(flow->id)) flow->hash += "-anew";  // another content has another one
    flows_[flow->id] = std::move(flow);
  }

  void boot() {
    if (loop_ != nullptr) store_ = store_->fork_owner();
    TickPorts ports;
    ports.inputs = [this](const Flow&, const TriggerSpec&,
                          std::string_view context) -> Result<std::string> {
      contexts.emplace_back(context);
      return std::string("{}");
    };
    ports.make_id = [this](Millis at) { return RunId{fmt::format("made-{}-{}", at, ++ids_)}; };
    loop_ = std::make_unique<Loop>(engine::Limits{2}, *store_, evaluator_,
                                   FlowLoader([this](std::string_view canonical, std::string_view) {
                                     return Result<std::shared_ptr<const Flow>>(
                                         flows_.at(std::string(canonical.substr(kMark.size()))));
                                   }),
                                   std::move(ports));
  }
  Result<RunNo> apply(const std::string& id) {
    FlowChange change{"acme",         id, versions_[id], false, std::string(kMark) + id, "/flows",
                      "/flows/f.yaml"};
    auto done = loop_->apply(now, ApplySignal{{change}, now});
    if (done.has_value()) ++versions_[id];
    EXPECT_TRUE(loop_->step(now).has_value());
    return done;
  }
  /// Of all flows that were added, in the order of their ids.
  void start() {
    boot();
    for (const auto& [id, flow] : flows_) ASSERT_TRUE(apply(id).has_value());
    serve();
  }
  void serve() {
    ASSERT_TRUE(loop_->apply(now, ServeSignal{true, now}).has_value());
    rest();
  }
  void begin(const std::string& id, Scheduled scheduled = {}) {
    RunRequest request;
    request.id = RunId{fmt::format("{}-{}", id, ++ids_)};
    request.flow = flows_.at(id);
    request.canonical = std::string(kMark) + id;
    request.inputs = "{}";
    request.scheduled = std::move(scheduled);
    ASSERT_TRUE(loop_->apply(now, SubmitSignal{std::move(request)}).has_value());
  }
  void run(const std::string& id) {
    begin(id);
    rest();
  }
  void rest() {
    do {
      ASSERT_TRUE(loop_->step(++now).has_value());
    } while (loop_->has_work());
  }
  void turn(const std::string& id, bool enabled) {
    const SwitchFlowSignal signal{{"acme", id, enabled, "ann", ""}, now};
    ASSERT_EQ(loop_->apply(now, signal).value(), 1);
    rest();
  }

  Loop& loop() { return *loop_; }
  MemoryStore& store() { return *store_; }
  /// The runs of a flow, the oldest first.
  std::vector<RunRow> runs_of(const std::string& id) {
    std::vector<RunRow> rows = store_->list_runs({.limit = 1000}).value();
    std::erase_if(rows, [&id](const RunRow& row) { return row.flow_id != id; });
    std::ranges::reverse(rows);
    return rows;
  }

  Millis now = 1000;
  std::vector<std::string> contexts;

 private:
  PlainEvaluator evaluator_;
  std::map<std::string, std::shared_ptr<Flow>> flows_;
  std::map<std::string, std::int64_t> versions_;
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
  std::unique_ptr<Loop> loop_;
  int ids_ = 0;
};

/// Flows a, b, c, and `join`, which waits for so many of them.
EndsWorld world_of(std::size_t need, Millis within = 0) {
  EndsWorld world;
  for (const char* id : {"a", "b", "c"}) world.add(quick_flow(id));
  auto join = quick_flow("join");
  join->triggers.push_back(waits_for({"acme/a", "acme/b", "acme/c"}, need));
  join->triggers.back().ends.within = within;
  world.add(join);
  return world;
}

TEST(FlowEnds, AnEndAndItsEventAreOneCommit) {
  EndsWorld world = world_of(1);
  world.start();
  world.begin("a");
  ASSERT_TRUE(world.loop().step(++world.now).has_value());
  ASSERT_EQ(world.runs_of("a").at(0).state, RunState::kCompleted);
  const EventRow event = world.store().find_event(1).value();
  EXPECT_EQ(event.state, EventState::kPending);
  EXPECT_EQ(event.event_id, "a-1");
  EXPECT_EQ(event.source, "run 1 of acme/a");
  // Whoever comes next begins its run.
  world.boot();
  world.serve();
  ASSERT_EQ(world.runs_of("join").size(), 1U);
  ASSERT_EQ(world.contexts.size(), 1U);
  EXPECT_TRUE(world.contexts[0].contains(R"("location":"acme/a","operation":"update","id":"a-1")"))
      << world.contexts[0];
  EXPECT_TRUE(world.contexts[0].contains(R"("runs":{"acme/a":{"flow":"acme/a","run":1,)"));
  world.run("b");
  EXPECT_EQ(world.runs_of("join").size(), 2U);
}

TEST(FlowEnds, WhatEndsWhileNobodyServesIsHeardToo) {
  EndsWorld world = world_of(1);
  world.boot();
  for (const char* id : {"a", "b", "c", "join"}) ASSERT_TRUE(world.apply(id).has_value());
  world.run("a");
  EXPECT_EQ(world.store().count_events().value().pending, 1);
  world.serve();
  EXPECT_EQ(world.runs_of("join").size(), 1U);
  ASSERT_TRUE(world.loop().apply(world.now, ServeSignal{false, world.now}).has_value());
  world.run("b");
  EXPECT_EQ(world.store().count_events().value().pending, 1);
  // A flow that is changed meanwhile counts as it is.
  auto join = quick_flow("join");
  world.add(join);
  ASSERT_TRUE(world.apply("join").has_value());
  world.run("c");
  EXPECT_EQ(world.store().count_events().value().last, 2);
}

TEST(FlowEnds, AllOfThemOnceSinceTheLastTime) {
  EndsWorld world = world_of(3);
  world.start();
  world.run("a");
  world.run("b");
  world.run("a");
  EXPECT_EQ(world.runs_of("join").size(), 0U);
  world.boot();  // what has ended is remembered
  world.serve();
  world.run("c");
  ASSERT_EQ(world.runs_of("join").size(), 1U);
  EXPECT_TRUE(world.contexts.back().contains(R"("acme/a":{"flow":"acme/a","run":3)"))
      << "the newest: " << world.contexts.back();
  world.run("c");
  world.run("b");
  EXPECT_EQ(world.runs_of("join").size(), 1U);
  world.run("a");
  EXPECT_EQ(world.runs_of("join").size(), 2U);
}

TEST(FlowEnds, SoManyOfThem) {
  EndsWorld world = world_of(2);
  world.start();
  world.run("a");
  world.run("a");
  EXPECT_EQ(world.runs_of("join").size(), 0U) << "of one flow it is one";
  world.run("c");
  EXPECT_EQ(world.runs_of("join").size(), 1U);
  world.run("b");
  EXPECT_EQ(world.runs_of("join").size(), 1U);
}

TEST(FlowEnds, SeveralInOneStepCountEach) {
  EndsWorld world = world_of(3);
  world.start();
  for (const char* id : {"a", "b", "c"}) world.begin(id);
  world.rest();
  EXPECT_EQ(world.runs_of("join").size(), 1U);
}

TEST(FlowEnds, AnEndThatIsTooLongAgoIsForgotten) {
  EndsWorld world = world_of(2, 60'000);
  world.start();
  world.run("a");
  world.now += 61'000;
  world.run("b");
  EXPECT_EQ(world.runs_of("join").size(), 0U);
  world.now += 59'000;
  world.run("c");
  EXPECT_EQ(world.runs_of("join").size(), 1U);
}

TEST(FlowEnds, OtherStatesDoNotCount) {
  EndsWorld world;
  world.add(quick_flow("a"));
  auto join = quick_flow("join");
  join->triggers.push_back(waits_for({"acme/a"}, 1));
  join->triggers.back().ends.states = {"error", "cancelled"};
  world.add(join);
  world.start();
  world.run("a");
  EXPECT_EQ(world.store().count_events().value().last, 0);
}

TEST(FlowEnds, ItsRunStandsForTheSameTime) {
  EndsWorld world = world_of(1);
  world.start();
  world.begin("a", Scheduled{"nightly", 86'400'000, 0});
  world.rest();
  ASSERT_EQ(world.runs_of("join").size(), 1U);
  EXPECT_EQ(world.runs_of("join").at(0).scheduled, (Scheduled{"after", 86'400'000, 0}));
}

TEST(FlowEnds, OfADisabledFlowTheEventsWait) {
  EndsWorld world = world_of(1);
  world.start();
  world.turn("join", false);
  world.run("a");
  world.run("b");
  EXPECT_EQ(world.runs_of("join").size(), 0U);
  world.turn("join", true);
  EXPECT_EQ(world.runs_of("join").size(), 2U);
}

TEST(FlowEnds, FlowsThatWouldStartEachOtherForEverAreRefused) {
  EndsWorld world = world_of(1);
  world.start();
  auto a = quick_flow("a");
  a->triggers.push_back(waits_for({"acme/join"}, 1));
  world.add(a);
  const auto refused = world.apply("a");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(refused.error().message.contains("acme/a → acme/join → acme/a"))
      << refused.error().message;
}

TEST(FlowEnds, ATaskThatBeginsAFlowMayCloseACircleToo) {
  const std::vector<FlowLead> tasks{{"n/a", "n/b", false}, {"n/b", "n/a", false}};
  EXPECT_TRUE(check_circles(tasks).has_value()) << "those are told when they run";
  EXPECT_TRUE(check_circles({{"n/a", "n/b", false}, {"n/a", "n/b", true}}).has_value());
  const auto circle =
      check_circles({{"n/a", "n/b", false}, {"n/b", "n/c", false}, {"n/c", "n/a", true}});
  ASSERT_FALSE(circle.has_value());
  EXPECT_TRUE(circle.error().message.contains("n/a → n/b → n/c → n/a")) << circle.error().message;
}

}  // namespace
}  // namespace cordyna
