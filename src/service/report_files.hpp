/// The files that a data step's report names.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cordyna {

/// Name of the output and absolute path: "data", and what ends in "_file". Empty where the text is
/// no report. Pure.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> files_of_report(
    const std::string& text);
/// Names of those that are no longer there.
[[nodiscard]] std::vector<std::string> gone_files_of_report(const std::string& text);

}  // namespace cordyna
