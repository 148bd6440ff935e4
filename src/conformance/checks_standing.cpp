// The rules that hold always: a session with a bit of everything, and judges of all records.
#include <array>

#include "conformance/checks.hpp"

namespace cordyna::conformance {
namespace {

using protocol::MessageKind;

/// Enough that each rule has something to look at, over two connections.
Result<> a_bit_of_everything(World& world) {
  TRY(world.begin());
  world.withhold_ends();
  const std::string first = world.invoke("echo", R"({"value":1})");
  const std::string failed = world.invoke("fail", "{}");
  const std::string wrong = world.invoke("no-such-task", "{}");
  for (const std::string& attempt : {first, failed, wrong}) {
    TRY(world.expect_answer(attempt, "each invoke is answered"));
  }
  const std::size_t from = world.cerebro().mark();
  world.cerebro().cut();
  TRY(world.meet_again());
  TRY(world.expect(MessageKind::kCompleted, first, "what has no receipt is sent again", from));
  return world.echo_works("a reconnect");
}

constexpr std::array kStandingChecks{
    Check{"messages", 1, "Whatever comes is a message of the protocol.", "introduction",
          a_bit_of_everything, judge_messages},
    Check{"source", 1, "source is the server's, subject the attempt.", "Who is who",
          a_bit_of_everything, judge_source},
    Check{"seq", 1, "seq counts from 1 in each session, without gaps.", "Envelope",
          a_bit_of_everything, judge_seq},
    Check{"ids", 1, "Each message has its own id, and keeps it.", "Envelope", a_bit_of_everything,
          judge_ids},
    Check{"order", 1, "What is said of an attempt goes forward.", "WebSocket, 6",
          a_bit_of_everything, judge_order},
    Check{"fence", 1, "The fence is given back as it came.", "WebSocket, 6", a_bit_of_everything,
          judge_fence}};

}  // namespace

std::span<const Check> standing_checks() {
  return kStandingChecks;
}

const std::vector<Check>& all_checks() {
  static const std::vector<Check> all_of_them = [] {
    std::vector<Check> all;
    for (const auto part : {session_checks(), attempt_checks(), receipt_checks(), resume_checks(),
                            leaving_checks(), http_checks(), standing_checks()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return all_of_them;
}

}  // namespace cordyna::conformance
