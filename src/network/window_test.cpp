// Large invokes, and many at once: a server that reads well is not cut off for them.
#include <gtest/gtest.h>

#include "network/network_fixture.hpp"

namespace cordyna::network {
namespace {

constexpr std::size_t kPart = 400'000;  // two of them are within the window

class AWindow : public NetworkFixture, public ::testing::Test {
 protected:
  AWindow() {
    connect();
    be_ready(9);
  }

  Invocation start(RunNo run, std::size_t bytes = kPart) {
    Invocation what = invocation(run);
    what.inputs = fmt::format(R"({{"data":"{}"}})", std::string(bytes, 'x'));
    network_->start(now_, what, out_);
    return what;
  }
};

TEST_F(AWindow, HoldsBackWhatTheServerHasNotHeardOf) {
  const Invocation first = start(1);
  start(2);
  const Invocation third = start(3);
  start(4);
  EXPECT_EQ(sent("task.invoke"), 2U);
  take();
  tell("task.queued", first);
  EXPECT_EQ(sent("task.invoke"), 1U);
  EXPECT_TRUE(sent_text(attempt_name(third.run_id, third.key)));
}

TEST_F(AWindow, AnEndFreesIt) {
  const Invocation first = start(1);
  start(2);
  start(3);
  take();
  tell("task.completed", first);
  EXPECT_EQ(sent("task.invoke"), 1U);
}

TEST_F(AWindow, OneThatIsLargerThanAllOfItIsSentAlone) {
  const Invocation small = start(1, 10);
  const Invocation large = start(2, 2'000'000);
  start(3, 10);
  EXPECT_EQ(sent("task.invoke"), 1U);  // nobody overtakes: it would wait for ever
  take();
  tell("task.queued", small);
  EXPECT_EQ(sent("task.invoke"), 1U);
  EXPECT_TRUE(sent_text(attempt_name(large.run_id, large.key)));
  take();
  tell("task.queued", large);
  EXPECT_EQ(sent("task.invoke"), 1U);
}

TEST_F(AWindow, WhatIsTooLargeForAMessageEndsTheAttempt) {
  take();
  start(1, protocol::kInvokeMax);
  EXPECT_EQ(sent("task.invoke"), 0U);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].kind, ReportKind::kEnded);
  EXPECT_EQ(out_.reports[0].outcome.error->code, TaskErrorCode::kInputInvalid);
  start(2);
  EXPECT_EQ(sent("task.invoke"), 1U);
}

TEST_F(AWindow, WhatWaitsIsGivenBackWhenTheLinkIsCut) {
  start(1);
  start(2);
  start(3);
  take();
  network_->closed(now_, link_, out_);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].kind, ReportKind::kReturned);
  EXPECT_EQ(out_.reports[0].key.run, 3);
  // Those that were sent are sent again: within the window, which is empty.
  connect();
  take();
  be_ready(9);
  EXPECT_EQ(sent("task.invoke"), 2U);
  EXPECT_EQ(network_->live_attempts(), 2U);
}

TEST_F(AWindow, WhatWaitsIsGivenBackToOneThatDrains) {
  start(1);
  start(2);
  start(3);
  take();
  say("server.draining", "{}");
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].kind, ReportKind::kReturned);
}

TEST_F(AWindow, WhatWaitsCanBeCancelled) {
  start(1);
  start(2);
  const Invocation third = start(3);
  const Invocation fourth = start(4);
  take();
  network_->cancel(now_, third, CancelReason::kUser, out_);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].outcome.state, AttemptState::kCancelled);
  EXPECT_EQ(sent("task.cancel"), 0U);
  tell("task.queued", invocation(1));
  EXPECT_TRUE(sent_text(attempt_name(fourth.run_id, fourth.key)));
}

}  // namespace
}  // namespace cordyna::network
