// How a session begins, lives and ends.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <variant>

#include "conformance/checks.hpp"
#include "protocol/declaration.hpp"

namespace cordyna::conformance {
namespace {

using protocol::MessageKind;

constexpr std::array kTasks{std::string_view("echo"), std::string_view("sleep"),
                            std::string_view("fail"), std::string_view("count")};

/// All that comes on its connections but what a session at rest says.
bool is_news(const Entry& entry) {
  return entry.sort == Sort::kCame && !entry.is(MessageKind::kHeartbeat) &&
         !entry.is(MessageKind::kLog);
}

Result<> hello_first(World& world) {
  TRY(world.start());
  TRY_ASSIGN(const Entry hello, world.hello());
  const shape::JsonBody versions = hello.data.object("protocol");
  if (versions.number("min") > 1 || versions.number("max") < 1) {
    return world.broken(
        fmt::format("protocol from {} to {}", versions.number("min"), versions.number("max")),
        "the versions of the protocol that it speaks include 1");
  }
  if (!world.source().ends_with("/" + hello.data.text("server"))) {
    return world.broken(fmt::format("server \"{}\"", hello.data.text("server")),
                        "`server` is the id of $CORDYNA_SERVER, which `source` has too");
  }
  if (hello.data.text("boot").empty()) {
    return world.broken("an empty boot", "`boot` is another text after each start");
  }
  return {};
}

Result<> waits_for_welcome(World& world) {
  Greeting greeting;
  greeting.hold_welcome = kQuiet;
  TRY(world.begin(greeting));
  return {};
}

Result<> declares(World& world) {
  TRY_ASSIGN(const Meeting meeting, world.begin());
  const auto team = world.source().substr(std::string_view("urn:cordyna:ts:").size());
  std::set<std::string, std::less<>> declared;
  for (const shape::JsonBody& task : meeting.declare->data.objects("tasks")) {
    const auto read = protocol::read_declaration(task, team.substr(0, team.find('/')));
    if (const auto* flaws = std::get_if<std::vector<shape::Flaw>>(&read)) {
      return world.broken(fmt::format("task \"{}\": {}: {}", task.text("id"), flaws->front().at,
                                      flaws->front().detail),
                          "each task has an id, a description, and an owner of the team with at "
                          "least one contact");
    }
    declared.insert(task.text("id"));
  }
  for (const std::string_view task : kTasks) {
    if (declared.contains(task)) continue;
    return world.broken(fmt::format("no task \"{}\" is declared", task),
                        "it declares echo, sleep, fail and count for the kit");
  }
  return {};
}

Result<> known_declaration(World& world) {
  Greeting greeting;
  greeting.want_declaration = false;
  TRY(world.begin(greeting));
  return world.echo_works("a welcome that wants no declaration");
}

Result<> ready_last(World& world) {
  Greeting greeting;
  greeting.hold_resumed = kQuiet;
  TRY(world.begin(greeting));
  return {};
}

Result<> heartbeats(World& world) {
  constexpr double kEvery = 0.5;
  Greeting greeting;
  greeting.heartbeat_s = kEvery;
  TRY(world.begin(greeting));
  const std::string attempt = world.invoke("sleep", R"({"seconds":20})");
  TRY(world.expect(MessageKind::kStarted, attempt, "it starts what it has accepted"));
  const std::size_t from = world.cerebro().mark();
  const Millis begun = steady_now();
  std::size_t next = from;
  constexpr int kCount = 5;
  for (int i = 0; i < kCount; ++i) {
    TRY_ASSIGN(const Entry beat,
               world.expect_message(MessageKind::kHeartbeat,
                                    "server.heartbeat comes every heartbeat_s of welcome (0.5 s)",
                                    next, 5000));
    next = beat.index + 1;
    const auto had = beat.data.objects("in_flight");
    if (std::ranges::none_of(had, [&attempt](const shape::JsonBody& one) {
          return one.text("attempt") == attempt && one.text("state") == "started";
        })) {
      return world.broken("a heartbeat without the attempt that runs, or not as started",
                          "in_flight lists what the server has, each with its state");
    }
  }
  const double took = static_cast<double>(steady_now() - begun) / 1000;
  if (took < kCount * kEvery / 3 || took > kCount * kEvery * 2.5) {
    return world.broken(fmt::format("{} heartbeats within {:.1f} s", kCount, took),
                        "one every heartbeat_s of welcome (0.5 s)");
  }
  return {};
}

Result<> silence(World& world) {
  Greeting greeting;
  greeting.heartbeat_s = 0.5;
  greeting.lease_s = 2;
  world.cerebro().behave([](Manners& manners) { manners.leases = false; });
  TRY(world.begin(greeting));
  const std::size_t from = world.cerebro().mark();
  TRY(world.expect_closed("who hears nothing for lease_s (2 s) closes the connection", from,
                          kSoon));
  world.cerebro().behave([](Manners& manners) { manners.leases = true; });
  TRY(world.meet_again());
  return world.echo_works("a lease that ran out");
}

Result<> reconnects(World& world) {
  TRY(world.begin());
  for (int i = 0; i < 2; ++i) {
    world.cerebro().cut();
    TRY(world.meet_again());
  }
  return world.echo_works("connections that broke");
}

Result<> superseded(World& world) {
  TRY(world.begin());
  const std::size_t from = world.cerebro().mark();
  world.cerebro().send(MessageKind::kGoodbye,
                       R"({"code":"superseded","reason":"connected elsewhere"})");
  world.cerebro().close_link();
  return world.expect_none([](const Entry& entry) { return entry.sort == Sort::kOpened; },
                           "after goodbye with code superseded it does not connect again", from,
                           5000);
}

Result<> refused(World& world) {
  TRY(world.start());
  TRY(world.hello());
  const std::size_t from = world.cerebro().mark();
  world.cerebro().send(MessageKind::kGoodbye,
                       R"({"code":"version","reason":"another version is spoken here"})");
  world.cerebro().close_link();
  return world.expect_none(
      [](const Entry& entry) { return entry.sort == Sort::kOpened; },
      "after goodbye without reconnect_after_s (unless cerebro shuts down) it does not connect "
      "again",
      from, 5000);
}

Result<> shutdown(World& world) {
  TRY(world.begin());
  world.cerebro().send(MessageKind::kGoodbye, R"({"code":"shutdown","reason":"a new version"})");
  world.cerebro().close_link();
  TRY(world.meet_again());
  return world.echo_works("goodbye with code shutdown");
}

Result<> comes_later(World& world) {
  TRY(world.begin());
  const std::size_t from = world.cerebro().mark();
  world.cerebro().send(MessageKind::kGoodbye,
                       R"({"code":"lease","reason":"too late","reconnect_after_s":1.5})");
  world.cerebro().close_link();
  TRY(world.expect_none([](const Entry& entry) { return entry.sort == Sort::kOpened; },
                        "it connects again after reconnect_after_s (1.5 s), not before", from,
                        1300));
  TRY(world.meet_again());
  return {};
}

Result<> unknown_words(World& world) {
  Greeting greeting;
  greeting.extra = R"(,"x_new":{"a":[1]},"x_other":null)";
  TRY(world.begin(greeting));
  world.cerebro().send_text(
      R"({"specversion":"1.0","id":"x1","source":"urn:cordyna:cerebro","xnew":"1",)"
      R"("type":"cordyna.server.novelty.v9","data":{"a":1}})");
  std::string attempt;
  std::string text = world.invoke_text("echo", R"({"value":1})", attempt, R"(,"x_new":[1,{}])");
  text.insert(1, R"("xnew":"2",)");
  world.cerebro().send_text(text);
  TRY(world.expect(MessageKind::kCompleted, attempt,
                   "fields, attributes and types of messages that it does not know are ignored"));
  return {};
}

Result<> list_in_a_frame(World& world) {
  TRY(world.begin());
  std::string one;
  std::string two;
  const std::string first = world.invoke_text("echo", R"({"value":1})", one);
  const std::string second = world.invoke_text("echo", R"({"value":2})", two);
  world.cerebro().send_text("[" + first + "," + second + "]");
  for (const std::string& attempt : {one, two}) {
    TRY(world.expect_answer(attempt, "a frame may hold a list of messages"));
  }
  return {};
}

Result<> problem(World& world) {
  TRY(world.begin());
  const std::size_t from = world.cerebro().mark();
  world.cerebro().send(
      MessageKind::kProblem,
      R"({"of":"none","code":"invalid","message":"not understood","fatal":false})");
  TRY(world.expect_none(
      [](const Entry& entry) { return entry.sort == Sort::kClosed || is_news(entry); },
      "message.problem that is not fatal leaves the session as it is", from, kQuiet));
  return world.echo_works("message.problem");
}

constexpr std::array kSessionChecks{
    Check{"hello", 1, "The first message is server.hello, with protocol, server and boot.",
          "WebSocket, 1", hello_first},
    Check{"welcome", 1, "Nothing but server.hello is said before server.welcome.", "WebSocket, 2",
          waits_for_welcome},
    Check{"declare", 1, "Tasks are declared when asked for, each with its owner and description.",
          "WebSocket, 3", declares},
    Check{"declare-known", 1, "Where no declaration is wanted, the session begins without one.",
          "WebSocket, 3", known_declaration},
    Check{"ready", 2, "server.ready comes after server.resumed.", "WebSocket, 5", ready_last},
    Check{"heartbeat", 1, "Heartbeats come as often as welcome says, with what is in flight.",
          "WebSocket, 8", heartbeats},
    Check{"lease", 1, "Who hears nothing for lease_s closes, and connects again.", "WebSocket, 8",
          silence},
    Check{"reconnect", 1, "A connection that broke is made again, soon.", "WebSocket, 8",
          reconnects},
    Check{"goodbye-superseded", 1, "Who was superseded does not connect again.", "WebSocket, 12",
          superseded},
    Check{"goodbye-version", 1, "Who is refused instead of welcomed does not connect again.",
          "WebSocket, 12", refused},
    Check{"goodbye-shutdown", 1, "When cerebro goes, the server connects again.", "WebSocket, 12",
          shutdown},
    Check{"goodbye-later", 1, "reconnect_after_s is minded.", "WebSocket, 12", comes_later},
    Check{"unknown", 1, "Fields and messages that nobody knows are ignored.", "introduction",
          unknown_words},
    Check{"list", 1, "A frame may hold a list of messages.", "Envelope", list_in_a_frame},
    Check{"problem", 1, "message.problem does not end the session.", "WebSocket, 13", problem}};

}  // namespace

std::span<const Check> session_checks() {
  return kSessionChecks;
}

}  // namespace cordyna::conformance
