/// When the schedule triggers of a flow are due next. Pure. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/flow.hpp"
#include "schedule/schedule.hpp"

namespace cordyna {

/// A time at which a trigger is due.
struct Due {
  Millis at = 0;
  std::size_t trigger = 0;
  auto operator<=>(const Due&) const = default;
};

struct FlowSchedule {
  const TriggerSpec* spec = nullptr;
  schedule::Schedule times;
  Millis delay = 0;
};

/// Of the triggers that are not disabled. The flow must outlive it. Errors: kInvalidArgument,
/// kUnavailable: one cannot be read.
[[nodiscard]] Result<std::vector<FlowSchedule>> schedules_of(const Flow& flow);
/// The next times of all of them together, in order, at most `limit`.
[[nodiscard]] std::vector<Due> next_times_of(const std::vector<FlowSchedule>& schedules,
                                             Millis after, std::uint32_t limit);
/// "2026-03-29 03:00:00 +02:00": as the clocks of the zone show it.
[[nodiscard]] std::string local_text(const schedule::Zone& zone, Millis at);
/// {"flow":"acme/daily","next":[…]}
[[nodiscard]] std::string next_times_as_json(const Flow& flow,
                                             const std::vector<FlowSchedule>& schedules,
                                             const std::vector<Due>& times);

}  // namespace cordyna
