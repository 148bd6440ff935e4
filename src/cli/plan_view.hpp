/// A plan as text and as JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/palette.hpp"
#include "model/rows.hpp"
#include "service/apply_plan.hpp"
#include "service/flow_diff.hpp"

namespace cordyna::cli {

/// What a plan tells of one flow besides what becomes of it.
struct PlanDetail {
  FlowDiff diff;
  std::string old_folder;             ///< where it moves from; empty: it stays
  std::vector<RunRow> runs;           ///< that have not ended: they stay on their version
  std::vector<BackfillNo> backfills;  ///< that have not ended: they, too
  std::vector<NextTime> times;
};

/// One detail for each flow of the plan.
[[nodiscard]] std::string plan_as_text(const ApplyPlan& plan,
                                       const std::vector<PlanDetail>& details,
                                       const Palette& palette);
[[nodiscard]] std::string plan_as_json(const ApplyPlan& plan,
                                       const std::vector<PlanDetail>& details);

/// The lines of a diff with its headers, coloured.
[[nodiscard]] std::string diff_as_text(const std::vector<std::string>& lines,
                                       const std::string& before, const std::string& after,
                                       const Palette& palette);

}  // namespace cordyna::cli
