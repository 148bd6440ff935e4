// Servers come, say what they have, and go.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <ranges>
#include <utility>

#include "base/json_text.hpp"
#include "network/impl.hpp"

namespace cordyna::network {
namespace {

double in_seconds(Millis time) {
  return static_cast<double>(time) / 1000.0;
}

std::string texts_json(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + "]";
}

}  // namespace

/// What cannot be a count, counts as none; what is beyond the bound, as the bound.
SlotCounts slots_of(const shape::JsonBody& data) {
  SlotCounts slots;
  const shape::JsonBody given = data.object("slots");
  if (given.raw() == nullptr) return slots;
  for (const auto& [name, value] : *given.raw()) {
    if (slots.size() == kClassesMax) break;
    const std::int64_t count = value.is_int64() ? value.get_int64() : 0;
    slots[std::string(name)] =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, kSlotsMax));
  }
  return slots;
}

Server& Network::Impl::server_of(const ServerName& name) {
  const auto [at, fresh] = servers_.try_emplace(name);
  if (fresh) {
    at->second.no = ++numbers_;
    at->second.gone = true;
    server_numbers_[at->second.no] = name;
  }
  return at->second;
}

/// Whether the server is known, or one more of its team may be: names cost nothing to make up.
bool Network::Impl::takes_another(const ServerName& name) const {
  if (servers_.contains(name)) return true;
  const auto first = servers_.lower_bound({name.team, {}});
  const auto of_team = std::ranges::take_while_view(
      std::ranges::subrange(first, servers_.end()),
      [&name](const auto& one) { return one.first.team == name.team; });
  return std::ranges::distance(of_team) < kServersMax;
}

void Network::Impl::know(Millis now, const ServerName& name, std::string boot) {
  Server& server = server_of(name);
  server.saved_boot = std::move(boot);
  server.since = now;
  server.gone = false;
}

void Network::Impl::open(Millis now, LinkNo no, Credential who, std::string address, bool http) {
  Link link;
  link.who = std::move(who);
  link.address = std::move(address);
  link.http = http;
  link.heard_at = now;
  links_.insert_or_assign(no, std::move(link));
  if (!http) timers_.insert({now + settings_.hello_wait, TimerKind::kHello, no});
}

/// A message of cerebro, unless the link has gone.
void Network::Impl::say(Millis now, LinkNo no, Kind kind, std::string_view data, Output& out,
                        const std::string& subject, const std::string& id) {
  const auto found = links_.find(no);
  if (found == links_.end()) return;
  protocol::Head head;
  head.id = id.empty() ? settings_.make_id(now) : id;
  head.source = kCerebroSource;
  head.subject = subject;
  head.session = found->second.session;
  if (!found->second.http) head.seq = ++found->second.seq;
  head.time = now;
  out.messages.push_back({no, protocol::write_message(kind, head, data)});
}

void Network::Impl::goodbye(Millis now, LinkNo no, std::string_view code, std::string_view reason,
                            std::optional<Millis> reconnect_after, Output& out) {
  std::string data =
      fmt::format(R"({{"code":"{}","reason":{})", code, json_string(std::string(reason)));
  if (reconnect_after.has_value()) {
    data += fmt::format(R"(,"reconnect_after_s":{})", in_seconds(*reconnect_after));
  }
  say(now, no, Kind::kGoodbye, data + "}", out);
  out.closings.push_back({no});
  part(now, no, out);
}

/// The link is no more: its server may come back, and its attempts go on meanwhile.
void Network::Impl::part(Millis now, LinkNo no, Output& out) {
  const auto found = links_.find(no);
  if (found == links_.end()) return;
  const ServerName name = found->second.server;
  const bool greeted = std::exchange(found->second.greeted, false);
  owing_.erase(no);
  if (!found->second.http) links_.erase(found);  // the other kind is there for its next request
  if (!greeted) return;
  Server& server = servers_.at(name);
  if (server.link != no) return;
  server.link = 0;
  server.ready = server.draining = server.resumed = false;
  server.since = now;
  close_rooms(name, server, out);
  server.unheard = 0;
  for (const AttemptKey& key : server.attempts) attempts_.at(key).unheard = 0;
  give_back_waiting(server, fmt::format("task server '{}' went before it was sent", name.text()),
                    out);
  timers_.insert({now + settings_.lost_after, TimerKind::kLost, server.no});
}

