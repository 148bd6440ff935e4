#include "store/memory/memory_store.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace cordyna {
namespace {

// What all stores do is tested in tests/contract; here is what only this one can.

ChangeSet new_run(RunNo no) {
  RunRow run;
  run.no = no;
  run.id.value = "run-" + std::to_string(no);
  ChangeSet changes;
  changes.runs.push_back(run);
  return changes;
}

TEST(MemoryStore, AFailureThatWasAskedForComesOnceAndWritesNothing) {
  MemoryStore store;
  store.fail_next_commit({ErrorCode::kUnavailable, "no space"});
  const Result<> refused = store.commit(new_run(1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().message, "no space");
  EXPECT_EQ(store.last_run_no().value(), 0);
  EXPECT_TRUE(store.commit(new_run(1)).has_value());
}

TEST(MemoryStore, ANewOwnerSeesTheStateAndFencesTheOldOne) {
  MemoryStore first;
  ASSERT_TRUE(first.commit(new_run(1)).has_value());

  const std::unique_ptr<MemoryStore> second = first.fork_owner();

  EXPECT_GT(second->epoch(), first.epoch());
  EXPECT_EQ(second->last_run_no().value(), 1);
  const Result<> fenced = first.commit(new_run(2));
  ASSERT_FALSE(fenced.has_value());
  EXPECT_EQ(fenced.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(second->commit(new_run(2)).has_value());
  EXPECT_EQ(first.last_run_no().value(), 2);
}

TEST(MemoryStore, TheStateOutlivesTheOwnerThatMadeIt) {
  auto first = std::make_unique<MemoryStore>();
  ASSERT_TRUE(first->commit(new_run(1)).has_value());
  const std::unique_ptr<MemoryStore> second = first->fork_owner();
  first.reset();
  EXPECT_EQ(second->find_run(1)->id.value, "run-1");
}

TEST(MemoryStore, TwoStoresShareNothing) {
  MemoryStore first;
  MemoryStore second;
  ASSERT_TRUE(first.commit(new_run(1)).has_value());
  EXPECT_EQ(second.last_run_no().value(), 0);
  EXPECT_EQ(second.epoch(), 1U);
}

TEST(MemoryStore, AnotherThreadMayReadWhileTheOwnerWrites) {
  MemoryStore store;
  constexpr RunNo kRuns = 500;
  std::thread reader([&store] {
    RunNo seen = 0;
    while (seen < kRuns) {
      const RunNo now = store.last_run_no().value();
      EXPECT_GE(now, seen);
      seen = now;
    }
  });
  for (RunNo no = 1; no <= kRuns; ++no) EXPECT_TRUE(store.commit(new_run(no)).has_value());
  reader.join();
}

}  // namespace
}  // namespace cordyna
