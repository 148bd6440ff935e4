#include "cli/pruner.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/prune_text.hpp"
#include "process/cache/entries.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna::cli {
namespace {

namespace fs = std::filesystem;

constexpr Millis kDay = 86'400'000;
constexpr Millis kNow = 1'000 * kDay;

class PrunerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/pruner.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    layout_ = StateLayout(name);
  }
  void TearDown() override { fs::remove_all(layout_.folder()); }

  static void write(const fs::path& path, std::size_t bytes) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << std::string(bytes, 'x');
  }

  /// A run that ended so many days ago, with a log and an artifact of 100 bytes each.
  void run(RunNo no, int days, RunNo rerun_of = 0, RunState state = RunState::kCompleted) {
    RunRow row;
    row.no = no;
    row.id = RunId{"r" + std::to_string(no)};
    row.flow_id = "f";
    row.flow_hash = "h";
    row.state = state;
    row.created_at = kNow - days * kDay;
    row.ended_at = is_final(state) ? row.created_at : 0;
    row.rerun_of = rerun_of;
    ChangeSet changes;
    changes.flows.push_back({"h", "f", "", "{}"});
    changes.runs.push_back(row);
    ASSERT_TRUE(store_.commit(changes).has_value());
    write(attempt(no) / "log", 100);
    write(attempt(no) / "artifacts/a", 100);
  }
  [[nodiscard]] fs::path attempt(RunNo no) const { return layout_.attempt_folder(no, 0, 1); }
  [[nodiscard]] bool has(RunNo no, const std::string& file) const {
    return fs::exists(attempt(no) / file);
  }

  Pruner::RemoveRows remover() {
    return [this](OldRows rows) {
      ++commits_;
      ChangeSet changes;
      changes.removed_runs = std::move(rows.runs);
      changes.removed_ticks = std::move(rows.ticks);
      changes.removed_events = std::move(rows.events);
      const auto count = static_cast<std::int64_t>(changes.removed_runs.size());
      const Result<> done = store_.commit(changes);
      return done.has_value() ? Result<std::int64_t>(count)
                              : Result<std::int64_t>(std::unexpected<Error>(done.error()));
    };
  }
  PruneCounts prune(const flow::Retention& keep, bool dry_run = false) {
    Pruner pruner(store_, layout_, keep, dry_run ? Pruner::RemoveRows() : remover());
    PruneCounts all;
    for (int steps = 0; steps < 1000; ++steps) {
      const auto step = pruner.step(kNow);
      if (!step.has_value()) ADD_FAILURE() << step.error().message;
      if (!step.has_value() || step->pass_ended) return all += step.has_value() ? step->done : all;
      all += step->done;
    }
    ADD_FAILURE() << "the pass does not end";
    return all;
  }
  std::vector<RunNo> left() {
    const std::vector<RunRow> all = store_.list_runs({.limit = 1000}).value();
    std::vector<RunNo> numbers;
    numbers.reserve(all.size());
    for (const RunRow& row : all) numbers.push_back(row.no);
    std::ranges::reverse(numbers);
    return numbers;
  }

  MemoryStore store_;
  StateLayout layout_{""};
  int commits_ = 0;
};

TEST_F(PrunerTest, OldRunsGoWithTheirFolders) {
  run(1, 100);
  run(2, 91);
  run(3, 89);
  const PruneCounts gone = prune({.runs = {.age = 90 * kDay}});
  EXPECT_EQ(gone, (PruneCounts{.runs = 2, .bytes = 400}));
  EXPECT_EQ(left(), std::vector<RunNo>{3});
  EXPECT_FALSE(fs::exists(layout_.run_folder(1)));
  EXPECT_TRUE(has(3, "log"));
  EXPECT_TRUE(fs::is_empty(layout_.folder() + "/removed"));
  EXPECT_EQ(prune_text(gone, false), "2 runs: 400 B removed");
}

TEST_F(PrunerTest, ADryRunChangesNothing) {
  run(1, 100);
  run(2, 1);
  EXPECT_EQ(prune({.runs = {.age = 90 * kDay}}, true), (PruneCounts{.runs = 1, .bytes = 200}));
  EXPECT_EQ(left(), (std::vector<RunNo>{1, 2}));
  EXPECT_TRUE(has(1, "log"));
  EXPECT_FALSE(fs::exists(layout_.folder() + "/removed"));
}

TEST_F(PrunerTest, WhatIsNeededStaysHoweverOldItIs) {
  run(1, 100);
  run(2, 100, 0, RunState::kPaused);
  run(3, 99, 1);
  run(4, 98);
  // The third is old, too, but goes only after it does not need the first any more.
  const flow::Retention keep{.runs = {.age = 90 * kDay}, .artifacts = {.age = kDay}};
  EXPECT_EQ(prune(keep).runs, 1u);
  EXPECT_EQ(left(), (std::vector<RunNo>{1, 2, 4})) << "the newest stays: numbers go up from there";
  EXPECT_TRUE(has(1, "artifacts/a")) << "it was still read";
  EXPECT_TRUE(has(2, "artifacts/a")) << "it goes on";
  EXPECT_EQ(prune(keep).runs, 1u);
  EXPECT_EQ(left(), (std::vector<RunNo>{2, 4}));
}

