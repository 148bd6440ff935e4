// Level 2: what a server still has after a reconnect, a reboot of cerebro, or a kill.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

#include "base/json_text.hpp"
#include "conformance/checks.hpp"

namespace cordyna::conformance {
namespace {

using protocol::MessageKind;

/// The attempt in `resume`; nullopt: it is not listed.
std::optional<shape::JsonBody> listed(const Meeting& meeting, const std::string& attempt) {
  if (!meeting.resume.has_value()) return std::nullopt;
  for (const shape::JsonBody& one : meeting.resume->data.objects("attempts")) {
    if (one.text("attempt") == attempt) return one;
  }
  return std::nullopt;
}

Result<> lists_as(World& world, const Meeting& meeting, const std::string& attempt,
                  const std::string& state) {
  const std::string right = fmt::format("resume lists the attempt as {}", state);
  const auto one = listed(meeting, attempt);
  if (!one.has_value()) return world.broken("resume does not list the attempt", right);
  if (one->text("state") != state) {
    return world.broken("resume lists it as " + one->text("state"), right);
  }
  if (state == "completed" && !one->has("terminal")) {
    return world.broken("resume lists an end without `terminal`",
                        "`terminal` is the data of the last message");
  }
  if (state == "completed" && one->object("terminal").text("attempt") != attempt) {
    return world.broken("terminal " + one->json("terminal"),
                        "`terminal` is the data of the last message, its attempt included");
  }
  return {};
}

/// Begins a session and an attempt that runs so long.
Result<std::string> running(World& world, const std::string& seconds) {
  TRY(world.begin());
  std::string attempt = world.invoke("sleep", "{\"seconds\":" + seconds + "}");
  TRY(world.expect(MessageKind::kStarted, attempt, "it starts what it has accepted"));
  return attempt;
}

/// Begins a session with an end that has no receipt, and gives that.
Result<Entry> ended(World& world) {
  TRY(world.begin());
  world.withhold_ends();
  const std::string attempt = world.invoke(
      "count", fmt::format(R"({{"file":{}}})", json_string(world.folder_file("count"))));
  return world.expect(MessageKind::kCompleted, attempt, "count completes");
}

Result<> count_ran_once(World& world) {
  const std::size_t lines = world.lines_of(world.folder_file("count"));
  if (lines == 1) return {};
  return world.broken(fmt::format("count ran {} times", lines), "an attempt is run once");
}

Result<> goes_on(World& world) {
  TRY_ASSIGN(const std::string attempt, running(world, "2.5"));
  world.cerebro().cut();
  TRY_ASSIGN(const Meeting meeting, world.meet_again());
  TRY(lists_as(world, meeting, attempt, "started"));
  TRY(world.expect(MessageKind::kCompleted, attempt,
                   "what resumed with fate continue goes on, and its end is told"));
  return {};
}

Result<> ends_meanwhile(World& world) {
  TRY_ASSIGN(const std::string attempt, running(world, "0.5"));
  world.cerebro().go();
  // Long enough for its end: there is nobody to tell.
  const std::size_t from = world.cerebro().mark();
  TRY(world.expect_none([](const Entry& entry) { return entry.sort == Sort::kOpened; },
                        "nobody can connect here", from, 1'200));
  world.cerebro().come_back();
  world.set_epoch(world.epoch() + 1);
  TRY_ASSIGN(const Meeting meeting, world.meet_again());
  TRY(lists_as(world, meeting, attempt, "completed"));
  TRY(world.expect(MessageKind::kCompleted, attempt,
                   "an end that came while cerebro was away is told, with the old fence", from));
  return {};
}

Result<> reboot(World& world) {
  TRY_ASSIGN(const std::string attempt, running(world, "3"));
  world.cerebro().go();
  const std::size_t from = world.cerebro().mark();
  TRY(world.expect_none([](const Entry& entry) { return entry.sort == Sort::kOpened; },
                        "nobody can connect here", from, 800));
  world.cerebro().come_back();
  world.set_epoch(world.epoch() + 1);
  TRY_ASSIGN(const Meeting meeting, world.meet_again());
  TRY(lists_as(world, meeting, attempt, "started"));
  TRY(world.expect(MessageKind::kCompleted, attempt,
                   "an attempt goes on over a reboot of cerebro, and its end is told"));
  return {};
}

Result<> ended_before_the_cut(World& world) {
  TRY_ASSIGN(const Entry end, ended(world));
  const std::size_t from = world.cerebro().mark();
  world.cerebro().cut();
  TRY_ASSIGN(const Meeting meeting, world.meet_again());
  TRY(lists_as(world, meeting, end.attempt(), "completed"));
  TRY(world.expect(MessageKind::kCompleted, end.attempt(),
                   "the end is sent again as a message nevertheless", from));
  return count_ran_once(world);
}

Result<> aborted(World& world) {
  TRY_ASSIGN(const std::string attempt, running(world, "60"));
  world.cerebro().cut();
  Greeting greeting;
  greeting.fates[attempt] = "abort";
  TRY(world.meet_again(greeting));
  TRY(world.expect(MessageKind::kCancelled, attempt,
                   "fate abort ends the attempt, and is answered with task.cancelled"));
  return {};
}

Result<> fate_fenced(World& world) {
  TRY_ASSIGN(const std::string attempt, running(world, "2"));
  world.cerebro().cut();
  const std::size_t from = world.cerebro().mark();
  Greeting greeting;
  greeting.fates[attempt] = "fenced";
  TRY(world.meet_again(greeting));
  return world.expect_none(World::says_of(attempt),
                           "fate fenced: the attempt is stopped, and nothing more is said of it",
                           from, 2'500);
}

Result<> known_end(World& world) {
  TRY_ASSIGN(const Entry end, ended(world));
  std::size_t from = world.cerebro().mark();
  world.cerebro().cut();
  Greeting greeting;
  greeting.fates[end.attempt()] = "already_terminal";
  TRY(world.meet_again(greeting));
  TRY(world.expect_none(World::says_of(end.attempt()),
                        "fate already_terminal: the end is known, and not told again", from,
                        1'500));
  world.cerebro().cut();
  TRY_ASSIGN(const Meeting later, world.meet_again());
  if (!listed(later, end.attempt()).has_value()) return {};
  return world.broken("resume lists it once more",
                      "fate already_terminal: the server forgets the attempt");
}

Result<> killed_after_the_end(World& world) {
  TRY_ASSIGN(const Entry end, ended(world));
  world.child().kill();
  world.withhold_ends(false);
  const std::size_t from = world.cerebro().mark();
  TRY_ASSIGN(const Meeting meeting, world.begin());
  TRY(lists_as(world, meeting, end.attempt(), "completed"));
  TRY_ASSIGN(const Entry again,
             world.expect(MessageKind::kCompleted, end.attempt(),
                          "an end without a receipt outlives kill -9, on the disk", from));
  if (again.head.id != end.head.id) {
    return world.broken(fmt::format("id {} and then {}", end.head.id, again.head.id),
                        "what is sent again keeps its id");
  }
  return count_ran_once(world);
}

Result<> killed_mid_run(World& world) {
  TRY(world.start());
  TRY_ASSIGN(const Meeting first, world.meet());
  const std::string attempt = world.invoke("sleep", R"({"seconds":60})");
  TRY(world.expect(MessageKind::kStarted, attempt, "it starts what it has accepted"));
  world.child().kill();
  const std::size_t from = world.cerebro().mark();
  TRY_ASSIGN(const Meeting second, world.begin());
  if (first.hello.data.text("boot") == second.hello.data.text("boot")) {
    return world.broken("the same boot id after kill -9",
                        "each start of the process has a boot id of its own");
  }
  if (listed(second, attempt).has_value()) {
    return world.broken("resume lists an attempt of the process that was killed",
                        "resume lists what the server still has: nothing runs in a new process");
  }
  return world.expect_none(
      [&](const Entry& entry) {
        return entry.is(MessageKind::kCompleted) && entry.attempt() == attempt;
      },
      "what was killed is not told as completed", from, kQuiet);
}

Result<> boot_is_kept(World& world) {
  TRY_ASSIGN(const Meeting first, world.begin());
  world.cerebro().cut();
  TRY_ASSIGN(const Meeting second, world.meet_again());
  for (const Meeting* meeting : {&first, &second}) {
    const std::string boot = meeting->hello.data.text("boot");
    if (meeting->resume->data.text("boot") != boot) {
      return world.broken("resume with another boot id than hello", "both have the same");
    }
    if (boot != first.hello.data.text("boot")) {
      return world.broken("another boot id after a reconnect",
                          "a boot id is made at each start of the process, not of a session");
    }
  }
  return {};
}

constexpr std::array kResumeChecks{
    Check{"resume", 2, "A link that breaks does not end what runs; resume lists it.",
          "WebSocket, 4", goes_on},
    Check{"resume-boot", 2, "The boot id is that of the process.", "Who is who", boot_is_kept},
    Check{"resume-ended", 2, "resume lists ends without a receipt, and they are sent again.",
          "WebSocket, 4", ended_before_the_cut},
    Check{"reboot", 2, "What runs goes on while cerebro reboots.", "WebSocket, 4", reboot},
    Check{"reboot-ended", 2, "What ends while cerebro is away is told later.",
          "Results without a receipt", ends_meanwhile},
    Check{"fate-abort", 2, "Fate abort ends the attempt.", "WebSocket, 4", aborted},
    Check{"fate-fenced", 2, "Fate fenced: nothing more is said.", "WebSocket, 4", fate_fenced},
    Check{"fate-known", 2, "Fate already_terminal: it is forgotten.", "WebSocket, 4", known_end},
    Check{"kill-ended", 2, "An end without a receipt outlives kill -9.",
          "Results without a receipt", killed_after_the_end},
    Check{"kill-running", 2, "What kill -9 ended is not listed by the next boot.", "Who is who",
          killed_mid_run}};

}  // namespace

std::span<const Check> resume_checks() {
  return kResumeChecks;
}

}  // namespace cordyna::conformance
