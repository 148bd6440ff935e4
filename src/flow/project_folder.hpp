/// Where the files lie that all flows of a project share.
#pragma once

#include <string>

namespace cordyna::flow {

/// The nearest folder, `folder` (absolute) or one above it, with a `cordyna.yaml`; else `folder`.
[[nodiscard]] std::string project_folder(const std::string& folder);

}  // namespace cordyna::flow
