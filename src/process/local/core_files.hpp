/// Core files: copies of a process's memory, with all secrets that it holds.
#pragma once

namespace cordyna {

/// From here on this process leaves none, and only root may look into it. What it starts leaves
/// none either, unless it asks for one (`ulimit -c unlimited`): the hard limit stays as it was.
void forbid_core_files();

}  // namespace cordyna
