/// What a backfill is to be, checked, and the times that it means.
///
/// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "flow/flow_file.hpp"
#include "model/backfill.hpp"
#include "model/flow.hpp"
#include "schedule/span.hpp"

namespace cordyna {

struct BackfillWish {
  std::string from;     ///< a time, by the clocks of the trigger's zone where it has no offset
  std::string to;       ///< the same
  std::string every;    ///< a duration, instead of the times of a trigger
  std::string trigger;  ///< empty: the only one
  std::uint32_t parallel = 1;
  bool only_missing = false;
  bool newest_first = false;
  flow::GivenInputs inputs{};
  std::string dashes{};  ///< before the names of these in messages: "--" on a command line
};

struct BackfillPlan {
  BackfillRow row;  ///< without number, id and what belongs to the flow's version
  std::string zone;
  std::vector<schedule::Tick> times;  ///< ascending
};

/// `now`: times after it are left out. Errors: kInvalidArgument: what is wrong and how; no trigger,
/// several, no time at all, or more than kBackfillTimesMax.
[[nodiscard]] Result<BackfillPlan> plan_backfill(const BackfillWish& wish, const Flow& flow,
                                                 Millis now);
/// What is wrong with the inputs shows before anything runs.
[[nodiscard]] Result<> try_inputs(const Flow& flow, const BackfillPlan& plan, const RunId& id,
                                  Millis now);

}  // namespace cordyna
