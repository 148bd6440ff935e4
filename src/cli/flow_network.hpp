/// The flows of all teams, and what some of them would become: what `dyna impact`, `dyna datasets`
/// and `dyna test --downstream` look at.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/commands.hpp"
#include "mesh/impact.hpp"
#include "mesh/mesh.hpp"

namespace cordyna::cli {

struct FlowNetwork {
  mesh::Mesh before;
  std::vector<mesh::Change> changes;  ///< empty: nothing was asked about
  /// Where flows are written, by name; of those that change, as they are after it.
  std::map<std::string, std::string> files;
  bool at_server = false;  ///< then files have no folders
};

/// Of the state or the server that is meant, and of --network; --base stands for the flows of the
/// paths as they are now. Files with errors are told of. Errors: those of reading them;
/// kInvalidArgument: there is nothing to compare with, or a file has errors.
[[nodiscard]] Result<FlowNetwork> network_here(const CommandContext& context);

}  // namespace cordyna::cli
