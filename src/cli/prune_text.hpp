/// What a removal of old things took away, in words and as JSON.
#pragma once

#include <string>

#include "cli/pruner.hpp"

namespace cordyna::cli {

/// "3 runs, logs of 2, artifacts of 1, 4 cache entries: 1.2 MB removed"; "nothing is old enough".
[[nodiscard]] std::string prune_text(const PruneCounts& counts, bool dry_run);

/// One object with its line end.
[[nodiscard]] std::string prune_json(const PruneCounts& counts, bool dry_run);

/// "512 B", "63.9 MB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace cordyna::cli
