#include "network/network.hpp"

#include <gtest/gtest.h>

#include "network/network_fixture.hpp"
#include "shape/schema.hpp"

namespace cordyna::network {
namespace {

class ANetwork : public NetworkFixture, public ::testing::Test {};

TEST_F(ANetwork, InvokesWhatAServerTakesAndHearsItsEnd) {
  connect();
  EXPECT_EQ(sent("server.welcome"), 1U);
  EXPECT_EQ(sent("server.resumed"), 1U);
  be_ready(2);
  ASSERT_EQ(out_.rooms.size(), 1U);
  EXPECT_EQ(out_.rooms[0], (LineRoom{"server:orders/etl", 2}));
  const Invocation what = invocation();
  take();
  network_->start(now_, what, out_);
  EXPECT_EQ(sent("task.invoke"), 1U);
  tell("task.queued", what);
  tell("task.started", what, R"("where":{"host":"h1","pid":7})");
  tell("task.completed", what, R"("output":{"rows":3})");
  ASSERT_EQ(out_.reports.size(), 3U);
  EXPECT_EQ(out_.reports[0].kind, ReportKind::kAcknowledged);
  EXPECT_EQ(out_.reports[1].kind, ReportKind::kStarted);
  EXPECT_EQ(out_.reports[1].detail, "task server orders/etl, host h1, pid 7");
  EXPECT_EQ(out_.reports[2].kind, ReportKind::kEnded);
  EXPECT_EQ(out_.reports[2].outcome.outputs, R"({"rows":3})");
}

TEST_F(ANetwork, GivesBackWhatNobodyTakes) {
  network_->start(now_, invocation(), out_);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].kind, ReportKind::kReturned);
  EXPECT_EQ(out_.reports[0].detail, "task server 'orders/etl' is not ready");
}

TEST_F(ANetwork, SendsNothingToABootThatIsNotSaved) {
  connect();
  say("server.ready", "{}");
  network_->start(now_, invocation(), out_);
  EXPECT_EQ(out_.rooms.size(), 0U);
  EXPECT_EQ(sent("task.invoke"), 0U);
  EXPECT_EQ(out_.reports.back().kind, ReportKind::kReturned);
}

TEST_F(ANetwork, GivesReceiptsAfterTheCommitAlone) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  tell("task.queued", what, {}, "m1");
  EXPECT_EQ(sent("message.receipt"), 0U);
  save(what, AttemptState::kAcknowledged, false);
  EXPECT_TRUE(sent_text(R"("ids":["m1"])"));
  take();
  tell("task.completed", what, {}, "m2");
  tell("task.completed", what, {}, "m2");  // once more, before the commit
  EXPECT_EQ(sent("message.receipt"), 0U);
  EXPECT_EQ(out_.reports.size(), 1U);
  save(what, AttemptState::kCompleted, true);
  EXPECT_TRUE(sent_text(R"("ids":["m2","m2"])"));
  take();
  tell("task.completed", what, {}, "m2");  // once more, after it
  EXPECT_TRUE(sent_text(R"("ids":["m2"])"));
  EXPECT_TRUE(out_.reports.empty());
  EXPECT_EQ(network_->live_attempts(), 0U);
}

TEST_F(ANetwork, ALaterStateImpliesTheEarlierOnes) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  tell("task.completed", what);
  tell("task.started", what);
  tell("task.queued", what);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].kind, ReportKind::kEnded);
}

TEST_F(ANetwork, SendsAnInvokeAgainUntilSomethingIsHeard) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  wait(2000);
  EXPECT_EQ(sent("task.invoke"), 1U);
  tell("task.queued", what);
  wait(10'000);
  EXPECT_EQ(sent("task.invoke"), 1U);
}

TEST_F(ANetwork, WhatIsRejectedIsHandedOutAgainAsTheSameAttempt) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  tell("task.rejected", what, R"("code":"no_slot","message":"full","retry_after_s":3)", "m1");
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].kind, ReportKind::kReturned);
  EXPECT_EQ(out_.reports[0].not_before, 3000);
  EXPECT_TRUE(sent_text(R"("ids":["m1"])"));
  network_->start(now_, what, out_);
  EXPECT_EQ(sent("task.invoke"), 1U);
}

TEST_F(ANetwork, BadInputIsAnEnd) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  tell("task.rejected", what, R"("code":"bad_input","message":"day: no date")");
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].outcome.error->code, TaskErrorCode::kInputInvalid);
}

