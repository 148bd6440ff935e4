/// What a rerun takes over, and with which inputs.
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/takeover.hpp"
#include "flow/file_bounds.hpp"
#include "flow/flow_file.hpp"
#include "model/flow.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"

namespace cordyna {

struct RerunWish {
  std::string from;        ///< a task's path; empty: what did not complete
  flow::GivenInputs with;  ///< inputs that are to be others
  std::string folder;      ///< relative paths among them are from here; empty: the flow's
  const flow::FileBounds* bounds = nullptr;  ///< of files among them; null: they may lie anywhere
};

struct RerunPlan {
  engine::Takeover tasks;
  std::string inputs;  ///< JSON object
};

/// `run_context`: of the new run. Errors: kConflict: the run has not ended, or lacks nothing;
/// kInvalidArgument: an input; kNotFound: no task `from`; kCorrupt.
[[nodiscard]] Result<RerunPlan> plan_rerun(const StateLayout& layout, const Flow& flow,
                                           const RunSnapshot& snapshot, const RerunWish& wish,
                                           const std::string& run_context);

}  // namespace cordyna
