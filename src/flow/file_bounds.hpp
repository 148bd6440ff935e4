/// Where the files may lie that somebody names from afar: over the API, or in an event.
///
/// A value. Threads: any.
#pragma once

#include <string>
#include <vector>

namespace cordyna::flow {

/// Whoever may only start a flow must not read by it what its server can read: keys, tokens, the
/// state. A file must lie below the flow's folder or one of `folders`, and not in the state folder,
/// but for a flow that itself lies there.
struct FileBounds {
  std::vector<std::string> folders;  ///< absolute
  std::string state;                 ///< the state folder, absolute
};

}  // namespace cordyna::flow
