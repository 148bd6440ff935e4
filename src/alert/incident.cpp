#include "alert/incident.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/hash.hpp"

namespace cordyna::alert {
namespace {

constexpr std::array<std::string_view, 5> kMessageTypes{"failing", "recovered", "escalated", "test",
                                                        "note"};

}  // namespace

std::string_view to_string(MessageType type) {
  return kMessageTypes[static_cast<std::size_t>(type)];
}

std::string id_of(const Incident& incident) {
  return fmt::format("{:016x}", fnv1a(fmt::format("{} {}", incident.key, incident.first_at)));
}

std::string what_of(const Incident& incident) {
  if (incident.kind == NoticeKind::kLost) {
    // Of "lost server/data/loader" what is behind the first slash.
    const std::size_t name = std::min(incident.key.size(), incident.key.find('/') + 1);
    return "task server " + incident.key.substr(name);
  }
  const std::string flow =
      incident.ns.empty() ? incident.flow_id : incident.ns + "/" + incident.flow_id;
  return incident.path.empty() ? flow : flow + "#" + incident.path;
}

}  // namespace cordyna::alert
