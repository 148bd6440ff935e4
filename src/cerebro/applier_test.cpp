#include "cerebro/applier.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cerebro/loop.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

constexpr Millis kSecond = 1000;
constexpr Millis kHour = 3600 * kSecond;
const Millis kNoon = parse_timestamp("2026-03-27T12:00:00").value();

/// The texts of these tests are "id|cron|message"; without a cron, the flow has no trigger.
Result<std::shared_ptr<const Flow>> load(std::string_view text, std::string_view folder) {
  if (text == "broken") return fail(ErrorCode::kCorrupt, "cannot be read");
  const std::size_t first = text.find('|');
  const std::size_t second = text.find('|', first + 1);
  auto flow = std::make_shared<Flow>();
  flow->id = text.substr(0, first);
  flow->ns = "acme";
  flow->owner = "team";
  flow->hash = fmt::format("h:{}", text);
  flow->folder = folder;
  TaskSpec task;
  task.id = "say";
  task.type = "log";
  task.owner = "team";
  task.kind = TaskKind::kEngine;
  task.message = text.substr(second + 1);
  flow->tasks.push_back(std::move(task));
  const std::string cron(text.substr(first + 1, second - first - 1));
  if (!cron.empty()) {
    TriggerSpec spec;
    spec.id = "t";
    spec.disabled = cron.starts_with('!');
    spec.cron = cron.substr(spec.disabled ? 1 : 0);
    spec.catch_up = CatchUp::kAll;
    flow->triggers.push_back(std::move(spec));
  }
  return flow;
}

class ApplierTest : public testing::Test {
 protected:
  ApplierTest() { boot(); }

  void boot() {
    if (loop_ != nullptr) store_ = store_->fork_owner();
    TickPorts ports;
    ports.inputs = [](const Flow&, const TriggerSpec&, std::string_view) -> Result<std::string> {
      return std::string("{}");
    };
    ports.make_id = [this](Millis at) { return RunId{fmt::format("run-{}-{}", at, ++ids_)}; };
    loop_ = std::make_unique<Loop>(engine::Limits{2}, *store_, evaluator_, FlowLoader(load),
                                   std::move(ports));
  }

  FlowChange put(const std::string& text, std::int64_t from, bool was_removed = false) {
    const std::string id = text.substr(0, text.find('|'));
    return {"acme", id, from, was_removed, text, "/flows", "/flows/" + id + ".yaml"};
  }
  static FlowChange removal(const std::string& id, std::int64_t from) {
    return {"acme", id, from, false, "", "", ""};
  }
  Result<std::int64_t> apply(std::vector<FlowChange> changes) {
    TRY_ASSIGN(const std::int64_t count, loop_->apply(now_, ApplySignal{std::move(changes), now_}));
    TRY(loop_->step(now_));
    return count;
  }
  Result<RunNo> turn(const std::string& id, bool enabled, const std::string& reason = {}) {
    return loop_->apply(now_, SwitchFlowSignal{{"acme", id, enabled, "ann", reason}, now_});
  }
  void must_turn(const std::string& id, bool enabled) {
    ASSERT_EQ(turn(id, enabled).value(), 1);
    ASSERT_TRUE(loop_->step(now_).has_value());
  }
  Result<RunNo> submit(const std::string& text, const std::string& id) {
    RunRequest request;
    request.id = RunId{id};
    request.flow = load(text, "/flows").value();
    request.canonical = text;
    request.inputs = "{}";
    return loop_->apply(now_, SubmitSignal{std::move(request)});
  }
  void serve() {
    ASSERT_TRUE(loop_->apply(now_, ServeSignal{true, now_}).has_value());
    ASSERT_TRUE(loop_->step(now_).has_value());
  }
  void sleep_until(Millis until) {
    for (auto next = loop_->next_tick(); next.has_value() && *next <= until;
         next = loop_->next_tick()) {
      now_ = std::max(now_, *next);
      ASSERT_TRUE(loop_->step(now_).has_value());
    }
    now_ = until;
  }
  AppliedFlowRow row(const std::string& id) { return store_->find_applied("acme", id).value(); }
  /// "begun 12:00, run 13:00"
  std::string story(const std::string& id) {
    std::string out;
    auto ticks = store_->list_ticks({"acme", id, "", 0, 1000}).value();
    for (auto tick = ticks.rbegin(); tick != ticks.rend(); ++tick) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", to_string(tick->state),
                         format_timestamp(tick->scheduled_for).substr(11, 5));
    }
    return out;
  }

  PlainEvaluator evaluator_;
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
  std::unique_ptr<Loop> loop_;
  Millis now_ = kNoon;
  int ids_ = 0;
};

