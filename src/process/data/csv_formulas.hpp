/// Texts that a spreadsheet which opens a CSV runs as a formula: "=cmd|…", "@SUM(…)", "+1+cmd|…".
///
/// Such a text is as good as any other in a database, and code on the desk of who opens the file.
/// Numbers with a sign, and what looks like a telephone number, are none. Pure. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "process/data/runner.hpp"
#include "process/data/step.hpp"

namespace cordyna::data {

/// What the other scripts here need first.
[[nodiscard]] std::string formula_macro();

/// A "formula" line for each column of in/0 that has such texts, with their number.
[[nodiscard]] std::string count_formulas(const std::vector<SourceColumn>& columns);

/// The columns for a SELECT, such texts and names with ' in front.
[[nodiscard]] std::string escaped_columns(const std::vector<SourceColumn>& columns);

/// "2 texts in note, the name of column =x"; empty: there are none.
[[nodiscard]] std::string formulas_found(const std::vector<Fact>& facts,
                                         const std::vector<SourceColumn>& columns);

}  // namespace cordyna::data
