// Level 2: how a server goes, of itself or asked to.
#include <fmt/format.h>

#include <array>
#include <csignal>

#include "conformance/checks.hpp"

namespace cordyna::conformance {
namespace {

using protocol::MessageKind;

constexpr Millis kExitWait = 6'000;

/// From draining on: later invokes are rejected, what runs ends, goodbye comes after its receipt.
Result<> goes_well(World& world, const std::string& running, std::size_t from) {
  TRY(world.expect_message(MessageKind::kDraining, "a server that is to go says server.draining",
                           from));
  const std::string late = world.invoke("echo", R"({"value":1})");
  const std::string right = "an invoke after server.draining is rejected with draining";
  TRY_ASSIGN(const Entry answer, world.expect_answer(late, right));
  if (!answer.is(MessageKind::kRejected) || answer.data.text("code") != "draining") {
    return world.broken(world.told_of(late), right);
  }
  TRY_ASSIGN(const Entry end, world.expect(MessageKind::kCompleted, running,
                                           "a server that drains ends what it has"));
  const auto goes = [](const Entry& entry) {
    return entry.is(MessageKind::kGoodbye) || entry.sort == Sort::kClosed;
  };
  TRY(world.expect_none(goes, "it does not go while an end has no receipt", end.index + 1, kQuiet));
  world.give_receipt(end.head.id);
  TRY_ASSIGN(
      const Entry goodbye,
      world.expect_message(MessageKind::kGoodbye,
                           "server.goodbye comes when the last attempt has its receipt", from));
  if (goodbye.data.text("code") != "shutdown") {
    return world.broken("goodbye with code " + goodbye.data.text("code"),
                        "a server that has drained says goodbye with code shutdown");
  }
  TRY(world.expect_closed("after goodbye it closes the connection", from));
  return {};
}

Result<std::string> begin_running(World& world) {
  TRY(world.begin());
  world.withhold_ends();
  std::string attempt = world.invoke("sleep", R"({"seconds":1})");
  TRY(world.expect(MessageKind::kStarted, attempt, "it starts what it has accepted"));
  return attempt;
}

Result<> terminated(World& world) {
  TRY_ASSIGN(const std::string attempt, begin_running(world));
  const std::size_t from = world.cerebro().mark();
  world.child().signal(SIGTERM);
  TRY(goes_well(world, attempt, from));
  const auto code = world.child().wait(kExitWait);
  const std::string right = "after SIGTERM it drains, and its process ends with exit code 0";
  if (!code.has_value()) return world.broken("the process still runs", right);
  if (*code != 0) return world.broken(fmt::format("exit code {}", *code), right);
  return {};
}

Result<> asked(World& world) {
  TRY_ASSIGN(const std::string attempt, begin_running(world));
  const std::size_t from = world.cerebro().mark();
  world.cerebro().send(MessageKind::kDrain, R"({"reason":"maintenance","deadline_s":60})");
  return goes_well(world, attempt, from);
}

Result<> idle(World& world) {
  TRY(world.begin());
  const std::size_t from = world.cerebro().mark();
  world.child().signal(SIGTERM);
  TRY(world.expect_message(MessageKind::kGoodbye,
                           "a server with nothing to end says goodbye after SIGTERM at once",
                           from));
  const auto code = world.child().wait(kExitWait);
  if (code.has_value() && *code == 0) return {};
  return world.broken(
      code.has_value() ? fmt::format("exit code {}", *code) : std::string("the process still runs"),
      "after SIGTERM its process ends with exit code 0");
}

constexpr std::array kLeavingChecks{
    Check{"drain", 2, "SIGTERM: nothing new, what runs ends, goodbye, exit code 0.",
          "WebSocket, 11", terminated},
    Check{"drain-asked", 2, "server.drain does the same.", "WebSocket, 11", asked},
    Check{"drain-idle", 2, "Without attempts it goes at once.", "WebSocket, 11", idle}};

}  // namespace

std::span<const Check> leaving_checks() {
  return kLeavingChecks;
}

}  // namespace cordyna::conformance
