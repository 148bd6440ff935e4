/// Gets flows applied: as the owner of the state for a moment, or by the one that owns it,
/// whichever it can be.
///
/// What is applied is exactly what was planned: where the state has moved meanwhile, it is planned
/// anew. Threads: one; starts those of cerebro, the view and the owner's socket.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "model/layout.hpp"
#include "service/apply_plan.hpp"

namespace cordyna::cli {

/// Plans from what the state has, which may not exist yet.
using Planner = std::function<Result<ApplyPlan>(const std::vector<AppliedFlowRow>& present)>;

/// The plan that was carried out, in one transaction. Errors: those of the planner, and of the
/// state; kConflict: its owner does not listen; nothing was changed then.
[[nodiscard]] Result<ApplyPlan> apply_planned(CommandContext& context, const StateLayout& layout,
                                              const Planner& planner);

/// The applied flows of a state, also those that were removed; none where there is no state.
[[nodiscard]] Result<std::vector<AppliedFlowRow>> applied_in(const CommandContext& context,
                                                             const StateLayout& layout);

}  // namespace cordyna::cli
