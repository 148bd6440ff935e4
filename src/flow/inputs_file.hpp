/// Inputs of a run that stand in YAML: a file of them, or a map in another file.
#pragma once

#include <string>

#include "flow/diagnostics.hpp"
#include "flow/flow_file.hpp"
#include "flow/yaml_tree.hpp"

namespace cordyna::flow {

/// A map of names to values, as read_inputs_file says it; paths are from `folder`. What is wrong is
/// reported.
[[nodiscard]] GivenInputs read_inputs(const Flow& flow, const Node& root, Reporter& reporter,
                                      std::string folder);

}  // namespace cordyna::flow