void Network::Impl::closed(Millis now, LinkNo no, Output& out) {
  part(now, no, out);
}

void Network::Impl::set_rooms(const ServerName& name, Server& server, SlotCounts wanted,
                              Output& out) {
  for (const auto& [slot_class, had] : server.rooms) wanted.try_emplace(slot_class, 0U);
  server.wanted = wanted;
  fit_team(name, server, wanted);
  for (const auto& [slot_class, slots] : wanted) {
    const auto had = server.rooms.find(slot_class);
    if (had != server.rooms.end() && had->second == slots) continue;
    out.rooms.push_back({line_of(name.team, name.server, slot_class), slots});
  }
  server.rooms = std::move(wanted);
}

/// Within what its team may have at once. Who gets less now, asks again with its next heartbeat.
void Network::Impl::fit_team(const ServerName& name, const Server& server, SlotCounts& wanted) {
  if (settings_.team_slots == 0) return;
  std::uint32_t& taken = team_slots_[name.team];
  for (const auto& [slot_class, had] : server.rooms) taken -= had;
  for (auto& [slot_class, slots] : wanted) {
    const std::uint32_t left = settings_.team_slots - std::min(taken, settings_.team_slots);
    slots = std::min(slots, left);
    taken += slots;
  }
  if (taken == 0) team_slots_.erase(name.team);
}

void Network::Impl::close_rooms(const ServerName& name, Server& server, Output& out) {
  set_rooms(name, server, {}, out);
}

void Network::Impl::hello(Millis now, LinkNo no, const Message& message, Output& out) {
  Link& link = links_.at(no);
  const auto name = parse_source(message.head.source);
  const shape::JsonBody versions = message.data.object("protocol");
  if (versions.number("min") > 1 || versions.number("max") < 1) {
    return goodbye(now, no, "version", "this cerebro speaks version 1 of the protocol", {}, out);
  }
  if (message.data.text("server") != name->server) {
    problem(now, no, message.head.id, "invalid",
            "#/data/server: must be the server that `source` names", true, out);
    return;
  }
  Server& server = server_of(*name);
  if (server.link != 0 && server.link != no) {
    goodbye(now, server.link, "superseded", "the server has connected again, from " + link.address,
            {}, out);
  }
  if (server.was_here) ++server.reconnects;
  server.was_here = true;
  link.greeted = true;
  link.server = *name;
  link.session = settings_.make_id(now);
  link.seq = 0;
  server.link = no;
  server.level = static_cast<int>(message.data.number("level", 1));
  server.boot = message.data.text("boot");
  server.ready = server.draining = server.away = server.gone = server.resumed = false;
  server.address = link.address;
  server.hello_slots = slots_of(message.data);
  server.decided = 0;  // it may count from the beginning
  server.since = server.seen_at = now;
  const shape::JsonBody sdk = message.data.object("sdk");
  server.sdk = sdk.text("name") + " " + sdk.text("version");
  if (sdk.has("language")) server.sdk += " (" + sdk.text("language") + ")";
  const std::string hash = message.data.text("declaration_hash");
  const bool wanted = hash.empty() || hash != server.declaration_hash || server.tasks.empty();
  server.declaration_hash = hash;
  timers_.insert({now + settings_.lease, TimerKind::kLease, no});
  say(now, no, Kind::kWelcome,
      fmt::format(R"({{"protocol":1,"session":"{}","epoch":{},"heartbeat_s":{},"lease_s":{},)"
                  R"("message_max":{},"want_declaration":{}}})",
                  link.session, settings_.epoch, in_seconds(settings_.heartbeat),
                  in_seconds(settings_.lease), protocol::kMessageMax, wanted),
      out);
}

