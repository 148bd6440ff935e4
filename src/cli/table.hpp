/// Columns of text for people.
#pragma once

#include <string>
#include <vector>

namespace cordyna::cli {

/// Each row a line, each column as wide as its widest cell, two spaces between them. Cells are
/// printable text. Rows may be of different lengths.
[[nodiscard]] std::string as_columns(const std::vector<std::vector<std::string>>& rows);

}  // namespace cordyna::cli
