/// The names in a SQL text that may be tables.
///
/// DuckDB's own parser (json_serialize_sql) is not asked: it takes a process and DuckDB itself,
/// where a flow is checked without either; it refuses PIVOT, and SQL with templates in it. The
/// scanner misses no table that the parser finds (tests/integration/data/test_sql_names.py holds
/// the two beside each other); a column or a CTE that is called like a task costs an edge too many.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cordyna::flow {

struct SqlName {
  std::string name;        ///< as it is compared: lower case, quotes undone
  std::size_t offset = 0;  ///< bytes into the text
};

/// Identifiers outside strings, comments and templates that do not follow a '.', are not called
/// like a function, and are not given by AS. More than the tables: columns are among them; the
/// caller keeps those that are ids of tasks.
[[nodiscard]] std::vector<SqlName> sql_names(std::string_view sql);

}  // namespace cordyna::flow
