/// The flows of the paths that `apply` and `plan` are given, and the state that they belong to.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "model/layout.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::cli {

/// Beside the nearest cordyna.yaml above the paths, else in the folder itself. Errors: kNotFound: a
/// path is not there; kInvalidArgument: they belong to different states.
[[nodiscard]] Result<StateLayout> state_of_paths(const CommandContext& context,
                                                 const std::vector<std::string>& paths);

/// What is wrong goes to standard error, of all files. Errors: kNotFound.
[[nodiscard]] Result<FlowFolder> flows_of_paths(const CommandContext& context,
                                                const std::vector<std::string>& paths);

/// Errors: kInvalidArgument: one of the files has errors, so none is applied.
[[nodiscard]] Result<> refuse_wrong_files(const FlowFolder& found);

}  // namespace cordyna::cli