TEST_F(ANetwork, AnOutputThatItsSchemaDoesNotAllowIsAnError) {
  connect();
  be_ready(9);
  const auto told = [this](RunNo run, const char* data) {
    Invocation what = invocation(run);
    what.output = shape::schema_when_needed(
        R"({"type":"object","properties":{"rows":{"type":"integer"}},"required":["rows"]})");
    network_->start(now_, what, out_);
    out_ = {};
    tell("task.completed", what, data);
    if (out_.reports.empty()) return std::string("nothing");
    const Outcome& outcome = out_.reports.back().outcome;
    if (!outcome.error.has_value()) return outcome.outputs;
    EXPECT_EQ(outcome.state, AttemptState::kFailed);
    EXPECT_EQ(outcome.error->code, TaskErrorCode::kOutputInvalid);
    EXPECT_EQ(outcome.error->phase, Phase::kResult);
    EXPECT_FALSE(outcome.error->retryable);
    return outcome.error->message;
  };
  const std::string begin =
      "task server 'orders/etl' gave what the output_schema of its task 'load' does not allow: ";
  EXPECT_EQ(told(1, R"("output":{"rows":3,"more":[]})"), R"({"rows":3,"more":[]})");
  EXPECT_EQ(told(2, R"("output":{"rows":"3"})"),
            begin + "#/output/rows must be an integer, but is a text");
  EXPECT_EQ(told(3, R"("output":{})"), begin + "#/output/rows is missing");
  EXPECT_EQ(told(4, ""), begin + "#/output must be an object, but is null");
  // What is elsewhere cannot be looked at here.
  constexpr std::string_view kElsewhere =
      R"({"output_ref":{"url":"s3://b/k","sha256":"00","bytes":7}})";
  EXPECT_EQ(told(5, R"("output_ref":{"url":"s3://b/k","sha256":"00","bytes":7})"), kElsewhere);
}

TEST_F(ANetwork, AnErrorHasWordsWhateverTheServerSays) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  tell("task.error", what, R"("error":{"code":"X","message":"  ","retryable":false})");
  ASSERT_EQ(out_.reports.size(), 1U);
  const TaskError& error = *out_.reports[0].outcome.error;
  EXPECT_EQ(error.message, "X: the task server gave no description");
  EXPECT_FALSE(error.retryable);
}

// R29: a server dies at any point, and comes back with another boot.
TEST_F(ANetwork, ANewBootHasLostWhatItDoesNotList) {
  connect("b1");
  be_ready();
  const Invocation sent_only = invocation(1);
  const Invocation running = invocation(2);
  network_->start(now_, sent_only, out_);
  network_->start(now_, running, out_);
  tell("task.started", running);
  network_->closed(now_, link_, out_);
  take();
  connect("b2");
  ASSERT_EQ(out_.reports.size(), 2U);
  for (const AttemptReport& report : out_.reports) {
    EXPECT_EQ(report.outcome.error->code, TaskErrorCode::kLost);
  }
}

// R30: the network is cut, and the server is the same.
TEST_F(ANetwork, TheSameBootGoesOn) {
  connect("b1");
  be_ready();
  const Invocation unheard = invocation(1);
  const Invocation running = invocation(2);
  network_->start(now_, unheard, out_);
  network_->start(now_, running, out_);
  tell("task.started", running);
  network_->closed(now_, link_, out_);
  EXPECT_EQ(out_.rooms.back(), (LineRoom{"server:orders/etl", 0}));
  take();
  wait(4000);
  connect("b1", 2, true, attempt_json(running, R"("state":"started")"));
  EXPECT_TRUE(sent_text(R"("fate":"continue")"));
  take();
  be_ready();
  EXPECT_EQ(sent("task.invoke"), 1U);  // of the one that never got there
  EXPECT_TRUE(out_.reports.empty());
}

TEST_F(ANetwork, WhatWasHandedOutByAnOwnerBeforeIsResolvedByTheServersWord) {
  network_->know(now_, name_, "b1");
  const Invocation unheard = invocation(1);
  const Invocation heard = invocation(2);
  const Invocation gone = invocation(3);
  network_->adopt(now_, unheard, false, out_);
  network_->adopt(now_, heard, true, out_);
  network_->adopt(now_, gone, true, out_);
  connect("b1", 2, true, attempt_json(heard, R"("state":"queued")"));
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].key, gone.key);
  EXPECT_EQ(out_.reports[0].outcome.error->code, TaskErrorCode::kLost);
  take();
  be_ready();
  EXPECT_EQ(sent("task.invoke"), 1U);
}

