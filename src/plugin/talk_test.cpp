#include "plugin/talk.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>

namespace cordyna::plugin {
namespace {

namespace json = boost::json;

constexpr const char* kAttempt = "r1/a/1";
constexpr const char* kGoodTask =
    R"({"id":"say","version":"1","description":"Says it.","owner":{"team":"acme","contacts":["x@y"]}})";

std::string said(std::string_view type, const std::string& data) {
  return fmt::format(
      R"({{"specversion":"1.0","id":"1","source":"me","type":"cordyna.{}.v1","data":{}}})", type,
      data);
}
std::string of_attempt(std::string_view type, std::string_view more = "") {
  return said(type, fmt::format(R"({{"attempt":"{}"{}}})", kAttempt, more));
}
std::string ready() {
  return said("server.ready", fmt::format(R"({{"tasks":[{}]}})", kGoodTask));
}

class TalkTest : public testing::Test {
 protected:
  static PluginStep step() {
    PluginStep step;
    step.type = "acme/say";
    step.version = "1";
    step.trigger = R"({"kind":"manual"})";
    step.acknowledge = 10'000;
    return step;
  }
  void begin(PluginStep step = TalkTest::step()) {
    talk_.emplace(std::move(step), AttemptName{kAttempt, "r1", "a", "70001"}, R"({"n":1})", 0);
  }
  Deeds hear(const std::string& line) { return talk_->hear_line(now_, line); }
  void invoke() {
    begin();
    ASSERT_FALSE(hear(ready()).to_program.empty());
  }
  const TaskError& failed(std::string_view how = "exit code 0") {
    (void)talk_->ended(how, "");
    EXPECT_TRUE(talk_->verdict().has_value() && talk_->verdict()->error.has_value());
    static const TaskError none;
    return talk_->verdict().has_value() && talk_->verdict()->error.has_value()
               ? *talk_->verdict()->error
               : none;
  }