TEST_F(ApplierTest, VersionsCountUpAndAnUnchangedFlowKeepsItsNumber) {
  ASSERT_EQ(apply({put("a||one", 0), put("b||one", 0)}).value(), 2);
  EXPECT_EQ(row("a").version, 1);
  now_ += kHour;
  ASSERT_TRUE(apply({put("a||two", 1)}).has_value());
  ASSERT_TRUE(apply({put("a||one", 2)}).has_value());
  ASSERT_TRUE(apply({put("a||one", 3)}).has_value());
  EXPECT_EQ(row("a").version, 3);
  EXPECT_EQ(row("a").hash, "h:a||one");
  EXPECT_EQ(row("a").applied_at, now_);
  EXPECT_EQ(store_->list_versions({"acme", "a"}).value().size(), 3U);
  EXPECT_EQ(store_->find_flow("h:a||two").value().canonical, "a||two");
  EXPECT_EQ(row("b").applied_at, kNoon);
}

TEST_F(ApplierTest, AnotherFolderIsAnotherVersionAndAnotherFileIsNot) {
  ASSERT_TRUE(apply({put("a||one", 0)}).has_value());
  FlowChange renamed = put("a||one", 1);
  renamed.file = "/flows/other.yaml";
  ASSERT_TRUE(apply({renamed}).has_value());
  EXPECT_EQ(row("a").version, 1);
  EXPECT_EQ(row("a").file, "/flows/other.yaml");
  FlowChange moved = put("a||one", 1);
  moved.folder = "/elsewhere";
  ASSERT_TRUE(apply({moved}).has_value());
  EXPECT_EQ(row("a").version, 2);
}

TEST_F(ApplierTest, ARemovedFlowComesBackAsTheVersionThatItWas) {
  ASSERT_TRUE(apply({put("a||one", 0)}).has_value());
  now_ += kHour;
  ASSERT_TRUE(apply({removal("a", 1)}).has_value());
  EXPECT_EQ(row("a").removed_at, now_);
  EXPECT_TRUE(store_->list_applied({}).value().empty());
  EXPECT_EQ(apply({put("a||one", 1)}).error().code, ErrorCode::kConflict);
  now_ += kHour;
  ASSERT_TRUE(apply({put("a||one", 1, true)}).has_value());
  EXPECT_EQ(row("a").version, 1);
  EXPECT_EQ(row("a").removed_at, 0);
  EXPECT_EQ(row("a").applied_at, now_);
}

TEST_F(ApplierTest, OneThatComesTooLateChangesNothingAtAll) {
  ASSERT_TRUE(apply({put("a||one", 0)}).has_value());
  const auto late = apply({put("b||one", 0), put("a||two", 0)});
  EXPECT_EQ(late.error().code, ErrorCode::kConflict);
  EXPECT_NE(late.error().message.find("flow 'acme/a' was changed meanwhile"), std::string::npos);
  EXPECT_EQ(apply({put("b||one", 0), put("b||two", 0)}).error().code, ErrorCode::kConflict);
  FlowChange lies = put("b||one", 0);
  lies.flow_id = "c";
  EXPECT_EQ(apply({lies}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(apply({put("b|99 * * * *|one", 0)}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_->list_applied({}).value().size(), 1U);
  EXPECT_EQ(row("a").version, 1);
  ASSERT_TRUE(apply({put("b||one", 0)}).has_value()) << "the loop goes on";
}

TEST_F(ApplierTest, TwoOfOneStepAreNotMixedUp) {
  ASSERT_TRUE(loop_->apply(now_, ApplySignal{{put("a||one", 0)}, now_}).has_value());
  EXPECT_EQ(loop_->apply(now_, ApplySignal{{put("a||two", 0)}, now_}).error().code,
            ErrorCode::kConflict);
  ASSERT_TRUE(loop_->step(now_).has_value());
  EXPECT_EQ(row("a").hash, "h:a||one");
}

TEST_F(ApplierTest, WhileServingSchedulesFollowTheirFlows) {
  serve();
  EXPECT_FALSE(loop_->next_tick().has_value());
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 0)}).has_value());
  EXPECT_EQ(loop_->next_tick(), kNoon + kHour);
  sleep_until(kNoon + kHour + kSecond);
  // The same times: nothing is lost and nothing fires twice.
  ASSERT_TRUE(apply({put("a|0 * * * *|two", 1)}).has_value());
  sleep_until(kNoon + 2 * kHour + kSecond);
  EXPECT_EQ(story("a"), "begun 12:00, run 13:00, run 14:00");
  EXPECT_EQ(store_->find_run(2).value().flow_hash, "h:a|0 * * * *|two");
  ASSERT_TRUE(apply({removal("a", 2)}).has_value());
  EXPECT_FALSE(loop_->next_tick().has_value());
}

