#include "kafka/settings.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

namespace cordyna::kafka {
namespace {

using Words = std::pair<std::string_view, std::string_view>;

// What a user may change. Of a member that was killed, nobody reads until its session has ended,
// unless it comes again itself. Records that wait in memory are bounded.
constexpr std::array kPresets{
    Words{"client.id", "cordyna"},
    Words{"session.timeout.ms", "10000"},
    Words{"heartbeat.interval.ms", "2000"},
    Words{"reconnect.backoff.max.ms", "2000"},
    Words{"socket.timeout.ms", "10000"},
    Words{"socket.keepalive.enable", "true"},
    Words{"queued.max.messages.kbytes", "16384"},
    Words{"topic.metadata.refresh.interval.ms", "30000"},
};

// What the promises of an input stand on.
constexpr std::array kFixed{
    Words{"enable.auto.commit", "false"},
    Words{"enable.auto.offset.store", "false"},
    Words{"auto.offset.reset", "error"},
    Words{"enable.partition.eof", "false"},
    Words{"allow.auto.create.topics", "false"},
    Words{"partition.assignment.strategy", "range,roundrobin"},
};

constexpr std::array kNotAUsers{
    Words{"bootstrap.servers", "the brokers are given beside it"},
    Words{"metadata.broker.list", "the brokers are given beside it"},
    Words{"group.id", "the group is given beside it"},
    Words{"group.instance.id", "a member's name is kept with its position"},
    Words{"plugin.library.paths", "no code of others is loaded"},
    Words{"ssl.engine.location", "no code of others is loaded"},
    Words{"ssl.providers", "no code of others is loaded"},
};

Result<> check_setting(std::string_view name) {
  std::string_view why;
  for (const auto& [fixed, value] : kFixed) {
    if (name == fixed) why = "what is read, and from where, is kept by the input itself";
  }
  for (const auto& [other, reason] : kNotAUsers) {
    if (name == other) why = reason;
  }
  if (why.empty()) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("the setting '{}' of Kafka cannot be changed: {}", name, why));
}

}  // namespace

Result<std::map<std::string, std::string>> settings_of(const ConsumerPlan& plan) {
  if (plan.brokers.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "a Kafka input has no brokers: give at least one as HOST:PORT");
  }
  if (plan.group.empty()) {
    return fail(ErrorCode::kInvalidArgument, "a Kafka input has no consumer group");
  }
  std::map<std::string, std::string> out(kPresets.begin(), kPresets.end());
  // Before version 2 of the library, the name in a certificate is not looked at by itself.
  const auto protocol = plan.more.find("security.protocol");
  if (protocol != plan.more.end() && protocol->second.ends_with("ssl")) {
    out["ssl.endpoint.identification.algorithm"] = "https";
  }
  for (const auto& [name, value] : plan.more) {
    TRY(check_setting(name));
    out[name] = value;
  }
  for (const auto& [name, value] : kFixed) out[std::string(name)] = value;
  out["bootstrap.servers"] = plan.brokers;
  out["group.id"] = plan.group;
  if (!plan.member.empty()) out["group.instance.id"] = plan.member;
  return out;
}

}  // namespace cordyna::kafka
