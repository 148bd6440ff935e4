// What the loop does with signals that meet in one step.
#include "cerebro/loop.hpp"

#include <gtest/gtest.h>

#include "cerebro/one_log_fixture.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

class LoopTest : public testing::Test {
 protected:
  Result<RunNo> submit(const std::string& id) {
    return loop_.apply(1, SubmitSignal{{RunId{id}, one_log(), "{}", "{}"}});
  }
  Result<RunNo> rerun(const std::string& id, RunNo of) {
    RerunRequest request;
    request.id.value = id;
    request.of = of;
    request.inputs = "{}";
    return loop_.apply(1, RerunSignal{std::move(request)});
  }
  void step_to_rest() {
    do {
      const auto done = loop_.step(1);
      ASSERT_TRUE(done.has_value()) << done.error().message;
    } while (loop_.has_work());
  }

  MemoryStore store_;
  PlainEvaluator evaluator_;
  Loop loop_{engine::Limits{2}, store_, evaluator_,
             [](std::string_view, std::string_view) -> Result<std::shared_ptr<const Flow>> {
               return one_log();
             }};
};

TEST_F(LoopTest, ARunAskedForTwiceInOneStepIsOne) {
  EXPECT_EQ(submit("a").value(), 1);
  EXPECT_EQ(submit("b").value(), 2);
  EXPECT_EQ(submit("a").value(), 1);
  step_to_rest();
  EXPECT_EQ(submit("a").value(), 1) << "and later, too";
  step_to_rest();
  EXPECT_EQ(store_.last_run_no().value(), 2);
  EXPECT_EQ(store_.find_run(1)->state, RunState::kCompleted);
}

TEST_F(LoopTest, ARerunAskedForTwiceInOneStepIsOne) {
  EXPECT_EQ(submit("a").value(), 1);
  step_to_rest();
  EXPECT_EQ(rerun("again", 1).value(), 2);
  EXPECT_EQ(rerun("again", 1).value(), 2);
  EXPECT_EQ(submit("again").value(), 2) << "an id is one run, however it is asked for";
  step_to_rest();
  EXPECT_EQ(store_.last_run_no().value(), 2);
}

TEST_F(LoopTest, ARerunOfAnotherVersionIsOfThatOneAndNeverOfAnotherFlow) {
  EXPECT_EQ(submit("a").value(), 1);
  step_to_rest();
  auto mended = std::make_shared<Flow>(*one_log());
  mended->hash = "mended";
  RerunRequest request{RunId{"again"}, 1, "{}", {}};
  request.flow = mended;
  request.canonical = R"({"id":"mended"})";
  EXPECT_EQ(loop_.apply(1, RerunSignal{request}).value_or(0), 2);
  step_to_rest();
  EXPECT_EQ(store_.find_run(2)->flow_hash, "mended");
  EXPECT_EQ(store_.find_flow("mended")->canonical, request.canonical);
  request.id.value = "other";
  mended->id = "other";
  const auto other = loop_.apply(1, RerunSignal{request});
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::kInvalidArgument);
}

/// As a server compares what comes with a key that it has seen.
auto wants(const std::string& inputs) {
  return [inputs](const RunRow& run) -> Result<> {
    if (run.inputs == inputs) return {};
    return fail(ErrorCode::kConflict, "it has other inputs");
  };
}

TEST_F(LoopTest, AnIdThatIsAskedForWithOtherInputsIsRefusedAlsoInOneStep) {
  const auto start = [this](const std::string& inputs) {
    RunRequest request{RunId{"a"}, one_log(), "{}", inputs};
    request.agrees = wants(inputs);
    return loop_.apply(1, SubmitSignal{std::move(request)});
  };
  for (const char* when : {"in one step", "later"}) {
    EXPECT_EQ(start(R"({"n":1})").value_or(0), 1) << when;
    const auto other = start(R"({"n":2})");
    ASSERT_FALSE(other.has_value()) << when;
    EXPECT_EQ(other.error().message, "it has other inputs") << when;
    step_to_rest();
  }
  EXPECT_EQ(store_.find_run(1)->inputs, R"({"n":1})");
  EXPECT_EQ(store_.last_run_no().value(), 1);
}

