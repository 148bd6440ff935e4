// Old runs go through the loop, beside all else that it decides.
#include <gtest/gtest.h>

#include "cerebro/loop.hpp"
#include "cerebro/one_log_fixture.hpp"
#include "cerebro/plain_evaluator.hpp"
#include "store/memory/memory_store.hpp"

namespace cordyna {
namespace {

class RemovalTest : public testing::Test {
 protected:
  RunNo run(const std::string& id) {
    const auto no = loop_.apply(1, SubmitSignal{{RunId{id}, one_log(), "{}", "{}"}});
    EXPECT_TRUE(no.has_value());
    step();
    return no.value_or(0);
  }
  void step() {
    do {
      const auto done = loop_.step(1);
      EXPECT_TRUE(done.has_value()) << done.error().message;
      if (!done.has_value()) return;
    } while (loop_.has_work());
  }
  Result<RunNo> remove(std::vector<RunNo> runs) {
    return loop_.apply(1, RemoveSignal{{std::move(runs), {}, {}}});
  }
  bool there(RunNo no) { return store_.find_run(no).has_value(); }

  MemoryStore store_;
  PlainEvaluator evaluator_;
  Loop loop_{engine::Limits{2}, store_, evaluator_,
             [](std::string_view, std::string_view) -> Result<std::shared_ptr<const Flow>> {
               return one_log();
             }};
};

TEST_F(RemovalTest, WhatIsOldGoesWithTheNextCommit) {
  run("a");
  run("b");
  run("c");
  EXPECT_EQ(remove({1, 2, 2, 77}).value(), 2);
  EXPECT_TRUE(there(1)) << "not saved yet";
  step();
  EXPECT_FALSE(there(1));
  EXPECT_FALSE(there(2));
  EXPECT_TRUE(store_.find_flow("h").has_value()) << "the third has it";
}

TEST_F(RemovalTest, TheNewestStaysSoThatNumbersGoUp) {
  run("a");
  EXPECT_EQ(remove({1}).value(), 0);
  step();
  EXPECT_TRUE(there(1));
  EXPECT_EQ(run("b"), 2);
}

TEST_F(RemovalTest, ARerunThatIsNotSavedYetKeepsItsRun) {
  run("a");
  run("b");
  ASSERT_TRUE(loop_.apply(1, RerunSignal{{RunId{"r"}, 1, "{}", {"say"}}}).has_value());
  EXPECT_EQ(remove({1}).value(), 0);
  step();
  EXPECT_TRUE(there(1));
  EXPECT_FALSE(loop_.failed());
}

TEST_F(RemovalTest, ARunThatIsAboutToGoIsNotRunAgain) {
  run("a");
  run("b");
  EXPECT_EQ(remove({1}).value(), 1);
  const auto rerun = loop_.apply(1, RerunSignal{{RunId{"r"}, 1, "{}", {"say"}}});
  ASSERT_FALSE(rerun.has_value());
  EXPECT_EQ(rerun.error().code, ErrorCode::kNotFound);
  step();
  EXPECT_FALSE(there(1));
  EXPECT_FALSE(loop_.failed());
}

}  // namespace
}  // namespace cordyna