/// Each task by itself: one that is wrong leaves the others.
void Network::Impl::declare(LinkNo no, const ServerName& name, std::int64_t revision,
                            const Message& message, Output& out) {
  Declaring what{no, name, links_.at(no).who.actor, revision, {}};
  if (links_.at(no).http) what.message = message.head.id;
  std::vector<Rejection> rejected;
  std::set<std::string> ids;
  for (const shape::JsonBody& task : message.data.objects("tasks")) {
    auto read = protocol::read_declaration(task, name.team);
    if (const auto* flaws = std::get_if<std::vector<shape::Flaw>>(&read)) {
      const std::string id = task.text("id").substr(0, 128);
      for (const shape::Flaw& flaw : *flaws) {
        rejected.push_back({id, flaw.at.substr(0, 1000), "invalid", flaw.detail});
      }
      continue;
    }
    auto& good = std::get<protocol::Declaration>(read);
    if (!ids.insert(good.id).second) {
      rejected.push_back({good.id, "#/id", "duplicate", "is declared twice"});
      continue;
    }
    what.tasks.push_back(std::move(good));
  }
  what.flawed = std::move(rejected);
  out.declarings.push_back(std::move(what));
}

void Network::Impl::declared(Millis now, const Declaring& what,
                             const std::vector<Rejection>& rejected, Output& out) {
  Server& server = server_of(what.server);
  std::vector<Rejection> all = what.flawed;
  all.insert(all.end(), rejected.begin(), rejected.end());
  std::vector<std::string> accepted;
  for (const protocol::Declaration& task : what.tasks) {
    if (std::ranges::find(all, task.id, &Rejection::task) == all.end()) {
      accepted.push_back(task.id);
    }
  }
  std::string data = fmt::format(R"({{"revision":{},"accepted":{},"rejected":[)",
                                 std::max<std::int64_t>(what.revision, 1), texts_json(accepted));
  if (what.revision >= server.decided) {  // else it has declared anew meanwhile
    server.revision = server.decided = what.revision;
    server.tasks = std::move(accepted);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    data += fmt::format(R"({}{{"task":{},"path":{},"code":"{}","message":{}}})", i == 0 ? "" : ",",
                        json_string(all[i].task), json_string(all[i].path), all[i].code,
                        json_string(all[i].message));
  }
  say(now, what.link, Kind::kDeclared, data + "]}", out);
  if (!what.message.empty()) receipt(what.link, what.message, out);
}

void Network::Impl::resume(Millis now, LinkNo no, Server& server, const Message& message,
                           Output& out) {
  const ServerName name = links_.at(no).server;
  std::set<AttemptKey> listed;
  std::string fates;
  for (const shape::JsonBody& one : message.data.objects("attempts")) {
    const std::string attempt = one.text("attempt");
    const std::string state = one.text("state");
    std::string_view fate = "continue";
    const auto known = by_name_.find(attempt);
    if (known == by_name_.end() || attempts_.at(known->second).what.server != name) {
      const bool ended = state != "queued" && state != "started";
      fate = ended ? "already_terminal" : "fenced";
    } else if (one.has("fence") && !fence_holds(server, name, one, attempt)) {
      // Without one it is the session that counts: nothing but messages with a fence change
      // anything.
      fate = "fenced";
    } else {
      Attempt& live = attempts_.at(known->second);
      listed.insert(known->second);
      live.boot = server.boot;
      const auto phase = state == "queued"    ? Attempt::Phase::kQueued
                         : state == "started" ? Attempt::Phase::kStarted
                                              : live.phase;
      // Its end, where it has one, comes as a message, and gets its receipt then.
      if (live.phase < phase) live.phase = phase;
      if (phase > Attempt::Phase::kSent) release(live);
      if (live.cancel.has_value() && phase < Attempt::Phase::kEnded) {
        fate = "abort";
      }
    }
    fates += fmt::format(R"({}{{"attempt":{},"fate":"{}"}})", fates.empty() ? "" : ",",
                         json_string(attempt), fate);
  }
  say(now, no, Kind::kResumed, R"({"attempts":[)" + fates + "]}", out);
  settle_unlisted(server, listed, true, out);
  server.resumed = true;
}

/// What becomes of attempts that the server does not say it has. `lists`: it would.
void Network::Impl::settle_unlisted(Server& server, const std::set<AttemptKey>& listed, bool lists,
                                    Output& out) {
  const bool same_boot = server.boot == server.saved_boot;
  for (const AttemptKey& key : server.attempts) {
    Attempt& attempt = attempts_.at(key);
    if (listed.contains(key) || attempt.phase == Attempt::Phase::kEnded) continue;
    const bool known_boot = attempt.boot.empty() ? same_boot : attempt.boot == server.boot;
    if (!known_boot) {
      lose(attempt, "it was restarted, and does not have the attempt any more", out);
    } else if (attempt.phase == Attempt::Phase::kSent) {
      attempt.boot.clear();  // it never got there: it is sent once the server is ready
      if (attempt.cancel.has_value()) lose(attempt, "it never had the attempt", out);
    } else if (lists) {
      lose(attempt, "it does not have the attempt any more", out);
    }
  }
}

