// Receipts: what has none is sent again, and what has one is not.
#include <fmt/format.h>

#include <array>

#include "base/json_text.hpp"
#include "conformance/checks.hpp"

namespace cordyna::conformance {
namespace {

using protocol::MessageKind;

/// It came again with the same id.
Result<> same_id(World& world, const Entry& first, const Entry& again) {
  if (first.head.id == again.head.id) return {};
  return world.broken(fmt::format("id {} and then {}", first.head.id, again.head.id),
                      "what is sent again keeps its id");
}

Result<> sent_again(World& world) {
  TRY(world.begin());
  world.withhold_ends();
  const std::string attempt = world.invoke("echo", R"({"value":1})");
  TRY_ASSIGN(const Entry first, world.expect(MessageKind::kCompleted, attempt, "echo completes"));
  TRY_ASSIGN(const Entry again, world.expect(MessageKind::kCompleted, attempt,
                                             "what has no receipt after 5 s is sent again",
                                             first.index + 1, kResendWait));
  TRY(same_id(world, first, again));
  if (first.data.json("output") != again.data.json("output")) {
    return world.broken("another output than before", "what is sent again is the same message");
  }
  return {};
}

Result<> queued_again(World& world) {
  TRY(world.begin());
  world.cerebro().behave([](Manners& manners) { manners.withheld = {MessageKind::kQueued}; });
  const std::string attempt = world.invoke("sleep", R"({"seconds":20})");
  TRY_ASSIGN(const Entry first, world.expect(MessageKind::kQueued, attempt, "it is queued"));
  TRY_ASSIGN(const Entry again,
             world.expect(MessageKind::kQueued, attempt,
                          "task.queued without a receipt is sent again after 5 s", first.index + 1,
                          kResendWait));
  return same_id(world, first, again);
}

Result<> not_sent_again(World& world) {
  TRY(world.begin());
  const std::string attempt = world.invoke("echo", R"({"value":1})");
  TRY(world.expect(MessageKind::kCompleted, attempt, "echo completes"));
  TRY(world.echo_works("an end"));
  const std::size_t from = world.cerebro().mark();
  TRY(world.expect_none(World::says_of(attempt), "what has its receipt is not sent again", from,
                        6'500));
  world.cerebro().cut();
  TRY(world.meet_again());
  return world.expect_none(World::says_of(attempt), "what has its receipt is not sent again", from,
                           kQuiet);
}

Result<> harmless(World& world) {
  TRY(world.begin());
  world.withhold_ends();
  const std::string attempt = world.invoke("echo", R"({"value":1})");
  TRY_ASSIGN(const Entry end, world.expect(MessageKind::kCompleted, attempt, "echo completes"));
  // Out of order, repeated, and of what nobody has sent.
  for (int i = 0; i < 3; ++i) {
    world.give_receipt("of-nothing");
    world.give_receipt(end.head.id);
  }
  world.withhold_ends(false);
  return world.echo_works("receipts that are repeated or of nothing");
}

Result<> sent_again_after_a_cut(World& world) {
  TRY(world.begin());
  world.withhold_ends();
  const std::string attempt = world.invoke("echo", R"({"value":1})");
  TRY_ASSIGN(const Entry first, world.expect(MessageKind::kCompleted, attempt, "echo completes"));
  const std::size_t from = world.cerebro().mark();
  world.cerebro().cut();
  TRY(world.meet_again());
  TRY_ASSIGN(const Entry again,
             world.expect(MessageKind::kCompleted, attempt,
                          "what has no receipt is sent again after a reconnect", from, 4'000));
  return same_id(world, first, again);
}

/// Connections break at each step of the beginning: nothing of what the server has is lost.
Result<> cut_at_each_step(World& world) {
  TRY(world.begin());
  world.withhold_ends();
  const std::string attempt = world.invoke("echo", R"({"value":1})");
  TRY_ASSIGN(const Entry first, world.expect(MessageKind::kCompleted, attempt, "echo completes"));
  world.cerebro().cut();
  for (const Cut cut : {Cut::kAfterHello, Cut::kAfterWelcome, Cut::kBeforeResumed}) {
    if (cut == Cut::kBeforeResumed && world.level() < 2) continue;
    Greeting greeting;
    greeting.cut = cut;
    TRY(world.meet_again(greeting));
  }
  const std::size_t from = world.cerebro().mark();
  TRY(world.meet_again());
  TRY_ASSIGN(const Entry again,
             world.expect(MessageKind::kCompleted, attempt,
                          "what has no receipt is sent again, however many connections broke", from,
                          4'000));
  return same_id(world, first, again);
}

constexpr std::array kReceiptChecks{
    Check{"resend", 1, "An end without a receipt is sent again, the same.", "WebSocket, 7",
          sent_again},
    Check{"resend-queued", 1, "So is task.queued.", "WebSocket, 7", queued_again},
    Check{"receipt", 1, "What has its receipt is not sent again.", "WebSocket, 7", not_sent_again},
    Check{"receipt-odd", 1, "Receipts that are repeated or of nothing do no harm.", "WebSocket, 7",
          harmless},
    Check{"resend-cut", 1, "After a reconnect it is sent again, the same.", "WebSocket, 7",
          sent_again_after_a_cut},
    Check{"cut-early", 1, "Connections that break while a session begins lose nothing.",
          "WebSocket, 8", cut_at_each_step}};

}  // namespace

std::span<const Check> receipt_checks() {
  return kReceiptChecks;
}

}  // namespace cordyna::conformance