TEST_F(ApplierTest, OtherTimesCountFromTheApplyOn) {
  serve();
  ASSERT_TRUE(apply({put("a|0 13 * * *|one", 0)}).has_value());
  sleep_until(kNoon + 5 * kHour + kSecond);
  // Each hour since the last tick was never due.
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 1)}).has_value());
  sleep_until(kNoon + 6 * kHour);
  EXPECT_EQ(story("a"), "begun 12:00, run 13:00, begun 17:00, run 18:00");
}

TEST_F(ApplierTest, WhatTheOldTimesHaveMissedIsNotForgotten) {
  serve();
  ASSERT_TRUE(apply({put("a|0 13 * * *|one", 0)}).has_value());
  boot();
  now_ = kNoon + kHour + kHour / 2;
  ASSERT_TRUE(apply({put("a|0,15 13 * * *|one", 1)}).has_value());
  serve();
  sleep_until(now_ + kSecond);
  EXPECT_EQ(story("a"), "begun 12:00, run 13:00, run 13:15");
}

TEST_F(ApplierTest, ATriggerThatIsEnabledAgainCatchesUp) {
  serve();
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 0)}).has_value());
  ASSERT_TRUE(apply({put("a|!0 * * * *|one", 1)}).has_value());
  EXPECT_FALSE(loop_->next_tick().has_value());
  now_ += 2 * kHour + kSecond;
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 2)}).has_value());
  sleep_until(now_ + kSecond);
  EXPECT_EQ(story("a"), "begun 12:00, run 13:00, run 14:00");
}

TEST_F(ApplierTest, AFlowThatComesBackMissedNothing) {
  serve();
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 0)}).has_value());
  ASSERT_TRUE(apply({removal("a", 1)}).has_value());
  now_ += 5 * kHour + kSecond;
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 1, true)}).has_value());
  sleep_until(kNoon + 6 * kHour);
  EXPECT_EQ(story("a"), "begun 12:00, begun 17:00, run 18:00");
}

TEST_F(ApplierTest, AnOwnerThatServesReadsWhatIsApplied) {
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 0), put("b||one", 0)}).has_value());
  EXPECT_FALSE(loop_->next_tick().has_value()) << "it does not serve";
  boot();
  EXPECT_EQ(loop_->apply(now_, ServeSignal{true, now_}).value(), 1);
  ASSERT_TRUE(loop_->step(now_).has_value());
  EXPECT_EQ(loop_->next_tick(), kNoon + kHour);
  ASSERT_TRUE(loop_->apply(now_, ServeSignal{false, now_}).has_value());
  ASSERT_TRUE(loop_->step(now_).has_value());
  EXPECT_FALSE(loop_->next_tick().has_value());
  ASSERT_TRUE(apply({put("c|0 * * * *|one", 0)}).has_value());
  EXPECT_FALSE(loop_->next_tick().has_value()) << "told to go, it keeps nothing new";
}

TEST_F(ApplierTest, ADisabledFlowFiresNothingAndCatchesUpWhenItIsEnabled) {
  serve();
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 0)}).has_value());
  must_turn("a", false);
  EXPECT_FALSE(loop_->next_tick().has_value());
  now_ += 2 * kHour + kSecond;
  ASSERT_TRUE(loop_->step(now_).has_value());
  EXPECT_EQ(story("a"), "begun 12:00");
  must_turn("a", true);
  sleep_until(now_ + kSecond);
  EXPECT_EQ(story("a"), "begun 12:00, run 13:00, run 14:00") << "catch_up is all";
}