void Network::Impl::boot_saved(Millis now, const ServerName& name, const std::string& boot,
                               Output& out) {
  Server& server = server_of(name);
  server.saved_boot = boot;
  if (server.ready && server.boot == boot) be_ready(now, name, server, server.more, out);
}

void Network::Impl::ready(Millis now, LinkNo no, const ServerName& name, Server& server,
                          const Message& message, Output& out) {
  const bool http = links_.at(no).http;
  if (http) {
    if (server.link != 0 && !links_.at(server.link).http) {
      return problem(now, no, message.head.id, "conflict", "the server has a session", false, out);
    }
    server.link = no;
    server.level = 0;
    server.boot = kNoBoot;
    server.away = server.gone = false;
    server.resumed = true;
    server.address = links_.at(no).address;
    links_.at(no).greeted = true;
    links_.at(no).server = name;
  }
  if (message.data.has("tasks")) {
    declare(no, name, ++server.revision, message, out);  // its receipt comes once that is decided
  } else if (http) {
    receipt(no, message.head.id, out);
  }
  if (!server.resumed) {  // of level 1: it does not say what it has
    settle_unlisted(server, {}, false, out);
    server.resumed = true;
  }
  server.more = slots_of(message.data);
  if (server.more.empty()) server.more = server.hello_slots;
  if (server.more.empty()) server.more[std::string(kUsualSlots)] = 1;
  if (!server.ready) server.since = now;
  server.ready = true;
  server.draining = false;
  // Nothing is sent to a boot that is not saved: after a crash it would be taken for the one
  // before.
  if (server.saved_boot != server.boot) return out.boots.emplace_back(name, server.boot), void();
  be_ready(now, name, server, server.more, out);
}

void Network::Impl::be_ready(Millis now, const ServerName& name, Server& server,
                             const SlotCounts& more, Output& out) {
  if (!takes(server)) return;  // it has begun to drain meanwhile
  SlotCounts rooms = more;
  for (const AttemptKey& key : server.attempts) {
    const Attempt& attempt = attempts_.at(key);
    if (attempt.phase != Attempt::Phase::kEnded) ++rooms[attempt.what.slot_class];
  }
  if (server.level == 0) {
    timers_.insert({now + 2 * settings_.lease, TimerKind::kLease, server.link});
  } else {
    for (const AttemptKey& key : server.attempts) {
      Attempt& attempt = attempts_.at(key);
      if (attempt.phase == Attempt::Phase::kSent && attempt.boot.empty() &&
          !attempt.cancel.has_value()) {
        send_invoke(now, attempt, out);
      } else if (attempt.cancel.has_value() && attempt.phase != Attempt::Phase::kEnded) {
        send_cancel(now, attempt, out);
      }
    }
  }
  set_rooms(name, server, std::move(rooms), out);
  out.ready.push_back(name);
}

void Network::Impl::draining(Millis now, const ServerName& name, Server& server, Output& out) {
  server.draining = true;
  server.since = now;
  close_rooms(name, server, out);
  give_back_waiting(server, fmt::format("task server '{}' drains", name.text()), out);
}

void Network::Impl::touch(Millis now, LinkNo no, const ServerName& name, Output& out) {
  const auto link = links_.find(no);
  if (link == links_.end()) return;
  link->second.heard_at = now;
  Server& server = server_of(name);
  server.seen_at = now;
  if (server.wanted != server.rooms) set_rooms(name, server, server.wanted, out);
  if (server.link != no || !server.away) return;
  server.away = false;
  server.since = now;
  if (server.ready) be_ready(now, name, server, server.more, out);
}

void Network::Impl::leave(Millis now, Output& out) {
  std::vector<LinkNo> open;
  for (const auto& [no, link] : links_) {
    if (!link.http) open.push_back(no);
  }
  for (const LinkNo no : open) {
    goodbye(now, no, "shutdown", "cerebro ends; it may be back soon", reconnect_after(), out);
  }
}

}  // namespace cordyna::network
