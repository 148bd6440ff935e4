/// Whether a packed file is all there: DuckDB reads one that was cut without a word, up to the cut.
///
/// Unpacks the file once, and keeps nothing of it. Threads: any.
#pragma once

#include <string>

#include "base/result.hpp"

namespace cordyna::data {

/// `compression`: gzip, zstd, or another, which is not looked at. Errors: kCorrupt, as "was cut
/// short: …" without the path: it ends early, or is damaged; kUnavailable: it cannot be read.
[[nodiscard]] Result<> check_whole(const std::string& path, const std::string& compression);

}  // namespace cordyna::data
