/// How telling the teams goes, for those who look on.
///
/// Values. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "alert/incident.hpp"
#include "base/time.hpp"
#include "model/alert.hpp"

namespace cordyna::alert {

/// How a channel fares.
struct ChannelStatus {
  std::string name;
  ChannelType type = ChannelType::kWebhook;
  std::int64_t waiting = 0;    ///< messages
  std::int64_t incidents = 0;  ///< that are not well
  Millis sent_at = 0;          ///< last; 0: not since this owner began
  std::string problem{};       ///< of the last try; empty: it went well
  Millis next_at = 0;          ///< when it is tried again; 0: nothing waits
};

struct AlertStatus {
  std::vector<ChannelStatus> channels;  ///< in order of their names
  std::vector<Incident> incidents;      ///< the newest first, at most a thousand
  std::string problem{};  ///< of the file, or what keeps all from being told; empty: none
};

}  // namespace cordyna::alert
