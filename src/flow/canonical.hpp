/// The canonical form: one JSON text for all flows that mean the same.
///
/// Written in the flow language itself, so that reading it again gives the same flow. README.md
/// says what is normalised.
#pragma once

#include <string>

#include "flow/draft.hpp"

namespace cordyna::flow {

[[nodiscard]] std::string canonical(const FlowDraft& draft);

}  // namespace cordyna::flow
