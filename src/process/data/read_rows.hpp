/// The rows of a step's table, for whoever looks at them: tests of flows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cordyna::data {

inline constexpr std::size_t kRowsReadMax = 100'000;

/// The rows of a Parquet file as JSON objects, in its order. `work_folder` (absolute) exists;
/// scripts are written there. Errors: kUnavailable: DuckDB is not there, or cannot read it;
/// kInvalidArgument: more than kRowsReadMax rows. Threads: one, as EndSignals wants it.
[[nodiscard]] Result<std::vector<std::string>> read_rows(const std::string& parquet,
                                                         const std::string& work_folder);

}  // namespace cordyna::data
