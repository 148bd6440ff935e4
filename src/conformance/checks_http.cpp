// Level 0: servers that post what they have to say, and fetch what they have to do.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <variant>

#include "base/json_text.hpp"
#include "conformance/checks.hpp"
#include "protocol/declaration.hpp"

namespace cordyna::conformance {
namespace {

using protocol::MessageKind;

Result<Entry> http_ready(World& world) {
  TRY(world.start());
  const std::string right =
      "the first message of a server of level 0 is server.ready with its tasks, by POST to "
      "/api/v1/ts/events with the bearer token";
  const auto first = world.cerebro().wait(
      0, kStartWait, [](const Entry& entry) { return entry.sort != Sort::kSent; });
  if (!first.has_value()) {
    return world.broken("nothing was posted within 20 s", right);
  }
  if (first->sort != Sort::kCame) return world.broken(first->text, right);
  if (!first->is(MessageKind::kReady) || !first->data.has("tasks")) {
    return world.broken(fmt::format("{}{}", short_type(first->kind),
                                    first->is(MessageKind::kReady) ? " without tasks" : ""),
                        right);
  }
  return *first;
}

Result<> http_declares(World& world) {
  TRY_ASSIGN(const Entry first, http_ready(world));
  const std::string source = world.source();
  const std::string team = source.substr(source.rfind(':') + 1);
  const auto tasks = first.data.objects("tasks");
  for (const shape::JsonBody& task : tasks) {
    const auto read = protocol::read_declaration(task, team.substr(0, team.find('/')));
    if (const auto* flaws = std::get_if<std::vector<shape::Flaw>>(&read)) {
      return world.broken(fmt::format("task \"{}\": {}: {}", task.text("id"), flaws->front().at,
                                      flaws->front().detail),
                          "each task has an id, a description, and an owner of the team with at "
                          "least one contact");
    }
  }
  for (const std::string_view wanted : {"echo", "sleep", "fail", "count"}) {
    if (std::ranges::any_of(tasks, [&](const auto& task) { return task.text("id") == wanted; })) {
      continue;
    }
    return world.broken(fmt::format("no task \"{}\" is declared", wanted),
                        "it declares echo, sleep, fail and count for the kit");
  }
  return {};
}

Result<> http_runs(World& world) {
  TRY(http_ready(world));
  const std::string attempt = world.invoke("echo", R"({"value":"of the kit"})");
  const std::string right =
      "an invoke that was fetched is answered with task.queued, task.started, task.completed";
  TRY_ASSIGN(const Entry queued, world.expect(MessageKind::kQueued, attempt, right));
  TRY_ASSIGN(const Entry started, world.expect(MessageKind::kStarted, attempt, right));
  TRY_ASSIGN(const Entry completed, world.expect(MessageKind::kCompleted, attempt, right));
  if (queued.index > started.index || started.index > completed.index) {
    return world.broken(world.told_of(attempt), right);
  }
  if (completed.data.object("output").text("value") != "of the kit") {
    return world.broken("output " + completed.data.json("output"), "echo returns its inputs");
  }
  TRY(world.expect_none([](const Entry& entry) { return entry.sort == Sort::kRefused; },
                        "it uses the addresses of the protocol alone", 0, 0));
  const auto again = world.cerebro().wait(
      queued.index, kSoon, [](const Entry& entry) { return entry.is(MessageKind::kReady); });
  if (again.has_value()) return {};
  return world.broken("no server.ready after the end",
                      "each server.ready says how many attempts the server takes more");
}

Result<> http_fails(World& world) {
  TRY(http_ready(world));
  const std::string attempt = world.invoke("fail", "{}");
  TRY_ASSIGN(const Entry error,
             world.expect(MessageKind::kError, attempt, "`fail` ends with task.error"));
  const shape::JsonBody detail = error.data.object("error");
  if (detail.text("code") == "FAILED" && !detail.text("message").empty()) return {};
  return world.broken("error " + error.data.json("error"),
                      "`fail` ends with code FAILED and a message for people");
}

Result<> http_repeated(World& world) {
  TRY(http_ready(world));
  const std::string file = world.folder_file("count");
  const std::string attempt =
      world.invoke("count", fmt::format(R"({{"file":{}}})", json_string(file)));
  world.invoke_again(attempt);
  TRY(world.expect(MessageKind::kCompleted, attempt, "count completes"));
  world.invoke_again(attempt);
  const std::string last = world.invoke("echo", R"({"value":1})");
  TRY(world.expect(MessageKind::kCompleted, last, "an invoke that comes again changes nothing"));
  const std::size_t lines = world.lines_of(file);
  if (lines == 1) return {};
  return world.broken(fmt::format("count ran {} times", lines),
                      "an attempt is run once, however often it is invoked");
}

Result<> http_posts_again(World& world) {
  TRY(http_ready(world));
  world.cerebro().behave([](Manners& manners) { manners.refusals = 1; });
  const std::string attempt = world.invoke("echo", R"({"value":1})");
  for (const MessageKind kind :
       {MessageKind::kQueued, MessageKind::kStarted, MessageKind::kCompleted}) {
    TRY(world.expect(kind, attempt, "a post that was answered with 503 is posted again", 0,
                     kResendWait));
  }
  return {};
}

constexpr std::array kHttpChecks{
    Check{"http-ready", 0, "It posts server.ready with its tasks.", "HTTP", http_declares},
    Check{"http-invoke", 0, "What it fetches is queued, started and completed.", "HTTP", http_runs},
    Check{"http-error", 0, "A failure has a code and a message.", "HTTP", http_fails},
    Check{"http-repeat", 0, "An invoke that comes again is run once.", "HTTP", http_repeated},
    Check{"http-post-again", 0, "What was not taken is posted again.", "HTTP", http_posts_again}};

}  // namespace

std::span<const Check> http_checks() {
  return kHttpChecks;
}

}  // namespace cordyna::conformance
