// Attempts: invoked, repeated, rejected, cancelled, fenced.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "base/id.hpp"
#include "base/json_text.hpp"
#include "conformance/checks.hpp"

namespace cordyna::conformance {
namespace {

using protocol::MessageKind;

std::string count_inputs(World& world) {
  return fmt::format(R"({{"file":{}}})", json_string(world.folder_file("count")));
}

/// How often `count` ran, when nothing more is to come.
Result<> ran_once(World& world, const std::string& after) {
  const std::size_t lines = world.lines_of(world.folder_file("count"));
  if (lines == 1) return {};
  return world.broken(fmt::format("count ran {} times after {}", lines, after),
                      "an attempt is run once, however often it is invoked");
}

Result<> runs(World& world) {
  TRY(world.begin());
  const std::string value = R"({"a":[1,-2.5,true,null,"\u00fc\u2028\"\\"],"b":{}})";
  const std::string attempt = world.invoke("echo", "{\"value\":" + value + "}");
  const std::string right = "an invoke is answered with task.queued, task.started, task.completed";
  TRY_ASSIGN(const Entry queued, world.expect(MessageKind::kQueued, attempt, right));
  TRY_ASSIGN(const Entry started, world.expect(MessageKind::kStarted, attempt, right));
  TRY_ASSIGN(const Entry completed, world.expect(MessageKind::kCompleted, attempt, right));
  if (queued.index > started.index || started.index > completed.index) {
    return world.broken(world.told_of(attempt), right);
  }
  // What echo gives has the form of its inputs, as they were read.
  const auto sent = world.cerebro().wait(
      0, 0, [](const Entry& entry) { return entry.is_sent(MessageKind::kInvoke); });
  const std::string wanted = sent->data.object("inputs").json("value");
  if (completed.data.object("output").json("value") == wanted) return {};
  return world.broken("output " + completed.data.json("output"),
                      "echo returns its inputs: {\"value\":" + wanted + "}");
}

Result<> fails(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("fail", "{}");
  TRY_ASSIGN(const Entry error,
             world.expect(MessageKind::kError, attempt, "`fail` ends with task.error"));
  const shape::JsonBody detail = error.data.object("error");
  if (detail.text("code") != "FAILED") {
    return world.broken("code \"" + detail.text("code") + "\"", "`fail` ends with code FAILED");
  }
  if (detail.text("message").empty()) {
    return world.broken("an empty message", "an error has a message for people");
  }
  return {};
}

Result<> bad_input(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("sleep", R"({"seconds":{"no":"number"}})");
  const std::string right = "inputs that do not fit are rejected (bad_input), or end in an error";
  TRY_ASSIGN(const Entry answer, world.expect_answer(attempt, right));
  const bool rejected =
      answer.is(MessageKind::kRejected) && answer.data.text("code") == "bad_input";
  if (!rejected && !answer.is(MessageKind::kError)) {
    return world.broken(world.told_of(attempt), right);
  }
  return world.echo_works("inputs that did not fit");
}

Result<> unknown_task(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("no-such-task", "{}");
  const std::string right = "a task that it does not have is rejected with unknown_task";
  TRY_ASSIGN(const Entry answer, world.expect_answer(attempt, right));
  if (!answer.is(MessageKind::kRejected) || answer.data.text("code") != "unknown_task") {
    return world.broken(world.told_of(attempt), right);
  }
  return world.echo_works("a task that it does not have");
}

Result<> repeated(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("count", count_inputs(world));
  for (int i = 0; i < 4; ++i) world.invoke_again(attempt);
  world.invoke_anew(attempt);
  TRY(world.expect(MessageKind::kCompleted, attempt, "a repeated invoke is run, once"));
  const std::size_t from = world.cerebro().mark();
  TRY(world.echo_works("a repeated invoke"));
  TRY(world.expect_none(
      [&](const Entry& entry) {
        return entry.is(MessageKind::kStarted) && entry.attempt() == attempt;
      },
      "an attempt that has ended is not started again", from, kQuiet));
  return ran_once(world, "the same invoke 5 times, and another message for the attempt");
}

