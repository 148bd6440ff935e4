/// What `dyna backfill` is asked for, checked, and the times that it means.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/arguments.hpp"
#include "model/backfill.hpp"
#include "model/flow.hpp"
#include "schedule/span.hpp"

namespace cordyna::cli {

struct BackfillPlan {
  BackfillRow row;  ///< without number, id and what belongs to the flow's version
  std::string zone;
  std::vector<schedule::Tick> times;  ///< ascending
};

/// `now`: times after it are left out. Errors: kInvalidArgument: which option is wrong and how; no
/// trigger, several, no time at all, or more than kBackfillTimesMax.
[[nodiscard]] Result<BackfillPlan> plan_backfill(const Arguments& arguments, const Flow& flow,
                                                 Millis now);

}  // namespace cordyna::cli
