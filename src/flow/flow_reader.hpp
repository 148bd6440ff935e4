/// Reads a flow's tree into a draft.
#pragma once

#include <string>

#include "flow/contract_file.hpp"
#include "flow/defaults_file.hpp"
#include "flow/draft.hpp"

namespace cordyna::flow {

/// Reports what does not fit; the draft has the rest. `folder`: absolute. `defaults`: what the flow
/// does not say itself.
[[nodiscard]] FlowDraft read_flow(const Node& root, Reporter& reporter, const std::string& folder,
                                  Defaults defaults);

}  // namespace cordyna::flow