Result<> repeated_while_it_runs(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("sleep", R"({"seconds":1.5})");
  const std::string right =
      "a repeated invoke is answered with the state of the attempt: queued or started";
  TRY(world.expect(MessageKind::kStarted, attempt, "it starts what it has accepted"));
  const std::size_t from = world.cerebro().mark();
  world.invoke_again(attempt);
  const auto answer = world.cerebro().wait(from, kSoon, World::says_of(attempt));
  if (!answer.has_value() ||
      !(answer->is(MessageKind::kQueued) || answer->is(MessageKind::kStarted))) {
    return world.broken("after the repeated invoke came: " + world.told_of(attempt, from), right);
  }
  TRY(world.expect(MessageKind::kCompleted, attempt, "a repeated invoke changes nothing"));
  return {};
}

Result<> repeated_after_the_end(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("count", count_inputs(world));
  TRY(world.expect(MessageKind::kCompleted, attempt, "count completes"));
  TRY(world.echo_works("an end"));  // by now the receipt has come
  std::size_t from = world.cerebro().mark();
  world.invoke_again(attempt);
  TRY(world.expect(MessageKind::kCompleted, attempt,
                   "a repeated invoke of what has ended is answered with the end", from));
  TRY(world.echo_works("a repeated invoke"));
  return ran_once(world, "the same invoke before and after its end");
}

Result<> rejected_stays(World& world) {
  TRY(world.begin());
  const std::string right =
      "a message that was rejected stays so when it comes again, with the same code";
  for (const auto& [task, inputs] :
       {std::pair("no-such-task", "{}"), std::pair("sleep", R"({"seconds":{"no":"number"}})")}) {
    const std::string attempt = world.invoke(task, inputs);
    TRY_ASSIGN(const Entry first, world.expect_answer(attempt, right));
    if (!first.is(MessageKind::kRejected)) continue;  // inputs may also end in an error
    TRY(world.echo_works("a rejection"));
    const std::size_t from = world.cerebro().mark();
    world.invoke_again(attempt);
    TRY_ASSIGN(const Entry second, world.expect(MessageKind::kRejected, attempt, right, from));
    if (second.data.text("code") != first.data.text("code")) {
      return world.broken(
          fmt::format("{}, and then {}", first.data.text("code"), second.data.text("code")), right);
    }
    if (std::string_view(task) != "sleep") continue;
    const std::size_t anew = world.cerebro().mark();
    world.invoke_anew(attempt, R"({"seconds":0.1})");
    TRY(world.expect(MessageKind::kCompleted, attempt,
                     "a rejected attempt that another message invokes is new", anew));
  }
  return {};
}

