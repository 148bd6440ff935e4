#include "server/hooks/waiters.hpp"

#include <gtest/gtest.h>

#include <future>

namespace cordyna::server {
namespace {

constexpr Millis kLong = 600'000;

EventRequest request(const std::string& id) {
  return {"acme", "f", "hook", id, "", "{}", {}};
}

EventRow row(EventNo no, const std::string& id, EventState state, RunNo run = 0) {
  EventRow event;
  event.no = no;
  event.ns = "acme";
  event.flow_id = "f";
  event.trigger = "hook";
  event.event_id = id;
  event.state = state;
  event.run = run;
  if (state == EventState::kDead) event.detail = "input 'x' is bad";
  return event;
}

RunRow run_row(RunNo no, RunState state) {
  RunRow run;
  run.no = no;
  run.state = state;
  return run;
}

/// Somebody who waits, and what came.
struct Waiting {
  // The waiters may go later, and tell whoever waits.
  std::shared_ptr<std::promise<WaitEnd>> promise = std::make_shared<std::promise<WaitEnd>>();
  std::future<WaitEnd> end = promise->get_future();
  std::uint64_t number = 0;

  Waiting(Waiters& waiters, const std::string& id, Millis longest = kLong) {
    number = waiters.wait(request(id), longest,
                          [kept = promise](WaitEnd came) { kept->set_value(std::move(came)); });
  }
  [[nodiscard]] bool waits() {
    return end.wait_for(std::chrono::seconds(0)) == std::future_status::timeout;
  }
};

TEST(Waiters, TheEndOfTheRunIsTold) {
  Waiters waiters;
  Waiting one(waiters, "a");
  Waiting other(waiters, "b");
  waiters.on_commit({.events = {row(7, "a", EventState::kPending)}});
  waiters.on_commit({.runs = {run_row(3, RunState::kCompleted)}});
  EXPECT_TRUE(one.waits()) << "no run of its own";
  waiters.on_commit(
      {.runs = {run_row(4, RunState::kPending)}, .events = {row(7, "a", EventState::kRun, 4)}});
  waiters.on_commit({.runs = {run_row(4, RunState::kRunning)}});
  EXPECT_TRUE(one.waits());
  waiters.on_commit({.runs = {run_row(4, RunState::kError)}});
  ASSERT_FALSE(one.waits());
  const WaitEnd end = one.end.get();
  EXPECT_EQ(end.event, 7);
  EXPECT_EQ(end.run, 4);
  ASSERT_TRUE(end.ended.has_value());
  EXPECT_EQ(end.ended->state, RunState::kError);
  EXPECT_TRUE(other.waits());
}

TEST(Waiters, ARunThatBeginsAndEndsInOneCommit) {
  Waiters waiters;
  Waiting one(waiters, "a");
  waiters.on_commit(
      {.runs = {run_row(4, RunState::kCompleted)}, .events = {row(7, "a", EventState::kRun, 4)}});
  ASSERT_FALSE(one.waits());
  EXPECT_TRUE(one.end.get().ended.has_value());
}

TEST(Waiters, ADeadLetterIsTold) {
  Waiters waiters;
  Waiting one(waiters, "a");
  waiters.on_commit({.events = {row(7, "a", EventState::kDead)}});
  ASSERT_FALSE(one.waits());
  EXPECT_EQ(one.end.get().refused, "input 'x' is bad");
}

TEST(Waiters, OneThatWasThereAlready) {
  Waiters waiters;
  Waiting ended(waiters, "a");
  const RunRow run = run_row(4, RunState::kCompleted);
  waiters.seen(ended.number, row(7, "a", EventState::kRun, 4), &run);
  ASSERT_FALSE(ended.waits());
  EXPECT_EQ(ended.end.get().run, 4);
  Waiting goes_on(waiters, "b");
  const RunRow running = run_row(5, RunState::kRunning);
  waiters.seen(goes_on.number, row(8, "b", EventState::kRun, 5), &running);
  EXPECT_TRUE(goes_on.waits());
  waiters.on_commit({.runs = {run_row(5, RunState::kCompleted)}});
  EXPECT_FALSE(goes_on.waits());
}

TEST(Waiters, TheTimeIsOver) {
  Waiters waiters;
  Waiting one(waiters, "a", 1);
  const WaitEnd end = one.end.get();
  EXPECT_FALSE(end.ended.has_value());
  EXPECT_EQ(end.run, 0);
}

TEST(Waiters, NobodyWaitsWhenItGoes) {
  auto waiters = std::make_unique<Waiters>();
  Waiting one(*waiters, "a");
  Waiting back(*waiters, "b");
  waiters->take_back(back.number);
  waiters->let_go();
  EXPECT_FALSE(one.waits());
  EXPECT_TRUE(back.waits()) << "its call was dropped";
  Waiting late(*waiters, "c");
  EXPECT_FALSE(late.waits());
  waiters.reset();
}

}  // namespace
}  // namespace cordyna::server
