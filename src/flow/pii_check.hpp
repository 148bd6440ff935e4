/// Follows columns that tell about persons (`pii` in a contract) through the data tasks of a flow.
///
/// Reports each `share` that would get one which no `secure` treated. What SQL does to columns is
/// not known here; a run looks at the columns that are really there. Threads: none.
#pragma once

#include "flow/draft.hpp"

namespace cordyna::flow {

void check_pii(const FlowDraft& draft, Reporter& reporter);

}  // namespace cordyna::flow
