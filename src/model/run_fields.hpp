/// What templates see as `run`: the same for defaults of inputs, triggers and tasks.
#pragma once

#include <string>

#include "base/id.hpp"
#include "model/trigger.hpp"

namespace cordyna {

/// Fields of a JSON object, without its braces: "id", "date", "started_at", "scheduled_for" and
/// "interval" {"start", "end"}. Where nothing was scheduled, all are the run's own time; `date` is
/// the day in UTC of the time that the run stands for.
[[nodiscard]] std::string run_fields(const RunId& id, Millis created_at,
                                     const Scheduled& scheduled);

/// The time that a run stands for.
[[nodiscard]] inline Millis stands_for(Millis created_at, const Scheduled& scheduled) {
  return scheduled.at != 0 ? scheduled.at : created_at;
}

}  // namespace cordyna
