/// What a rerun takes over, and with which inputs.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "engine/takeover.hpp"
#include "flow/file_bounds.hpp"
#include "flow/flow_file.hpp"
#include "model/flow.hpp"
#include "model/layout.hpp"
#include "model/rows.hpp"
#include "ports/store.hpp"
#include "service/flow_diff.hpp"

namespace cordyna {

/// The version of its flow that a rerun is of.
struct RerunVersion {
  std::shared_ptr<const Flow> flow;
  std::string canonical;
  std::optional<NewWork> newer{};  ///< it is not that of the run, and asks for this
};

/// That of the run itself; with `latest` the one which is applied now.
/// Errors: kConflict: no flow of its name is applied; those of the loader and the store.
[[nodiscard]] Result<RerunVersion> rerun_version(StoreReader& reader, const FlowLoader& loader,
                                                 const RunRow& run, bool latest);

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

/// `run_context`: of the new run. Of a newer version, inputs that the run did not have get their
/// defaults, and those that it has no more are left out. Errors: kConflict: the run has not ended,
/// or lacks nothing; kInvalidArgument: an input; kNotFound: no task `from`; kCorrupt.
[[nodiscard]] Result<RerunPlan> plan_rerun(const StateLayout& layout, const RerunVersion& version,
                                           const RunSnapshot& snapshot, const RerunWish& wish,
                                           const std::string& run_context);

}  // namespace cordyna
