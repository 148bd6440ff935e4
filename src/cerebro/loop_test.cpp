// What the loop does with signals that meet in one step.
#include "cerebro/loop.hpp"

#include <gtest/gtest.h>

#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

std::shared_ptr<const Flow> one_log() {
  auto flow = std::make_shared<Flow>();
  flow->id = "f";
  flow->owner = "team";
  flow->hash = "h";
  TaskSpec task;
  task.id = "say";
  task.type = "log";
  task.owner = "team";
  task.kind = TaskKind::kEngine;
  flow->tasks.push_back(std::move(task));
  return flow;
}

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

}  // namespace
}  // namespace cordyna