TEST_F(PrunerTest, CountAndSizeKeepTheNewest) {
  for (RunNo no = 1; no <= 250; ++no) run(no, 1);
  EXPECT_EQ(prune({.runs = {.count = 240}}).runs, 10u);
  EXPECT_EQ(left().front(), 11);
  EXPECT_EQ(prune({.runs = {.size = 230 * 200}}).runs, 10u);
  EXPECT_EQ(left().front(), 21);
  const PruneCounts files = prune({.logs = {.size = 10'000}, .artifacts = {.size = 5'000}});
  EXPECT_EQ(files, (PruneCounts{.logs = 130, .artifacts = 180, .bytes = 31'000}));
  EXPECT_FALSE(has(150, "log"));
  EXPECT_TRUE(has(151, "log"));
  EXPECT_FALSE(has(200, "artifacts/a"));
  EXPECT_EQ(left().size(), 230u);
}

TEST_F(PrunerTest, LogsAndArtifactsGoBeforeTheirRun) {
  run(1, 40);
  run(2, 20);
  run(3, 1);
  const flow::Retention keep{.logs = {.age = 30 * kDay}, .artifacts = {.age = 14 * kDay}};
  EXPECT_EQ(prune(keep), (PruneCounts{.logs = 1, .artifacts = 2, .bytes = 300}));
  EXPECT_FALSE(has(1, "log"));
  EXPECT_TRUE(has(2, "log"));
  EXPECT_FALSE(has(2, "artifacts/a"));
  EXPECT_TRUE(has(3, "artifacts/a"));
  EXPECT_TRUE(prune(keep).nothing());
  EXPECT_EQ(commits_, 0) << "no row is touched for files";
}

TEST_F(PrunerTest, AStepIsBoundedAndAPassEndsWhereNothingIsOld) {
  for (RunNo no = 1; no <= 350; ++no) run(no, no <= 150 ? 100 : 1);
  Pruner pruner(store_, layout_, {.runs = {.age = 90 * kDay}}, remover());
  EXPECT_EQ(pruner.step(kNow)->done.runs, 100u);
  EXPECT_EQ(pruner.step(kNow)->done.runs, 50u);
  const auto third = pruner.step(kNow);
  EXPECT_EQ(third->done.runs, 0u);
  EXPECT_EQ(third->at, 300) << "not over all that is young";
  EXPECT_TRUE(pruner.step(kNow)->pass_ended);
}

TEST_F(PrunerTest, OldTicksGoTriggerByTrigger) {
  ChangeSet changes;
  for (int trigger = 0; trigger < 150; ++trigger) {
    for (int days = 0; days < 80; ++days) {
      TickRow tick;
      tick.flow_id = "f";
      tick.trigger = fmt::format("t{:03}", trigger);
      tick.scheduled_for = tick.first = kNow - days * kDay;
      tick.state = TickState::kBegun;
      changes.ticks.push_back(tick);
    }
  }
  ASSERT_TRUE(store_.commit(changes).has_value());
  run(1, 100);
  run(2, 1);
  const flow::Retention keep{.runs = {.age = 90 * kDay}, .ticks = {.age = 10 * kDay}};
  EXPECT_EQ(prune(keep, true).runs, 1u);
  Pruner pruner(store_, layout_, keep, remover());
  // 69 of each trigger are old, and 50 of each go at once.
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(pruner.step(kNow)->removed);
  EXPECT_FALSE(pruner.step(kNow)->removed) << "on to the other triggers";
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(pruner.step(kNow)->removed);
  EXPECT_EQ(pruner.step(kNow)->done.runs, 1u);
  const std::vector<TickRow> left =
      store_.list_ticks({.flow_id = "f", .trigger = "t149", .limit = 1000}).value();
  EXPECT_EQ(left.size(), 11u);
  EXPECT_EQ(left.back().scheduled_for, kNow - 10 * kDay);
}

TEST_F(PrunerTest, WhatACrashLeftIsFoundByItsMark) {
  run(1, 100);
  run(2, 1);
  write(layout_.folder() + "/removed/1", 0);  // marked, and nothing done
  write(layout_.folder() + "/removed/7", 0);  // its rows went already
  write(attempt(7) / "log", 5);
  EXPECT_TRUE(prune({.runs = {.age = 900 * kDay}}).nothing());
  EXPECT_TRUE(has(1, "log"));
  EXPECT_FALSE(fs::exists(layout_.run_folder(7)));
  EXPECT_TRUE(fs::is_empty(layout_.folder() + "/removed"));
}

TEST_F(PrunerTest, WithoutRulesNothingGoes) {
  run(1, 10'000);
  run(2, 1);
  EXPECT_TRUE(prune({}).nothing());
  EXPECT_EQ(left(), (std::vector<RunNo>{1, 2}));
  EXPECT_EQ(prune_text({}, false), "nothing is old enough");
}

TEST_F(PrunerTest, TheCacheHasRulesOfItsOwn) {
  for (int i = 0; i < 3; ++i) {
    cache::Entry entry;
    entry.key = std::string(64, static_cast<char>('a' + i));
    entry.flow = "f";
    entry.at = kNow - (i + 1) * kDay;
    entry.bytes = 100;
    const fs::path folder = fs::path(layout_.cache_folder()) / entry.key;
    fs::create_directories(folder);
    std::ofstream(folder / cache::kEntryFile) << cache::encode(entry);
  }
  EXPECT_EQ(prune({.cache = {.age = 2 * kDay + 1}}), (PruneCounts{.entries = 1, .bytes = 100}));
  EXPECT_EQ(prune({.cache = {.size = 150}}), (PruneCounts{.entries = 1, .bytes = 100}));
  const auto entries = cache::list_entries(layout_);
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->front().at, kNow - kDay);
}

}  // namespace
}  // namespace cordyna::cli