// R37: an end that a server has kept over its own reboot, and one of cerebro.
TEST_F(ANetwork, AnEndThatWasKeptOverARebootCounts) {
  network_->know(now_, name_, "b1");
  const Invocation what = invocation(1);
  network_->adopt(now_, what, false, out_);
  const std::string end = attempt_json(what, R"("output":"kept")");
  connect("b2", 2, true,
          fmt::format(R"({{"attempt":"{}","state":"completed","terminal":{}}})",
                      attempt_name(what.run_id, what.key), end));
  EXPECT_TRUE(out_.reports.empty());
  EXPECT_TRUE(sent_text(R"("fate":"continue")"));
  tell("task.completed", what, R"("output":"kept")");
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].outcome.state, AttemptState::kCompleted);
}

TEST_F(ANetwork, WhatMayHaveBegunInAnotherBootIsLost) {
  network_->know(now_, name_, "b1");
  network_->adopt(now_, invocation(1), false, out_);
  connect("b2");
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].outcome.error->code, TaskErrorCode::kLost);
}

TEST_F(ANetwork, OfWhatASilentServerHadNothingIsLeftAfterAWhile) {
  connect("b1");
  be_ready();
  network_->start(now_, invocation(), out_);
  take();
  wait(30'000);  // no heartbeat
  EXPECT_EQ(sent("server.goodbye"), 1U);
  EXPECT_EQ(network_->servers()[0].state, ServerState::kUnreachable);
  wait(5 * kMinute - 1);
  EXPECT_TRUE(out_.reports.empty());
  wait(1);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(network_->servers()[0].state, ServerState::kGone);
}

// R33
TEST_F(ANetwork, TheNewestSessionOfAServerWins) {
  const LinkNo first = connect("b1");
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  tell("task.started", what);
  take();
  connect("b2");
  EXPECT_TRUE(sent_text(R"("code":"superseded")"));
  ASSERT_EQ(out_.closings.size(), 1U);
  EXPECT_EQ(out_.closings[0].link, first);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].outcome.error->code, TaskErrorCode::kLost);
  take();
  const LinkNo second = link_;
  link_ = first;
  tell("task.completed", what);
  EXPECT_TRUE(out_.reports.empty());
  link_ = second;
}

// R34
TEST_F(ANetwork, ADrainingServerGetsNothingNew) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  say("server.draining", R"({"reason":"update"})");
  EXPECT_EQ(out_.rooms.back(), (LineRoom{"server:orders/etl", 0}));
  network_->start(now_, invocation(2), out_);
  EXPECT_EQ(sent("task.invoke"), 0U);
  tell("task.rejected", what, R"("code":"draining","message":"goes")");
  ASSERT_EQ(out_.reports.size(), 2U);
  EXPECT_EQ(out_.reports[1].kind, ReportKind::kReturned);
}

TEST_F(ANetwork, ACancelIsToldAndItsEndIsHeard) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  tell("task.started", what);
  take();
  network_->cancel(now_, what, CancelReason::kUser, out_);
  EXPECT_TRUE(sent_text(R"("reason":"user")"));
  say("server.heartbeat", R"({"in_flight":[]})");
  EXPECT_TRUE(sent_text(R"("cancels":[")"));
  tell("task.cancelled", what, R"("was_running":true)");
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].outcome.state, AttemptState::kCancelled);
}

TEST_F(ANetwork, WhatIsToEndWhileItsServerIsAwayIsAbortedWhenItComes) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  tell("task.started", what);
  network_->closed(now_, link_, out_);
  network_->cancel(now_, what, CancelReason::kTimeout, out_);
  take();
  connect("b1", 2, true, attempt_json(what, R"("state":"started")"));
  EXPECT_TRUE(sent_text(R"("fate":"abort")"));
}

// S6, S7
TEST_F(ANetwork, WhatOthersSayOfAnAttemptChangesNothing) {
  connect();
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  const std::string good = attempt_json(what);
  std::string flipped = good;
  flipped[flipped.rfind('"') - 1] ^= 1;
  say("task.completed", flipped);
  say("task.completed", fmt::format(R"({{"attempt":"{}"}})", attempt_name(what.run_id, what.key)));
  EXPECT_EQ(sent("message.problem"), 2U);
  EXPECT_TRUE(out_.reports.empty());
  // Another server of the team, with the fence of this one.
  link_ = ++links_;
  Credential who;
  who.allows = [](std::string_view team) { return team == "orders"; };
  network_->open(now_, link_, who, "127.0.0.1", false);
  source_ = "orders/other";
  say("server.hello", R"({"protocol":{"min":1,"max":1},"server":"other","boot":"x"})");
  say("task.completed", good);
  EXPECT_TRUE(out_.reports.empty());
  // A server of another team, which the credential is not of.
  source_ = "billing/etl";
  say("task.completed", good);
  EXPECT_TRUE(sent_text(R"("code":"forbidden")"));
  EXPECT_TRUE(out_.reports.empty());
  EXPECT_EQ(network_->live_attempts(), 1U);
}

