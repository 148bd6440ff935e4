#include <fmt/format.h>

#include <random>

#include "engine/engine_fixture.hpp"

namespace cordyna::engine {
namespace {

constexpr std::uint64_t kGigabyte = 1'000'000'000;

PlaceSpec place(std::string name, std::uint32_t cost, std::uint32_t cores, std::uint32_t slots = 0,
                PlaceLabels labels = {}) {
  PlaceSpec spec{.name = std::move(name), .type = PlaceType::kDocker, .slots = slots};
  spec.cpu_millis = cores * 1000;
  spec.cost_millis = cost * 1000;
  spec.labels = std::move(labels);
  return spec;
}

TaskSpec placed(std::string id, std::uint32_t cores = 1, std::int32_t priority = 0) {
  TaskSpec spec = task(std::move(id));
  spec.priority = priority;
  spec.place = {.types = place_bit(PlaceType::kDocker), .cpu_millis = cores * 1000};
  return spec;
}

class PlacesTest : public EngineTest {
 protected:
  /// One slot of the machine, so that what takes one shows.
  explicit PlacesTest(std::vector<PlaceSpec> places = {place("cheap", 1, 2), place("dear", 5, 8)})
      : EngineTest({1, {{.name = "w", .slots = 1}}, std::move(places)}) {}

