/// Whether a packed file is all there: DuckDB reads one that was cut without a word, up to the cut.
///
/// Unpacks the file once, and keeps nothing of it. Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::data {

/// `compression`: gzip, zstd, or another, which is not looked at. `bytes_max`: of what it unpacks
/// to; 0: no limit. Errors, all without the path: kCorrupt, as "was cut short: …": it ends early,
/// or is damaged; kInvalidArgument: it is larger; kUnavailable: it cannot be read.
[[nodiscard]] Result<> check_whole(const std::string& path, const std::string& compression,
                                   std::uint64_t bytes_max);

/// All that is in the file, in pieces; of another `compression`, the file as it is. Errors: the
/// same, and those of `take`.
[[nodiscard]] Result<> unpack(const std::string& path, const std::string& compression,
                              std::uint64_t bytes_max,
                              const std::function<Result<>(std::string_view piece)>& take);

}  // namespace cordyna::data
