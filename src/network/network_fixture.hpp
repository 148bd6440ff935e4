/// A network with one server that says what a test wants, for tests.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_text.hpp"
#include "network/network.hpp"

namespace cordyna::network {

class NetworkFixture {
 public:
  static constexpr Millis kMinute = 60'000;

  NetworkFixture() { restart(); }

  /// Cerebro dies, and the next owner begins.
  void restart() {
    NetworkSettings settings;
    settings.epoch = ++epoch_;
    settings.token = [](std::string_view text) { return "t" + std::to_string(hash(text)); };
    settings.make_id = [this](Millis) { return fmt::format("id-{}", ++ids_); };
    settings.team_slots = team_slots_;
    network_ = std::make_unique<Network>(std::move(settings));
    out_ = {};
  }

  static std::size_t hash(std::string_view text) { return std::hash<std::string_view>{}(text); }

  [[nodiscard]] Invocation invocation(RunNo run = 1, std::uint32_t attempt = 1) const {
    Invocation what;
    what.key = {run, "task", attempt};
    what.run_id = RunId{fmt::format("0195d0c6-0000-7000-8000-{:012}", run)};
    what.server = name_;
    what.task = "load";
    what.slot_class = kUsualSlots;
    what.inputs = "{}";
    what.upstream = "[]";
    what.trigger = R"({"kind":"manual"})";
    what.timeouts = {kServedAcknowledge, kServedStart, kServedComplete};
    return what;
  }

  /// What follows is of this server.
  void become(const ServerName& name) {
    name_ = name;
    source_ = name.text();
  }

  LinkNo connect(const std::string& boot = "b1", int level = 2, bool resumes = true,
                 const std::string& listed = "") {
    link_ = ++links_;
    Credential who;
    who.allows = [team = name_.team](std::string_view other) { return team == other; };
    network_->open(now_, link_, who, "127.0.0.1", false);
    say("server.hello", fmt::format(R"({{"protocol":{{"min":1,"max":1}},"server":"{}","boot":"{}",)"
                                    R"("level":{}}})",
                                    name_.server, boot, level));
    if (resumes) {
      say("server.resume", fmt::format(R"({{"boot":"{}","attempts":[{}]}})", boot, listed));
    }
    return link_;
  }

  void be_ready(int slots = 2) {
    say("server.ready", fmt::format(R"({{"slots":{{"default":{}}}}})", slots));
    for (const auto& [name, boot] : std::exchange(out_.boots, {})) {
      network_->boot_saved(now_, name, boot, out_);
    }
  }

  void say(std::string_view type, std::string_view data, std::string id = {}) {
    if (id.empty()) id = fmt::format("ts-{}", ++ids_);
    network_->receive(now_, link_,
                      fmt::format(R"({{"specversion":"1.0","id":"{}","source":"urn:cordyna:ts:{}",)"
                                  R"("type":"cordyna.{}.v1","data":{}}})",
                                  id, source_, type, data),
                      out_);
  }

  /// About an attempt, with its fence.
  void tell(std::string_view type, const Invocation& what, std::string_view more = {},
            const std::string& id = {}) {
    say(type, attempt_json(what, more), id);
  }

  [[nodiscard]] std::string attempt_json(const Invocation& what, std::string_view more = {}) const {
    const std::string name = attempt_name(what.run_id, what.key);
    const auto token = hash(fmt::format("{}|{}|{}", name, epoch_, what.server.text()));
    return fmt::format(R"({{"attempt":"{}","fence":{{"epoch":{},"token":"t{}"}}{}{}}})", name,
                       epoch_, token, more.empty() ? "" : ",", more);
  }

  void save(const Invocation& what, AttemptState state, bool dead) {
    AttemptRow row;
    row.run = what.key.run;
    row.path = what.key.path;
    row.attempt = what.key.attempt;
    row.state = state;
    row.known_dead = dead;
    row.pool = line_of("orders", "etl", {});
    network_->committed(now_, {row}, out_);
  }

  void wait(Millis time) {
    now_ += time;
    network_->advance(now_, out_);
  }

  /// How many messages of the type went out since the last look.
  std::size_t sent(std::string_view type) {
    const std::string wanted = fmt::format(R"("type":"cordyna.{}.v1")", type);
    return static_cast<std::size_t>(std::ranges::count_if(out_.messages, [&](const Outgoing& one) {
      return one.text.find(wanted) != std::string::npos;
    }));
  }
  [[nodiscard]] bool sent_text(std::string_view part) const {
    return std::ranges::any_of(out_.messages, [&](const Outgoing& one) {
      return one.text.find(part) != std::string::npos;
    });
  }
  Output take() { return std::exchange(out_, {}); }

 protected:
  ServerName name_{"orders", "etl"};
  std::string source_ = "orders/etl";
  Millis now_ = 1'000'000;
  std::int64_t epoch_ = 0;
  std::uint64_t ids_ = 0;
  std::uint32_t team_slots_ = 0;
  LinkNo links_ = 0;
  LinkNo link_ = 0;
  Output out_;
  std::unique_ptr<Network> network_;
};

}  // namespace cordyna::network