  void end(const std::string& path, AttemptState state = AttemptState::kCompleted,
           std::uint32_t attempt = 1) {
    report(path, ReportKind::kEnded, state, attempt);
  }
  /// What was started in this step, and where.
  std::string starts() {
    (void)step();
    std::string text;
    for (const StartAttempt& start : last_.starts) {
      text += start.key.path + (start.place == nullptr ? "" : "@" + start.place->name) + " ";
    }
    return text;
  }
  /// Why those are where they are.
  [[nodiscard]] std::vector<std::string> reasons() const {
    std::vector<std::string> said;
    for (const HistoryRow& row : last_.changes.history) {
      if (!row.detail.empty()) said.push_back(row.detail);
    }
    return said;
  }
  Blocker why(const std::string& path) {
    for (const Blocker& blocker : engine_.why(1, now_)) {
      if (blocker.path == path) return blocker;
    }
    return {};
  }
  const PlaceState& state(std::string_view name) {
    for (const PlaceState& one : engine_.slots().places().all()) {
      if (one.spec.name == name) return one;
    }
    throw std::out_of_range("no such place");
  }
};

TEST_F(PlacesTest, TheCheapestWithRoomIsTakenAndSaysSo) {
  begin({placed("a"), placed("b"), placed("c"), placed("d", 8), task("local")});
  // "d" fits the dear one alone, which has given a core away by then; places take no slot of the
  // machine.
  EXPECT_EQ(starts(), "a@cheap b@cheap c@dear local ");
  EXPECT_EQ(last_.changes.attempts[0].place, (PlaceHold{"cheap", PlaceType::kDocker, 1000, 0}));
  EXPECT_EQ(reasons().at(0), "at 'cheap': the cheapest of 2 that can take it");
  EXPECT_EQ(reasons().at(2), "at 'dear': cheaper ones had no room");
  EXPECT_EQ(why("a").what, "dispatched at 'cheap': the cheapest of 2 that can take it");
  EXPECT_EQ(why("c").what, "dispatched at 'dear': cheaper ones had no room");
  EXPECT_EQ(why("d").kind, BlockerKind::kPlace);
  EXPECT_EQ(why("d").what, "no place has room: 'dear' has 1 of 8 cores held by 'c' of run 1");
  EXPECT_EQ(why("d").places, std::vector<std::string>{"dear"});
  end("c");
  EXPECT_EQ(starts(), "d@dear ");
  EXPECT_EQ(reasons().back(), "at 'dear': no other place can take it");
}

TEST_F(PlacesTest, SmallOnesDoNotOvertakeALargeOneForEver) {
  begin({placed("a", 2), placed("b", 1), placed("large", 8), placed("c", 1), placed("e", 1)});
  EXPECT_EQ(starts(), "a@cheap b@dear ");  // the dear one is kept for the large one
  EXPECT_EQ(why("c").what,
            "no place has room: 'cheap' has 2 of 2 cores held by 'a' of run 1; 'dear' has, and "
            "others go before");
  end("a");
  EXPECT_EQ(starts(), "c@cheap e@cheap ");  // what the large one could not use is free
  end("b");
  EXPECT_EQ(starts(), "large@dear ");
}

TEST_F(PlacesTest, WhoIsCancelledKeepsNobodyOut) {
  begin({placed("a", 6), placed("large", 8)});
  EXPECT_EQ(starts(), "a@dear ");
  auto other = std::make_shared<Flow>(*flow_);
  TaskSpec small = placed("small", 1);
  small.place.name = "dear";
  other->tasks = {small};
  ASSERT_TRUE(engine_.start_run(now_, {2, RunId{"s"}, other, "{}", "{}"}, out_).has_value());
  EXPECT_EQ(starts(), "");  // the large one came first
  ASSERT_TRUE(engine_.cancel_run(now_, 1, out_).has_value());
  EXPECT_EQ(starts(), "small@dear ");
  ASSERT_EQ(last_.cancels.size(), 1U);
  EXPECT_EQ(last_.cancels[0].place->name, "dear");
}

TEST_F(PlacesTest, PriorityGoesBeforeArrivalAlsoWithOtherNeeds) {
  begin({placed("a", 2), placed("b", 8), placed("c", 8), placed("d", 7, 5)});
  EXPECT_EQ(starts(), "d@dear a@cheap ");
  end("d");
  EXPECT_EQ(starts(), "b@dear ");
}

TEST_F(PlacesTest, LabelsAndNamesChoose) {
  engine_ =
      Engine({1, {}, {place("cheap", 0, 0), place("gpu", 9, 0, 1, {{"gpu", "a100"}})}}, evaluator_);
  TaskSpec labelled = placed("l");
  labelled.place.labels = {{"gpu", "a100"}};
  TaskSpec named = placed("n");
  named.place.name = "gpu";
  TaskSpec nowhere = placed("x");
  nowhere.place.name = "gone";
  begin({labelled, named, nowhere, placed("any")});
  EXPECT_EQ(starts(), "l@gpu any@cheap ");
  EXPECT_EQ(why("n").what, "no place has room: 'gpu' has 1 of 1 slots held by 'l' of run 1");
  EXPECT_EQ(why("x").what,
            "no place can take it: 'cheap' is not 'gone', which is wanted; 'gpu' is not 'gone', "
            "which is wanted");
  EXPECT_TRUE(why("x").places.empty());
}

TEST_F(PlacesTest, OfEqualsTheOneWithTheFewestAttempts) {
  engine_ = Engine({1, {}, {place("a", 1, 0), place("b", 1, 0), place("c", 2, 0)}}, evaluator_);
  begin({placed("1"), placed("2"), placed("3")});
  EXPECT_EQ(starts(), "1@a 2@b 3@a ");
}

TEST_F(PlacesTest, LocalOnesTakeASlotOfTheMachineTooAndMemoryIsBounded) {
  const PlaceSpec here{.name = "here", .type = PlaceType::kLocal, .memory_bytes = 3 * kGigabyte};
  engine_ = Engine({2, {}, {here}}, evaluator_);
  const auto local = [](std::string id, std::uint64_t gigabytes) {
    TaskSpec spec = task(std::move(id));
    spec.place = {.types = place_bit(PlaceType::kLocal), .memory_bytes = gigabytes * kGigabyte};
    return spec;
  };
  begin({local("a", 2), local("b", 2), local("c", 1)});
  EXPECT_EQ(starts(), "a@here ");  // "b" goes before "c"
  EXPECT_EQ(why("b").what, "no place has room: 'here' has 2 GB of 3 GB held by 'a' of run 1");
  end("a");
  EXPECT_EQ(starts(), "b@here c@here ");
  EXPECT_EQ(engine_.slots().used(), 2U);
}

TEST_F(PlacesTest, WithoutAPlaceOfItsKindNothingIsCounted) {
  engine_ = Engine({1, {}, {{.name = "here", .type = PlaceType::kLocal}}}, evaluator_);
  begin({placed("a"), placed("b")});
  EXPECT_EQ(starts(), "a ");  // by a slot of the machine, as ever
  EXPECT_EQ(why("b").kind, BlockerKind::kSlot);
}

TEST_F(PlacesTest, APoolHoldsUpWhoWantsBothAndNobodyElse) {
  TaskSpec both = placed("a");
  both.pool = "w";
  TaskSpec other = placed("b");
  other.pool = "w";
  begin({both, other, placed("c")});
  EXPECT_EQ(starts(), "a@cheap c@cheap ");
  EXPECT_EQ(why("b").kind, BlockerKind::kPool);
  end("a");
  EXPECT_EQ(starts(), "b@cheap ");
}

TEST_F(PlacesTest, ARetryChoosesAnew) {
  TaskSpec again = placed("a", 2);
  again.retry.attempts = 2;
  begin({again, placed("b", 2)});
  EXPECT_EQ(starts(), "a@cheap b@dear ");
  end("a", AttemptState::kFailed);
  end("b");
  EXPECT_EQ(starts(), "a@cheap ");
}

TEST_F(PlacesTest, ARestartKnowsWhatIsHeldAndAGonePlaceHoldsNothingUp) {
  begin({placed("a", 2), placed("b", 2)});
  RunSnapshot rows;
  rows.run = {.no = 1, .id = RunId{"r"}, .flow_id = "f", .state = RunState::kRunning};
  TaskRow row;
  row.run = 1;
  row.path = "a";
  row.attempt = 1;
  row.first_at = now_;
  rows.tasks.push_back(row);
  AttemptRow attempt;
  attempt.run = 1;
  attempt.path = "a";
  attempt.attempt = 1;
  attempt.state = AttemptState::kStarted;
  attempt.known_dead = false;
  attempt.place = {"cheap", PlaceType::kDocker, 2000, 0};
  rows.attempts.push_back(attempt);
  AttemptRow left = attempt;
  left.run = 7;
  left.place = {"gone", PlaceType::kDocker, 1, 1};
  engine_ = Engine({1, {}, {place("cheap", 1, 2)}}, evaluator_);
  out_ = {};
  engine_.know(now_, {.holders = {attempt, left}});
  EXPECT_EQ(state("cheap").cpu_millis, 2000U);
  ASSERT_TRUE(engine_.restore_run(now_, rows, flow_, out_).has_value());
  EXPECT_EQ(starts(), "");
  EXPECT_EQ(last_.adoptions.at(0).place->name, "cheap");
  EXPECT_EQ(state("cheap").cpu_millis, 2000U);  // counted once
  end("a");
  EXPECT_EQ(starts(), "b@cheap ");
}

TEST_F(PlacesTest, WhoCountsNoPlacesRunsAllOfThem) {
  Limits limits{2, {}, {place("cheap", 1, 1)}};
  limits.counts_places = false;
  engine_ = Engine(std::move(limits), evaluator_);
  TaskSpec named = placed("a", 5);
  named.place.name = "gone";
  begin({named, placed("b", 5)});
  EXPECT_EQ(starts(), "a b ");
}

TEST_F(PlacesTest, ALoopIsAsWideAsWhatMayRunEverywhere) {
  EXPECT_EQ(engine_.slots().width(), 1U + 2U + 8U);  // of the machine, and cores elsewhere
  engine_ = Engine({2,
                    {},
                    {place("a", 1, 0, 50),
                     place("b", 1, 0),
                     {.name = "here", .type = PlaceType::kLocal, .slots = 7}}},
                   evaluator_);
  EXPECT_EQ(engine_.slots().width(), 2U + 50U + 2U);
}

/// Whatever comes and goes, no place has more than it can, and all ends.
TEST_F(PlacesTest, NoPlaceIsEverOverfullAndNobodyIsForgotten) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    engine_ = Engine({2,
                      {{.name = "w", .slots = static_cast<std::uint32_t>(1 + random() % 3)}},
                      {place("a", 1, 2, 2), place("b", 1, 4), place("c", 3, 8, 3)}},
                     evaluator_);
    out_ = {};
    std::vector<TaskSpec> tasks;
    for (unsigned i = 0; i < 30; ++i) {
      const auto priority = static_cast<std::int32_t>(random() % 3);
      tasks.push_back(
          placed(fmt::format("t{}", i), static_cast<std::uint32_t>(1 + random() % 8), priority));
      if (random() % 4 == 0) tasks.back().pool = "w";
      if (random() % 5 == 0) tasks.back().place = {};
    }
    begin(tasks);
    std::vector<std::string> running;
    std::size_t done = 0;
    while (done < tasks.size()) {
      (void)step();
      for (const StartAttempt& start : last_.starts) running.push_back(start.key.path);
      for (const PlaceState& one : engine_.slots().places().all()) {
        ASSERT_LE(one.cpu_millis, one.spec.cpu_millis) << seed;
        ASSERT_TRUE(one.spec.slots == 0 || one.holders.size() <= one.spec.slots) << seed;
      }
      ASSERT_FALSE(running.empty()) << "seed " << seed << ": nothing goes on after " << done;
      const std::size_t which = random() % running.size();
      end(running[which]);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
      ++done;
    }
    (void)step();
    for (const PlaceState& one : engine_.slots().places().all()) {
      ASSERT_TRUE(one.holders.empty() && one.cpu_millis == 0) << seed;
    }
  }
}

}  // namespace
}  // namespace cordyna::engine