Result<> slots(World& world) {
  TRY(world.begin());
  const std::size_t extra = 3;
  constexpr std::size_t kMost = 50;
  if (world.slots() > kMost) return {};  // so many more would only be slow
  std::vector<std::string> attempts;
  attempts.reserve(world.slots() + extra);
  for (std::size_t i = 0; i < world.slots() + extra; ++i) {
    attempts.push_back(world.invoke("sleep", R"({"seconds":0.4})"));
  }
  for (const std::string& attempt : attempts) {
    TRY_ASSIGN(const Entry end,
               world.expect_answer(attempt,
                                   "more than it has slots for is queued, or rejected with "
                                   "no_slot; nothing is lost",
                                   20'000));
    const bool rejected = end.is(MessageKind::kRejected) && end.data.text("code") == "no_slot";
    if (!rejected && !end.is(MessageKind::kCompleted)) {
      return world.broken(world.told_of(attempt),
                          "more than it has slots for is queued, or rejected with no_slot");
    }
  }
  std::size_t running = 0;
  std::size_t most = 0;
  for (const Entry& entry : world.cerebro().record()) {
    if (entry.is(MessageKind::kStarted)) most = std::max(most, ++running);
    if (entry.is(MessageKind::kCompleted) && running > 0) --running;
  }
  if (most <= world.slots()) return {};
  return world.broken(fmt::format("{} at a time, with {} slots", most, world.slots()),
                      "no more run at a time than it has slots");
}

Result<> cancelled(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("sleep", R"({"seconds":60})");
  TRY(world.expect(MessageKind::kStarted, attempt, "it starts what it has accepted"));
  for (int i = 0; i < 3; ++i) world.cancel(attempt);
  TRY_ASSIGN(const Entry proof,
             world.expect(MessageKind::kCancelled, attempt,
                          "a cancel ends what runs, and task.cancelled proves it"));
  if (!proof.data.flag("was_running")) {
    return world.broken("was_running is false", "was_running is true for what had started");
  }
  TRY(world.expect_none(
      [&](const Entry& entry) {
        return entry.sort == Sort::kCame && entry.attempt() == attempt &&
               !entry.is(MessageKind::kCancelled);
      },
      "after task.cancelled nothing of the attempt runs", proof.index + 1, kQuiet));
  return world.echo_works("a cancel");
}

Result<> cancelled_by_lease(World& world) {
  Greeting greeting;
  greeting.heartbeat_s = 0.5;
  TRY(world.begin(greeting));
  const std::string attempt = world.invoke("sleep", R"({"seconds":60})");
  TRY(world.expect(MessageKind::kStarted, attempt, "it starts what it has accepted"));
  world.cerebro().send(MessageKind::kLease,
                       fmt::format(R"({{"lease_s":30,"cancels":[{}]}})", json_string(attempt)));
  TRY(world.expect(MessageKind::kCancelled, attempt,
                   "attempts that a lease has in `cancels` are ended as by task.cancel"));
  return {};
}

Result<> cancelled_unknown(World& world) {
  TRY(world.begin());
  const std::string attempt = make_uuid7(0) + "/sleep/1";
  world.cancel(attempt);
  const std::string right =
      "an attempt that it does not know is answered with task.cancelled, was_running false";
  TRY_ASSIGN(const Entry answer, world.expect(MessageKind::kCancelled, attempt, right));
  if (answer.data.flag("was_running")) return world.broken("was_running is true", right);
  return {};
}

Result<> cancelled_after_the_end(World& world) {
  TRY(world.begin());
  world.withhold_ends();
  const std::string attempt = world.invoke("echo", R"({"value":1})");
  TRY_ASSIGN(const Entry end, world.expect(MessageKind::kCompleted, attempt, "echo completes"));
  const std::size_t from = world.cerebro().mark();
  world.cancel(attempt);
  const std::string right =
      "a cancel of what has its end without a receipt is answered with that end, its id kept";
  TRY_ASSIGN(const Entry again, world.expect(MessageKind::kCompleted, attempt, right, from, 3000));
  if (again.head.id != end.head.id) {
    return world.broken(fmt::format("id {} and then {}", end.head.id, again.head.id), right);
  }
  return {};
}

Result<> fenced(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("sleep", R"({"seconds":1})");
  TRY(world.expect(MessageKind::kStarted, attempt, "it starts what it has accepted"));
  world.cerebro().send(
      MessageKind::kFenced,
      fmt::format(R"({{"attempt":{},"reason":"another has taken over"}})", json_string(attempt)));
  TRY(world.echo_works("task.fenced"));  // by now it has come
  const std::size_t from = world.cerebro().mark();
  return world.expect_none(World::says_of(attempt), "nothing more is said of what was fenced", from,
                           1500);
}

constexpr std::array kAttemptChecks{
    Check{"invoke", 1, "An invoke is queued, started and completed, with its output.",
          "WebSocket, 6", runs},
    Check{"error", 1, "A failure has a code for programs and a message for people.", "WebSocket, 6",
          fails},
    Check{"bad-input", 1, "Inputs that do not fit are rejected, or end in an error.",
          "WebSocket, 6", bad_input},
    Check{"unknown-task", 1, "A task that nobody declared is rejected.", "WebSocket, 6",
          unknown_task},
    Check{"repeat", 1, "The same invoke five times runs once.", "WebSocket, 6", repeated},
    Check{"repeat-running", 1, "A repeated invoke is answered with the attempt's state.",
          "WebSocket, 6", repeated_while_it_runs},
    Check{"repeat-ended", 1, "What has ended is not run again, and says how it ended.",
          "WebSocket, 6", repeated_after_the_end},
    Check{"rejected", 1, "A rejected message stays rejected; another one is new.", "WebSocket, 6",
          rejected_stays},
    Check{"slots", 1, "More than there are slots for waits or is rejected; none is lost.",
          "WebSocket, 6", slots},
    Check{"cancel", 1, "A cancel ends what runs, with a proof.", "WebSocket, 9", cancelled},
    Check{"cancel-lease", 1, "A cancel that was lost comes with the lease.", "WebSocket, 8",
          cancelled_by_lease},
    Check{"cancel-unknown", 1, "A cancel of what is not there is answered.", "WebSocket, 9",
          cancelled_unknown},
    Check{"cancel-ended", 1, "A cancel of what has ended is answered with its end.", "WebSocket, 9",
          cancelled_after_the_end},
    Check{"fenced", 1, "Of what was fenced nothing more is said.", "WebSocket, 10", fenced}};

}  // namespace

std::span<const Check> attempt_checks() {
  return kAttemptChecks;
}

}  // namespace cordyna::conformance
