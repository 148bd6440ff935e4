// Limits that pass while nobody is there.
#include "engine/restart_fixture.hpp"

namespace cordyna::engine {
namespace {

constexpr Millis kLimit = 10'000;
constexpr Millis kLong = 3'600'000;

class LimitTest : public RestartTest {
 protected:
  /// One attempt that was handed out, and an owner that dies and is away for a time.
  void leave_for(Millis away, TaskKind kind) {
    TaskSpec spec = task("a");
    spec.timeouts = {kLimit, 2 * kLimit, 3 * kLimit};
    begin({spec});
    EXPECT_EQ(step(), "run=running a:dispatched >a");
    flow_->tasks[0].kind = kind;
    now_ += away;
    restart();
  }
};

TEST_F(LimitTest, ThatOfAProcessFiresAtTheNextStart) {
  leave_for(kLong, TaskKind::kProcess);
  EXPECT_EQ(step(), "a:failed a=error !a");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kTimeoutAcknowledge);
}

TEST_F(LimitTest, OfATaskServerItWaitsForWhatTheServerSays) {
  leave_for(kLong, TaskKind::kServed);
  EXPECT_EQ(step(), "");
  report("a", ReportKind::kEnded);
  EXPECT_EQ(step(), "a:completed a=completed run=completed");
}

TEST_F(LimitTest, OfATaskServerThatSaysNothingItFiresInTheEnd) {
  leave_for(kLong, TaskKind::kServed);
  EXPECT_EQ(step(), "");
  now_ += 329'000;
  EXPECT_EQ(step(), "");
  now_ += 1'000;
  EXPECT_EQ(step(), "a:failed a=error !a");
  EXPECT_EQ(last_.changes.tasks[0].error->code, TaskErrorCode::kTimeoutAcknowledge);
}

TEST_F(LimitTest, ALaterOneStaysWhereItIs) {
  flow_ = nullptr;
  TaskSpec spec = task("a");
  spec.timeouts = {kLong, 2 * kLimit, 3 * kLimit};
  begin({spec});
  step();
  flow_->tasks[0].kind = TaskKind::kServed;
  restart();
  now_ += kLong - 1;
  EXPECT_EQ(step(), "");
  now_ += 1;
  EXPECT_EQ(step(), "a:failed a=error !a");
}

}  // namespace
}  // namespace cordyna::engine