  Millis now_ = 1;
  std::optional<Talk> talk_;
};

TEST_F(TalkTest, AReadyProgramIsInvokedOnce) {
  begin();
  const Deeds deeds = hear(ready());
  ASSERT_TRUE(deeds.to_program.ends_with('\n'));
  const json::value invoke = json::parse(deeds.to_program);
  EXPECT_EQ(invoke.at("type").as_string(), "cordyna.task.invoke.v1");
  const json::value& data = invoke.at("data");
  EXPECT_EQ(data.at("attempt").as_string(), kAttempt);
  EXPECT_EQ(data.at("task").as_string(), "say");
  EXPECT_EQ(data.at("idempotency_key").as_string(), "r1/a");
  EXPECT_EQ(json::serialize(data.at("inputs")), R"({"n":1})");
  EXPECT_EQ(json::serialize(data.at("deadlines").at("acknowledge")), "10");
  EXPECT_TRUE(hear(ready()).to_program.empty());
  const auto read = protocol::read_messages(deeds.to_program, protocol::Direction::kToServer);
  EXPECT_TRUE(std::holds_alternative<protocol::Message>(read.front()));
}

TEST_F(TalkTest, TheOutputOfItsEndIsThatOfTheTask) {
  for (const auto& [output, wanted] :
       {std::pair{R"({"rows":3})", R"({"rows":3})"}, std::pair{"[1,2]", R"({"result":[1,2]})"},
        std::pair{"null", ""}}) {
    invoke();
    EXPECT_TRUE(hear(of_attempt("task.queued")).lines.empty());
    EXPECT_TRUE(hear(of_attempt("task.started")).lines.empty());
    EXPECT_EQ(talk_->next(), 0);
    EXPECT_TRUE(
        hear(of_attempt("task.completed", fmt::format(R"(,"output":{})", output))).close_input);
    EXPECT_FALSE(talk_->verdict().has_value());  // it runs still
    EXPECT_TRUE(talk_->ended("exit code 0", "").lines.empty());
    EXPECT_EQ(talk_->verdict()->outputs, wanted);
    EXPECT_FALSE(talk_->verdict()->error.has_value());
  }
}

TEST_F(TalkTest, AnOutputThatIsNotAsDeclaredIsAnError) {
  PluginStep strict = step();
  strict.output_schema = R"({"type":"object","required":["rows"]})";
  begin(strict);
  (void)hear(ready());
  (void)hear(of_attempt("task.completed", R"(,"output":{})"));
  const TaskError& error = failed();
  EXPECT_EQ(error.code, TaskErrorCode::kOutputInvalid);
  EXPECT_NE(error.message.find("#/output/rows"), std::string::npos) << error.message;
}

TEST_F(TalkTest, ItsOwnErrorHasItsCodeAndWords) {
  invoke();
  EXPECT_TRUE(hear(of_attempt("task.error", R"(,"error":{"code":"NO_CITY","message":"none of it",)"
                                            R"("retryable":false,"cause":["typo"]})"))
                  .close_input);
  const TaskError& error = failed();
  EXPECT_EQ(error.code, TaskErrorCode::kTaskFailed);
  EXPECT_EQ(error.message, "NO_CITY: none of it; caused by typo");
  EXPECT_FALSE(error.retryable);
}

TEST_F(TalkTest, TheFirstEndCounts) {
  invoke();
  (void)hear(of_attempt("task.completed", R"(,"output":{"n":1})"));
  EXPECT_EQ(hear(of_attempt("task.error", R"(,"error":{"code":"X","message":"m"})")).signal, 0);
  EXPECT_EQ(hear("garbage").signal, 0);
  EXPECT_EQ(talk_->ended("exit code 3", "").lines.size(), 1U);
  EXPECT_EQ(talk_->verdict()->outputs, R"({"n":1})");
}

struct BadLine {
  const char* name;
  std::string line;
  TaskErrorCode code;
  const char* words;
};
void PrintTo(const BadLine& bad, std::ostream* out) {
  *out << bad.name;
}
class TalkRefuses : public TalkTest, public testing::WithParamInterface<BadLine> {};

TEST_P(TalkRefuses, AndSaysWhichLineAndWhy) {
  invoke();
  const Deeds deeds = hear(GetParam().line);
  EXPECT_EQ(deeds.signal, SIGTERM);
  EXPECT_TRUE(deeds.close_input);
  const TaskError& error = failed("signal 15 (SIGTERM)");
  EXPECT_EQ(error.code, GetParam().code);
  EXPECT_NE(error.message.find(GetParam().words), std::string::npos) << error.message;
}

using enum TaskErrorCode;
INSTANTIATE_TEST_SUITE_P(
    Table, TalkRefuses,
    testing::Values(
        BadLine{"Prose", "loading…", kOutputInvalid, "line 2 of its standard output is no message"},
        BadLine{"BrokenJson", "{\"a\":", kOutputInvalid, "line 2"},
        BadLine{"NoEnvelope", "{}", kOutputInvalid, "#/specversion"},
        BadLine{"List", "[" + of_attempt("task.queued") + "]", kOutputInvalid, "standard error"},
        BadLine{"Deep", "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}",
                kOutputInvalid, "line 2"},
        BadLine{"OtherAttempt", said("task.completed", R"({"attempt":"r1/a/2"})"), kOutputInvalid,
                "of the attempt 'r1/a/2', and it has 'r1/a/1'"},
        BadLine{"Unpacked", of_attempt("task.error"), kOutputInvalid, "#/data/error"},
        BadLine{"OurMessage", said("task.cancel", "{}"), kOutputInvalid, "only cerebro sends this"},
        BadLine{"Session",
                said("server.hello", R"({"protocol":{"min":1,"max":1},"server":"a",)"
                                     R"("boot":"b","level":1,"slots":{}})"),
                kOutputInvalid, "sessions"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(TalkTest, WhatNobodyKnowsIsPassedOver) {
  invoke();
  const Deeds deeds = hear(said("task.sings", "{}"));
  ASSERT_EQ(deeds.lines.size(), 1U);
  EXPECT_TRUE(deeds.lines[0].error);
  EXPECT_EQ(deeds.signal, 0);
}

TEST_F(TalkTest, LogAndProgressAreLines) {
  invoke();
  const Deeds log =
      hear(of_attempt("task.log", R"(,"offset":0,"stream":"stderr","lines":["a\u001b[1m","b"])"));
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(log.lines[0].text, "a\\x1b[1m");
  EXPECT_TRUE(log.lines[0].error);
  const Deeds progress = hear(of_attempt("task.progress", R"(,"fraction":0.4,"message":"half")"));
  EXPECT_EQ(progress.lines[0].text, "progress: 40 % half");
}

TEST_F(TalkTest, WhoIsNotReadyInTimeHasFailed) {
  begin();
  EXPECT_EQ(talk_->next(), 10'000);
  now_ = 10'000;
  EXPECT_EQ(talk_->on_time(now_).signal, SIGTERM);
  EXPECT_EQ(talk_->next(), 10'000 + kTermWait);
  EXPECT_EQ(talk_->on_time(talk_->next()).signal, SIGKILL);
  EXPECT_EQ(failed().code, kTimeoutAcknowledge);
}

TEST_F(TalkTest, WhoDoesNotAnswerOrBeginInTimeHasFailed) {
  invoke();
  EXPECT_EQ(talk_->on_time(talk_->next()).signal, SIGTERM);
  EXPECT_EQ(failed().message, "it did not answer task.invoke with task.queued within 10 s");
  PluginStep starting = step();
  starting.start = 500;
  begin(starting);
  (void)hear(ready());
  (void)hear(of_attempt("task.queued"));
  EXPECT_EQ(talk_->next(), now_ + 500);
  (void)talk_->on_time(talk_->next());
  EXPECT_EQ(failed().code, kTimeoutStart);
}

TEST_F(TalkTest, AnEndBeforeTheEndIsAnError) {
  invoke();
  (void)talk_->ended("exit code 3", "ValueError: x");
  EXPECT_EQ(talk_->verdict()->error->code, kExitNonzero);
  EXPECT_EQ(talk_->verdict()->error->message,
            "it ended with exit code 3 before it said how the task ended: ValueError: x");
}

TEST_F(TalkTest, ACancelIsSaidFirstAndThenASignal) {
  invoke();
  (void)hear(of_attempt("task.started"));
  const Deeds cancel = talk_->cancel(now_);
  EXPECT_NE(cancel.to_program.find("cordyna.task.cancel.v1"), std::string::npos);
  EXPECT_EQ(cancel.signal, 0);
  EXPECT_TRUE(talk_->cancel(now_).to_program.empty());
  EXPECT_EQ(talk_->next(), now_ + kCancelWait);
  EXPECT_EQ(talk_->on_time(talk_->next()).signal, SIGTERM);
  EXPECT_EQ(talk_->on_time(talk_->next()).signal, SIGKILL);
  EXPECT_EQ(talk_->next(), 0);
  (void)talk_->ended("signal 9 (SIGKILL)", "");
  EXPECT_TRUE(talk_->verdict()->cancelled);
}

TEST_F(TalkTest, WhoSaysThatItIsCancelledNeedsNoSignal) {
  invoke();
  (void)talk_->cancel(now_);
  EXPECT_TRUE(hear(of_attempt("task.cancelled", R"(,"was_running":true)")).close_input);
  EXPECT_EQ(talk_->next(), now_ + kLeaveWait);
  (void)talk_->ended("exit code 0", "");
  EXPECT_TRUE(talk_->verdict()->cancelled);
}

TEST_F(TalkTest, WhoDoesNotLeaveIsMadeTo) {
  invoke();
  (void)hear(of_attempt("task.completed"));
  const Deeds term = talk_->on_time(talk_->next());
  EXPECT_EQ(term.signal, SIGTERM);
  EXPECT_EQ(term.lines.size(), 1U);
  EXPECT_EQ(talk_->on_time(talk_->next()).signal, SIGKILL);
  (void)talk_->ended("signal 9 (SIGKILL)", "");
  EXPECT_FALSE(talk_->verdict()->error.has_value());
}

TEST_F(TalkTest, AProgramThatDeclaresAnotherTaskIsRejected) {
  PluginStep other = step();
  other.type = "acme/sing";
  begin(other);
  EXPECT_EQ(hear(ready()).signal, SIGTERM);
  EXPECT_EQ(failed().message, "it declares 'say', and no task 'sing'");
}

TEST_F(TalkTest, RejectedInputsAreNotTriedAgain) {
  invoke();
  (void)hear(of_attempt("task.rejected", R"(,"code":"bad_input","message":"no")"));
  EXPECT_EQ(failed().code, kInputInvalid);
  invoke();
  (void)hear(of_attempt("task.rejected", R"(,"code":"draining","message":"no")"));
  EXPECT_EQ(failed().code, kRejected);
}

TEST_F(TalkTest, NoInputEverBecomesAnotherMessage) {
  PluginStep evil = step();
  begin(evil);
  talk_.emplace(evil, AttemptName{kAttempt, "r1", "a\n{\"", "1"},
                R"({"a":"\n{\"type\":\"x\"}","{{7*7}}":"${HOME}"})", 0);
  const Deeds deeds = hear(ready());
  EXPECT_EQ(std::ranges::count(deeds.to_program, '\n'), 1);
  EXPECT_NE(deeds.to_program.find("{{7*7}}"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::plugin
