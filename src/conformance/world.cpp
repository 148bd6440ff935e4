#include "conformance/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fstream>
#include <iterator>

#include "base/id.hpp"
#include "base/json_text.hpp"

namespace cordyna::conformance {

using protocol::MessageKind;

namespace {

void replace_all(std::string& text, std::string_view what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
}

/// Of the usual class, or of all where there is none of that name; missing: one.
std::size_t slot_count(const shape::JsonBody& data) {
  const shape::JsonBody slots = data.object("slots");
  if (slots.raw() == nullptr) return 1;
  std::int64_t count = slots.number("default");
  if (slots.has("default")) return count > 0 ? static_cast<std::size_t>(count) : 0;
  for (const auto& one : *slots.raw()) count += slots.number(std::string_view(one.key()));
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::string seconds(Millis patience) {
  return fmt::format("{:g} s", static_cast<double>(patience) / 1000);
}

}  // namespace

std::string fill_command(std::string command, const std::string& url, const Place& place) {
  replace_all(command, "{url}", url);
  replace_all(command, "{token}", place.token);
  replace_all(command, "{team}", place.team);
  replace_all(command, "{server}", place.server);
  replace_all(command, "{state}", place.folder + "/state");
  return command;
}

Result<std::unique_ptr<World>> World::make(const Place& place) {
  std::unique_ptr<World> world(new World(place));
  TRY_ASSIGN(world->cerebro_, Cerebro::open(place.token, place.stop, place.redis));
  return world;
}

std::string World::source() const {
  return fmt::format("urn:cordyna:ts:{}/{}", place_.team, place_.server);
}

std::string World::folder_file(std::string_view name) const {
  return fmt::format("{}/{}", place_.folder, name);
}

std::string World::output_tail() const {
  constexpr std::size_t kTailMax = 2000;
  std::ifstream file(folder_file("output"));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > kTailMax) text.erase(0, text.size() - kTailMax);
  return text;
}

std::unexpected<Error> World::broken(std::string seen, std::string right) {
  if (!finding_.has_value()) finding_ = Finding{std::move(seen), std::move(right)};
  return fail(ErrorCode::kConflict, finding_->seen);
}

Result<> World::start() {
  const std::string url = cerebro_->url();
  return child_.start(fill_command(place_.command, url, place_),
                      {{"CORDYNA_URL", url},
                       {"CORDYNA_TOKEN", place_.token},
                       {"CORDYNA_TEAM", place_.team},
                       {"CORDYNA_SERVER", place_.server},
                       {"CORDYNA_STATE", folder_file("state")}},
                      folder_file("output"));
}

std::optional<Entry> World::wait_alive(Millis patience, const Cerebro::Matches& matches) {
  constexpr Millis kLook = 200;
  const Millis until = steady_now() + patience;
  while (true) {
    const Millis left = until - steady_now();
    auto found = cerebro_->wait(0, std::clamp<Millis>(left, 0, kLook), matches);
    if (found.has_value() || left <= 0) return found;
    const auto code = child_.wait(0);
    if (!code.has_value()) continue;
    exit_code_ = code;
    return cerebro_->wait(0, 0, matches);
  }
}

Result<Entry> World::hello(Millis patience) {
  const std::string right =
      "it connects to /api/v1/ts/socket with the bearer token, and its first message is "
      "server.hello";
  const auto refused = [](const Entry& entry) { return entry.sort == Sort::kRefused; };
  const auto opened = wait_alive(patience, [this](const Entry& entry) {
    return entry.sort == Sort::kRefused || (entry.sort == Sort::kOpened && entry.link > met_) ||
           (entry.sort == Sort::kCame && entry.link == 0);
  });
  if (!opened.has_value() && exit_code_.has_value()) {
    return broken(fmt::format("its process ended with exit code {}", *exit_code_), right);
  }
  if (opened.has_value() && opened->sort == Sort::kCame) {
    return broken("it posts what it has to say: a server of level 0", right);
  }
  if (!opened.has_value() || refused(*opened)) {
    return broken(opened.has_value() ? opened->text
                                     : fmt::format("no connection within {}", seconds(patience)),
                  right);
  }
  met_ = opened->link;
  const auto first = cerebro_->wait(opened->index + 1, kSoon, [this](const Entry& entry) {
    return entry.link == met_ && entry.sort != Sort::kSent;
  });
  if (!first.has_value()) return broken("it connected, and said nothing", right);
  if (first->sort == Sort::kBad) return broken(first->text, right);
  if (!first->is(MessageKind::kHello)) {
    return broken(first->sort == Sort::kCame
                      ? fmt::format("its first message is {}", short_type(first->kind))
                      : "it connected, and closed the connection",
                  right);
  }
  level_ = static_cast<int>(first->data.number("level", 1));
  return *first;
}

std::string World::welcome_data(const Greeting& greeting) {
  const std::string session = make_uuid7(0);
  cerebro_->begin_session(session);
  return fmt::format(R"({{"protocol":1,"session":"{}","epoch":{},"heartbeat_s":{},"lease_s":{},)"
                     R"("message_max":{},"want_declaration":{}{}}})",
                     session, epoch_, greeting.heartbeat_s, greeting.lease_s, protocol::kMessageMax,
                     greeting.want_declaration, greeting.extra);
}

std::string World::resumed_data(const Entry& resume, const Greeting& greeting) {
  std::string fates;
  for (const shape::JsonBody& one : resume.data.objects("attempts")) {
    const auto given = greeting.fates.find(one.text("attempt"));
    fates += fmt::format(R"({}{{"attempt":{},"fate":"{}"}})", fates.empty() ? "" : ",",
                         json_string(one.text("attempt")),
                         given == greeting.fates.end() ? "continue" : given->second);
  }
  return "{\"attempts\":[" + fates + "]}";
}

Result<Meeting> World::meet(const Greeting& greeting, Millis patience) {
  Meeting meeting;
  TRY_ASSIGN(meeting.hello, hello(patience));
  std::size_t from = meeting.hello.index + 1;
  if (greeting.hold_welcome > 0) {
    TRY(expect_none([this](const Entry& entry) { return entry.link == met_; },
                    "after server.hello it waits for server.welcome", from, greeting.hold_welcome));
  }
  const auto cut = [&](Cut here) {
    if (greeting.cut == here) cerebro_->cut();
    return greeting.cut == here;
  };
  if (cut(Cut::kAfterHello)) return meeting;
  cerebro_->behave([&greeting](Manners& manners) { manners.lease_s = greeting.lease_s; });
  cerebro_->send(MessageKind::kWelcome, welcome_data(greeting));
  if (cut(Cut::kAfterWelcome)) return meeting;
  if (greeting.want_declaration) {
    TRY_ASSIGN(meeting.declare,
               expect_message(MessageKind::kDeclare,
                              "want_declaration is answered with server.declare", from));
    revision_ = meeting.declare->data.number("revision", 1);
    std::string ids;
    for (const shape::JsonBody& task : meeting.declare->data.objects("tasks")) {
      ids += (ids.empty() ? "" : ",") + json_string(task.text("id"));
    }
    cerebro_->send(
        MessageKind::kDeclared,
        fmt::format(R"({{"revision":{},"accepted":[{}],"rejected":[]}})", revision_, ids));
  }
  if (level_ >= 2) {
    TRY_ASSIGN(meeting.resume,
               expect_message(MessageKind::kResume,
                              "a server of level 2 says server.resume in each session", from));
    if (greeting.hold_resumed > 0) {
      TRY(expect_none(
          [this](const Entry& entry) {
            return entry.link == met_ && entry.is(MessageKind::kReady);
          },
          "server.ready comes after server.resumed", from, greeting.hold_resumed));
    }
    if (cut(Cut::kBeforeResumed)) return meeting;
    cerebro_->send(MessageKind::kResumed, resumed_data(*meeting.resume, greeting));
  }
  TRY_ASSIGN(meeting.ready,
             expect_message(MessageKind::kReady, "the session begins with server.ready", from));
  slots_ = slot_count(meeting.hello.data.has("slots") ? meeting.hello.data : meeting.ready.data);
  return meeting;
}

Result<Meeting> World::begin(const Greeting& greeting) {
  TRY(start());
  return meet(greeting);
}

Result<Meeting> World::meet_again(const Greeting& greeting) {
  return meet(greeting, kReconnectWait);
}

std::string World::invoke_data(const std::string& attempt, const Invoked& invoked,
                               std::string_view more) const {
  return fmt::format(
      R"({{"attempt":{},"run":"{}","task":{},"fence":{},"revision":{},"idempotency_key":{},)"
      R"("inputs":{},"upstream":[],"trigger":{{"kind":"manual"}},)"
      R"("deadlines":{{"acknowledge":30,"start":60,"complete":600}}{}}})",
      json_string(attempt), invoked.run, json_string(invoked.task), invoked.fence, revision_,
      json_string(invoked.run + "/" + invoked.task), invoked.inputs, more);
}

std::string World::invoke_text(std::string_view task, const std::string& inputs,
                               std::string& attempt, std::string_view more) {
  Invoked invoked;
  invoked.id = make_uuid7(0);
  invoked.task = task;
  invoked.run = make_uuid7(0);
  invoked.inputs = inputs;
  invoked.fence = fmt::format(R"({{"epoch":{},"token":"{}"}})", epoch_, make_uuid7(0));
  attempt = fmt::format("{}/{}/1", invoked.run, task);
  invoked.data = invoke_data(attempt, invoked, more);
  const Invoked& kept = invoked_.insert_or_assign(attempt, std::move(invoked)).first->second;
  return cerebro_->make(MessageKind::kInvoke, kept.data, kept.id);
}

std::string World::invoke(std::string_view task, const std::string& inputs) {
  std::string attempt;
  const std::string text = invoke_text(task, inputs, attempt);
  cerebro_->send_text(text);
  return attempt;
}

void World::invoke_again(const std::string& attempt) {
  const Invoked& invoked = invoked_.at(attempt);
  cerebro_->send(MessageKind::kInvoke, invoked.data, invoked.id);
}

void World::invoke_anew(const std::string& attempt, const std::string& inputs) {
  Invoked& invoked = invoked_.at(attempt);
  if (!inputs.empty()) {
    invoked.inputs = inputs;
    invoked.data = invoke_data(attempt, invoked, {});
  }
  invoked.id = cerebro_->send(MessageKind::kInvoke, invoked.data);
}

void World::cancel(const std::string& attempt, double grace_s) {
  const auto invoked = invoked_.find(attempt);
  const std::string fence = invoked == invoked_.end()
                                ? fmt::format(R"({{"epoch":{},"token":"none"}})", epoch_)
                                : invoked->second.fence;
  cerebro_->send(MessageKind::kCancel,
                 fmt::format(R"({{"attempt":{},"fence":{},"reason":"user","grace_s":{}}})",
                             json_string(attempt), fence, grace_s));
}

void World::give_receipt(const std::string& id) {
  cerebro_->send(MessageKind::kReceipt, "{\"ids\":[" + json_string(id) + "]}");
}

void World::withhold_ends(bool withhold) {
  cerebro_->behave([withhold](Manners& manners) {
    manners.withheld.clear();
    if (withhold) {
      manners.withheld = {MessageKind::kCompleted, MessageKind::kError, MessageKind::kCancelled};
    }
  });
}

std::string World::told_of(const std::string& attempt, std::size_t from) const {
  std::string out;
  for (const Entry& entry : cerebro_->record(from)) {
    const bool told =
        entry.sort == Sort::kBad || (entry.sort == Sort::kCame && entry.attempt() == attempt);
    if (!told) continue;
    if (!out.empty()) out += ", ";
    out += entry.sort == Sort::kBad ? entry.text : std::string(short_type(entry.kind));
    if (entry.is(MessageKind::kError)) {
      out += fmt::format(" ({})", entry.data.object("error").text("code"));
    }
    if (entry.is(MessageKind::kRejected)) out += fmt::format(" ({})", entry.data.text("code"));
  }
  return out.empty() ? "nothing" : out;
}

Result<Entry> World::expect(MessageKind kind, const std::string& attempt, std::string_view right,
                            std::size_t from, Millis patience) {
  auto found = cerebro_->wait(from, patience, [&](const Entry& entry) {
    return entry.is(kind) && entry.attempt() == attempt;
  });
  if (found.has_value()) return *std::move(found);
  return broken(fmt::format("no {} within {}; what came: {}", short_type(kind), seconds(patience),
                            told_of(attempt, from)),
                std::string(right));
}

Result<Entry> World::expect_answer(const std::string& attempt, std::string_view right,
                                   Millis patience) {
  auto found = cerebro_->wait(0, patience, [&](const Entry& entry) {
    return entry.sort == Sort::kCame && entry.attempt() == attempt &&
           (is_end(entry.kind) || entry.kind == MessageKind::kRejected);
  });
  if (found.has_value()) return *std::move(found);
  return broken(fmt::format("neither an end nor task.rejected within {}; what came: {}",
                            seconds(patience), told_of(attempt)),
                std::string(right));
}

Result<> World::expect_none(const Cerebro::Matches& matches, std::string_view right,
                            std::size_t from, Millis patience) {
  const auto found = cerebro_->wait(from, patience, matches);
  if (!found.has_value()) return {};
  std::string seen = found->text;
  if (found->sort == Sort::kCame) {
    seen = std::string(short_type(found->kind));
    if (!found->attempt().empty()) seen += " of " + found->attempt();
  }
  if (found->sort == Sort::kOpened) seen = "a new connection";
  if (found->sort == Sort::kClosed) seen = "the connection was closed";
  return broken(std::move(seen), std::string(right));
}

Cerebro::Matches World::says_of(const std::string& attempt) {
  return [attempt](const Entry& entry) {
    return entry.sort == Sort::kCame && entry.attempt() == attempt;
  };
}

Result<Entry> World::expect_message(MessageKind kind, std::string_view right, std::size_t from,
                                    Millis patience) {
  auto found = cerebro_->wait(from, patience, [&](const Entry& entry) {
    return entry.is(kind) || (entry.sort == Sort::kClosed && entry.link == met_);
  });
  if (found.has_value() && found->sort == Sort::kCame) return *std::move(found);
  std::string seen = fmt::format("no {} within {}", short_type(kind), seconds(patience));
  if (found.has_value()) {
    seen = fmt::format("no {}: it closed the connection", short_type(kind));
  }
  for (const Entry& entry : cerebro_->record(from)) {
    if (entry.sort == Sort::kBad) seen += "; " + entry.text;
  }
  return broken(std::move(seen), std::string(right));
}

Result<Entry> World::expect_closed(std::string_view right, std::size_t from, Millis patience) {
  auto found = cerebro_->wait(from, patience, [this](const Entry& entry) {
    return entry.sort == Sort::kClosed && entry.link == met_;
  });
  if (found.has_value()) return *std::move(found);
  return broken(fmt::format("the connection is still open after {}", seconds(patience)),
                std::string(right));
}

std::size_t World::lines_of(const std::string& file) const {
  std::ifstream in(file);
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>(), '\n'));
}

Result<> World::echo_works(std::string_view after) {
  const std::string right = fmt::format("after {} it goes on as before", after);
  constexpr Millis kPause = 100;
  const Millis until = steady_now() + kSoon;
  while (true) {
    const std::string attempt = invoke("echo", R"({"value":"after"})");
    TRY_ASSIGN(const Entry answer, expect_answer(attempt, right));
    if (answer.is(MessageKind::kCompleted)) return {};
    // What was stopped a moment ago may still have the only slot.
    const bool full = answer.is(MessageKind::kRejected) && answer.data.text("code") == "no_slot";
    if (!full || steady_now() > until) return broken(told_of(attempt), right);
    static_cast<void>(cerebro_->wait(0, kPause, [](const Entry&) { return false; }));
  }
}

}  // namespace cordyna::conformance
