/// What a test expects against what its run has left.
///
/// Pure but for reading rows. Threads: any.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "flowtest/case_run.hpp"

namespace cordyna::flowtest {

using RowReader = std::function<Result<std::vector<std::string>>(const std::string& data)>;

/// Where the table of a data step lies, as its outputs say; empty: it has none.
[[nodiscard]] std::string table_of(const std::string& outputs);

/// All that differs, in the order of the file.
[[nodiscard]] std::vector<Finding> judge(const flow::CaseFile& file, const flow::FlowCase& test,
                                         const CaseEnd& end, const RowReader& read_rows);

}  // namespace cordyna::flowtest
