#include "sim/task_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_text.hpp"

namespace cordyna::sim {
namespace {

constexpr Millis kRepeat = 5'000;
constexpr Millis kBeat = 10'000;
constexpr std::size_t kSlots = 3;

bool is_end(std::string_view kind) {
  return kind == "task.completed" || kind == "task.error" || kind == "task.cancelled";
}

}  // namespace

void TaskServer::boot() {
  lives_ = true;
  draining_ = false;
  ++boots_;
}

void TaskServer::die() {
  for (const auto& [attempt, what] : running_) {
    if (what.started) eyes_.stopped(attempt);
  }
  running_.clear();
  known_.clear();
  said_.clear();
  lives_ = false;
  cut();
  // What was only accepted is not kept over a reboot: it is lost, and that is seen in `resume`.
  std::erase_if(outbox_, [](const Kept& kept) { return !is_end(kept.wire.kind); });
}

void TaskServer::connect() {
  connected_ = true;
  ready_ = false;
  said_.push_back({"server.hello",
                   fmt::format(R"({{"protocol":{{"min":1,"max":1}},"server":"{}","boot":"{}-{}",)"
                               R"("level":2}})",
                               name_, name_, boots_),
                   fmt::format("{}-m{}", name_, ++ids_)});
}

void TaskServer::say_resume() {
  std::string list;
  const auto add = [&list](const std::string& attempt, const std::string& fence,
                           std::string_view state) {
    list += fmt::format(R"({}{{"attempt":{},"fence":{},"state":"{}"}})", list.empty() ? "" : ",",
                        json_string(attempt), fence, state);
  };
  std::set<std::string> ended;
  for (const Kept& kept : outbox_) {
    if (!is_end(kept.wire.kind) || !ended.insert(kept.attempt).second) continue;
    const std::size_t fence = kept.wire.data.find(R"("fence":)") + 8;
    add(kept.attempt, kept.wire.data.substr(fence, kept.wire.data.find('}', fence) + 1 - fence),
        kept.wire.kind.substr(5));
  }
  for (const auto& [attempt, what] : running_) {
    add(attempt, what.fence, what.started ? "started" : "queued");
  }
  said_.push_back({"server.resume",
                   fmt::format(R"({{"boot":"{}-{}","attempts":[{}]}})", name_, boots_, list),
                   fmt::format("{}-m{}", name_, ++ids_)});
}

void TaskServer::be_ready() {
  for (Kept& kept : outbox_) said_.push_back(kept.wire);
  ready_ = true;
  if (draining_) return;
  const std::size_t free = kSlots > running_.size() ? kSlots - running_.size() : 0;
  said_.push_back({"server.ready", fmt::format(R"({{"slots":{{"default":{}}}}})", free),
                   fmt::format("{}-m{}", name_, ++ids_)});
}

void TaskServer::drain() {
  if (!connected_ || draining_) return;
  draining_ = true;
  said_.push_back({"server.draining", "{}", fmt::format("{}-m{}", name_, ++ids_)});
}

void TaskServer::tell(std::string_view kind, const std::string& attempt, const std::string& fence,
                      std::string_view more, bool keep) {
  Wire wire{std::string(kind),
            fmt::format(R"({{"attempt":{},"fence":{}{}{}}})", json_string(attempt), fence,
                        more.empty() ? "" : ",", more),
            fmt::format("{}-m{}", name_, ++ids_)};
  known_[attempt] = kind;
  if (keep) outbox_.push_back({wire, attempt, 0});
  if (connected_) said_.push_back(std::move(wire));
}

void TaskServer::receive(Millis now, std::string_view kind, const std::string& id,
                         const shape::JsonBody& data) {
  const std::string attempt = data.text("attempt");
  if (kind == "server.welcome") return say_resume();
  if (kind == "server.resumed") {
    for (const shape::JsonBody& one : data.objects("attempts")) {
      const std::string fate = one.text("fate");
      if (fate == "abort") cancel(one);
      if (fate == "fenced" || fate == "already_terminal") forget(one.text("attempt"));
    }
    return be_ready();
  }
  if (kind == "server.goodbye") return cut();
  if (kind == "task.invoke") return invoke(now, id, data);
  if (kind == "task.cancel") return cancel(data);
  if (kind == "task.fenced") return forget(attempt);
  if (kind != "message.receipt") return;
  for (const std::string& paid : data.texts("ids")) {
    const auto kept = std::ranges::find(outbox_, paid, [](const Kept& one) { return one.wire.id; });
    if (kept == outbox_.end()) continue;
    if (is_end(kept->wire.kind)) eyes_.paid(kept->attempt, kept->wire.kind);
    outbox_.erase(kept);
  }
}

void TaskServer::invoke(Millis now, const std::string& id, const shape::JsonBody& data) {
  const std::string attempt = data.text("attempt");
  const std::string fence = data.json("fence");
  if (rejected_.contains(id)) return;  // the same invoke once more: it stays rejected
  const auto known = known_.find(attempt);
  if (known != known_.end() && known->second != "task.rejected") {
    // Once more: what it is at is said again, where that is not under way already.
    if (connected_) {
      said_.push_back({known->second == "task.started" ? "task.started" : "task.queued",
                       fmt::format(R"({{"attempt":{},"fence":{}}})", json_string(attempt), fence),
                       fmt::format("{}-m{}", name_, ++ids_)});
    }
    return;
  }
  if (draining_ || running_.size() >= kSlots || random_.chance(5)) {
    rejected_.insert(id);
    return tell(
        "task.rejected", attempt, fence,
        fmt::format(R"("code":"{}","message":"not now")", draining_ ? "draining" : "no_slot"),
        true);
  }
  Running what;
  what.fence = fence;
  what.begins_at = now + random_.between(0, 3) * 1000;
  // Now and then longer than its deadline.
  what.ends_at = what.begins_at + random_.between(0, random_.chance(10) ? 300 : 40) * 1000;
  what.end = random_.chance(20) ? "task.error" : "task.completed";
  tell("task.queued", attempt, fence, {}, true);
  running_.emplace(attempt, std::move(what));
}

void TaskServer::cancel(const shape::JsonBody& data) {
  const std::string attempt = data.text("attempt");
  const auto running = running_.find(attempt);
  if (running != running_.end()) {
    if (running->second.started) eyes_.stopped(attempt);
    const std::string fence = running->second.fence;
    const bool started = running->second.started;
    running_.erase(running);
    return tell("task.cancelled", attempt, fence, fmt::format(R"("was_running":{})", started),
                true);
  }
  const bool kept = std::ranges::any_of(
      outbox_, [&](const Kept& one) { return one.attempt == attempt && is_end(one.wire.kind); });
  if (kept || !data.has("fence")) return;  // its end is on its way
  tell("task.cancelled", attempt, data.json("fence"), R"("was_running":false)", true);
}

void TaskServer::forget(const std::string& attempt) {
  const auto running = running_.find(attempt);
  if (running != running_.end()) {
    if (running->second.started) eyes_.stopped(attempt);
    running_.erase(running);
  }
  std::erase_if(outbox_, [&](const Kept& one) { return one.attempt == attempt; });
}

void TaskServer::advance(Millis now) {
  if (!lives_) return;
  for (auto at = running_.begin(); at != running_.end();) {
    auto& [attempt, what] = *at;
    if (!what.started && what.begins_at <= now) {
      what.started = true;
      eyes_.began(attempt);
      tell("task.started", attempt, what.fence, {}, false);
    }
    if (!what.started || what.ends_at > now) {
      ++at;
      continue;
    }
    eyes_.stopped(attempt);
    const bool failed = what.end == "task.error";
    const std::string name = attempt;
    const Running ended = what;
    at = running_.erase(at);
    tell(ended.end, name, ended.fence,
         failed ? R"("error":{"code":"X","message":"it failed"})" : R"("output":{"n":1})", true);
  }
  if (!connected_) return;
  if (ready_) {
    for (Kept& kept : outbox_) {
      if (kept.sent_at == 0) kept.sent_at = now;
      if (kept.sent_at + kRepeat > now) continue;
      kept.sent_at = now;
      said_.push_back(kept.wire);
    }
  }
  if (now >= heartbeat_at_) {
    heartbeat_at_ = now + kBeat;
    said_.push_back(
        {"server.heartbeat", R"({"in_flight":[]})", fmt::format("{}-m{}", name_, ++ids_)});
  }
}

Millis TaskServer::next(Millis never) const {
  if (!lives_) return never;
  Millis at = never;
  for (const auto& [attempt, what] : running_) {
    at = std::min(at, what.started ? what.ends_at : what.begins_at);
  }
  if (!connected_) return at;
  for (const Kept& kept : outbox_) {
    if (ready_) at = std::min(at, kept.sent_at + kRepeat);
  }
  return std::min(at, heartbeat_at_);
}

std::vector<Wire> TaskServer::take() {
  return std::exchange(said_, {});
}

}  // namespace cordyna::sim
