/// Functions that the expressions of `set` may use beside DuckDB's own.
///
/// Pure. Threads: any.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cordyna::data {

struct SqlFunction {
  std::string_view name;
  std::string_view arguments;
  std::string_view sql;
  std::string_view meaning;
};

[[nodiscard]] std::span<const SqlFunction> sql_functions();

/// Statements that make them known.
[[nodiscard]] std::string functions_sql();

}  // namespace cordyna::data
