/// Gets flows applied at a server.
#pragma once

#include "base/result.hpp"
#include "cli/side.hpp"
#include "service/apply_plan.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::cli {

/// What an apply of the files would change there. What no file has any more stays: which of a
/// server's flows this folder is for, nobody knows.
[[nodiscard]] Result<ApplyPlan> plan_for_server(const Side& side, const FlowFolder& found);

/// Sends the files whose flows are new or others, all or none, and only if the server makes the
/// same of each as this machine does. Errors: kInvalidArgument: it would not, since a flow takes
/// something from files that the server does not have; those of the server.
[[nodiscard]] Result<> apply_at_server(const client::ApiClient& client, const FlowFolder& found,
                                       const ApplyPlan& plan);

/// Errors: kInvalidArgument: with --prune.
[[nodiscard]] Result<> refuse_prune_at_server(const Side& side, bool prune);

}  // namespace cordyna::cli
