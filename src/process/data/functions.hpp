/// Functions that the expressions of `set` may use beside DuckDB's own.
///
/// Pure. Threads: any.
#pragma once

#include <string>

namespace cordyna::data {

/// Statements that make them known.
[[nodiscard]] std::string functions_sql();

/// A section of the language's reference.
[[nodiscard]] std::string functions_as_markdown();

}  // namespace cordyna::data