TEST_F(ApplierTest, WhoDisabledAFlowIsKeptByApplyRemovalAndTheNextOwner) {
  const Disabling by_ann{kNoon, "ann", "broken"};
  ASSERT_TRUE(apply({put("a|0 * * * *|one", 0)}).has_value());
  ASSERT_EQ(turn("a", false, "broken").value(), 1);
  ASSERT_TRUE(loop_->step(now_).has_value());
  boot();
  now_ += kHour;
  ASSERT_TRUE(apply({put("a|0 * * * *|two", 1)}).has_value());
  EXPECT_EQ(row("a").disabled, by_ann);
  serve();
  EXPECT_FALSE(loop_->next_tick().has_value());
  ASSERT_TRUE(apply({removal("a", 2)}).has_value());
  EXPECT_EQ(turn("a", true).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(submit("a||file", "r1").has_value()) << "it is no applied flow now";
  ASSERT_TRUE(loop_->step(now_).has_value());
  ASSERT_TRUE(apply({put("a|0 * * * *|two", 2, true)}).has_value());
  EXPECT_EQ(row("a").disabled, by_ann);
  EXPECT_FALSE(submit("a||file", "r2").has_value());
}

TEST_F(ApplierTest, StartsOfADisabledFlowAreRefusedAndItsRunsGoOn) {
  ASSERT_TRUE(apply({put("a||one", 0)}).has_value());
  ASSERT_EQ(submit("a||one", "r1").value(), 1);
  ASSERT_TRUE(loop_->step(now_).has_value());
  ASSERT_EQ(store_->find_run(1).value().state, RunState::kCompleted);
  ASSERT_EQ(submit("a||one", "r2").value(), 2);
  ASSERT_EQ(turn("a", false, "the source is broken").value(), 1);
  const auto refused = submit("a||one", "r3");
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(refused.error().message,
            "flow 'acme/a' is disabled by ann since 2026-03-27T12:00:00.000Z: the source is "
            "broken; 'dyna flows enable acme/a' lets it start runs again");
  EXPECT_EQ(loop_->apply(now_, RerunSignal{{RunId{"r4"}, 1, "{}", {}}}).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(submit("a||one", "r2").value(), 2) << "who asks again hears of the first";
  ASSERT_TRUE(loop_->step(now_).has_value());
  EXPECT_EQ(store_->find_run(2).value().state, RunState::kCompleted);
  must_turn("a", true);
  EXPECT_EQ(submit("a||one", "r3").value(), 3);
}

TEST_F(ApplierTest, ManyAreDisabledInOneStepAndWhatIsSoAlreadyIsNoChange) {
  serve();
  ASSERT_TRUE(apply({put("a|0 * * * *|x", 0), put("b|0 * * * *|x", 0), put("c|0 * * * *|x", 0)})
                  .has_value());
  EXPECT_EQ(turn("a", false, "one").value(), 1);
  EXPECT_EQ(turn("b", false).value(), 1);
  EXPECT_EQ(turn("a", false).value(), 0);
  EXPECT_EQ(turn("a", false, "two").value(), 1);
  EXPECT_EQ(turn("b", true).value(), 1);
  EXPECT_EQ(turn("c", true).value(), 0);
  EXPECT_EQ(turn("d", false).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(turn("c", true, "why").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(turn("c", false, std::string(kReasonMax + 1, 'x')).error().code,
            ErrorCode::kInvalidArgument);
  ASSERT_TRUE(loop_->step(now_).has_value());
  EXPECT_EQ(row("a").disabled, (Disabling{kNoon, "ann", "two"}));
  EXPECT_EQ(row("b").disabled, Disabling{});
  EXPECT_EQ(row("c").disabled, Disabling{});
  sleep_until(kNoon + kHour);
  EXPECT_EQ(story("a") + "; " + story("b"), "begun 12:00; begun 12:00, run 13:00");
}

TEST_F(ApplierTest, ARemovalIsNotedWithWhereItIsFrom) {
  ASSERT_TRUE(apply({put("a||one", 0)}).has_value());
  FlowChange gone = removal("a", 1);
  gone.file = "git:abc:a.yaml";
  ASSERT_TRUE(apply({gone}).has_value());
  const AppliedFlowRow removed = row("a");
  EXPECT_EQ(removed.file, "git:abc:a.yaml");
  EXPECT_EQ(removed.removed_at, now_);
  now_ += kHour;
  gone.was_removed = true;
  gone.file = "git:def:a.yaml";
  ASSERT_TRUE(apply({gone}).has_value());
  EXPECT_EQ(row("a").file, "git:def:a.yaml");
  EXPECT_EQ(row("a").removed_at, removed.removed_at) << "it was removed before";
  gone.file.clear();
  EXPECT_EQ(apply({gone}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ApplierTest, WhereFlowsCameFromIsSavedWithThemOrNotAtAll) {
  const ApplySignal good{{put("a||one", 0)}, now_, {{"git/acme", "first"}}};
  ASSERT_TRUE(loop_->apply(now_, good).has_value());
  ASSERT_TRUE(loop_->step(now_).has_value());
  EXPECT_EQ(store_->find_position("git/acme").value(), "first");
  const ApplySignal late{{put("a||two", 0)}, now_, {{"git/acme", "second"}}};
  EXPECT_EQ(loop_->apply(now_, late).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(loop_->step(now_).has_value());
  EXPECT_EQ(store_->find_position("git/acme").value(), "first");
}

}  // namespace
}  // namespace cordyna
