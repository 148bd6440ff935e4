#include "network/network.hpp"

#include <array>
#include <utility>

#include "base/json_text.hpp"
#include "network/impl.hpp"

namespace cordyna::network {

std::string_view to_string(ServerState state) {
  static constexpr std::array kNames{std::string_view("connected"), std::string_view("ready"),
                                     std::string_view("draining"), std::string_view("unreachable"),
                                     std::string_view("gone")};
  return kNames[static_cast<std::size_t>(state)];
}

void Network::Impl::finish(Millis now, Output& out) {
  send_waiting(now, out);
  for (const LinkNo no : std::exchange(owing_, {})) {
    const auto link = links_.find(no);
    if (link == links_.end()) continue;
    std::string ids;
    for (const std::string& id : std::exchange(link->second.receipts, {})) {
      ids += (ids.empty() ? "" : ",") + json_string(id);
    }
    say(now, no, Kind::kReceipt, R"({"ids":[)" + ids + "]}", out);
  }
}

std::optional<Millis> Network::Impl::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->at;
}

/// Timers are not taken back: whoever fires looks whether there is still something to do.
void Network::Impl::advance(Millis now, Output& out) {
  while (!timers_.empty() && timers_.begin()->at <= now) {
    const Timer timer = *timers_.begin();
    timers_.erase(timers_.begin());
    if (timer.kind == TimerKind::kResend) {
      resend(now, timer.no, out);
      continue;
    }
    if (timer.kind == TimerKind::kLost) {
      const ServerName name = server_numbers_.at(timer.no);
      Server& server = servers_.at(name);
      // Of level 0 nobody can tell whether it has gone: its attempts' deadlines say so.
      if (server.link != 0 || server.gone || server.saved_boot == kNoBoot) continue;
      if (server.since + settings_.lost_after > now) {
        timers_.insert({server.since + settings_.lost_after, TimerKind::kLost, timer.no});
        continue;
      }
      out.lost.push_back({name, server.since, server.attempts.size()});
      lose_all(name, "nothing was heard of it for too long", out);
      server.gone = true;
      server.since = now;
      continue;
    }
    const auto link = links_.find(timer.no);
    if (link == links_.end()) continue;
    if (timer.kind == TimerKind::kHello) {
      if (!link->second.greeted) {
        goodbye(now, timer.no, "protocol", "no server.hello came", reconnect_after(), out);
      }
      continue;
    }
    const Millis patience = link->second.http ? 2 * settings_.lease : settings_.lease;
    if (link->second.heard_at + patience > now) {
      timers_.insert({link->second.heard_at + patience, TimerKind::kLease, timer.no});
    } else if (!link->second.http) {
      goodbye(now, timer.no, "lease", "no heartbeat came", reconnect_after(), out);
    } else {
      Server& server = servers_.at(link->second.server);
      if (server.link != timer.no || server.away) continue;
      server.away = true;
      server.since = now;
      close_rooms(link->second.server, server, out);
    }
  }
}

std::vector<ServerStatus> Network::Impl::servers() const {
  std::vector<ServerStatus> all;
  all.reserve(servers_.size());
  for (const auto& [name, server] : servers_) {
    ServerStatus status;
    status.name = name;
    if (server.link == 0 || server.away) {
      status.state = server.gone ? ServerState::kGone : ServerState::kUnreachable;
    } else {
      status.state = server.draining ? ServerState::kDraining
                     : server.ready  ? ServerState::kReady
                                     : ServerState::kConnected;
    }
    status.level = server.level;
    status.sdk = server.sdk;
    status.address = server.address;
    status.seen_at = server.seen_at;
    status.since = server.since;
    status.reconnects = server.reconnects;
    status.revision = server.revision;
    status.tasks = server.tasks;
    status.slots = server.rooms;
    status.in_flight.assign(server.attempts.begin(), server.attempts.end());
    all.push_back(std::move(status));
  }
  return all;
}

Network::Network(NetworkSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
Network::~Network() = default;

void Network::know(Millis now, const ServerName& server, std::string boot) {
  impl_->know(now, server, std::move(boot));
}

void Network::start(Millis now, Invocation what, Output& out) {
  impl_->start(now, std::move(what), out);
  impl_->finish(now, out);
}

void Network::adopt(Millis now, Invocation what, bool heard, Output& out) {
  impl_->adopt(now, std::move(what), heard, out);
}

void Network::cancel(Millis now, Invocation what, CancelReason reason, Output& out) {
  impl_->cancel(now, std::move(what), reason, out);
  impl_->finish(now, out);
}

void Network::committed(Millis now, const std::vector<AttemptRow>& attempts, Output& out) {
  impl_->committed(attempts, out);
  impl_->finish(now, out);
}

void Network::run_ended(Millis now, RunNo run, Output& out) {
  impl_->run_ended(run, out);
  impl_->finish(now, out);
}

void Network::open(Millis now, LinkNo link, Credential who, std::string address, bool http) {
  impl_->open(now, link, std::move(who), std::move(address), http);
}

void Network::receive(Millis now, LinkNo link, std::string_view text, Output& out) {
  receive(now, link, protocol::read_messages(text, protocol::Direction::kToCerebro), out);
}

void Network::receive(Millis now, LinkNo link, std::span<const protocol::ReadMessage> messages,
                      Output& out) {
  impl_->receive(now, link, messages, out);
  impl_->finish(now, out);
}

void Network::heard(Millis now, LinkNo link) {
  impl_->heard(now, link);
}

void Network::touch(Millis now, LinkNo link, const ServerName& server, Output& out) {
  impl_->touch(now, link, server, out);
}

void Network::closed(Millis now, LinkNo link, Output& out) {
  impl_->closed(now, link, out);
}

void Network::declared(Millis now, const Declaring& what, const std::vector<Rejection>& rejected,
                       Output& out) {
  impl_->declared(now, what, rejected, out);
}

void Network::boot_saved(Millis now, const ServerName& server, const std::string& boot,
                         Output& out) {
  impl_->boot_saved(now, server, boot, out);
}

void Network::leave(Millis now, Output& out) {
  impl_->leave(now, out);
}

void Network::advance(Millis now, Output& out) {
  impl_->advance(now, out);
}

std::optional<Millis> Network::next_timer() const {
  return impl_->next_timer();
}

std::vector<ServerStatus> Network::servers() const {
  return impl_->servers();
}

bool Network::is_here(const ServerName& server) const {
  return impl_->is_here(server);
}

std::size_t Network::live_attempts() const {
  return impl_->live_attempts();
}

}  // namespace cordyna::network