TEST_F(ANetwork, ASessionBeginsWithHello) {
  link_ = ++links_;
  Credential who;
  who.allows = [](std::string_view) { return true; };
  network_->open(now_, link_, who, "127.0.0.1", false);
  say("server.ready", "{}");
  EXPECT_TRUE(sent_text(R"("code":"out_of_order")"));
  ASSERT_EQ(out_.closings.size(), 1U);
}

TEST_F(ANetwork, WhoeverSaysNothingIsSentAway) {
  link_ = ++links_;
  network_->open(now_, link_, {}, "127.0.0.1", false);
  wait(10'000);
  EXPECT_EQ(out_.closings.size(), 1U);
}

TEST_F(ANetwork, DeclarationsAreReadOneByOne) {
  connect();
  take();
  say("server.declare",
      R"({"revision":3,"tasks":[)"
      R"({"id":"load","description":"Loads.","owner":{"team":"orders","contacts":["o@x"]}},)"
      R"({"id":"bad","owner":{"team":"orders","contacts":["o@x"]}},)"
      R"({"id":"theirs","description":"x","owner":{"team":"billing","contacts":["b@x"]}}]})");
  ASSERT_EQ(out_.declarings.size(), 1U);
  const Declaring what = out_.declarings[0];
  ASSERT_EQ(what.tasks.size(), 1U);
  EXPECT_EQ(what.tasks[0].id, "load");
  network_->declared(now_, what, {}, out_);
  EXPECT_TRUE(sent_text(R"("accepted":["load"])"));
  EXPECT_TRUE(sent_text(R"("task":"bad","path":"#/description")"));
  EXPECT_TRUE(sent_text(R"("task":"theirs","path":"#/owner/team")"));
  EXPECT_EQ(network_->servers()[0].tasks, std::vector<std::string>{"load"});
}

TEST_F(ANetwork, TellsOnceOfAServerThatIsLost) {
  connect();
  be_ready();
  ASSERT_FALSE(out_.ready.empty());  // so that it is told when one comes back
  EXPECT_EQ(out_.ready.back().text(), "orders/etl");
  network_->start(now_, invocation(), out_);
  network_->closed(now_, link_, out_);
  const Millis since = now_;
  take();
  wait(299'000);
  EXPECT_TRUE(out_.lost.empty());
  wait(2'000);
  ASSERT_EQ(out_.lost.size(), 1U);
  EXPECT_EQ(out_.lost[0].server.text(), "orders/etl");
  EXPECT_EQ(out_.lost[0].since, since);
  EXPECT_EQ(out_.lost[0].attempts, 1U);
  wait(600'000);
  EXPECT_EQ(out_.lost.size(), 1U);
}

// S36: what a team has in flight is bounded, however many servers say that they take how much.
TEST_F(ANetwork, ATeamHasSoManyAttemptsAtOnce) {
  team_slots_ = 5;
  restart();
  const LinkNo first = connect();
  be_ready(4);
  EXPECT_EQ(take().rooms.back(), (LineRoom{"server:orders/etl", 4}));
  become({"orders", "other"});
  const LinkNo second = connect();
  be_ready(4);
  EXPECT_EQ(take().rooms.back(), (LineRoom{"server:orders/other", 1}));
  become({"billing", "sums"});
  connect();
  be_ready(4);
  EXPECT_EQ(take().rooms.back(), (LineRoom{"server:billing/sums", 4}));

  network_->closed(now_, first, out_);
  EXPECT_EQ(take().rooms.back(), (LineRoom{"server:orders/etl", 0}));
  become({"orders", "other"});
  link_ = second;
  say("server.heartbeat", R"({"in_flight":[]})");
  EXPECT_EQ(take().rooms.back(), (LineRoom{"server:orders/other", 4}));
  say("server.heartbeat", R"({"in_flight":[]})");
  EXPECT_TRUE(out_.rooms.empty());
}

// S36: one team's made-up names neither fill the memory nor keep another team away.
TEST_F(ANetwork, ATeamHasSoManyServers) {
  LinkNo last = 0;
  for (int i = 0; i < 1000; ++i) {
    source_ = fmt::format("orders/s{}", i);
    link_ = ++links_;
    Credential who;
    who.allows = [](std::string_view) { return true; };
    network_->open(now_, link_, who, "127.0.0.1", false);
    say("server.hello",
        fmt::format(R"({{"protocol":{{"min":1,"max":1}},"server":"s{}","boot":"b"}})", i));
    last = link_;
  }
  take();
  source_ = "orders/one-more";
  link_ = last + 1;
  links_ = link_;
  Credential who;
  who.allows = [](std::string_view) { return true; };
  network_->open(now_, link_, who, "127.0.0.1", false);
  say("server.hello", R"({"protocol":{"min":1,"max":1},"server":"one-more","boot":"b"})");
  EXPECT_TRUE(sent_text(R"("code":"too_many")"));
  take();
  source_ = "billing/etl";
  link_ = ++links_;
  network_->open(now_, link_, who, "127.0.0.1", false);
  say("server.hello", R"({"protocol":{"min":1,"max":1},"server":"etl","boot":"b"})");
  EXPECT_EQ(sent("server.welcome"), 1U);
}

// An attempt of an owner before, of a server of which nothing was ever saved.
TEST_F(ANetwork, WhatNobodyKnowsTheServerOfIsLostAfterAWhile) {
  network_->adopt(now_, invocation(), false, out_);
  wait(5 * kMinute);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].outcome.error->code, TaskErrorCode::kLost);
}

class AServerOfLevel0 : public ANetwork {
 public:
  AServerOfLevel0() {
    link_ = ++links_;
    Credential who;
    who.allows = [](std::string_view team) { return team == "orders"; };
    network_->open(now_, link_, who, "127.0.0.1", true);
    be_ready(1);
  }
};

TEST_F(AServerOfLevel0, NeedsNoSessionAndNoFence) {
  EXPECT_EQ(out_.rooms.back(), (LineRoom{"server:orders/etl", 1}));
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  EXPECT_EQ(sent("task.invoke"), 1U);
  const std::string bare =
      fmt::format(R"({{"attempt":"{}"}})", attempt_name(what.run_id, what.key));
  say("task.queued", bare, "m1");
  say("task.completed", bare, "m2");
  EXPECT_EQ(out_.reports.back().kind, ReportKind::kEnded);
  take();
  save(what, AttemptState::kCompleted, true);
  ASSERT_EQ(out_.receipts.size(), 2U);
  EXPECT_EQ(out_.receipts[0].id, "m1");
}

TEST_F(AServerOfLevel0, IsAwayWhenItHasNotComeForAWhile) {
  take();
  wait(kMinute);
  EXPECT_EQ(out_.rooms.back(), (LineRoom{"server:orders/etl", 0}));
  EXPECT_EQ(network_->servers()[0].state, ServerState::kUnreachable);
  network_->touch(now_, link_, name_, out_);
  EXPECT_EQ(out_.rooms.back(), (LineRoom{"server:orders/etl", 1}));
}

TEST_F(AServerOfLevel0, IsAnsweredOverHttpAlsoAfterItHadASession) {
  const LinkNo http = link_;
  connect("b1");
  const LinkNo socket = link_;
  be_ready();
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  link_ = http;
  say("server.ready", "{}", "m1");
  EXPECT_TRUE(sent_text(R"("code":"conflict")"));
  ASSERT_EQ(out_.receipts.size(), 1U);
  EXPECT_EQ(out_.receipts[0].id, "m1");
  // S7: and what was sent with a fence wants it back, whatever the server says that it is.
  network_->closed(now_, socket, out_);
  be_ready(1);
  take();
  const std::string bare =
      fmt::format(R"({{"attempt":"{}"}})", attempt_name(what.run_id, what.key));
  say("task.completed", bare);
  EXPECT_TRUE(sent_text(R"("code":"fenced")"));
  EXPECT_TRUE(out_.reports.empty());
  tell("task.completed", what);
  EXPECT_EQ(out_.reports.size(), 1U);
}

TEST_F(AServerOfLevel0, CannotBeToldToEnd) {
  const Invocation what = invocation();
  network_->start(now_, what, out_);
  take();
  network_->cancel(now_, what, CancelReason::kUser, out_);
  ASSERT_EQ(out_.reports.size(), 1U);
  EXPECT_EQ(out_.reports[0].outcome.state, AttemptState::kCancelled);
}

}  // namespace
}  // namespace cordyna::network
