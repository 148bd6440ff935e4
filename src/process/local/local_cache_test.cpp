// Attempts that are taken from work that was done before.
#include <gtest/gtest.h>

#include <filesystem>

#include "process/local/local_test_support.hpp"

namespace cordyna::local_test {
namespace {

/// Has what it is told to have, and notes what it is given.
class FakeCache final : public WorkCache {
 public:
  [[nodiscard]] std::expected<std::string, TaskError> key(const StartAttempt&, Preparer&) override {
    if (key_error.has_value()) return std::unexpected(*key_error);
    return "k";
  }
  [[nodiscard]] std::optional<std::string> take(const std::string&, const StartAttempt&,
                                                const std::string& staged,
                                                const std::string& target) override {
    if (!has) return std::nullopt;
    write_text(staged + "/outputs", "n=7\n");
    std::filesystem::create_directory(staged + "/artifacts");
    write_text(staged + "/artifacts/a", "x");
    taken_to = target;
    return "from cache: run 12, 3h00m old";
  }
  [[nodiscard]] Result<> keep(const DoneWork& work) override {
    kept = work;
    if (!keep_error.empty()) return fail(ErrorCode::kUnavailable, keep_error);
    return {};
  }

  bool has = false;
  std::optional<TaskError> key_error;
  std::string keep_error;
  std::string taken_to;
  std::optional<DoneWork> kept;
};

StartAttempt cached(const std::string& script, std::uint32_t attempt = 1) {
  StartAttempt start = make_start(script, 0, attempt);
  auto flow = std::make_shared<Flow>(*start.flow);
  flow->tasks[0].cache.key = "key";
  start.flow = flow;
  return start;
}

class LocalCacheTest : public testing::Test {
 protected:
  LocalSettings settings() {
    LocalSettings with;
    with.cache = &cache_;
    return with;
  }
  Outcome run(TestOwner& owner, const StartAttempt& start) {
    owner.process().start(start);
    return owner.reports().wait_ended("t0", start.key.attempt);
  }

  TestState state_;
  FakeCache cache_;
};

TEST_F(LocalCacheTest, AHitEndsAtOnceWithWhatWasLeft) {
  cache_.has = true;
  TestOwner owner(state_, {}, settings());
  const Outcome outcome = run(owner, cached("touch " + state_.path("ran")));
  EXPECT_EQ(outcome.state, AttemptState::kCompleted);
  EXPECT_EQ(outcome.note, "from cache: run 12, 3h00m old");
  EXPECT_EQ(outcome.outputs,
            R"({"n":"7","files":{"a":")" + state_.folder(0) + R"(/artifacts/a"}})");
  EXPECT_EQ(cache_.taken_to, state_.folder(0));
  EXPECT_FALSE(std::filesystem::exists(state_.path("ran")));
  EXPECT_FALSE(cache_.kept.has_value()) << "it is there already";
}

TEST_F(LocalCacheTest, AfterARestartAHitIsAnAttemptThatEnded) {
  cache_.has = true;
  const StartAttempt start = cached("touch " + state_.path("ran"));
  {
    TestOwner first(state_, {}, settings());
    (void)run(first, start);
  }
  cache_.has = false;
  TestOwner second(state_, {}, settings());
  second.process().adopt(start);
  const Outcome outcome = second.reports().wait_ended("t0");
  EXPECT_EQ(outcome.note, "from cache: run 12, 3h00m old");
  EXPECT_FALSE(std::filesystem::exists(state_.path("ran")));
}

TEST_F(LocalCacheTest, AMissIsDoneAndKept) {
  TestOwner owner(state_, {}, settings());
  const Outcome outcome = run(owner, cached("echo n=1 >> \"$DYNA_OUTPUTS\""));
  EXPECT_EQ(outcome.outputs, R"({"n":"1"})");
  EXPECT_EQ(outcome.note, "");
  ASSERT_TRUE(cache_.kept.has_value());
  EXPECT_EQ(cache_.kept->key, "k");
  EXPECT_EQ(cache_.kept->folder, state_.folder(0));
}

TEST_F(LocalCacheTest, WhatCannotBeKeptIsSaid) {
  cache_.keep_error = "no space";
  TestOwner owner(state_, {}, settings());
  const Outcome outcome = run(owner, cached("true"));
  EXPECT_EQ(outcome.state, AttemptState::kCompleted);
  EXPECT_EQ(outcome.note, "not kept in the cache: no space");
}

TEST_F(LocalCacheTest, WhatFailedIsNotKept) {
  TestOwner owner(state_, {}, settings());
  EXPECT_EQ(run(owner, cached("exit 3")).state, AttemptState::kFailed);
  EXPECT_FALSE(cache_.kept.has_value());
}

TEST_F(LocalCacheTest, WithoutACacheWorkIsDoneAndKept) {
  cache_.has = true;
  TestOwner owner(state_, {}, settings());
  StartAttempt start = cached("touch " + state_.path("ran"));
  start.no_cache = true;
  EXPECT_EQ(run(owner, start).note, "");
  EXPECT_TRUE(std::filesystem::exists(state_.path("ran")));
  EXPECT_TRUE(cache_.kept.has_value());
}

TEST_F(LocalCacheTest, AKeyThatCannotBeMadeFailsTheAttempt) {
  cache_.key_error = make_task_error(TaskErrorCode::kTemplateFailed, Phase::kPrepare, "no file");
  TestOwner owner(state_, {}, settings());
  const Outcome outcome = run(owner, cached("true"));
  EXPECT_EQ(outcome.state, AttemptState::kFailed);
  EXPECT_EQ(outcome.error, cache_.key_error);
}

}  // namespace
}  // namespace cordyna::local_test