TEST_F(LoopTest, ARerunOfAnotherRunWithTheSameIdIsRefused) {
  EXPECT_EQ(submit("a").value(), 1);
  EXPECT_EQ(submit("b").value(), 2);
  step_to_rest();
  const auto again = [this](RunNo of) {
    RerunRequest request{RunId{"again"}, of, "{}", {}};
    request.agrees = [of](const RunRow& run) -> Result<> {
      if (run.rerun_of == of) return {};
      return fail(ErrorCode::kConflict, "it is of another run");
    };
    return loop_.apply(1, RerunSignal{std::move(request)});
  };
  EXPECT_EQ(again(1).value_or(0), 3);
  EXPECT_EQ(again(2).error().message, "it is of another run");
  step_to_rest();
  EXPECT_EQ(again(2).error().message, "it is of another run");
}

const Error kFull{ErrorCode::kNoSpace, "no space"};

TEST_F(LoopTest, WhatAFullDiskKeepsFromBeingSavedIsSavedOnceThereIsSpace) {
  loop_.wait_for_space();
  EXPECT_EQ(submit("a").value(), 1);
  for (int tries = 0; tries < 3; ++tries) {
    store_.fail_next_commit(kFull);
    EXPECT_EQ(loop_.step(1).error().code, ErrorCode::kNoSpace);
    EXPECT_TRUE(loop_.waits());
    EXPECT_FALSE(loop_.has_work()) << "nothing to do but to wait";
    EXPECT_EQ(submit("b").error().code, ErrorCode::kNoSpace);
    EXPECT_EQ(store_.last_run_no().value(), 0);
  }
  step_to_rest();
  EXPECT_FALSE(loop_.waits());
  EXPECT_EQ(store_.find_run(1)->state, RunState::kCompleted);
  EXPECT_EQ(submit("b").value(), 2) << "what was refused was not done";
}

TEST_F(LoopTest, WithoutPatienceAFullDiskEndsIt) {
  EXPECT_EQ(submit("a").value(), 1);
  store_.fail_next_commit(kFull);
  EXPECT_FALSE(loop_.step(1).has_value());
  EXPECT_TRUE(loop_.failed());
  EXPECT_EQ(submit("a").error().code, ErrorCode::kUnavailable);
}

TEST_F(LoopTest, AnotherErrorEndsItAlsoWhileItWaits) {
  loop_.wait_for_space();
  EXPECT_EQ(submit("a").value(), 1);
  store_.fail_next_commit(kFull);
  EXPECT_FALSE(loop_.step(1).has_value());
  store_.fail_next_commit({ErrorCode::kUnavailable, "I/O"});
  EXPECT_EQ(loop_.step(1).error().message, "I/O");
  EXPECT_TRUE(loop_.failed());
  EXPECT_FALSE(loop_.waits());
}

/// A store with room for new work, or without.
class NarrowStore final : public MemoryStore {
 public:
  Result<> room() override { return room_; }
  Result<> room_;
};

TEST(LoopRoomTest, WithoutRoomNothingNewIsBegunAndWhatRunsGoesOn) {
  NarrowStore store;
  const PlainEvaluator evaluator;
  Loop loop(engine::Limits{2}, store, evaluator,
            [](std::string_view, std::string_view) -> Result<std::shared_ptr<const Flow>> {
              return one_log();
            });
  loop.wait_for_space();
  ASSERT_TRUE(loop.apply(1, SubmitSignal{{RunId{"a"}, one_log(), "{}", "{}"}}).has_value());
  store.room_ = std::unexpected<Error>(kFull);
  do {
    ASSERT_TRUE(loop.step(1).has_value());
  } while (loop.has_work());
  EXPECT_TRUE(loop.is_low());
  EXPECT_EQ(store.find_run(1)->state, RunState::kCompleted);
  const auto refused = loop.apply(1, SubmitSignal{{RunId{"b"}, one_log(), "{}", "{}"}});
  EXPECT_EQ(refused.error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(loop.apply(1, RemoveSignal{{.runs = {1}}}).value_or(-1), 0)
      << "what makes room is done";
  store.room_ = {};
  EXPECT_TRUE(loop.apply(1, SubmitSignal{{RunId{"b"}, one_log(), "{}", "{}"}}).has_value());
  ASSERT_TRUE(loop.step(1).has_value());
  EXPECT_FALSE(loop.is_low());
}

}  // namespace
}  // namespace cordyna
