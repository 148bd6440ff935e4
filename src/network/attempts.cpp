// Attempts: handed out, adopted, ended, paid for.
#include <fmt/format.h>

#include <utility>

#include "base/json_text.hpp"
#include "network/impl.hpp"

namespace cordyna::network {
namespace {

double seconds(Millis time) {
  return static_cast<double>(time) / 1000.0;
}

std::string fence_json(std::int64_t epoch, std::string_view token) {
  return fmt::format(R"({{"epoch":{},"token":"{}"}})", epoch, token);
}

std::string_view reason_word(CancelReason reason) {
  return reason == CancelReason::kUser ? "user" : "timeout";
}

}  // namespace

Attempt& Network::Impl::add(Invocation what) {
  const AttemptKey key = what.key;
  Attempt attempt;
  attempt.no = ++numbers_;
  attempt.name = attempt_name(what.run_id, key);
  attempt.what = std::move(what);
  server_of(attempt.what.server).attempts.insert(key);
  by_name_[attempt.name] = key;
  attempt_numbers_[attempt.no] = key;
  return attempts_.insert_or_assign(key, std::move(attempt)).first->second;
}

void Network::Impl::erase(const AttemptKey& key) {
  const auto found = attempts_.find(key);
  if (found == attempts_.end()) return;
  release(found->second);
  servers_.at(found->second.what.server).attempts.erase(key);
  by_name_.erase(found->second.name);
  attempt_numbers_.erase(found->second.no);
  attempts_.erase(found);
}

void Network::Impl::start(Millis now, Invocation what, Output& out) {
  if (attempts_.contains(what.key)) return;  // a repeated command
  const Server& server = server_of(what.server);
  if (!takes(server)) {
    return give_back(what.key, fmt::format("task server '{}' is not ready", what.server.text()), 0,
                     out);
  }
  send_invoke(now, add(std::move(what)), out);
}

void Network::Impl::adopt(Millis now, Invocation what, bool heard, Output& out) {
  if (attempts_.contains(what.key)) return;
  const ServerName name = what.server;
  Server& server = server_of(name);
  Attempt& attempt = add(std::move(what));
  attempt.fenced = server.saved_boot != kNoBoot;
  server.gone = false;  // until it is clear that it does not come
  if (heard) {
    attempt.phase = Attempt::Phase::kQueued;
    attempt.saved = AttemptState::kAcknowledged;
  }
  if (server.link == 0 && server.since == 0) server.since = now;
  if (server.link == 0) {
    timers_.insert({now + settings_.lost_after, TimerKind::kLost, server.no});
  } else if (server.resumed && server.level > 0) {
    lose(attempt, "it was taken up after its task server had said what it has", out);
  }
}

std::string Network::Impl::invoke_data(const Attempt& attempt) const {
  const Invocation& what = attempt.what;
  return fmt::format(
      R"({{"attempt":{},"run":"{}","task":{},"fence":{},"revision":{},"idempotency_key":{},)"
      R"("inputs":{},"upstream":{},"trigger":{},)"
      R"("deadlines":{{"acknowledge":{},"start":{},"complete":{}}}}})",
      json_string(attempt.name), what.run_id.value, json_string(what.task),
      fence_json(settings_.epoch, token_of(attempt.name, settings_.epoch, what.server)),
      what.revision, json_string(what.run_id.value + "/" + what.key.path), what.inputs,
      what.upstream, what.trigger, seconds(what.timeouts.acknowledge), seconds(what.timeouts.start),
      seconds(what.timeouts.complete));
}

/// `is_next`: nobody is before it in the line of what waits.
void Network::Impl::send_invoke(Millis now, Attempt& attempt, Output& out, bool is_next) {
  const Invocation& what = attempt.what;
  Server& server = server_of(what.server);
  const std::string data = invoke_data(attempt);
  if (data.size() > protocol::kInvokeMax) {
    Outcome outcome;
    outcome.state = AttemptState::kFailed;
    outcome.error = make_task_error(
        TaskErrorCode::kInputInvalid, Phase::kPrepare,
        fmt::format(
            "its inputs, with the outputs of what it needs, are {} bytes, and a task server "
            "is sent at most {}: hand over where large data is, not the data",
            data.size(), protocol::kInvokeMax));
    return end(attempt, std::move(outcome), out);
  }
  const bool goes = is_next || (server.waiting.empty() && fits(server, data.size()));
  if (attempt.unheard == 0 && !goes) {
    attempt.bytes = data.size();
    attempt.waits = true;
    return server.waiting.push_back(what.key);
  }
  if (attempt.unheard == 0) server.unheard += data.size();
  attempt.unheard = data.size();
  attempt.boot = server.boot;
  attempt.fenced = server.level > 0;
  if (attempt.invoke_id.empty()) attempt.invoke_id = settings_.make_id(now);
  say(now, server.link, Kind::kInvoke, data, out, attempt.name, attempt.invoke_id);
  trace(what.key, what.server, true, Kind::kInvoke,
        attempt.resends > 0 ? "once more" : std::string(), out);
  if (attempt.resends < settings_.resend.size()) {
    timers_.insert({now + settings_.resend[attempt.resends], TimerKind::kResend, attempt.no});
  }
}

void Network::Impl::release(Attempt& attempt) {
  Server& server = servers_.at(attempt.what.server);
  server.unheard -= std::exchange(attempt.unheard, 0);
  attempt.waits = false;
  if (!server.waiting.empty()) hungry_.insert(attempt.what.server);
}

void Network::Impl::send_waiting(Millis now, Output& out) {
  for (const ServerName& name : std::exchange(hungry_, {})) {
    Server& server = servers_.at(name);
    while (!server.waiting.empty() && takes(server)) {
      const auto next = attempts_.find(server.waiting.front());
      const bool waits = next != attempts_.end() && next->second.waits;
      if (waits && !fits(server, next->second.bytes)) break;
      server.waiting.pop_front();
      if (!waits) continue;
      next->second.waits = false;
      send_invoke(now, next->second, out, true);
    }
  }
}

/// They were never sent: handing them out again costs no retry.
void Network::Impl::give_back_waiting(Server& server, const std::string& why, Output& out) {
  for (const AttemptKey& key : std::exchange(server.waiting, {})) {
    const auto found = attempts_.find(key);
    if (found == attempts_.end() || !found->second.waits) continue;
    erase(key);
    give_back(key, why, 0, out);
  }
}

/// Nothing was heard of it yet: the message may have been lost on its way.
void Network::Impl::resend(Millis now, std::uint64_t no, Output& out) {
  const auto number = attempt_numbers_.find(no);
  if (number == attempt_numbers_.end()) return;
  Attempt& attempt = attempts_.at(number->second);
  const Server& server = servers_.at(attempt.what.server);
  if (attempt.phase != Attempt::Phase::kSent || attempt.cancel.has_value()) return;
  if (!takes(server) || attempt.boot != server.boot) return;
  ++attempt.resends;
  send_invoke(now, attempt, out);
}

void Network::Impl::send_cancel(Millis now, const Attempt& attempt, Output& out) {
  const Invocation& what = attempt.what;
  const Server& server = servers_.at(what.server);
  const std::string data = fmt::format(
      R"({{"attempt":{},"fence":{},"reason":"{}","grace_s":{}}})", json_string(attempt.name),
      fence_json(settings_.epoch, token_of(attempt.name, settings_.epoch, what.server)),
      reason_word(*attempt.cancel), seconds(settings_.cancel_grace));
  say(now, server.link, Kind::kCancel, data, out, attempt.name);
  trace(what.key, what.server, true, Kind::kCancel, std::string(reason_word(*attempt.cancel)), out);
}

void Network::Impl::cancel(Millis now, Invocation what, CancelReason reason, Output& out) {
  const AttemptKey key = what.key;
  if (!attempts_.contains(key)) adopt(now, std::move(what), true, out);
  Attempt& attempt = attempts_.at(key);
  if (attempt.phase == Attempt::Phase::kEnded) return;
  attempt.cancel = reason;
  if (attempt.waits) return lose(attempt, "it was not sent yet", out);
  const Server& server = servers_.at(attempt.what.server);
  // Nobody can tell such a server, nor hear from it that the attempt has ended.
  if (server.level == 0 && (server.link != 0 || server.saved_boot == kNoBoot)) {
    return lose(attempt, "its task server has no way to be told", out);
  }
  if (server.link != 0 && server.resumed) send_cancel(now, attempt, out);
}

void Network::Impl::end(Attempt& attempt, Outcome outcome, Output& out) {
  attempt.phase = Attempt::Phase::kEnded;
  release(attempt);
  out.reports.push_back({attempt.what.key, ReportKind::kEnded, std::move(outcome)});
}

void Network::Impl::give_back(const AttemptKey& key, std::string why, Millis not_before,
                              Output& out) {
  AttemptReport report{key, ReportKind::kReturned, {}};
  report.detail = std::move(why);
  report.not_before = not_before;
  out.reports.push_back(std::move(report));
}

void Network::Impl::lose(Attempt& attempt, const std::string& why, Output& out) {
  if (attempt.phase == Attempt::Phase::kEnded) return;
  Outcome outcome;
  if (attempt.cancel == CancelReason::kUser) {
    outcome.state = AttemptState::kCancelled;
  } else {
    outcome.state = AttemptState::kFailed;
    outcome.error =
        make_task_error(TaskErrorCode::kLost, Phase::kInfra,
                        fmt::format("task server '{}': {}", attempt.what.server.text(), why));
  }
  end(attempt, std::move(outcome), out);
}

void Network::Impl::lose_all(const ServerName& name, const std::string& why, Output& out) {
  for (const AttemptKey& key : servers_.at(name).attempts) lose(attempts_.at(key), why, out);
}

void Network::Impl::owe(Attempt& attempt, LinkNo link, const std::string& id, AttemptState upto,
                        Output& out) {
  if (attempt.saved >= upto && !is_final(upto)) return receipt(link, id, out);
  attempt.owed.push_back({link, id, upto});
}

void Network::Impl::pay(Attempt& attempt, AttemptState upto, Output& out) {
  std::erase_if(attempt.owed, [&](const Attempt::Owed& one) {
    if (one.upto > upto) return false;
    receipt(one.link, one.id, out);
    return true;
  });
}

void Network::Impl::receipt(LinkNo no, const std::string& id, Output& out) {
  const auto link = links_.find(no);
  if (link == links_.end()) return;
  if (link->second.http) {
    out.receipts.push_back({no, id});
  } else {
    link->second.receipts.push_back(id);
    owing_.insert(no);
  }
}

void Network::Impl::committed(const std::vector<AttemptRow>& attempts, Output& out) {
  for (const AttemptRow& row : attempts) {
    if (!is_line(row.pool)) continue;
    const auto found = attempts_.find({row.run, row.path, row.attempt});
    if (found == attempts_.end()) continue;
    Attempt& attempt = found->second;
    if (is_final(row.state) && row.known_dead) {
      pay(attempt, AttemptState::kCancelled, out);
      erase(found->first);
    } else if (row.state == AttemptState::kAcknowledged || row.state == AttemptState::kStarted) {
      attempt.saved = row.state;
      pay(attempt, row.state, out);
    }
  }
}

void Network::Impl::run_ended(RunNo run, Output& out) {
  auto at = attempts_.lower_bound({run, {}, 0});
  while (at != attempts_.end() && at->first.run == run) {
    pay(at->second, AttemptState::kCancelled, out);
    const AttemptKey key = at->first;
    ++at;
    erase(key);
  }
}

}  // namespace cordyna::network
