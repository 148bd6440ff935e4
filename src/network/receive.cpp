// What servers say: who may say it, and what it means.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "http/digest.hpp"
#include "network/impl.hpp"
#include "shape/schema.hpp"

namespace cordyna::network {
namespace {

constexpr Millis kRefusedDelayMax = 3'600'000;

/// What a task gives is an object of outputs; what is none, is its output `value`.
std::string outputs_of(const shape::JsonBody& data) {
  if (data.has("output_ref")) return R"({"output_ref":)" + data.json("output_ref") + "}";
  const std::string output = data.json("output");
  if (output.empty() || output == "null") return {};
  return output.starts_with('{') ? output : R"({"value":)" + output + "}";
}

/// What is wrong with an output by the declaration of its task; empty: nothing. One that is given
/// by reference is not here to be looked at.
std::string broken_contract(const Invocation& what, const shape::JsonBody& data) {
  if (what.output == nullptr || data.has("output_ref")) return {};
  const std::string output = data.json("output");
  const std::vector<Flaw> flaws = what.output->flaws_of(output.empty() ? "null" : output);
  if (flaws.empty()) return {};
  return fmt::format(
      "task server '{}' gave what the output_schema of its task '{}' does not allow: {}",
      what.server.text(), what.task, shape::as_line(flaws, "#/output"));
}

/// R4: never without words.
TaskError error_of(const shape::JsonBody& error) {
  std::string message = error.text("message");
  if (message.find_first_not_of(" \t\r\n") == std::string::npos) {
    message = "the task server gave no description";
  }
  std::string text = fmt::format("{}: {}", error.text("code"), message);
  for (const std::string& cause : error.texts("cause")) text += "; caused by " + cause;
  TaskError made = make_task_error(TaskErrorCode::kTaskFailed, Phase::kRun, std::move(text));
  if (error.text("kind") == "lost") {
    made = make_task_error(TaskErrorCode::kLost, Phase::kInfra, std::move(made.message));
  }
  if (error.has("retryable")) made.retryable = error.flag("retryable");
  if (error.has("exit_code")) made.exit_code = static_cast<std::int32_t>(error.number("exit_code"));
  return made;
}

std::string place_of(const shape::JsonBody& data, const ServerName& name) {
  const shape::JsonBody where = data.object("where");
  std::string text = fmt::format("task server {}", name.text());
  if (where.has("host")) text += fmt::format(", host {}", printable(where.text("host")));
  if (where.has("pid")) text += fmt::format(", pid {}", where.number("pid"));
  return text;
}

}  // namespace

std::string Network::Impl::token_of(std::string_view attempt, std::int64_t epoch,
                                    const ServerName& name) const {
  return settings_.token(fmt::format("{}|{}|{}", attempt, epoch, name.text()));
}

/// Of an attempt of level 0 there is no fence: its name, and whose it is, is all there is.
bool Network::Impl::fence_holds(const Server& server, const ServerName& name,
                                const shape::JsonBody& data, std::string_view attempt) const {
  const shape::JsonBody fence = data.object("fence");
  if (fence.raw() == nullptr) {
    const auto known = by_name_.find(attempt);
    return known == by_name_.end() ? server.level == 0 : !attempts_.at(known->second).fenced;
  }
  return http::same_text(fence.text("token"), token_of(attempt, fence.number("epoch"), name));
}

void Network::Impl::problem(Millis now, LinkNo no, const std::string& of, std::string_view code,
                            std::string_view text, bool fatal, Output& out) {
  protocol::BadMessage bad{of, {}, std::string(code), {{"#", std::string(text)}}};
  say(now, no, Kind::kProblem, protocol::problem_data(bad, fatal), out);
  const auto link = links_.find(no);
  if (link != links_.end() && link->second.http && !of.empty()) receipt(no, of, out);
  if (fatal) {
    out.closings.push_back({no});
    part(now, no, out);
  }
}

void Network::Impl::heard(Millis now, LinkNo no) {
  const auto link = links_.find(no);
  if (link != links_.end()) link->second.heard_at = now;
}

void Network::Impl::receive(Millis now, LinkNo no, std::span<const protocol::ReadMessage> messages,
                            Output& out) {
  for (const protocol::ReadMessage& one : messages) {
    const auto link = links_.find(no);
    if (link == links_.end()) return;  // what came before has ended it
    link->second.heard_at = now;
    if (const auto* bad = std::get_if<protocol::BadMessage>(&one)) {
      if (link->second.http && bad->id.empty()) continue;  // its request was told already
      say(now, no, Kind::kProblem, protocol::problem_data(*bad, false), out);
      if (link->second.http) receipt(no, bad->id, out);
      continue;
    }
    handle(now, no, std::get<Message>(one), out);
  }
}

void Network::Impl::handle(Millis now, LinkNo no, const Message& message, Output& out) {
  Link& link = links_.at(no);
  const Kind kind = message.spec->kind;
  const auto name = parse_source(message.head.source);
  const std::string& id = message.head.id;
  if (!name.has_value()) {
    return problem(now, no, id, "malformed", "#/source: must be urn:cordyna:ts:TEAM/SERVER",
                   !link.http, out);
  }
  // One answer, whether there is such a team or not (S5).
  if (!link.who.allows(name->team) ||
      (!link.who.server.empty() && link.who.server != name->server)) {
    return problem(now, no, id, "forbidden", "the credential is not of this task server",
                   !link.http, out);
  }
  if (!link.http && link.greeted && link.server != *name) {
    return problem(now, no, id, "forbidden", "the session is of another task server", true, out);
  }
  if (!link.http && link.greeted == (kind == Kind::kHello)) {
    return problem(now, no, id, "out_of_order",
                   link.greeted ? "the session has begun: there is one hello"
                                : "a session begins with server.hello",
                   true, out);
  }
  if (!takes_another(*name)) {
    return problem(
        now, no, id, "too_many",
        "the team has more task servers than may be; one that has gone is forgotten when "
        "cerebro starts again",
        !link.http, out);
  }
  server_of(*name).seen_at = now;
  if (shape::find_field(*message.spec->data, "attempt") != nullptr) {
    return handle_attempt(now, no, *name, message, out);
  }
  handle_session(now, no, *name, message, out);
}

void Network::Impl::handle_session(Millis now, LinkNo no, const ServerName& name,
                                   const Message& message, Output& out) {
  Server& server = server_of(name);
  const bool http = links_.at(no).http;
  const Kind kind = message.spec->kind;
  if (http && kind != Kind::kReady) {
    return problem(now, no, message.head.id, "not_supported",
                   "sessions want a WebSocket; over HTTP a server says server.ready", false, out);
  }
  switch (kind) {
    case Kind::kHello: return hello(now, no, message, out);
    case Kind::kDeclare: return declare(no, name, message.data.number("revision"), message, out);
    case Kind::kResume: return resume(now, no, server, message, out);
    case Kind::kReady: return ready(now, no, name, server, message, out);
    case Kind::kDraining: return draining(now, name, server, out);
    case Kind::kHeartbeat: {
      if (server.wanted != server.rooms) set_rooms(name, server, server.wanted, out);
      std::string cancels;
      for (const AttemptKey& key : server.attempts) {
        const Attempt& attempt = attempts_.at(key);
        if (!attempt.cancel.has_value() || attempt.phase == Attempt::Phase::kEnded) continue;
        cancels += (cancels.empty() ? "" : ",") + json_string(attempt.name);
      }
      return say(now, no, Kind::kLease,
                 fmt::format(R"({{"lease_s":{},"cancels":[{}]}})",
                             static_cast<double>(settings_.lease) / 1000.0, cancels),
                 out);
    }
    case Kind::kGoodbye:
      out.closings.push_back({no});
      part(now, no, out);
      server.gone = server.attempts.empty();
      return;
    default: return;  // receipts and problems: nothing here waits for them
  }
}

void Network::Impl::handle_attempt(Millis now, LinkNo no, const ServerName& name,
                                   const Message& message, Output& out) {
  const std::string attempt = message.data.text("attempt");
  const Server& server = server_of(name);
  const auto known = by_name_.find(attempt);
  if (!fence_holds(server, name, message.data, attempt)) {
    if (known != by_name_.end()) {
      trace(known->second, name, false, message.spec->kind, "refused: the fence does not hold",
            out);
    }
    return problem(now, no, message.head.id, "fenced",
                   "the fence is not that of the attempt, or not given back", false, out);
  }
  if (known == by_name_.end()) return unknown_attempt(now, no, message, out);
  Attempt& live = attempts_.at(known->second);
  if (live.what.server != name) {
    trace(known->second, name, false, message.spec->kind, "refused: it is another server's", out);
    return problem(now, no, message.head.id, "fenced", "the attempt is not this server's", false,
                   out);
  }
  if (live.boot.empty()) live.boot = server.boot;
  take_report(now, no, live, message, out);
}

/// It has ended, and that is saved; or it never was.
void Network::Impl::unknown_attempt(Millis now, LinkNo no, const Message& message, Output& out) {
  receipt(no, message.head.id, out);
  const Kind kind = message.spec->kind;
  if (kind != Kind::kQueued && kind != Kind::kStarted && kind != Kind::kProgress) return;
  const std::string attempt = message.data.text("attempt");
  say(now, no, Kind::kFenced,
      fmt::format(R"({{"attempt":{},"reason":"the attempt is not the task's any more"}})",
                  json_string(attempt)),
      out, attempt);
}

void Network::Impl::take_report(Millis now, LinkNo no, Attempt& attempt, const Message& message,
                                Output& out) {
  const Kind kind = message.spec->kind;
  const AttemptKey key = attempt.what.key;
  const std::string& id = message.head.id;
  const auto advance_to = [&](Attempt::Phase phase, ReportKind report, std::string detail) {
    if (attempt.phase >= phase) return;
    attempt.phase = phase;
    release(attempt);
    out.reports.push_back({key, report, {}, std::move(detail)});
  };
  if (kind != Kind::kLog) trace(key, attempt.what.server, false, kind, {}, out);
  switch (kind) {
    case Kind::kQueued:
      advance_to(Attempt::Phase::kQueued, ReportKind::kAcknowledged, {});
      return owe(attempt, no, id, AttemptState::kAcknowledged, out);
    case Kind::kStarted:
      advance_to(Attempt::Phase::kStarted, ReportKind::kStarted,
                 place_of(message.data, attempt.what.server));
      return owe(attempt, no, id, AttemptState::kStarted, out);
    case Kind::kCompleted:
    case Kind::kError:
    case Kind::kCancelled:
      owe(attempt, no, id, AttemptState::kCompleted, out);
      return take_end(attempt, kind, message.data, out);
    case Kind::kRejected: receipt(no, id, out); return take_rejected(attempt, message, out);
    case Kind::kLog:
      receipt(no, id, out);
      out.logs.push_back({key, message.data.has("stream") ? message.data.text("stream") : "stdout",
                          message.data.number("offset"), message.data.texts("lines")});
      return;
    case Kind::kExtend:
      receipt(no, id, out);
      return say(now, no, Kind::kExtended,
                 fmt::format(R"({{"attempt":{},"granted_s":0,"complete_s":{}}})",
                             json_string(attempt.name),
                             static_cast<double>(attempt.what.timeouts.complete) / 1000.0),
                 out, attempt.name);
    default: return receipt(no, id, out);
  }
}

/// The first end counts.
void Network::Impl::take_end(Attempt& attempt, Kind kind, const shape::JsonBody& data,
                             Output& out) {
  if (attempt.phase == Attempt::Phase::kEnded) return;
  Outcome outcome;
  if (kind == Kind::kCompleted) {
    if (std::string broken = broken_contract(attempt.what, data); broken.empty()) {
      outcome.outputs = outputs_of(data);
    } else {
      outcome.state = AttemptState::kFailed;
      outcome.error =
          make_task_error(TaskErrorCode::kOutputInvalid, Phase::kResult, std::move(broken));
    }
  } else if (kind == Kind::kCancelled) {
    outcome.state = AttemptState::kCancelled;
  } else {
    outcome.state = AttemptState::kFailed;
    outcome.error = error_of(data.object("error"));
  }
  end(attempt, std::move(outcome), out);
}

void Network::Impl::take_rejected(Attempt& attempt, const Message& message, Output& out) {
  const std::string code = message.data.text("code");
  const std::string text =
      fmt::format("task server '{}' does not take it ({}): {}", attempt.what.server.text(), code,
                  printable(message.data.text("message")));
  if (code == "bad_input") {
    Outcome outcome;
    outcome.state = AttemptState::kFailed;
    outcome.error = make_task_error(TaskErrorCode::kInputInvalid, Phase::kPrepare, text);
    return end(attempt, std::move(outcome), out);
  }
  // One that runs, or has ended, cannot be turned down any more.
  if (attempt.phase != Attempt::Phase::kSent) return;
  const double wanted = std::clamp(message.data.real("retry_after_s", 0.0) * 1000.0, 0.0,
                                   static_cast<double>(kRefusedDelayMax));
  if (attempt.cancel.has_value()) return lose(attempt, "it did not take the attempt", out);
  const AttemptKey key = attempt.what.key;
  erase(key);
  give_back(key, text, std::max(kReturnDelay, static_cast<Millis>(wanted)), out);
}

void Network::Impl::trace(const AttemptKey& key, const ServerName& name, bool sent, Kind kind,
                          std::string detail, Output& out) {
  std::string_view type = protocol::message_spec(kind).type;
  type.remove_prefix(std::string_view("cordyna.").size());
  type.remove_suffix(std::string_view(".v1").size());
  out.traces.push_back({key, name, sent, std::string(type), std::move(detail)});
}

}  // namespace cordyna::network
